/**
 * Every rule about a dstack application, broken alone: registers, events, what was served, what the
 * host fixed, what the caller accepts, the KMS chain.
 */
import { beforeAll, describe, expect, test } from 'vitest'
import { AppraisalError, AttestationError } from '../../src/core/errors.ts'
import type { AttestationErrorCode } from '../../src/core/codes.ts'
import { appraiseDstack, type DstackClaims, type DstackServed, type DstackTdxClaims } from '../../src/dstack/index.ts'
import { concat, hex, unhex } from '../attester/bytes.ts'
import {
  appId,
  composeOf,
  createDstackGuest,
  type DstackEvent,
  type DstackGuest,
  type DstackPlan,
  instanceId,
  osImageHash,
  sha,
  soundCompose,
} from '../attester/dstack.ts'

const now = new Date('2026-06-01T12:00:00Z')
let sound: DstackGuest
beforeAll(async () => {
  sound = await createDstackGuest({ now })
})

interface Change {
  readonly plan?: Partial<DstackPlan>
  readonly claims?: Partial<DstackTdxClaims>
  readonly served?: Partial<DstackServed>
  readonly accept?: object
}

const claimsOf = ({ rtmrs, mrConfigId }: DstackGuest): DstackTdxClaims => {
  const [rtmr0, rtmr1, rtmr2, rtmr3] = rtmrs as [Uint8Array, Uint8Array, Uint8Array, Uint8Array]
  return { rtmr0, rtmr1, rtmr2, rtmr3, mrConfigId }
}

async function run({ plan, claims, served, accept }: Change = {}): Promise<DstackClaims> {
  const guest = await createDstackGuest({ now, ...plan })
  const { eventLog, appCompose, appCertificate } = guest
  return appraiseDstack(
    { ...claimsOf(guest), ...claims },
    { eventLog, appCompose, appCertificate, ...served },
    {
      ...guest.accept,
      ...accept,
    },
  )
}

async function refusal(change: Change): Promise<AttestationError> {
  const error: unknown = await run(change).then(
    () => undefined,
    (thrown: unknown) => thrown,
  )
  if (error instanceof AttestationError) return error
  throw new Error('expected a refusal', { cause: error })
}

/** A document of version 3, and its digest. */
async function document(over: object = {}): Promise<{ readonly mrConfig: string; readonly digest: Uint8Array }> {
  const composeHash = hex(await sha('SHA-256', soundCompose))
  const fields = {
    version: 3,
    app_id: appId,
    compose_hash: composeHash,
    instance_id: instanceId,
    key_provider: 'kms',
    key_provider_id: sound.keyProvider,
    ...over,
  }
  const mrConfig = JSON.stringify(fields)
  return { mrConfig, digest: await sha('SHA-256', `dstack-mr-config-v3:\0${mrConfig}`) }
}
const version3 = (digest: Uint8Array): Uint8Array => concat([3], digest, new Uint8Array(15))

const without =
  (name: string) =>
  (events: readonly DstackEvent[]): readonly DstackEvent[] =>
    events.filter((event) => event.name !== name)
const twice =
  (name: string) =>
  (events: readonly DstackEvent[]): readonly DstackEvent[] =>
    events.flatMap((event) => (event.name === name ? [event, event] : [event]))
const late =
  (name: string) =>
  (events: readonly DstackEvent[]): readonly DstackEvent[] => [
    ...without(name)(events),
    ...events.filter((event) => event.name === name),
  ]
const payload =
  (name: string, bytes: Uint8Array) =>
  (events: readonly DstackEvent[]): readonly DstackEvent[] =>
    events.map((event) => (event.name === name ? { name, payload: bytes } : event))
const flip = (bytes: Uint8Array): Uint8Array => bytes.map((byte, i) => (i === 0 ? byte ^ 1 : byte))

const failuresOf = (error: AttestationError): readonly { readonly id: string }[] =>
  error instanceof AppraisalError ? error.failures : []

