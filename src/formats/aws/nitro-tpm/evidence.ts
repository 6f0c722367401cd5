/**
 * Reading a NitroTPM attestation document without verifying it.
 */
import { recordChecks } from '../../../core/record.ts'
import { decodeDocument, evidenceOf, type NsmClaims, type NsmEvidence } from '../evidence.ts'
import { copyEvidence } from '../../options.ts'

/** A decoded document, NitroTPM or enclave (see `kind`). Not verified: for display only. */
export type NitroTpmEvidence = NsmEvidence

/** What a verified document of an instance says. */
export type NitroTpmClaims = NsmClaims

/**
 * Reads a document for display. **Nothing that it returns is verified**: anyone can write such a
 * document.
 * @param evidence a COSE_Sign1 as `nitro-tpm-attest` returns it, at most 16,640 bytes
 * @throws VerificationError `outer-cbor`, `cose-…`, `payload-…` when the bytes are not a
 *   well-formed document
 * @throws TypeError when `evidence` is not a `Uint8Array`
 */
export function decodeNitroTpmEvidence(evidence: Uint8Array): NitroTpmEvidence {
  return evidenceOf(decodeDocument(copyEvidence(evidence), recordChecks()))
}
