/**
 * COSE_Sign1 (RFC 9052 section 4.2) for the second opinion: the envelope by `cbor-x`, in its one
 * deterministic form, and what its signature covers.
 */
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
  const context = new TextEncoder().encode('\x6aSignature1')
  const parts = [header, new Uint8Array(), payload].map((part) => byteString(part as Octets))
  return {
    protectedHeader: protectedHeader as Map<unknown, unknown>,
    unprotectedHeader: unprotectedHeader as Map<unknown, unknown>,
    payload: payload as Octets,
    signature: signature as Octets,
    signed: joined(Uint8Array.of(0x84), context, ...parts),
  }
}
