/**
 * The fields that only reports of SEV-SNP have.
 */
import { boxes, codes, collateralArea, line, reportDataLine } from '../../fields.ts'
import type { FormParts } from '../family.ts'
import { allowances } from './policy.ts'

export const form = (): FormParts => ({
  hint: codes('measurement', ' with 96 hex digits; ', 'hostData', ', ', 'idKeyDigest', ' …, one a line; or JSON'),
  root: 'One of AMD’s (ARK), pinned',
  document: collateralArea(),
  expected: [
    reportDataLine(),
    line('minimumTcb', 'Minimum TCB', 'like snp 27, microcode 86; for this processor'),
    boxes('allowed', 'What is refused unless you allow it', allowances),
  ],
})
