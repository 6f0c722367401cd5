/**
 * The worker of a gate, with a scope of the test's own; browsers are asked in test/portable.
 */
import { describe, expect, test } from 'vitest'
import { gateRefusalOf } from '../../src/gate/index.ts'
import { createGate, type GateOptions, type GateScope } from '../../src/gate/worker.ts'
import { createWorld, dataOf, origin, settle, utf8, type World, type WorldOptions } from '../client/world.ts'
import { day, gated, name, optionsFor, pageOrigin } from './scope.ts'

interface Refused {
  readonly status: number
  readonly type: string | null
  readonly code: string | undefined
  readonly body: unknown
}

async function refusalOf(response: Response | undefined): Promise<Refused> {
  if (response === undefined) throw new Error('the gate left the request to the network')
  return {
    status: response.status,
    type: response.headers.get('content-type'),
    code: gateRefusalOf(response)?.code,
    body: await response.json(),
  }
}

const refused = (status: number, code: string, detail: unknown): Refused => ({
  status,
  type: 'application/problem+json',
  code,
  body: { status, code, detail },
})

describe('H01 what goes to the name goes over the attested session', () => {
  test('the page names what exists nowhere, and the enclave gets it under its own name', async () => {
    const world = await createWorld()
    const worker = gated(world)
    const response = await worker.ask(new Request(`${name}/pay?now=1`, { method: 'POST', body: 'card 4711' }))
    expect(await response?.text()).toBe('echo card 4711')
    expect(response && gateRefusalOf(response)).toBeUndefined()
    expect(world.arrived).toEqual(['POST /pay card 4711'])
    expect(Buffer.from(dataOf(world)[0]?.bytes ?? []).includes('4711')).toBe(false)
    expect(worker.did).toEqual(['skipWaiting', 'claim'])
  })

  test('a request whose body the browser gives no stream of', async () => {
    const world = await createWorld()
    const worker = gated(world)
    const asked = (init: RequestInit): Request => {
      const request = new Request(`${name}/pay`, init)
      const blob = request.clone().blob()
      Object.defineProperties(request, { body: { value: undefined }, blob: { value: () => blob } })
      return request
    }
    const textOf = async (init: RequestInit): Promise<string | undefined> => (await worker.ask(asked(init)))?.text()
    expect(await textOf({ method: 'POST', body: 'card 4711' })).toBe('echo card 4711')
    expect(await textOf({ method: 'POST' })).toBe('echo ')
    expect(await textOf({})).toBe('echo ')
  })

  test('requests to others are none of its business', async () => {
    const worker = gated(await createWorld())
    for (const address of [
      'https://cdn.example/app.js',
      'https://invalid.example/',
      `${pageOrigin}/app.js`,
      'https://sub.enclave.example/',
    ])
      expect(worker.ask(new Request(address)), address).toBeUndefined()
  })

  test('the enclave and a page on one host, each with its port: files of the page are left alone', async () => {
    const world = await createWorld()
    const worker = gated(world, { origin: 'https://shop.example:8443' })
    expect(worker.ask(new Request(`${pageOrigin}/app.js`))).toBeUndefined()
    expect((await refusalOf(await worker.ask(new Request('https://shop.example:8443/pay')))).code).toBe('gate-address')
  })

  test.each([
    `${origin}/pay`,
    'https://enclave.example./pay',
    'https://enclave.example..:8443/pay',
    'https://ENCLAVE.example:8443/pay',
    'http://enclave.example/pay',
    'https://payments.invalid./pay',
    'https://payments.invalid:8443/pay',
    'http://payments.invalid/pay',
    'https://sub.payments.invalid/pay',
    'https://paymemts.invalid/pay',
  ])('%s is refused, and named', async (address) => {
    const world = await createWorld()
    const response = gated(world).ask(new Request(address, { method: 'POST', body: 'card 4711' }))
    const found = new URL(address).origin
    expect(await refusalOf(await response)).toEqual(
      refused(421, 'gate-address', `address of a request: expected ${name}, found ${found}`),
    )
    expect(world.sent).toEqual([])
  })

  test('an address with a user is refused: it would not be sealed', async () => {
    const world = await createWorld()
    const request = new Request(`${name}/pay`)
    Object.defineProperty(request, 'url', { value: 'https://user:word@payments.invalid/pay' })
    expect(await refusalOf(await gated(world).ask(request))).toMatchObject({ status: 421, code: 'gate-address' })
    expect(world.sent).toEqual([])
  })

  test.each<[what: string, status: number, location: string | undefined, isRefused: boolean]>([
    ['to another host', 307, 'https://elsewhere.example/pay', true],
    ['to the enclave, past the gate', 308, `${origin}/pay`, true],
    ['to the same name', 302, `${name}/pay`, false],
    ['to a path', 307, '/receipt', false],
    ['nowhere', 307, undefined, false],
    ['and no redirection, but where something was made', 201, `${origin}/payments/1`, false],
  ])('an enclave that redirects %s', async (_what, status, location, isRefused) => {
    const headers = location === undefined ? [] : [['location', location]]
    const handler = (): Response => new Response('moved', { status, headers: headers as [string, string][] })
    const world = await createWorld({ gateway: { handler } })
    const response = (await gated(world).ask(new Request(`${name}/pay`, { method: 'POST', body: 'x' }))) as Response
    if (isRefused)
      expect(await refusalOf(response)).toEqual(
        refused(
          502,
          'gate-redirect',
          `target of a redirection: expected ${name}, found ${new URL(location ?? '').origin}`,
        ),
      )
    else expect([response.status, response.headers.get('location')]).toEqual([status, location ?? null])
  })

  test.each<[what: string, other: Partial<Record<keyof GateOptions, unknown>>, message: string]>([
    ['no name', { name: undefined }, 'name must be an origin such as https://payments.invalid'],
    [
      'a name that exists',
      { name: 'https://payments.example' },
      'name must be an origin such as https://payments.invalid',
    ],
    [
      'a name in the clear',
      { name: 'http://payments.invalid' },
      'name must be an origin such as https://payments.invalid',
    ],
    [
      'a name with a port',
      { name: 'https://payments.invalid:1' },
      'name must be an origin such as https://payments.invalid',
    ],
    ['a name with a path', { name: `${name}/` }, 'name must be an origin such as https://payments.invalid'],
    [
      'a name in capitals',
      { name: 'https://Payments.invalid' },
      'name must be an origin such as https://payments.invalid',
    ],
    ['no origin', { origin: 'enclave.example' }, 'origin must be an origin, and not that of the page'],
    ['an origin with a path', { origin: `${origin}/` }, 'origin must be an origin, and not that of the page'],
    ['the page’s own origin', { origin: pageOrigin }, 'origin must be an origin, and not that of the page'],
    ['nothing to send with', { send: undefined }, 'send must be what attestedFetch returned'],
    ['no version', { policyVersion: undefined }, 'policyVersion must be a whole number'],
    ['half a version', { policyVersion: 1.5 }, 'policyVersion must be a whole number'],
    ['no end', { expiresAt: undefined }, 'expiresAt must be a Date'],
    ['an end that is none', { expiresAt: new Date('soon') }, 'expiresAt must be a Date'],
    ['an end as a number', { expiresAt: 1e15 }, 'expiresAt must be a Date'],
  ])('options: %s', async (_what, other, message) => {
    const options = { ...optionsFor(await createWorld()), ...other } as GateOptions
    const scope = { location: { origin: pageOrigin } } as GateScope
    expect(() => {
      createGate(scope, options, { now: () => 0 })
    }).toThrow(new TypeError(message))
  })

  test('options that are inherited do not count', async () => {
    const options = Object.create(optionsFor(await createWorld())) as GateOptions
    expect(() => {
      createGate({ location: { origin: pageOrigin } } as GateScope, options, { now: () => 0 })
    }).toThrow(new TypeError('name must be an origin such as https://payments.invalid'))
  })
})

