/**
 * Bytes that nobody honest sends: a document cut short, with a byte changed, and bombs of depth and
 * length. The same list in every runtime; every byte of a document is tried elsewhere, in Node
 * alone.
 */
import { decodeNitroEvidence } from '../../src/formats/aws/nitro/index.ts'

export interface HostileInput {
  readonly name: string
  readonly bytes: Uint8Array
}

/** None of these may verify. */
export function* hostileInputs(name: string, evidence: Uint8Array): Generator<HostileInput> {
  for (const at of sample(evidence.length, 16, 64)) {
    yield { name: `${name}: cut at ${at}`, bytes: evidence.slice(0, at) }
  }
  for (const [i, at] of sample(evidence.length, 24, 160).entries()) {
    const bytes = evidence.slice()
    bytes[at] = (bytes[at] as number) ^ (1 << (i % 8))
    yield { name: `${name}: bit ${i % 8} of byte ${at} flipped`, bytes }
  }
  yield { name: `${name}: a byte too many`, bytes: concat(evidence, [0]) }
  yield { name: `${name}: a megabyte too many`, bytes: concat(evidence, new Uint8Array(2 ** 20)) }
  yield { name: `${name}: twice`, bytes: concat(evidence, evidence) }
  for (const [bomb, bytes] of bombs) {
    yield { name: `${name}: ${bomb} as evidence`, bytes }
    yield { name: `${name}: ${bomb} as payload`, bytes: envelope(bytes) }
  }
  yield { name: `${name}: nested SEQUENCEs as certificate`, bytes: withNestedCertificate(evidence) }
}

/** Every one of the first positions, then some spread evenly over the rest. */
function sample(length: number, first: number, spread: number): number[] {
  const step = (length - first) / spread
  return [
    ...Array.from({ length: first }, (_, i) => i),
    ...Array.from({ length: spread }, (_, i) => first + Math.floor(i * step)),
  ]
}

const deep = 16_000

const bombs: readonly (readonly [string, Uint8Array])[] = [
  ['nested arrays', repeat([0x81])],
  ['nested indefinite arrays', repeat([0x9f])],
  ['nested maps', repeat([0xa1, 0x00])],
  ['nested indefinite maps', repeat([0xbf, 0x00])],
  ['nested tags', repeat([0xc1])],
  ['nested indefinite byte strings', repeat([0x5f])],
  ['nulls', repeat([0xf6])],
  ['an array of 2^64 - 1 entries', Uint8Array.of(0x9b, 255, 255, 255, 255, 255, 255, 255, 255)],
  ['a map of 2^32 - 1 entries', Uint8Array.of(0xba, 255, 255, 255, 255)],
  ['a byte string of 2^63 bytes', Uint8Array.of(0x5b, 128, 0, 0, 0, 0, 0, 0, 0)],
  ['text of 2^31 bytes', Uint8Array.of(0x7a, 128, 0, 0, 0)],
  ['nothing', new Uint8Array()],
]

function repeat(pattern: readonly number[]): Uint8Array {
  return Uint8Array.from({ length: deep }, (_, i) => pattern[i % pattern.length] as number)
}

/** A well-formed COSE_Sign1 around any payload: `[ << {1: -35} >>, {}, payload, 96 bytes ]`. */
function envelope(payload: Uint8Array): Uint8Array {
  const { length } = payload
  return concat(
    [0x84, 0x44, 0xa1, 0x01, 0x38, 0x22, 0xa0],
    length < 24 ? [0x40 + length] : [0x59, length >> 8, length & 255],
    payload,
    [0x58, 96],
    new Uint8Array(96).fill(1),
  )
}

/**
 * The document with its leaf certificate overwritten by SEQUENCEs in SEQUENCEs, of the same length.
 */
function withNestedCertificate(evidence: Uint8Array): Uint8Array {
  const { certificate } = decodeNitroEvidence(evidence)
  const at = indexOf(evidence, certificate)
  const bytes = evidence.slice()
  for (let inner = certificate.length - 4, i = at; inner >= 0; inner -= 4, i += 4) {
    bytes.set([0x30, 0x82, inner >> 8, inner & 255], i)
  }
  return bytes
}

function indexOf(haystack: Uint8Array, needle: Uint8Array): number {
  for (let at = 0; at + needle.length <= haystack.length; at++) {
    if (needle.every((byte, i) => haystack[at + i] === byte)) return at
  }
  throw new Error('the certificate is not in the document')
}

function concat(...parts: readonly (Uint8Array | readonly number[])[]): Uint8Array {
  const joined = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0))
  let at = 0
  for (const part of parts) {
    joined.set(part, at)
    at += part.length
  }
  return joined
}
