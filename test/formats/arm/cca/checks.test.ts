/**
 * Every rule of a CCA verification, broken alone: the reason, its class and what its message says.
 */
import { describe, expect, test } from 'vitest'
import { AppraisalError, VerificationError } from '../../../../src/core/errors.ts'
import { verifyCca } from '../../../../src/formats/arm/cca/index.ts'
import { cca, refusalOf } from '../made.ts'
import { anything, negativeCases } from './negative-cases.ts'

describe('a CCA token is refused for', () => {
  test.each(negativeCases)('$code: $rule', async ({ code, message, change, options }) => {
    const made = await cca(change, options)
    const refusal = await refusalOf(verifyCca(made.evidence, made.options))
    expect(refusal.code).toBe(code)
    expect(refusal.message).toMatch(message)
    expect(refusal).toBeInstanceOf(code.startsWith('policy-') ? AppraisalError : VerificationError)
    // The record ends with what failed; of appraisals all are made.
    expect(refusal.checks.some(({ id, outcome }) => id === code && outcome === 'fail')).toBe(true)
    const failed = refusal.checks.filter(({ outcome }) => outcome === 'fail')
    if (refusal instanceof AppraisalError) expect(refusal.failures).toEqual(failed)
    else expect(refusal.checks.at(-1)).toBe(failed[0])
  })

  test.each(negativeCases.filter(({ code }) => code.startsWith('policy-')))(
    '$code alone, so that nothing else is refused: $rule',
    async ({ code, change, options }) => {
      const made = await cca(change, options)
      const refusal = await refusalOf(verifyCca(made.evidence, made.options))
      expect(refusal.checks.filter(({ outcome }) => outcome === 'fail').map(({ id }) => id)).toEqual([code])
      // Without the expectation there is nothing to refuse, unless it is the platform's own state.
      if (code === 'policy-lifecycle') return
      const open = { ...made.options, ...anything }
      await expect(verifyCca(made.evidence, open)).resolves.toMatchObject({ format: 'cca', matched: undefined })
    },
  )

  test('an anchor that has expired', async () => {
    const { evidence, options } = await cca()
    const [anchor] = options.trustAnchors
    const expired = [{ ...anchor, validUntil: new Date('2026-06-01T11:59:59Z') }] as typeof options.trustAnchors
    expect(await refusalOf(verifyCca(evidence, { ...options, trustAnchors: expired }))).toMatchObject({
      code: 'anchor-unknown',
      message: 'trust anchor: expected used until 2026-06-01T11:59:59.000Z, found 2026-06-01T12:00:00.000Z',
    })
  })

  test('all that differs from what is expected, at once', async () => {
    const { evidence, options } = await cca(
      {},
      { freshness: { nonce: new Uint8Array(64) }, referenceValues: { rim: 'ab'.repeat(32) } },
    )
    const refusal = await refusalOf(verifyCca(evidence, options))
    expect(refusal.checks.filter(({ outcome }) => outcome === 'fail').map(({ id }) => id)).toEqual([
      'policy-nonce',
      'policy-measurements',
    ])
  })
})
