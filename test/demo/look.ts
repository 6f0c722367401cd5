/**
 * Looks at a page of the demo: puts a driver into it, serves it, and waits for its report.
 */
import type { IncomingMessage } from 'node:http'
import { startDemo } from '../../demo/server.ts'
import { buildSite, type Site, type SiteFile } from '../../demo/site.ts'
import type { Visit } from '../portable/browsers.ts'
import { within } from '../portable/programs.ts'
import { awaitReport, bundleScript } from '../support/page-report.ts'

/** What a page sent to the machine behind it. */
export interface Sent {
  readonly path: string
  readonly body: Uint8Array
}

/** What a driver reported, and what the server saw meanwhile. */
export type Looked<Report> = Report & {
  readonly sent: readonly Sent[]
  /**
   * What the browser asked for, in order: method and path with its query. The driver's own requests
   * are left out.
   */
  readonly requests: readonly string[]
}

const file = (type: string, text: string): SiteFile => ({ type, body: new TextEncoder().encode(text) })

/**
 * The site, with a driver in these pages.
 * @param driver a file beside this one
 * @param plan what the driver finds at `/test/plan.json`
 */
export async function siteWithDriver(driver: string, pages: readonly string[], plan: object = {}): Promise<Site> {
  const [built, script] = await Promise.all([buildSite(), bundleScript(new URL(driver, import.meta.url))])
  const withDriver = (path: string): [string, SiteFile] => {
    const page = built.get(path) as SiteFile
    const html = new TextDecoder().decode(page.body)
    const tag = '<script type="module" src="/test/driver.js"></script>'
    return [path, { ...page, body: new TextEncoder().encode(html.replace('</head>', `${tag}</head>`)) }]
  }
  return new Map([
    ...built,
    ...pages.map(withDriver),
    ['test/driver.js', file('text/javascript', script)],
    ['test/plan.json', file('application/json', JSON.stringify(plan))],
  ])
}

/** Opens a page with the driver in it, and waits for its report. */
export async function look<Report extends object>(
  site: Site,
  visit: Visit,
  path: string,
  patienceMs: number,
): Promise<Looked<Report>> {
  const sent: Sent[] = []
  const requests: string[] = []
  const { report, deliver, fail } = awaitReport<Report>()
  const demo = await startDemo({
    site,
    onSent: (to, body) => sent.push({ path: to, body }),
    async intercept(request) {
      if (request.url === '/test/report') deliver((await jsonOf(request)) as Report)
      else if (request.url === '/test/failure') fail(new Error(`the page failed: ${String(await jsonOf(request))}`))
      else {
        if (request.url?.startsWith('/test/') !== true) requests.push(`${request.method} ${request.url}`)
        return undefined
      }
      return file('text/plain', '')
    },
  })
  try {
    await visit(`${demo.url}${path}`)
    const reported = await within(patienceMs, path, report).catch((cause: unknown) => {
      throw new Error(`no report; the page asked for ${requests.join(', ') || 'nothing'}`, { cause })
    })
    return { ...reported, sent, requests }
  } finally {
    await demo.close()
  }
}

export async function jsonOf(request: IncomingMessage): Promise<unknown> {
  const parts: Buffer[] = []
  for await (const part of request) parts.push(part as Buffer)
  return JSON.parse(Buffer.concat(parts).toString())
}
