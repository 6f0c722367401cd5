/**
 * Every rule of a Nitro verification, broken alone: the reason, its class and what its message
 * says. The last test makes sure that no reason is without a case.
 */
import { refusalOf } from '../../../support/refusal.ts'
import { describe, expect, test } from 'vitest'
import { AppraisalError, VerificationError } from '../../../../src/core/errors.ts'
import type {
  AwsErrorCode,
  CertificateErrorCode,
  CoseErrorCode,
  CrlErrorCode,
  PolicyErrorCode,
  RuntimeErrorCode,
} from '../../../../src/core/codes.ts'
import { verifyNitro } from '../../../../src/formats/aws/nitro/index.ts'
import { make } from './made.ts'
import { negativeCases } from './negative-cases.ts'

/** All that a document of AWS can be refused for, with what several formats share. */
type DocumentErrorCode =
  RuntimeErrorCode | CoseErrorCode | CertificateErrorCode | CrlErrorCode | PolicyErrorCode | AwsErrorCode

/** Where each reason is tested; the compiler knows when one is missing here. */
const tested: Readonly<Record<DocumentErrorCode, string>> = {
  unsupported: 'environment.test.ts',
  'format-unknown': 'of verifyEvidence, not of a format',
  'format-refused': 'of verifyEvidence, not of a format',
  'outer-cbor': 'here',
  'cose-tag': 'here',
  'cose-shape': 'here',
  'cose-protected': 'here',
  'cose-alg': 'here',
  'cose-unprotected': 'here',
  'cose-signature-length': 'here',
  'cose-signature': 'here',
  'payload-size': 'here',
  'payload-cbor': 'here',
  'payload-field-missing': 'here',
  'payload-field-type': 'here',
  'payload-field-size': 'here',
  'payload-digest': 'here',
  'payload-pcr': 'here',
  'root-mismatch': 'here',
  'cert-parse': 'here',
  'cert-algorithm': 'here',
  'cert-extension': 'here',
  'cert-path-length': 'here',
  'cert-path': 'reserved: chains of Nitro fail with a more precise reason',
  'cert-chain-name': 'here',
  'cert-chain-signature': 'here',
  'cert-validity': 'here',
  'clock-suspect': 'here',
  'crl-parse': 'Nitro has no revocation',
  'crl-algorithm': 'Nitro has no revocation',
  'crl-extension': 'Nitro has no revocation',
  'crl-issuer': 'Nitro has no revocation',
  'crl-validity': 'Nitro has no revocation',
  'crl-signature': 'Nitro has no revocation',
  'crl-revoked': 'Nitro has no revocation',
  'policy-kind': 'here',
  'policy-debug': 'here',
  'policy-pcr': 'here',
  'policy-nonce': 'here',
  'policy-freshness': 'here',
  'policy-user-data': 'here',
  'policy-public-key': 'here',
  'policy-migration': 'documents have no such claim',
  'policy-measurements': 'documents have no such claim',
  'policy-report-data': 'documents have no such claim',
  'policy-platform': 'documents have no such claim',
}

describe.each([...new Set(negativeCases.map(({ code }) => code))])('%s', (code) => {
  test.each(negativeCases.filter((entry) => entry.code === code).map((entry) => [entry.rule, entry] as const))(
    '%s',
    async (_rule, change) => {
      const { evidence, options } = await make(change)
      // An option that is there but undefined is not the same as one that is left out.
      const given = Object.fromEntries(
        Object.entries(options).filter(([, value]) => value !== undefined),
      ) as unknown as typeof options
      const refusal = await refusalOf(verifyNitro(evidence, given))
      expect(refusal).toBeInstanceOf(code.startsWith('policy-') ? AppraisalError : VerificationError)
      expect({ code: refusal.code, message: refusal.message }).toEqual({
        code,
        message: expect.stringMatching(change.message) as string,
      })
      // The failure is the last check of a verification, and an appraisal's failure is one among
      // all the appraisals.
      const failed = refusal.checks.filter(({ outcome }) => outcome === 'fail')
      expect(failed.map(({ id }) => id)).toEqual([code])
      expect(Object.isFrozen(refusal.checks)).toBe(true)
      if (refusal instanceof VerificationError) expect(refusal.checks.at(-1)).toBe(failed[0])
      else expect('failures' in refusal && refusal.failures).toEqual(failed)
    },
  )
})

test('every reason has a case, or says why not', () => {
  const codes = Object.keys(tested) as (keyof typeof tested)[]
  expect(codes.filter((code) => tested[code] === 'here').sort()).toEqual(
    [...new Set(negativeCases.map(({ code }) => code))].sort(),
  )
})
