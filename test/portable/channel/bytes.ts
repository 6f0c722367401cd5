/**
 * Bytes and text, with what every runtime has.
 */
export type Bytes = Uint8Array<ArrayBuffer>

export const utf8 = (text: string): Bytes => new TextEncoder().encode(text)

export const fromBase64 = (text: string): Bytes => Uint8Array.from(atob(text), (char) => char.charCodeAt(0))

export function concat(parts: readonly Uint8Array[]): Bytes {
  const whole = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0))
  let at = 0
  for (const part of parts) {
    whole.set(part, at)
    at += part.length
  }
  return whole
}

/** Whether the text is in there, as it is. */
export function holds(bytes: Uint8Array, text: string): boolean {
  let found = ''
  for (let at = 0; at < bytes.length; at += 8192) found += String.fromCharCode(...bytes.subarray(at, at + 8192))
  return found.includes(text)
}

/** `size` bytes, always the same and without a period that a chunk could have. */
export function pattern(size: number): Bytes {
  const bytes = new Uint8Array(size)
  for (let i = 0, state = 1; i < size; i++) {
    state = (state * 48_271) % 2_147_483_647
    bytes[i] = state >> 8
  }
  return bytes
}

/** Length and SHA-256, in hexadecimal. */
export async function sumOf(bytes: Bytes): Promise<string> {
  const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', bytes))
  return `${bytes.length} ${Array.from(digest, (byte) => byte.toString(16).padStart(2, '0')).join('')}`
}

/** A stream of these pieces; each is made when it is asked for. */
export function streamOf(pieces: Iterable<Bytes> | AsyncIterable<Bytes>): ReadableStream<Bytes> {
  const next = (async function* () {
    yield* pieces
  })()
  return new ReadableStream<Bytes>(
    {
      async pull(controller) {
        const { done, value } = await next.next()
        if (done === true) controller.close()
        else controller.enqueue(value)
      },
    },
    { highWaterMark: 0 },
  )
}
