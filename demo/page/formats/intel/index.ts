/**
 * Intel: quotes of TDX and SGX.
 */
import type { Family } from '../family.ts'
import { form } from './form.ts'
import { type QuoteOutcome, quoteOutcomeOf } from './outcome.ts'
import { type QuotePolicy, quotePolicyOf } from './policy.ts'
import { sniff } from './sniff.ts'
import { quoteVerdictOf } from './verdict.ts'
import { views } from './views.ts'
import { stagesOf, wordsOf } from './words.ts'

export const family: Family<QuotePolicy, QuoteOutcome> = {
  sniff,
  form,
  policy: (state, format) => quotePolicyOf(state, format === 'tdx' ? 'tdx' : 'sgx'),
  outcome: quoteOutcomeOf,
  verdict: quoteVerdictOf,
  views,
  words: (format) => ({ stages: stagesOf(format === 'tdx' ? 'tdx' : 'sgx'), wordsOf }),
}
