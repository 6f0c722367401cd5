/**
 * `fetch` to an enclave that is proven first. There is no way through here without an attested
 * session: no option, no fallback, no second path.
 */
import type { HeaderField } from '../channel/binary-http.ts'
import type { AttestationError } from '../core/errors.ts'
import { warmUp } from '../crypto/warm-up.ts'
import type { AttestationResult } from '../core/result.ts'
import { createAhead } from './ahead.ts'
import { createDating, newRequestId } from './dating.ts'
import { exchange, type Setback } from './exchange.ts'
import { observe } from './observe.ts'
import {
  type AttestedFetchOptions,
  type ClientEvent,
  type ClientState,
  readOptions,
  type ReportDataOptions,
} from './options.ts'
import { readRequest } from './request.ts'
import { platform, type Runtime } from './runtime.ts'
import { createAttester } from './session.ts'
import { createSessions } from './sessions.ts'

/** A function shaped like `fetch`, for one origin and one policy. */
export interface AttestedFetch {
  /**
   * Sends a request, sealed for the enclave, and gives its opened response. The first call attests;
   * calls at the same time share one attestation. Redirections are responses like others: nothing
   * is followed. Responses have no `url`; browsers drop `set-cookie`.
   * @throws VerificationError or AppraisalError when the enclave is not proven (nothing of this try
   *   has left; one before it, that a 422 answered, may run), `client-…` when the channel fails
   * @throws TypeError when the request is for another origin, or asks for what cannot be kept
   * @throws the reason of the request's signal
   */
  (input: string | URL | Request, init?: RequestInit): Promise<Response>
  readonly state: ClientState
  /** What the enclave was proven to be; `undefined` without a session that may be used now. */
  readonly result: AttestationResult | undefined
  /**
   * The last error of this library that a call, an attestation or a response ended with: for AI
   * clients that drop the cause of theirs.
   */
  readonly refusal: AttestationError | undefined
  /** Attests ahead of the first request: {@link AttestedFetch.reattest} by another name. */
  attest(): Promise<AttestationResult>
  /**
   * Attests now, whether there is a session or not. Requests that have not left wait for it: they
   * go out under the new session, or fail with what it was refused for. A request with a body that
   * is a stream, and was read already, fails with `client-superseded`.
   */
  reattest(): Promise<AttestationResult>
  /**
   * Calls `listener` at each change of state from now on, beside `onState`. A listener has one
   * place, however often it is given.
   * @returns what ends it
   */
  subscribe(listener: (event: ClientEvent) => void): () => void
  /**
   * Ends the session and everything under way, for good. In Workers, what other requests have under
   * way ends at its next step.
   */
  close(): void
}

/**
 * Makes a `fetch` for one enclave. Until a verifier has returned a result, not one byte of any
 * request leaves, and then only sealed (oblivious HTTP, RFC 9458) to the key that this result
 * vouches for. Each request is dated and has an identifier inside the seal, so that a gateway
 * executes it now or never, and once.
 *
 * What it does not hide: that there was a request, when, and how long it was. An enclave with the
 * right code elsewhere may answer, unless `verify` says where it must be (`platforms`, PCR4, …).
 *
 * In a Worker, make one at module scope: sessions serve all requests. Nothing is awaited across
 * requests; until the first session is there, requests at the same time attest each for itself.
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
export function attestedFetch(origin: string, options: ReportDataOptions): AttestedFetch
// eslint-disable-next-line @typescript-eslint/unified-signatures -- one for both would give no verifier its challenge
export function attestedFetch(origin: string, options: AttestedFetchOptions): AttestedFetch
export function attestedFetch(origin: string, options: unknown): AttestedFetch {
  return createClient(origin, options as AttestedFetchOptions, { ...platform, warmUp })
}

/** {@link attestedFetch} in a world of its own: for tests. */
export function createClient(origin: string, options: AttestedFetchOptions, runtime: Runtime): AttestedFetch {
  const policy = readOptions(origin, options)
  const send = policy.fetch ?? runtime.fetch
  const observer = observe(policy.tracer, policy.meter)
  const ahead = createAhead(runtime)
  const attest = createAttester(policy, runtime, send)
  const sessions = createSessions(policy, runtime, observer, async (signal) => {
    const session = await attest(signal)
    if (policy.channel === undefined) ahead.make(session)
    return session
  })
  const channel = { policy, runtime, send, sessions, dating: createDating(runtime), ahead }

  const { note } = sessions
  /** What `work` comes to; a refusal is noted. */
  const noting = <T>(work: Promise<T>): Promise<T> => {
    work.catch(note)
    return work
  }

  const call = async (input: unknown, init?: RequestInit): Promise<Response> => {
    const request = readRequest(policy, input, init)
    return noting(
      observer.step('request', async (traceparent) => {
        const own = request.head.headers.some(([name]) => name === 'traceparent')
        const fields: readonly HeaderField[] = traceparent === undefined || own ? [] : [['traceparent', traceparent]]
        let id: string | undefined
        // Each kind of setback once: an attacker must not keep a request going round.
        const met = new Set<Setback['kind']>()
        for (;;) {
          const end = sessions.begin(request.signal)
          const outcome = await sessions
            .get(end.signal)
            .then((session) => {
              id ??= newRequestId(runtime)
              return exchange(channel, { session, request, id, fields, end })
            })
            .catch((error: unknown): never => {
              end.abort(error)
              throw error
            })
          if (!('kind' in outcome)) {
            // From here on, what breaks the response off.
            end.signal.addEventListener('abort', () => {
              note(end.signal.reason)
            })
            return outcome
          }
          const { kind, mayGoAgain, reason } = outcome
          end.abort(reason)
          if (!mayGoAgain || request.isStream || met.has(kind)) throw reason
          met.add(kind)
        }
      }),
    )
  }

  const reattest = async (): Promise<AttestationResult> => (await noting(sessions.renew())).result
  const members = {
    state: { get: sessions.state, enumerable: true },
    result: { get: () => sessions.live()?.result, enumerable: true },
    refusal: { get: sessions.refusal, enumerable: true },
    attest: { value: reattest },
    reattest: { value: reattest },
    subscribe: { value: sessions.subscribe },
    close: { value: sessions.close },
  }
  return Object.freeze(Object.defineProperties(call, members)) as unknown as AttestedFetch
}
