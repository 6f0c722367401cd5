/**
 * Every rule of a verification of Android's keys, broken alone: the reason, its class and what its
 * message says.
 */
import { describe, expect, test } from 'vitest'
import { AppraisalError, VerificationError } from '../../../../src/core/errors.ts'
import { verifyAndroidKey } from '../../../../src/formats/android/key/index.ts'
import { refusalOf } from '../../../support/refusal.ts'
import { make } from './made.ts'
import { negativeCases } from './negative-cases.ts'

describe.each([...new Set(negativeCases.map(({ code }) => code))])('%s', (code) => {
  test.each(negativeCases.filter((entry) => entry.code === code).map((entry) => [entry.rule, entry] as const))(
    '%s',
    async (_rule, change) => {
      const { evidence, options } = await make(change)
      const given = Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined))
      const refusal = await refusalOf(verifyAndroidKey(evidence, given as unknown as typeof options))
      expect({ code: refusal.code, message: refusal.message }).toEqual({
        code,
        message: expect.stringMatching(change.message) as string,
      })
      expect(refusal).toBeInstanceOf(code.startsWith('policy-') ? AppraisalError : VerificationError)
      // It fails because of this rule alone.
      const failed = refusal.checks.filter(({ outcome }) => outcome === 'fail')
      expect(failed.map(({ id }) => id)).toEqual([code])
      if (refusal instanceof VerificationError) expect(refusal.checks.at(-1)).toBe(failed[0])
      else expect('failures' in refusal && refusal.failures).toEqual(failed)
    },
  )
})
