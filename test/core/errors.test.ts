/**
 * The errors: two classes under one base, a code that lasts, and a message that says what was
 * wanted and found.
 */
import { expect, test } from 'vitest'
import { AppraisalError, AttestationError, VerificationError } from '../../src/core/errors.ts'
import * as nitro from '../../src/formats/aws/nitro/index.ts'
import * as nitroTpm from '../../src/formats/aws/nitro-tpm/index.ts'

test.each([
  ['VerificationError', VerificationError],
  ['AppraisalError', AppraisalError],
] as const)('%s is an AttestationError and an Error, and goes by its name', (name, Class) => {
  const error = new Class('policy-pcr', 'PCR0')
  expect(error).toBeInstanceOf(AttestationError)
  expect(error).toBeInstanceOf(Error)
  expect(error).not.toBeInstanceOf(TypeError)
  expect(error.name).toBe(name)
  expect(String(error)).toBe(`${name}: PCR0`)
  expect(error.stack).toContain('errors.test.ts')
})

test('T-V2 not authentic and not as expected are two classes', () => {
  expect(new VerificationError('cose-signature', '')).not.toBeInstanceOf(AppraisalError)
  expect(new AppraisalError('policy-pcr', '')).not.toBeInstanceOf(VerificationError)
})

test('the message says what was wanted and found, where both are known', () => {
  const both = new VerificationError('cose-alg', { subject: 'alg', expected: '-35', found: '-7' })
  expect([both.message, both.code, both.expected, both.actual]).toEqual([
    'alg: expected -35, found -7',
    'cose-alg',
    '-35',
    '-7',
  ])
  const neither = new VerificationError('cose-signature', 'not signed by the leaf')
  expect([neither.message, neither.expected, neither.actual]).toEqual(['not signed by the leaf', undefined, undefined])
})

test('the cause is kept', () => {
  const cause = new VerificationError('cert-validity', 'expired')
  expect(new VerificationError('clock-suspect', { subject: 'clock', expected: 'a', found: 'b' }, { cause }).cause).toBe(
    cause,
  )
})

test('there are checks and failures to read before any were made', () => {
  expect(new AppraisalError('policy-pcr', '')).toMatchObject({ checks: [], failures: [] })
})

test('every entry point exports the same classes and symbols', () => {
  for (const name of [
    'AttestationError',
    'VerificationError',
    'AppraisalError',
    'skipFreshness',
    'skipReferenceValues',
    'atEvidenceTime',
    'isAttestationResult',
  ] as const) {
    expect(nitro[name]).toBe(nitroTpm[name])
    expect(nitro[name]).toBeDefined()
  }
})
