/**
 * Serves the page and the demo enclave on the loopback interface: one origin, so that the page's policy need not be loosened.
 */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { answerOfEnclave, enclavePath } from './enclave/answer.ts'
import { contentSecurityPolicy, type Site, type SiteFile } from './site.ts'

export interface DemoServer {
  readonly url: string
  close(): Promise<void>
}

export interface DemoServerOptions {
  readonly site: Site
  /** Taken if it is free. Default: any. */
  readonly port?: number
  /** Answers first, for tests. */
  readonly intercept?: (request: IncomingMessage) => Promise<SiteFile | undefined>
}

const headers = {
  'content-security-policy': contentSecurityPolicy,
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'cache-control': 'no-store',
}

export async function startDemo({ site, port = 0, intercept }: DemoServerOptions): Promise<DemoServer> {
  const served = withEnclave(site)

  async function answer(request: IncomingMessage): Promise<readonly [status: number, file: SiteFile]> {
    const given = await intercept?.(request)
    if (given !== undefined) return [200, given]
    if (request.method !== 'GET' && request.method !== 'HEAD') return refused(405, 'GET only')
    const url = new URL(request.url ?? '/', 'http://demo.invalid')
    const path = url.pathname.slice(1) || 'index.html'
    if (path.startsWith(enclavePath))
      return answerOfEnclave(path.slice(enclavePath.length), url.searchParams, new Date())
    const found = served.get(path)
    return found === undefined ? refused(404, 'not found') : [200, found]
  }

  const server = createServer((request, response) => {
    answer(request).then(
      ([status, { type, body }]) => {
        send(response, status, type, body)
      },
      (error: unknown) => {
        console.error(error)
        send(response, 500, 'text/plain; charset=utf-8', new TextEncoder().encode('the demo failed; see its terminal'))
      },
    )
  })
  await listen(server, port).catch(() => listen(server, 0))
  const { port: taken } = server.address() as AddressInfo
  return {
    url: `http://127.0.0.1:${taken}/`,
    async close() {
      server.closeAllConnections()
      await new Promise((resolve) => void server.close(resolve))
    },
  }
}

function send(response: ServerResponse, status: number, type: string, body: Uint8Array): void {
  response.writeHead(status, { ...headers, 'content-type': type, 'content-length': body.length })
  response.end(body)
}

function refused(status: number, text: string): readonly [number, SiteFile] {
  return [status, { type: 'text/plain; charset=utf-8', body: new TextEncoder().encode(text) }]
}

/** Tells the page that there is an enclave to ask. */
function withEnclave(site: Site): Site {
  const page = site.get('index.html')
  if (page === undefined) throw new Error('the site has no index.html')
  const html = new TextDecoder().decode(page.body).replace('<html ', `<html data-enclave="${enclavePath}attestation" `)
  return new Map([...site, ['index.html', { ...page, body: new TextEncoder().encode(html) }]])
}

function listen(server: ReturnType<typeof createServer>, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, '127.0.0.1', () => {
      server.off('error', reject)
      resolve()
    })
  })
}
