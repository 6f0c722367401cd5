/**
 * Serves the page and the machine of the demo on the loopback interface: one origin, so that the page's policy need not be loosened.
 */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { Readable } from 'node:stream'
import type { ReadableStream as NodeStream } from 'node:stream/web'
import { readAuthorities } from './enclave/authorities.ts'
import { createMachine, isMachines, type Machine } from './enclave/machine.ts'
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
  /** Told of everything that pages send to the machine, for tests. */
  readonly onSent?: (path: string, body: Uint8Array) => void
}

const headers = {
  'content-security-policy': contentSecurityPolicy,
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'cache-control': 'no-store',
}

export async function startDemo({ site, port = 0, intercept, onSent }: DemoServerOptions): Promise<DemoServer> {
  const authorities = await readAuthorities()
  let machine: Machine | undefined

  function answer({ method, url = '/' }: IncomingMessage): readonly [status: number, file: SiteFile] {
    if (method !== 'GET' && method !== 'HEAD') return refused(405, 'GET only')
    const { pathname } = new URL(url, 'http://demo.invalid')
    const found = site.get(pathname.slice(1).replace(/(^|\/)$/, '$1index.html'))
    return found === undefined ? refused(404, 'not found') : [200, found]
  }

  /** Streams, both ways. */
  async function askMachine(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { port } = server.address() as AddressInfo
    machine ??= createMachine(authorities, [`http://127.0.0.1:${port}`, `http://localhost:${port}`])
    const url = new URL(request.url ?? '/', `http://127.0.0.1:${port}`)
    const body = request.method === 'POST' ? await bodyOf(request) : undefined
    onSent?.(url.pathname, body ?? new Uint8Array())
    const answered = await machine(
      new Request(url, {
        method: request.method ?? 'GET',
        headers: headersOf(request),
        ...(body && { body }),
      }),
    )
    response.writeHead(answered.status, { ...headers, ...Object.fromEntries(answered.headers) })
    if (answered.body === null) response.end()
    else
      Readable.fromWeb(answered.body as NodeStream)
        .on('error', () => response.destroy())
        .pipe(response)
  }

  async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const given = await intercept?.(request)
    if (given === undefined && isMachines((request.url ?? '/').slice(1))) {
      await askMachine(request, response)
      return
    }
    const [status, { type, body, policy }] = given === undefined ? answer(request) : ([200, given] as const)
    send(response, status, type, body, policy === undefined ? {} : { 'content-security-policy': policy })
  }

  const server = createServer((request, response) => {
    serve(request, response).catch((error: unknown) => {
      console.error(error)
      response.destroy()
    })
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

function send(
  response: ServerResponse,
  status: number,
  type: string,
  body: Uint8Array,
  more: Readonly<Record<string, string>> = {},
): void {
  response.writeHead(status, { ...headers, ...more, 'content-type': type, 'content-length': body.length })
  response.end(body)
}

/** What the gateway looks at. */
function headersOf({ headers: given }: IncomingMessage): Headers {
  const found = new Headers()
  for (const name of ['content-type', 'origin', 'access-control-request-method']) {
    const value = given[name]
    if (typeof value === 'string') found.set(name, value)
  }
  return found
}

/** What a page of the demo sends is small. */
async function bodyOf(request: IncomingMessage): Promise<Uint8Array<ArrayBuffer>> {
  const parts: Buffer[] = []
  let size = 0
  for await (const part of request) {
    size += (part as Buffer).length
    if (size > 1_048_576) throw new Error('more than a page of the demo sends')
    parts.push(part as Buffer)
  }
  return new Uint8Array(Buffer.concat(parts))
}

function refused(status: number, text: string): readonly [number, SiteFile] {
  return [status, { type: 'text/plain; charset=utf-8', body: new TextEncoder().encode(text) }]
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
