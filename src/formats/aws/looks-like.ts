/**
 * Whether bytes look like a document of the Nitro Security Module, and of which kind. A guess about
 * unverified input: good for choosing a verifier.
 */
import { AttestationError } from '../../core/errors.ts'
import type { Bytes } from '../../encoding/bytes.ts'
import { type CborMap, decodeCbor, isCborMap } from '../../encoding/cbor.ts'
import { decodeSign1 } from '../../encoding/cose.ts'

/** Larger bytes are not read. No document comes near it. */
const maximumSize = 32_768

/** Nor are more items than this. */
const maximumItems = 2048

/**
 * An enclave's document: a COSE_Sign1 around a map with a module id, and without the registers of a
 * whole instance.
 */
export function isNitroDocument(evidence: Bytes): boolean {
  return payloadOf(evidence)?.has('nitrotpm_pcrs') === false
}

/** An instance's document: the same with them. */
export function isNitroTpmDocument(evidence: Bytes): boolean {
  return payloadOf(evidence)?.has('nitrotpm_pcrs') === true
}

function payloadOf(evidence: Bytes): CborMap | undefined {
  if (evidence.length > maximumSize) return undefined
  try {
    const source = { name: 'payload', code: 'format-unknown' } as const
    const payload = decodeCbor(decodeSign1(evidence).payload, source, false, { items: maximumItems })
    return isCborMap(payload) && payload.has('module_id') ? payload : undefined
  } catch (error) {
    if (error instanceof AttestationError) return undefined
    throw error
  }
}
