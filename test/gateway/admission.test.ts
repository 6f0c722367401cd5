/**
 * H06: a request that was withheld dies, and one that was sent again under another key runs once.
 * Both clocks are moved by hand.
 */
import { describe, expect, test } from 'vitest'
import { createAdmission } from '../../src/gateway/admission.ts'
import type { GatewayOptions } from '../../src/gateway/index.ts'
import { type GatewayPolicy, readGatewayOptions } from '../../src/gateway/options.ts'
import { attestNothing, type Bench, createBench, echo, origin } from './bench.ts'
import { createFakeClock, type FakeClock } from './fake-clock.ts'
import { type Envelope, type Opened, openResponse } from './sealing-client.ts'

const minute = 60_000
const hour = 60 * minute
const name = (seed = 0): string => Buffer.alloc(16, seed).toString('base64url')
const dateAt = (milliseconds: number): string => new Date(milliseconds).toUTCString()

type Field = readonly [string, string]

/** A bench whose app counts what reaches it. */
function countingBench(options: Partial<GatewayOptions> = {}): Bench & { readonly calls: string[] } {
  const calls: string[] = []
  const bench = createBench({
    handler: async (request) => {
      const body = await request.text()
      calls.push(`${request.method} ${body}`)
      return new Response(body)
    },
    ...options,
  })
  return { ...bench, calls }
}

async function told({ status, headers, text }: Opened): Promise<unknown> {
  const fields = Object.fromEntries(headers)
  return {
    status,
    type: fields['content-type'],
    refusal: fields['veritee-refusal'],
    date: fields.date,
    text: await text(),
  }
}

const wrongDate = (now: number): unknown => ({
  status: 400,
  type: 'application/problem+json',
  refusal: 'date',
  date: dateAt(now),
  text: '{"type":"https://iana.org/assignments/http-problem-types#date","title":"date field in request outside of acceptable range"}',
})
const repeated = {
  status: 409,
  type: 'application/problem+json',
  refusal: 'repeated',
  date: undefined,
  text: '{"type":"about:blank","title":"a request with this veritee-request-id was executed before"}',
}
const malformed = {
  status: 400,
  type: 'text/plain; charset=utf-8',
  refusal: 'malformed',
  date: undefined,
  text: 'The request is malformed.',
}
const busy = {
  status: 503,
  type: 'text/plain; charset=utf-8',
  refusal: 'busy',
  date: undefined,
  text: 'Too many requests at once.',
}

describe.each([
  ['in chunks', true],
  ['in one piece', false],
] as const)('H06 a dated request %s', (_, chunked) => {
  const dated = (clock: FakeClock, offset = 0): Field => ['date', dateAt(clock.wall() + offset)]

  test.each([0, 119_000, 120_000, -119_000, -120_000])('that is %d ms from now runs', async (offset) => {
    const { ask, calls, clock } = countingBench()
    expect((await ask({ chunked, headers: [dated(clock, offset)], body: 'pay' })).status).toBe(200)
    expect(calls).toEqual(['POST pay'])
  })

  test.each([121_000, -121_000, hour, -hour, -400 * 24 * hour])('that is %d ms from now does not', async (offset) => {
    const { ask, calls, clock, counted } = countingBench()
    const opened = await ask({ chunked, headers: [dated(clock, offset)], body: 'pay' })
    expect(await told(opened)).toEqual(wrongDate(clock.wall()))
    expect(calls).toEqual([])
    expect(counted.at(-1)).toBe('requests date')
  })

  test('that was withheld does not run, though its key lives and it was never seen', async () => {
    const { seal, gateway, calls, clock } = countingBench()
    const sent = await seal({ chunked, headers: [dated(clock), ['veritee-request-id', name()]], body: 'pay' })
    clock.advance(2 * minute + 1)
    expect(await told(await openResponse(sent, await gateway(sent.request)))).toEqual(wrongDate(clock.wall()))
    expect(calls).toEqual([])
  })

  test('runs within the window that the operator chose', async () => {
    const { ask, calls, clock } = countingBench({ limits: { requestAgeSeconds: 10 } })
    expect((await ask({ chunked, headers: [dated(clock, -10_000)] })).status).toBe(200)
    expect((await ask({ chunked, headers: [dated(clock, -11_000)] })).status).toBe(400)
    expect((await ask({ chunked, headers: [dated(clock, 11_000)] })).status).toBe(400)
    expect(calls).toHaveLength(1)
  })

  test('that was corrected by the date of the refusal runs, under the same name', async () => {
    const { ask, calls, clock } = countingBench()
    const id: Field = ['veritee-request-id', name()]
    const refused = await ask({ chunked, headers: [dated(clock, hour), id], body: 'pay' })
    const { date } = Object.fromEntries(refused.headers)
    expect((await ask({ chunked, headers: [['date', String(date)], id], body: 'pay' })).status).toBe(200)
    expect(calls).toEqual(['POST pay'])
  })

  test('reaches the app with its date and without its name', async () => {
    let seen: Headers | undefined
    const { ask, clock } = createBench({
      handler: (request) => {
        seen = request.headers
        return new Response()
      },
    })
    await ask({ chunked, headers: [dated(clock), ['veritee-request-id', name()]] })
    expect([seen?.get('date'), seen?.has('veritee-request-id')]).toEqual([dated(clock)[1], false])
  })
})

