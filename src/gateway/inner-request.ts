/**
 * From the head of an opened request to the `Request` that the app gets. The seal shows that somebody wrote it for this gateway, not that it is sane.
 */
import type { RequestHead } from '../channel/binary-http.ts'
import type { RefusalReason } from './answers.ts'
import type { GatewayPolicy } from './options.ts'

/** A head that may be passed on. */
export interface InnerHead {
  readonly url: string
  readonly method: string
  readonly headers: Headers
  /** What `content-length` says. */
  readonly length: number | undefined
}

/** Fields of one connection, which is not the app's (RFC 9110 section 7.6.1). */
const hopByHop = /^(?:connection|keep-alive|proxy-connection|te|trailer|transfer-encoding|upgrade)$/

/** Whether a field may travel inside the seal. */
export function isEndToEnd(name: string): boolean {
  return !hopByHop.test(name)
}

/** The head as the app gets it, or why it does not. Its texts have been found to be what HTTP allows when they were decoded. */
export function readInnerHead(head: RequestHead, { origins, limits }: GatewayPolicy): InnerHead | RefusalReason {
  const { method, scheme, authority, path, headers: fields } = head
  const size = fields.reduce((sum, [name, value]) => sum + name.length + value.length, path.length + authority.length)
  if (size > limits.headBytes || fields.length > limits.headFields) return 'head-too-large'
  // 1. Where to. The origin is compared as it is written: whatever else it could be parsed to is another one.
  const origin = `${scheme}://${authority}`
  if (!origins.has(origin)) return 'misdirected'
  // A path that begins with `/` cannot change the authority that stands before it.
  if (!path.startsWith('/') || !URL.canParse(origin + path)) return 'malformed'
  // 2. What it is. These methods have no meaning for an origin server, or none in `fetch`.
  // In capitals, because `fetch` would take `get` for GET.
  if (!/^[A-Z][A-Z-]*$/.test(method) || /^(?:CONNECT|TRACE|TRACK)$/.test(method)) return 'malformed'
  // 3. Fields.
  const headers = new Headers()
  for (const [name, value] of fields) {
    if (name === 'host') {
      if (value !== authority) return 'misdirected'
    } else if (!append(headers, name, value)) return 'malformed'
  }
  const declared = headers.get('content-length')
  // Several, or none, or not a number.
  if (declared !== null && !/^(?:0|[1-9][0-9]{0,14})$/.test(declared)) return 'malformed'
  return { url: origin + path, method, headers, length: declared === null ? undefined : Number(declared) }
}

function append(headers: Headers, name: string, value: string): boolean {
  try {
    headers.append(name, value)
    return true
  } catch {
    return false
  }
}
