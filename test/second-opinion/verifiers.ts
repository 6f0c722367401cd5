/**
 * The verifiers that have a second opinion, and what is asked of both: without anything of Node, so
 * that every runtime can ask.
 */
import type { AttestationResult } from '../../src/core/result.ts'
import { verifyCca } from '../../src/formats/arm/cca/index.ts'
import { verifyPsa } from '../../src/formats/arm/psa/index.ts'
import { verifyNitro } from '../../src/formats/aws/nitro/index.ts'
import { verifyNitroTpm } from '../../src/formats/aws/nitro-tpm/index.ts'
import { verifySgx } from '../../src/formats/intel/sgx/index.ts'
import { verifyTdx } from '../../src/formats/intel/tdx/index.ts'
import { verifySevSnp } from '../../src/formats/sev-snp.ts'

export type Verifier = (evidence: Uint8Array, options: object) => Promise<AttestationResult>

/** One question: evidence, and what is expected of it. */
export interface Question {
  readonly name: string
  readonly format: string
  readonly evidence: Uint8Array<ArrayBuffer>
  readonly options: object
}

/** The verifiers that the second opinion is about, by the format of their results. */
export const verifiers: Readonly<Record<string, Verifier>> = {
  nitro: verifyNitro as Verifier,
  'nitro-tpm': verifyNitroTpm as Verifier,
  tdx: verifyTdx as Verifier,
  sgx: verifySgx as Verifier,
  'sev-snp': verifySevSnp as Verifier,
  cca: verifyCca as Verifier,
  psa: verifyPsa as Verifier,
}
