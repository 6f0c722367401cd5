/**
 * What operators see: spans and counters, for `@opentelemetry/api` or anything of its shape.
 * Nothing of a request gets in here but how it ended: no address, no header, no size, no key, no
 * nonce. What a tracer throws has no effect.
 */
import type { Outcome } from './answers.ts'

/** A span, as `@opentelemetry/api` has it. */
export interface GatewaySpan {
  setAttribute(name: string, value: string): unknown
  setStatus(status: { code: number }): unknown
  end(): void
  spanContext(): SpanContext
}

/** What `traceparent` says of a span (W3C Trace Context). */
export interface SpanContext {
  readonly traceId: string
  readonly spanId: string
  readonly traceFlags: number
  readonly isRemote?: boolean | undefined
}

/**
 * What a span is started within. `@opentelemetry/api` calls it a context; this one holds the parent
 * span and nothing else.
 */
export interface SpanParent {
  getValue(key: symbol): unknown
  setValue(key: symbol, value: unknown): SpanParent
  deleteValue(key: symbol): SpanParent
}

/** A tracer, as `@opentelemetry/api` has it. */
export interface GatewayTracer {
  startSpan(name: string, options?: { kind?: number; startTime?: number }, parent?: SpanParent): GatewaySpan
}

/** A meter, as `@opentelemetry/api` has it. */
export interface GatewayMeter {
  createCounter(
    name: string,
    options?: { description?: string },
  ): { add(value: number, attributes?: { readonly outcome: string }): void }
}

/** The part of an exchange that a span covers. */
export type Step = 'attest' | 'request' | 'open' | 'handle' | 'respond'

/** A step that has begun. */
export interface StepSpan {
  readonly span: GatewaySpan | undefined
  /** Ends it, once. */
  end(outcome?: Outcome): void
}

/** What the gateway reports to. */
export interface Telemetry {
  /** @param startedAt when the step began, on the clock of `performance.now()`; default now */
  start(step: Step, parent?: SpanContext, startedAt?: number): StepSpan
  count(counter: Counter, outcome: Outcome): void
}

/** What is counted. */
export type Counter = keyof typeof counters

const counters = {
  attestations: 'Requests for evidence, by how they ended',
  requests: 'Sealed requests, by how they ended',
  rotations: 'Keys that were made',
} as const

const server = 1
const error = 2
// The key of the parent in a context: `createContextKey` of `@opentelemetry/api` is `Symbol.for`,
// so that its versions understand each other.
const spanKey = /* @__PURE__ */ Symbol.for('OpenTelemetry Context Key SPAN')

export function createTelemetry(tracer: GatewayTracer | undefined, meter: GatewayMeter | undefined): Telemetry {
  const made = quietly(() =>
    Object.entries(counters).map(
      ([name, description]) => [name, meter?.createCounter(`veritee.gateway.${name}`, { description })] as const,
    ),
  )
  const byName = new Map(made)
  return {
    start(step, parent, startedAt) {
      const span = quietly(() =>
        tracer?.startSpan(
          `veritee.gateway.${step}`,
          {
            ...((step === 'attest' || step === 'request') && { kind: server }),
            ...(startedAt !== undefined && { startTime: startedAt }),
          },
          parent && parentOf(parent),
        ),
      )
      let isOpen = true
      return {
        span,
        end(outcome) {
          if (!isOpen) return
          isOpen = false
          quietly(() => {
            if (outcome !== undefined) span?.setAttribute('veritee.outcome', outcome)
            if (outcome !== undefined && outcome !== 'answered') span?.setStatus({ code: error })
            span?.end()
          })
        },
      }
    },
    count(counter, outcome) {
      quietly(() => byName.get(counter)?.add(1, { outcome }))
    },
  }
}

/** The context of a span. */
export function contextOf({ span }: StepSpan): SpanContext | undefined {
  return quietly(() => span?.spanContext())
}

/**
 * The caller's span, by its header; `undefined` when there is none, or no valid one (W3C Trace
 * Context section 3.2).
 */
export function parseTraceparent(header: string | null): SpanContext | undefined {
  const [, traceId, spanId, flags] = /^00-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})$/.exec(header ?? '') ?? []
  if (traceId === undefined || spanId === undefined || flags === undefined) return undefined
  if (/^0+$/.test(traceId) || /^0+$/.test(spanId)) return undefined
  return { traceId, spanId, traceFlags: parseInt(flags, 16), isRemote: true }
}

function parentOf(context: SpanContext): SpanParent {
  const parent: SpanParent = {
    getValue: (key) => (key === spanKey ? { spanContext: () => context } : undefined),
    setValue: () => parent,
    deleteValue: () => parent,
  }
  return parent
}

/** An observer must not be able to break what it observes. */
function quietly<T>(act: () => T): T | undefined {
  try {
    return act()
  } catch {
    return undefined
  }
}
