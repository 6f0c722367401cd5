/**
 * AMD: reports of SEV-SNP.
 */
import type { Family } from '../family.ts'
import { form } from './form.ts'
import { type ReportOutcome, reportOutcomeOf } from './outcome.ts'
import { type ReportPolicy, reportPolicyOf } from './policy.ts'
import { sniff } from './sniff.ts'
import { reportVerdictOf } from './verdict.ts'
import { views } from './views.ts'
import { stages, wordsOf } from './words.ts'

export const family: Family<ReportPolicy, ReportOutcome> = {
  sniff,
  form,
  policy: reportPolicyOf,
  outcome: reportOutcomeOf,
  verdict: reportVerdictOf,
  views,
  words: () => ({ stages, wordsOf }),
}
