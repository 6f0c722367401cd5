/**
 * `veritee/sev-snp`: guests on AMD SEV-SNP, their reports bare or in Azure's wrapping.
 */
export * from './amd/sev-snp/index.ts'
export { readHclReport } from './azure/evidence.ts'
export { type AzureSevSnpEvidence, type AzureSevSnpOptions, verifyAzureSevSnp } from './azure/sev-snp.ts'
export { skipVtpm, type VtpmExpectation, type VtpmQuote } from './azure/vtpm.ts'
