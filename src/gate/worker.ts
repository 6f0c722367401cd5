/**
 * The worker's end of a gate. What a page sends to a name that exists nowhere is sent to the
 * enclave over an attested session; what slips past the worker has no address to go to. When
 * anything goes wrong, the request does not leave, and the page learns why.
 */
import type { AttestedFetch } from '../client/attested-fetch.ts'
import { platform, type Runtime } from '../client/runtime.ts'
import { VerificationError } from '../core/errors.ts'
import { requireOption } from '../core/options.ts'
import { type GateNews, marker, reasonOf, refusalFor } from './answer.ts'

/** What takes the messages of a worker. */
export interface GateListener {
  postMessage(message: unknown): void
}

/** The part of a service worker's global scope that a gate needs. */
export interface GateScope {
  addEventListener(
    type: 'fetch' | 'install' | 'activate' | 'message',
    listener: (event: GateRequestEvent) => void,
  ): void
  skipWaiting(): Promise<void>
  readonly location: { readonly origin: string }
  readonly clients: { claim(): Promise<void>; matchAll(): Promise<readonly GateListener[]> }
}

/** What the listeners get. */
export interface GateRequestEvent {
  readonly request: Request
  readonly data: unknown
  readonly source: GateListener | null
  respondWith(response: Promise<Response>): void
  waitUntil(work: Promise<unknown>): void
}

/** What a gate is made of. All are required. */
export interface GateOptions {
  /**
   * What the page's code calls: an origin such as `https://payments.invalid`. Nothing is ever
   * registered under `.invalid` (RFC 6761 section 6.4), and no authority signs certificates for it,
   * so what slips past the worker reaches no server.
   */
  readonly name: string
  /** The enclave's origin: the one that `send` was made for, on another host than the page. */
  readonly origin: string
  /** What `attestedFetch` returned for `origin`. */
  readonly send: AttestedFetch
  /**
   * Counts what this worker accepts: raise it with each change, in the worker and in the page,
   * which says which it needs.
   */
  readonly policyVersion: number
  /**
   * From then on the worker refuses everything: a network that keeps its successor away cannot keep
   * an old policy alive.
   */
  readonly expiresAt: Date
}

/**
 * Sends what the page asks of `name` to the enclave over `send`, from the moment that this worker
 * is active. Call it when the worker's script is evaluated, with `self`. Requests for the enclave's
 * own host are refused, on every port and in every scheme. So are credentials, `keepalive` and
 * `no-cors`, because they cannot be sealed. What it does not prove: that this worker controls the
 * page. That is for `installGate`.
 * @example
 * ```ts
 * const origin = 'https://enclave.example'
 * gateRequests(self as unknown as GateScope, {
 *   name: 'https://payments.invalid',
 *   origin,
 *   send: attestedFetch(origin, { verify }),
 *   policyVersion: 7,
 *   expiresAt: new Date('2027-01-31'),
 * })
 * ```
 * @throws TypeError when an option is missing or wrong
 */
export function gateRequests(scope: GateScope, options: GateOptions): void {
  createGate(scope, options, platform)
}

