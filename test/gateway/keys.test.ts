/**
 * How keys come and go, and that no request is opened twice. Time is moved by hand.
 */
import { describe, expect, test } from 'vitest'
import { createBench } from './bench.ts'
import { keyIdOf } from './sealing-client.ts'

const hour = 3_600_000
const minute = 60_000

describe('a key', () => {
  test('is in evidence until it is due, and not longer', async () => {
    const { keyConfig, clock } = createBench({ keys: { rotateEverySeconds: 3600 } })
    const first = await keyConfig()
    clock.advance(hour - 1)
    expect(await keyConfig()).toEqual(first)
    clock.advance(1)
    expect(await keyConfig()).not.toEqual(first)
  })

  test('is accepted during the overlap, and not longer', async () => {
    const { keyConfig, ask, send, clock } = createBench({ keys: { rotateEverySeconds: 3600, overlapSeconds: 600 } })
    const first = await keyConfig()
    clock.advance(hour)
    const second = await keyConfig()
    clock.advance(10 * minute - 1)
    expect((await ask({ keyConfig: first })).status).toBe(200)
    expect((await ask({ keyConfig: second })).status).toBe(200)
    clock.advance(1)
    expect((await send({ keyConfig: first })).status).toBe(422)
    expect((await ask({ keyConfig: second })).status).toBe(200)
  })

  test('ends by itself when nobody asks for a new one', async () => {
    const { keyConfig, ask, send, clock } = createBench({ keys: { rotateEverySeconds: 3600, overlapSeconds: 600 } })
    const first = await keyConfig()
    clock.advance(hour + 10 * minute - 1)
    expect((await ask({ keyConfig: first })).status).toBe(200)
    clock.advance(1)
    expect((await send({ keyConfig: first })).status).toBe(422)
  })

  test('that is half full is replaced', async () => {
    const { keyConfig, ask, counted } = createBench({ keys: { maximumRequests: 4 } })
    const first = await keyConfig()
    await ask({ keyConfig: first })
    expect(await keyConfig()).toEqual(first)
    await ask({ keyConfig: first })
    expect(await keyConfig()).not.toEqual(first)
    expect(counted.filter((line) => line === 'rotations answered')).toHaveLength(2)
  })

  test('that is full opens nothing more: its memory is never forgotten to make room', async () => {
    const { keyConfig, ask, send, seal, gateway } = createBench({ keys: { maximumRequests: 2 } })
    const first = await keyConfig()
    const sent = await seal({ keyConfig: first })
    const replay = sent.request.clone()
    await gateway(sent.request)
    expect((await ask({ keyConfig: first })).status).toBe(200)
    expect((await send({ keyConfig: first })).status).toBe(422)
    expect((await gateway(replay)).status).toBe(400)
    expect((await ask({ keyConfig: await keyConfig() })).status).toBe(200)
  })

  test('is dropped early when there would be too many, the oldest first', async () => {
    const { keyConfig, ask, send, clock } = createBench({
      keys: { rotateEverySeconds: 1, overlapSeconds: 3600, maximumKeys: 2 },
    })
    const [first, second, third] = [
      await keyConfig(),
      (clock.advance(1000), await keyConfig()),
      (clock.advance(1000), await keyConfig()),
    ]
    expect((await send({ keyConfig: first })).status).toBe(422)
    expect((await ask({ keyConfig: second })).status).toBe(200)
    expect((await ask({ keyConfig: third })).status).toBe(200)
  })

  test('never has the number of another that is live, all the way round', async () => {
    const { keyConfig, clock } = createBench({ keys: { rotateEverySeconds: 1, overlapSeconds: 3, maximumKeys: 4 } })
    const ids: number[] = []
    for (let turn = 0; turn < 300; turn++) {
      ids.push(keyIdOf(await keyConfig()))
      clock.advance(1000)
    }
    expect(new Set(ids).size).toBe(256)
    for (let at = 4; at <= ids.length; at++) expect(new Set(ids.slice(at - 4, at)).size).toBe(4)
  })

  test('of another gateway is unknown here, with the words of RFC 9458', async () => {
    const other = await createBench().keyConfig()
    const { keyConfig, send, counted } = createBench()
    const own = await keyConfig()
    // A number that is not in use here.
    other[2] = (keyIdOf(own) + 1) % 256
    const response = await send({ keyConfig: other })
    expect(response.status).toBe(422)
    expect(response.headers.get('content-type')).toBe('application/problem+json')
    expect(await response.json()).toEqual({
      type: 'https://iana.org/assignments/http-problem-types#ohttp-key',
      title: 'key identifier unknown',
    })
    expect(counted.at(-1)).toBe('requests key-unknown')
  })

  test('that was never attested opens nothing', async () => {
    const stranger = await createBench().keyConfig()
    expect((await createBench().send({ keyConfig: stranger })).status).toBe(422)
  })
})

describe('a request that comes again', () => {
  test('is refused in the clear, and the app does not see it', async () => {
    let calls = 0
    const { seal, gateway, counted } = createBench({ handler: () => new Response(String(++calls)) })
    const { request } = await seal()
    const replay = request.clone()
    expect((await gateway(request)).status).toBe(200)
    const response = await gateway(replay)
    expect([response.status, await response.text()]).toEqual([400, 'The request was refused.'])
    expect(calls).toBe(1)
    expect(counted).toContain('requests replayed')
  })

  test('at the same time is served once', async () => {
    let calls = 0
    const { seal, gateway } = createBench({ handler: () => new Response(String(++calls)) })
    const { request } = await seal({ body: 'x'.repeat(1000) })
    const copies = [request.clone(), request.clone(), request.clone(), request]
    const statuses = await Promise.all(copies.map(async (copy) => (await gateway(copy)).status))
    expect(statuses.sort()).toEqual([200, 400, 400, 400])
    expect(calls).toBe(1)
  })

  test('with another end is refused as well', async () => {
    const { seal, gateway } = createBench()
    const { request } = await seal({ body: 'pay 100' })
    const bytes = new Uint8Array(await request.clone().arrayBuffer())
    expect((await gateway(request)).status).toBe(200)
    const changed = new Request(request.url, { method: 'POST', headers: request.headers, body: bytes.slice(0, -1) })
    expect((await gateway(changed)).status).toBe(400)
  })

  test('after the overlap finds no key', async () => {
    const { seal, gateway, clock } = createBench({ keys: { rotateEverySeconds: 60, overlapSeconds: 1 } })
    const { request } = await seal()
    const replay = request.clone()
    expect((await gateway(request)).status).toBe(200)
    clock.advance(61_000)
    expect((await gateway(replay)).status).toBe(422)
  })

  test('is still known during the overlap', async () => {
    const { seal, gateway, clock, keyConfig } = createBench({ keys: { rotateEverySeconds: 60, overlapSeconds: 60 } })
    const { request } = await seal()
    const replay = request.clone()
    expect((await gateway(request)).status).toBe(200)
    clock.advance(60_000)
    await keyConfig()
    expect((await gateway(replay)).status).toBe(400)
  })
})
