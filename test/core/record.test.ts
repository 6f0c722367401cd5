/**
 * The record of checks: what passes, what fails at once, what fails at the end, and what was not
 * made.
 */
import { describe, expect, test } from 'vitest'
import { AppraisalError, VerificationError } from '../../src/core/errors.ts'
import { recordChecks } from '../../src/core/record.ts'
import type { Check } from '../../src/core/check.ts'

test('a check that passes is recorded with what it compared, and told at once', () => {
  const told: Check[] = []
  const checks = recordChecks((check) => told.push(check))
  expect(checks.decodes('cose-shape', 'an envelope', () => 7)).toBe(7)
  checks.verifies('cose-alg', 'alg', { holds: true, expected: '-35', found: '-35' })
  expect(checks.made).toEqual(told)
  expect(told).toMatchObject([
    { stage: 'decode', id: 'cose-shape', outcome: 'pass', summary: 'an envelope' },
    { stage: 'verify', id: 'cose-alg', outcome: 'pass', summary: 'alg', expected: '-35', actual: '-35' },
  ])
  expect(told.every((check) => Object.isFrozen(check))).toBe(true)
})

test('before appraisal the first failure is thrown, under its own code, with the record so far', () => {
  const checks = recordChecks()
  checks.decodes('cose-shape', 'an envelope', () => undefined)
  const failure = new VerificationError('cose-tag', { subject: 'tag', expected: '18', found: '17' })
  const fail = (): unknown =>
    checks.decodes('outer-cbor', 'anything', () => {
      throw failure
    })
  expect(fail).toThrow(failure)
  expect(failure.checks.map(({ id, outcome }) => `${id} ${outcome}`)).toEqual(['cose-shape pass', 'cose-tag fail'])
  expect(failure.checks[1]).toMatchObject({ summary: 'tag: expected 18, found 17', expected: '18', actual: '17' })
  expect(Object.isFrozen(failure.checks)).toBe(true)
})

describe.each(['decodes', 'verifies'] as const)('%s', (verb) => {
  test('throws the first comparison that does not hold', () => {
    const checks = recordChecks()
    const judge = (): void => {
      checks[verb]('cose-alg', 'alg', { holds: false, expected: '-35', found: '-7' })
    }
    expect(judge).toThrow(VerificationError)
    expect(judge).toThrow(/^alg: expected -35, found -7$/)
  })

  test('a statement that does not hold is a sentence, without values', () => {
    const checks = recordChecks()
    expect(() => {
      checks[verb]('cose-signature', 'document', { holds: false, otherwise: 'signature does not match the key' })
    }).toThrow(/^document: signature does not match the key$/)
    expect(checks.made).toMatchObject([{ outcome: 'fail', expected: undefined, actual: undefined }])
  })
})

test('appraisals that fail are kept, and thrown together at the end', () => {
  const checks = recordChecks()
  checks.appraises('policy-kind', 'kind', { holds: true, expected: 'enclave', found: 'enclave' })
  checks.appraises('policy-pcr', 'PCR0', { holds: false, expected: 'aa', found: 'bb' })
  checks.omit('policy-user-data', 'not-requested', 'nothing expected')
  checks.appraises('policy-nonce', 'nonce', { holds: false, expected: '00', found: '01' })
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
    checks.verifies('cert-parse', 'certificates', () => {
      throw bug
    }),
  ).toThrow(bug)
  expect(checks.made).toEqual([])
})
