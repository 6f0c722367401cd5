/**
 * The wire, as this page sees it: every request that goes out and every answer that comes back,
 * byte for byte, recorded at the only place where the client has a network.
 */
export interface Crossing {
  readonly direction: 'out' | 'in'
  readonly what: string
  readonly type: string
  bytes: Uint8Array
  /** Whether more may come. */
  open: boolean
}

/** A `fetch` that records. @param changed called whenever there is more to see */
export function recorded(send: typeof fetch, crossings: Crossing[], changed: () => void): typeof fetch {
  return async (input, init) => {
    const url = new URL(input instanceof Request ? input.url : input, location.href)
    const body = init?.body == null ? new Uint8Array() : new Uint8Array(await new Response(init.body).arrayBuffer())
    const type = new Headers(init?.headers).get('content-type') ?? ''
    const method = init?.method ?? 'GET'
    crossings.push({ direction: 'out', what: `${method} ${url.pathname}`, type, bytes: body, open: false })
    changed()
    const response = await send(input, { ...init, ...(init?.body != null && { body }) })
    const answer: Crossing = {
      direction: 'in',
      what: response.type === 'opaqueredirect' ? 'a redirection' : `${response.status}`,
      type: response.headers.get('content-type') ?? '',
      bytes: new Uint8Array(),
      open: response.body !== null,
    }
    crossings.push(answer)
    changed()
    return response.body === null ? response : new Response(watched(response.body, answer, changed), response)
  }
}

/**
 * The same body, recorded as it is read. Not a clone: in service workers of Firefox, two readers of
 * one body see pieces of each other.
 */
function watched(body: ReadableStream<Uint8Array>, answer: Crossing, changed: () => void): ReadableStream<Uint8Array> {
  const reader = body.getReader()
  const end = (): void => {
    answer.open = false
    changed()
  }
  return new ReadableStream({
    async pull(controller) {
      try {
        const { done, value } = await reader.read()
        if (done) {
          end()
          controller.close()
          return
        }
        const all = new Uint8Array(answer.bytes.length + value.length)
        all.set(answer.bytes)
        all.set(value, answer.bytes.length)
        answer.bytes = all
        changed()
        controller.enqueue(value)
      } catch (error) {
        // Cut off: what came is shown.
        end()
        controller.error(error)
      }
    },
    cancel(reason) {
      end()
      return reader.cancel(reason)
    },
  })
}

/** Places in bytes, in order; none touches another. */
export type Places = readonly (readonly [from: number, to: number])[]

/** What must not be readable on the wire. */
export interface Secret {
  /** As the wire says it: "your card number". */
  readonly name: string
  readonly at: (bytes: Uint8Array) => Places
}

export const cardNumber = (card: string): Secret => ({
  name: 'your card number',
  at: (bytes) => readableAt(bytes, card),
})

/** A text: any twelve characters of it in a row, and all of it in hexadecimal or in base64. */
export function prose(name: string, text: string): Secret {
  const utf8 = new TextEncoder().encode(text)
  if (utf8.length < windowSize) return { name, at: () => [] }
  const own = oneCharacterPerByte(utf8)
  const windows = Array.from({ length: own.length - windowSize + 1 }, (_, i) => own.slice(i, i + windowSize))
  const hex = Array.from(utf8, (byte) => byte.toString(16).padStart(2, '0')).join('')
  const needles = [...new Set([...windows, hex, ...inBase64(own)])]
  return { name, at: (bytes) => placesOf(bytes, needles) }
}

const windowSize = 12

/**
 * Where a card number can be read in bytes: as it is, with spaces or hyphens, in hexadecimal, in
 * base64 at any offset.
 */
export function readableAt(bytes: Uint8Array, card: string): Places {
  const digits = card.replace(/\D/g, '')
  if (digits.length < 8) return []
  const groups = digits.match(/.{1,4}/g) ?? []
  const hex = Array.from(digits, (digit) => digit.charCodeAt(0).toString(16)).join('')
  return placesOf(bytes, [
    digits,
    ...[' ', '+', '%20', '-'].map((between) => groups.join(between)),
    hex,
    ...inBase64(digits),
  ])
}

/** What is in the middle of base64 does not depend on what is around it. */
const inBase64 = (text: string): readonly string[] =>
  [0, 1, 2].map((offset) => btoa(' '.repeat(offset) + text).slice(4, -4))

/** So that places in the text are places in the bytes. */
function oneCharacterPerByte(bytes: Uint8Array): string {
  let text = ''
  for (const byte of bytes) text += String.fromCharCode(byte)
  return text
}

function placesOf(bytes: Uint8Array, needles: readonly string[]): Places {
  const text = oneCharacterPerByte(bytes)
  const found = needles.flatMap((needle) => {
    const places: [from: number, to: number][] = []
    for (let at = text.indexOf(needle); at >= 0; at = text.indexOf(needle, at + 1))
      places.push([at, at + needle.length])
    return places
  })
  // A text that repeats itself is found more than once in the same place.
  const merged: [from: number, to: number][] = []
  for (const [from, to] of found.sort(([a], [b]) => a - b)) {
    const last = merged.at(-1)
    if (last !== undefined && from <= last[1]) last[1] = Math.max(last[1], to)
    else merged.push([from, to])
  }
  return merged
}
