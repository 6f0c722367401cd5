/**
 * `fetch` to an enclave that is proven first. There is no way through here without an attested session: no option, no fallback, no second path.
 */
import type { HeaderField } from '../channel/binary-http.ts'
import { VerificationError } from '../core/errors.ts'
import type { AttestationResult } from '../core/result.ts'
import { within } from './deadline.ts'
import { exchange } from './exchange.ts'
import { codeOf, observe, quietly } from './observe.ts'
import { type AttestedFetchOptions, type ClientEvent, type ClientState, readOptions } from './options.ts'
import { type OutgoingRequest, readRequest } from './request.ts'
import { platform, type Runtime } from './runtime.ts'
import { createAttester, type Session } from './session.ts'

/** A function shaped like `fetch`, for one origin and one policy. */
export interface AttestedFetch {
  /**
   * Sends a request, sealed for the enclave, and gives its opened response. The first call attests; calls at the same time share one attestation.
   * Redirections are responses like others: nothing is followed. Responses have no `url`; browsers drop `set-cookie`.
   * @throws VerificationError or AppraisalError when the enclave is not proven (nothing has left), `client-…` when the channel fails
   * @throws TypeError when the request is for another origin, or asks for what cannot be kept
   * @throws the reason of the request's signal
   */
  (input: string | URL | Request, init?: RequestInit): Promise<Response>
  readonly state: ClientState
  /** What the enclave was proven to be; `undefined` without a session that may be used now. */
  readonly result: AttestationResult | undefined
  /** Attests now, whether there is a session or not. */
  reattest(): Promise<AttestationResult>
  /**
   * Calls `listener` at each change of state from now on, beside `onState`. A listener has one place, however often it is given.
   * @returns what ends it
   */
  subscribe(listener: (event: ClientEvent) => void): () => void
  /** Ends the session and everything under way, for good. */
  close(): void
}

/**
 * Makes a `fetch` for one enclave. Until a verifier has returned a result, not one byte of any request leaves, and then only sealed (oblivious HTTP, RFC 9458)
 * to the key that this result vouches for.
 *
 * What it does not hide: that there was a request, when, and how long it was. An enclave with the right code elsewhere may answer, unless `verify` says where
 * it must be (`platforms`, PCR4, …).
 * @param origin `https://enclave.example`: the only one that it sends to
 * @throws TypeError when an option is missing, unknown or wrong; before anything is sent
 * @example
 * ```ts
 * const send = attestedFetch('https://enclave.example', {
 *   verify: (evidence, { nonce }) => verifyNitro(evidence, { referenceValues, freshness: { nonce } }),
 * })
 * const response = await send('/payments', { method: 'POST', body: JSON.stringify({ card }) })
 * ```
 */
export function attestedFetch(origin: string, options: AttestedFetchOptions): AttestedFetch {
  return createClient(origin, options, platform)
}

/** {@link attestedFetch} in a world of its own: for tests. */
export function createClient(origin: string, options: AttestedFetchOptions, runtime: Runtime): AttestedFetch {
  const policy = readOptions(origin, options)
  const send = policy.fetch ?? runtime.fetch
  const observer = observe(policy.tracer, policy.meter)
  const attest = createAttester(policy, runtime, send)
  const closing = new AbortController()
  /** One for each exchange under way. */
  const open = new Set<AbortController>()
  const listeners = new Set(policy.onState && [policy.onState])
  let state: ClientState = 'idle'
  let current: Session | undefined
  let pending: Promise<Session> | undefined

  function enter(event: ClientEvent): void {
    if (state === 'closed') return
    ;({ state } = event)
    Object.freeze(event)
    for (const listener of [...listeners]) quietly(() => listener(event))
  }

  /** One attestation for everybody who waits for one. Its failure is theirs, and the next call tries anew. */
  function start(): Promise<Session> {
    current = undefined
    enter({ state: 'verifying' })
    const started = observer
      .step('attest', () => within(runtime, policy.attestMs, closing.signal, 'the attestation', attest))
      .then(
        (session) => {
          closing.signal.throwIfAborted()
          current = session
          const { clockOffsetSeconds } = session.result
          if (clockOffsetSeconds !== undefined) observer.clockOffset(clockOffsetSeconds)
          enter({ state: 'verified', result: session.result })
          return session
        },
        (error: unknown): never => {
          enter({ state: 'refused', code: codeOf(error) })
          throw error
        },
      )
      .finally(() => {
        if (pending === started) pending = undefined
      })
    return started
  }

  async function sessionFor(signal: AbortSignal): Promise<Session> {
    signal.throwIfAborted()
    if (current?.isLive() === true) return current
    pending ??= start()
    return unlessAborted(pending, signal)
  }

  async function sendOnce(
    request: OutgoingRequest,
    end: AbortController,
    fields: readonly HeaderField[],
  ): Promise<Response> {
    const session = await sessionFor(end.signal)
    try {
      return await exchange(policy, runtime, send, session, request, fields, end)
    } catch (error) {
      if (isRotated(error) && current === session) current = undefined
      throw error
    }
  }

  /** What ends one exchange: the caller's signal, the end of this client, or its own end. */
  function begin(signal: AbortSignal | undefined): AbortController {
    const end = new AbortController()
    const abort = (): void => {
      end.abort(signal?.reason)
    }
    if (closing.signal.aborted) end.abort(closing.signal.reason)
    else if (signal?.aborted === true) abort()
    else {
      open.add(end)
      signal?.addEventListener('abort', abort)
      end.signal.addEventListener('abort', () => {
        open.delete(end)
        signal?.removeEventListener('abort', abort)
      })
    }
    return end
  }

  const call = async (input: unknown, init?: RequestInit): Promise<Response> => {
    const request = readRequest(policy.origin, input, init)
    return observer.step('request', async (traceparent) => {
      const fields: HeaderField[] = traceparent === undefined ? [] : [['traceparent', traceparent]]
      const own = request.head.headers.some(([name]) => name === 'traceparent') ? [] : fields
      try {
        return await sendOnce(request, begin(request.signal), own)
      } catch (error) {
        if (!isRotated(error) || !request.isRepeatable) throw error
        // Once more, after a whole new attestation under the same policy. What is not idempotent is never sent twice.
        return await sendOnce(request, begin(request.signal), own)
      }
    })
  }

  const members = {
    state: { get: () => state, enumerable: true },
    result: { get: () => (current?.isLive() === true ? current.result : undefined), enumerable: true },
    reattest: {
      value: async () => {
        closing.signal.throwIfAborted()
        pending ??= start()
        return (await pending).result
      },
    },
    subscribe: {
      value: (listener: (event: ClientEvent) => void) => {
        if (typeof listener !== 'function') throw new TypeError('listener must be a function')
        listeners.add(listener)
        return () => {
          listeners.delete(listener)
        }
      },
    },
    close: {
      value: () => {
        enter({ state: 'closed' })
        current = undefined
        closing.abort(new VerificationError('client-closed', 'this client was closed'))
        for (const end of open) end.abort(closing.signal.reason)
      },
    },
  }
  return Object.freeze(Object.defineProperties(call, members)) as unknown as AttestedFetch
}

function isRotated(error: unknown): boolean {
  return error instanceof VerificationError && error.code === 'client-key-rotated'
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
