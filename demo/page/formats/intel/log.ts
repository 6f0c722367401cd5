/**
 * Event logs as they come: alone, under `event_log`, or in the answer of dstack's GetQuote, where
 * the log is text inside JSON.
 */

/** The log in some JSON, as text; the text itself, if there is none inside. */
export function logIn(text: string): string {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    return text
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return text
  const { event_log: log } = value as { readonly event_log?: unknown }
  if (log === undefined) return text
  return typeof log === 'string' ? log : JSON.stringify(log)
}
