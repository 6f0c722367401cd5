/**
 * What belongs to one sealed request from its first byte to the last of its answer: who may still
 * read, whether the answer is still wanted, the slot that it takes and the spans that tell of it.
 * However it ends, it ends once, here.
 */
import { stopwatch } from '../core/record.ts'
import type { Outcome } from './answers.ts'
import { contextOf, type SpanContext, type StepSpan, type Telemetry } from './telemetry.ts'

export interface Exchange {
  /** Aborted when nothing of the request is to be read any more. */
  readonly reading: AbortSignal
  /** Aborted when the answer is not wanted any more, unless it was delivered. */
  readonly unwanted: AbortSignal
  /** The request is open: its own trace, if it names one, is the parent of what is seen here. */
  opened(parent: SpanContext | undefined): void
  /** The next step begins, and the one before is over. Returns its span. */
  step(name: 'handle' | 'respond'): SpanContext | undefined
  /** Keeps the slot until `work` is over, even if its answer is not wanted. */
  hold(work: Promise<unknown>): void
  /** Only the first call counts. */
  finish(outcome: Outcome): void
}

/**
 * @param client aborted when the client is gone; `undefined` in runtimes that do not say
 * @param release gives the slot back
 */
export function beginExchange(telemetry: Telemetry, client: AbortSignal | undefined, release: () => void): Exchange {
  const startedAt = stopwatch()
  const reading = new AbortController()
  const unwanted = new AbortController()
  let held: Promise<unknown> = Promise.resolve()
  let request: StepSpan | undefined
  let step: StepSpan | undefined
  let isFinished = false

  function finish(outcome: Outcome): void {
    if (isFinished) return
    isFinished = true
    client?.removeEventListener('abort', onDisconnect)
    if (outcome !== 'answered') unwanted.abort(new DOMException('the answer is not wanted any more', 'AbortError'))
    reading.abort()
    step?.end()
    request ??= telemetry.start('request', undefined, startedAt)
    request.end(outcome)
    telemetry.count('requests', outcome)
    void held.then(release, release)
  }

  function onDisconnect(): void {
    finish('aborted')
  }

  if (client?.aborted === true) onDisconnect()
  else client?.addEventListener('abort', onDisconnect)

  return {
    reading: reading.signal,
    unwanted: unwanted.signal,
    opened(parent) {
      request ??= telemetry.start('request', parent, startedAt)
      telemetry.start('open', contextOf(request), startedAt).end()
    },
    step(name) {
      step?.end()
      step = telemetry.start(name, request && contextOf(request))
      return contextOf(step)
    },
    hold(work) {
      held = work
    },
    finish,
  }
}
