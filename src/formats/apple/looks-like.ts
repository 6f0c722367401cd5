/**
 * Whether bytes look like an attestation of Apple's App Attest. A guess about unverified input:
 * good for choosing a verifier.
 */
import type { Bytes } from '../../encoding/bytes.ts'
import { attestationFormatOf } from '../webauthn.ts'

/** An attestation object of the format `apple-appattest`. */
export function isAppAttestEvidence(evidence: Bytes): boolean {
  return attestationFormatOf(evidence) === 'apple-appattest'
}
