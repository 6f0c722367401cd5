/**
 * `veritee/azure`: Azure's confidential VMs, evidence of other formats inside Azure's wrapping.
 */
export * from '../common.ts'
export { readHclReport } from './evidence.ts'
export { type AzureSevSnpEvidence, type AzureSevSnpOptions, verifyAzureSevSnp } from './sev-snp.ts'
export { type AzureTdxEvidence, type AzureTdxOptions, verifyAzureTdx } from './tdx.ts'
export { skipVtpm, type VtpmExpectation, type VtpmQuote } from './vtpm.ts'