describe('H02 a policy ends', () => {
  test('an expired gate refuses everything, and says so', async () => {
    const world = await createWorld()
    const worker = gated(world)
    worker.clock.now += day - 1
    expect((await worker.ask(new Request(`${name}/`)))?.status).toBe(200)
    worker.clock.now += 1
    const sent = world.sent.length
    for (const init of [{}, { method: 'POST', body: 'card 4711' }])
      expect(await refusalOf(await worker.ask(new Request(`${name}/pay`, init)))).toEqual(
        refused(503, 'gate-expired', 'the policy of the gate has expired: reload the page'),
      )
    expect(world.sent).toHaveLength(sent)
  })

  test('a page that asks is claimed, and told version, name and end', async () => {
    const worker = gated(await createWorld())
    const status = (code?: string): unknown => [
      { 'veritee-gate': { of: 'session', state: 'idle', code, policyVersion: 7, name } },
    ]
    expect(await worker.say('veritee-gate')).toEqual(status())
    expect(worker.did).toEqual(['skipWaiting', 'claim', 'claim'])
    worker.clock.now += day
    expect(await worker.say('veritee-gate')).toEqual(status('gate-expired'))
  })

  test('messages that are not for the gate are not answered', async () => {
    const worker = gated(await createWorld())
    for (const data of [undefined, null, 'hello', { 'veritee-gate': 1 }]) expect(await worker.say(data)).toEqual([])
    expect(worker.did).toEqual(['skipWaiting', 'claim'])
  })
})

