/**
 * Why there was no answer, as far as the runtime tells. Browsers hide it from pages on purpose;
 * Node has a code in the error's cause, others have it in a text.
 */

/** First what is more special. */
const reasons: readonly (readonly [found: RegExp, meaning: string])[] = [
  [/bad port|unsafe port/i, 'fetch does not connect to this port'],
  [/refused/i, 'no server listens at this address'],
  [/ENOTFOUND|EAI_AGAIN|\bdns\b|resolve|lookup/i, 'the name of the host is not known'],
  [/certificate|CERT|\b(?:TLS|SSL)\b/, 'the certificate of the server is not accepted'],
  [/TIMEDOUT|TIMEOUT|timed out|UNREACH/i, 'the server cannot be reached'],
  [/ECONNRESET|EPIPE|UND_ERR_SOCKET|reset|closed|lost/i, 'the connection broke off'],
]

const hidden =
  'the runtime does not say why; it may be that no server is there, that the name of the host is not known, or, in a browser, that CORS or the ' +
  'Content-Security-Policy of the page (connect-src) does not allow it'

/**
 * Words of ours only: what a network says is not repeated. The error itself is the cause of ours.
 */
export function describeFailure(error: unknown): string {
  const text = textOf(error)
  const meaning = reasons.find(([found]) => found.test(text))?.[1] ?? hidden
  const code = /\b(?:E[A-Z_]{3,}|UND_ERR_[A-Z_]+)\b/.exec(text)?.[0]
  return code === undefined ? meaning : `${meaning} (${code})`
}

/** Codes and messages of an error and of what caused it. */
function textOf(error: unknown, depth = 0): string {
  if (depth > 3 || typeof error !== 'object' || error === null) return ''
  const { code, message, cause } = error as { code?: unknown; message?: unknown; cause?: unknown }
  const own = [code, message].filter((part) => typeof part === 'string').join(' ')
  return `${own} ${textOf(cause, depth + 1)}`
}
