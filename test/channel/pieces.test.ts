/**
 * Reading fields out of pieces of any size, and messages that end when somebody has enough.
 */
import { describe, expect, test } from 'vitest'
import { encodeNumber, encodeText, generate, type Pieces, readPieces } from '../../src/channel/pieces.ts'
import { VerificationError } from '../../src/core/errors.ts'
import {
  type Bytes,
  endless,
  gather,
  hex,
  later,
  number,
  pieces,
  slowly,
  split,
  toHex,
  utf8,
  watched,
} from './messages.ts'

const source = { name: 'message', code: 'ohttp-format' } as const
const read = (...all: readonly Bytes[]): ReturnType<typeof readPieces> =>
  readPieces(pieces(...all), source, 'ohttp-incomplete')

describe('numbers', () => {
  // RFC 9000 appendix A.1.
  test.each([
    ['c2197c5eff14e88c', 151_288_809_941_952_652n],
    ['9d7f3e7d', 494_878_333n],
    ['7bbd', 15_293n],
    ['25', 37n],
    ['4025', 37n],
  ])('%s of RFC 9000 is %d, or is too large', async (text, value) => {
    const reading = read(hex(text)).number('number')
    if (value <= BigInt(Number.MAX_SAFE_INTEGER)) expect(await reading).toBe(Number(value))
    else
      await expect(reading).rejects.toMatchObject({ code: 'ohttp-format', message: 'message: number is 2^53 or more' })
  })

  test.each([1, 2, 4, 8] as const)('in %d bytes, whatever the value', async (size) => {
    expect(await read(number(21, size)).number('number')).toBe(21)
  })

  test('to 2^53, not further', async () => {
    expect(await read(number(2n ** 53n - 1n)).number('number')).toBe(Number.MAX_SAFE_INTEGER)
    for (const value of [2n ** 53n, 2n ** 53n + 1n, 2n ** 62n - 1n])
      await expect(read(number(value)).number('number')).rejects.toMatchObject({ code: 'ohttp-format' })
  })

  test.each([0, 63, 64, 16_383, 16_384, 2 ** 30 - 1, 2 ** 30, 2 ** 32, Number.MAX_SAFE_INTEGER])(
    '%d is written in its shortest form',
    (value) => {
      expect(toHex(encodeNumber(value))).toBe(toHex(number(value)))
    },
  )

  test('cut off', async () => {
    await expect(read(hex('c2197c')).number('number')).rejects.toMatchObject({
      code: 'ohttp-incomplete',
      message: 'message: number: expected 7 bytes, found 2 before the end',
    })
    await expect(read().number('number')).rejects.toMatchObject({
      code: 'ohttp-incomplete',
      message: 'message: ended before the number',
    })
    expect(await read().optionalNumber('number')).toBeUndefined()
  })

  test('text has its length before it', () => {
    expect(toHex(encodeText('a\xff'))).toBe('0261ff')
  })
})

describe('fields', () => {
  test.each([1, 2, 3, 100])('in pieces of %d', async (size) => {
    const input = read(...split(utf8('hello world'), size))
    expect(new TextDecoder().decode(await input.take(5, 'greeting'))).toBe('hello')
    expect(await input.take(0, 'nothing')).toHaveLength(0)
    expect((await input.some(4))?.length).toBeLessThanOrEqual(4)
    await input.rest(100)
    expect(await input.some(1)).toBeUndefined()
  })

  test('fewer bytes than there must be', async () => {
    const error: unknown = await read(utf8('abc'))
      .take(4, 'name')
      .catch((thrown: unknown) => thrown)
    expect(error).toBeInstanceOf(VerificationError)
    expect(error).toMatchObject({
      code: 'ohttp-incomplete',
      message: 'message: name: expected 4 bytes, found 3 before the end',
    })
  })

  test('a claimed length takes no memory before the bytes are there', async () => {
    await expect(read(utf8('abc')).take(2 ** 50, 'name')).rejects.toMatchObject({ code: 'ohttp-incomplete' })
  })

  test('the rest, up to a limit', async () => {
    expect(await read(utf8('abc'), utf8('d')).rest(4)).toEqual(utf8('abcd'))
    expect(await read(utf8('abc'), utf8('de')).rest(4)).toBeUndefined()
    expect(await read().rest(0)).toHaveLength(0)
    const many = await read(...split(new Uint8Array(50_000).fill(7), 1)).rest(Infinity)
    expect(many?.length).toBe(50_000)
    expect(many?.every((byte) => byte === 7)).toBe(true)
  })

  test('empty pieces do not count, but there may not be more than 1024 in a row', async () => {
    const empty = new Uint8Array()
    const some = Array.from({ length: 1024 }, () => empty)
    expect(await read(...some, utf8('a'), ...some, utf8('b')).take(2, 'two')).toEqual(utf8('ab'))
    await expect(readPieces(endless(empty), source).some(1)).rejects.toMatchObject({
      code: 'ohttp-format',
      message: 'message: more than 1024 empty pieces',
    })
  })

  test('an error of the source is passed on as it is, and the source is not told to stop', async () => {
    const failure = new RangeError('gone')
    let isStopped = false
    const iterator = {
      next: () => Promise.reject(failure),
      return: () => {
        isStopped = true
        return Promise.resolve({ done: true as const, value: undefined })
      },
    }
    const input = readPieces({ [Symbol.asyncIterator]: () => iterator }, source)
    await expect(input.some(1)).rejects.toBe(failure)
    expect(await input.some(1)).toBeUndefined()
    input.cancel()
    expect(isStopped).toBe(false)
  })
})

