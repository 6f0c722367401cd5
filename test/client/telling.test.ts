/**
 * H09 what a client tells: states, codes, causes, and hints that solve what is wrong.
 */
import { refusalOf } from '../support/refusal.ts'
import { describe, expect, test, vi } from 'vitest'
import { AppraisalError, AttestationError, attestedFetch, type AttestedFetchOptions } from '../../src/client/index.ts'
import { freePort } from '../portable/programs.ts'
import { codeOf, createWorld, dataOf, origin, paths, type World } from './world.ts'

const evidenceCalls = ({ sent }: World): number => sent.filter(({ url }) => url.endsWith(paths.evidence)).length

describe('H09 the code of a refusal', () => {
  async function toldOf(error: Error): Promise<readonly unknown[]> {
    const counted: unknown[] = []
    const meter = { createCounter: () => ({ add: (_: number, told?: { code: string }) => counted.push(told?.code) }) }
    const world = await createWorld({ options: { meter }, verify: () => () => Promise.reject(error) })
    await world.send('/').catch(() => undefined)
    return [world.states[1], ...new Set(counted)]
  }

  test('of an error that another copy of the library made', async () => {
    vi.resetModules()
    const other = await import('../../src/core/errors.ts')
    const error = new other.AppraisalError('policy-pcr', 'PCR0')
    expect(error).not.toBeInstanceOf(AttestationError)
    expect(await toldOf(error)).toEqual(['refused: policy-pcr', 'policy-pcr'])
  })

  test('is there when listeners are told of it', async () => {
    const refusal = new AppraisalError('policy-pcr', 'PCR0')
    const { send } = await createWorld({ verify: () => () => Promise.reject(refusal) })
    const found: unknown[] = []
    send.subscribe(({ state }) => found.push([state, send.refusal]))
    await send('/').catch(() => undefined)
    expect(found).toEqual([
      ['verifying', undefined],
      ['refused', refusal],
    ])
    expect(send.refusal).toBe(refusal)
  })

  test.each<[string, Error, string]>([
    ['a plain Error', new Error('secret'), 'Error'],
    ['a RangeError', new RangeError('secret'), 'RangeError'],
    ['a TypeError', new TypeError('secret'), 'TypeError'],
    ['an AbortError', new DOMException('secret', 'AbortError'), 'AbortError'],
    ['an error with a name of its own', Object.assign(new Error('secret'), { name: 'PolicyError' }), 'PolicyError'],
    ['an error with a code that is not ours', Object.assign(new Error('secret'), { code: 'secret' }), 'Error'],
    ['an error whose name is no word', Object.assign(new Error('x'), { name: 'my secret' }), 'aborted'],
  ])('of %s: its name, and not a word more', async (_what, error, told) => {
    expect(await toldOf(error)).toEqual([`refused: ${told}`, told])
  })

  test('of a signal’s reason that is no error: aborted', async () => {
    const counted: unknown[] = []
    const meter = { createCounter: () => ({ add: (_: number, told?: { code: string }) => counted.push(told?.code) }) }
    const world = await createWorld({ options: { meter } })
    await world.send('/', { signal: AbortSignal.abort('4711') }).catch(() => undefined)
    expect(counted).toEqual(['aborted'])
  })
})

describe('H09 listeners', () => {
  test('subscribe: every listener hears each change of state, until it stops', async () => {
    const world = await createWorld()
    const heard: string[] = []
    const stop = world.send.subscribe(({ state }) => heard.push(`first: ${state}`))
    world.send.subscribe(({ state }) => {
      heard.push(`second: ${state}`)
      throw new Error('a listener that fails disturbs nothing')
    })
    await world.send('/')
    stop()
    world.send.close()
    expect(heard).toEqual([
      'first: verifying',
      'second: verifying',
      'first: verified',
      'second: verified',
      'second: closed',
    ])
    expect(world.states).toEqual(['verifying', 'verified', 'closed'])
    expect(() => world.send.subscribe(undefined as never)).toThrow(new TypeError('listener must be a function'))
  })

  test('one that calls the client at `verifying` joins the attestation that it hears of', async () => {
    const answers: Promise<string>[] = []
    const world: World = await createWorld({
      options: {
        onState: ({ state }) => {
          if (state === 'verifying')
            answers.push(world.send('/', { method: 'POST', body: 'inner' }).then((r) => r.text()))
        },
      },
    })
    expect(await (await world.send('/', { method: 'POST', body: 'outer' })).text()).toBe('echo outer')
    expect(await Promise.all(answers)).toEqual(['echo inner'])
    expect([evidenceCalls(world), dataOf(world).length]).toEqual([1, 2])
    await world.send.reattest()
    expect(await Promise.all(answers)).toEqual(['echo inner', 'echo inner'])
    expect(evidenceCalls(world)).toBe(2)
  })

  test('one that closes the client at `verifying`: nothing is asked, and all hear it in order', async () => {
    const world = await createWorld()
    const heard: string[] = []
    world.send.subscribe(({ state }) => {
      heard.push(`first: ${state}`)
      if (state === 'verifying') world.send.close()
    })
    world.send.subscribe(({ state }) => heard.push(`second: ${state}`))
    expect(await codeOf(world.send('/'))).toBe('client-closed')
    expect(heard).toEqual(['first: verifying', 'second: verifying', 'first: closed', 'second: closed'])
    expect(world.sent).toEqual([])
  })
})

