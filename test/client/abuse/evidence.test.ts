/**
 * Abuse cases A15 to A41 and others of how an enclave is proven: what evidence is believed, for how
 * long, for whom, and what a failed attestation leaves behind: nothing.
 */
import { beforeAll, describe, expect, test } from 'vitest'
import { createGatewayKey } from '../../../src/channel/key-config.ts'
import { reportDataOf } from '../../../src/channel/binding.ts'
import { toBase64Url } from '../../../src/encoding/base64url.ts'
import { keyHashInReportData, keyHashInUserData, type Verify } from '../../../src/client/index.ts'
import { skipReferenceValues, verifyNitro } from '../../../src/formats/aws/nitro/index.ts'
import { createNitroAttester, type NitroAttester, productionPcrs } from '../../attester/nitro.ts'
import {
  codeOf,
  createWorld,
  dataOf,
  origin,
  paths,
  settle,
  startedAt,
  type Transport,
  utf8,
  watchedStream,
  type World,
} from '../world.ts'

const suite = { kem: 'P-256', aead: 'AES-128-GCM' } as const
const post = (body: BodyInit = 'card 4711', more: RequestInit = {}): RequestInit =>
  ({ method: 'POST', body, duplex: 'half', ...more }) as RequestInit
const isEvidence = ({ url }: Request): boolean => url === origin + paths.evidence
const evidenceCalls = ({ sent }: World): number => sent.filter(({ url }) => url.endsWith(paths.evidence)).length
const nonceOf = async (request: Request): Promise<Uint8Array<ArrayBuffer>> =>
  new Uint8Array(Buffer.from(((await request.json()) as { nonce: string }).nonce, 'base64url'))

/**
 * Answers the evidence endpoint with what `make` makes for the nonce; all else goes to the gateway.
 */
const attesting =
  (make: (nonce: Uint8Array<ArrayBuffer>, world: World) => unknown): Transport =>
  async (request, world) => {
    if (!isEvidence(request)) return world.gateway(request)
    const made = await make(await nonceOf(request), world)
    return made instanceof Response ? made : cmw(made)
  }
const cmw = (body: unknown): Response =>
  new Response(typeof body === 'string' ? body : JSON.stringify(body), {
    headers: { 'content-type': 'application/cmw+json' },
  })
const record = (evidence: Uint8Array): unknown => ['application/cbor', toBase64Url(evidence), 4]

async function expectNothingSent(world: World, code: string | RegExp, init: RequestInit = post()): Promise<void> {
  const came = await codeOf(world.send('/', init))
  if (typeof code === 'string') expect(came).toBe(code)
  else expect(came).toMatch(code)
  expect(dataOf(world)).toEqual([])
  expect(world.arrived).toEqual([])
}

/** A copy with another byte at `index`. */
function changed(bytes: Uint8Array, index: number, byte: number): Uint8Array<ArrayBuffer> {
  const copy = new Uint8Array(bytes)
  copy[index] = byte
  return copy
}

let keyConfig: Uint8Array<ArrayBuffer>
let elsewhere: NitroAttester
beforeAll(async () => {
  keyConfig = (await createGatewayKey(1, suite)).config
  elsewhere = await createNitroAttester({ now: new Date(startedAt) })
})

