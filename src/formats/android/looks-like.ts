/**
 * Whether bytes look like an attestation of Android's key store. A guess about unverified input:
 * good for choosing a verifier.
 */
import { type Bytes, toHex } from '../../encoding/bytes.ts'
import { attestationFormatOf } from '../webauthn.ts'

/**
 * A chain of certificates, in PEM or one after another in DER, or a WebAuthn attestation object of
 * the format `android-key`.
 */
export function isAndroidKeyEvidence(evidence: Bytes): boolean {
  if (evidence.length > 65_536) return false
  const begins = toHex(evidence.subarray(0, 6))
  // `-----B`
  if (begins === '2d2d2d2d2d42') return true
  return begins.startsWith('3082') ? isChain(evidence) : attestationFormatOf(evidence) === 'android-key'
}

/**
 * Another certificate behind the first one, which has the key description:
 * 1.3.6.1.4.1.11129.2.1.17.
 */
function isChain(evidence: Bytes): boolean {
  const end = 4 + 256 * (evidence[2] ?? 0) + (evidence[3] ?? 0)
  return evidence[end] === 0x30 && toHex(evidence.subarray(0, end)).includes('060a2b06010401d679020111')
}
