/**
 * Messages in pieces, as tests want them.
 */
export type Bytes = Uint8Array<ArrayBuffer>

/** Some cases of a loop are the same for both. */
export const suites = [
  { kem: 'P-256', aead: 'AES-128-GCM' },
  { kem: 'P-256', aead: 'AES-256-GCM' },
  { kem: 'X25519', aead: 'AES-128-GCM' },
  { kem: 'X25519', aead: 'AES-256-GCM' },
] as const

export function utf8(text: string): Bytes {
  return new TextEncoder().encode(text)
}

export function hex(text: string): Bytes {
  return new Uint8Array(Buffer.from(text.replace(/\s/g, ''), 'hex'))
}

export function toHex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex')
}

/** There all at once. */
export async function* pieces(...all: readonly Bytes[]): AsyncGenerator<Bytes, void, undefined> {
  await Promise.resolve()
  yield* all
}

/** Each comes by itself: whoever asks for one must wait for it. */
export async function* slowly(...all: readonly Bytes[]): AsyncGenerator<Bytes, void, undefined> {
  for (const piece of all) {
    await later()
    yield piece
  }
  await later()
}

/** After all that is under way now. */
export function later(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve)
  })
}

export function* split(bytes: Bytes, size: number): Generator<Bytes> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.slice(at, at + size)
}

export async function gather(message: AsyncIterable<Uint8Array>): Promise<Bytes> {
  const parts: Uint8Array[] = []
  for await (const piece of message) parts.push(piece)
  return new Uint8Array(Buffer.concat(parts))
}

/** What came out before the end or the error, and the error. */
export async function drain(
  message: AsyncIterable<Uint8Array>,
): Promise<{ readonly received: Bytes; readonly error: unknown }> {
  const parts: Uint8Array[] = []
  const received = (): Bytes => new Uint8Array(Buffer.concat(parts))
  try {
    for await (const piece of message) parts.push(piece)
    return { received: received(), error: undefined }
  } catch (error) {
    return { received: received(), error }
  }
}

/** A source that says what was asked of it. `undefined` in place of a piece: it stalls there. */
export function watched(...all: readonly (Bytes | undefined)[]): AsyncIterable<Bytes> & {
  readonly asked: () => number
  readonly cancelled: () => number
} {
  let asked = 0
  let cancelled = 0
  const iterator: AsyncIterator<Bytes, undefined> = {
    next() {
      if (asked >= all.length) return Promise.resolve({ done: true, value: undefined })
      const value = all[asked++]
      return value ? Promise.resolve({ done: false, value }) : new Promise(() => undefined)
    },
    return() {
      cancelled++
      return Promise.resolve({ done: true, value: undefined })
    },
  }
  return { [Symbol.asyncIterator]: () => iterator, asked: () => asked, cancelled: () => cancelled }
}

/** The same piece for ever. */
export async function* endless(piece: Bytes, ...first: readonly Bytes[]): AsyncGenerator<Bytes, void, undefined> {
  await Promise.resolve()
  yield* first
  for (;;) yield piece
}

/** A number as QUIC writes it. @param size 1, 2, 4 or 8; default: the shortest */
export function number(value: number | bigint, size?: 1 | 2 | 4 | 8): Bytes {
  const wanted = size ?? (value < 2 ** 6 ? 1 : value < 2 ** 14 ? 2 : value < 2 ** 30 ? 4 : 8)
  const bytes = hex(
    BigInt(value)
      .toString(16)
      .padStart(wanted * 2, '0'),
  )
  bytes[0] = (bytes[0] ?? 0) | (Math.log2(wanted) << 6)
  return bytes
}

export function join(...parts: readonly (Uint8Array | readonly number[] | string)[]): Bytes {
  return new Uint8Array(
    Buffer.concat(parts.map((part) => (typeof part === 'string' ? Buffer.from(part, 'latin1') : Buffer.from(part)))),
  )
}