describe('what is there at once', () => {
  test('goes together, up to a limit', async () => {
    const input = read(utf8('a'), utf8('bc'), new Uint8Array(), utf8('defg'))
    expect(await input.batch(5)).toEqual(utf8('abcde'))
    expect(await input.batch(5)).toEqual(utf8('fg'))
    expect(await input.batch(5)).toBeUndefined()
  })

  test('does not wait for more', async () => {
    const input = readPieces(watched(utf8('a'), utf8('b'), undefined), source)
    expect(await input.batch(5)).toEqual(utf8('ab'))
  })

  test('what comes later comes by itself', async () => {
    const input = readPieces(slowly(utf8('a'), utf8('b')), source)
    expect([await input.batch(5), await input.batch(5), await input.batch(5)]).toEqual([
      utf8('a'),
      utf8('b'),
      undefined,
    ])
  })

  test('what came before an error comes before it', async () => {
    async function* failing(): Pieces {
      await Promise.resolve()
      yield utf8('a')
      throw new RangeError('gone')
    }
    const input = readPieces(failing(), source)
    expect(await input.batch(5)).toEqual(utf8('a'))
    await expect(input.batch(5)).rejects.toThrow('gone')
  })

  test('an error that nobody waits for any more is nobody’s problem', async () => {
    let fail: ((error: Error) => void) | undefined
    async function* failing(): Pieces {
      yield utf8('a')
      await new Promise((_, reject) => (fail = reject))
    }
    const input = readPieces(failing(), source)
    await input.batch(5)
    input.cancel()
    fail?.(new Error('unhandled'))
    await later()
  })
})

describe('a message', () => {
  const copy = (from: AsyncIterable<Bytes>): Pieces => {
    const input = readPieces(from, source)
    return generate(input, async function* () {
      for (let piece; (piece = await input.some(10)) !== undefined;) yield piece
    })
  }

  test('is what its source is', async () => {
    const from = watched(utf8('ab'), utf8('c'))
    expect(await gather(copy(from))).toEqual(utf8('abc'))
    expect(from.cancelled()).toBe(0)
  })

  test('asks for nothing before it is asked', async () => {
    const from = watched(utf8('a'))
    copy(from)
    await later()
    expect(from.asked()).toBe(0)
  })

  test('that is given up before it began tells its source', async () => {
    const from = watched(utf8('a'))
    const message = copy(from)
    expect(await message.return()).toEqual({ done: true, value: undefined })
    expect(from.cancelled()).toBe(1)
    expect(await message.next()).toEqual({ done: true, value: undefined })
    expect(from.asked()).toBe(0)
  })

  test('that is given up in the middle tells its source, once', async () => {
    const from = watched(utf8('a'), utf8('b'))
    const message = copy(from)
    for await (const piece of message) {
      expect(piece).toEqual(utf8('a'))
      break
    }
    await message.return()
    expect(from.cancelled()).toBe(1)
    expect((await message.next()).done).toBe(true)
  })

  test('that is given up while it waits for a source that stalls tells it at once, and waits no more', async () => {
    const from = watched(utf8('a'), undefined)
    const message = copy(from)
    await message.next()
    void message.next()
    await later()
    await message.return()
    expect(from.cancelled()).toBe(1)
  })

  test('gives nothing that comes after it was given up', async () => {
    let come: ((result: IteratorResult<Bytes, undefined>) => void) | undefined
    const iterator = { next: () => new Promise<IteratorResult<Bytes, undefined>>((resolve) => (come = resolve)) }
    const message = copy({ [Symbol.asyncIterator]: () => iterator })
    const next = message.next()
    await later()
    await message.return()
    come?.({ done: false, value: utf8('late') })
    expect((await next).done).toBe(true)
  })

  test('gives nothing after an error, and tells its source', async () => {
    const from = watched(utf8('a'), utf8('b'))
    const input = readPieces(from, source)
    const message = generate(input, async function* () {
      for (let piece; (piece = await input.some(1)) !== undefined;) {
        yield piece
        throw new RangeError('no')
      }
    })
    await message.next()
    await expect(message.next()).rejects.toThrow('no')
    expect((await message.next()).done).toBe(true)
    expect(from.cancelled()).toBe(1)
  })

  test.each([
    [
      'throws',
      () => {
        throw new Error('stuck')
      },
    ],
    ['rejects', () => Promise.reject(new Error('stuck'))],
    ['never ends', () => new Promise<never>(() => undefined)],
  ])('whose source %s when it is told to stop is stopped all the same', async (_, stop) => {
    const iterator = { next: () => Promise.resolve({ done: false as const, value: utf8('a') }), return: stop }
    const message = copy({ [Symbol.asyncIterator]: () => iterator })
    await message.next()
    expect(await message.return()).toEqual({ done: true, value: undefined })
    await later()
  })
})
