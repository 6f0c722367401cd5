/**
 * From the head of an opened request to the `Request` that the app gets. The seal shows that
 * it was written for this gateway, not that it is sane.
 */
import { fromBase64Url } from '../encoding/base64url.ts'
import type { RequestHead } from '../channel/binary-http.ts'
import { requestIdHeader } from '../channel/fields.ts'
import type { RefusalReason } from './answers.ts'
import type { GatewayPolicy } from './options.ts'

/** A head that may be passed on. */
export interface InnerHead {
  readonly url: string
  readonly method: string
  readonly headers: Headers
  /** What `content-length` says. */
  readonly length: number | undefined
  /** What `date` says, in milliseconds since 1970. */
  readonly date: number | undefined
  /** The client's name for this request. */
  readonly id: string | undefined
}

/** Bytes of a request's name. */
const idSize = 16

/** Fields of one connection, which is not the app's (RFC 9110 section 7.6.1). */
const hopByHop = /^(?:connection|keep-alive|proxy-connection|te|trailer|transfer-encoding|upgrade)$/

/** Whether a field may travel inside the seal. */
export function isEndToEnd(name: string): boolean {
  return !hopByHop.test(name)
}

/**
 * The head as the app gets it, or why it does not. Its texts have been found to be what HTTP allows
 * when they were decoded.
 */
export function readInnerHead(head: RequestHead, { origins, limits }: GatewayPolicy): InnerHead | RefusalReason {
  const { method, scheme, authority, path, headers: fields } = head
  const size = fields.reduce((sum, [name, value]) => sum + name.length + value.length, path.length + authority.length)
  if (size > limits.headBytes || fields.length > limits.headFields) return 'head-too-large'
  // 1. Where to. A message that was translated from HTTP/1.1 has no authority and names its target
  // in `host` (RFC 9292 section 3.4). The origin is compared as it is written: what else it
  // could be parsed to is another one.
  const [host, ...moreHosts] = fields.filter(([name]) => name === 'host').map(([, value]) => value)
  if (moreHosts.length > 0) return 'malformed'
  const target = authority === '' ? host : authority
  if (target === undefined || (host !== undefined && host !== target)) return 'misdirected'
  const origin = `${scheme}://${target}`
  if (!origins.has(origin)) return 'misdirected'
  // A path that begins with `/` cannot change the authority before it.
  if (!path.startsWith('/') || !URL.canParse(origin + path)) return 'malformed'
  // 2. What it is. These methods have no meaning for an origin server, or none in `fetch`.
  // In capitals, because `fetch` would take `get` for GET.
  if (!/^[A-Z][A-Z-]*$/.test(method) || /^(?:CONNECT|TRACE|TRACK)$/.test(method)) return 'malformed'
  // 3. Fields.
  const headers = new Headers()
  for (const [name, value] of fields) if (name !== 'host' && !append(headers, name, value)) return 'malformed'
  const declared = headers.get('content-length')
  // Several, or none, or not a number.
  if (declared !== null && !/^(?:0|[1-9][0-9]{0,14})$/.test(declared)) return 'malformed'
  // 4. When it was made, and its name, which is not for the app.
  const date = readDate(headers.get('date'))
  const id = headers.get(requestIdHeader) ?? undefined
  if (date === 'malformed' || (id !== undefined && fromBase64Url(id)?.length !== idSize)) return 'malformed'
  headers.delete(requestIdHeader)
  const length = declared === null ? undefined : Number(declared)
  return { url: origin + path, method, headers, length, date, id }
}

/** IMF-fixdate (RFC 9110 section 5.6.7), exactly; the obsolete forms are refused. */
function readDate(text: string | null): number | 'malformed' | undefined {
  if (text === null) return undefined
  const date = Date.parse(text)
  return Number.isFinite(date) && new Date(date).toUTCString() === text ? date : 'malformed'
}

function append(headers: Headers, name: string, value: string): boolean {
  try {
    headers.append(name, value)
    return true
  } catch {
    return false
  }
}
