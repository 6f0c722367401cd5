/**
 * The record of checks: what passes, what fails at once, what fails at the end, and what was not made.
 */
import { expect, test } from 'vitest'
import { AppraisalError, VerificationError } from '../../src/core/errors.ts'
import { recordChecks } from '../../src/core/record.ts'
import type { Check } from '../../src/core/check.ts'

test('a check that passes is recorded with what it compared, and told at once', () => {
  const told: Check[] = []
  const checks = recordChecks((check) => told.push(check))
  expect(checks.run('decode', 'cose-shape', 'an envelope', () => 7)).toBe(7)
  checks.judge('verify', 'cose-alg', 'alg', true, '-35', '-35')
  expect(checks.made).toEqual(told)
  expect(told).toMatchObject([
    { stage: 'decode', id: 'cose-shape', outcome: 'pass', summary: 'an envelope' },
    { stage: 'verify', id: 'cose-alg', outcome: 'pass', summary: 'alg', expected: '-35', actual: '-35' },
  ])
  expect(told.every((check) => Object.isFrozen(check))).toBe(true)
})

test('before appraisal the first failure is thrown, under its own code, with the record so far', () => {
  const checks = recordChecks()
  checks.run('decode', 'cose-shape', 'an envelope', () => undefined)
  const failure = new VerificationError('cose-tag', 'tag', '18', '17')
  const fail = (): unknown =>
    checks.run('decode', 'outer-cbor', 'anything', () => {
      throw failure
    })
  expect(fail).toThrow(failure)
  expect(failure.checks.map(({ id, outcome }) => `${id} ${outcome}`)).toEqual(['cose-shape pass', 'cose-tag fail'])
  expect(failure.checks[1]).toMatchObject({ summary: 'tag: expected 18, found 17', expected: '18', actual: '17' })
  expect(Object.isFrozen(failure.checks)).toBe(true)
})

test.each(['decode', 'verify'] as const)('judge throws in the stage %s', (stage) => {
  const checks = recordChecks()
  const judge = (): void => {
    checks.judge(stage, 'cose-alg', 'alg', false, '-35', '-7')
  }
  expect(judge).toThrow(VerificationError)
  expect(judge).toThrow(/^alg: expected -35, found -7$/)
})

test('appraisals that fail are kept, and thrown together at the end', () => {
  const checks = recordChecks()
  checks.judge('appraise', 'policy-kind', 'kind', true, 'enclave', 'enclave')
  checks.judge('appraise', 'policy-pcr', 'PCR0', false, 'aa', 'bb')
  checks.omit('policy-user-data', 'not-requested', 'nothing expected')
  checks.judge('appraise', 'policy-nonce', 'nonce', false, '00', '01')
  let thrown: unknown
  try {
    checks.conclude()
  } catch (error) {
    thrown = error
  }
  expect(thrown).toBeInstanceOf(AppraisalError)
  const { code, message, failures, checks: all } = thrown as AppraisalError
  expect([code, message]).toEqual(['policy-pcr', 'PCR0: expected aa, found bb'])
  expect(failures.map(({ id }) => id)).toEqual(['policy-pcr', 'policy-nonce'])
  expect(all.map(({ outcome }) => outcome)).toEqual(['pass', 'fail', 'not-requested', 'fail'])
})

test('nothing failed: nothing is thrown', () => {
  const checks = recordChecks()
  checks.omit('policy-pcr', 'skipped', 'the caller skips it')
  expect(() => {
    checks.conclude()
  }).not.toThrow()
})

test('an error that is none of ours goes through, and is no check', () => {
  const checks = recordChecks()
  const bug = new RangeError('a bug')
  expect(() =>
    checks.run('verify', 'cert-parse', 'certificates', () => {
      throw bug
    }),
  ).toThrow(bug)
  expect(checks.made).toEqual([])
})
