/**
 * Changes to bytes and texts, by numbers that are always the same.
 */
import { concat } from '../attester/bytes.ts'
import type { CertificatePlan } from '../attester/certificate.ts'

type Bytes = Uint8Array<ArrayBuffer>

/** A number below the one that is given: xorshift32. */
export type Random = (below: number) => number

export function randomNumbers(seed: number): Random {
  let state = seed
  return (below) => {
    state ^= state << 13
    state ^= state >>> 17
    state ^= state << 5
    return (state >>> 0) % below
  }
}

/** What can be changed. */
export interface Edits {
  readonly random: Random
  pick<T>(list: readonly T[]): T
  /** A bit, a byte, one put in or taken out, or a few in a row. */
  edit(bytes: Uint8Array): Bytes
  /** One of several elements: changed, taken out, or there twice. */
  editOne(elements: readonly Uint8Array[]): Uint8Array[]
  /** Digits, letters and punctuation of JSON. */
  editText(text: string): string
  /** A certificate. */
  planChange(): Partial<CertificatePlan>
}

/**
 * A root, however it was changed, as an option that verifiers take: what is no SEQUENCE at all is a
 * caller's mistake, and tells nothing of evidence.
 */
export const asAnchor = (root: Uint8Array): Bytes => concat([0x30], root.slice(1))

export function createEdits(random: Random): Edits {
  const pick = <T>(list: readonly T[]): T => list[random(list.length)] as T

  /** A bit, a byte, one put in or taken out, or a few in a row. */
  function edit(bytes: Uint8Array): Bytes {
    const at = random(Math.max(1, bytes.length))
    const changed = Uint8Array.from(bytes)
    switch (random(5)) {
      case 0:
        changed[at] = (changed[at] ?? 0) ^ (1 << random(8))
        return changed
      case 1:
        changed[at] = pick([
          0,
          1,
          2,
          3,
          4,
          5,
          6,
          0x0a,
          0x16,
          0x17,
          0x18,
          0x30,
          0x31,
          0x7f,
          0x80,
          0x81,
          0xa0,
          0xff,
          random(256),
        ])
        return changed
      case 2:
        return concat(bytes.slice(0, at), bytes.slice(at + 1))
      case 3:
        return concat(bytes.slice(0, at), [random(256)], bytes.slice(at))
      default:
        return concat(bytes.slice(0, at), bytes.slice(at, at + 1 + random(8)), bytes.slice(at))
    }
  }
  const editOne = (elements: readonly Uint8Array[]): Uint8Array[] => {
    const at = random(elements.length)
    switch (random(6)) {
      case 0:
        return elements.filter((_, i) => i !== at)
      case 1:
        return [...elements.slice(0, at), elements[at] as Uint8Array, ...elements.slice(at)]
      default:
        return elements.map((element, i) => (i === at ? edit(element) : element))
    }
  }
  /** Digits, letters and punctuation of JSON. */
  const editText = (text: string): string => {
    const at = random(text.length)
    const by = pick([
      '0',
      '1',
      '9',
      '-',
      '"',
      ',',
      ':',
      '{',
      '}',
      '[',
      ']',
      ' ',
      '\\',
      'e',
      '.',
      'Z',
      '\u00e9',
      '',
      text.slice(at, at + 9),
    ])
    return text.slice(0, at) + by + text.slice(at + random(2))
  }

  const planChange = (): Partial<CertificatePlan> => {
    switch (random(4)) {
      case 0:
        return { outer: editOne }
      case 1:
        return { der: (der) => edit(der) }
      default:
        return { tbs: editOne }
    }
  }

  return { random, pick, edit, editOne, editText, planChange }
}
