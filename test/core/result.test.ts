/**
 * The result: only a verifier makes one, and never beside a failed check.
 */
import { expect, test } from 'vitest'
import { AppraisalError } from '../../src/core/errors.ts'
import { attestationResult, type Findings, isAttestationResult } from '../../src/core/result.ts'
import { recordChecks } from '../../src/core/record.ts'

const findings: Findings = {
  clock: { now: 2000 },
  timestamp: new Date(500),
  validUntil: 9000,
  matched: 'v1',
  publicKey: Uint8Array.of(1),
}

test('says what was found, and is frozen', () => {
  const checks = recordChecks()
  checks.verifies('cose-signature', 'signature', { holds: true, otherwise: 'does not match' })
  const result = attestationResult('nitro', { id: 1 }, checks, findings)
  expect(result).toMatchObject({
    format: 'nitro',
    claims: { id: 1 },
    verifiedAt: new Date(2000),
    attestedAt: new Date(500),
    validUntil: new Date(9000),
    timeSource: 'clock',
    clockOffsetSeconds: -1.5,
    matched: 'v1',
    publicKey: Uint8Array.of(1),
  })
  expect(result.checks.map(({ id }) => id)).toEqual(['cose-signature'])
  expect(Object.isFrozen(result) && Object.isFrozen(result.checks)).toBe(true)
})

test('the checks of a result do not change any more', () => {
  const checks = recordChecks()
  const { checks: kept } = attestationResult('nitro', {}, checks, findings)
  checks.verifies('cose-signature', 'signature', { holds: true, otherwise: 'does not match' })
  expect(kept).toEqual([])
})

test('without a clock the time is the evidence’s own, and there is no offset', () => {
  const result = attestationResult('nitro', {}, recordChecks(), { ...findings, clock: undefined })
  expect([result.timeSource, result.clockOffsetSeconds]).toEqual(['evidence', undefined])
})

test('T-V1 there is no result beside a failed appraisal', () => {
  const checks = recordChecks()
  checks.appraises('policy-pcr', 'PCR0', { holds: false, expected: 'aa', found: 'bb' })
  expect(() => attestationResult('nitro', {}, checks, findings)).toThrow(AppraisalError)
})

test('what looks like a result is none', () => {
  const result = attestationResult('nitro', {}, recordChecks(), findings)
  expect(isAttestationResult(result)).toBe(true)
  for (const other of [
    { ...result },
    Object.create(result),
    structuredClone({ ...result }),
    null,
    undefined,
    0,
    'result',
    true,
    Symbol('x'),
    () => result,
  ]) {
    expect(isAttestationResult(other)).toBe(false)
  }
})