describe('A15 A16 A17: trying again', () => {
  const problem = (): Response =>
    new Response('{}', { status: 422, headers: { 'content-type': 'application/problem+json' } })

  test('A15 key-config-422: forged for ever, there is one attestation more, and then an error', async () => {
    const world = await createWorld({
      options: { repeat: 'idempotent' },
      transport: (request, { gateway }) => (isEvidence(request) ? gateway(request) : problem()),
    })
    expect(await codeOf(world.send('/', { method: 'PUT', body: 'x' }))).toBe('client-key-rotated')
    expect([evidenceCalls(world), dataOf(world).length]).toEqual([2, 2])
  })

  test('A15: a gateway that really lost its key is attested anew, and answers', async () => {
    let lost = true
    const world = await createWorld({
      options: { repeat: 'idempotent' },
      transport: (request, { gateway }) => {
        if (isEvidence(request) || !lost) return gateway(request)
        lost = false
        return problem()
      },
    })
    expect(await (await world.send('/', { method: 'PUT', body: 'x' })).text()).toBe('echo x')
    expect([evidenceCalls(world), dataOf(world).length, world.arrived]).toEqual([2, 2, ['PUT / x']])
  })

  test('A16 retry-other-enclave: what answers then must be proven like the first, with a nonce of its own', async () => {
    const nonces: string[] = []
    const world = await createWorld({
      options: { repeat: 'idempotent' },
      transport: async (request, { gateway, attester }) => {
        if (!isEvidence(request)) return problem()
        const nonce = await nonceOf(request.clone())
        nonces.push(toBase64Url(nonce))
        return nonces.length === 1
          ? gateway(request)
          : cmw(record(await attester.document({ nonce, publicKey: keyConfig, pcrs: { 0: new Uint8Array(48) } })))
      },
    })
    expect(await codeOf(world.send('/', { method: 'PUT', body: 'x' }))).toBe('policy-debug')
    expect(new Set(nonces).size).toBe(2)
    expect(dataOf(world)).toHaveLength(1)
    expect(world.send.result).toBeUndefined()
  })

  test.each<[string, () => RequestInit]>([
    ['POST', () => post()],
    ['PATCH', () => ({ method: 'PATCH', body: 'x' })],
    ['PUT of a stream', () => post(watchedStream(utf8('x')).stream, { method: 'PUT' })],
  ])('A17 non-idempotent-retry: %s is never sent twice', async (_what, init) => {
    const broken: Transport = (request, { gateway }) =>
      isEvidence(request) ? gateway(request) : Promise.reject(new TypeError('reset'))
    const reset = await createWorld({ transport: broken })
    expect(await codeOf(reset.send('/', init()))).toBe('client-transport')
    expect(dataOf(reset)).toHaveLength(1)
    const rotated = await createWorld({
      transport: (request, { gateway }) => (isEvidence(request) ? gateway(request) : problem()),
    })
    expect(await codeOf(rotated.send('/', init()))).toBe('client-key-rotated')
    expect(dataOf(rotated)).toHaveLength(1)
  })

  test('A17: a connection that is reset is not tried again, whatever the method', async () => {
    const world = await createWorld({
      transport: (request, { gateway }) =>
        isEvidence(request) ? gateway(request) : Promise.reject(new TypeError('reset')),
    })
    expect(await codeOf(world.send('/'))).toBe('client-transport')
    expect(dataOf(world)).toHaveLength(1)
  })
})

