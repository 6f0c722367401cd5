/**
 * AWS: documents of Nitro enclaves, and of instances with NitroTPM.
 */
import type { Family } from '../family.ts'
import { form } from './form.ts'
import { type NitroOutcome, outcomeOf } from './outcome.ts'
import { type NitroPolicy, policyOf } from './policy.ts'
import { sniff } from './sniff.ts'
import { verdictOf } from './verdict.ts'
import { views } from './views.ts'
import { stages, wordsOf } from './words.ts'

export const family: Family<NitroPolicy, NitroOutcome> = {
  sniff,
  form,
  policy: policyOf,
  outcome: outcomeOf,
  verdict: verdictOf,
  views,
  words: () => ({ stages, wordsOf }),
}