describe('accepted', () => {
  test('what was measured, as texts', async () => {
    const { checks, ...claims } = await run()
    expect(claims).toEqual({
      composeHash: sound.accept.appComposes[0],
      appId,
      instanceId,
      osImageHash,
      keyProvider: sound.keyProvider,
      keyProviderName: 'kms',
      mrConfigVersion: 1,
      kmsChain: true,
    })
    expect(checks.every(({ outcome }) => outcome !== 'fail')).toBe(true)
  })

  test.each<[string, () => Change | Promise<Change>, Partial<DstackClaims>]>([
    [
      'any, where that is written',
      () => ({ accept: { appComposes: 'any', osImages: 'any', keyProviders: 'any' } }),
      {},
    ],
    ['digits in upper case', () => ({ accept: { osImages: [osImageHash.toUpperCase()] } }), {}],
    ['an application by its id', () => ({ accept: { appIds: [appId] } }), { appId }],
    ['images by their digests', () => ({ accept: { images: 'pinned' } }), {}],
    ['a host that fixes nothing', () => ({ plan: { mrConfigId: new Uint8Array(48) } }), { mrConfigVersion: 0 }],
    [
      'version 3',
      async () => {
        const { mrConfig, digest } = await document()
        return { plan: { mrConfigId: version3(digest) }, served: { mrConfig } }
      },
      { mrConfigVersion: 3 },
    ],
  ])('%s', async (_name, change, expected) => {
    expect(await run(await change())).toMatchObject(expected)
  })

  test('no certificates', async () => {
    const { eventLog, appCompose, accept } = sound
    expect(await appraiseDstack(claimsOf(sound), { eventLog, appCompose }, accept)).toMatchObject({ kmsChain: false })
  })

  test('a log that leaves out what firmware measured', async () => {
    const eventLog = JSON.stringify((JSON.parse(sound.eventLog) as { imr: number }[]).filter(({ imr }) => imr === 3))
    expect(await run({ served: { eventLog } })).toMatchObject({ appId })
  })

  test('a guest on SEV-SNP, by the document alone', async () => {
    const { mrConfig, digest } = await document()
    const claims = await appraiseDstack(
      { hostData: digest },
      { appCompose: soundCompose, mrConfig },
      { ...sound.accept, osImages: 'any' },
    )
    expect(claims).toMatchObject({
      appId,
      instanceId,
      osImageHash: undefined,
      keyProvider: sound.keyProvider,
      mrConfigVersion: 3,
    })
  })
})

