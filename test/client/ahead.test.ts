/**
 * Keys that are made ahead: what they spare a request, and that they are used once, in their own
 * session and in no other. The abuse cases run with them as well, as every client has them.
 */
import { afterAll, beforeEach, describe, expect, test, vi } from 'vitest'
import { countSubtleCalls } from '../support/subtle-calls.ts'

// The library takes the functions of WebCrypto when it is loaded: count first, load then.
const { calls, underWay, uncounted, restore } = countSubtleCalls()
vi.resetModules()
const { createWorld, dataOf, paths, settle } = await import('./world.ts')
const { createFakeGateway } = await import('./fake-gateway.ts')
type World = Awaited<ReturnType<typeof createWorld>>

afterAll(restore)
beforeEach(() => {
  calls.length = 0
})

/** Until nothing is computed any more, and nothing is due. */
async function quiet(world: World): Promise<void> {
  world.tick(0)
  do {
    await Promise.all(underWay)
    await settle()
  } while (underWay.size > 0)
}

/** What goes on at the other end of the wire does not count here. */
const counted = (): Promise<World> =>
  createWorld({
    transport: (request, { gateway }) =>
      uncounted(async () => {
        const response = await gateway(request)
        return new Response(await response.arrayBuffer(), response)
      }),
  })

/** The encapsulated key of each request that left. */
const keysOf = (world: World): string[] =>
  dataOf(world).map(({ bytes }) => Buffer.from(bytes.subarray(7, 72)).toString('hex'))

describe('what they spare', () => {
  test('at most 10 calls of WebCrypto between a request and its answer', async () => {
    const world = await counted()
    await world.send.attest()
    for (let i = 0; i < 3; i++) {
      await quiet(world)
      calls.length = 0
      const response = await world.send('/pay', { method: 'POST', body: 'x'.repeat(1024) })
      expect(await response.text()).toBe(`echo ${'x'.repeat(1024)}`)
      // Behind the last seal that was opened, the next keys are made already.
      const own = calls.slice(0, calls.lastIndexOf('decrypt') + 1)
      expect(own).not.toContain('generateKey')
      expect(own.length).toBeGreaterThan(4)
      expect(own.length).toBeLessThanOrEqual(10)
    }
  })

  test('without them it is the same, with more calls', async () => {
    const world = await counted()
    const answers = await Promise.all([world.send('/'), world.send('/'), world.send('/')])
    expect(await Promise.all(answers.map((response) => response.text()))).toEqual(['echo ', 'echo ', 'echo '])
    expect(new Set(keysOf(world)).size).toBe(3)
  })
})

describe('used once', () => {
  test.each([false, true])('no two requests have the same; requests apart from each other: %s', async (isIsolated) => {
    const world = await createWorld({ isolatesRequests: isIsolated })
    await world.send.attest()
    for (let i = 0; i < 4; i++) {
      if (i % 2 === 0) await quiet(world)
      const answers = await Promise.all([world.send('/a'), world.send('/b')])
      for (const answer of answers) await answer.text()
    }
    const keys = keysOf(world)
    expect(keys).toHaveLength(8)
    expect(new Set(keys).size).toBe(8)
  })

  test('a request that was aborted takes its keys along', async () => {
    const world = await createWorld()
    await world.send.attest()
    await quiet(world)
    const end = new AbortController()
    const aborted = world.send('/', { signal: end.signal })
    end.abort(new Error('enough'))
    await expect(aborted).rejects.toThrow('enough')
    await (await world.send('/')).text()
    expect(new Set(keysOf(world)).size).toBe(keysOf(world).length)
  })
})

describe('gone with the session', () => {
  test('close() in between: nothing is sealed with them', async () => {
    const world = await createWorld()
    await world.send.attest()
    await quiet(world)
    world.send.close()
    await expect(world.send('/')).rejects.toMatchObject({ code: 'client-closed' })
    expect(dataOf(world)).toEqual([])
  })

  test('close() while they are made', async () => {
    const world = await createWorld()
    await world.send.attest()
    const sending = world.send('/')
    world.send.close()
    await expect(sending).rejects.toMatchObject({ code: 'client-closed' })
    await quiet(world)
    expect(dataOf(world)).toEqual([])
  })

  test('the gateway has another key since: refused, attested again, and sealed with new ones', async () => {
    const gateway = await createFakeGateway()
    const world = await createWorld(gateway)
    await world.send.attest()
    await quiet(world)
    await gateway.rotate()
    expect(await (await world.send('/')).text()).toBe('done')
    expect(gateway.opened.map(({ keyId }) => keyId)).toEqual([2])
    expect(dataOf(world).map(({ bytes }) => bytes[0])).toEqual([1, 2])
    expect(new Set(keysOf(world)).size).toBe(2)
  })

  test('reattest() in between: those of the session before are not used', async () => {
    const gateway = await createFakeGateway()
    const world = await createWorld(gateway)
    await world.send.attest()
    await quiet(world)
    await gateway.rotate()
    await world.send.reattest()
    expect(await (await world.send('/', { method: 'POST', body: 'x' })).text()).toBe('done')
    expect(dataOf(world).map(({ bytes }) => bytes[0])).toEqual([2])
  })

  test('the session ran out in between: its keys with it', async () => {
    const world = await createWorld({ options: { maximumSessionSeconds: 60 } })
    await world.send.attest()
    await quiet(world)
    world.tick(61_000)
    await (await world.send('/')).text()
    expect(world.sent.map(({ url }) => new URL(url).pathname)).toEqual([paths.evidence, paths.evidence, paths.data])
  })
})
