/**
 * Every signature around a quote: Intel's over the platform, its lists and its documents, the
 * platform's over the quoting enclave, and that over the quote.
 */
import { ES256 } from '../../../crypto/algorithms.ts'
import { hash } from '../../../crypto/digest.ts'
import type { SignatureRow } from '../../../crypto/signatures.ts'
import { concatBytes, toHex } from '../../../encoding/bytes.ts'
import type { CheckRecorder } from '../../../core/record.ts'
import type { Certificate } from '../../../x509/certificate.ts'
import { crlRow } from '../../../x509/crl.ts'
import { signatureRows } from '../../../x509/path.ts'
import type { Quote } from '../quote/quote.ts'
import type { Read, ReadJson } from './read.ts'
import type { Chain } from './paths.ts'
import { hintOf } from './signed-json.ts'

/**
 * Every signature around a quote, root first: nine, and one more where TCB Info and QE identity
 * have two signers. A cache spares all but the last two.
 */
export const signaturesOf = (quote: Quote, { pck, signers, lists, tcbInfo, qeIdentity }: Read): SignatureRow[] => [
  ...signatureRows(pck, pck.profile, pck.certificates),
  ...lists.map(({ crl, issuer }) => crlRow(crl, issuer, ES256)),
  ...signers.flatMap((signer) => signatureRows(signer, signer.profile, signer.certificates)),
  documentRow('tcb-info-signature', 'TCB Info', tcbInfo, signers[0]),
  documentRow('qe-identity-signature', 'QE identity', qeIdentity, signers.at(-1) as Chain),
  ...quoteRows(quote, pck),
]

/** What the platform signed, and the key that it vouches for. */
export const quoteRows = (quote: Quote, pck: Chain): SignatureRow[] => [
  {
    code: 'qe-report-signature',
    of: {
      name: 'QE report',
      signedBytes: quote.qeReportBytes,
      signature: quote.qeReportSignature,
      algorithm: ES256,
      isDer: false,
    },
    by: { name: 'the PCK', spki: leafOf(pck).spki },
  },
  {
    code: 'quote-signature',
    of: {
      name: 'quote',
      signedBytes: quote.signedBytes,
      signature: quote.signature,
      algorithm: ES256,
      isDer: false,
    },
    // An uncompressed point.
    by: { name: 'its attestation key', spki: concatBytes([4], quote.attestationKey) },
  },
]

const documentRow = (
  code: 'tcb-info-signature' | 'qe-identity-signature',
  name: string,
  document: ReadJson<unknown>,
  signer: Chain,
): SignatureRow => ({
  code,
  of: {
    name: `${name}, every byte as served`,
    signedBytes: document.json.signedBytes,
    signature: document.json.signature,
    algorithm: ES256,
    isDer: false,
    document,
  },
  by: { name: "Intel's TCB signing key", spki: leafOf(signer).spki },
  hint: () => hintOf(document.json),
})

const leafOf = ({ certificates }: Chain): Certificate => certificates.at(-1) as Certificate

/** That the attestation key is the one that the quoting enclave reports. */
export interface StartedBinding {
  /** @throws VerificationError `attestation-key-binding` */
  settle(checks: CheckRecorder): Promise<void>
}

/**
 * Starts the digest that the quoting enclave puts into its report. What vouches for the report is
 * the platform's signature.
 */
export function startBinding({ attestationKey, qeAuthData, qeReport }: Quote): StartedBinding {
  const digest = hash('SHA-256', concatBytes(attestationKey, qeAuthData))
  // Judged later, unless something else is wrong before.
  digest.catch(() => undefined)
  return {
    async settle(checks) {
      // Intel leaves the rest of the 64 bytes open.
      const [bound, expected] = [toHex(qeReport.reportData.subarray(0, 32)), toHex(await digest)]
      const subject = 'attestation key in the report data of the QE'
      checks.verifies('attestation-key-binding', subject, { holds: bound === expected, expected, found: bound })
    },
  }
}