describe('refused', () => {
  test.each<[string, () => Change, AttestationErrorCode, RegExp]>([
    [
      'RTMR3 that the log does not replay to',
      () => ({ claims: { rtmr3: flip(sound.rtmrs[3] as Uint8Array) } }),
      'policy-rtmr',
      /^RTMR3 as replayed: expected/,
    ],
    [
      'RTMR0 that the log does not replay to',
      () => ({ claims: { rtmr0: flip(sound.rtmrs[0] as Uint8Array) } }),
      'policy-rtmr',
      /^RTMR0 as replayed: expected/,
    ],
    ['a log that is none', () => ({ served: { eventLog: '{}' } }), 'event-log-format', /^event log: must be an array/],
    [
      'an event with the digest of another',
      () => ({
        served: {
          eventLog: sound.eventLog.replace(`"event_payload":"${appId}"`, `"event_payload":"${'aa'.repeat(20)}"`),
        },
      }),
      'event-log-digest',
      /^digest of event 4 of the log/,
    ],
    [
      'a boot without an end',
      () => ({ plan: { events: without('system-ready') } }),
      'policy-event',
      /^event system-ready: expected in the log, found none$/,
    ],
    ...['app-id', 'compose-hash', 'instance-id', 'os-image-hash', 'key-provider'].flatMap(
      (name): [string, () => Change, AttestationErrorCode, RegExp][] => [
        [
          `no ${name}`,
          () => ({ plan: { events: without(name) } }),
          'policy-event',
          new RegExp(`^event ${name}: expected once before system-ready, found 0 times$`),
        ],
        [
          `two of ${name}`,
          () => ({ plan: { events: twice(name) } }),
          'policy-event',
          new RegExp(`^event ${name}: expected once before system-ready, found 2 times$`),
        ],
        [
          `${name} by the application itself`,
          () => ({ plan: { events: late(name) } }),
          'policy-event',
          new RegExp(`^event ${name}: expected once before system-ready, found 0 times$`),
        ],
      ],
    ),
    [
      'another app-compose served',
      () => ({ served: { appCompose: `${soundCompose} ` } }),
      'policy-compose',
      /^hash of the app-compose: expected [0-9a-f]{64}, found [0-9a-f]{64}$/,
    ],
    [
      'another app-compose accepted',
      () => ({ accept: { appComposes: ['00'.repeat(32)] } }),
      'policy-compose',
      /^hash of the app-compose: expected 0000/,
    ],
    [
      'another OS image',
      () => ({ accept: { osImages: ['00'.repeat(32)] } }),
      'policy-os-image',
      /^hash of the OS image: expected 00.*found c2/,
    ],
    [
      'another key provider',
      () => ({ accept: { keyProviders: ['00'] } }),
      'policy-key-provider',
      /^key provider: expected 00, found 3059/,
    ],
    [
      'another application',
      () => ({ accept: { appIds: ['00'.repeat(20)] } }),
      'policy-app-id',
      /^id of the application: expected 00.*found a0/,
    ],
    [
      'a key provider that is no JSON',
      () => ({ plan: { events: payload('key-provider', unhex('ff')) } }),
      'event-log-format',
      /^event key-provider: not JSON$/,
    ],
    [
      'a key provider without an id',
      () => ({ plan: { events: payload('key-provider', new TextEncoder().encode('{"name":"kms"}')) } }),
      'event-log-format',
      /^event key-provider: id: expected string, found nothing$/,
    ],
    [
      'an image by its tag',
      () => ({ plan: { appCompose: composeOf('example/app:1') }, accept: { images: 'pinned' } }),
      'policy-images',
      /^images of the compose file: expected each by its digest, found example\/app:1$/,
    ],
    [
      'version 1 of another app-compose',
      () => ({ plan: { mrConfigId: concat([1], new Uint8Array(32).fill(5), new Uint8Array(15)) } }),
      'policy-compose',
      /^what the host fixed \(mr_config_id\): expected [0-9a-f]{64}, found 0505/,
    ],
    [
      'version 2',
      () => ({ plan: { mrConfigId: concat([2], new Uint8Array(32).fill(5), new Uint8Array(15)) } }),
      'policy-compose',
      /found version 2, which is not supported$/,
    ],
    [
      'version 7',
      () => ({ plan: { mrConfigId: concat([7], new Uint8Array(47)) } }),
      'policy-compose',
      /found version 7, which is not supported$/,
    ],
    [
      'bytes behind the digest',
      () => ({ claims: { mrConfigId: sound.mrConfigId.map((byte, i) => (i === 47 ? 1 : byte)) } }),
      'policy-compose',
      /found bytes behind the digest$/,
    ],
    [
      'version 3 without its document',
      () => ({ plan: { mrConfigId: version3(new Uint8Array(32).fill(1)) } }),
      'policy-compose',
      /found a digest of a document that was not served$/,
    ],
    [
      'version 3 of another document',
      () => ({ plan: { mrConfigId: version3(new Uint8Array(32).fill(1)) }, served: { mrConfig: '{}' } }),
      'policy-compose',
      /found a digest of another document$/,
    ],
    ['a chain of another KMS', () => ({ plan: { otherKms: true } }), 'root-mismatch', /^key of the KMS: expected 3059/],
    [
      'a chain that the KMS did not sign',
      () => ({ plan: { forgedChain: true } }),
      'cert-chain-signature',
      /^certificate of the application CA: signature does not match certificate of the KMS$/,
    ],
    [
      'a chain of two',
      () => ({
        served: { appCertificate: sound.appCertificate.slice(sound.appCertificate.indexOf('-----BEGIN', 10)) },
      }),
      'cert-path',
      /^certificates in the chain of the KMS: expected 3, found 2$/,
    ],
    [
      'a chain that is no PEM',
      () => ({ served: { appCertificate: 'certificate' } }),
      'cert-parse',
      /^chain of the KMS: no PEM block/,
    ],
    [
      'a chain without end',
      () => ({ served: { appCertificate: sound.appCertificate.repeat(50) } }),
      'cert-parse',
      /^chain of the KMS: too large$/,
    ],
  ])('%s', async (_name, change, code, message) => {
    const error = await refusal(change())
    expect(error.code).toBe(code)
    expect(error.message).toMatch(message)
    expect(error instanceof AppraisalError).toBe(code.startsWith('policy-'))
  })

  test.each<[string, object, AttestationErrorCode, RegExp]>([
    [
      'another app-compose',
      { compose_hash: '00'.repeat(32) },
      'policy-compose',
      /\(mr_config_id\): expected [0-9a-f]{64}, found 0000/,
    ],
    ['another application', { app_id: '00'.repeat(20) }, 'policy-compose', /expected a0.*found 00/],
    ['another instance', { instance_id: '00'.repeat(20) }, 'policy-compose', /expected b1.*found 00/],
    ['another kind of key provider', { key_provider: 'local' }, 'policy-compose', /expected kms, found local$/],
    ['another key provider', { key_provider_id: '00' }, 'policy-compose', /expected 3059.*found 00$/],
    [
      'a member that is not known',
      { other: 1 },
      'compose-format',
      /^document of mr_config_id: expected version 3 with no other members than .*, found "other"$/,
    ],
    ['another version', { version: 4 }, 'compose-format', /found another version$/],
  ])('a document of version 3 with %s', async (_name, over, code, message) => {
    const { mrConfig, digest } = await document(over)
    const error = await refusal({ plan: { mrConfigId: version3(digest) }, served: { mrConfig } })
    expect(error.code).toBe(code)
    expect(error.message).toMatch(message)
  })

  test('on SEV-SNP: another document, none, and an OS image that nothing measures', async () => {
    const { mrConfig, digest } = await document()
    const refused = async (
      hostData: Uint8Array,
      served: Partial<DstackServed>,
      osImages: 'any' | string[],
    ): Promise<string> =>
      appraiseDstack({ hostData }, { appCompose: soundCompose, ...served }, { ...sound.accept, osImages }).then(
        () => 'accepted',
        (error: unknown) => (error as AttestationError).code,
      )
    expect(await refused(digest, { mrConfig }, 'any')).toBe('accepted')
    expect(await refused(digest, { mrConfig: `${mrConfig} ` }, 'any')).toBe('policy-compose')
    expect(await refused(digest, {}, 'any')).toBe('policy-compose')
    expect(await refused(digest, { mrConfig }, [osImageHash])).toBe('policy-os-image')
  })

  test('all that differs is told at once', async () => {
    const error = await refusal({
      accept: { osImages: ['00'.repeat(32)], keyProviders: ['00'] },
      served: { appCompose: '{}' },
    })
    expect(failuresOf(error).map(({ id }) => id)).toEqual([
      'policy-compose',
      'policy-compose',
      'policy-compose',
      'policy-os-image',
      'policy-key-provider',
    ])
  })
})

