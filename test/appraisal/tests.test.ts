/**
 * The tests that a register of a reference value can be put to, and allowances.
 */
import { describe, expect, test } from 'vitest'
import { appraiseAllowance } from '../../src/appraisal/allowance.ts'
import { appraiseNonce } from '../../src/appraisal/freshness.ts'
import { appraiseReferenceValues, type ReferenceValue } from '../../src/appraisal/reference-values.ts'
import { atLeast, equal, masked } from '../../src/appraisal/tests.ts'
import { AppraisalError } from '../../src/core/errors.ts'
import { recordChecks } from '../../src/core/record.ts'

const bytes = (...values: number[]): Uint8Array<ArrayBuffer> => Uint8Array.from(values)

describe('a register', () => {
  test.each([
    ['equal', equal(bytes(1, 2)), bytes(1, 2), true],
    ['equal, one bit off', equal(bytes(1, 2)), bytes(1, 3), false],
    ['equal, shorter', equal(bytes(1, 2)), bytes(1), false],
    ['at least: the minimum itself', atLeast(bytes(1, 0)), bytes(1, 0), true],
    ['at least: more', atLeast(bytes(0, 255)), bytes(1, 0), true],
    ['at least: less', atLeast(bytes(1, 0)), bytes(0, 255), false],
    ['at least: another size', atLeast(bytes(1, 0)), bytes(2), false],
    ['masked: a bit that is not compared', masked(bytes(0x10), bytes(0xf0)), bytes(0x1f), true],
    ['masked: a bit that is compared', masked(bytes(0x10), bytes(0xf0)), bytes(0x20), false],
    ['masked: longer', masked(bytes(0x10), bytes(0xf0)), bytes(0x10, 0), false],
    ['masked: a mask that is too short compares what it leaves out', masked(bytes(1, 1), bytes(0)), bytes(2, 2), false],
  ])('%s', (_name, { passes }, found, expected) => {
    expect(passes(found)).toBe(expected)
  })

  test('says what it wants', () => {
    const wanted = [equal(bytes(1)), atLeast(bytes(0, 4)), masked(bytes(1), bytes(3))]
    expect(wanted.map(({ expected }) => expected)).toEqual(['01', 'at least 0004', '01 under the mask 03'])
  })
})

describe('reference values', () => {
  const appraise = (measured: Record<string, Uint8Array<ArrayBuffer>>, values: readonly ReferenceValue[]): unknown => {
    const checks = recordChecks()
    const matched = appraiseReferenceValues('policy-measurements', new Map(Object.entries(measured)), values, checks)
    checks.conclude()
    return matched
  }
  const build = { name: undefined, registers: new Map([['svn', atLeast(bytes(4))]]) }

  test('any one of them may match, and the result names it', () => {
    const named = { name: 'second', registers: new Map([['svn', equal(bytes(3))]]) }
    expect(appraise({ svn: bytes(3) }, [build, named])).toBe('second')
    expect(appraise({ svn: bytes(5) }, [build, named])).toBe(0)
  })

  test('none matches: the first is shown', () => {
    const refused = 'measurements of 0, 1 of 1: expected svn at least 04, found svn 03'
    const thrown = (): unknown => appraise({ svn: bytes(3) }, [build])
    expect(thrown).toThrow(AppraisalError)
    expect(thrown).toThrow(refused)
  })

  test('a register that is not there passes no test', () => {
    const anything = { name: undefined, registers: new Map([['svn', masked(bytes(), bytes())]]) }
    expect(() => appraise({}, [anything])).toThrow(/found svn absent$/)
  })
})

describe('an allowance', () => {
  const appraise = (isAllowed: boolean, isOn: boolean): readonly (string | undefined)[] => {
    const checks = recordChecks()
    appraiseAllowance('policy-debug', { subject: 'debug mode', isAllowed, isOn }, checks)
    const [check] = checks.made
    return [`${check?.outcome}`, check?.expected, check?.actual]
  }

  test('refuses only what is on and not allowed', () => {
    expect(appraise(false, false)).toEqual(['pass', 'off', 'off'])
    expect(appraise(true, false)).toEqual(['pass', 'allowed', 'off'])
    expect(appraise(true, true)).toEqual(['pass', 'allowed', 'on'])
    expect(appraise(false, true)).toEqual(['fail', 'off', 'on'])
  })
})

describe('a nonce, where evidence has no date', () => {
  const outcomeOf = (found: Uint8Array<ArrayBuffer>, expected: Uint8Array<ArrayBuffer> | undefined): unknown => {
    const checks = recordChecks()
    appraiseNonce({ found, expected }, checks)
    return checks.made.map(({ id, outcome }) => `${id} ${outcome}`)
  }

  test('must be the caller’s, unless the caller skips freshness', () => {
    expect(outcomeOf(bytes(1), bytes(1))).toEqual(['policy-nonce pass'])
    expect(outcomeOf(bytes(1), bytes(2))).toEqual(['policy-nonce fail'])
    expect(outcomeOf(bytes(1), undefined)).toEqual(['policy-nonce skipped'])
  })
})
