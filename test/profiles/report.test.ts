/**
 * Every rule of a provider's report, broken alone, with every signature and digest around it right:
 * what is refused, and in which words.
 */
import { beforeAll, describe, expect, test } from 'vitest'
import { type ProviderReportOptions, skipGpus, verifyProviderReport } from '../../src/ai/index.ts'
import { AppraisalError, AttestationError, VerificationError } from '../../src/core/errors.ts'
import type { AttestationErrorCode } from '../../src/core/codes.ts'
import { skipReferenceValues, skipReportData, verifyTdx } from '../../src/formats/intel/tdx/index.ts'
import { hex } from '../attester/bytes.ts'
import { appId, composeOf, instanceId, osImageHash } from '../attester/dstack.ts'
import {
  createProvider,
  ed25519,
  type FakeProvider,
  model,
  nonce,
  type ReportPlan,
  signWith,
  soundProfile,
} from '../attester/provider.ts'

const now = new Date('2026-06-01T12:00:00Z')
let provider: FakeProvider
let options: ProviderReportOptions
beforeAll(async () => {
  provider = await createProvider(now)
  options = await provider.options()
})

interface Change {
  readonly plan?: ReportPlan
  readonly options?: Partial<ProviderReportOptions>
  readonly profile?: object
}

async function run({ plan, options: own, profile = soundProfile }: Change = {}): ReturnType<
  typeof verifyProviderReport
> {
  return verifyProviderReport(profile, { report: await provider.report(nonce, plan) }, { ...options, ...own })
}

async function refusal(change: Change): Promise<AttestationError> {
  const error: unknown = await run(change).then(
    () => undefined,
    (thrown: unknown) => thrown,
  )
  if (error instanceof AttestationError) return error
  throw new Error('expected a refusal', { cause: error })
}

/** Sets a member of the gateway's object, or leaves it out. */
const member =
  (name: string, value?: unknown): NonNullable<ReportPlan['report']> =>
  (report) => ({ ...report, gateway: { ...report.gateway, [name]: value } })
const withComponent = (over: object): object => ({
  ...soundProfile,
  components: { gateway: { ...soundProfile.components.gateway, ...over } },
})
const other = new Uint8Array(32).fill(9)

test('a sound report: components, channel and what is open', async () => {
  const report = await run()
  expect(report.profile).toEqual({ name: 'example', revision: 1 })
  expect(report.unproven).toEqual(['gpu-machine'])
  expect(report.channel).toEqual({ kind: 'ohttp', key: provider.key.config, vouchedBy: 'ed25519' })
  const { result, dstack, gpus } = report.components.gateway ?? {}
  expect(result?.format).toBe('tdx')
  const { accept } = await provider.guest()
  expect(dstack).toEqual({
    composeHash: accept.appComposes[0],
    appId,
    instanceId,
    osImageHash,
    keyProvider: accept.keyProviders[0],
    keyProviderName: 'kms',
    mrConfigVersion: 1,
    kmsChain: true,
  })
  expect(gpus).toHaveLength(2)
  expect(report.checks.every(({ outcome }) => outcome !== 'fail')).toBe(true)
  for (const frozen of [report, report.components, report.components.gateway, report.channel, report.unproven])
    expect(Object.isFrozen(frozen)).toBe(true)
})

test('what a profile does not name is not read', async () => {
  const { channel } = await run({
    plan: {
      report: (report) => ({
        ...report,
        verified: false,
        config2: 'no',
        gateway: { ...report.gateway, report_data: '00' },
      }),
    },
  })
  expect(channel?.vouchedBy).toBe('ed25519')
})

test('without GPUs, the result says so', async () => {
  const report = await run({ options: { verifyGpus: skipGpus } })
  expect(report.unproven).toEqual(['gpu-machine', 'gpus'])
  expect(report.components.gateway?.gpus).toBeUndefined()
})

test('a verifier is told what to compare, in copies of its own', async () => {
  const seen: unknown[] = []
  await run({
    options: {
      verify: async (evidence, context) => {
        const result = await options.verify(evidence, context)
        seen.push(
          context.component,
          context.format,
          hex(context.nonce),
          context.reportData?.length,
          context.eventLog?.slice(0, 1),
        )
        context.nonce.fill(0)
        context.reportData?.fill(0)
        return result
      },
    },
  })
  expect(seen).toEqual(['gateway', 'tdx', hex(nonce), 64, '['])
})

