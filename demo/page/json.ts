/**
 * Evidence in files and answers: bytes as they are, text that stands for bytes, or JSON with such
 * text in it, alone or with an event log.
 */
import { type Bytes, fromPasted, toHex } from './bytes.ts'
import type { State } from './state.ts'

/** What there is in a file. Text that stands for no bytes is kept, so that the page can say so. */
export function evidenceIn(bytes: Bytes): Pick<State, 'evidence'> & Partial<State> {
  const isText = bytes.every((byte) => (byte >= 0x20 && byte < 0x7f) || byte === 0x09 || byte === 0x0a || byte === 0x0d)
  if (!isText || bytes.length === 0) return { evidence: toHex(bytes) }
  const text = new TextDecoder().decode(bytes)
  const found = fromPasted(text)
  return found === undefined ? evidenceInText(text) : { evidence: toHex(found) }
}

/** The same of text that was pasted. */
export function evidenceInText(text: string): Pick<State, 'evidence'> & Partial<State> {
  const inside = text.trim().startsWith('{') ? fromJson(text) : undefined
  if (inside !== undefined) return inside
  return { evidence: text }
}

/**
 * A quote with its event log, as dstack's GetQuote answers; else the longest text of a JSON object
 * that stands for bytes, since enclaves that answer in JSON put the document in one of them.
 */
function fromJson(text: string): (Pick<State, 'evidence'> & Partial<State>) | undefined {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    return undefined
  }
  const { event_log: log, ...others } = value as Readonly<Record<string, unknown>>
  const [longest] = Object.values(others)
    .flatMap((entry) => {
      const bytes = typeof entry === 'string' ? fromPasted(entry) : undefined
      return bytes === undefined ? [] : [bytes]
    })
    .sort((a, b) => b.length - a.length)
  if (longest === undefined) return undefined
  const events = log === undefined ? {} : { log: typeof log === 'string' ? log : JSON.stringify(log) }
  return { evidence: toHex(longest), ...events }
}
