/**
 * The page's end of a gate: nothing is vouched for before the newest worker, with the policy that
 * the page needs, is between the page and the network.
 */
import { platform, type Runtime } from '../client/runtime.ts'
import { VerificationError } from '../core/errors.ts'
import { requireOption } from '../core/options.ts'
import { type GateNews, marker, newsOf } from './answer.ts'
import { requirePolicy } from './worker.ts'

/** A `TrustedScriptURL`, where the page's policy demands one. */
export interface TrustedAddress {
  toJSON(): string
  toString(): string
}

/** What the page needs of its gate, and how the worker is registered. */
export interface GateRegistration {
  /** The name that the page's code calls, as the worker has it. */
  readonly name: string
  /** The policy that this page needs, as the worker has it. */
  readonly policyVersion: number
  /** As `navigator.serviceWorker.register` takes it. Default: the folder of the script. */
  readonly scope?: string
  /** `module` for a script with imports. Default `classic`. */
  readonly type?: 'classic' | 'module'
  /** The longest that all of it may take. Default 10. */
  readonly installSeconds?: number
}

/** The part of a `ServiceWorker` that a page needs here. */
export interface Worker {
  readonly state: string
  postMessage(message: unknown): void
  addEventListener(type: 'statechange', listener: (event: WorkerEvent) => void, options: Until): void
}

/** Of the events of service workers, what a page needs. */
export interface WorkerEvent {
  /** With messages. */
  readonly data?: unknown
  readonly source?: unknown
}

interface Until {
  readonly signal: AbortSignal
}

/** The part of a `ServiceWorkerRegistration` that a page needs here. */
export interface Registration {
  readonly scope: string
  readonly installing: Worker | null
  readonly waiting: Worker | null
  readonly active: Worker | null
  update(): Promise<unknown>
}

/** The part of `navigator.serviceWorker` that a page needs. */
export interface ServiceWorkers {
  register(script: unknown, options: object): Promise<Registration>
  readonly controller: Worker | null
  startMessages(): void
  addEventListener(type: 'controllerchange' | 'message', listener: (event: WorkerEvent) => void, options: Until): void
}

/** The world of a page, as an argument: tests have their own. */
export interface PageWorld {
  readonly workers: ServiceWorkers
  /** Address of the page. */
  readonly href: string
  readonly after: Runtime['after']
}

/**
 * Of the page that runs this.
 * @throws VerificationError `unsupported` without service workers
 */
export function pageWorld(): PageWorld {
  const { navigator, location } = globalThis as unknown as {
    readonly navigator: { readonly serviceWorker?: ServiceWorkers }
    readonly location: { readonly href: string }
  }
  const { serviceWorker: workers } = navigator
  if (workers === undefined)
    throw new VerificationError('unsupported', 'there are no service workers: they need https, and no private window')
  return { workers, href: location.href, after: platform.after }
}

/**
 * Installs the worker of a gate, or brings it up to date, and waits until the newest one controls
 * this page and says that it has the policy that the page needs. Send nothing before, and nothing
 * when it throws. What it does not prove: that the worker's script is the one that you wrote. It
 * comes from the page's own origin, as the page does.
 * @param script address of the worker's script, on the page's own origin
 * @throws TypeError when an option is missing or wrong, or when the worker's scope does not cover
 *   this page
 * @throws VerificationError `unsupported` without service workers; `gate-install` when the newest
 *   script cannot be fetched or does not install; `gate-policy` when the worker has another policy;
 *   `gate-expired`; `gate-timeout`
 * @example
 * ```ts
 * await installGate('/gate.js', { name: 'https://payments.invalid', policyVersion: 7 })
 * await fetch('https://payments.invalid/pay', { method: 'POST', body })
 * ```
 */
export async function installGate(script: string | URL | TrustedAddress, options: GateRegistration): Promise<void> {
  return installIn(pageWorld(), script, options)
}

/** {@link installGate} in a world of its own: for tests. */
export async function installIn(
  { workers, href, after }: PageWorld,
  script: unknown,
  options: GateRegistration,
): Promise<void> {
  const { name, policyVersion, installSeconds = 10, ...how } = { ...options }
  requirePolicy(name, policyVersion)
  requireOption('installSeconds', 'above 0, at most 3600', installSeconds > 0 && installSeconds <= 3600)
  const end = new AbortController()
  const { signal } = end
  let waitsFor = 'the registration of the worker'
  let stop = (): void => undefined
  const late = new Promise<never>((_, reject) => {
    stop = after(installSeconds * 1000, () => {
      reject(new VerificationError('gate-timeout', `waited ${installSeconds} s for ${waitsFor}`))
    })
  })

  async function vouch(): Promise<void> {
    // 1. Register, which fetches the script only where it is new; then look for a newer one. The
    // HTTP cache has no say.
    const registration = await workers.register(script, { ...how, updateViaCache: 'none' }).catch(failed)
    waitsFor = 'the update of the worker'
    await registration.update().catch(failed)
    waitsFor = 'the newest worker to take control of this page and say its policy'
    // 2. The newest worker, active and in control.
    const { code, ...found } = await newestOf(registration)
    // 3. It has the policy that this page needs.
    const [wanted, has] = [`${policyVersion} of ${name}`, `${found.policyVersion} of ${found.name}`]
    if (has !== wanted)
      throw new VerificationError('gate-policy', { subject: 'policy of the gate', expected: wanted, found: has })
    if (code === 'gate-expired') throw new VerificationError(code, 'the policy of the gate has expired')
  }

  /** What the newest worker says, as soon as it controls the page. */
  function newestOf(registration: Registration): Promise<GateNews> {
    const { active: before } = registration
    const watched = new Set<Worker>()
    return new Promise((resolve, reject) => {
      const look = ({ data, source }: WorkerEvent): void => {
        const { installing, waiting, active, scope } = registration
        const newest = installing ?? waiting ?? active
        const isBroken = newest === before && [...watched].some(({ state }) => state === 'redundant')
        if (newest === null || isBroken) {
          reject(new VerificationError('gate-install', 'the newest worker of the gate does not install'))
          return
        }
        if (!watched.has(newest)) newest.addEventListener('statechange', look, { signal })
        watched.add(newest)
        const isInControl = newest === workers.controller
        const news = newsOf(data)
        if (!isInControl && !href.startsWith(scope))
          reject(
            new TypeError(
              `the worker covers ${scope}, and not this page, ${href}: move its script, or give it a scope`,
            ),
          )
        else if (newest.state !== 'activated') return
        // An answer may come before the event that says who controls the page, which then asks
        // again.
        else if (source === undefined) newest.postMessage(marker)
        else if (source === newest && isInControl && news) resolve(news)
      }
      workers.addEventListener('controllerchange', look, { signal })
      workers.addEventListener('message', look, { signal })
      workers.startMessages()
      look({})
    })
  }

  try {
    await Promise.race([vouch(), late])
  } finally {
    stop()
    end.abort()
  }
}

function failed(cause: unknown): never {
  throw new VerificationError('gate-install', `the newest worker of the gate cannot be had: ${String(cause)}`, {
    cause,
  })
}