describe('the caller’s own mistakes', () => {
  test.each<[string, () => Change, RegExp]>([
    ['no list', () => ({ accept: { osImages: undefined } }), /^accept\.osImages must be a list/],
    [
      'an empty list',
      () => ({ accept: { keyProviders: [] } }),
      /^accept\.keyProviders must be a list of identifiers, at least one, or 'any'$/,
    ],
    [
      'a hash that is none',
      () => ({ accept: { appComposes: ['abc'] } }),
      /^accept\.appComposes must be a list of 64 hexadecimal digits each/,
    ],
    [
      'any application by its id',
      () => ({ accept: { appIds: 'any' } }),
      /^accept\.appIds must be a list of 40 hexadecimal digits each, at least one$/,
    ],
    ['another wish for images', () => ({ accept: { images: 'any' } }), /^accept\.images must be 'pinned'$/],
    [
      'an expectation that is not known',
      () => ({ accept: { composeHash: 'any' } }),
      /^accept must be an object with appComposes, .*, without "composeHash"$/,
    ],
    [
      'claims of another kind',
      () => ({ claims: { rtmr3: undefined as never } }),
      /^claims must be those of a result of verifyTdx or verifySevSnp$/,
    ],
    [
      'an event log that is no text',
      () => ({ served: { eventLog: undefined as never } }),
      /^served\.eventLog must be text$/,
    ],
    [
      'something else that was served',
      () => ({ served: { vmConfig: '{}' } as never }),
      /^served\.vmConfig must be left out$/,
    ],
  ])('%s', async (_name, change, message) => {
    await expect(run(change())).rejects.toThrow(TypeError)
    await expect(run(change())).rejects.toThrow(message)
  })

  test('no event log of a TD', async () => {
    await expect(appraiseDstack(claimsOf(sound), { appCompose: soundCompose }, sound.accept)).rejects.toThrow(
      /^eventLog must be text$/,
    )
  })
})
