/**
 * H13: options and what is in them are read as own properties. A page's other code can put anything
 * on `Object.prototype`: none of it may be an option, a reference value or an expectation of
 * anybody. Each reader is called with every name that it knows on the prototype, and must say what
 * it says without.
 */
import { afterAll, afterEach, describe, expect, test, vi } from 'vitest'
import { type DcapQvlCollateral, fetchIntelEndorsements, fromDcapQvl } from '../../src/endorsements/index.ts'
import { AttestationError } from '../../src/core/errors.ts'
import {
  allowDebug,
  allowSignedImages,
  skipFreshness,
  skipReferenceValues,
  verifyNitro,
} from '../../src/formats/aws/nitro/index.ts'
import { verifyNitroTpm } from '../../src/formats/aws/nitro-tpm/index.ts'
import { skipReportData, verifySgx } from '../../src/formats/intel/sgx/index.ts'
import { allowMigration, anyValue, verifyTdx } from '../../src/formats/intel/tdx/index.ts'
import { allowOtherEvents, appraiseEventLog, rtmrReferenceValues } from '../../src/formats/intel/tdx/events/index.ts'
import { verifyEvidence } from '../../src/index.ts'
import { openReferenceValues, signReferenceValues } from '../../src/reference/index.ts'
import { hex, pattern } from '../attester/bytes.ts'
import { measurements, platform, reportData, tdOffsets } from '../attester/intel.ts'
import { createNitroAttester, tpmPcrs } from '../attester/nitro.ts'
import { makeSgx, makeTdx } from './intel/made.ts'
import { make, now, pcrs } from './aws/nitro/made.ts'

// The clock of a call that names no time: of none that the prototype has.
vi.useFakeTimers({ toFake: ['Date'], now: new Date('2036-01-01T00:00:00Z') })
afterAll(() => {
  vi.useRealTimers()
})

const zeros = '00'.repeat(48)
const undo: string[] = []
function pollute(key: string, value: unknown): void {
  Object.defineProperty(Object.prototype, key, { value, enumerable: true, configurable: true, writable: true })
  undo.push(key)
}
function clean(): void {
  for (const key of undo.splice(0)) Reflect.deleteProperty(Object.prototype, key)
}
afterEach(clean)

/** What a call ends with. */
async function outcomeOf(call: () => unknown): Promise<string> {
  try {
    const result = await call()
    const format = typeof result === 'object' && result !== null && 'format' in result ? result.format : 'done'
    return `accepted: ${String(format)}`
  } catch (error) {
    if (error instanceof AttestationError) return `${error.code}: ${error.message}`
    return error instanceof Error ? `${error.name}: ${error.message}` : String(error)
  }
}

const document = await make()
const tpm = await createNitroAttester({ now, kind: 'tpm' })
const tpmDocument = await tpm.document()
const boot = await tpmPcrs()
const tdx = await makeTdx()
const debuggable = await makeTdx({ quote: { body: [[tdOffsets.tdAttributes, [1]]] } })
const sgx = await makeSgx()
const nitroOptions = { ...document.options }
const tpmOptions = { referenceValues: { PCR4: boot[4] }, freshness: skipFreshness, trustAnchors: [tpm.root], now }
const otherBuild = { PCR0: 'ab'.repeat(48) }
const log = JSON.stringify([{ imr: 3, event_type: 1, digest: 'ab'.repeat(48), event: '', event_payload: '' }])
const signing = await crypto.subtle.generateKey({ name: 'ECDSA', namedCurve: 'P-256' }, false, ['sign'])

/**
 * Whatever could make a difference: a skip, a looser value, another root, a value of the evidence
 * itself.
 */