describe('H09 no answer: what is known of it', () => {
  const caused = (cause: object): Error =>
    new TypeError('fetch failed', { cause: Object.assign(new Error('x'), cause) })
  const hidden =
    'the runtime does not say why; it may be that no server is there, that the name of the host is not known, or, in a browser, that CORS or the ' +
    'Content-Security-Policy of the page (connect-src) does not allow it'

  test.each<[string, unknown, string]>([
    ['Node: port closed', caused({ code: 'ECONNREFUSED' }), 'no server listens at this address (ECONNREFUSED)'],
    ['Node: no such name', caused({ code: 'ENOTFOUND' }), 'the name of the host is not known (ENOTFOUND)'],
    ['Node: no name server', caused({ code: 'EAI_AGAIN' }), 'the name of the host is not known (EAI_AGAIN)'],
    ['Node: reset', caused({ code: 'ECONNRESET' }), 'the connection broke off (ECONNRESET)'],
    ['Node: a socket', caused({ code: 'UND_ERR_SOCKET' }), 'the connection broke off (UND_ERR_SOCKET)'],
    [
      'Node: a slow server',
      caused({ code: 'UND_ERR_CONNECT_TIMEOUT' }),
      'the server cannot be reached (UND_ERR_CONNECT_TIMEOUT)',
    ],
    [
      'Node: a certificate',
      caused({ code: 'DEPTH_ZERO_SELF_SIGNED_CERT' }),
      'the certificate of the server is not accepted',
    ],
    ['Node: a port that fetch refuses', caused({ message: 'bad port' }), 'fetch does not connect to this port'],
    [
      'Deno: port closed',
      new TypeError(
        'error sending request for url (https://a.example/): client error (Connect): tcp connect error: Connection refused (os error 111)',
      ),
      'no server listens at this address',
    ],
    [
      'Deno: no such name',
      new TypeError('error sending request: client error (Connect): dns error: failed to lookup address information'),
      'the name of the host is not known',
    ],
    [
      'Bun: port closed',
      Object.assign(new Error('Unable to connect. Is the computer able to access the url?'), {
        code: 'ConnectionRefused',
      }),
      'no server listens at this address',
    ],
    ['workerd', new Error('Network connection lost.'), 'the connection broke off'],
    ['Chromium', new TypeError('Failed to fetch'), hidden],
    ['Firefox', new TypeError('NetworkError when attempting to fetch resource.'), hidden],
    ['WebKit', new TypeError('Load failed'), hidden],
    ['no error', 'offline', hidden],
  ])('%s', async (_what, cause, message) => {
    for (const path of [paths.evidence, paths.data]) {
      const world = await createWorld({
        // eslint-disable-next-line @typescript-eslint/prefer-promise-reject-errors -- as networks do
        transport: (request, { gateway }) => (request.url === origin + path ? Promise.reject(cause) : gateway(request)),
      })
      const error = await refusalOf(world.send('/'))
      expect(error.code).toBe('client-transport')
      expect(error.message).toBe(`no answer: ${message}`)
      expect(error.cause).toBe(cause)
    }
  })

  test('a port that is closed, with the fetch of this runtime', async () => {
    const send = attestedFetch(`http://127.0.0.1:${await freePort()}`, {
      allowLoopbackHttp: true,
      verify: () => Promise.reject(new Error('not asked')),
    })
    const error = await refusalOf(send('/'))
    expect(error.code).toBe('client-transport')
    expect(error.message).toBe('no answer: no server listens at this address (ECONNREFUSED)')
    expect(error.cause).toBeInstanceOf(TypeError)
  })

  test('an answer that breaks off keeps what broke it', async () => {
    const cause = new TypeError('terminated')
    const world = await createWorld({
      transport: () =>
        new Response(
          new ReadableStream({
            pull: (controller) => {
              controller.error(cause)
            },
          }),
          { headers: { 'content-type': 'application/cmw+json' } },
        ),
    })
    const error = await refusalOf(world.send('/'))
    expect([error.code, error.message, error.cause]).toEqual(['client-transport', 'the response broke off', cause])
  })
})

describe('H09 hints', () => {
  const verify = (): Promise<never> => Promise.reject(new Error('not asked'))
  test.each<[string, Partial<AttestedFetchOptions>, string]>([
    ['https://enclave.test/', {}, '; write https://enclave.test, without a slash or anything else behind it'],
    ['https://enclave.test/api', {}, '; write https://enclave.test, without a slash or anything else behind it'],
    ['HTTPS://Enclave.test', {}, '; write https://enclave.test, without a slash or anything else behind it'],
    [
      'http://127.0.0.1:8080/',
      { allowLoopbackHttp: true },
      '; write http://127.0.0.1:8080, without a slash or anything else behind it',
    ],
    ['http://127.0.0.1:8080', {}, '; for http to this machine itself, set allowLoopbackHttp: true'],
    ['http://localhost:8080/', {}, '; for http to this machine itself, set allowLoopbackHttp: true'],
    ['http://enclave.test', {}, ''],
    ['enclave.test', {}, ''],
  ])('the origin %s', (bad, options, hint) => {
    expect(() => attestedFetch(bad, { verify, ...options })).toThrow(
      new TypeError(`origin must be an https origin such as https://enclave.example${hint}`),
    )
  })
})

test('H09 send.attest() attests ahead, and is send.reattest by another name', async () => {
  const world = await createWorld()
  const result = await world.send.attest()
  expect(result).toBe(world.send.result)
  expect(world.send.attest).toBe(world.send.reattest)
  await world.send('/')
  expect(evidenceCalls(world)).toBe(1)
  expect(await world.send.attest()).not.toBe(result)
})