describe('refused', () => {
  test.each<[string, Change, AttestationErrorCode, RegExp]>([
    ['text that is no JSON', { plan: { text: (text) => text.slice(1) } }, 'report-json', /^document report: not JSON$/],
    ['a byte order mark', { plan: { text: (text) => `\ufeff${text}` } }, 'report-json', /^document report: not JSON$/],
    [
      'a member twice',
      { plan: { text: (text) => text.replace('{', '{"config":"00",') } },
      'report-json',
      /^document report: a name is there twice in one object$/,
    ],
    [
      'a member twice, once with an escape',
      { plan: { text: (text) => text.replace('{', '{"\\u0063onfig":"00",') } },
      'report-json',
      /a name is there twice/,
    ],
    [
      'text that is no Unicode',
      { plan: { text: (text) => text.replace('{', '{"a":"\ud800",') } },
      'report-json',
      /^document report: not Unicode text$/,
    ],
    [
      'a nesting of 33',
      { plan: { text: (text) => text.replace('{', `{"a":${'['.repeat(32)}${']'.repeat(32)},`) } },
      'report-json',
      /^document report: nested too deep$/,
    ],
    [
      'a document that is too large',
      { profile: { ...soundProfile, documents: { report: { ...soundProfile.documents.report, maximumBytes: 100 } } } },
      'report-json',
      /^document report: more than 100 bytes$/,
    ],
    [
      'JSON in text with a member twice',
      { plan: { report: member('gpus', '{"list":[],"list":[]}') } },
      'report-json',
      /a name is there twice/,
    ],
    [
      'a member that is missing',
      { plan: { report: member('quote') } },
      'report-field',
      /^member \/quote: expected a member, found nothing$/,
    ],
    [
      'a member of another type',
      { plan: { report: member('quote', 1) } },
      'report-field',
      /^member \/quote: expected text, found 1$/,
    ],
    [
      'digits that are none',
      { plan: { report: member('signing_key', 'zz'.repeat(32)) } },
      'report-field',
      /^member \/signing_key: expected hex, found another text$/,
    ],
    ['half a digit', { plan: { report: member('quote', '123') } }, 'report-field', /^member \/quote: expected hex/],
    [
      'a key of 20 bytes',
      { plan: { report: member('signing_key', '00'.repeat(20)) } },
      'report-field',
      /^member \/signing_key: expected 32 bytes, found 20$/,
    ],
    [
      'another constant',
      { plan: { report: member('algorithm', 'ecdsa') } },
      'report-field',
      /^member \/algorithm: expected "ed25519", found another text$/,
    ],
    [
      'a component that is no object',
      { plan: { report: (report) => ({ ...report, gateway: [] }) } },
      'report-field',
      /^member #report\/gateway: expected an object, found a list$/,
    ],
    [
      'a signature of 63 bytes',
      { plan: { report: (report) => ({ ...report, signature: '00'.repeat(63) }) } },
      'report-field',
      /^member #report\/signature: expected 64 bytes, found 63$/,
    ],
    [
      'an end that is no time',
      { plan: { report: (report) => ({ ...report, not_after: -1 }) } },
      'report-field',
      /^member #report\/not_after: expected Unix seconds, found -1$/,
    ],
    [
      'no item that is asked for',
      {
        profile: withComponent({ in: { list: '#report/list', where: { '/name': { parameter: 'model' } } } }),
        plan: { report: (report) => ({ ...report, list: [{ name: 'other' }, 1, null] }) },
      },
      'report-select',
      /^#report\/list: what is asked for: expected once, found 0 times$/,
    ],
    [
      'two items that are asked for',
      {
        profile: withComponent({ in: { list: '#report/list', where: { '/name': { parameter: 'model' } } } }),
        plan: { report: (report) => ({ ...report, list: [{ name: model }, { name: model }] }) },
      },
      'report-select',
      /found 2 times$/,
    ],
    [
      'a list that is none',
      {
        profile: withComponent({ in: { list: '#report/list', where: { '/name': 'a' } } }),
        plan: { report: (report) => ({ ...report, list: {} }) },
      },
      'report-field',
      /^member #report\/list: expected a list, found an object$/,
    ],
    [
      'an echo of another nonce',
      { plan: { report: member('nonce', '00'.repeat(32)) } },
      'report-nonce',
      /^member \/nonce: expected 0102/,
    ],
    ['a whole report for another nonce', { plan: { nonce: other } }, 'report-nonce', /found 0909/],
    [
      'a quote for another nonce, and an echo that lies',
      { plan: { nonce: other, report: member('nonce', hex(nonce)) } },
      'policy-report-data',
      /^report data: expected/,
    ],
    [
      'another TLS key than the one in report data',
      { plan: { report: member('tls', '00'.repeat(32)) } },
      'policy-report-data',
      /^report data: expected/,
    ],
    [
      'the key of someone else in between',
      { plan: { report: member('signing_key', '11'.repeat(32)) } },
      'policy-report-data',
      /^report data: expected/,
    ],
    [
      'a configuration that the key did not sign',
      { plan: { report: (report) => ({ ...report, config: `08${hex(provider.config).slice(2)}` }) } },
      'report-key',
      /signature does not match the key that report data holds$/,
    ],
    [
      'a suite that is not offered',
      { options: { suite: { kem: 'X25519', aead: 'AES-256-GCM' } } },
      'ohttp-key-config',
      /^key configuration: keys of X25519 with AES-256-GCM: expected 1, found 0$/,
    ],
    [
      'an end that is now',
      { options: { now: new Date(now.getTime() + 60_000) } },
      'policy-expired',
      /^time against #report\/not_after: expected before 2026-06-01T12:01:00\.000Z/,
    ],
    [
      'GPUs of another challenge',
      { plan: { gpuNonce: other } },
      'policy-gpu',
      /^nonce of GPU 0 of gateway: expected 0102.*found 0909/,
    ],
    [
      'no GPUs',
      { plan: { report: member('gpus', '{"list":[]}') } },
      'policy-gpu',
      /^GPUs of gateway: expected 1 to 64, found 0$/,
    ],
    [
      'a GPU without a result',
      { options: { verifyGpus: () => Promise.resolve([{ nonce }]) } },
      'policy-gpu',
      /^results of the GPUs of gateway: expected 2, found 1$/,
    ],
    [
      'a result without a nonce',
      { options: { verifyGpus: () => Promise.resolve([{}, {}] as never) } },
      'policy-gpu',
      /^nonce of GPU 0 of gateway/,
    ],
    [
      'what is open, not accepted',
      { options: { unproven: [] } },
      'policy-unproven',
      /^unproven: gpu-machine .*: expected accepted by name, found not accepted$/,
    ],
    [
      'another application',
      { plan: { dstack: { appCompose: composeOf(`other/app@sha256:${'e'.repeat(64)}`) } } },
      'policy-compose',
      /^hash of the app-compose: expected/,
    ],
    [
      'the certificates of another KMS',
      { plan: { dstack: { otherKms: true } } },
      'root-mismatch',
      /^key of the KMS: expected 3059/,
    ],
    [
      'an application certificate that has expired',
      { plan: { dstack: { notAfter: new Date(now.getTime() - 1e9) } } },
      'cert-validity',
      /has expired/,
    ],
    [
      'app-compose in another text',
      { plan: { report: member('app_compose', '{}') } },
      'policy-compose',
      /^hash of the app-compose: expected/,
    ],
  ])('%s', async (_name, change, code, message) => {
    const error = await refusal(change)
    expect(error.code).toBe(code)
    expect(error.message).toMatch(message)
    expect(error).toBeInstanceOf(code.startsWith('policy-') ? AppraisalError : VerificationError)
  })

  test('report data that the verifier did not compare', async () => {
    const lenient: ProviderReportOptions['verify'] = async (evidence) =>
      verifyTdx(evidence, {
        endorsements: await provider.attester.endorsements(),
        referenceValues: skipReferenceValues,
        reportData: skipReportData,
        trustAnchors: [provider.attester.root],
        now,
      })
    await run({ options: { verify: lenient } })
    const error = await refusal({
      options: { verify: lenient },
      plan: { nonce: other, report: member('nonce', hex(nonce)) },
    })
    expect([error.code, error.name]).toEqual(['report-binding', 'VerificationError'])
    expect(error.message).toMatch(/^report data of gateway: expected [0-9a-f]{64}0102.*, found [0-9a-f]{64}0909/)
  })

  test('each byte of report data counts', async () => {
    for (const at of [0, 31, 32, 63]) {
      const error = await refusal({
        plan: { reportData: (sound) => sound.map((byte, i) => (i === at ? byte ^ 1 : byte)) },
      })
      expect(error.code).toBe('policy-report-data')
    }
  })

  test('a configuration that a key beside it signed', async () => {
    const stranger = await ed25519()
    const config = provider.config.map((byte, i) => (i === 10 ? byte ^ 1 : byte))
    const signature = hex(await signWith(stranger, config))
    const error = await refusal({
      plan: { report: (report) => ({ ...report, config: hex(config), signature, signing_key: hex(stranger.bytes) }) },
    })
    expect(error.code).toBe('report-key')
  })

  test('another machine, where two pieces of evidence are of one', async () => {
    const { gateway } = soundProfile.components
    const profile = {
      ...soundProfile,
      components: {
        gateway,
        second: {
          in: '#report/second',
          evidence: gateway.evidence,
          reportData: gateway.reportData,
          sameMachineAs: 'gateway',
        },
      },
    }
    const secondOf = async (dstack?: object): Promise<unknown> =>
      (JSON.parse(await provider.report(nonce, { ...(dstack && { dstack }) })) as { gateway: unknown }).gateway
    const same = await secondOf()
    const report = await run({ profile, plan: { report: (one) => ({ ...one, second: same }) } })
    expect(Object.keys(report.components)).toEqual(['gateway', 'second'])
    const strange = await secondOf({ mrConfigId: new Uint8Array(48) })
    const error = await refusal({ profile, plan: { report: (one) => ({ ...one, second: strange }) } })
    expect([error.code, error.message]).toEqual([
      'report-binding',
      'second is the machine of gateway: mrConfigId differs',
    ])
  })

  test('all that differs is told at once', async () => {
    const error = await refusal({ options: { unproven: [] }, plan: { gpuNonce: other } })
    expect((error instanceof AppraisalError ? error.failures : []).map(({ id }) => id)).toEqual([
      'policy-gpu',
      'policy-gpu',
      'policy-unproven',
    ])
  })

  test('what the verifier throws comes as it is', async () => {
    const own = new AppraisalError('policy-measurements', 'MRTD')
    expect(await refusal({ options: { verify: () => Promise.reject(own) } })).toBe(own)
  })
})

