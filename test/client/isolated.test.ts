/**
 * H10 one client for all requests of a Worker, with the rules of workerd as an argument;
 * `test/portable/shared-worker.test.ts` runs it in workerd itself.
 */
import { afterEach, describe, expect, test, vi } from 'vitest'
import { attestedFetch } from '../../src/client/index.ts'
import { codeOf, createWorld, dataOf, origin, paths, settle, type World } from './world.ts'

const evidenceCalls = ({ sent }: World): number => sent.filter(({ url }) => url.endsWith(paths.evidence)).length
const post = (body: string): RequestInit => ({ method: 'POST', body })

/** Until so many attestations have come to their verifier. */
async function until({ go }: { readonly go: readonly unknown[] }, attestations: number): Promise<void> {
  while (go.length < attestations) await settle(1)
}

/** Holds what the verifier says to each attestation until the test lets it go. */
async function heldWorld(isolatesRequests: boolean): Promise<World & { readonly go: ((fails?: boolean) => void)[] }> {
  const go: ((fails?: boolean) => void)[] = []
  const world = await createWorld({
    isolatesRequests,
    verify:
      (usual) =>
      async (...given) => {
        const fails = await new Promise<boolean | undefined>((resolve) => go.push(resolve))
        if (fails === true) throw new Error('refused')
        return usual(...given)
      },
  })
  return { ...world, go }
}

describe('H10 nothing of one request is awaited in another', () => {
  test('a call does not wait for an attestation that another began, which may never end', async () => {
    const world = await heldWorld(true)
    const lost = codeOf(world.send('/', post('lost')))
    await until(world, 1)
    const sending = world.send('/', post('second'))
    await until(world, 2)
    expect([evidenceCalls(world), world.go.length]).toEqual([2, 2])
    world.go[1]?.()
    expect(await (await sending).text()).toBe('echo second')
    expect(await (await world.send('/', post('third'))).text()).toBe('echo third')
    expect([evidenceCalls(world), world.send.state]).toEqual([2, 'verified'])
    world.tick(30_000)
    expect(await lost).toBe('client-timeout')
    // That was its own end, and no one else's.
    expect([world.send.state, world.send.result?.format]).toEqual(['verified', 'nitro'])
  })

  test('the first session that is there serves all; another one that is late does not take its place', async () => {
    const world = await heldWorld(true)
    const first = world.send('/', post('first'))
    await until(world, 1)
    const second = world.send('/', post('second'))
    await until(world, 2)
    world.go[1]?.()
    await second
    const { result } = world.send
    world.go[0]?.()
    expect(await (await first).text()).toBe('echo first')
    expect(world.send.result).toBe(result)
    expect(world.states).toEqual(['verifying', 'verifying', 'verified'])
    expect(dataOf(world)).toHaveLength(2)
  })

  test('calls of one turn are of one request, and share', async () => {
    const world = await heldWorld(true)
    const both = [world.send('/', post('a')), world.send('/', post('b'))]
    await until(world, 1)
    expect(evidenceCalls(world)).toBe(1)
    world.go[0]?.()
    expect(await Promise.all(both.map(async (one) => (await one).text()))).toEqual(['echo a', 'echo b'])
  })

  test('a renewal that is refused ends the session, also one that came up meanwhile', async () => {
    const world = await heldWorld(true)
    const renewal = codeOf(world.send.reattest())
    await until(world, 1)
    const sending = world.send('/', post('x'))
    await until(world, 2)
    world.go[1]?.()
    await sending
    world.go[0]?.(true)
    expect(await renewal).toBe('Error')
    expect([world.send.state, world.send.result]).toEqual(['refused', undefined])
  })

  test('elsewhere all calls share one attestation, whenever they come', async () => {
    const world = await heldWorld(false)
    const first = world.send('/', post('a'))
    await until(world, 1)
    const second = world.send('/', post('b'))
    await settle()
    expect(evidenceCalls(world)).toBe(1)
    world.go[0]?.()
    expect(await Promise.all([first, second].map(async (one) => (await one).text()))).toEqual(['echo a', 'echo b'])
  })
})

afterEach(() => {
  vi.unstubAllGlobals()
})

test('H10 making a client makes no signal, timer, promise or random number: the global scope of a Worker allows none', () => {
  const forbidden = (name: string) =>
    function () {
      throw new Error(`${name} at module scope`)
    }
  const verify = (): Promise<never> => Promise.reject(new Error('not asked'))
  vi.stubGlobal('AbortController', forbidden('AbortController'))
  vi.stubGlobal('Promise', forbidden('Promise'))
  vi.stubGlobal('setTimeout', () => {
    throw new Error('a timer at module scope')
  })
  vi.spyOn(crypto, 'getRandomValues').mockImplementation(() => {
    throw new Error('random bytes at module scope')
  })
  let made: unknown
  try {
    made = attestedFetch(origin, { verify }).state
  } finally {
    vi.unstubAllGlobals()
    vi.restoreAllMocks()
  }
  expect(made).toBe('idle')
})
