/**
 * A service worker and its page without a browser: the scope, registration and container are the
 * test's own, and messages go from one to the other.
 */
import type { GateNews } from '../../src/gate/answer.ts'
import type { PageWorld, Registration, ServiceWorkers, Worker, WorkerEvent } from '../../src/gate/install.ts'
import { createGate, type GateOptions, type GateRequestEvent, type GateScope } from '../../src/gate/worker.ts'
import { origin, startedAt, type World } from '../client/world.ts'

export const name = 'https://payments.invalid'
export const pageOrigin = 'https://shop.example'
export const day = 86_400_000

export interface Gated {
  /** What the page gets; `undefined` when the gate leaves the request to the network. */
  ask(request: Request): Promise<Response> | undefined
  /** A message of a page, and what the worker answers it. */
  say(data: unknown): Promise<unknown[]>
  /** What it did by itself: skipWaiting, claim. */
  readonly did: string[]
  /** What it told every page. */
  readonly told: GateNews[]
  /** The worker's clock. */
  readonly clock: { now: number }
}

export function optionsFor(world: World, other: Partial<GateOptions> = {}): GateOptions {
  return { name, origin, send: world.send, policyVersion: 7, expiresAt: new Date(startedAt + day), ...other }
}

export function gated(world: World, other: Partial<GateOptions> = {}): Gated {
  const listeners = new Map<string, (event: GateRequestEvent) => void>()
  const did: string[] = []
  const told: GateNews[] = []
  const clock = { now: startedAt }
  const scope: GateScope = {
    addEventListener: (type: string, listener: (event: GateRequestEvent) => void) => void listeners.set(type, listener),
    skipWaiting: () => Promise.resolve(void did.push('skipWaiting')),
    location: { origin: pageOrigin },
    clients: {
      claim: () => Promise.resolve(void did.push('claim')),
      matchAll: () =>
        Promise.resolve([
          {
            postMessage: (message: unknown) =>
              void told.push((message as { 'veritee-gate': GateNews })['veritee-gate']),
          },
        ]),
    },
  }
  createGate(scope, optionsFor(world, other), { now: () => clock.now })
  const fire = (type: string, event: Partial<GateRequestEvent>): void =>
    listeners.get(type)?.(event as GateRequestEvent)
  for (const type of ['install', 'activate']) fire(type, { waitUntil: (work) => void work })
  return {
    did,
    told,
    clock,
    ask(request) {
      let answer: Promise<Response> | undefined
      fire('fetch', { request, respondWith: (response) => void (answer = response) })
      return answer
    },
    async say(data) {
      const answers: unknown[] = []
      const work: Promise<unknown>[] = []
      fire('message', {
        data,
        source: { postMessage: (message) => void answers.push(message) },
        waitUntil: (one) => void work.push(one),
      })
      await Promise.all(work)
      return answers
    },
  }
}

/** A worker as a page sees it; it answers `news` when it is asked. */
export interface FakeWorker extends Worker {
  state: string
  readonly asked: unknown[]
  listeners: ((event: WorkerEvent) => void)[]
}

export function fakeWorker(state: string, answer: (worker: FakeWorker) => void = () => undefined): FakeWorker {
  const worker: FakeWorker = {
    state,
    asked: [],
    listeners: [],
    postMessage(message) {
      worker.asked.push(message)
      answer(worker)
    },
    addEventListener: (_type, listener) => void worker.listeners.push(listener),
  }
  return worker
}

/** A page, with what happens to it in the hands of a test. */
export class FakePage implements PageWorld {
  readonly href = `${pageOrigin}/app/index.html`
  registered: readonly [script: unknown, options: object] | undefined
  timers: { readonly milliseconds: number; readonly act: () => void }[] = []
  readonly registration: { -readonly [Key in keyof Registration]: Registration[Key] } = {
    scope: `${pageOrigin}/app/`,
    installing: null,
    waiting: null,
    active: null,
    update: () => Promise.resolve(undefined),
  }
  readonly listeners: {
    readonly type: string
    readonly listener: (event: WorkerEvent) => void
    readonly signal: AbortSignal
  }[] = []
  readonly workers: { -readonly [Key in keyof ServiceWorkers]: ServiceWorkers[Key] } = {
    register: (script, options) => {
      this.registered = [script, options]
      return Promise.resolve(this.registration)
    },
    controller: null,
    startMessages: () => undefined,
    addEventListener: (type, listener, { signal }) => void this.listeners.push({ type, listener, signal }),
  }
  readonly after = (milliseconds: number, act: () => void): (() => void) => {
    const timer = { milliseconds, act }
    this.timers.push(timer)
    return () => {
      this.timers = this.timers.filter((one) => one !== timer)
    }
  }

  /** Calls who listens to the container. */
  fire(type: string, event: WorkerEvent = {}): void {
    for (const one of [...this.listeners]) if (one.type === type && !one.signal.aborted) one.listener(event)
  }

  /** Calls who listens to a worker's state. */
  change(worker: FakeWorker, state: string): void {
    worker.state = state
    for (const listener of [...worker.listeners]) listener({})
  }

  /** A worker that answers with `news`. */
  worker(state: string, news: Partial<GateNews> = {}): FakeWorker {
    return fakeWorker(state, (worker) => {
      const said = { of: 'session', state: 'idle', code: undefined, policyVersion: 7, name, ...news }
      this.fire('message', { data: { 'veritee-gate': said }, source: worker })
    })
  }
}
