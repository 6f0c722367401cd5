/**
 * Looks at a page of the demo that has its own network: puts a driver into it, serves it, and waits
 * for its report.
 */
import type { IncomingMessage } from 'node:http'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'
import { startDemo } from '../../demo/server.ts'
import { buildSite, type Site, type SiteFile } from '../../demo/site.ts'
import type { Visit } from '../portable/browsers.ts'
import { within } from '../portable/programs.ts'

/** What a page sent to the machine behind it. */
export interface Sent {
  readonly path: string
  readonly body: Uint8Array
}

/** What a driver reported, and what the server saw meanwhile. */
export type Looked<Report> = Report & { readonly sent: readonly Sent[] }

/** A driver as one script. @param driver a file beside this one */
export async function bundleDriver(driver: string): Promise<string> {
  const { outputFiles } = await build({
    entryPoints: [fileURLToPath(new URL(driver, import.meta.url))],
    bundle: true,
    write: false,
    minify: true,
    format: 'esm',
    target: 'es2022',
    logLevel: 'warning',
  })
  return outputFiles[0]?.text ?? ''
}

/** The site, with a driver in these pages. @param driver a file beside this one */
export async function siteWithDriver(driver: string, pages: readonly string[]): Promise<Site> {
  const built = await buildSite()
  const text = await bundleDriver(driver)
  const file = (type: string, content: string): SiteFile => ({ type, body: new TextEncoder().encode(content) })
  const withDriver = (path: string): [string, SiteFile] => {
    const page = built.get(path) as SiteFile
    const html = new TextDecoder().decode(page.body)
    const script = '<script type="module" src="/test/driver.js"></script>'
    return [path, { ...page, body: new TextEncoder().encode(html.replace('</head>', `${script}</head>`)) }]
  }
  return new Map([...built, ...pages.map(withDriver), ['test/driver.js', file('text/javascript', text)]])
}

/** Opens a page with the driver in it, and waits for its report. */
export async function look<Report extends object>(
  site: Site,
  visit: Visit,
  path: string,
  patienceMs: number,
): Promise<Looked<Report>> {
  const sent: Sent[] = []
  let resolve: (report: Report) => void = () => undefined
  let reject: (reason: unknown) => void = () => undefined
  const received = new Promise<Report>((...given) => {
    ;[resolve, reject] = given
  })
  received.catch(() => undefined)
  const demo = await startDemo({
    site,
    onSent: (to, body) => sent.push({ path: to, body }),
    async intercept(request) {
      if (request.url === '/test/report') resolve((await jsonOf(request)) as Report)
      else if (request.url === '/test/failure') reject(new Error(String(await jsonOf(request))))
      else return undefined
      return { type: 'text/plain', body: new Uint8Array() }
    },
  })
  try {
    await visit(`${demo.url}${path}`)
    return { ...(await within(patienceMs, path, received)), sent }
  } finally {
    await demo.close()
  }
}

export async function jsonOf(request: IncomingMessage): Promise<unknown> {
  const parts: Buffer[] = []
  for await (const part of request) parts.push(part as Buffer)
  return JSON.parse(Buffer.concat(parts).toString())
}
