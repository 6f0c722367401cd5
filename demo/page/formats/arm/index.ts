/**
 * Arm: tokens of CCA realms, and of PSA devices.
 */
import type { Family } from '../family.ts'
import { form } from './form.ts'
import { type TokenOutcome, tokenOutcomeOf } from './outcome.ts'
import { type TokenPolicy, tokenPolicyOf } from './policy.ts'
import { sniff } from './sniff.ts'
import { tokenVerdictOf } from './verdict.ts'
import { views } from './views.ts'
import { stagesOf, wordsOf } from './words.ts'

const kindOf = (format: string): 'cca' | 'psa' => (format === 'cca' ? 'cca' : 'psa')

export const family: Family<TokenPolicy, TokenOutcome> = {
  sniff,
  form,
  policy: (state, format) => tokenPolicyOf(state, kindOf(format)),
  outcome: tokenOutcomeOf,
  verdict: tokenVerdictOf,
  views,
  words: (format) => ({ stages: stagesOf(kindOf(format)), wordsOf }),
}
