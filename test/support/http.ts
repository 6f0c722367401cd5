/**
 * Asks a server of a test over HTTP/1.1, without a time limit: `fetch` gives up after five minutes
 * without an answer.
 */
import { request as httpRequest } from 'node:http'

export interface Answer {
  readonly status: number
  readonly text: string
}

/** @param body text; it goes out as JSON */
export function request(
  address: string,
  { method = 'GET', body }: { readonly method?: string; readonly body?: string } = {},
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const headers = body === undefined ? {} : { 'content-type': 'application/json' }
    const outgoing = httpRequest(address, { method, headers, agent: false }, (incoming) => {
      const parts: Buffer[] = []
      incoming.on('data', (part: Buffer) => parts.push(part))
      incoming.on('error', reject)
      incoming.on('end', () => {
        resolve({ status: incoming.statusCode ?? 0, text: Buffer.concat(parts).toString() })
      })
    })
    outgoing.on('error', reject)
    outgoing.end(body)
  })
}
