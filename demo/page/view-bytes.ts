/**
 * Bytes and whatever was decoded from them, for people.
 */
import type { CheckOutcome } from '../../src/index.ts'
import { printable } from '../../src/inspect/index.ts'
import { type Bytes, toHex } from './bytes.ts'
import { type Child, h, hex } from './dom.ts'
import { readAs } from './read-as.ts'

/** In hexadecimal, and as what it reads as. */
export function bytesView(bytes: Uint8Array | undefined): Child {
  if (bytes === undefined) return h('span', { class: 'quiet' }, 'None')
  if (bytes.length === 0) return h('span', { class: 'quiet' }, 'Empty')
  const reading = readAs(bytes)
  return h(
    'div',
    { class: 'bytes' },
    reading?.text !== undefined &&
      h('pre', { class: 'text', tabindex: '0', 'aria-label': `Read as ${reading.kind}` }, reading.text),
    hex(toHex(bytes)),
    h(
      'span',
      { class: 'quiet' },
      `${bytes.length} bytes${reading === undefined ? '' : reading.text === undefined ? `, ${reading.kind}` : `, reads as ${reading.kind}`}`,
    ),
  )
}

/** What could not be read at all. */
export function rawBytes(bytes: Bytes, name: string, reason: string): Child {
  return h(
    'div',
    {},
    h('p', {}, `${bytes.length} bytes that do not read as ${name}: ${printable(reason)}`),
    bytes.length > 0 && hex(toHex(bytes.slice(0, 256))),
    bytes.length > 256 && h('p', { class: 'note' }, 'The first 256 bytes.'),
  )
}

/** JSON with bytes in hexadecimal; text from evidence with its control characters escaped. */
export function structure(value: unknown): string {
  const plain = (inner: unknown): unknown => {
    if (inner instanceof Uint8Array) return toHex(inner)
    if (inner instanceof Date) return inner.toISOString()
    if (inner instanceof Map) return [...(inner as Map<unknown, unknown>)].map(plain)
    if (Array.isArray(inner)) return inner.map(plain)
    if (typeof inner === 'bigint') return `${inner}n`
    if (typeof inner === 'string') return printable(inner)
    if (typeof inner !== 'object' || inner === null) return inner
    return Object.fromEntries(Object.entries(inner).map(([key, entry]) => [printable(key), plain(entry)]))
  }
  return JSON.stringify(plain(value), null, 2)
}

/** Everything that was decoded, folded. */
export function allFields(evidence: unknown, bytes: Uint8Array): HTMLElement {
  return h(
    'details',
    { class: 'more' },
    h('summary', {}, `All fields, decoded from ${bytes.length} bytes`),
    h('pre', { tabindex: '0', 'aria-label': 'All fields' }, structure(evidence)),
  )
}

/** What came of comparing a value with the one that was expected. @param thing `quote` */
export function comparedInWords(isAsked: boolean, outcome: CheckOutcome | undefined, thing: string): string {
  if (!isAsked) return 'None was expected.'
  if (outcome === 'pass') return 'The one you expect.'
  return outcome === 'fail' ? 'Not the one you expect.' : `Not compared: the ${thing} is not authentic.`
}
