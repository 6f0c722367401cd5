/**
 * H05 live when the bytes leave: a session that ended while a request was being sealed for it sends
 * nothing. The request fails with the reason; where no one refused anything and its body can be
 * read again, it goes out under the next session.
 */
import { refusalOf } from '../support/refusal.ts'
import { describe, expect, test } from 'vitest'
import { createFakeGateway, keyUnknown } from './fake-gateway.ts'
import { codeOf, createWorld, dataOf, origin, paths, settle, utf8, type World } from './world.ts'

/** A body that waits: all that is missing for the request to leave. */
interface Held {
  readonly asked: () => number
  readonly release: () => void
}

/** A stream, which can be read once. */
function heldStream(): Held & { readonly init: RequestInit } {
  let asked = 0
  let release = (): void => undefined
  const released = new Promise<void>((resolve) => (release = resolve))
  const body = new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        asked++
        await released
        controller.enqueue(utf8('card 4711'))
        controller.close()
      },
    },
    { highWaterMark: 0 },
  )
  return { asked: () => asked, release, init: { method: 'POST', body, duplex: 'half' } as RequestInit }
}

/**
 * A body that the platform holds, as in the Request of a runtime that has no streams there: it can
 * be read again.
 * @param isEachHeld each reading waits for a release of its own
 */
function heldRequest(isEachHeld = false): Held & { readonly request: Request } {
  let asked = 0
  let isReleased = false
  let waiting: (() => void)[] = []
  const arrayBuffer = async (): Promise<ArrayBuffer> => {
    asked++
    if (!isReleased) await new Promise<void>((resolve) => waiting.push(resolve))
    return utf8('card 4711').buffer
  }
  const request = {
    url: `${origin}/`,
    method: 'POST',
    headers: new Headers(),
    clone: () => ({ arrayBuffer }),
    [Symbol.toStringTag]: 'Request',
  }
  const release = (): void => {
    isReleased = !isEachHeld
    for (const go of waiting) go()
    waiting = []
  }
  return { asked: () => asked, release, request: request as unknown as Request }
}

const refusing = (): {
  readonly refuse: (error: Error) => void
  readonly verify: Parameters<typeof createWorld>[0] & object
} => {
  let refusal: Error | undefined
  return {
    refuse: (error) => (refusal = error),
    verify: {
      options: { upload: 'collect' },
      verify:
        (usual) =>
        (...given) =>
          refusal === undefined ? usual(...given) : Promise.reject(refusal),
    },
  }
}

/** Until the exchange waits for its body and nothing else. */
async function until({ asked }: Held): Promise<void> {
  while (asked() === 0) await settle(1)
  await settle()
}