describe('A18 to A24: the key', () => {
  test('A18 toctou-key-fetch: the key is in the answer that the verifier saw; a server that changes keys has no say', async () => {
    let asked = 0
    const world = await createWorld({
      transport: attesting(async (nonce, { attester }) => {
        asked++
        return record(await attester.document({ nonce, publicKey: (await createGatewayKey(asked, suite)).config }))
      }),
    })
    // Sealed for the key of the evidence, which the gateway does not have.
    expect(await codeOf(world.send('/', post()))).toMatch(/^client-(?:key-rotated|response)$/)
    expect([asked, world.sent.length, world.arrived]).toEqual([1, 2, []])
  })

  test('A19 toctou-buffer: a verifier that changes what it is given changes a copy', async () => {
    const world = await createWorld({
      verify: (usual) => async (evidence, challenge) => {
        const result = usual(evidence, challenge)
        evidence.fill(0)
        challenge.nonce.fill(0)
        return result
      },
    })
    expect(await (await world.send('/', post('x'))).text()).toBe('echo x')
  })

  test('A20 toctou-policy: options are read once; what changes later has no effect', async () => {
    let reads = 0
    const mutable = { maximumSessionSeconds: 60, binding: undefined as unknown }
    delete mutable.binding
    const world = await createWorld({
      options: Object.defineProperty({ ...mutable }, 'verify', {
        enumerable: true,
        get: (): Verify => {
          reads++
          return async (evidence, { nonce }) =>
            verifyNitro(evidence, {
              referenceValues: { PCR0: 'ab'.repeat(48) },
              freshness: { nonce },
              now: new Date(startedAt),
            })
        },
      }) as never,
    })
    const first = reads
    await expectNothingSent(world, 'root-mismatch')
    expect(reads).toBe(first)
  })

  test('A21 key-substitution: the one field that the policy names counts, and no other', async () => {
    const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', keyConfig))
    const make = (fields: object): Transport =>
      attesting(async (nonce, { attester }) => ({
        evidence: record(await attester.document({ nonce, ...fields })),
        'key-config': ['application/ohttp-keys', toBase64Url(keyConfig)],
      }))
    // The policy says user data; the right digest stands elsewhere, or is another.
    for (const fields of [
      { publicKey: keyConfig },
      { publicKey: keyConfig, userData: keyConfig },
      { userData: digest.map((byte) => byte ^ 1) },
    ])
      await expectNothingSent(
        await createWorld({ options: { binding: keyHashInUserData }, transport: make(fields) }),
        'client-key',
      )
    // The policy says public key; a digest in the user data is nothing.
    await expectNothingSent(await createWorld({ transport: make({ userData: digest }) }), 'client-key')
    const right = await createWorld({ options: { binding: keyHashInUserData }, transport: make({ userData: digest }) })
    expect(await codeOf(right.send('/', post()))).toMatch(/^client-(?:key-rotated|response)$/)
  })

  const offCurve = (): Uint8Array<ArrayBuffer> => {
    const bytes = keyConfig.slice()
    bytes[60] = (bytes[60] as number) ^ 1
    return bytes
  }
  test.each<[string, () => Uint8Array<ArrayBuffer> | undefined]>([
    ['A22 key-absent: none', () => undefined],
    ['A22 key-absent: empty', () => new Uint8Array()],
    ['A22 key-absent: too short', () => keyConfig.subarray(0, -1)],
    ['A22 key-absent: too long', () => new Uint8Array([...keyConfig, 0])],
    ['A22 key-absent: not on the curve', offCurve],
    [
      'A22 key-absent: infinity',
      () => new Uint8Array([...keyConfig.subarray(0, 5), ...new Uint8Array(65), ...keyConfig.subarray(70)]),
    ],
    [
      'A24 key-type-confusion: an RSA key',
      () => new Uint8Array(Buffer.from('30820122300d06092a864886f70d01010105000382010f00', 'hex')),
    ],
    ['A24 key-type-confusion: two keys, one after another', () => new Uint8Array([...keyConfig, ...keyConfig])],
    ['A24 key-type-confusion: a raw point', () => keyConfig.slice(5, 70)],
    ['A49 downgrade-suite: another AEAD', () => changed(keyConfig, keyConfig.length - 1, 2)],
    ['A49 downgrade-suite: another KDF', () => changed(keyConfig, keyConfig.length - 3, 2)],
    ['A49 downgrade-suite: another KEM', () => changed(keyConfig, 4, 0x20)],
    [
      'A49 downgrade-suite: the right one among others',
      () =>
        new Uint8Array([
          0,
          keyConfig.length + 2,
          ...keyConfig.subarray(2, 70),
          0,
          8,
          0,
          1,
          0,
          2,
          ...keyConfig.subarray(-4),
        ]),
    ],
  ])('%s', async (_what, keyOf) => {
    const publicKey = keyOf()
    const world = await createWorld({
      transport: attesting(async (nonce, { attester }) =>
        record(await attester.document({ nonce, publicKey: publicKey ?? null })),
      ),
    })
    await expectNothingSent(world, publicKey === undefined ? 'client-key' : /^(?:client-key|ohttp-key-config)$/)
  })

  test('A22: all-zero and low-order points of X25519', async () => {
    const x25519 = await createGatewayKey(1, { kem: 'X25519', aead: 'AES-128-GCM' })
    for (const point of [new Uint8Array(32), changed(new Uint8Array(32), 0, 1)]) {
      const config = new Uint8Array([...x25519.config.subarray(0, 5), ...point, ...x25519.config.subarray(37)])
      const world = await createWorld({
        options: { suite: { kem: 'X25519', aead: 'AES-128-GCM' } },
        transport: attesting(async (nonce, { attester }) =>
          record(await attester.document({ nonce, publicKey: config })),
        ),
      })
      await expectNothingSent(world, 'ohttp-key-config')
    }
  })

  test('where report data decides, evidence without a key configuration is refused unread', async () => {
    let read = 0
    const verify: Verify = () => {
      read++
      throw new Error('the verifier was asked')
    }
    for (const [binding, code, times] of [
      [keyHashInReportData, 'client-key', 0],
      // Every other binding decides for itself.
      [keyHashInUserData, 'Error', 1],
    ] as const) {
      read = 0
      const world = await createWorld({
        options: { binding, verify },
        transport: attesting(async (nonce, { attester }) => record(await attester.document({ nonce }))),
      })
      await expectNothingSent(world, code)
      expect(read).toBe(times)
    }
  })

  test('A23 key-truncate: report data and user data are compared whole', async () => {
    const reportData = await reportDataOf({ role: 'server', nonce: utf8('n'.repeat(32)), keyConfig })
    const challenge = { nonce: utf8('n'.repeat(32)), keyConfig, reportData, mediaType: 'a/b', endorsements: undefined }
    const bind = (claims: object): unknown => keyHashInReportData({ claims } as never, challenge)
    expect(bind({ reportData })).toBe(keyConfig)
    const padded = new Uint8Array([...reportData.subarray(0, 32), ...new Uint8Array(32)])
    for (const wrong of [
      reportData.subarray(0, 32),
      padded,
      new Uint8Array(64),
      new Uint8Array(),
      undefined,
      toBase64Url(reportData),
    ])
      expect(() => bind({ reportData: wrong })).toThrow(/^report data: expected/)
    const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', keyConfig))
    const bindUser = async (userData: unknown): Promise<unknown> =>
      keyHashInUserData({ claims: { userData } } as never, challenge)
    expect(await bindUser(digest)).toBe(keyConfig)
    for (const wrong of [digest.subarray(0, 16), new Uint8Array([...digest, 0]), new Uint8Array(), undefined])
      await expect(bindUser(wrong)).rejects.toThrow(/^user data: expected/)
  })
})

