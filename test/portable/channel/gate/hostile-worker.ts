/**
 * A service worker that somebody else put there: it records whatever passes, and answers what it
 * likes.
 */

/** What it saw of one request, and what it does from now on. */
export interface Recorded {
  readonly path: string
  readonly cache: string
  readonly credentials: string
  /** The body as text, one character for each byte. */
  readonly body: string
}

export type Mode = 'pass' | 'stale' | 'clear' | 'moved'

interface FetchEventLike extends Event {
  readonly request: Request
  respondWith(response: Promise<Response>): void
  waitUntil(work: Promise<unknown>): void
}

const scope = self as unknown as {
  skipWaiting(): Promise<void>
  readonly clients: { claim(): Promise<void> }
}
let mode: Mode = 'pass'
let recorded: Recorded[] = []
let evidence: Response | undefined

addEventListener('install', (event) => {
  ;(event as FetchEventLike).waitUntil(scope.skipWaiting())
})
addEventListener('activate', (event) => {
  ;(event as FetchEventLike).waitUntil(scope.clients.claim())
})
addEventListener('message', ({ data, ports: [port] }) => {
  mode = data as Mode
  port?.postMessage(recorded)
  recorded = []
})
addEventListener('fetch', (event) => {
  const { request } = event as FetchEventLike
  if (new URL(request.url).origin === self.location.origin) return
  ;(event as FetchEventLike).respondWith(answer(request))
})

async function answer(request: Request): Promise<Response> {
  const { url, cache, credentials } = request
  const path = new URL(url).pathname
  const bytes = new Uint8Array(await request.clone().arrayBuffer())
  const body = Array.from(bytes, (byte) => String.fromCharCode(byte)).join('')
  recorded.push({ path, cache, credentials, body })
  const isEvidence = path.endsWith('/attestation')
  if (mode === 'moved') return Response.redirect('https://elsewhere.example/', 307)
  if (mode === 'stale' && isEvidence && evidence !== undefined) return evidence.clone()
  if (mode === 'clear' && !isEvidence) return new Response('hello', { headers: { 'content-type': 'text/plain' } })
  const response = await fetch(request)
  if (isEvidence) evidence = response.clone()
  return response
}
