/**
 * Binary HTTP written out from the text of RFC 9292, as a stranger would: whole messages, every
 * form that the text allows, and no line of what is tested.
 */

type Bytes = Uint8Array

/** How a message is written. */
export interface Form {
  /** Section 3.1 or 3.2. */
  readonly framing: 'known-length' | 'indeterminate-length'
  /** The last part that is written (section 3.8); parts after it must be empty. */
  readonly until?: 'control' | 'fields' | 'content' | 'trailers'
  /** Zeros after the message. */
  readonly padding?: number
  /** Bytes of each number (RFC 9000 section 16). Default: the fewest. */
  readonly numberSize?: 1 | 2 | 4 | 8
  /** Bytes of each chunk of content, for indeterminate length. Default: all in one. */
  readonly chunkSize?: number
}

/**
 * Google's encoder (quiche) writes known lengths and leaves out the trailers; its content is there
 * even when it is empty.
 */
export const formOfGoogle: Form = { framing: 'known-length', until: 'content' }

/** Every form of a message, by name, that may leave out what `message` does not have. */
export function formsFor(message: { readonly content: string; readonly fields: readonly unknown[] }): readonly (Form & {
  readonly name: string
})[] {
  const ends = ['trailers', 'content', 'fields', 'control'] as const
  const allowed = ends.slice(0, message.content !== '' ? 2 : message.fields.length > 0 ? 3 : 4)
  return (['known-length', 'indeterminate-length'] as const).flatMap((framing) =>
    allowed.flatMap((until) =>
      [
        { framing, until },
        { framing, until, padding: 7 },
        { framing, until, numberSize: 4 as const },
        { framing, until, chunkSize: 3 },
      ].map((form) => ({ name: Object.values(form).join(' '), ...form })),
    ),
  )
}

export interface Message {
  readonly fields: readonly (readonly [name: string, value: string])[]
  readonly content: string
  readonly trailers?: readonly (readonly [name: string, value: string])[]
}

export interface RequestMessage extends Message {
  readonly method: string
  readonly scheme: string
  readonly authority: string
  readonly path: string
}

export interface ResponseMessage extends Message {
  readonly status: number
  readonly informational?: readonly { readonly status: number; readonly fields: Message['fields'] }[]
}

export function writeRequest(message: RequestMessage, form: Form): Bytes {
  const { method, scheme, authority, path } = message
  const writer = createWriter(form)
  writer.number(form.framing === 'known-length' ? 0 : 2)
  for (const text of [method, scheme, authority, path]) writer.text(text)
  return writer.rest(message)
}

export function writeResponse(message: ResponseMessage, form: Form): Bytes {
  const writer = createWriter(form)
  writer.number(form.framing === 'known-length' ? 1 : 3)
  for (const { status, fields } of message.informational ?? []) {
    writer.number(status)
    writer.section(fields)
  }
  writer.number(message.status)
  return writer.rest(message)
}

interface Writer {
  readonly number: (value: number) => void
  readonly text: (text: string) => void
  readonly section: (fields: Message['fields']) => void
  readonly rest: (message: Message) => Bytes
}

function createWriter(form: Form): Writer {
  const { framing, until = 'trailers', padding = 0, numberSize, chunkSize = Infinity } = form
  let out: number[] = []
  const number = (value: number): void => {
    out.push(...integer(value, numberSize))
  }
  const text = (value: string): void => {
    number(value.length)
    out.push(...latin1(value))
  }
  const section = (fields: Message['fields']): void => {
    const before = out
    out = []
    fields.flat().forEach(text)
    const lines = out
    out = before
    if (framing === 'known-length') number(lines.length)
    out.push(...lines)
    if (framing === 'indeterminate-length') number(0)
  }
  const content = (value: string): void => {
    if (framing === 'known-length') {
      text(value)
      return
    }
    for (let at = 0; at < value.length; at += chunkSize) text(value.slice(at, at + chunkSize))
    number(0)
  }
  return {
    number,
    text,
    section,
    rest(message) {
      const parts = ['fields', 'content', 'trailers'] as const
      const last = parts.indexOf(until as 'fields')
      if (last >= 0) section(message.fields)
      if (last >= 1) content(message.content)
      if (last >= 2) section(message.trailers ?? [])
      return Uint8Array.from([...out, ...new Array<number>(padding).fill(0)])
    },
  }
}

export function readRequest(bytes: Bytes): RequestMessage {
  const reader = createReader(bytes)
  const framing = reader.number()
  if (framing !== 0 && framing !== 2) throw new Error(`framing ${framing}`)
  const [method, scheme, authority, path] = [reader.text(), reader.text(), reader.text(), reader.text()]
  return { method, scheme, authority, path, ...reader.rest(framing === 0) }
}

export function readResponse(bytes: Bytes): ResponseMessage {
  const reader = createReader(bytes)
  const framing = reader.number()
  if (framing !== 1 && framing !== 3) throw new Error(`framing ${framing}`)
  const informational: { status: number; fields: Message['fields'] }[] = []
  for (;;) {
    const status = reader.number()
    if (status >= 200) return { status, informational, ...reader.rest(framing === 1) }
    informational.push({ status, fields: reader.section(framing === 1) })
  }
}

interface Reader {
  readonly number: () => number
  readonly text: () => string
  readonly section: (isKnown: boolean) => Message['fields']
  readonly rest: (isKnown: boolean) => Required<Message>
}

function createReader(bytes: Bytes): Reader {
  let at = 0
  const take = (length: number): Bytes => {
    if (at + length > bytes.length) throw new Error(`ends at ${bytes.length}, within a part that begins at ${at}`)
    at += length
    return bytes.slice(at - length, at)
  }
  const isOver = (): boolean => at === bytes.length
  const number = (): number => {
    const [first = 0] = take(1)
    let value = first & 63
    for (const byte of take((1 << (first >> 6)) - 1)) value = value * 256 + byte
    return value
  }
  const text = (): string => Buffer.from(take(number())).toString('latin1')
  const section = (isKnown: boolean): Message['fields'] => {
    const fields: (readonly [string, string])[] = []
    if (isOver()) return fields
    if (isKnown) {
      const length = number()
      const end = at + length
      while (at < end) fields.push([text(), text()])
      if (at !== end) throw new Error('fields do not fill their length')
      return fields
    }
    for (;;) {
      const name = text()
      if (name === '') return fields
      fields.push([name, text()])
    }
  }
  return {
    number,
    text,
    section,
    rest(isKnown) {
      const fields = section(isKnown)
      let content = ''
      if (isKnown && !isOver()) content = text()
      if (!isKnown && !isOver()) for (let chunk; (chunk = text()) !== '';) content += chunk
      const trailers = section(isKnown)
      if (bytes.slice(at).some((byte) => byte !== 0)) throw new Error('padding is not zero')
      return { fields, content, trailers }
    },
  }
}

function integer(value: number, size?: 1 | 2 | 4 | 8): number[] {
  const least = value < 2 ** 6 ? 1 : value < 2 ** 14 ? 2 : value < 2 ** 30 ? 4 : 8
  const length = Math.max(least, size ?? 1)
  const bytes = Array.from({ length }, (_, i) => Math.floor(value / 256 ** (length - 1 - i)) % 256)
  bytes[0] = (bytes[0] ?? 0) | (Math.log2(length) << 6)
  return bytes
}

function latin1(text: string): number[] {
  return Array.from(text, (character) => character.charCodeAt(0))
}
