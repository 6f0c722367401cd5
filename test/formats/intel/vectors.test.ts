/**
 * Every case of Intel's vectors: verdict, reason, final and partial statuses, dates and advisories,
 * as the manifest has them from Intel's own library.
 */
import { refusalOf } from '../../support/refusal.ts'
import { describe, expect, test } from 'vitest'
import { VerificationError } from '../../../src/core/errors.ts'
import { checkChain, readPckChain } from '../../../src/formats/intel/collateral/paths.ts'
import { decodeQuote } from '../../../src/formats/intel/quote/quote.ts'
import { intelSgxRoots } from '../../../src/formats/intel/collateral/roots.ts'
import { quoteRows, startBinding } from '../../../src/formats/intel/collateral/signatures.ts'
import {
  allowDebug,
  type DcapOptions,
  type SgxResult,
  skipReferenceValues,
  skipReportData,
  verifySgx,
} from '../../../src/formats/intel/sgx/index.ts'
import { allowMigration, type TdxResult, verifyTdx } from '../../../src/formats/intel/tdx/index.ts'
import { recordChecks } from '../../../src/core/record.ts'
import { signatureRows } from '../../../src/x509/path.ts'
import { startSignatures } from '../../../src/crypto/signatures.ts'
import { decisions, reasons } from './intel-reasons.ts'
import { type IntelCase, type IntelVectors, openIntelVectors, serviceTdsOf } from './intel-vectors.ts'

/**
 * Every state is accepted, and every kind of TD: these cases are about authenticity and status, and
 * policy has tests of its own.
 */
const lenient = {
  referenceValues: skipReferenceValues,
  reportData: skipReportData,
  acceptedTcbStatuses: [
    'SWHardeningNeeded',
    'ConfigurationNeeded',
    'ConfigurationAndSWHardeningNeeded',
    'OutOfDate',
    'OutOfDateConfigurationNeeded',
    'TDRelaunchAdvised',
    'TDRelaunchAdvisedConfigurationNeeded',
  ],
  debug: allowDebug,
} as const

function verify(vectors: IntelVectors, entry: IntelCase): Promise<SgxResult | TdxResult> {
  const trustAnchors = vectors.trustAnchors(entry)
  const options: DcapOptions & typeof lenient = {
    ...lenient,
    endorsements: vectors.endorsements(entry),
    now: new Date(entry.timeUnix * 1000),
    ...(trustAnchors !== undefined && { trustAnchors }),
  }
  const quote = vectors.quote(entry.quote)
  // TEE type 0x81 in the header; quotes too short to have one are the same to both verifiers.
  return quote[4] === 0
    ? verifySgx(quote, options)
    : verifyTdx(quote, { ...options, migration: allowMigration, serviceTds: serviceTdsOf(quote) })
}

