/**
 * Reading a Nitro attestation document without verifying it.
 */
import { recordChecks } from '../../../core/record.ts'
import { copyEvidence } from '../../options.ts'
import { decodeDocument, evidenceOf, type NsmClaims, type NsmEvidence } from '../evidence.ts'

/** A decoded document, enclave or NitroTPM (see `kind`). Not verified: for display only. */
export type NitroEvidence = NsmEvidence

/** What a verified document of an enclave says. */
export interface NitroClaims extends NsmClaims {
  /**
   * Whether the enclave runs in debug mode, where its operator can read its memory: PCR0 is zero or
   * absent.
   */
  readonly debug: boolean
}

/**
 * Reads a document for display. **Nothing that it returns is verified**: anyone can write such a
 * document. Use `verifyNitro` to decide anything.
 * @param evidence a COSE_Sign1 as the NSM returns it, at most 16,640 bytes
 * @throws VerificationError `outer-cbor`, `cose-…`, `payload-…` when the bytes are not a
 *   well-formed document
 * @throws TypeError when `evidence` is not a `Uint8Array`
 */
export function decodeNitroEvidence(evidence: Uint8Array): NitroEvidence {
  return evidenceOf(decodeDocument(copyEvidence(evidence), recordChecks()))
}