const values: Readonly<Record<string, unknown>> = {
  // Formats.
  nitro: { referenceValues: skipReferenceValues, freshness: skipFreshness, now, trustAnchors: [document.root] },
  'nitro-tpm': { referenceValues: skipReferenceValues, freshness: skipFreshness, now, trustAnchors: [tpm.root] },
  tdx: { ...tdx.options, referenceValues: skipReferenceValues },
  sgx: { ...sgx.options, referenceValues: skipReferenceValues },
  // Options of verifiers.
  referenceValues: skipReferenceValues,
  freshness: skipFreshness,
  nonce: pattern(32),
  maxAgeSeconds: 1e9,
  trustAnchors: [document.root],
  now,
  clockSkewSeconds: 86_400,
  endorsementCache: new Map(),
  trace: () => undefined,
  debug: allowDebug,
  signedImages: allowSignedImages,
  userData: pattern(4),
  publicKey: pattern(4),
  endorsements: tdx.options.endorsements,
  reportData: skipReportData,
  acceptedTcbStatuses: ['OutOfDate'],
  minimumTcbEvaluationDataNumber: 1,
  maximumEndorsementAgeSeconds: 1,
  platforms: [platform.ppid],
  migration: allowMigration,
  serviceTds: ['ab'.repeat(48)],
  // Items of endorsements, and ages by their names.
  ...tdx.options.endorsements,
  pckCertificateChain: '-----BEGIN CERTIFICATE-----',
  // Reference values.
  name: 'polluted',
  Measurements: { HashAlgorithm: 'Sha384', PCR0: hex(pcrs[0] as Uint8Array) },
  HashAlgorithm: 'Sha512',
  PCR0: hex(pcrs[0] as Uint8Array),
  PCR4: hex(boot[4] as Uint8Array),
  PCR8: zeros,
  mrTd: anyValue,
  rtmr0: anyValue,
  rtmr1: anyValue,
  rtmr2: anyValue,
  rtmr3: anyValue,
  mrConfigId: anyValue,
  mrOwner: anyValue,
  mrOwnerConfig: anyValue,
  tdAttributes: anyValue,
  xfam: '00'.repeat(8),
  mrSeam: '00'.repeat(48),
  mrEnclave: measurements.mrEnclave,
  mrSigner: measurements.mrSigner,
  isvProdId: measurements.isvProdId,
  minimumIsvSvn: 0,
  configId: pattern(64),
  configSvn: 1,
  isvFamilyId: pattern(16),
  isvExtProdId: pattern(16),
  miscSelect: pattern(4),
  xfrm: pattern(8),
  provisionKey: true,
  // Events.
  dstack: { composeHash: 'ab' },
  events: [],
  others: allowOtherEvents,
  digest: 'ab'.repeat(48),
  data: 'ab',
  text: 'a',
  commandLine: 'a',
  composeHash: 'ab',
  appId: 'ab',
  // Reference values that are signed, and what fetches.
  environment: 'nitro',
  key: signing.privateKey,
  chain: [document.root],
  version: 1,
  minimumVersion: 0,
  revoked: [],
  notBefore: now,
  notAfter: new Date(now.getTime() + 1000),
  id: 'polluted',
  fmspc: '00806f050000',
  ca: 'platform',
  tee: 'tdx',
  baseUrl: 'http://polluted.invalid',
  fetch: () => Promise.reject(new Error('polluted')),
  rootCaCrlUrl: 'http://polluted.invalid/root',
  update: 'early',
  tcbEvaluationDataNumber: 1,
  signal: AbortSignal.abort(),
  tcb_info: '{}',
  tcb_info_signature: 'ab'.repeat(64),
  pck_crl: '3000',
  pck_certificate_chain: 'none',
}

const omit = (from: object, ...names: readonly string[]): object =>
  Object.fromEntries(Object.entries(from).filter(([key]) => !names.includes(key)))
const request = {
  fmspc: '00806f050000',
  ca: 'platform',
  tee: 'tdx',
  baseUrl: 'http://service.invalid',
  fetch: (url: string) => Promise.reject(new Error(`asked ${url}`)),
} as const