const vectors = openIntelVectors()
if (typeof vectors === 'string') {
  test.skip(vectors)
} else {
  const { cases } = vectors.manifest
  const withoutCollateral = cases.filter(({ id }) => id.endsWith('@signatures-only'))
  const judged = cases.filter((entry) => !withoutCollateral.includes(entry))

  test('all cases of the manifest are here', () => {
    expect(cases).toHaveLength(196)
    expect(new Set(cases.map(({ id }) => id)).size).toBe(196)
    expect(
      Object.keys(decisions).every((id) => cases.some((entry) => entry.id === id && entry.tags?.includes('ambiguous'))),
    ).toBe(true)
  })

  describe('accepted, with the status that Intel gives', () => {
    const accepted = judged.filter(({ id, expect: { result } }) => result === 'status' && decisions[id] === undefined)
    test.each(accepted.map((entry) => [entry.id, entry] as const))('%s', async (_id, entry) => {
      const { claims, validUntil, checks } = await verify(vectors, entry)
      const { expect: expected } = entry
      expect({
        tcbStatus: claims.tcbStatus,
        platformTcbStatus: claims.platformTcbStatus,
        tdxModuleTcbStatus: claims.tdxModuleTcbStatus,
        qeTcbStatus: claims.qeTcbStatus,
        launchTcbStatus: claims.launchTcbStatus,
        currentTcbStatus: claims.currentTcbStatus,
        tcbDate: claims.tcbDate,
        advisoryIDs: claims.advisoryIDs,
        tcbEvaluationDataNumber: claims.tcbEvaluationDataNumber,
        debug: claims.debug,
      }).toEqual({
        tcbStatus: expected.tcbStatus,
        platformTcbStatus: expected.platformTcbStatus,
        tdxModuleTcbStatus: expected.tdxModuleTcbStatus,
        qeTcbStatus: expected.qeTcbStatus,
        launchTcbStatus: expected.launchTcbStatus,
        currentTcbStatus: expected.currentTcbStatus,
        tcbDate: new Date(expected.tcbDate ?? NaN),
        advisoryIDs: expected.advisoryIDs,
        tcbEvaluationDataNumber: expected.tcbEvaluationDataNumber,
        debug: expected.debug,
      })
      expect(validUntil.getTime()).toBeGreaterThanOrEqual(entry.timeUnix * 1000)
      expect(checks.every(({ outcome }) => outcome !== 'fail')).toBe(true)
    })
  })

  describe('refused, for the reason that Intel gives', () => {
    const refused = judged.filter(({ expect: { result } }) => result === 'reject')
    test.each(refused.map((entry) => [entry.id, entry] as const))('%s', async (_id, entry) => {
      const refusal = await refusalOf(verify(vectors, entry))
      expect(refusal).toBeInstanceOf(VerificationError)
      const { reason = '', reasonAnyOf = [reason], advisoryIDs = [], ...statuses } = entry.expect
      const said = reasonAnyOf.flatMap((name) => reasons[name] ?? []).filter(([code]) => code === refusal.code)
      expect(said, `${refusal.code}: ${refusal.message} for ${reasonAnyOf.join(' or ')}`).not.toEqual([])
      expect(
        said.some(([, message]) => message.test(refusal.message)),
        refusal.message,
      ).toBe(true)
      // No status comes out of a refusal, but the message says why.
      if (refusal.code === 'tcb-revoked') {
        expect(refusal.message).toContain(`platform ${statuses.platformTcbStatus}`)
        expect(refusal.message).toContain(`QE ${statuses.qeTcbStatus}`)
        if (statuses.tdxModuleTcbStatus !== undefined)
          expect(refusal.message).toContain(`TDX module ${statuses.tdxModuleTcbStatus}`)
        expect(refusal.message).toContain(`since ${statuses.tcbDate?.replace('Z', '.000Z')}`)
        expect(refusal.message).toContain(advisoryIDs.join(', ') || 'no advisories')
      }
    })
  })

  describe('refused where both verdicts are right', () => {
    test.each(Object.entries(decisions))('%s', async (id, [code, message]) => {
      const entry = cases.find((candidate) => candidate.id === id)
      if (entry === undefined) throw new Error(`no case ${id}`)
      const refusal = await refusalOf(verify(vectors, entry))
      expect(refusal.code).toBe(code)
      expect(refusal.message).toMatch(message)
    })
  })

  describe('the signatures of a quote by itself, where no collateral of its time was found', () => {
    test.each(withoutCollateral.map((entry) => [entry.id, entry] as const))('%s', async (_id, entry) => {
      const checks = recordChecks()
      const quote = decodeQuote(vectors.quote(entry.quote), checks)
      const pck = readPckChain(quote, {}, checks)
      await checkChain(pck, intelSgxRoots, checks)
      const rows = [...signatureRows(pck, pck.profile), ...quoteRows(quote, pck)]
      const signatures = startSignatures(rows)
      await signatures.settle(checks, 'quote-signature')
      await startBinding(quote).settle(checks)
      const verdict = signatures.settle(checks).then(
        () => 'signatures-valid',
        (error: unknown) => (error instanceof VerificationError ? error.code : String(error)),
      )
      expect(await verdict).toBe(entry.expect.result === 'reject' ? 'quote-signature' : 'signatures-valid')
    })

    test.each(withoutCollateral.map((entry) => [entry.id, entry] as const))(
      '%s: without endorsements there is no result',
      async (_id, entry) => {
        const refusal = await refusalOf(verify(vectors, entry))
        expect(refusal.code).toBe('endorsement-missing')
      },
    )
  })
}
