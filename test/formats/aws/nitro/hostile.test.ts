/**
 * Hostile input: cut off, flipped, bombed, random, huge. Nothing but an `AttestationError` may
 * leave, and the work must grow with the input and no faster.
 */
import { readFileSync } from 'node:fs'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { AttestationError } from '../../../../src/core/errors.ts'
import {
  allowDebug,
  decodeNitroEvidence,
  type NitroOptions,
  skipFreshness,
  skipReferenceValues,
  verifyNitro,
} from '../../../../src/formats/aws/nitro/index.ts'
import { concat, withByte } from '../../../attester/bytes.ts'
import * as cbor from '../../../attester/cbor.ts'
import { explicit, sequence } from '../../../attester/der.ts'
import { findVectors } from '../../../support/vectors.ts'
import { make } from './made.ts'

type Bytes = Uint8Array<ArrayBuffer>

interface Subject {
  readonly name: string
  readonly evidence: Bytes
  /** As little is asked as can be: what is refused here is refused by everybody. */
  readonly options: NitroOptions
}

/**
 * Bytes of a document that nobody signs, by position: none. A bit of any byte, changed, is noticed.
 * (Tag 18 can be put in front or taken away, and a signature has a second form: other documents,
 * but not one bit away.)
 */
const unauthenticated: readonly number[] = []

const lenient = { referenceValues: skipReferenceValues, freshness: skipFreshness, debug: allowDebug } as const
const fixtures = new URL('../../../../fixtures/nitro/', import.meta.url)
const readFixture = (file: string): Bytes => new Uint8Array(readFileSync(new URL(file, fixtures)))
const vectors = findVectors('nitro')
const subjects: readonly Subject[] = [
  ...['valid-definite', 'debug'].map((name) => ({
    name: `fixture ${name}`,
    evidence: readFixture(`${name}/evidence.bin`),
    options: { ...lenient, trustAnchors: [readFixture('root.der')], now: new Date('2026-06-01T00:00:00Z') },
  })),
  ...(vectors.found
    ? (
        [
          ['real/2021-03-17_us-east-2_prod_anjuna-security.cbor', '2021-03-17T22:01:55.685Z'],
          ['real/2025-12-25_us-east-1_prod_dstack-tee.cbor', '2025-12-25T16:04:19.346Z'],
        ] as const
      ).map(([name, time]) => ({ name, evidence: vectors.read(name), options: { ...lenient, now: new Date(time) } }))
    : []),
]
if (!vectors.found) test.skip(vectors.skipLine)

/** `valid`, `refused`, or what else left. */
async function outcomeOf(evidence: Uint8Array, options: NitroOptions): Promise<string> {
  try {
    await verifyNitro(evidence, options)
    return 'valid'
  } catch (error) {
    return error instanceof AttestationError ? 'refused' : String(error)
  }
}

function decodingOf(evidence: Uint8Array): string {
  try {
    decodeNitroEvidence(evidence)
    return 'decoded'
  } catch (error) {
    return error instanceof AttestationError ? 'refused' : String(error)
  }
}

/**
 * Indices whose outcome is not `refused`, with it. Several at a time: signatures are checked beside
 * each other.
 */
async function surprises(inputs: Iterable<Uint8Array>, options: NitroOptions): Promise<[number, string][]> {
  const all = [...inputs]
  const found: [number, string][] = []
  for (let start = 0; start < all.length; start += 64) {
    const outcomes = await Promise.all(all.slice(start, start + 64).map((input) => outcomeOf(input, options)))
    outcomes.forEach((outcome, i) => {
      if (outcome !== 'refused') found.push([start + i, outcome])
    })
  }
  return found
}

/** The same numbers in each run: mulberry32. */
function randomNumbers(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return (mixed ^ (mixed >>> 14)) >>> 0
  }
}

function* truncations(evidence: Bytes): Generator<Bytes> {
  for (let length = 0; length < evidence.length; length++) yield evidence.subarray(0, length)
}

/** One bit of each byte, another one from byte to byte. */
function* flips(evidence: Bytes): Generator<Bytes> {
  for (let at = 0; at < evidence.length; at++) yield withByte(evidence, at, (byte) => byte ^ (1 << (at & 7)))
}

