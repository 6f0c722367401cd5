/**
 * A provisioning certification service on loopback: answers as Intel's does, save for what a test
 * changes. Counts what it was asked.
 */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

export interface Answer {
  /** Default 200. */
  readonly status?: number
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string | Uint8Array
}

/** An answer, or what to do instead of answering. */
export type Reply = Answer | ((request: IncomingMessage, response: ServerResponse) => void)

export interface Service {
  readonly url: string
  /** What was asked, in order of arrival. */
  readonly asked: string[]
  close(): Promise<void>
}

/** Answers paths with their query; everything else with 404. */
export async function startService(replies: Readonly<Record<string, Reply>>): Promise<Service> {
  const asked: string[] = []
  const server = createServer((request, response) => {
    const path = request.url ?? ''
    asked.push(path)
    const reply = replies[path] ?? { status: 404, body: 'no such thing' }
    if (typeof reply === 'function') {
      reply(request, response)
      return
    }
    response.writeHead(reply.status ?? 200, reply.headers)
    response.end(reply.body)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return {
    url: `http://127.0.0.1:${port}`,
    asked,
    close: () =>
      new Promise((resolve) => {
        server.closeAllConnections()
        server.close(() => {
          resolve()
        })
      }),
  }
}
