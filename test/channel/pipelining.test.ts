/**
 * Chunks are opened several at a time: in their order all the same, each within the limits, and none
 * after one that is broken. What is read slowly is not copied, nor read ahead of its reader.
 */
import { describe, expect, test, vi } from 'vitest'
import { openChunks, type Opener, sealChunks } from '../../src/channel/chunks.ts'
import { encodeNumber, readPieces } from '../../src/channel/pieces.ts'
import { VerificationError } from '../../src/core/errors.ts'
import { type Bytes, drain, endless, join, pieces, slowly } from './messages.ts'

const source = { name: 'message', code: 'ohttp-format' } as const
const limits = { maximumChunk: 65_536, maximumMessage: Infinity }
const tag = new Uint8Array(16)

/** A chunk of so many bytes of one value, under a seal that is zeros. */
const chunk = (value: number, size: number): Bytes =>
  join(encodeNumber(size + 16), new Uint8Array(size).fill(value), tag)
const last = join(new Uint8Array(1), tag)

interface Door extends Opener {
  /** Chunks that are being opened, by their first byte. */
  readonly waiting: Map<number, (opened: Bytes | undefined) => void>
  most: number
}

/** An opener that opens when it is told to. */
function createDoor(): Door {
  const waiting = new Map<number, (opened: Bytes | undefined) => void>()
  const door: Door = {
    waiting,
    most: 0,
    open: (sealed) =>
      new Promise((resolve) => {
        const value = sealed.length > 16 ? (sealed[0] as number) : -1
        waiting.set(value, (opened) => {
          waiting.delete(value)
          resolve(opened)
        })
        door.most = Math.max(door.most, waiting.size)
      }),
  }
  return door
}

/** Opens at once. */
const open: Opener = { open: (sealed) => Promise.resolve(sealed.slice(0, -16)) }

async function turns(): Promise<void> {
  for (let i = 0; i < 200; i++) await Promise.resolve()
}

describe('several at a time', () => {
  test('up to 16, and they come out in their order whichever is opened first', async () => {
    const door = createDoor()
    const sealed = join(...Array.from({ length: 40 }, (_, i) => chunk(i, 100)), last)
    const opened = openChunks(door, readPieces(pieces(sealed), source), source, limits)
    const found: number[] = []
    const reading = (async () => {
      for await (const piece of opened) found.push(piece[0] as number)
    })()
    while (found.length < 40 || door.waiting.size > 0) {
      await turns()
      expect(door.waiting.size).toBeLessThanOrEqual(16)
      // The last one first.
      const [value] = [...door.waiting.keys()].slice(-1)
      if (value === undefined) break
      door.waiting.get(value)?.(value < 0 ? new Uint8Array() : new Uint8Array(100).fill(value))
    }
    await reading
    expect(found).toEqual(Array.from({ length: 40 }, (_, i) => i))
    expect(door.most).toBe(16)
  })

  test('at most 1 MiB of them, whatever their number', async () => {
    const door = createDoor()
    const sealed = join(...Array.from({ length: 8 }, (_, i) => chunk(i, 400_000)), last)
    const opened = openChunks(door, readPieces(pieces(sealed), source), source, { ...limits, maximumChunk: 500_000 })
    const first = opened.next()
    await turns()
    expect([...door.waiting.keys()]).toEqual([0, 1, 2])
    door.waiting.get(0)?.(new Uint8Array(1))
    expect((await first).done).toBe(false)
    await opened.return()
  })

  test('what is there comes out without waiting for what is not', async () => {
    let ask = (): void => undefined
    const asked = new Promise<void>((resolve) => (ask = resolve))
    async function* stalled(): AsyncGenerator<Bytes, void> {
      yield join(chunk(1, 10), chunk(2, 10))
      ask()
      await new Promise(() => undefined)
    }
    const opened = openChunks(open, readPieces(stalled(), source), source, limits)
    expect((await opened.next()).value?.[0]).toBe(1)
    expect((await opened.next()).value?.[0]).toBe(2)
    const third = opened.next()
    await asked
    void third
  })
})

