/**
 * COSE for the second opinion, by `cbor-x`, and what is signed: COSE_Sign1 (RFC 9052 section 4.2)
 * in its one deterministic form, and the envelope of tokens, COSE_Sign1 or COSE_Mac0 (section 6.2),
 * whose heads are of any length.
 */
import { written } from '../compare.ts'
import { byteString, readStrictCbor } from './cbor.ts'
import { demand, isOctets, joined, type Octets } from './bytes.ts'

export interface Envelope {
  readonly protectedHeader: ReadonlyMap<unknown, unknown>
  readonly unprotectedHeader: ReadonlyMap<unknown, unknown>
  readonly payload: Octets
  readonly signature: Octets
  /** `Sig_structure` without external data. */
  readonly signed: Octets
}

const limits = { items: 256, isDeterministic: true } as const

/** @throws Error */
export function readEnvelope(bytes: Octets): Envelope {
  // Tag 18 in one byte, or none.
  const untagged = bytes[0] === 0xd2 ? bytes.slice(1) : bytes
  const items = readStrictCbor(untagged, limits)
  demand(Array.isArray(items) && items.length === 4, 'no COSE_Sign1: not four items')
  const [header, unprotectedHeader, payload, signature] = items as unknown[]
  demand(
    isOctets(header) && isOctets(payload) && isOctets(signature),
    'no COSE_Sign1: header, payload and signature must be bytes',
  )
  demand(unprotectedHeader instanceof Map, 'no COSE_Sign1: the unprotected header must be a map')
  const protectedHeader = readStrictCbor(header as Octets, limits)
  demand(protectedHeader instanceof Map, 'no COSE_Sign1: the protected header must be a map')
  return {
    protectedHeader: protectedHeader as Map<unknown, unknown>,
    unprotectedHeader: unprotectedHeader as Map<unknown, unknown>,
    payload: payload as Octets,
    signature: signature as Octets,
    signed: structureOf('\x6aSignature1', header as Octets, payload as Octets),
  }
}

/** The envelope of a token. */
export interface TokenEnvelope {
  readonly isMac: boolean
  /** As the protected header has it. */
  readonly algorithm: number
  readonly payload: Octets
  /** A signature, or the tag of a MAC. */
  readonly proof: Octets
  /** What that is over, with the shortest heads (section 9). */
  readonly covered: Octets
}

const tokenLimits = { items: 8192, isDeterministic: false, isToken: true } as const

/** Anything in a token. @throws Error */
export const readTokenCbor = (bytes: Octets): unknown => readStrictCbor(bytes, tokenLimits)

/** What a value is put under; `undefined` for what has no tag. */
export function taggedIn(value: unknown): { readonly tag: number; readonly value: unknown } | undefined {
  const isTagged = typeof value === 'object' && value !== null && Object.hasOwn(value, 'tag')
  return isTagged ? (value as { readonly tag: number; readonly value: unknown }) : undefined
}

/** @throws Error */
export function readTokenEnvelope(bytes: Octets): TokenEnvelope {
  const { tag, value } = taggedIn(readTokenCbor(bytes)) ?? {}
  demand(tag === 17 || tag === 18, 'neither COSE_Sign1 nor COSE_Mac0: another tag, or none')
  const [header, hints, payload, proof, ...more] = Array.isArray(value) ? (value as unknown[]) : []
  demand(more.length === 0 && hints instanceof Map, 'an envelope without four items, or without a map')
  demand(isOctets(header) && isOctets(payload) && isOctets(proof), 'header, payload and proof must be bytes')
  const labels = readTokenCbor(header as Octets)
  demand(labels instanceof Map, 'a protected header that is no map')
  const own = labels as Map<unknown, unknown>
  // Labels of the other header decide nothing, so that none of these may be there.
  const taken = [1, 2, ...own.keys()].map(written)
  demand(
    [...(hints as Map<unknown, unknown>).keys()].every((label) => !taken.includes(written(label))),
    'a label that must be protected, or is there twice',
  )
  demand(!own.has(2), 'something critical')
  const algorithm = own.get(1)
  demand(typeof algorithm === 'number', 'no algorithm')
  return {
    isMac: tag === 17,
    algorithm,
    payload: payload as Octets,
    proof: proof as Octets,
    covered: structureOf(tag === 17 ? '\x64MAC0' : '\x6aSignature1', header as Octets, payload as Octets),
  }
}

/** Sig_structure or MAC_structure without external data. */
function structureOf(context: string, header: Octets, payload: Octets): Octets {
  const parts = [header, new Uint8Array(), payload].map((part) => byteString(part))
  return joined(Uint8Array.of(0x84), new TextEncoder().encode(context), ...parts)
}
