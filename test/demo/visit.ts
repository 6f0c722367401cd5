/**
 * Serves the demo with the driver in it, and waits for its report.
 */
import type { IncomingMessage } from 'node:http'
import { startDemo } from '../../demo/server.ts'
import type { Site, SiteFile } from '../../demo/site.ts'
import type { Visit } from '../portable/browsers.ts'
import { within } from '../portable/programs.ts'
import { jsonOf } from './look.ts'
import type { PageReport, Plan } from './plan.ts'

export interface Visited {
  readonly report: PageReport
  /**
   * What the browser asked for, in order: method and path with its query. The driver's own requests
   * are left out.
   */
  readonly requests: readonly string[]
}

export async function visitPage(
  site: Site,
  driver: string,
  plan: Plan,
  patienceMs: number,
  visit: Visit,
): Promise<Visited> {
  const requests: string[] = []
  let deliver: (report: PageReport) => void = () => undefined
  let fail: (reason: unknown) => void = () => undefined
  const received = new Promise<PageReport>((resolve, reject) => {
    deliver = resolve
    fail = reject
  })
  received.catch(() => undefined)

  const file = (type: string, text: string): SiteFile => ({ type, body: new TextEncoder().encode(text) })
  const own: Readonly<Record<string, (request: IncomingMessage) => Promise<SiteFile> | SiteFile>> = {
    '/test/driver.js': () => file('text/javascript', driver),
    '/test/plan.json': () => file('application/json', JSON.stringify(plan)),
    '/test/report': async (request) => {
      deliver((await jsonOf(request)) as PageReport)
      return file('text/plain', '')
    },
    '/test/failure': async (request) => {
      fail(new Error(`the page failed: ${String(await jsonOf(request))}`))
      return file('text/plain', '')
    },
  }
  const demo = await startDemo({
    site: withScript(site),
    async intercept(request) {
      const answer = own[request.url ?? '']
      if (answer === undefined) requests.push(`${request.method} ${request.url}`)
      return answer?.(request)
    },
  })
  try {
    await visit(demo.url)
    const report = await within(patienceMs, 'the page', received).catch((cause: unknown) => {
      throw new Error(`no report; the page asked for ${requests.join(', ') || 'nothing'}`, { cause })
    })
    return { report, requests }
  } finally {
    await demo.close()
  }
}

function withScript(site: Site): Site {
  const page = site.get('index.html') as SiteFile
  const html = new TextDecoder().decode(page.body)
  const body = new TextEncoder().encode(
    html.replace('</head>', '<script type="module" src="test/driver.js"></script></head>'),
  )
  return new Map([...site, ['index.html', { ...page, body }]])
}
