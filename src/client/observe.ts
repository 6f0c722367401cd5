/**
 * What operators see of a client: spans per step of a session, refusals by code, and how far the
 * enclave's clock is off. Nothing of a request or of a key gets in here: no address, no header, no
 * size, no nonce. What a tracer throws has no effect.
 */
/** A span, as `@opentelemetry/api` has it. */
export interface ClientSpan {
  setAttribute(name: string, value: string | number): unknown
  setStatus(status: { code: number }): unknown
  end(): void
  spanContext(): { readonly traceId: string; readonly spanId: string; readonly traceFlags: number }
}

/** A tracer, as `@opentelemetry/api` has it. */
export interface ClientTracer {
  startSpan(name: string, options?: { kind?: number }): ClientSpan
}

/** A meter, as `@opentelemetry/api` has it. */
export interface ClientMeter {
  createCounter(
    name: string,
    options?: { description?: string },
  ): { add(value: number, attributes?: { readonly code: string }): void }
  createGauge?(name: string, options?: { description?: string; unit?: string }): { record(value: number): void }
}

/** The steps of a session. */
export type Step = 'attest' | 'request'

export interface Observer {
  /** Runs a step in a span. `traceparent` is what the sealed request carries. */
  step<T>(name: Step, body: (traceparent: string | undefined) => Promise<T>): Promise<T>
  clockOffset(seconds: number): void
}

const client = 3
const failed = 2

export function observe(tracer: ClientTracer | undefined, meter: ClientMeter | undefined): Observer {
  const refusals = quietly(() =>
    meter?.createCounter('veritee.client.refusals', { description: 'What was not sent, or not believed, by code' }),
  )
  const offset = quietly(() =>
    meter?.createGauge?.('veritee.client.clock_offset', {
      description: 'How far the clock of the enclave is ahead',
      unit: 's',
    }),
  )
  return {
    async step(name, body) {
      const span = quietly(() => tracer?.startSpan(`veritee.client.${name}`, { kind: client }))
      try {
        return await body(quietly(() => traceparent(span)))
      } catch (error) {
        const code = codeOf(error)
        quietly(() => {
          refusals?.add(1, { code })
        })
        quietly(() => {
          span?.setAttribute('veritee.code', code)
          span?.setStatus({ code: failed })
        })
        throw error
      } finally {
        quietly(() => {
          span?.end()
        })
      }
    },
    clockOffset(seconds) {
      quietly(() => {
        offset?.record(seconds)
      })
    },
  }
}

/**
 * What may be said of an error: its code where it is one of this library, of whatever copy of it
 * (two scripts on a page have classes of their own); the name of others; `aborted` for what is no
 * error. Nothing else: callers abort with what they like.
 */
export function codeOf(error: unknown): string {
  const { name, code } = quietly(() => ({ name: textOf(error, 'name'), code: textOf(error, 'code') })) ?? {}
  if (name === undefined) return 'aborted'
  return isOurs.test(name) && code !== undefined ? code : name
}

const isOurs = /^(?:Verification|Appraisal)Error$/

/** A member that is a short word. */
function textOf(error: unknown, member: 'name' | 'code'): string | undefined {
  const { [member]: value } = Object(error) as Record<string, unknown>
  return typeof value === 'string' && /^[A-Za-z][\w-]{0,63}$/.test(value) ? value : undefined
}

/** W3C Trace Context section 3.2. */
function traceparent(span: ClientSpan | undefined): string | undefined {
  if (span === undefined) return undefined
  const { traceId, spanId, traceFlags } = span.spanContext()
  const text = `00-${traceId}-${spanId}-${(traceFlags + 256).toString(16).slice(1)}`
  return /^00-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$/.test(text) ? text : undefined
}

/** A watcher must not be able to break what is watched. */
export function quietly<T>(act: () => T): T | undefined {
  try {
    return act()
  } catch {
    return undefined
  }
}