describe('H06 a request without a date', () => {
  test('runs whenever it comes', async () => {
    const { seal, gateway, clock } = countingBench()
    const sent = await seal()
    clock.advance(hour)
    expect((await openResponse(sent, await gateway(sent.request))).status).toBe(200)
  })

  test.each<[string, readonly Field[]]>([
    ['nothing', []],
    ['a name', [['veritee-request-id', name()]]],
  ])('and with %s does not where dates are required', async (_, headers) => {
    const { ask, calls, clock } = countingBench({ limits: { requireDated: true } })
    expect(await told(await ask({ headers }))).toEqual(wrongDate(clock.wall()))
    expect(calls).toEqual([])
    expect((await ask({ headers: [...headers, ['date', dateAt(clock.wall())]] })).status).toBe(200)
  })
})

describe('H06 a date or name that is none', () => {
  test.each<[string, readonly Field[]]>([
    ['no date', [['date', 'now']]],
    ['an empty date', [['date', '']]],
    ['what JavaScript writes for no date', [['date', 'Invalid Date']]],
    ['a number', [['date', '1780272000000']]],
    ['a date of ISO 8601', [['date', '2026-06-01T00:00:00Z']]],
    ['an obsolete form, RFC 850', [['date', 'Monday, 01-Jun-26 00:00:00 GMT']]],
    ['an obsolete form, asctime', [['date', 'Mon Jun  1 00:00:00 2026']]],
    ['another zone', [['date', 'Mon, 01 Jun 2026 00:00:00 +0000']]],
    ['another day of the week', [['date', 'Tue, 01 Jun 2026 00:00:00 GMT']]],
    ['a day without its zero', [['date', 'Mon, 1 Jun 2026 00:00:00 GMT']]],
    ['the 31st of June', [['date', 'Wed, 31 Jun 2026 00:00:00 GMT']]],
    [
      'two dates',
      [
        ['date', 'Mon, 01 Jun 2026 00:00:00 GMT'],
        ['date', 'Mon, 01 Jun 2026 00:00:00 GMT'],
      ],
    ],
    ['an empty name', [['veritee-request-id', '']]],
    ['a short name', [['veritee-request-id', name().slice(1)]]],
    ['a long name', [['veritee-request-id', `${name()}A`]]],
    ['a name of other bits in its last character', [['veritee-request-id', `${name().slice(0, -1)}B`]]],
    ['a name in the other alphabet', [['veritee-request-id', `+/${name().slice(2)}`]]],
    ['a name with padding', [['veritee-request-id', `${name()}==`]]],
    [
      'two names',
      [
        ['veritee-request-id', name(1)],
        ['veritee-request-id', name(2)],
      ],
    ],
  ])('%s is malformed', async (_, headers) => {
    const { ask, calls, clock } = countingBench()
    const date: Field = ['date', dateAt(clock.wall())]
    const others = headers.some(([field]) => field === 'date') ? [] : [date]
    expect(await told(await ask({ headers: [...others, ...headers] }))).toEqual(malformed)
    expect(calls).toEqual([])
  })
})

