/**
 * Reference values of guests on AMD SEV-SNP.
 */
import {
  readReferenceValues as readSnp,
  type SnpReferenceValues,
} from '../../../formats/amd/sev-snp/reference-values.ts'
import type { Environment } from './environment.ts'
import { environmentOfFields } from './fields.ts'

/** What each environment of AMD's gives back. */
export interface AmdReferenceValues {
  readonly 'sev-snp': SnpReferenceValues
}

export const amd: Readonly<Record<keyof AmdReferenceValues, Environment>> = {
  'sev-snp': /* @__PURE__ */ environmentOfFields({
    vendor: 'AMD',
    model: 'SEV-SNP',
    fields: {
      measurement: { digest: [48] },
      hostData: { bytes: 32 },
      familyId: { bytes: 16 },
      imageId: { bytes: 16 },
      idKeyDigest: { digest: [48] },
      authorKeyDigest: { digest: [48] },
    },
    check: readSnp,
  }),
}
