/**
 * `veritee/gate`: a gate in a service worker. A page's ordinary requests to one origin go only over an attested session. Whatever goes wrong, on whatever path, the page gets a
 * network error, and the request does not leave.
 */
import { requireOption } from '../core/options.ts'
import type { AttestedFetch } from '../client/attested-fetch.ts'
import { platform } from '../client/runtime.ts'

/** The part of a service worker's global scope that a gate needs. */
export interface GateScope {
  addEventListener(type: 'fetch' | 'install' | 'activate', listener: (event: GateEvent) => void): void
  skipWaiting(): Promise<void>
  readonly clients: { claim(): Promise<void> }
}

/** What the listeners get. */
export interface GateEvent {
  readonly request: Request
  respondWith(response: Promise<Response>): void
  waitUntil(work: Promise<unknown>): void
}

/**
 * Lets requests to `origin` through only over `send`, from the moment that this worker is active. Call it when the worker's script is evaluated, with `self`.
 * Navigations and requests with credentials fail, because they cannot be sealed.
 * @param origin the one that `send` was made for
 * @example
 * ```ts
 * gateRequests(self, 'https://enclave.example', attestedFetch('https://enclave.example', { verify }))
 * ```
 * @throws TypeError when `origin` is none
 */
export function gateRequests(scope: GateScope, origin: string, send: AttestedFetch): void {
  requireOption('origin', 'an origin', URL.canParse(origin) && new URL(origin).origin === origin)
  requireOption('send', 'what attestedFetch returned', typeof send === 'function')
  // A worker that waits for its predecessor to go would let requests pass, or leave them to older code.
  scope.addEventListener('install', (event) => {
    event.waitUntil(scope.skipWaiting())
  })
  scope.addEventListener('activate', (event) => {
    event.waitUntil(scope.clients.claim())
  })
  scope.addEventListener('fetch', (event) => {
    const { request } = event
    if (URL.canParse(request.url) && new URL(request.url).origin !== origin) return
    // Begun inside a function of its own: even what throws at once must not leave the request to the network.
    event.respondWith((async () => send(request))().catch(() => Response.error()))
  })
}

/** How the worker is registered, as `navigator.serviceWorker.register` takes it. */
export interface GateRegistration {
  /** Default: the folder of the script. */
  readonly scope?: string
  /** `module` for a script with imports. Default `classic`. */
  readonly type?: 'classic' | 'module'
}

/** The part of `navigator.serviceWorker` that a page needs here. */
interface ServiceWorkers {
  register(script: string | URL, options: object): Promise<unknown>
  readonly ready: Promise<{ readonly active: unknown }>
  readonly controller: { readonly scriptURL: string } | null
  addEventListener(type: 'controllerchange', listener: () => void): void
}

/**
 * Installs the worker of a gate, and waits until it stands between this page and the network. Send nothing before, and nothing when it throws: a page that was
 * reloaded past its workers (shift and reload) has none.
 * @param script address of the worker's script, on the page's own origin
 * @throws TypeError where there are no service workers, or where the gate does not come to control this page
 */
export async function installGate(script: string | URL, options: GateRegistration = {}): Promise<void> {
  const { navigator } = globalThis as unknown as { readonly navigator: { readonly serviceWorker?: ServiceWorkers } }
  const { serviceWorker } = navigator
  if (serviceWorker === undefined) throw new TypeError('no service workers: pages need https')
  await serviceWorker.register(script, { updateViaCache: 'none', ...options })
  const { href } = new URL(script, globalThis.location.href)
  const { active } = await serviceWorker.ready
  if (serviceWorker.controller === null && active !== null)
    await new Promise<void>((resolve) => {
      const stop = platform.after(10_000, resolve)
      serviceWorker.addEventListener('controllerchange', () => {
        stop()
        resolve()
      })
    })
  if (serviceWorker.controller?.scriptURL !== href)
    throw new TypeError('the gate does not control this page: reload it')
}