describe('H06 a name runs once', () => {
  const keys = { rotateEverySeconds: 60, overlapSeconds: 3600 }

  /** One request, sealed for the key of now. */
  const envelope = (clock: FakeClock, change: Envelope = {}): Envelope => ({
    headers: [
      ['date', dateAt(clock.wall())],
      ['veritee-request-id', name()],
    ],
    body: 'pay',
    ...change,
  })

  test('under another key, with a date of its own', async () => {
    const { ask, keyConfig, calls, clock, counted } = countingBench({ keys })
    const first = await keyConfig()
    expect((await ask(envelope(clock, { keyConfig: first }))).status).toBe(200)
    clock.advance(minute)
    const second = await keyConfig()
    expect(second).not.toEqual(first)
    for (const keyOf of [second, first])
      expect(await told(await ask(envelope(clock, { keyConfig: keyOf })))).toEqual(repeated)
    expect(counted.at(-1)).toBe('requests repeated')
    expect(calls).toEqual(['POST pay'])
  })

  test('when the first copy comes after the second', async () => {
    const { seal, gateway, ask, keyConfig, calls, clock } = countingBench({ keys })
    const withheld = await seal(envelope(clock, { keyConfig: await keyConfig() }))
    clock.advance(minute)
    expect((await ask(envelope(clock, { keyConfig: await keyConfig() }))).status).toBe(200)
    expect(await told(await openResponse(withheld, await gateway(withheld.request)))).toEqual(repeated)
    expect(calls).toEqual(['POST pay'])
  })

  test('when a copy that was made later is withheld until the window of the first has passed', async () => {
    const { seal, gateway, ask, keyConfig, calls, clock } = countingBench({ keys })
    const key = await keyConfig()
    expect((await ask(envelope(clock, { keyConfig: key }))).status).toBe(200)
    clock.advance(119_000)
    const withheld = await seal(envelope(clock, { keyConfig: key }))
    for (const step of [60_000, 59_000]) {
      clock.advance(step)
      // Others come meanwhile, so that whatever is old is forgotten.
      const other: readonly Field[] = [
        ['date', dateAt(clock.wall())],
        ['veritee-request-id', name(step % 251)],
      ]
      await ask({ keyConfig: key, headers: other })
    }
    expect(await told(await openResponse(withheld, await gateway(withheld.request)))).toEqual(repeated)
    expect(calls.filter((call) => call === 'POST pay')).toHaveLength(1)
  })

  test('says so before it looks at the date: a client takes a wrong date for "has not run"', async () => {
    const { seal, gateway, ask, keyConfig, clock } = countingBench({ keys })
    const key = await keyConfig()
    const copy = await seal(envelope(clock, { keyConfig: key }))
    await ask(envelope(clock, { keyConfig: key }))
    clock.advance(2 * minute + 1)
    expect(await told(await openResponse(copy, await gateway(copy.request)))).toEqual(repeated)
  })

  test('of copies that come at the same time', async () => {
    const { ask, keyConfig, calls, clock } = countingBench({ keys })
    const key = await keyConfig()
    const all = await Promise.all(Array.from({ length: 8 }, () => ask(envelope(clock, { keyConfig: key }))))
    expect(all.map(({ status }) => status).sort()).toEqual([200, ...Array<number>(7).fill(409)])
    expect(calls).toEqual(['POST pay'])
  })

  test('and is not used up by a request that did not run', async () => {
    const { ask, send, keyConfig, calls, clock } = countingBench({ keys })
    const key = await keyConfig()
    const refused: readonly Envelope[] = [
      { authority: 'evil.example' },
      { path: '*', method: 'OPTIONS' },
      { method: 'GET', body: 'x' },
    ]
    for (const change of refused) await ask(envelope(clock, { keyConfig: key, ...change }))
    await send(envelope(clock, { keyConfig: key, method: 'GET', body: '', isCut: true }))
    await send(envelope(clock, { keyConfig: key, signal: AbortSignal.abort() }))
    expect(calls).toEqual([])
    expect((await ask(envelope(clock, { keyConfig: key }))).status).toBe(200)
    expect(calls).toEqual(['POST pay'])
  })

  test('nor by one whose client is gone when the app would be asked', async () => {
    const disconnect = new AbortController()
    const span = {
      setAttribute: () => 0,
      setStatus: () => 0,
      end: () => undefined,
      spanContext: () => undefined as never,
    }
    const tracer = {
      startSpan: (step: string) => {
        if (step === 'veritee.gateway.handle') disconnect.abort()
        return span
      },
    }
    const { ask, gateway, seal, keyConfig, calls, clock, counted } = countingBench({ keys, tracer })
    const key = await keyConfig()
    await gateway((await seal(envelope(clock, { keyConfig: key, signal: disconnect.signal }))).request)
    expect([calls, counted.at(-1)]).toEqual([[], 'requests aborted'])
    expect((await ask(envelope(clock, { keyConfig: key }))).status).toBe(200)
    expect(calls).toEqual(['POST pay'])
  })

  test('but the same bytes are still refused in the clear', async () => {
    const { seal, gateway, clock } = countingBench({ keys })
    const { request } = await seal(envelope(clock))
    const replay = request.clone()
    await gateway(request)
    const response = await gateway(replay)
    expect([response.status, await response.text()]).toEqual([400, 'The request was refused.'])
  })

  test('without a date, for as long as a key lives that can open a copy', async () => {
    const { seal, gateway, ask, keyConfig, clock, calls } = countingBench({
      keys: { rotateEverySeconds: 3600, overlapSeconds: 3600 },
    })
    const undated: Envelope = { headers: [['veritee-request-id', name()]], body: 'pay' }
    const first = await keyConfig()
    const withheld = await seal({ ...undated, keyConfig: first })
    expect((await ask({ ...undated, keyConfig: first })).status).toBe(200)
    clock.advance(hour)
    expect(await told(await ask({ ...undated, keyConfig: await keyConfig() }))).toEqual(repeated)
    clock.advance(hour - 1)
    expect(await told(await openResponse(withheld, await gateway(withheld.request)))).toEqual(repeated)
    // The key is gone, and with it every copy.
    const late = await seal({ ...undated, keyConfig: first })
    clock.advance(1)
    expect((await gateway(late.request)).status).toBe(422)
    expect(calls).toEqual(['POST pay'])
  })
})

