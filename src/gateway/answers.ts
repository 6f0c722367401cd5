/**
 * Every answer that the gateway itself gives, with fixed words: they say which rule was broken,
 * never anything about what was inside, about the app or about this machine.
 *
 * Whether one is sealed or in the clear follows from what it could be taken for. A request that was
 * opened before is refused in the clear: its keys have sealed an answer already, and a second one
 * could be passed on in place of the first. A request whose name has run before came in an
 * encapsulation of its own. Its refusal is sealed under the keys of this encapsulation and answers
 * nothing else, so it is sealed: only then can the client believe it.
 */
import type { HeaderField } from '../channel/binary-http.ts'
import { dateProblem, refusalHeader } from '../channel/fields.ts'

/** Why something was refused, or how it ended: what counters count. */
export type Outcome =
  RefusalReason | 'answered' | 'aborted' | 'handler-failed' | 'response-too-large' | 'response-stalled'

/** Why a request was refused. */
export type RefusalReason =
  | 'not-found'
  | 'method'
  | 'media-type'
  | 'busy'
  | 'malformed'
  | 'key-unknown'
  | 'replayed'
  | 'too-large'
  | 'slow'
  | 'attest-failed'
  | 'client-refused'
  | 'misdirected'
  | 'head-too-large'
  | 'date'
  | 'repeated'

const refusals: Readonly<Record<RefusalReason, readonly [status: number, text: string | undefined]>> = {
  'not-found': [404, 'Nothing is served here.'],
  method: [405, 'Only POST is served here.'],
  'media-type': [415, 'The content type is not the one that is served here.'],
  busy: [503, 'Too many requests at once.'],
  malformed: [400, 'The request is malformed.'],
  // RFC 9458 section 5.3: the client should get a new key configuration, here by attesting again.
  'key-unknown': [422, undefined],
  // In the clear: a sealed answer to a replay could be passed on as the answer to the request that
  // was replayed.
  replayed: [400, 'The request was refused.'],
  'too-large': [413, 'The request is too large.'],
  slow: [408, 'The request came too slowly.'],
  'attest-failed': [503, 'No evidence can be had now.'],
  'client-refused': [403, 'The client has not proven what it is.'],
  misdirected: [421, 'This origin is not served here.'],
  'head-too-large': [431, 'The header section is too large.'],
  date: [400, 'date field in request outside of acceptable range'],
  repeated: [409, 'a request with this veritee-request-id was executed before'],
}

const retryAfter: HeaderField = ['retry-after', '1']
const headers = { 'cache-control': 'no-store', 'x-content-type-options': 'nosniff' }

/** An answer with the headers that all have. */
export function answer(
  status: number,
  mediaType: string,
  body: string,
  more: Readonly<Record<string, string>> = {},
): Response {
  return new Response(body, { status, headers: { ...headers, 'content-type': mediaType, ...more } })
}

/** The answer to a refused request. */
export function refuse(reason: RefusalReason): Response {
  const [status, text] = refusals[reason]
  if (text === undefined) {
    const problem = {
      type: 'https://iana.org/assignments/http-problem-types#ohttp-key',
      title: 'key identifier unknown',
    }
    return answer(status, 'application/problem+json', JSON.stringify(problem))
  }
  const more: Readonly<Record<string, string>> | undefined =
    reason === 'method' ? { allow: 'POST' } : reason === 'busy' ? Object.fromEntries([retryAfter]) : undefined
  return answer(status, 'text/plain; charset=utf-8', text, more)
}

/** Why there is an answer of the gateway inside the seal. */
export type SealedReason = RefusalReason | 'handler-failed' | 'response-too-large'

/** An answer that is sealed, because only the client may know what was inside. */
export interface SealedRefusal {
  readonly status: number
  readonly headers: readonly HeaderField[]
  readonly text: string
}

/**
 * @param now milliseconds since 1970: told where the client needs it, to correct its dates (RFC
 * 9458 section 6.5.2)
 */
export function sealedRefusal(reason: SealedReason, now: number): SealedRefusal {
  const [status, words = ''] =
    reason === 'handler-failed' || reason === 'response-too-large'
      ? ([500, 'The app failed.'] as const)
      : refusals[reason]
  const problem = reason === 'date' ? dateProblem : reason === 'repeated' ? 'about:blank' : undefined
  const headers: HeaderField[] = [
    ['content-type', problem === undefined ? 'text/plain; charset=utf-8' : 'application/problem+json'],
    ['cache-control', 'no-store'],
    [refusalHeader, reason],
  ]
  if (reason === 'date') headers.push(['date', new Date(now).toUTCString()])
  if (reason === 'busy') headers.push(retryAfter)
  return { status, headers, text: problem === undefined ? words : JSON.stringify({ type: problem, title: words }) }
}
