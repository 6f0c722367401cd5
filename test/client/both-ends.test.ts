/**
 * H06 a withheld request dies: our client and our gateway together.
 */
import { describe, expect, test } from 'vitest'
import { runtimeClock } from '../../src/gateway/clock.ts'
import { keyUnknown } from './fake-gateway.ts'
import { codeOf, createWorld, dataOf, origin, paths, settle, startedAt, type Transport } from './world.ts'

const post = { method: 'POST', body: 'card 4711' }

/** The first sealed request is run, and its answer replaced by what anyone can say. */
function forgingOnce(): Transport {
  let isFirst = true
  return async (request, { gateway }) => {
    const response = await gateway(request)
    if (request.url !== origin + paths.data || !isFirst) return response
    isFirst = false
    await response.arrayBuffer()
    return keyUnknown()
  }
}

describe('H06 client and gateway', () => {
  test.each([-600_000, 600_000])('a gateway whose clock is off by %i ms corrects the client, once', async (offset) => {
    const world = await createWorld({ gateway: { clock: { ...runtimeClock, wall: () => startedAt + offset } } })
    for (const posts of [2, 3]) {
      expect(await (await world.send('/', post)).text()).toBe('echo card 4711')
      expect(dataOf(world)).toHaveLength(posts)
    }
    expect(world.arrived).toEqual(['POST / card 4711', 'POST / card 4711'])
  })

  test.each(['GET', 'PUT'])(
    '%s that ran, and was said not to have: it runs once, and the client hears of it',
    async (method) => {
      const world = await createWorld({ options: { repeat: 'idempotent' }, transport: forgingOnce() })
      expect(await codeOf(world.send('/', { method }))).toBe('client-repeated')
      expect([world.arrived, dataOf(world).length]).toEqual([[`${method} / `], 2])
    },
  )

  test('what was withheld for longer than the window does not run', async () => {
    let release = (): void => undefined
    const released = new Promise<void>((resolve) => (release = resolve))
    let isHeld = true
    const world = await createWorld({
      transport: async (request, { gateway }) => {
        if (request.url === origin + paths.data && isHeld) {
          isHeld = false
          await released
        }
        return gateway(request)
      },
      options: { upload: 'stream' },
    })
    const body = new Blob(['card 4711']).stream()
    const sending = codeOf(world.send('/', { method: 'POST', body, duplex: 'half' } as RequestInit))
    while (dataOf(world).length === 0) await settle(1)
    world.jump(121_000)
    release()
    expect(await sending).toBe('client-date')
    expect(world.arrived).toEqual([])
  })
})