describe('H05 live when the bytes leave: the session is over, and nothing leaves', () => {
  test.each(['before the body is there', 'after'])('reattest was refused %s: its very refusal', async (when) => {
    const { refuse, verify } = refusing()
    const world = await createWorld(verify)
    for (const kind of ['stream', 'request'] as const) {
      const held = kind === 'stream' ? heldStream() : heldRequest()
      await world.send.reattest()
      const sending = 'init' in held ? world.send('/', held.init) : world.send(held.request)
      const outcome = sending.catch((error: unknown) => error)
      await until(held)
      const reason = new Error('another build')
      refuse(reason)
      const renewal = world.send.reattest().catch((error: unknown) => error)
      if (when !== 'after') expect(await renewal).toBe(reason)
      held.release()
      expect(await outcome).toBe(reason)
      expect(await renewal).toBe(reason)
      refuse(undefined as never)
    }
    expect([dataOf(world).length, world.arrived]).toEqual([0, []])
  })

  test('the client was closed', async () => {
    const world = await createWorld({ options: { upload: 'collect' } })
    const held = heldStream()
    const sending = codeOf(world.send('/', held.init))
    await until(held)
    world.send.close()
    expect(await sending).toBe('client-closed')
    held.release()
    await settle()
    expect(dataOf(world)).toEqual([])
  })

  test('another session took over', async () => {
    const world = await createWorld({ options: { upload: 'collect' } })
    const held = heldStream()
    const sending = refusalOf(world.send('/', held.init))
    await until(held)
    await world.send.reattest()
    held.release()
    const error = await sending
    expect(error.code).toBe('client-superseded')
    expect(error.message).toBe('another session took over before the request left: nothing of it was sent')
    expect([dataOf(world).length, world.send.state]).toEqual([0, 'verified'])
  })

  test('its time was over', async () => {
    const world = await createWorld({ options: { upload: 'collect' } })
    const held = heldStream()
    const sending = refusalOf(world.send('/', held.init))
    await until(held)
    world.jump(3_600_000)
    held.release()
    const error = await sending
    expect(error.code).toBe('client-expired')
    expect(error.message).toBe('the session ended before the request left: nothing of it was sent')
    expect(dataOf(world)).toEqual([])
  })

  test('the gateway lost its key, as another request was told', async () => {
    const world = await createWorld({
      options: { upload: 'collect' },
      transport: (request, { gateway }) => (request.url === origin + paths.data ? keyUnknown() : gateway(request)),
    })
    const held = heldStream()
    const sending = refusalOf(world.send('/', held.init))
    await until(held)
    expect(await codeOf(world.send('/', { method: 'POST', body: 'x' }))).toBe('client-key-rotated')
    held.release()
    const error = await sending
    expect(error.code).toBe('client-key-rotated')
    expect(error.message).toBe(
      'the gateway says that it does not have the key of this session any more: nothing of this request was sent',
    )
    expect(dataOf(world)).toHaveLength(1)
  })

  test('while an attestation is under way, nothing leaves either', async () => {
    let release = (): void => undefined
    const holds: Promise<void>[] = []
    const world = await createWorld({
      options: { upload: 'collect' },
      verify:
        (usual) =>
        async (...given) => {
          await holds[0]
          return usual(...given)
        },
    })
    const held = heldStream()
    const sending = codeOf(world.send('/', held.init))
    await until(held)
    holds.push(new Promise((resolve) => (release = resolve)))
    const renewal = world.send.reattest()
    held.release()
    await settle(60)
    expect(dataOf(world)).toEqual([])
    release()
    await renewal
    expect(await sending).toBe('client-superseded')
    expect(dataOf(world)).toEqual([])
  })
})

describe('H05 live when the bytes leave: nothing was refused, and the body can be read again', () => {
  test.each<[string, (world: World, rotate: () => Promise<void>) => Promise<unknown>]>([
    [
      'another session took over',
      async ({ send }, rotate) => {
        await rotate()
        await send.reattest()
      },
    ],
    [
      'its time was over',
      async ({ jump }, rotate) => {
        await rotate()
        jump(3_600_000)
      },
    ],
    [
      'the gateway lost its key',
      async ({ send }, rotate) => {
        await rotate()
        expect(await codeOf(send('/', { method: 'POST', body: 'other' }))).toBe('client-key-rotated')
      },
    ],
  ])('%s: the request goes out once, under the next session', async (_why, happen) => {
    const gateway = await createFakeGateway()
    const world = await createWorld({ transport: gateway.transport })
    const held = heldRequest()
    const sending = world.send(held.request)
    await until(held)
    await happen(world, gateway.rotate)
    held.release()
    expect(await (await sending).text()).toBe('done')
    // Under the second key: that of the session that is live.
    expect(gateway.opened.map(({ keyId, method, body }) => [keyId, method, body])).toEqual([[2, 'POST', 'card 4711']])
    expect(held.asked()).toBe(2)
  })

  test('but not for ever', async () => {
    const world = await createWorld()
    const held = heldRequest(true)
    const sending = refusalOf(world.send(held.request))
    for (const times of [1, 2]) {
      while (held.asked() < times) await settle(1)
      await world.send.reattest()
      held.release()
    }
    expect((await sending).code).toBe('client-superseded')
    expect([held.asked(), dataOf(world).length]).toEqual([2, 0])
  })
})

test('H05 an upload in the middle counts as left: it goes on, whatever becomes of the session', async () => {
  const { refuse, verify } = refusing()
  const world = await createWorld({ ...verify, options: { upload: 'stream' } })
  const held = heldStream()
  const sending = world.send('/', held.init)
  await until(held)
  expect(dataOf(world)).toHaveLength(1)
  refuse(new Error('another build'))
  expect(await codeOf(world.send.reattest())).toBe('Error')
  held.release()
  expect(await (await sending).text()).toBe('echo card 4711')
})