describe('A25 to A29: whose evidence it is', () => {
  test.each<[string, (nonce: Uint8Array<ArrayBuffer>) => Uint8Array<ArrayBuffer>]>([
    ['another', () => crypto.getRandomValues(new Uint8Array(32))],
    ['ours, shortened', (nonce) => nonce.slice(0, 16)],
    ['ours, and more', (nonce) => new Uint8Array([...nonce, 0])],
    ['ours as text', (nonce) => utf8(toBase64Url(nonce))],
  ])('A25 replay-evidence: the nonce is %s', async (_what, change) => {
    const world = await createWorld({
      transport: attesting(async (nonce, { attester }) =>
        record(await attester.document({ nonce: change(nonce), publicKey: keyConfig })),
      ),
    })
    await expectNothingSent(world, 'policy-nonce')
  })

  test('A26 nonce-reuse: a random source that repeats itself or gives zeros ends it', async () => {
    const zeros = await createWorld({ random: (size) => new Uint8Array(size) })
    await expectNothingSent(zeros, 'client-random')
    const constant = await createWorld({ random: (size) => new Uint8Array(size).fill(7) })
    expect((await constant.send('/')).status).toBe(200)
    expect(await codeOf(constant.send.reattest())).toBe('client-random')
    const short = await createWorld({ random: () => new Uint8Array(16).fill(1) })
    await expectNothingSent(short, 'client-random')
  })

  test('A27 nonce-echo-only: a nonce in the wrapper is worth nothing', async () => {
    const world = await createWorld({
      transport: attesting(async (_nonce, { attester }) =>
        record(await attester.document({ nonce: null, publicKey: keyConfig })),
      ),
    })
    await expectNothingSent(world, 'policy-nonce')
    const named = await createWorld({
      transport: attesting(async (nonce, { attester }) => ({
        evidence: record(await attester.document({ nonce: null, publicKey: keyConfig })),
        nonce: toBase64Url(nonce),
      })),
    })
    await expectNothingSent(named, 'client-evidence')
  })

  test('A28 relay: the right code elsewhere is accepted unless the policy says where; then it is refused', async () => {
    const here = 'cd'.repeat(48)
    const { 0: image = new Uint8Array() } = await productionPcrs()
    const asked =
      (referenceValues: object) =>
      (): Verify =>
      (evidence, { nonce }) =>
        verifyNitro(evidence, {
          referenceValues: { PCR0: image, ...referenceValues },
          freshness: { nonce },
          trustAnchors: [elsewhere.root],
          now: new Date(startedAt),
        })
    const relay = attesting(async (nonce) => record(await elsewhere.document({ nonce, publicKey: keyConfig })))
    const bound = await createWorld({ transport: relay, verify: asked({ PCR4: here }) })
    await expectNothingSent(bound, 'policy-pcr')
  })

  test('A29 reflection: our own evidence sent back to us, and evidence of the other role', async () => {
    const mutual = async (
      answer: (own: string, nonce: Uint8Array<ArrayBuffer>, world: World) => Promise<unknown>,
    ): Promise<World> => {
      const world = await createWorld({
        options: {
          attest: async ({ nonce, reportData }) =>
            elsewhere.document({ nonce, userData: reportData, publicKey: keyConfig }),
        },
        verify:
          () =>
          (evidence, { nonce, reportData }) =>
            verifyNitro(evidence, {
              referenceValues: skipReferenceValues,
              freshness: { nonce },
              ...(reportData && { userData: reportData }),
              trustAnchors: [elsewhere.root],
              now: new Date(startedAt),
            }),
        transport: async (request, own) => {
          if (!isEvidence(request)) return own.gateway(request)
          const question = (await request.clone().json()) as { evidence: string; role: string }
          expect(question.role).toBe('client')
          return cmw(await answer(question.evidence, await nonceOf(request), own))
        },
      })
      return world
    }
    await expectNothingSent(await mutual((own) => Promise.resolve(['application/cbor', own, 4])), 'client-evidence')
    // Of another client for the same nonce: the role in its report data is the wrong one.
    const other = await mutual(async (_own, nonce) => ({
      evidence: record(
        await elsewhere.document({
          nonce,
          userData: await reportDataOf({ role: 'client', nonce, keyConfig: new Uint8Array() }),
          publicKey: keyConfig,
        }),
      ),
      'key-config': ['application/ohttp-keys', toBase64Url(keyConfig)],
    }))
    await expectNothingSent(other, 'policy-user-data')
  })
})