describe('H06 the memory of names', () => {
  const dated = (clock: FakeClock, seed: number): Envelope => ({
    headers: [
      ['date', dateAt(clock.wall())],
      ['veritee-request-id', name(seed)],
    ],
  })

  test('that is full refuses dated requests rather than forget, until the windows have passed', async () => {
    const { ask, keyConfig, clock, counted } = countingBench({ limits: { requestIds: 2 } })
    const key = { keyConfig: await keyConfig() }
    for (const seed of [1, 2]) expect((await ask({ ...key, ...dated(clock, seed) })).status).toBe(200)
    const full = await ask({ ...key, ...dated(clock, 3) })
    expect(Object.fromEntries(full.headers)['retry-after']).toBe('1')
    expect(await told(full)).toEqual(busy)
    expect(counted.at(-1)).toBe('requests busy')
    // What it knows, it knows; and requests without a name, or without a date, need no room.
    expect(await told(await ask({ ...key, ...dated(clock, 1) }))).toEqual(repeated)
    expect((await ask({ ...key, headers: [['date', dateAt(clock.wall())]] })).status).toBe(200)
    expect((await ask({ ...key, headers: [['veritee-request-id', name(4)]] })).status).toBe(200)
    clock.advance(4 * minute)
    expect((await ask({ ...key, ...dated(clock, 3) })).status).toBe(503)
    clock.advance(1000)
    expect((await ask({ ...key, ...dated(clock, 3) })).status).toBe(200)
  })

  test('is not reopened by a clock that is set back', async () => {
    const { seal, gateway, ask, keyConfig, clock, calls } = countingBench({ limits: { requestIds: 1 } })
    const key = { keyConfig: await keyConfig() }
    const noon = clock.wall()
    const copy = await seal({ ...key, ...dated(clock, 1), body: 'pay' })
    await ask({ ...key, ...dated(clock, 1), body: 'pay' })
    clock.advance(4 * minute + 1000)
    // This one takes the place of the first, which is forgotten.
    expect((await ask({ ...key, ...dated(clock, 2), body: 'other' })).status).toBe(200)
    clock.setWall(noon)
    expect(await told(await openResponse(copy, await gateway(copy.request)))).toEqual(wrongDate(noon))
    expect(calls).toEqual(['POST pay', 'POST other'])
  })

  test('is not emptied by a clock that is set forward, and requests are answered again when it is right', async () => {
    const { ask, keyConfig, clock, calls } = countingBench()
    const key = { keyConfig: await keyConfig() }
    const noon = clock.wall()
    await ask({ ...key, ...dated(clock, 1), body: 'pay' })
    const copy = dated(clock, 1)
    clock.setWall(noon + 1000 * 24 * hour)
    await ask({ ...key, ...dated(clock, 2), body: 'other' })
    clock.setWall(noon + 1000)
    expect((await ask({ ...key, ...copy, body: 'pay' })).status).toBe(400)
    expect((await ask({ ...key, ...dated(clock, 3), body: 'next' })).status).toBe(200)
    expect(calls).toEqual(['POST pay', 'POST other', 'POST next'])
  })

  test('accepts nothing when the clock says nothing', async () => {
    const clock = { ...createFakeClock(), wall: () => NaN }
    const { ask, calls } = countingBench({ clock })
    const opened = await ask({ headers: [['date', dateAt(Date.parse('2026-06-01T00:00:00Z'))]] })
    expect(opened.status).toBe(400)
    expect(calls).toEqual([])
  })

  test('stays within its bound, whatever comes, and no name runs twice', () => {
    const clock = createFakeClock()
    const policy: GatewayPolicy = readGatewayOptions({
      origins: origin,
      attest: attestNothing,
      handler: echo,
      clock,
      limits: { requestIds: 500, requestAgeSeconds: 10 },
    })
    const undated = new Set<string>()
    const admit = createAdmission(policy, {
      names: { has: (id) => undated.has(id), add: (id) => void undated.add(id) },
    })
    const ran = new Map<string, number>()
    const outcomes: Record<string, number> = {}
    let seed = 1
    const random = (below: number): number => (seed = (seed * 48_271) % 2_147_483_647) % below
    for (let i = 0; i < 50_000; i++) {
      clock.advance(random(20))
      const date = clock.wall() + random(24_000) - 12_000
      const id = String(random(2) === 0 ? i : Math.max(0, i - random(1000)))
      const outcome = admit({ date, id }) ?? 'ran'
      outcomes[outcome] = (outcomes[outcome] ?? 0) + 1
      if (outcome !== 'ran') continue
      // A name may come again only after every copy from a window before is dead.
      expect(clock.wall() - (ran.get(id) ?? -Infinity)).toBeGreaterThan(10_000)
      ran.set(id, clock.wall())
    }
    for (const kind of ['ran', 'repeated', 'date', 'busy']) expect(outcomes[kind]).toBeGreaterThan(500)
  })
})

