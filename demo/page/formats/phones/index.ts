/**
 * Phones: keys of Android, and of Apple's App Attest.
 */
import type { Family } from '../family.ts'
import { form } from './form.ts'
import { type PhoneOutcome, phoneOutcomeOf } from './outcome.ts'
import { type PhoneKind, type PhonePolicy, phonePolicyOf } from './policy.ts'
import { sniff } from './sniff.ts'
import { phoneVerdictOf } from './verdict.ts'
import { views } from './views.ts'
import { stagesOf, wordsOf } from './words.ts'

const kindOf = (format: string): PhoneKind => (format === 'app-attest' ? 'app-attest' : 'android-key')

export const family: Family<PhonePolicy, PhoneOutcome> = {
  sniff,
  form,
  policy: (state, format) => phonePolicyOf(state, kindOf(format)),
  outcome: phoneOutcomeOf,
  verdict: phoneVerdictOf,
  views,
  words: (format) => ({ stages: stagesOf(kindOf(format)), wordsOf }),
}