describe('A30 to A36: how long, and for whom', () => {
  test.each<[string, (world: World) => void]>([
    [
      'the session is over',
      (world) => {
        world.tick(3_600_000)
      },
    ],
    [
      'the wall clock went on while the other stood still: sleep, freeze, bfcache',
      (world) => {
        world.jump(3_600_000)
      },
    ],
    [
      'the wall clock was set back',
      (world) => {
        world.jump(-1000)
      },
    ],
  ])('A30 stale-cache: %s: the enclave is proven anew', async (_what, pass) => {
    const world = await createWorld()
    await world.send('/')
    pass(world)
    expect(world.send.result).toBeUndefined()
    await world.send('/')
    expect(evidenceCalls(world)).toBe(2)
  })

  test('A30: a result that ends sooner ends the session sooner', async () => {
    const world = await createWorld({ options: { maximumSessionSeconds: 604_800 } })
    const until = await world.send.reattest()
    world.jump(until.validUntil.getTime() - startedAt - 1)
    expect(world.send.result).toBeDefined()
    world.jump(1)
    expect(world.send.result).toBeUndefined()
  })

  test('A31 cache-cross, A67 edge-isolate-reuse: clients share nothing', async () => {
    const one = await createWorld()
    await one.send('/')
    const other = await createWorld({ verify: () => () => Promise.reject(new Error('not this one')) })
    await expectNothingSent(other, 'Error')
    expect(one.send.result).toBeDefined()
    expect(other.send.result).toBeUndefined()
  })

  test('A32 shared-promise: 100 at once, one request for evidence, and when it fails nothing of any is sent', async () => {
    const world = await createWorld({ verify: () => async () => Promise.reject(new Error('refused')) })
    const codes = await Promise.all(Array.from({ length: 100 }, () => codeOf(world.send('/', post()))))
    expect(new Set(codes)).toEqual(new Set(['Error']))
    expect([evidenceCalls(world), dataOf(world).length]).toEqual([1, 0])
  })

  test('A33 promise-poison: after a failure the next call tries anew, after a success a failure is not hidden', async () => {
    let works = false
    const world = await createWorld({
      verify:
        (usual) =>
        (...given) =>
          works ? usual(...given) : Promise.reject(new Error('no')),
    })
    expect(await codeOf(world.send('/'))).toBe('Error')
    works = true
    expect(await codeOf(world.send('/'))).toBe('settled')
    works = false
    world.tick(3_600_000)
    expect(await codeOf(world.send('/'))).toBe('Error')
    expect(world.states).toEqual([
      'verifying',
      'refused: Error',
      'verifying',
      'verified',
      'verifying',
      'refused: Error',
    ])
  })

  test('A34 half-open: whoever aborts while the enclave is being proven sends nothing afterwards', async () => {
    let go = (): void => undefined
    const gate = new Promise<void>((resolve) => (go = resolve))
    const world = await createWorld({
      verify:
        (usual) =>
        async (...given) => {
          await gate
          return usual(...given)
        },
    })
    const own = new AbortController()
    const sending = world.send('/', post('x', { signal: own.signal })).catch((reason: unknown) => reason)
    const staying = world.send('/', post('y'))
    await settle()
    own.abort('changed my mind')
    expect(await sending).toBe('changed my mind')
    go()
    expect(await (await staying).text()).toBe('echo y')
    expect(world.arrived).toEqual(['POST / y'])
    const late = AbortSignal.abort('too late')
    expect(await world.send('/', { signal: late }).catch((reason: unknown) => reason)).toBe('too late')
    expect(dataOf(world)).toHaveLength(1)
  })

  test('A35 timeout-late: what the verifier says after the deadline is not listened to', async () => {
    let go = (): void => undefined
    const gate = new Promise<void>((resolve) => (go = resolve))
    const world = await createWorld({
      verify:
        (usual) =>
        async (...given) => {
          await gate
          return usual(...given)
        },
    })
    const sending = codeOf(world.send('/', post()))
    await settle()
    world.tick(30_000)
    expect(await sending).toBe('client-timeout')
    go()
    await settle()
    expect([world.send.state, world.send.result, dataOf(world).length]).toEqual(['refused', undefined, 0])
  })

  test('A36 slow-loris: evidence that never ends, slowly or fast', async () => {
    let drops = 0
    const drop = (controller: ReadableStreamDefaultController): void => {
      if (drops++ < 20) controller.enqueue(utf8('['))
    }
    const dripping = await createWorld({
      transport: () =>
        new Response(new ReadableStream({ start: drop, pull: drop }), {
          headers: { 'content-type': 'application/cmw+json' },
        }),
      options: { maximumEvidenceBytes: 1_048_576 },
    })
    const sending = codeOf(dripping.send('/', post()))
    await settle(50)
    dripping.tick(30_000)
    expect(await sending).toBe('client-timeout')
    expect(dataOf(dripping)).toEqual([])
    let cancelled = false
    const flood = await createWorld({
      transport: () =>
        new Response(
          new ReadableStream({
            pull: (controller) => {
              controller.enqueue(new Uint8Array(16_384).fill(0x20))
            },
            cancel: () => {
              cancelled = true
            },
          }),
          { headers: { 'content-type': 'application/cmw+json' } },
        ),
    })
    await expectNothingSent(flood, 'client-evidence')
    await settle()
    expect(cancelled).toBe(true)
  })
})

