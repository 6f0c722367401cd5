/**
 * Azure's confidential VMs: evidence of other formats inside Azure's wrapping.
 */
export { type AzureSevSnpEvidence, type AzureSevSnpOptions, readHclReport, verifyAzureSevSnp } from './sev-snp.ts'
export { skipVtpm, type VtpmExpectation, type VtpmQuote } from './vtpm.ts'
