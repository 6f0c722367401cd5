/**
 * The gate of a service worker, with a scope of the test's own; browsers are asked in test/portable.
 */
import { describe, expect, test } from 'vitest'
import { type GateEvent, gateRequests, type GateScope } from '../../src/gate/gate.ts'
import { createWorld, dataOf, origin, utf8, type World } from '../client/world.ts'

interface Worker {
  /** What the page gets; `undefined` when the gate leaves the request to the network. */
  ask(request: Request): Promise<Response> | undefined
  readonly waited: string[]
}

function workerOf(world: World): Worker {
  const listeners = new Map<string, (event: GateEvent) => void>()
  const waited: string[] = []
  const scope: GateScope = {
    addEventListener: (type: string, listener: (event: GateEvent) => void) => void listeners.set(type, listener),
    skipWaiting: () => Promise.resolve(void waited.push('skipWaiting')),
    clients: { claim: () => Promise.resolve(void waited.push('claim')) },
  }
  gateRequests(scope, origin, world.send)
  for (const type of ['install', 'activate'])
    listeners.get(type)?.({ waitUntil: (work: Promise<unknown>) => void work } as unknown as GateEvent)
  return {
    waited,
    ask(request) {
      let answer: Promise<Response> | undefined
      listeners.get('fetch')?.({
        request,
        respondWith: (response: Promise<Response>) => void (answer = response),
      } as GateEvent)
      return answer
    },
  }
}

describe('gateRequests', () => {
  test('a request to the origin goes over the attested session', async () => {
    const world = await createWorld()
    const worker = workerOf(world)
    const response = await worker.ask(new Request(`${origin}/pay`, { method: 'POST', body: 'card 4711' }))
    expect(await response?.text()).toBe('echo card 4711')
    expect(world.arrived).toEqual(['POST /pay card 4711'])
    expect(Buffer.from(dataOf(world)[0]?.bytes ?? []).includes('4711')).toBe(false)
    expect(worker.waited).toEqual(['skipWaiting', 'claim'])
  })

  test('requests to others are none of its business', async () => {
    const worker = workerOf(await createWorld())
    expect(worker.ask(new Request('https://cdn.example/app.js'))).toBeUndefined()
    expect(worker.ask(new Request(`${origin}:8443/`))).toBeUndefined()
    expect(worker.ask(new Request('http://enclave.example/'))).toBeUndefined()
  })

  test.each<[string, Promise<World>, () => Request]>([
    [
      'an enclave that is not proven',
      createWorld({ verify: () => () => Promise.reject(new Error('refused')) }),
      () => new Request(`${origin}/`),
    ],
    [
      'a network that is gone',
      createWorld({ transport: () => Promise.reject(new TypeError('offline')) }),
      () => new Request(`${origin}/`),
    ],
    [
      'an answer that is not sealed',
      createWorld({ transport: () => new Response('hello') }),
      () => new Request(`${origin}/`),
    ],
    ['a request with keepalive', createWorld(), () => new Request(`${origin}/`, { keepalive: true })],
    ['a request with credentials', createWorld(), () => new Request(`${origin}/`, { credentials: 'include' })],
    [
      'a request whose body was read',
      createWorld(),
      () => {
        const request = new Request(`${origin}/`, { method: 'POST', body: utf8('x') })
        void request.text()
        return request
      },
    ],
  ])('%s: a network error, and nothing leaves', async (_what, made, request) => {
    const world = await made
    const response = await workerOf(world).ask(request())
    expect([response?.type, response?.status]).toEqual(['error', 0])
    expect(dataOf(world)).toEqual([])
  })

  test('a client that was closed lets nothing through', async () => {
    const world = await createWorld()
    const worker = workerOf(world)
    world.send.close()
    expect((await worker.ask(new Request(`${origin}/`)))?.type).toBe('error')
    expect(world.sent).toEqual([])
  })

  test('its own arguments', async () => {
    const { send } = await createWorld()
    for (const bad of ['', 'https://enclave.example/', 'enclave.example'])
      expect(() => {
        gateRequests({} as GateScope, bad, send)
      }).toThrow(new TypeError('origin must be an origin'))
    expect(() => {
      gateRequests({} as GateScope, origin, undefined as never)
    }).toThrow(TypeError)
  })
})
