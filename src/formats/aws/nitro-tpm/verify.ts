/**
 * NitroTPM: an EC2 instance that proves what it booted. The same signed document as an enclave's,
 * with `nitrotpm_pcrs` in it.
 */
import { appraiseFreshness } from '../../../appraisal/freshness.ts'
import { appraiseReferenceValues } from '../../../appraisal/reference-values.ts'
import { startSignatures } from '../../../crypto/signatures.ts'
import { type AttestationResult, attestationResult } from '../../../core/result.ts'
import { recordChecks } from '../../../core/record.ts'
import { checkPath } from '../../../x509/path.ts'
import { appraiseBindings, appraiseKind } from '../appraise.ts'
import { checkDates, refuseDoubt } from '../dates.ts'
import { chainOf, decodeDocument } from '../evidence.ts'
import { awsProfile } from '../profile.ts'
import { signaturesOf } from '../signatures.ts'
import { copyEvidence } from '../../options.ts'
import type { NitroTpmClaims } from './evidence.ts'
import { type NitroTpmOptions, readNitroTpmOptions } from './options.ts'

/** What {@link verifyNitroTpm} returns. */
export type NitroTpmResult = AttestationResult<'nitro-tpm', NitroTpmClaims>

/**
 * Verifies a NitroTPM attestation document.
 *
 * Proves: AWS signed this document for an EC2 instance that booted what `referenceValues` name.
 * Does not prove that the instance's operator is kept out: this is measured boot, not an enclave,
 * and root on the instance is inside. Whether Secure Boot was on is told by PCR7 alone.
 *
 * @param evidence the document as `nitro-tpm-attest` returned it: a COSE_Sign1, at most 16,640
 *   bytes. Copied before anything is awaited
 * @throws VerificationError when the document is not authentic: `code` says which check failed
 * @throws AppraisalError when it is authentic, but not what you expect: `failures` lists everything
 *   that differs
 * @throws TypeError when the options are wrong
 */
export async function verifyNitroTpm(evidence: Uint8Array, options: NitroTpmOptions): Promise<NitroTpmResult> {
  // 0. The caller's own mistakes: TypeError, before a byte of evidence is read. Evidence and
  // options are copies from here on.
  const bytes = copyEvidence(evidence)
  const policy = await readNitroTpmOptions(options)
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
  appraiseKind(document, 'tpm', checks)
  const matched = appraiseReferenceValues('policy-pcr', document.pcrs, policy.referenceValues, checks)
  appraiseFreshness(document.claims, policy.freshness, policy.clock, checks)
  appraiseBindings(document, policy, checks)

  // 5. Only here does a result exist, and only if no appraisal failed.
  return attestationResult('nitro-tpm', document.claims, checks, {
    ...document.claims,
    clock: policy.clock,
    matched,
    validUntil: path.notAfter,
  })
}
