/**
 * H06 a withheld request dies, the client's part: each request is dated and named inside the seal,
 * what anyone can say makes nothing unsafe go out again, and what the gateway refuses inside the
 * seal is an error with its own code.
 */
import { refusalOf } from '../support/refusal.ts'
import { describe, expect, test } from 'vitest'
import { tdOffsets } from '../attester/intel.ts'
import { makeTdx } from '../formats/intel/made.ts'
import { keyHashInReportData } from '../../src/client/index.ts'
import { skipReportData, verifyTdx } from '../../src/formats/intel/tdx/index.ts'
import { createFakeGateway, type FakeGateway, type Inner, keyUnknown } from './fake-gateway.ts'
import { codeOf, createWorld, dataOf, startedAt, utf8, watchedStream, type WorldOptions } from './world.ts'

const post = { method: 'POST', body: 'card 4711' }
const named = /^[\w-]{22}$/
const dateAt = (milliseconds: number): string => new Date(milliseconds).toUTCString()
const idOf = ({ fields }: Inner): string | undefined => fields['veritee-request-id']

describe('H06 a request is dated, and has a name', () => {
  test('by the client’s clock, which is in time with evidence that was made now', async () => {
    const gateway = await createFakeGateway()
    const world = await createWorld({ transport: gateway.transport })
    for (const after of [0, 61_000]) {
      world.tick(after)
      await (await world.send('/', post)).text()
    }
    const [first, second] = gateway.opened as [Inner, Inner]
    expect([first.fields.date, second.fields.date]).toEqual([
      'Mon, 01 Jun 2026 00:00:00 GMT',
      'Mon, 01 Jun 2026 00:01:01 GMT',
    ])
    expect([idOf(first), idOf(second)]).toEqual([expect.stringMatching(named), expect.stringMatching(named)])
    expect(idOf(first)).not.toBe(idOf(second))
  })

  test.each([-120_000, 120_000])('in the enclave’s time: its clock is off by %i ms', async (offset) => {
    const gateway = await createFakeGateway(undefined, startedAt + offset)
    const world = await createWorld({ transport: gateway.transport })
    world.jump(1000)
    await world.send('/', post)
    expect(world.send.result?.clockOffsetSeconds).toBe(offset / 1000)
    expect(gateway.opened.map(({ fields }) => fields.date)).toEqual([dateAt(startedAt + 1000 + offset)])
  })

  test('by the client’s clock alone where evidence has no date', async () => {
    let date: string | null = null
    const world = await createWorld({
      options: { binding: keyHashInReportData, maximumEvidenceBytes: 1_048_576 },
      verify: () => async (evidence) => {
        const { options } = await makeTdx({ options: { reportData: skipReportData } })
        return verifyTdx(evidence, options)
      },
      gateway: {
        attest: async ({ reportData }) => ({
          mediaType: 'application/octet-stream',
          evidence: (await makeTdx({ quote: { body: [[tdOffsets.reportData, reportData]] } })).evidence,
        }),
        handler: ({ headers }) => {
          date = headers.get('date')
          return new Response()
        },
      },
    })
    await world.send('/', post)
    expect(date).toBe(dateAt(startedAt))
  })

  test.each(['date', 'veritee-request-id'])('the field %s is not the caller’s to give', async (name) => {
    const world = await createWorld()
    await expect(world.send('/', { headers: { [name]: 'x' } })).rejects.toThrow(
      new TypeError(`header ${name} must be left out: the client gives each request its own`),
    )
    expect(world.sent).toEqual([])
  })
})

/** The first sealed request is answered 422 in the clear, whatever became of it. */
function forging(gateway: FakeGateway): WorldOptions['transport'] & object {
  let isFirst = true
  return async (request, world) => {
    const response = await gateway.transport(request, world)
    if (!response.headers.get('content-type')?.startsWith('message/') || !isFirst) return response
    isFirst = false
    return keyUnknown()
  }
}

describe('H06 an answer that anyone can forge: 422', () => {
  test.each(['GET', 'HEAD', 'OPTIONS'])('%s goes out again, once, with the same name', async (method) => {
    const gateway = await createFakeGateway(() => ({ status: 200, fields: [] }))
    const world = await createWorld({ transport: forging(gateway) })
    expect((await world.send('/', { method })).status).toBe(200)
    expect(gateway.opened.map((one) => [one.method, idOf(one)])).toEqual([
      [method, expect.stringMatching(named)],
      [method, idOf(gateway.opened[0] as Inner)],
    ])
    expect(world.states).toEqual(['verifying', 'verified', 'verifying', 'verified'])
  })

  test.each(['POST', 'PUT', 'DELETE', 'PATCH', 'PROPFIND'])('%s does not, and may still run', async (method) => {
    const gateway = await createFakeGateway()
    const world = await createWorld({ transport: forging(gateway) })
    const error = await refusalOf(world.send('/', { method, body: 'x' }))
    expect(error.code).toBe('client-key-rotated')
    expect(error.message).toBe(
      'the gateway says that it does not have the key of this session any more: anyone in between can say so, and the request may still run',
    )
    expect([dataOf(world).length, gateway.opened.length, world.send.result]).toEqual([1, 1, undefined])
  })

  test.each([
    ['PUT', 2],
    ['DELETE', 2],
    ['POST', 1],
    ['PATCH', 1],
  ])('repeat: idempotent: %s goes out %i times', async (method, times) => {
    const gateway = await createFakeGateway()
    const world = await createWorld({ options: { repeat: 'idempotent' }, transport: forging(gateway) })
    expect(await codeOf(world.send('/', { method, body: 'x' }))).toBe(times === 2 ? 'settled' : 'client-key-rotated')
    expect(gateway.opened).toHaveLength(times)
    expect(new Set(gateway.opened.map(idOf)).size).toBe(1)
  })

  test('for ever: once again, and then the error', async () => {
    const gateway = await createFakeGateway(keyUnknown)
    const world = await createWorld({ transport: gateway.transport })
    expect(await codeOf(world.send('/'))).toBe('client-key-rotated')
    expect(gateway.opened).toHaveLength(2)
  })

  test('repeat: nothing else', async () => {
    await expect(createWorld({ options: { repeat: 'all' as never } })).rejects.toThrow(
      new TypeError('repeat must be safe or idempotent'),
    )
  })
})

