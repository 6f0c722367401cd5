/**
 * Which session a client has, and what became of those before it.
 *
 * Where requests are isolated (Workers), calls share finished sessions and reasons, which are plain
 * data, and no promise, timer or signal: those end without a word with the request that made them.
 * There, each call attests for itself until the first session is there, and calls of the same turn,
 * which must belong to the same request, share one attestation. Elsewhere all calls share one.
 */
import { AttestationError, VerificationError } from '../core/errors.ts'
import { within } from './deadline.ts'
import { codeOf, type Observer, quietly } from './observe.ts'
import type { ClientEvent, ClientPolicy, ClientState } from './options.ts'
import type { Runtime } from './runtime.ts'
import type { Session } from './session.ts'

/** Why a session must not be used any more. */
export interface Ending {
  readonly reason: unknown
  /** No one refused anything: what has not left may be sealed anew for the next session. */
  readonly isHarmless: boolean
}

export interface Sessions {
  readonly state: () => ClientState
  /** The session that may be used now. */
  readonly live: () => Session | undefined
  /**
   * The same, after an attestation where there is none. Its failure is for all who wait for it, and
   * the next call tries anew.
   */
  readonly get: (signal: AbortSignal) => Promise<Session>
  /**
   * Attests whether there is a session or not; the one before is not used meanwhile, nor
   * afterwards.
   */
  readonly renew: () => Promise<Session>
  /**
   * To be asked right before a request leaves: why it must not, or `undefined`. Waits for an
   * attestation under way, to tell its refusal.
   */
  readonly endingOf: (session: Session) => Promise<Ending> | undefined
  /** Ends a session, if it is the one that is used. */
  readonly end: (session: Session, ending: Ending) => void
  /** What ends one exchange: the caller's signal, the end of this client, or its own end. */
  readonly begin: (signal?: AbortSignal) => AbortController
  /** @throws VerificationError `client-closed` */
  readonly requireOpen: () => void
  readonly subscribe: (listener: (event: ClientEvent) => void) => () => void
  /** Remembers a refusal; anything else is not one. */
  readonly note: (reason: unknown) => void
  /** The last one. */
  readonly refusal: () => AttestationError | undefined
  readonly close: () => void
}

export function createSessions(
  policy: ClientPolicy,
  runtime: Runtime,
  observer: Observer,
  attest: (signal: AbortSignal) => Promise<Session>,
): Sessions {
  const isIsolated = runtime.isolatesRequests === true
  const listeners = new Set(policy.onState && [policy.onState])
  const events: ClientEvent[] = []
  const endings = new WeakMap<Session, Ending>()
  /**
   * One for each exchange and attestation under way. Empty where requests are isolated: what ended
   * with its request would stay in here.
   */
  const open = new Set<AbortController>()
  let state: ClientState = 'idle'
  let current: Session | undefined
  let pending: Promise<Session> | undefined
  let closed: VerificationError | undefined
  let refusal: AttestationError | undefined

  function note(reason: unknown): void {
    if (reason instanceof AttestationError) refusal = reason
  }

  /** A listener may call the client: what that changes is told after this event, to all. */
  function enter(event: ClientEvent): void {
    if (state === 'closed') return
    ;({ state } = event)
    if (events.push(Object.freeze(event)) > 1) return
    for (let next; (next = events[0]) !== undefined; events.shift()) {
      const told = next
      for (const listener of [...listeners])
        quietly(() => {
          listener(told)
        })
    }
  }

  function requireOpen(): void {
    if (closed !== undefined) throw closed
  }

  function live(): Session | undefined {
    return current?.isLive() === true ? current : undefined
  }

  function begin(signal?: AbortSignal): AbortController {
    const end = new AbortController()
    const abort = (): void => {
      end.abort(signal?.reason)
    }
    if (closed !== undefined) end.abort(closed)
    else if (signal?.aborted === true) abort()
    else {
      if (!isIsolated) open.add(end)
      signal?.addEventListener('abort', abort)
      end.signal.addEventListener('abort', () => {
        open.delete(end)
        signal?.removeEventListener('abort', abort)
      })
    }
    return end
  }

  /** @param before the session that it takes the place of */
  async function attestNow(before: Session | undefined, isRenewal: boolean): Promise<Session> {
    const end = begin()
    try {
      const made = await observer.step('attest', () =>
        within(runtime, { milliseconds: policy.attestMs, signal: end.signal, what: 'the attestation' }, attest),
      )
      requireOpen()
      // Only where requests are isolated: another one was faster, and what is under way for its
      // session goes on.
      const other = live()
      if (other !== undefined && !isRenewal) return other
      current = made
      const { clockOffsetSeconds } = made.result
      if (clockOffsetSeconds !== undefined) observer.clockOffset(clockOffsetSeconds)
      enter({ state: 'verified', result: made.result })
      return made
    } catch (reason) {
      if (isRenewal || live() === undefined) {
        for (const session of [before, current]) if (session) endings.set(session, { reason, isHarmless: false })
        current = undefined
        // Listeners find it when they are told.
        note(reason)
        enter({ state: 'refused', code: codeOf(reason) })
      }
      throw reason
    } finally {
      end.abort()
    }
  }

  function start(isRenewal: boolean): Promise<Session> {
    const before = current
    current = undefined
    // Later, so that callers from within `onState` find it.
    const work = Promise.resolve().then(() => attestNow(before, isRenewal))
    const forget = (): void => {
      if (pending === work) pending = undefined
    }
    pending = work
    work.then(forget, forget)
    if (isIsolated) void Promise.resolve().then(forget)
    enter({ state: 'verifying' })
    return work
  }

  async function explain(session: Session): Promise<Ending> {
    if (current !== session) await pending?.catch(() => undefined)
    if (closed !== undefined) return { reason: closed, isHarmless: false }
    const known = endings.get(session)
    if (known !== undefined) return known
    const reason =
      current === session
        ? new VerificationError('client-expired', 'the session ended before the request left: nothing of it was sent')
        : new VerificationError(
            'client-superseded',
            'another session took over before the request left: nothing of it was sent',
          )
    return { reason, isHarmless: true }
  }

  return {
    state: () => state,
    live,
    get(signal) {
      signal.throwIfAborted()
      const session = live()
      return session === undefined ? unlessAborted(pending ?? start(false), signal) : Promise.resolve(session)
    },
    async renew() {
      requireOpen()
      return pending ?? start(true)
    },
    endingOf: (session) => (session === live() ? undefined : explain(session)),
    end(session, ending) {
      endings.set(session, ending)
      if (current === session) current = undefined
    },
    begin,
    requireOpen,
    note,
    refusal: () => refusal,
    subscribe(listener) {
      if (typeof listener !== 'function') throw new TypeError('listener must be a function')
      listeners.add(listener)
      return () => {
        listeners.delete(listener)
      }
    },
    close() {
      closed ??= new VerificationError('client-closed', 'this client was closed')
      current = undefined
      enter({ state: 'closed' })
      for (const end of open) end.abort(closed)
    },
  }
}

/** What `work` comes to, unless the signal is aborted before. */
async function unlessAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  let stop = (): void => undefined
  const aborted = new Promise<never>((_, reject) => {
    const abort = (): void => {
      // eslint-disable-next-line @typescript-eslint/prefer-promise-reject-errors -- callers abort with whatever reason they like
      reject(signal.reason)
    }
    signal.addEventListener('abort', abort)
    stop = () => {
      signal.removeEventListener('abort', abort)
    }
  })
  try {
    return await Promise.race([work, aborted])
  } finally {
    stop()
  }
}
