/**
 * AWS Nitro Enclaves: from the bytes of an attestation document to a result that only authentic,
 * fresh, expected evidence can produce.
 */
import { appraiseAllowance } from '../../../appraisal/allowance.ts'
import { appraiseFreshness } from '../../../appraisal/freshness.ts'
import { appraiseReferenceValues } from '../../../appraisal/reference-values.ts'
import { startSignatures } from '../../../crypto/signatures.ts'
import { isZero } from '../../../encoding/bytes.ts'
import { type AttestationResult, attestationResult } from '../../../core/result.ts'
import { type CheckRecorder, recordChecks } from '../../../core/record.ts'
import { checkPath } from '../../../x509/path.ts'
import { appraiseBindings, appraiseKind } from '../appraise.ts'
import { checkDates, refuseDoubt } from '../dates.ts'
import { chainOf, decodeDocument, type NsmDocument } from '../evidence.ts'
import { awsProfile } from '../profile.ts'
import { signaturesOf } from '../signatures.ts'
import { copyEvidence } from '../../options.ts'
import type { NitroClaims } from './evidence.ts'
import { type NitroOptions, type NitroPolicy, readNitroOptions } from './options.ts'

/** What {@link verifyNitro} returns. */
export type NitroResult = AttestationResult<'nitro', NitroClaims>

/**
 * Verifies an attestation document of an AWS Nitro Enclave.
 *
 * Proves: AWS signed this document, with a certificate that leads to the pinned root and is valid
 * now; the enclave runs one of the images in `referenceValues`, not in debug mode; the document
 * answers `freshness`. Does not prove: that the sender *is* the enclave. Encrypt to
 * `result.publicKey`, or compare what the connection uses with `claims.userData`, or a relay can
 * sit in between. Revocation is not checked: AWS does not use its lists for these certificates.
 *
 * @param evidence the document as the NSM returned it: a COSE_Sign1, tagged or not, at most 16,640
 *   bytes. Copied before anything is awaited
 * @throws VerificationError when the document is not authentic: `code` says which check failed
 * @throws AppraisalError when it is authentic, but not what you expect: `failures` lists everything
 *   that differs
 * @throws TypeError when the options are wrong
 * @example
 * ```ts
 * const nonce = crypto.getRandomValues(new Uint8Array(32))
 * const evidence = await fetchDocument(nonce) // your way of asking your enclave
 * const { publicKey } = await verifyNitro(evidence, { referenceValues: { PCR0: '287b2…' }, freshness: { nonce } })
 * ```
 */
export async function verifyNitro(evidence: Uint8Array, options: NitroOptions): Promise<NitroResult> {
  // 0. The caller's own mistakes: TypeError, before a byte of evidence is read. Evidence and
  // options are copies from here on.
  const bytes = copyEvidence(evidence)
  const policy = await readNitroOptions(options)
  const checks = recordChecks(policy.trace)

  // 1. Evidence: shape and bounds. Nothing below is trusted yet.
  const document = decodeDocument(bytes, checks)

  // 2. Endorsements: a path from a pinned root down to the leaf, at the caller's time.
  const path = await checkPath(chainOf(document), policy, awsProfile, checks)
  const doubt = checkDates(path, document.claims, policy, checks)

  // 3. Authenticity: every certificate is signed by the one above, and the leaf's key signed
  // exactly these bytes.
  await startSignatures(signaturesOf(document, path), policy.memory).settle(checks)
  refuseDoubt(doubt, checks)

  // 4. Appraisal: the document is AWS's word. Is it what the caller expects? Failures are kept, so
  // that all of them are reported.
  appraiseKind(document, 'enclave', checks)
  appraiseDebug(document, policy, checks)
  const matched = appraiseReferenceValues('policy-pcr', document.pcrs, policy.referenceValues, checks)
  appraiseFreshness(document.claims, policy.freshness, policy.clock, checks)
  appraiseBindings(document, policy, checks)

  // 5. Only here does a result exist, and only if no appraisal failed.
  return attestationResult('nitro', Object.freeze({ ...document.claims, debug: isDebug(document) }), checks, {
    ...document.claims,
    clock: policy.clock,
    matched,
    validUntil: path.notAfter,
  })
}

/**
 * A debug enclave has zeros for its image (PCR0), while PCR3 and PCR4 keep real values; fails with
 * `policy-debug`.
 */
function appraiseDebug(document: NsmDocument, { debug }: NitroPolicy, checks: CheckRecorder): void {
  appraiseAllowance('policy-debug', { subject: 'debug mode', isAllowed: debug, isOn: isDebug(document) }, checks)
}

function isDebug({ pcrs }: NsmDocument): boolean {
  return isZero(pcrs.get('PCR0') ?? new Uint8Array())
}
