/**
 * H04 freshness is the channel's own job: whatever a verifier was told, a session exists only for
 * evidence that answers what this session asked. In each refused case all else is right:
 * signatures, dates, measurements and the key.
 */
import { refusalOf } from '../support/refusal.ts'
import { beforeAll, describe, expect, test } from 'vitest'
import { createGatewayKey } from '../../src/channel/key-config.ts'
import { type AttestationResult, keyHashInReportData, type KeyBinding, type Verify } from '../../src/client/index.ts'
import { atEvidenceTime, skipFreshness, skipReferenceValues, verifyNitro } from '../../src/formats/aws/nitro/index.ts'
import { verifyCca } from '../../src/formats/arm/cca/index.ts'
import { skipReportData, verifyTdx } from '../../src/formats/intel/tdx/index.ts'
import type { Attest } from '../../src/gateway/index.ts'
import { hex } from '../attester/bytes.ts'
import * as cbor from '../attester/cbor.ts'
import { tdOffsets } from '../attester/intel.ts'
import type { NitroAttester } from '../attester/nitro.ts'
import { cca } from '../formats/arm/made.ts'
import { makeTdx } from '../formats/intel/made.ts'
import { type Bytes, createWorld, dataOf, startedAt, type World, type WorldOptions } from './world.ts'

const old = new Uint8Array(32).fill(7)
const post = { method: 'POST', body: 'card 4711' }

async function expectRefused(options: WorldOptions, message: string | RegExp): Promise<World> {
  const world = await createWorld(options)
  const error = await refusalOf(world.send('/', post))
  expect(error.code).toBe('client-freshness')
  expect(error.message).toMatch(message)
  expect([dataOf(world).length, world.arrived.length, world.send.result]).toEqual([0, 0, undefined])
  expect(world.states).toEqual(['verifying', 'refused: client-freshness'])
  return world
}

describe('H04 freshness is the channel’s own job: Nitro', () => {
  type Freshness = Parameters<typeof verifyNitro>[1]['freshness']
  let attester: NitroAttester
  beforeAll(async () => {
    ;({ attester } = await createWorld())
  })
  const told =
    (freshness: Freshness, more: object = {}): Verify =>
    (evidence) =>
      verifyNitro(evidence, {
        referenceValues: skipReferenceValues,
        freshness,
        trustAnchors: [attester.root],
        now: new Date(startedAt),
        ...more,
      })
  /** Evidence for another nonce, or for none. */
  const answering = (nonce: Bytes | null): { readonly attest: Attest } => ({
    attest: async ({ keyConfig }) => ({
      mediaType: 'application/cbor',
      evidence: await attester.document({ nonce, publicKey: keyConfig }),
      holdsKeyConfig: true,
    }),
  })

  const lenient: readonly [string, Freshness][] = [
    ['skips freshness', skipFreshness],
    ['allows an age', { maxAgeSeconds: 3600 }],
    ['was given the nonce of the evidence', { nonce: old }],
  ]
  test.each(lenient)('a verifier that %s makes no session of evidence for another nonce', async (_what, freshness) => {
    await expectRefused(
      { gateway: answering(old), verify: () => told(freshness) },
      new RegExp(`^nonce in the verified claims: expected [0-9a-f]{64}, found ${hex(old)}$`),
    )
  })

  test.each(lenient.slice(0, 2))(
    'a verifier that %s makes no session of claims without a nonce',
    async (_what, how) => {
      await expectRefused(
        { gateway: answering(null), verify: () => told(how) },
        /^verified claims: expected a nonce, or report data, found neither$/,
      )
    },
  )

  test('a result at the time of the evidence proves the past: no session, though the nonce is ours', async () => {
    const verify: Verify = (evidence, challenge) =>
      told({ nonce: challenge.nonce }, { now: atEvidenceTime })(evidence, challenge)
    await expectRefused({ verify: () => verify }, /^time source of the result: expected clock, found evidence$/)
  })

  test('a result that was memoised makes one session, and no second', async () => {
    let memory: Promise<AttestationResult> | undefined
    const world = await createWorld({
      verify:
        (usual) =>
        (...given) =>
          (memory ??= usual(...given)),
    })
    await world.send('/', post)
    const error = await refusalOf(world.send.reattest())
    expect(error.code).toBe('client-freshness')
    expect(error.message).toMatch(/^nonce in the verified claims: expected [0-9a-f]{64}, found [0-9a-f]{64}$/)
    expect(world.send.result).toBeUndefined()
    expect(world.states).toEqual(['verifying', 'verified', 'verifying', 'refused: client-freshness'])
  })

  test('neither a binding of the caller’s nor what a verifier writes into its challenge gets around it', async () => {
    let asked = 0
    const binding: KeyBinding = ({ publicKey }) => {
      asked++
      return publicKey as Bytes
    }
    await expectRefused(
      {
        options: { binding },
        gateway: answering(old),
        verify: () => (evidence, challenge) => {
          challenge.nonce.set(old)
          return told(skipFreshness)(evidence, challenge)
        },
      },
      /^nonce in the verified claims: expected [0-9a-f]{64}, found (?:07){32}$/,
    )
    expect(asked).toBe(0)
  })

  test('with evidence for our nonce, the verifier may have skipped it', async () => {
    const world = await createWorld({ verify: () => told(skipFreshness) })
    expect(await (await world.send('/', post)).text()).toBe('echo card 4711')
  })
})

