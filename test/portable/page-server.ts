/**
 * Serves the suite to a browser, on the loopback interface, under a strict Content-Security-Policy,
 * and waits for the page's report.
 */
import { readFile } from 'node:fs/promises'
import { createServer, type IncomingMessage } from 'node:http'
import { join } from 'node:path'
import { awaitReport } from '../support/page-report.ts'
import type { PageReport } from './entries/page.ts'
import type { Report } from './model.ts'
import { within } from './programs.ts'
import type { Suite } from './runtimes.ts'

const policy = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'"

/**
 * Calls `visit` with the address of the page and returns the page's report.
 * @param visit opens the page in a browser; it need not wait for anything
 */
export async function reportOfPage(
  { bundle, corpus }: Suite,
  patienceMs: number,
  visit: (address: string) => Promise<void>,
): Promise<Report> {
  const scripts = new Set([bundle.page, ...bundle.chunks].map((file) => `/${file}`))
  const page = `<!doctype html><meta charset="utf-8"><title>veritee</title><script type="module" src="/${bundle.page}"></script>`
  const { report: received, deliver, fail } = awaitReport<PageReport>()
  const asked: string[] = []

  async function answer(request: IncomingMessage): Promise<[status: number, type: string, body: string]> {
    const { method, url = '' } = request
    asked.push(`${method} ${url}`)
    if (method === 'POST') {
      const body: unknown = JSON.parse(await textOf(request))
      if (url === '/report') deliver(body as PageReport)
      else fail(new Error(`the page failed: ${String(body)}`))
      return [200, 'text/plain', '']
    }
    if (url === '/') return [200, 'text/html', page]
    if (url === '/corpus.json') return [200, 'application/json', JSON.stringify(corpus)]
    if (scripts.has(url)) return [200, 'text/javascript', await readFile(join(bundle.folder, url), 'utf8')]
    return [404, 'text/plain', '']
  }

  const server = createServer((request, response) => {
    answer(request).then(
      ([status, type, body]) => {
        response.writeHead(status, {
          'content-type': `${type}; charset=utf-8`,
          'content-security-policy': policy,
          'x-content-type-options': 'nosniff',
          'cache-control': 'no-store',
        })
        response.end(body)
      },
      (error: unknown) => {
        fail(error)
        response.destroy()
      },
    )
  })
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as { port: number }
  try {
    await visit(`http://127.0.0.1:${port}/`)
    const { report, violations, provoked } = await within(patienceMs, 'the page', received).catch((cause: unknown) => {
      throw new Error(`no report; the page asked for ${asked.join(', ') || 'nothing'}`, { cause })
    })
    if (violations.length > 0) throw new Error(`the page violated its policy: ${violations.join(', ')}`)
    if (!provoked.startsWith('style-src')) throw new Error(`the policy was not enforced: ${provoked}`)
    return report
  } finally {
    server.closeAllConnections()
    await new Promise((resolve) => void server.close(resolve))
  }
}

async function textOf(request: IncomingMessage): Promise<string> {
  const parts: Buffer[] = []
  for await (const part of request) parts.push(part as Buffer)
  return Buffer.concat(parts).toString()
}
