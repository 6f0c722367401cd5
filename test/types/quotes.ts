/**
 * The types of `veritee/tdx`, `veritee/sgx`, `veritee/ra-tls` and `veritee/endorsements`, and that
 * they fit together. Nothing here runs; see `nitro.ts`.
 */
import { dstackReportData } from '../../src/formats/report-data.ts'
import { expectTypeOf } from 'vitest'
import { type DcapQvlCollateral, fetchIntelEndorsements, fromDcapQvl } from '../../src/endorsements/index.ts'
import * as nitro from '../../src/formats/aws/nitro/index.ts'
import { decodeSgxEvidence, type SgxOptions, type SgxResult, verifySgx } from '../../src/formats/intel/sgx/index.ts'
import {
  allowDebug,
  allowMigration,
  anyValue,
  type AttestationResult,
  type DcapEndorsements,
  decodeTdxEvidence,
  skipReferenceValues,
  skipReportData,
  type TcbStatus,
  type TdxClaims,
  type TdxOptions,
  type TdxResult,
  verifyTdx,
} from '../../src/formats/intel/tdx/index.ts'
import { allowOtherEvents, rtmrReferenceValues } from '../../src/formats/intel/tdx/events/index.ts'
import { provenByHandshake, verifyRaTls } from '../../src/ra-tls/index.ts'

declare const bytes: Uint8Array
declare const endorsements: DcapEndorsements
declare const collateral: DcapQvlCollateral
const referenceValues = { mrTd: 'ab', rtmr0: 'ab', rtmr1: 'ab', rtmr2: anyValue } as const
const expectations = { endorsements, referenceValues, reportData: bytes } as const

/** The functions, by their whole signature. */
export function signatures(): void {
  expectTypeOf(verifyTdx).toEqualTypeOf<(evidence: Uint8Array, options: TdxOptions) => Promise<TdxResult>>()
  expectTypeOf(verifySgx).toEqualTypeOf<(evidence: Uint8Array, options: SgxOptions) => Promise<SgxResult>>()
  expectTypeOf<TdxResult>().toEqualTypeOf<AttestationResult<'tdx', TdxClaims>>()
  expectTypeOf<RequiredKeys<TdxOptions>>().toEqualTypeOf<'endorsements' | 'referenceValues' | 'reportData'>()
  expectTypeOf<RequiredKeys<SgxOptions>>().toEqualTypeOf<'endorsements' | 'referenceValues' | 'reportData'>()
}

/** Nothing weakens by omission. */
export function refusedOptions(): void {
  // @ts-expect-error no endorsements
  void verifyTdx(bytes, { referenceValues, reportData: bytes })
  // @ts-expect-error no report data
  void verifyTdx(bytes, { endorsements, referenceValues })
  // @ts-expect-error no reference values
  void verifyTdx(bytes, { endorsements, reportData: bytes })
  // @ts-expect-error RTMR2 is not said
  void verifyTdx(bytes, { ...expectations, referenceValues: { mrTd: 'ab', rtmr0: 'ab', rtmr1: 'ab' } })
  // @ts-expect-error a status that Intel does not have
  void verifyTdx(bytes, { ...expectations, acceptedTcbStatuses: ['Fine'] })
  // @ts-expect-error what is revoked cannot be accepted
  void verifyTdx(bytes, { ...expectations, acceptedTcbStatuses: ['Revoked'] })
  // @ts-expect-error a signer alone admits all its products, in all versions
  void verifySgx(bytes, { ...expectations, referenceValues: { mrSigner: 'ab' } })
  const wrong = { pckCertificateChain: 1 } as const
  // @ts-expect-error an age of what has no date of its own
  void verifySgx(bytes, { ...expectations, referenceValues: { mrEnclave: 'ab' }, maximumEndorsementAgeSeconds: wrong })
  // @ts-expect-error a provisioning key as text
  void verifySgx(bytes, { ...expectations, referenceValues: { mrEnclave: 'ab', provisionKey: 'off' } })
  // @ts-expect-error an enclave cannot be migrated
  void verifySgx(bytes, { ...expectations, referenceValues: { mrEnclave: 'ab' }, migration: allowMigration })
  // @ts-expect-error others by name only
  void rtmrReferenceValues('[]', { rtmr3: { events: [{ text: 'a' }], others: true } })
}

/** Everything that the contract lists is accepted, and the parts fit together. */
export async function acceptedOptions(): Promise<void> {
  await verifyTdx(bytes, expectations)
  const { platform } = decodeTdxEvidence(bytes)
  if (platform === undefined) return
  const { fmspc, ca } = platform
  const fetched = await fetchIntelEndorsements({ fmspc, ca, tee: 'tdx', baseUrl: 'https://pccs.invalid', fetch })
  const { rtmr3 } = await rtmrReferenceValues(bytes, {
    rtmr3: { events: [{ digest: bytes }], others: allowOtherEvents },
    dstack: { composeHash: 'ab' },
  })
  const { claims } = await verifyTdx(bytes, {
    endorsements: fetched,
    referenceValues: [{ name: 'release', ...referenceValues, ...(rtmr3 && { rtmr3 }) }],
    reportData: await dstackReportData('app-data', bytes),
    acceptedTcbStatuses: ['SWHardeningNeeded'],
    minimumTcbEvaluationDataNumber: 20,
    maximumEndorsementAgeSeconds: { tcbInfo: 60, rootCaCrl: 400 * 86_400 },
    platforms: [bytes],
    debug: allowDebug,
    migration: allowMigration,
    serviceTds: [bytes],
  })
  expectTypeOf(claims.tcbStatus).toEqualTypeOf<TcbStatus>()
  await verifySgx(bytes, {
    endorsements: fromDcapQvl(collateral),
    referenceValues: {
      mrEnclave: 'ab',
      mrSigner: 'ab',
      miscSelect: 'ab',
      xfrm: bytes,
      provisionKey: false,
      configId: 'ab',
      configSvn: 1,
    },
    reportData: bytes,
    maximumEndorsementAgeSeconds: 60,
  })
  await verifySgx(bytes, { endorsements, referenceValues: skipReferenceValues, reportData: skipReportData })
  expectTypeOf(decodeSgxEvidence(bytes).mrEnclave).toEqualTypeOf<Uint8Array>()
  const { result } = await verifyRaTls(bytes, {
    now: new Date(),
    possession: provenByHandshake,
    verify: (quote, reportData) => verifySgx(quote, { endorsements, referenceValues: { mrEnclave: 'ab' }, reportData }),
  })
  expectTypeOf(result).toEqualTypeOf<SgxResult>()
}

/** Every entry exports the same symbols, not look-alikes. */
export function identity(): void {
  expectTypeOf(nitro.skipReferenceValues).toEqualTypeOf(skipReferenceValues)
  expectTypeOf(nitro.allowDebug).toEqualTypeOf(allowDebug)
}

type RequiredKeys<T> = { [K in keyof T]-?: object extends Pick<T, K> ? never : K }[keyof T]