describe.each(subjects)('$name', ({ evidence, options }) => {
  test('verifies as it is', async () => {
    expect(await outcomeOf(evidence, options)).toBe('valid')
  })

  test('cut off at every byte: refused', async () => {
    expect(await surprises(truncations(evidence), options)).toEqual([])
  })

  test('a bit of every byte flipped: refused', async () => {
    // A cache of verified issuers, which changes no verdict, spares most of the time; the first
    // document does without.
    const cached = evidence === subjects[0]?.evidence ? options : { ...options, endorsementCache: new Map() }
    const found = await surprises(flips(evidence), cached)
    expect(found).toEqual(unauthenticated.map((at) => [at, 'valid']))
  })

  test('a length of 2^32-1 or 2^64-1 at every fifth byte: nothing but refusals', () => {
    const lengths = [[0xff, 0xff, 0xff, 0xff], new Array<number>(8).fill(0xff)]
    for (let at = 0; at < evidence.length; at += 5) {
      for (const major of [2, 3, 4, 5, 6]) {
        for (const length of lengths) {
          const bomb = evidence.slice()
          bomb.set([(major << 5) | (length.length === 4 ? 26 : 27), ...length].slice(0, evidence.length - at), at)
          expect(['decoded', 'refused']).toContain(decodingOf(bomb))
        }
      }
    }
  })

  test('a byte put in, taken out, or two swapped: refused', async () => {
    const random = randomNumbers(7)
    const edits = Array.from({ length: 300 }, (_, i) => {
      const at = random() % (evidence.length - 2)
      const [left, right] = [evidence.subarray(0, at), evidence.subarray(at)]
      if (i % 3 === 0) return concat(left, [random() & 0xff], right)
      if (i % 3 === 1) return concat(left, right.subarray(1))
      // Two equal neighbours swapped would be the same document.
      return concat(
        left,
        [(right[1] as number) ^ (right[0] === right[1] ? 1 : 0), right[0] as number],
        right.subarray(2),
      )
    })
    expect(await surprises(edits, options)).toEqual([])
  })
})

test('random bytes: refused', async () => {
  const { options } = subjects[0] as Subject
  const random = randomNumbers(42)
  const inputs = Array.from({ length: 2000 }, () => Uint8Array.from({ length: random() % 600 }, () => random() & 0xff))
  expect(await surprises(inputs, options)).toEqual([])
})

test('random CBOR inside a sound envelope: refused, and signed as it is', async () => {
  const random = randomNumbers(43)
  const found: string[] = []
  for (let i = 0; i < 150; i++) {
    const noise = Uint8Array.from({ length: random() % 200 }, () => random() & 0xff)
    const { evidence, options } = await make({
      document: i % 2 === 0 ? { payload: () => concat([0xbf], noise) } : { fields: { pcrs: noise } },
    })
    const outcome = await outcomeOf(evidence, { ...lenient, ...options, referenceValues: skipReferenceValues })
    if (outcome !== 'refused') found.push(outcome)
  }
  expect(found).toEqual([])
})

test('random certificates inside a sound document: refused', async () => {
  const random = randomNumbers(44)
  const { evidence: sound, options } = await make()
  const { certificate } = decodeNitroEvidence(sound)
  const found: string[] = []
  for (let i = 0; i < 200; i++) {
    const changed = new Uint8Array(certificate)
    for (let times = 1 + (random() % 3); times > 0; times--) changed[random() % changed.length] = random() & 0xff
    if (changed.every((byte, at) => byte === certificate[at])) continue
    const { evidence } = await make({ document: { certificate: changed } })
    const outcome = await outcomeOf(evidence, options)
    if (outcome !== 'refused') found.push(outcome)
  }
  expect(found).toEqual([])
})

