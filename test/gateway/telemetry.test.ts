/**
 * Spans and counters: which there are, whose children they are, and that nothing of what was said
 * is in them.
 */
import { describe, expect, test } from 'vitest'
import type { GatewaySpan, GatewayTracer, SpanContext, SpanParent } from '../../src/gateway/index.ts'
import { createBench, question } from './bench.ts'

interface Recorded {
  readonly name: string
  readonly kind: number | undefined
  readonly parent: SpanContext | undefined
  readonly context: SpanContext
  readonly attributes: Record<string, string>
  status: number | undefined
  ended: number
}

// What `trace.getSpan` of @opentelemetry/api looks for.
const spanKey = Symbol.for('OpenTelemetry Context Key SPAN')

function createTracer(): { tracer: GatewayTracer; spans: Recorded[] } {
  const spans: Recorded[] = []
  const tracer = {
    startSpan(name: string, options?: { kind?: number }, parent?: SpanParent): GatewaySpan {
      const span = parent?.getValue(spanKey) as GatewaySpan | undefined
      const context = {
        traceId: span?.spanContext().traceId ?? 'f'.repeat(32),
        spanId: String(spans.length + 1).padStart(16, '0'),
        traceFlags: 1,
      }
      const recorded: Recorded = {
        name,
        kind: options?.kind,
        parent: span?.spanContext(),
        context,
        attributes: {},
        status: undefined,
        ended: 0,
      }
      spans.push(recorded)
      return {
        setAttribute: (key, value) => (recorded.attributes[key] = value),
        setStatus: ({ code }) => (recorded.status = code),
        end: () => {
          recorded.ended++
        },
        spanContext: () => context,
      }
    },
  }
  return { tracer, spans }
}

const traceId = '0af7651916cd43dd8448eb211c80319c'
const traceparent = ['traceparent', `00-${traceId}-b7ad6b7169203331-01`] as const

describe('spans', () => {
  test('continue the trace of the sealed request, one for each step', async () => {
    const { tracer, spans } = createTracer()
    let given: SpanContext | undefined
    const { ask } = createBench({
      tracer,
      handler: (_, { span }) => {
        given = span
        return new Response('hello')
      },
    })
    await (await ask({ headers: [traceparent] })).text()
    const [attest, request, open, handle, respond] = spans
    expect(spans.map(({ name }) => name.replace('veritee.gateway.', ''))).toEqual([
      'attest',
      'request',
      'open',
      'handle',
      'respond',
    ])
    expect(attest?.parent).toBeUndefined()
    expect(request?.parent).toEqual({ traceId, spanId: 'b7ad6b7169203331', traceFlags: 1, isRemote: true })
    expect(request?.kind).toBe(1)
    for (const step of [open, handle, respond]) expect(step?.parent).toEqual(request?.context)
    expect(given).toEqual(handle?.context)
    expect(spans.map(({ ended }) => ended)).toEqual([1, 1, 1, 1, 1])
    expect(request?.attributes).toEqual({ 'veritee.outcome': 'answered' })
    expect(request?.status).toBeUndefined()
  })

  test.each([
    ['none', []],
    ['one of another version', [['traceparent', `01-${traceId}-b7ad6b7169203331-01`]]],
    ['one without a trace', [['traceparent', `00-${'0'.repeat(32)}-b7ad6b7169203331-01`]]],
    ['one without a span', [['traceparent', `00-${traceId}-${'0'.repeat(16)}-01`]]],
    ['two', [traceparent, traceparent]],
  ] as const)('begin a trace when the request names %s', async (_, headers) => {
    const { tracer, spans } = createTracer()
    const { ask } = createBench({ tracer })
    await (await ask({ headers })).text()
    expect(spans.find(({ name }) => name === 'veritee.gateway.request')?.parent).toBeUndefined()
  })

  test('say how a request failed, and end', async () => {
    const { tracer, spans } = createTracer()
    const { send, gateway } = createBench({ tracer })
    await send({ isCut: true, method: 'GET' })
    await gateway(question('{'))
    const failed = spans.filter(({ status }) => status === 2)
    expect(failed.map(({ name, attributes }) => [name, attributes['veritee.outcome']])).toEqual([
      ['veritee.gateway.request', 'malformed'],
      ['veritee.gateway.attest', 'malformed'],
    ])
    expect(spans.every(({ ended }) => ended === 1)).toBe(true)
  })
})

test('nothing of what was said is in spans and counters', async () => {
  const { tracer, spans } = createTracer()
  const { ask, counted } = createBench({ tracer, handler: () => new Response('balance 77', { status: 418 }) })
  await (await ask({ path: '/card?4111', headers: [['authorization', 'Bearer 4111']], body: 'card 4111' })).text()
  const seen = JSON.stringify([spans, counted])
  for (const secret of ['4111', 'card', 'balance', '418', 'authorization', 'app.example'])
    expect(seen).not.toContain(secret)
})

test('a tracer or meter that throws changes nothing', async () => {
  const fail = (): never => {
    throw new Error('no exporter')
  }
  const broken = { setAttribute: fail, setStatus: fail, end: fail, spanContext: fail }
  const broke = [{ startSpan: fail }, { startSpan: () => broken }]
  for (const tracer of broke) {
    const { ask } = createBench({ tracer, meter: { createCounter: () => ({ add: fail }) } })
    expect(await (await ask({ body: 'hello' })).text()).toBe('hello')
  }
  expect(await (await createBench({ meter: { createCounter: fail } }).ask({ body: 'hello' })).text()).toBe('hello')
})

test('an onError that throws changes nothing', async () => {
  const fail = (): never => {
    throw new Error('no log')
  }
  expect((await createBench({ onError: fail, handler: fail }).ask()).status).toBe(500)
})