describe('A37 A38 A40: the answer of the evidence endpoint', () => {
  test.each<[string, () => Response]>([
    ['A37 size-bomb: more than 64 KiB', () => cmw(`["a/b","${'A'.repeat(65_536)}",4]`)],
    ['A37 size-bomb: nested', () => cmw('['.repeat(30_000))],
    ['A37 size-bomb: nested, and whole', () => cmw('['.repeat(1000) + ']'.repeat(1000))],
    ['A38 content-type: text/html', () => new Response('["a/b","AA",4]', { headers: { 'content-type': 'text/html' } })],
    ['A38 content-type: none', () => new Response(utf8('["a/b","AA",4]'))],
    [
      'A38 content-type: status',
      () => new Response('["a/b","AA",4]', { status: 203, headers: { 'content-type': 'application/cmw+json' } }),
    ],
    ['A38 content-type: a byte order mark', () => cmw('\ufeff["a/b","AA",4]')],
    ['A38 content-type: a name twice', () => cmw('{"evidence":["a/b","AA",4],"evidence":["a/b","AA",4]}')],
    ['A38 content-type: another member', () => cmw('{"evidence":["a/b","AA",4],"x":1}')],
    ['A38 content-type: no JSON', () => cmw('evidence')],
    [
      'A38 content-type: not UTF-8',
      () => new Response(new Uint8Array([0x5b, 0xff, 0x5d]), { headers: { 'content-type': 'application/cmw+json' } }),
    ],
    ['A38 content-type: another kind of message', () => cmw('["a/b","AA",2]')],
    ['A38 content-type: base64 with padding', () => cmw('["a/b","AA==",4]')],
    ['A38 content-type: no evidence', () => cmw('["a/b","",4]')],
    ['A38 content-type: null', () => cmw('null')],
    [
      'A38 content-type: a key configuration of another type',
      () => cmw('{"evidence":["a/b","AA",4],"key-config":["a/b","AA"]}'),
    ],
    [
      'A38 content-type: endorsements of another type',
      () => cmw('{"evidence":["a/b","AA",4],"endorsements":["a/b","AA",2]}'),
    ],
  ])('%s', async (_what, answer) => {
    let verified = 0
    const world = await createWorld({
      transport: answer,
      verify: () => () => Promise.reject(new Error(`verified ${verified++}`)),
    })
    await expectNothingSent(world, 'client-evidence')
    expect(verified).toBe(0)
  })

  test('A40 http-cache: evidence for somebody else’s nonce', async () => {
    let cached: string | undefined
    const transport: Transport = async (request, { gateway }) => {
      if (!isEvidence(request)) return gateway(request)
      cached ??= await (await gateway(request)).text()
      return cmw(cached)
    }
    expect((await (await createWorld({ transport })).send('/')).status).toBe(200)
    await expectNothingSent(await createWorld({ transport }), 'policy-nonce')
  })
})