/** {@link gateRequests} with a clock of its own: for tests. */
export function createGate(scope: GateScope, options: GateOptions, { now }: Pick<Runtime, 'now'>): void {
  const { name, origin, send, policyVersion, expiresAt } = readOptions(options, scope.location.origin)
  const hasExpired = (): boolean => now() >= expiresAt
  /** Of the session. */
  let code: string | undefined

  const news = (of: GateNews['of'], why = code): Record<typeof marker, GateNews> => ({
    [marker]: { of, state: send.state, code: hasExpired() ? 'gate-expired' : why, policyVersion, name },
  })
  async function tell(of: GateNews['of'], why?: string): Promise<void> {
    for (const page of await scope.clients.matchAll()) page.postMessage(news(of, why))
  }

  send.subscribe((event) => {
    ;({ code } = event)
    void tell('session')
  })
  // A worker that waits for its predecessor to go would leave requests to older code.
  scope.addEventListener('install', (event) => {
    event.waitUntil(scope.skipWaiting())
  })
  scope.addEventListener('activate', (event) => {
    event.waitUntil(scope.clients.claim())
  })
  // Asked by a page. One that was reloaded past its workers has none until it is claimed.
  scope.addEventListener('message', (event) => {
    if (event.data === marker)
      event.waitUntil(scope.clients.claim().then(() => event.source?.postMessage(news('session'))))
  })
  scope.addEventListener('fetch', (event) => {
    const { request } = event
    const url = new URL(request.url)
    // Names that exist nowhere, and the enclave's host: with any port and scheme, and with the dot
    // that a name may end with.
    const host = url.hostname.replace(/\.+$/, '')
    const isEnclave = host === new URL(origin).hostname && url.origin !== scope.location.origin
    if (!isEnclave && !host.endsWith('.invalid')) return
    event.respondWith(
      pass(request, url).catch((error: unknown) => {
        if (!request.signal.aborted) void tell('request', reasonOf(error))
        return refusalFor(error)
      }),
    )
  })

  async function pass(request: Request, url: URL): Promise<Response> {
    if (hasExpired()) throw new VerificationError('gate-expired', 'the policy of the gate has expired: reload the page')
    if (url.origin !== name || url.username + url.password)
      throw new VerificationError('gate-address', {
        subject: 'address of a request',
        expected: name,
        found: url.origin,
      })
    const { method, headers, signal, keepalive, integrity, mode, cache, credentials } = request
    const address = origin + url.pathname + url.search
    const response = await send(address, {
      ...{ method, headers, signal, keepalive, integrity, mode, cache, credentials },
      body: await bodyOf(request),
    })
    response.headers.delete(marker)
    // The page's browser follows redirections, with the body: to this name, through this worker,
    // and nowhere else.
    const { status, headers: answered } = response
    const target = new URL(answered.get('location') ?? name, url)
    if (target.origin !== name && status >= 300 && status < 400)
      throw new VerificationError('gate-redirect', {
        subject: 'target of a redirection',
        expected: name,
        found: target.origin,
      })
    return watched(response)
  }

  /**
   * The same response. Where it breaks off, the reason is news; a page that wants no more is none.
   */
  function watched(response: Response): Response {
    const { body } = response
    if (body === null) return response
    const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>()
    body.pipeTo(writable).catch((error: unknown) => {
      if (error instanceof VerificationError) void tell('response', error.code)
    })
    return new Response(readable, response)
  }
}

/** Firefox gives no stream of it. */
async function bodyOf(request: Request): Promise<BodyInit | null> {
  const { body } = request as { readonly body?: Request['body'] }
  if (body !== undefined) return body
  const blob = await request.blob()
  return blob.size === 0 ? null : blob
}

type Gate = Omit<GateOptions, 'expiresAt'> & { readonly expiresAt: number }

/** @throws TypeError */
function readOptions(options: GateOptions, page: string): Gate {
  const { name, origin, send, policyVersion, expiresAt } = { ...options } as Partial<GateOptions>
  requirePolicy(name, policyVersion)
  // On the page's own origin, a request for the enclave could not be told from one for a file.
  const isOrigin = URL.canParse(`${origin}`) && new URL(`${origin}`).origin === origin && origin !== page
  requireOption('origin', 'an origin, and not that of the page', isOrigin)
  requireOption('send', 'what attestedFetch returned', typeof send === 'function')
  const end = expiresAt instanceof Date ? expiresAt.getTime() : NaN
  requireOption('expiresAt', 'a Date', end >= 0)
  return { name, origin, send, policyVersion, expiresAt: end } as Gate
}

/** @throws TypeError unless `name` is an origin that exists nowhere, and `policyVersion` counts */
export function requirePolicy(name: unknown, policyVersion: unknown): void {
  const isName = typeof name === 'string' && /^https:\/\/[a-z\d-]+(?:\.[a-z\d-]+)*\.invalid$/.test(name)
  requireOption('name', 'an origin such as https://payments.invalid', isName)
  requireOption('policyVersion', 'a whole number', Number.isSafeInteger(policyVersion))
}