describe('H03 the page learns why', () => {
  const verifying =
    (error: unknown): NonNullable<WorldOptions['verify']> =>
    () =>
    () =>
      // eslint-disable-next-line @typescript-eslint/prefer-promise-reject-errors -- verifiers throw what they like
      Promise.reject(error)
  const coded = (code: unknown, message = 'why'): Error => Object.assign(new Error(message), { code })

  test.each<[what: string, world: WorldOptions, request: () => Request, Refused]>([
    [
      'another build',
      { verify: verifying(coded('policy-pcr', 'PCR0: another build')) },
      () => new Request(`${name}/`),
      refused(502, 'policy-pcr', 'PCR0: another build'),
    ],
    [
      'a network that is gone',
      { transport: () => Promise.reject(new TypeError('offline')) },
      () => new Request(`${name}/`),
      refused(503, 'client-transport', expect.stringContaining('no answer')),
    ],
    [
      'an answer that is not sealed',
      {
        transport: (request, world) =>
          request.url.endsWith('gateway') ? new Response('hello') : world.gateway(request),
      },
      () => new Request(`${name}/`),
      refused(502, 'client-response', expect.stringContaining('unauthenticated answer')),
    ],
    [
      'a request with keepalive',
      {},
      () => new Request(`${name}/`, { keepalive: true }),
      refused(400, 'gate-request', 'keepalive must be false: it would outlive an abort'),
    ],
    [
      'a request with credentials',
      {},
      () => new Request(`${name}/`, { credentials: 'include' }),
      refused(400, 'gate-request', 'credentials must be omit: cookies do not go into the seal'),
    ],
    [
      'a request without CORS',
      {},
      () => new Request(`${name}/`, { mode: 'no-cors' }),
      refused(400, 'gate-request', 'mode must be cors or same-origin'),
    ],
    [
      'a verifier that fails without a code',
      { verify: verifying(coded(4, 'broken')) },
      () => new Request(`${name}/`),
      refused(500, 'gate-failed', 'broken'),
    ],
    [
      'a verifier with a code that is no word',
      { verify: verifying(coded('a\nb: c', 'broken')) },
      () => new Request(`${name}/`),
      refused(500, 'gate-failed', 'broken'),
    ],
  ])('%s', async (_what, given, request, expected) => {
    const world = await createWorld(given)
    const worker = gated(world)
    expect(await refusalOf(await worker.ask(request()))).toEqual(expected)
    expect(dataOf(world).length).toBe(expected.code === 'client-response' ? 1 : 0)
    await settle()
    expect(worker.told.at(-1)).toMatchObject({ of: 'request', code: expected.code })
  })

  test('a timeout is a 504', async () => {
    const world = await createWorld({ transport: () => new Promise(() => undefined) })
    const answer = gated(world).ask(new Request(`${name}/`))
    await settle()
    world.tick(31_000)
    expect(await refusalOf(await answer)).toMatchObject({ status: 504, code: 'client-timeout' })
  })

  test('a client that was closed is a 503, and nothing leaves', async () => {
    const world = await createWorld()
    const worker = gated(world)
    world.send.close()
    expect(await refusalOf(await worker.ask(new Request(`${name}/`)))).toEqual(
      refused(503, 'client-closed', 'this client was closed'),
    )
    expect(world.sent).toEqual([])
  })

  test('an enclave cannot pass for the gate: what only the gate says is taken from its answers', async () => {
    const handler = (): Response =>
      Response.json(
        { status: 503, code: 'client-transport', detail: 'no network' },
        {
          status: 503,
          headers: { 'content-type': 'application/problem+json', 'Veritee-Gate': 'client-transport', 'x-app': 'yes' },
        },
      )
    const response = (await gated(await createWorld({ gateway: { handler } })).ask(new Request(`${name}/`))) as Response
    expect([response.status, response.headers.get('x-app')]).toEqual([503, 'yes'])
    expect(gateRefusalOf(response)).toBeUndefined()
  })

  test('the pages are told of each state of the session, and what is wrong with it', async () => {
    let isDown = true
    const world = await createWorld({
      transport: (request, { gateway }) => (isDown ? Promise.reject(new TypeError('offline')) : gateway(request)),
    })
    const worker = gated(world)
    await worker.ask(new Request(`${name}/`))
    isDown = false
    await (await worker.ask(new Request(`${name}/`)))?.text()
    await settle()
    const common = { policyVersion: 7, name }
    expect(worker.told).toEqual([
      { of: 'session', state: 'verifying', code: undefined, ...common },
      { of: 'session', state: 'refused', code: 'client-transport', ...common },
      { of: 'request', state: 'refused', code: 'client-transport', ...common },
      { of: 'session', state: 'verifying', code: undefined, ...common },
      { of: 'session', state: 'verified', code: undefined, ...common },
    ])
  })

  /** The gateway's answer, without its end. */
  const cutOff: WorldOptions['transport'] = async (request, { gateway }: World) => {
    const response = await gateway(request)
    if (!request.url.endsWith('gateway')) return response
    const bytes = new Uint8Array(await response.arrayBuffer())
    return new Response(bytes.subarray(0, -1), response)
  }

  test('an answer that breaks off is news, with its reason', async () => {
    const worker = gated(await createWorld({ transport: cutOff }))
    const response = await worker.ask(new Request(`${name}/`, { method: 'POST', body: utf8('x'.repeat(40_000)) }))
    await expect(response?.text()).rejects.toThrow()
    await settle()
    expect(worker.told.at(-1)).toMatchObject({ of: 'response', state: 'verified', code: 'ohttp-incomplete' })
  })

  test('a page that wants no more is no news', async () => {
    const worker = gated(await createWorld())
    const response = await worker.ask(new Request(`${name}/`))
    await response?.body?.cancel()
    const end = new AbortController()
    const aborted = worker.ask(new Request(`${name}/`, { signal: end.signal }))
    end.abort()
    await aborted
    await settle()
    expect(worker.told.filter(({ of }) => of !== 'session')).toEqual([])
  })
})
