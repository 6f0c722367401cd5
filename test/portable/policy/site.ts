/**
 * A page under a policy, the enclave that the policy names, and the server of an attacker: three
 * origins of the loopback interface.
 */
import { createGateway } from '../../../src/gateway/index.ts'
import { createFakeClock } from '../../gateway/fake-clock.ts'
import { serveLoopback } from '../../gateway/loopback.ts'
import { awaitReport, bundleScript } from '../../support/page-report.ts'
import type { Visit } from '../browsers.ts'
import type { Device } from '../channel/device.ts'
import type { PolicyReport, PolicySettings, Way } from './model.ts'

export const bundlePage = (): Promise<string> => bundleScript(new URL('page.ts', import.meta.url))

export interface PolicyVisit {
  readonly device: Device
  readonly root: string
  /** When its evidence is made, in milliseconds. */
  readonly now: number
  readonly script: string
  /** The header of the page, for an enclave of this origin; `undefined`: none. */
  readonly policyFor: (enclave: string) => string | undefined
  readonly open: readonly Way[]
}

export interface Visited {
  readonly report: PolicyReport
  /** What the app in the enclave got. */
  readonly received: readonly string[]
  /** What reached the attacker's server: paths without their query. */
  readonly arrived: readonly string[]
}

/** Opens the page, and waits for its report. */
export async function visitUnder(
  { device, root, now, script, policyFor, open: ways }: PolicyVisit,
  open: Visit,
  wait: (report: Promise<PolicyReport>) => Promise<PolicyReport>,
): Promise<Visited> {
  const received: string[] = []
  const arrived: string[] = []
  const waiting = new Map<string, () => void>()
  const arrive = (way: string): void => {
    arrived.push(way)
    waiting.get(way)?.()
  }
  const { report, deliver, fail } = awaitReport<PolicyReport>()

  const elsewhere = await serveLoopback(() => (request) => {
    const path = decodeURIComponent(new URL(request.url).pathname.slice(1))
    if (path !== 'favicon.ico') arrive(path)
    return new Response('')
  })
  const site = await serveLoopback(() => (request) => {
    const policy = policyFor(settings.enclave)
    const answer = (type: string, text: string): Response =>
      new Response(text, {
        headers: {
          'content-type': `${type}; charset=utf-8`,
          'cache-control': 'no-store',
          ...(policy !== undefined && { 'content-security-policy': policy }),
        },
      })
    switch (new URL(request.url).pathname) {
      case '/':
        return answer(
          'text/html',
          '<!doctype html><title>veritee</title><body><script type="module" src="/page.js"></script>',
        )
      case '/page.js':
        return answer('text/javascript', `const settings=${JSON.stringify(settings)};${script}`)
      default:
        return new Response(null, { status: 404 })
    }
  })
  // A slow machine meets no deadline, because its timers stand still. Requests are dated by the
  // page, so the time of day is its own.
  const clock = { ...createFakeClock(), wall: () => Date.now() }
  const enclave = await serveLoopback((origin) => {
    const gateway = createGateway({
      origins: origin,
      allowOrigins: [site.origin],
      attest: device.attest,
      clock,
      handler: async (request) => {
        received.push(`${request.method} ${new URL(request.url).pathname} ${await request.text()}`)
        return new Response('paid')
      },
    })
    const control: Readonly<Record<string, (body: string) => Promise<void> | void>> = {
      '/arrived': (way) =>
        arrived.includes(way) ? undefined : new Promise<void>((resolve) => void waiting.set(way, resolve)),
      '/followed': () => {
        arrive('base')
      },
      '/report': (body) => {
        deliver(JSON.parse(body) as PolicyReport)
      },
      '/failure': (body) => {
        fail(new Error(`the page failed: ${body}`))
      },
    }
    return async (request) => {
      const act = control[new URL(request.url).pathname]
      if (act === undefined) return gateway(request)
      await act(await request.text())
      return new Response('', { headers: { 'access-control-allow-origin': site.origin } })
    }
  })
  const settings: PolicySettings = { enclave: enclave.origin, elsewhere: elsewhere.origin, root, now, open: ways }
  try {
    await open(`${site.origin}/`)
    const told = await wait(report).catch((cause: unknown) => {
      throw new Error(`no report; arrived: ${arrived.join(', ') || 'nothing'}`, { cause })
    })
    return { report: told, received, arrived }
  } finally {
    await Promise.all([site.close(), enclave.close(), elsewhere.close()])
  }
}
