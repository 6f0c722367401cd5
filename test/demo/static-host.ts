/**
 * A static host, as dumb as they come: the files of a folder, below a path, to those who GET them.
 * It keeps what it was asked for.
 */
import { readFile } from 'node:fs/promises'
import { createServer, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import { extname, join } from 'node:path'
import { alonePolicy } from '../../demo/site.ts'
import type { Visit } from '../portable/browsers.ts'
import { within } from '../portable/programs.ts'
import { awaitReport } from '../support/page-report.ts'
import { jsonOf } from './look.ts'

export interface StaticHost {
  /** What browsers asked for, drivers left out: method, address, status and size of the body. */
  readonly asked: readonly Asked[]
  /** Opens a page with a driver in it, and waits for its report. @param path below the site */
  readonly look: <Report>(visit: Visit, path: string, patienceMs: number) => Promise<Report>
  readonly close: () => Promise<void>
}

export interface Asked {
  readonly method: string
  readonly url: string
  readonly status: number
  readonly size: number
}

const types: Readonly<Record<string, string>> = {
  '.html': 'text/html',
  '.js': 'text/javascript',
  '.css': 'text/css',
  '.svg': 'image/svg+xml',
}

/** Where the site is on its host. */
const below = '/some/where/'

/** @param isStrict workers come with a policy that leaves them no network at all; else with none */
export async function startHost(folder: string, isStrict: boolean): Promise<StaticHost> {
  const asked: Asked[] = []
  let awaited = awaitReport<unknown>()

  async function answer(request: IncomingMessage): Promise<readonly [status: number, type: string, body: Uint8Array]> {
    const { pathname } = new URL(request.url ?? '/', 'http://host.invalid')
    if (request.method !== 'GET') return [405, 'text/plain', new Uint8Array()]
    const path = pathname.replace(/\/$/, '/index.html')
    if (!path.startsWith(below)) return [404, 'text/plain', new Uint8Array()]
    const body = await readFile(join(folder, path.slice(below.length))).catch(() => undefined)
    return body === undefined
      ? [404, 'text/plain', new Uint8Array()]
      : [200, types[extname(path)] ?? 'application/octet-stream', body]
  }

  async function serve(request: IncomingMessage): Promise<readonly [status: number, type: string, body: Uint8Array]> {
    const { method = '', url = '' } = request
    if (url === '/test/report') awaited.deliver(await jsonOf(request))
    else if (url === '/test/failure') awaited.fail(new Error(String(await jsonOf(request))))
    else {
      const answered = await answer(request)
      let size = 0
      for await (const part of request) size += (part as Buffer).length
      asked.push({ method, url, status: answered[0], size })
      return answered
    }
    return [200, 'text/plain', new Uint8Array()]
  }

  const server = createServer((request, response) => {
    serve(request).then(
      ([status, type, body]) => {
        const isWorkers = /\/(?:machine|gate)\.js$/.test(request.url ?? '')
        response.writeHead(status, {
          'content-type': type,
          ...(isStrict && isWorkers && { 'content-security-policy': alonePolicy }),
        })
        response.end(body)
      },
      () => response.destroy(),
    )
  })
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return {
    asked,
    async look<Report>(visit: Visit, path: string, patienceMs: number) {
      awaited = awaitReport()
      await visit(`http://127.0.0.1:${port}${below}${path}`)
      return (await within(patienceMs, path, awaited.report)) as Report
    },
    async close() {
      server.closeAllConnections()
      await new Promise((resolve) => void server.close(resolve))
    },
  }
}