describe('the caller’s own mistakes', () => {
  test.each<[string, Change, RegExp]>([
    ['no nonce', { options: { nonce: new Uint8Array(31) } }, /^nonce must be 32 bytes/],
    ['a parameter that is missing', { options: { parameters: {} } }, /^parameters\.model must be text$/],
    ['no verifier', { options: { verify: undefined as never } }, /^verify must be a function$/],
    [
      'no verifier of GPUs',
      { options: { verifyGpus: undefined as never } },
      /^verifyGpus must be a function, or skipGpus$/,
    ],
    ['nothing that is accepted', { options: { accept: {} } }, /^accept\.gateway must be a plain object$/],
    [
      'acceptance of a component that is not there',
      { options: { accept: { other: {} as never } } },
      /^accept must be about gateway, not other$/,
    ],
    [
      'an empty list',
      { options: { accept: { gateway: { appComposes: [], osImages: 'any', keyProviders: 'any' } } } },
      /^accept\.gateway\.appComposes must be a list/,
    ],
    [
      'an id that the profile does not have',
      { options: { unproven: ['gpu-machine', 'other'] } },
      /^unproven must be ids of the profile: gpu-machine$/,
    ],
    ['an option that is not known', { options: { trust: true } as never }, /^option "trust" must be one of/],
    ['no time', { options: { now: new Date(NaN) } }, /^now must be a Date/],
    [
      'a verifier that returns what it likes',
      { options: { verify: () => Promise.resolve({ format: 'tdx' } as never) } },
      /^verify must return the result of a verifier of this library, for tdx$/,
    ],
  ])('%s', async (_name, change, message) => {
    await expect(run(change)).rejects.toThrow(TypeError)
    await expect(run(change)).rejects.toThrow(message)
  })

  test('documents that are missing, or not asked for', async () => {
    const report = await provider.report(nonce)
    await expect(verifyProviderReport(soundProfile, {}, options)).rejects.toThrow(/^documents must be texts of report$/)
    await expect(verifyProviderReport(soundProfile, { report, other: '{}' }, options)).rejects.toThrow(
      /^documents must be texts of report$/,
    )
  })
})
