/**
 * `veritee/azure`: Azure's confidential VMs, evidence of other formats inside Azure's wrapping.
 */
export { AppraisalError, AttestationError, VerificationError } from '../../core/errors.ts'
export { isAttestationResult } from '../../core/result.ts'
export { skipReferenceValues } from '../../appraisal/reference-values.ts'
export { readHclReport } from './evidence.ts'
export { type AzureSevSnpEvidence, type AzureSevSnpOptions, verifyAzureSevSnp } from './sev-snp.ts'
export { type AzureTdxEvidence, type AzureTdxOptions, verifyAzureTdx } from './tdx.ts'
export { skipVtpm, type VtpmExpectation, type VtpmQuote } from './vtpm.ts'
