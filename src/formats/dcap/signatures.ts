/**
 * All signatures around a quote. The checks start one after another without waiting, so that they run side by side; they are judged together at the end, in
 * an order that does not depend on which was done first.
 */
import { ES256 } from '../../crypto/algorithms.ts'
import { hash } from '../../crypto/digest.ts'
import { importPublicKey, type PublicKey, verifySignature } from '../../crypto/signature.ts'
import { concatBytes, toHex } from '../../encoding/bytes.ts'
import type { AttestationErrorCode } from '../../errors.ts'
import { type CheckRecorder, stopwatch } from '../../trace.ts'
import { type CrlSignature, refuseRevoked } from '../../x509/crl.ts'
import type { CertificationPath, PathSignatures } from '../../x509/path.ts'
import type { Quote } from './quote.ts'

/** A check that is under way. */
export interface Pending {
  /** @throws VerificationError */
  settle(checks: CheckRecorder): Promise<void>
}

/** A path and the checks of its signatures. */
export interface PendingPath {
  readonly path: CertificationPath
  readonly signatures: PathSignatures
}

/** The checks of a whole verification. */
export interface PendingSignatures {
  readonly pck: PendingPath
  readonly rootCaCrl: CrlSignature
  readonly pckCrl: CrlSignature
  /** Who signed TCB Info and QE identity: one path, or two. */
  readonly signers: readonly PendingPath[]
  readonly tcbInfo: Pending
  readonly qeIdentity: Pending
  readonly qeReport: Pending
  readonly quote: readonly Pending[]
}

/**
 * @param verdict of a check that was started just now
 * @param hint why it may not hold, in words
 */
export function pendingSignature(
  code: AttestationErrorCode,
  subject: string,
  verdict: Promise<boolean>,
  hint = '',
): Pending {
  const startedAt = stopwatch()
  return {
    async settle(checks) {
      const holds = await verdict
      checks.judge('verify', code, subject, holds, 'true', holds ? 'true' : `false${hint}`, startedAt)
    },
  }
}

/** What needs nothing but the quote: its signature, and that the attestation key is the one that the quoting enclave reports. */
export function startQuoteSignatures({
  attestationKey,
  qeAuthData,
  qeReport,
  signature,
  signedBytes,
}: Quote): readonly Pending[] {
  // An uncompressed point, as import takes it.
  const key = importPublicKey(concatBytes([4], attestationKey), ES256)
  const startedAt = stopwatch()
  const digest = hash('SHA-256', concatBytes(attestationKey, qeAuthData))
  // Judged below, unless something else is wrong before.
  digest.catch(() => undefined)
  const binding: Pending = {
    async settle(checks) {
      // Intel leaves the rest of the 64 bytes open.
      const [bound, expected] = [toHex(qeReport.reportData.subarray(0, 32)), toHex(await digest)]
      const subject = 'attestation key in the report data of the QE'
      checks.judge('verify', 'attestation-key-binding', subject, bound === expected, expected, bound, startedAt)
    },
  }
  const verdict = verifySignature(ES256, key, signature, signedBytes)
  return [binding, pendingSignature('quote-signature', 'quote signed by its attestation key', verdict)]
}

/** The quoting enclave's report, signed by the platform. */
export function startQeReportSignature(
  { qeReportSignature, qeReportBytes }: Quote,
  pckKey: PublicKey | undefined,
): Pending {
  const verdict = verifySignature(ES256, pckKey, qeReportSignature, qeReportBytes)
  return pendingSignature('qe-report-signature', 'QE report signed by the PCK', verdict)
}

/** @throws VerificationError `cert-chain-signature`, `crl-signature`, `crl-revoked`, `tcb-info-signature`, `qe-identity-signature`, `qe-report-signature`, `attestation-key-binding`, `quote-signature` */
export async function settleSignatures(pending: PendingSignatures, checks: CheckRecorder): Promise<void> {
  await pending.pck.signatures.settle(checks)
  const rootCaCrl = await pending.rootCaCrl.settle(checks)
  const pckCrl = await pending.pckCrl.settle(checks)
  const [, ca, pck] = pending.pck.path.certificates
  const refuse = (certificate: typeof ca, crl: typeof rootCaCrl): void => {
    checks.run('verify', 'crl-revoked', `${certificate?.name} not revoked`, () => {
      if (certificate === undefined) throw new TypeError('a PCK path has three certificates')
      refuseRevoked(certificate, crl)
    })
  }
  refuse(ca, rootCaCrl)
  refuse(pck, pckCrl)
  for (const { path, signatures } of pending.signers) {
    await signatures.settle(checks)
    refuse(path.leaf, rootCaCrl)
  }
  await pending.tcbInfo.settle(checks)
  await pending.qeIdentity.settle(checks)
  await pending.qeReport.settle(checks)
  for (const check of pending.quote) await check.settle(checks)
}