describe('H06 only the gateway says that it refused', () => {
  test('the field is taken out of what the app answers', async () => {
    const { ask } = createBench({
      handler: () => new Response('', { headers: { 'veritee-refusal': 'date', 'x-a': 'b' } }),
    })
    const { headers } = await ask()
    expect(headers.filter(([field]) => field === 'veritee-refusal' || field === 'x-a')).toEqual([['x-a', 'b']])
  })

  test.each<[string, Envelope, Partial<GatewayOptions>]>([
    ['misdirected', { authority: 'evil.example' }, {}],
    ['malformed', { method: 'GET', body: 'x' }, {}],
    ['head-too-large', { headers: [['x-a', 'v'.repeat(2000)]] }, { limits: { headBytes: 1000 } }],
    ['too-large', { body: 'x'.repeat(40_001) }, { limits: { requestBytes: 40_000 } }],
    ['handler-failed', {}, { handler: () => Promise.reject(new Error()) }],
    [
      'response-too-large',
      { chunked: false },
      { handler: () => new Response('x'.repeat(2000)), limits: { unchunkedBytes: 1000 } },
    ],
  ])('and it says %s', async (reason, envelope, options) => {
    const { ask } = countingBench(options)
    const opened = await ask(envelope)
    expect(opened.headers).toContainEqual(['veritee-refusal', reason])
  })
})