/** Calls of every reader: some that are sound, and some that lack what the prototype then has. */
const calls: readonly (readonly [name: string, call: () => unknown])[] = [
  ['verifyEvidence', () => verifyEvidence(document.evidence, { nitro: nitroOptions })],
  ['verifyEvidence of a format without an entry', () => verifyEvidence(document.evidence, { tdx: tdx.options })],
  ['verifyEvidence of an instance without an entry', () => verifyEvidence(tpmDocument, { nitro: nitroOptions })],
  ['verifyEvidence of TDX without an entry', () => verifyEvidence(tdx.evidence, { nitro: nitroOptions })],
  ['verifyEvidence of SGX without an entry', () => verifyEvidence(sgx.evidence, { tdx: tdx.options })],
  ['verifyEvidence without entries', () => verifyEvidence(document.evidence, {})],
  ['verifyEvidence of TDX', () => verifyEvidence(tdx.evidence, { tdx: tdx.options })],
  ['verifyEvidence of SGX', () => verifyEvidence(sgx.evidence, { sgx: sgx.options })],
  ['verifyNitro', () => verifyNitro(document.evidence, nitroOptions)],
  ['verifyNitro without options', () => verifyNitro(document.evidence, {} as never)],
  ...['referenceValues', 'freshness', 'trustAnchors', 'now'].map(
    (name) =>
      [`verifyNitro without ${name}`, () => verifyNitro(document.evidence, omit(nitroOptions, name) as never)] as const,
  ),
  [
    'verifyNitro of another build',
    () => verifyNitro(document.evidence, { ...nitroOptions, referenceValues: otherBuild }),
  ],
  ['verifyNitro of no register', () => verifyNitro(document.evidence, { ...nitroOptions, referenceValues: {} })],
  [
    'verifyNitro of PCR1',
    () => verifyNitro(document.evidence, { ...nitroOptions, referenceValues: { PCR1: pcrs[1] as Uint8Array } }),
  ],
  [
    'verifyNitro with an empty freshness',
    () => verifyNitro(document.evidence, { ...nitroOptions, freshness: {} as never }),
  ],
  [
    'verifyNitro with an age',
    () => verifyNitro(document.evidence, { ...nitroOptions, freshness: { maxAgeSeconds: 60 } }),
  ],
  ['verifyNitroTpm', () => verifyNitroTpm(tpmDocument, tpmOptions as never)],
  ['verifyNitroTpm of no register', () => verifyNitroTpm(tpmDocument, { ...tpmOptions, referenceValues: {} } as never)],
  ['verifyTdx', () => verifyTdx(tdx.evidence, tdx.options)],
  ['verifyTdx that can be debugged', () => verifyTdx(debuggable.evidence, debuggable.options)],
  ...['referenceValues', 'reportData', 'endorsements'].map(
    (name) => [`verifyTdx without ${name}`, () => verifyTdx(tdx.evidence, omit(tdx.options, name) as never)] as const,
  ),
  ...Object.keys(tdx.options.endorsements).map(
    (item) =>
      [
        `verifyTdx without ${item}`,
        () => verifyTdx(tdx.evidence, { ...tdx.options, endorsements: omit(tdx.options.endorsements, item) as never }),
      ] as const,
  ),
  ['verifyTdx of no register', () => verifyTdx(tdx.evidence, { ...tdx.options, referenceValues: {} as never })],
  ['verifyTdx of no age', () => verifyTdx(tdx.evidence, { ...tdx.options, maximumEndorsementAgeSeconds: {} })],
  [
    'verifyTdx of an age',
    () => verifyTdx(tdx.evidence, { ...tdx.options, maximumEndorsementAgeSeconds: { tcbInfo: 1e6 } }),
  ],
  ['verifySgx', () => verifySgx(sgx.evidence, sgx.options)],
  ['verifySgx of no register', () => verifySgx(sgx.evidence, { ...sgx.options, referenceValues: {} as never })],
  [
    'verifySgx of a signer',
    () => verifySgx(sgx.evidence, { ...sgx.options, referenceValues: { mrSigner: measurements.mrSigner } as never }),
  ],
  [
    'verifySgx of another build',
    () => verifySgx(sgx.evidence, { ...sgx.options, referenceValues: { mrEnclave: pattern(32) } }),
  ],
  ['rtmrReferenceValues of nothing', () => rtmrReferenceValues(log, {})],
  ['rtmrReferenceValues of an empty event', () => rtmrReferenceValues(log, { rtmr3: [{} as never] })],
  [
    'rtmrReferenceValues without others',
    () => rtmrReferenceValues(log, { rtmr3: { events: [{ text: 'b' }] } as never }),
  ],
  ['rtmrReferenceValues of no dstack', () => rtmrReferenceValues(log, { dstack: {} })],
  [
    'appraiseEventLog of nothing',
    () =>
      appraiseEventLog(
        log,
        [0, 1, 2, 3].map(() => new Uint8Array(48)),
        {},
      ),
  ],
  ['signReferenceValues of nothing', () => signReferenceValues({ PCR0: pcrs[0] as Uint8Array }, {} as never)],
  ['openReferenceValues of nothing', () => openReferenceValues(new Uint8Array(9), {} as never)],
  ['fetchIntelEndorsements', () => fetchIntelEndorsements(request)],
  ...(['fmspc', 'ca', 'tee', 'baseUrl', 'fetch'] as const).map(
    (name) =>
      [`fetchIntelEndorsements without ${name}`, () => fetchIntelEndorsements(omit(request, name) as never)] as const,
  ),
  ['fromDcapQvl of nothing', () => fromDcapQvl({} as DcapQvlCollateral)],
]
const before = await Promise.all(calls.map(async ([name, call]) => [name, await outcomeOf(call)] as const))

test('some of the calls are accepted, and some are not', () => {
  const accepted = before.filter(([, outcome]) => outcome.startsWith('accepted')).map(([name]) => name)
  expect(accepted).toEqual([
    'verifyEvidence',
    'verifyEvidence of TDX',
    'verifyEvidence of SGX',
    'verifyNitro',
    'verifyNitro with an age',
    'verifyNitroTpm',
    'verifyTdx',
    'verifyTdx of an age',
    'verifySgx',
  ])
  expect(Object.fromEntries(before)).toMatchObject({
    'verifyEvidence of a format without an entry':
      'format-refused: the evidence is of format nitro, which the options have no entry for',
    'verifyNitro of PCR1': expect.stringMatching(/^TypeError: referenceValues\[0\] must name PCR0/) as string,
  })
  expect(hex(reportData)).toHaveLength(128)
})

describe('H13 what is on Object.prototype is no option', () => {
  test.each(Object.entries(values))('%s', async (key, value) => {
    const after: (readonly [string, string])[] = []
    for (const [name, call] of calls) {
      pollute(key, value)
      const outcome = await outcomeOf(call).finally(clean)
      after.push([name, outcome])
    }
    expect(after).toEqual(before)
  })

  test('all of them at once, the format that is met too', async () => {
    for (const [i, [name, call]] of calls.entries()) {
      for (const [key, value] of Object.entries(values))
        if (!['name', 'id', 'data', 'key'].includes(key)) pollute(key, value)
      const outcome = await outcomeOf(call).finally(clean)
      expect([name, outcome]).toEqual(before[i])
    }
  })
})
