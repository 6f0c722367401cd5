/**
 * Serves a page and its worker from one origin, and the enclave from another, each on the loopback
 * interface.
 */
import { type FetchHandler, serveLoopback } from '../../../gateway/loopback.ts'
import { awaitReport, bundleScript as bundle } from '../../../support/page-report.ts'
import type { Device } from '../device.ts'
import { createEnclaveHandler } from '../server.ts'
import type { GateReport, Settings } from './model.ts'

/** A script of this folder, as a page or a worker would load it. */
export const bundleScript = (name: string, format: 'esm' | 'iife'): Promise<string> =>
  bundle(new URL(`${name}.ts`, import.meta.url), format)

/** One script each, as a page and a worker would load them. */
export interface Scripts {
  readonly gatePage: string
  readonly hostilePage: string
  readonly gate: string
  readonly hostile: string
}

export async function bundleScripts(): Promise<Scripts> {
  const [gatePage, hostilePage, gate, hostile] = await Promise.all([
    bundleScript('gate-page', 'esm'),
    bundleScript('hostile-page', 'esm'),
    bundleScript('worker', 'iife'),
    bundleScript('hostile-worker', 'iife'),
  ])
  return { gatePage, hostilePage, gate, hostile }
}

/** What one visit came to. */
export interface Visited {
  readonly report: GateReport
  /** Every request that reached the enclave's server. */
  readonly arrived: readonly string[]
}

export interface SiteOptions {
  readonly device: Device
  readonly root: string
  readonly page: string
  readonly worker: string
  readonly build?: string
  /** The page has a client of its own, and no gate. */
  readonly isDirect?: boolean
}

/** What pages behind a gate call the enclave. */
export const gatedName = 'https://payments-3f9c.invalid'

/** Opens the page, and waits for its report. */
export async function visitSite(
  { device, root, page, worker, build: expected, isDirect = false }: SiteOptions,
  open: (address: string) => Promise<void>,
  wait: <T>(report: Promise<T>) => Promise<T>,
): Promise<Visited> {
  const all: string[] = []
  let since: string[] = []
  const enclave = await serveLoopback((origin) => {
    const { gateway } = createEnclaveHandler(device, origin)
    return withCors(gateway, (line) => {
      all.push(line)
      if (/^POST \/\.well-known\/attestation |^OPTIONS /.exec(line) === null) since.push(line)
    })
  })
  const { report, deliver, fail } = awaitReport<GateReport>()
  const settings: Settings = {
    enclave: enclave.origin,
    name: gatedName,
    policyVersion: 7,
    expiresAt: new Date(Date.now() + 3_600_000).toJSON(),
    root,
    ...(expected !== undefined && { build: expected }),
  }
  const script = `const settings=${JSON.stringify(settings)};${worker}`
  const files: Readonly<Record<string, readonly [type: string, text: string]>> = {
    '/': ['text/html', '<!doctype html><title>veritee</title><script type="module" src="/page.js"></script>'],
    '/page.js': ['text/javascript', page],
    '/gate.js': ['text/javascript', script],
    '/hostile.js': ['text/javascript', script],
    '/settings.json': ['application/json', JSON.stringify(settings)],
  }
  // A page behind a gate needs no way to the enclave; its worker does.
  const policies = { page: policyFor(isDirect ? enclave.origin : gatedName), worker: policyFor(enclave.origin) }
  const asked: string[] = []
  const site = await serveLoopback(() => async (request) => {
    const { pathname } = new URL(request.url)
    asked.push(`${request.method} ${pathname}`)
    const answer = (type: string, text: string): Response =>
      new Response(text, {
        headers: {
          'content-type': `${type}; charset=utf-8`,
          'content-security-policy': pathname.endsWith('/gate.js') ? policies.worker : policies.page,
          'cache-control': 'no-store',
        },
      })
    if (request.method === 'POST') {
      if (pathname === '/arrived') {
        const lines = since
        since = []
        return answer('application/json', JSON.stringify(lines))
      }
      const body: unknown = await request.json()
      if (pathname === '/report') deliver(body as GateReport)
      else fail(new Error(`the page failed: ${String(body)}`))
      return answer('text/plain', '')
    }
    const file = files[pathname]
    return file === undefined ? new Response(null, { status: 404 }) : answer(...file)
  })
  try {
    await open(`${site.origin}/`)
    const told = await wait(report).catch((cause: unknown) => {
      throw new Error(`no report; the page asked for ${asked.join(', ') || 'nothing'}`, { cause })
    })
    return { report: told, arrived: all }
  } finally {
    await Promise.all([site.close(), enclave.close()])
  }
}

/**
 * For page and worker: nothing but scripts of the site itself and connections to it and to one
 * other origin.
 */
function policyFor(other: string): string {
  return (
    `default-src 'none'; script-src 'self'; style-src 'self'; worker-src 'self'; connect-src 'self' ${other}; base-uri 'none'; ` +
    "form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types gate"
  )
}

/** What an enclave has to answer when its pages are of another origin. */
export function withCors(handler: FetchHandler, note: (line: string) => void): FetchHandler {
  const allowed = { 'access-control-allow-origin': '*', 'access-control-allow-headers': 'content-type' }
  return async (request) => {
    note(`${request.method} ${new URL(request.url).pathname} ${request.headers.get('content-type') ?? ''}`.trim())
    if (request.method === 'OPTIONS') return new Response(null, { status: 204, headers: allowed })
    const response = await handler(request)
    for (const [name, value] of Object.entries(allowed)) response.headers.set(name, value)
    return response
  }
}