describe('H06 refused inside the seal', () => {
  const serverTime = startedAt + 600_000
  /** Refuses dates that are more than two minutes off. */
  const punctual = ({ fields }: Inner): { status: number; fields: [string, string][]; body: string } => {
    const isNear = Math.abs(Date.parse(fields.date ?? '') - serverTime) <= 120_000
    return isNear
      ? { status: 200, fields: [], body: 'done' }
      : {
          status: 400,
          fields: [
            ['veritee-refusal', 'date'],
            ['content-type', 'application/problem+json'],
            ['date', dateAt(serverTime)],
          ],
          body: '{"type":"https://iana.org/assignments/http-problem-types#date","title":"date"}',
        }
  }

  test.each(['GET', 'POST'])('a date that is off is corrected once, with what the gateway says: %s', async (method) => {
    const gateway = await createFakeGateway(punctual)
    const world = await createWorld({ transport: gateway.transport })
    const init: { method?: string; body?: string } = method === 'POST' ? post : {}
    expect(await (await world.send('/', init)).text()).toBe('done')
    expect(gateway.opened.map((one) => [one.fields.date, one.body, idOf(one)])).toEqual([
      [dateAt(startedAt), init.body ?? '', idOf(gateway.opened[0] as Inner)],
      [dateAt(serverTime), init.body ?? '', idOf(gateway.opened[0] as Inner)],
    ])
    // Nothing was wrong with the session, and what was learnt stays.
    expect(await (await world.send('/', init)).text()).toBe('done')
    expect([gateway.opened.length, world.states]).toEqual([3, ['verifying', 'verified']])
  })

  test.each<[string, (inner: Inner) => [string, string][], number]>([
    ['again and again', () => [['date', dateAt(serverTime)]], 2],
    ['without a date', () => [], 1],
    ['with a date that is none', () => [['date', 'soon']], 1],
  ])('a date that is refused %s is an error, and the request has not run', async (_how, fieldsFor, times) => {
    const gateway = await createFakeGateway((inner) => ({
      status: 400,
      fields: [['veritee-refusal', 'date'], ...fieldsFor(inner)],
    }))
    const world = await createWorld({ transport: gateway.transport })
    const error = await refusalOf(world.send('/', post))
    const last = gateway.opened.at(-1) as Inner
    const there = fieldsFor(last)[0]?.[1] ?? 'which it does not say'
    expect(error.code).toBe('client-date')
    expect(error.message).toBe(
      `date of a request that the gateway did not execute: expected near the gateway's clock, ${there}, found ${last.fields.date}`,
    )
    expect(gateway.opened).toHaveLength(times)
  })

  test('a stream was read, and is not corrected', async () => {
    const gateway = await createFakeGateway(punctual)
    const world = await createWorld({ transport: gateway.transport })
    const { stream } = watchedStream(utf8('x'))
    const error = await refusalOf(world.send('/', { method: 'POST', body: stream, duplex: 'half' } as RequestInit))
    expect(error.code).toBe('client-date')
    expect(gateway.opened).toHaveLength(1)
  })

  test('a date and a key that is gone: each is mended once', async () => {
    const gateway = await createFakeGateway(punctual)
    const world = await createWorld({ transport: forging(gateway) })
    expect(await (await world.send('/')).text()).toBe('done')
    expect(gateway.opened).toHaveLength(3)
  })

  test('a request that was executed before is an error with a code of its own', async () => {
    const gateway = await createFakeGateway(() => ({ status: 409, fields: [['veritee-refusal', 'repeated']] }))
    const world = await createWorld({ transport: gateway.transport })
    const error = await refusalOf(world.send('/'))
    expect(error.code).toBe('client-repeated')
    expect(error.message).toBe(
      'the gateway has executed this very request before: it may have run already, and its answer is lost',
    )
    expect(gateway.opened).toHaveLength(1)
  })

  test('other refusals of the gateway are responses', async () => {
    const gateway = await createFakeGateway(() => ({ status: 503, fields: [['veritee-refusal', 'busy']] }))
    const world = await createWorld({ transport: gateway.transport })
    expect((await world.send('/')).status).toBe(503)
  })

  test.each(['date', 'repeated'])('%s outside the seal is a word of anyone: no code of its own', async (reason) => {
    const headers = { 'veritee-refusal': reason, date: dateAt(serverTime), 'content-type': 'application/problem+json' }
    const gateway = await createFakeGateway(() => new Response('{}', { status: 400, headers }))
    const world = await createWorld({ transport: gateway.transport })
    const error = await refusalOf(world.send('/'))
    expect(error.code).toBe('client-response')
    expect(error.message).toMatch(/^unauthenticated answer: expected 200 /)
    expect(gateway.opened).toHaveLength(1)
  })
})
