/**
 * `veritee/sev-snp`: guests on AMD SEV-SNP, their reports bare or in Azure's wrapping.
 */
export * from './amd/sev-snp/index.ts'
export * from './azure/index.ts'