describe('H04 freshness is the channel’s own job: TDX', () => {
  const verify = (): Verify => async (evidence) => {
    const { options } = await makeTdx({ options: { reportData: skipReportData } })
    return verifyTdx(evidence, options)
  }
  const quoting = (change: (reportData: Bytes) => Bytes, holdsKeyConfig = false): WorldOptions => ({
    verify,
    options: { binding: keyHashInReportData, maximumEvidenceBytes: 1_048_576 },
    gateway: {
      attest: async ({ reportData }) => ({
        mediaType: 'application/octet-stream',
        evidence: (await makeTdx({ quote: { body: [[tdOffsets.reportData, change(reportData)]] } })).evidence,
        ...(holdsKeyConfig && { holdsKeyConfig }),
      }),
    },
  })
  const replayed = new Uint8Array(64).fill(9)

  test('report data of another nonce: no session', async () => {
    await expectRefused(
      quoting(() => replayed),
      new RegExp(`^report data in the verified claims: expected [0-9a-f]{128}, found ${hex(replayed)}$`),
    )
  })

  test('nor with a verifier that writes what it found into the challenge', async () => {
    const given = quoting(() => replayed)
    await expectRefused(
      {
        ...given,
        verify: () => (evidence, challenge) => {
          challenge.reportData?.set(replayed)
          return verify()(evidence, challenge)
        },
      },
      /^report data in the verified claims: expected [0-9a-f]{128}, found (?:09){64}$/,
    )
  })

  test('without a key configuration beside it, report data cannot be ours, whatever the binding says', async () => {
    const { config } = await createGatewayKey(1, { kem: 'P-256', aead: 'AES-128-GCM' })
    const given = quoting((reportData) => reportData, true)
    await expectRefused(
      { ...given, options: { ...given.options, binding: () => config } },
      /^report data in the verified claims: expected that of a key configuration beside the evidence, found none$/,
    )
  })

  test('our own: a session', async () => {
    const world = await createWorld(quoting((reportData) => reportData))
    expect(await (await world.send('/', post)).text()).toBe('echo card 4711')
  })
})

describe('H04 freshness is the channel’s own job: a realm on CCA', () => {
  const asking = (change: (reportData: Bytes) => Bytes): WorldOptions => ({
    options: { binding: keyHashInReportData, maximumEvidenceBytes: 1_048_576 },
    verify:
      () =>
      async (evidence, { reportData }) => {
        const freshness = change === replay ? skipFreshness : { nonce: reportData ?? old }
        return verifyCca(evidence, (await cca({}, { freshness, now: new Date(startedAt) })).options)
      },
    gateway: {
      attest: async ({ reportData }) => ({
        mediaType: 'application/eat+cwt',
        evidence: (await cca({ realm: { claims: new Map([[10, cbor.bytes(change(reportData))]]) } })).evidence,
      }),
    },
  })
  const replayed = new Uint8Array(64).fill(9)
  const replay = (): Bytes => replayed

  test('a challenge of another session: none', async () => {
    await expectRefused(
      asking(replay),
      new RegExp(`^report data in the verified claims: expected [0-9a-f]{128}, found ${hex(replayed)}$`),
    )
  })

  test('our own: a session', async () => {
    const world = await createWorld(asking((reportData) => reportData))
    expect(await (await world.send('/', post)).text()).toBe('echo card 4711')
  })
})
