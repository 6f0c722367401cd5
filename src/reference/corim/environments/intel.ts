/**
 * Reference values of trust domains and enclaves on Intel's processors.
 */
import { readReferenceValues as readSgx, type SgxReferenceValues } from '../../../formats/intel/sgx/reference-values.ts'
import { readReferenceValues as readTdx, type TdxReferenceValues } from '../../../formats/intel/tdx/reference-values.ts'
import type { Environment } from './environment.ts'
import { environmentOfFields } from './fields.ts'

/** What each environment of Intel's gives back. */
export interface IntelReferenceValues {
  readonly tdx: TdxReferenceValues
  readonly sgx: SgxReferenceValues
}

const sha384 = { digest: [48] } as const
const sha256 = { digest: [32] } as const

export const intel: Readonly<Record<keyof IntelReferenceValues, Environment>> = {
  tdx: /* @__PURE__ */ environmentOfFields({
    vendor: 'Intel',
    model: 'TDX',
    fields: {
      mrTd: sha384,
      rtmr0: sha384,
      rtmr1: sha384,
      rtmr2: sha384,
      rtmr3: sha384,
      mrConfigId: { bytes: 48 },
      mrOwner: { bytes: 48 },
      mrOwnerConfig: { bytes: 48 },
      tdAttributes: { bytes: 8 },
      xfam: { bytes: 8 },
      mrSeam: sha384,
    },
    check: readTdx,
  }),
  sgx: /* @__PURE__ */ environmentOfFields({
    vendor: 'Intel',
    model: 'SGX',
    fields: {
      mrEnclave: sha256,
      mrSigner: sha256,
      isvProdId: 'number',
      minimumIsvSvn: 'minimum',
      configId: { bytes: 64 },
      configSvn: 'number',
      isvFamilyId: { bytes: 16 },
      isvExtProdId: { bytes: 16 },
      miscSelect: { bytes: 4 },
      xfrm: { bytes: 8 },
      provisionKey: 'flag',
    },
    check: readSgx,
  }),
}