describe('what is wrong with one', () => {
  const cases: readonly (readonly [
    string,
    readonly Bytes[],
    Partial<typeof limits & { maximumChunks: number }>,
    RegExp,
  ])[] = [
    ['longer than allowed', [chunk(1, 10), chunk(2, 10), chunk(3, 101), last], { maximumChunk: 100 }, /at most 100/],
    ['beyond the message', [chunk(1, 10), chunk(2, 10), chunk(3, 10), last], { maximumMessage: 25 }, /at most 5/],
    ['no room for its seal', [chunk(1, 10), chunk(2, 10), join(encodeNumber(15), tag)], {}, /has no room for its seal/],
    ['cut off', [chunk(1, 10), chunk(2, 10), chunk(3, 10).subarray(0, 20)], {}, /before the end/],
    ['without an end', [chunk(1, 10), chunk(2, 10)], {}, /ended before its last chunk/],
    ['one too many', [chunk(1, 10), chunk(2, 10), chunk(3, 10), last], { maximumChunks: 2 }, /too many chunks/],
    [
      '17 empty ones',
      [chunk(1, 10), chunk(2, 10), ...Array.from({ length: 17 }, () => chunk(0, 0)), last],
      {},
      /more than 16 empty chunks/,
    ],
  ]

  test.each(cases)('%s: told after those before it', async (_name, parts, changed, message) => {
    const opened = openChunks(open, readPieces(pieces(join(...parts)), source, 'ohttp-incomplete'), source, {
      ...limits,
      ...changed,
    })
    const { received, error } = await drain(opened)
    expect([...received]).toEqual([...chunk(1, 10).subarray(1, 11), ...chunk(2, 10).subarray(1, 11)])
    expect(error).toBeInstanceOf(VerificationError)
    expect((error as Error).message).toMatch(message)
  })

  test('a broken seal ends it: nothing behind it comes out, though it was opened', async () => {
    const third: Opener = { open: (sealed) => Promise.resolve(sealed[0] === 3 ? undefined : sealed.slice(0, -16)) }
    const sealed = join(...[1, 2, 3, 4, 5].map((value) => chunk(value, 10)), last)
    const { received, error } = await drain(openChunks(third, readPieces(pieces(sealed), source), source, limits))
    expect([...received]).toEqual([...chunk(1, 10).subarray(1, 11), ...chunk(2, 10).subarray(1, 11)])
    expect(error).toMatchObject({ code: 'ohttp-open' })
  })

  test('a broken seal is told before what is wrong behind it', async () => {
    const none: Opener = { open: () => Promise.resolve(undefined) }
    const sealed = join(chunk(1, 10), join(encodeNumber(15), tag))
    const { error } = await drain(openChunks(none, readPieces(pieces(sealed), source), source, limits))
    expect(error).toMatchObject({ code: 'ohttp-open' })
  })
})

describe('several are sealed at a time', () => {
  /** A seal of which each byte is the number of its chunk. */
  const sealerOf = (): Parameters<typeof sealChunks>[0] & { most: number } => {
    let count = 0
    let underWay = 0
    const sealer = {
      most: 0,
      seal: async (data: Bytes) => {
        const value = ++count
        sealer.most = Math.max(sealer.most, ++underWay)
        await turns()
        underWay--
        return join(new Uint8Array(data.length).fill(value), tag)
      },
    }
    return sealer
  }

  test('what is there leaves as one piece of up to four chunks, in their order', async () => {
    const sealer = sealerOf()
    const input = readPieces(pieces(new Uint8Array(100_000)), source)
    const sealed: Bytes[] = []
    for await (const piece of sealChunks(sealer, input)) sealed.push(piece)
    const full = [1, 2, 3, 4, 5, 6].map((value) => chunk(value, 16_384))
    const end = join([0], tag)
    expect(sealed).toEqual([join(...full.slice(0, 4)), join(...full.slice(4), chunk(7, 100_000 - 6 * 16_384)), end])
    expect(sealer.most).toBe(4)
  })

  test('what comes later is not waited for', async () => {
    const input = readPieces(slowly(new Uint8Array(10), new Uint8Array(20)), source)
    const sealed: Bytes[] = []
    for await (const piece of sealChunks(sealerOf(), input)) sealed.push(piece)
    expect(sealed).toEqual([chunk(1, 10), chunk(2, 20), join([0], tag)])
  })

  test('one that cannot be sealed ends it all', async () => {
    const input = readPieces(pieces(new Uint8Array(100_000)), source)
    let count = 0
    const sealer = {
      seal: (data: Bytes) => (++count === 2 ? Promise.reject(new Error('no seal')) : Promise.resolve(data)),
    }
    await expect(sealChunks(sealer, input).next()).rejects.toThrow('no seal')
  })
})

describe('a slow reader', () => {
  test('copies each byte at most once, however much has come', async () => {
    const whole = join(...Array.from({ length: 640 }, (_, i) => chunk(i % 250, 16_384)), last)
    let copied = 0
    const original = Uint8Array.prototype.set
    const spy = vi.spyOn(Uint8Array.prototype, 'set').mockImplementation(function (this: Uint8Array, from, at) {
      copied += from.length
      original.call(this, from, at)
    })
    // All of it in one piece, then in pieces as a network has them.
    const cut = Array.from({ length: Math.ceil(whole.length / 65_536) }, (_, i) =>
      whole.subarray(i * 65_536, (i + 1) * 65_536),
    )
    for (const [given, most] of [
      [[whole], 100],
      [cut, whole.length],
    ] as const) {
      copied = 0
      let size = 0
      for await (const piece of openChunks(open, readPieces(slowly(...given), source), source, limits)) {
        size += piece.length
        await turns()
      }
      expect(size).toBe(640 * 16_384)
      expect(copied).toBeLessThanOrEqual(most)
    }
    spy.mockRestore()
  })

  test('is not read ahead of by more than what was being opened', async () => {
    let given = 0
    const source2 = (async function* () {
      for await (const piece of endless(chunk(1, 16_384))) {
        given++
        yield piece
      }
    })()
    const opened = openChunks(open, readPieces(source2, source), source, limits)
    for (let read = 1; read <= 20; read++) {
      await opened.next()
      await turns()
      expect(given).toBeLessThanOrEqual(read + 17)
    }
    await opened.return()
  })
})