/** What fills `size` bytes with as many or as deep elements as can be. */
const bombs: readonly (readonly [name: string, make: (size: number) => Bytes])[] = [
  ['an array of numbers', (size) => cbor.array(...Array.from({ length: size }, () => Uint8Array.of(0)))],
  [
    'an indefinite array of empty arrays',
    (size) => cbor.indefiniteArray(...Array.from({ length: size }, () => Uint8Array.of(0x80))),
  ],
  [
    'a map of many keys',
    (size) => cbor.map(Array.from({ length: size / 4 }, (_, i) => [cbor.unsigned(i, 2), Uint8Array.of(0)] as const)),
  ],
  [
    'arrays in arrays, to the limit, again and again',
    (size) =>
      cbor.indefiniteArray(...Array.from({ length: size / 13 }, () => concat(new Uint8Array(12).fill(0x81), [0x80]))),
  ],
  [
    'tags',
    (size) =>
      cbor.indefiniteArray(...Array.from({ length: size / 12 }, () => concat(new Uint8Array(11).fill(0xc1), [0]))),
  ],
  ['text', (size) => cbor.text('é'.repeat(size / 2))],
]

describe('work grows with the input and no faster', () => {
  afterEach(() => {
    vi.restoreAllMocks()
  })

  /** How often the readers ask for a part of the input, or walk over one. */
  function workOf(body: () => void): number {
    const prototype = Object.getPrototypeOf(Uint8Array.prototype) as Uint8Array
    const spies = (['subarray', 'reduce', 'every', 'slice', 'set'] as const).map((name) => vi.spyOn(prototype, name))
    body()
    const calls = spies.reduce((sum, spy) => sum + spy.mock.calls.length, 0)
    vi.restoreAllMocks()
    return calls
  }

  test.each(bombs)('CBOR: %s', async (_name, bomb) => {
    const work: number[] = []
    for (const size of [2400, 4800, 9600]) {
      const { evidence } = await make({ document: { fields: { more: bomb(size) } } })
      expect(evidence.length).toBeLessThan(16_640)
      work.push(workOf(() => decodingOf(evidence)) / size)
    }
    const [small = 0, , large = 0] = work
    // A fixed cost for the rest of the document, and a few reads for each byte of the bomb.
    expect(large).toBeLessThanOrEqual(small * 1.05)
    expect(large).toBeLessThanOrEqual(4)
  })

  test('CBOR: as deep as the input is long', () => {
    for (const opener of [0x81, 0x9f, 0xc1, 0xd8]) {
      const deep = concat(
        [0x84, 0x44, 0xa1, 1, 0x38, 0x22, 0xa0, 0x59, 0x3f, 0x00],
        new Uint8Array(0x3f00).fill(opener),
        [0x58, 0x60],
        new Uint8Array(96),
      )
      let outcome = ''
      expect(workOf(() => (outcome = decodingOf(deep)))).toBeLessThan(200)
      expect(outcome).toBe('refused')
    }
  })

  test('CBOR: counts that the input is too short for are refused before anything is read', async () => {
    for (const head of ['9a00ffffff', 'ba00ffffff', '9b0000ffffffffffff', '5a00ffffff', '7a00ffffff']) {
      const { evidence } = await make({
        document: { fields: { more: Uint8Array.from(head.match(/../g) ?? [], (pair) => parseInt(pair, 16)) } },
      })
      let outcome = ''
      const work = workOf(() => (outcome = decodingOf(evidence)))
      expect(outcome).toBe('refused')
      expect(work).toBeLessThan(400)
    }
  })

  test('DER: many, and deep', async () => {
    const flat = sequence(...Array.from({ length: 300 }, () => sequence()))
    const deep = Array.from({ length: 300 }).reduce<Bytes>((inner) => explicit(0, inner), sequence())
    for (const name of [flat, deep]) {
      const { evidence, options } = await make({
        attester: {
          certificates: { leaf: { tbs: (elements) => elements.map((given, i) => (i === 5 ? name : given)) } },
        },
      })
      const prototype = Object.getPrototypeOf(Uint8Array.prototype) as Uint8Array
      const spy = vi.spyOn(prototype, 'subarray')
      await outcomeOf(evidence, options)
      expect(spy.mock.calls.length).toBeLessThan(evidence.length * 2)
      vi.restoreAllMocks()
    }
  })

  test('huge: refused by size, whatever is in it', async () => {
    const { options } = subjects[0] as Subject
    for (const size of [16_641, 1 << 20, 1 << 24]) {
      const huge = new Uint8Array(size).fill(0x81)
      expect(workOf(() => decodingOf(huge))).toBeLessThan(10)
      await expect(verifyNitro(huge, options)).rejects.toMatchObject({ code: 'payload-size' })
    }
  })
})
