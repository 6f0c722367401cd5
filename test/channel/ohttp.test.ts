/**
 * Sealed exchanges: what is sealed is what is opened, and whatever somebody in between does to it,
 * nothing that was not sealed comes out. Abuse cases A43 to A48 by their names.
 */
import { AEAD_AES_128_GCM, CipherSuite, KDF_HKDF_SHA256, KEM_DHKEM_P256_HKDF_SHA256 } from 'hpke'
import { describe, expect, test, vi } from 'vitest'
import { type Opener, openChunks, sealChunks, type Sealer } from '../../src/channel/chunks.ts'
import { createGatewayKey, decodeKeyConfig, type GatewayKey } from '../../src/channel/key-config.ts'
import { mediaTypes, type OpenedRequest, openRequest, type SealedRequest } from '../../src/channel/ohttp.ts'
import { readPieces } from '../../src/channel/pieces.ts'
import type { Suite } from '../../src/channel/suite.ts'
import { counterNonce } from '../../src/crypto/aead.ts'
import { VerificationError } from '../../src/core/errors.ts'
import {
  type Bytes,
  drain,
  endless,
  gather,
  join,
  later,
  number,
  pieces,
  slowly,
  split,
  suites,
  toHex,
  utf8,
  watched,
} from './messages.ts'
import { sealRequest } from './seal-request.ts'

const suite: Suite = { kem: 'P-256', aead: 'AES-128-GCM' }
/** The same suite, all of it the library's. */
const library = new CipherSuite(KEM_DHKEM_P256_HKDF_SHA256, KDF_HKDF_SHA256, AEAD_AES_128_GCM)
const key = await createGatewayKey(7, suite)
const config = await decodeKeyConfig(key.config, suite)
const keyOf = (keyId: number): GatewayKey | undefined => (keyId === 7 ? key : undefined)
const tagSize = 16
const nonceSize = 16
/** Header and encapsulated key. */
const headSize = 7 + 65

const words = ['the ', 'quick ', 'brown ', 'fox']
const sentence = words.join('')

interface Exchange {
  readonly sent: SealedRequest
  readonly opened: OpenedRequest
}

/** A request that arrived. */
async function exchange(options: { readonly chunked?: boolean } = {}): Promise<Exchange> {
  const sent = await sealRequest(config, pieces(utf8('question')), options)
  const opened = await openRequest(keyOf, sent.sealed, options)
  await gather(opened.message)
  return { sent, opened }
}

/** Nonce or header, and then the chunks one by one, each with its length. */
function framesOf(sealed: Bytes, start: number): { readonly head: Bytes; readonly frames: readonly Bytes[] } {
  const frames: Bytes[] = []
  let at = start
  while (sealed[at] !== 0) {
    // All lengths in these tests take one byte.
    const end = at + 1 + (sealed[at] ?? NaN)
    frames.push(sealed.slice(at, end))
    at = end
  }
  return { head: sealed.slice(0, start), frames: [...frames, sealed.slice(at)] }
}

/** Its answer, in four chunks and the last. */
async function answerOf({ opened }: Exchange): Promise<ReturnType<typeof framesOf>> {
  const frames = framesOf(await gather(opened.sealResponse(slowly(...words.map(utf8)))), nonceSize)
  expect(frames.frames).toHaveLength(5)
  return frames
}

function flip(bytes: Bytes, at: number, bit = 0): Bytes {
  return bytes.map((byte, i) => (i === at ? byte ^ (1 << bit) : byte))
}

async function text(message: AsyncIterable<Uint8Array>): Promise<string> {
  return new TextDecoder().decode(await gather(message))
}

/** What came out before the error, and its code. */
async function outcome(message: AsyncIterable<Uint8Array>): Promise<readonly [received: string, code: string]> {
  const { received, error } = await drain(message)
  expect(error).toBeInstanceOf(VerificationError)
  return [new TextDecoder().decode(received), (error as VerificationError).code]
}

describe.each(suites)('$kem $aead', (each) => {
  test.each([true, false])('request and response, chunked: %s', async (chunked) => {
    const gateway = await createGatewayKey(0, each)
    const client = await decodeKeyConfig(gateway.config, each)
    for (const size of [0, 1, 16_383, 16_384, 16_385, 100_000]) {
      const message = new Uint8Array(size).map((_, i) => i)
      const sent = await sealRequest(client, pieces(message), { chunked })
      const opened = await openRequest(() => gateway, sent.sealed, { chunked })
      expect(toHex(await gather(opened.message))).toBe(toHex(message))
      const answer = sent.openResponse(opened.sealResponse(pieces(...split(message, 1000))))
      expect(toHex(await gather(answer))).toBe(toHex(message))
    }
  })

  test('the header names key and suite, and the response begins with a nonce as long as the key', async () => {
    const gateway = await createGatewayKey(9, each)
    const client = await decodeKeyConfig(gateway.config, each)
    const sent = await sealRequest(client, pieces())
    const sealed = await gather(sent.sealed)
    const kem = each.kem === 'P-256' ? '0010' : '0020'
    expect(toHex(sealed.slice(0, 7))).toBe(`09${kem}0001${each.aead === 'AES-128-GCM' ? '0001' : '0002'}`)
    expect(sealed).toHaveLength(7 + (each.kem === 'P-256' ? 65 : 32) + 1 + tagSize)
    const opened = await openRequest(() => gateway, pieces(sealed))
    expect(await gather(opened.sealResponse(pieces()))).toHaveLength(
      (each.aead === 'AES-128-GCM' ? 16 : 32) + 1 + tagSize,
    )
  })
})

test('media types', () => {
  expect(mediaTypes).toEqual({
    whole: { request: 'message/ohttp-req', response: 'message/ohttp-res' },
    chunked: { request: 'message/ohttp-chunked-req', response: 'message/ohttp-chunked-res' },
  })
})

describe('chunks', () => {
  test('what is there at once is sealed together, what comes later by itself', async () => {
    const { opened } = await exchange()
    const together = framesOf(await gather(opened.sealResponse(pieces(...words.map(utf8)))), nonceSize)
    expect(together.frames.map((frame) => frame.length)).toEqual([1 + sentence.length + tagSize, 1 + tagSize])
    const { frames } = await answerOf(await exchange())
    expect(frames.map((frame) => frame.length)).toEqual([
      ...words.map((word) => 1 + word.length + tagSize),
      1 + tagSize,
    ])
  })

  test('each is delivered before the next one is there', async () => {
    const { sent, opened } = await exchange()
    const answer = sent.openResponse(opened.sealResponse(watched(utf8('first'), undefined)))
    expect(await answer.next()).toEqual({ done: false, value: utf8('first') })
  })

  test('are of at most 16 KiB, as every receiver must take them', async () => {
    const sent = await sealRequest(config, pieces(new Uint8Array(40_000)))
    const opened = await openRequest(keyOf, sent.sealed, { maximumChunk: 16_384 })
    const sizes: number[] = []
    for await (const piece of opened.message) sizes.push(piece.length)
    expect(sizes).toEqual([16_384, 16_384, 7232])
  })

  test('of others may be larger, and the last one may hold something', async () => {
    const { encapsulatedSecret, ctx } = await library.SetupSender(config.publicKey, {
      info: join('message/bhttp chunked request\0', [7, 0, 0x10, 0, 1, 0, 1]),
    })
    const first = await ctx.Seal(new Uint8Array(65_536))
    const last = await ctx.Seal(utf8('end'), utf8('final'))
    const sealed = join(
      [7, 0, 0x10, 0, 1, 0, 1],
      encapsulatedSecret,
      number(first.length, 8),
      first,
      number(0, 4),
      last,
    )
    const opened = await openRequest(keyOf, pieces(sealed))
    expect(await gather(opened.message)).toHaveLength(65_536 + 3)
    const small = await openRequest(keyOf, pieces(sealed), { maximumChunk: 65_535 })
    expect(await outcome(small.message)).toEqual(['', 'ohttp-size'])
  })
})

describe('nothing is asked for too early', () => {
  test('the request is read when it is wanted, and the response too', async () => {
    const message = watched(utf8('a'), undefined)
    const sent = await sealRequest(config, message)
    await later()
    expect(message.asked()).toBe(0)
    await sent.sealed.next()
    expect(message.asked()).toBe(0)

    const arriving = watched(await gather((await sealRequest(config, pieces(utf8('a')))).sealed), undefined)
    const opened = await openRequest(keyOf, arriving)
    await later()
    expect(arriving.asked()).toBe(1)
    const answer = watched(utf8('b'), undefined)
    const sealed = opened.sealResponse(answer)
    const response = sent.openResponse(sealed)
    await later()
    expect(answer.asked()).toBe(0)
    await response.return()
    expect(answer.cancelled()).toBe(1)
  })

  test.each([true, false])('what is given up tells its source, at every layer, chunked: %s', async (chunked) => {
    const message = watched(undefined)
    const { sealed } = await sealRequest(config, message, { chunked })
    await sealed.next()
    void sealed.next()
    await later()
    await sealed.return()
    expect(message.cancelled()).toBe(1)

    const whole = await gather((await sealRequest(config, pieces(utf8('a')), { chunked })).sealed)
    const arriving = watched(whole.slice(0, -1), undefined)
    const opened = await openRequest(keyOf, arriving, { chunked })
    await opened.message.return()
    expect(arriving.cancelled()).toBe(1)
    const answer = watched(undefined)
    await opened.sealResponse(answer).return()
    expect(answer.cancelled()).toBe(1)
  })
})

describe('a request has one response', () => {
  test('that is opened once, and sealed once', async () => {
    const { sent, opened } = await exchange()
    const mistake = expect.objectContaining({
      constructor: TypeError,
      message: 'a request has one response',
    }) as unknown
    const sealed = await gather(opened.sealResponse(pieces(utf8('a'))))
    expect(() => opened.sealResponse(pieces(utf8('b')))).toThrow(mistake)
    expect(await text(sent.openResponse(pieces(sealed)))).toBe('a')
    expect(() => sent.openResponse(pieces(sealed))).toThrow(mistake)
  })

  test('and no two requests or responses look alike', async () => {
    const seen = new Set<string>()
    for (let i = 0; i < 20; i++) {
      const { opened } = await exchange()
      seen.add(toHex(opened.enc))
      seen.add(toHex((await gather(opened.sealResponse(pieces()))).slice(0, nonceSize)))
    }
    expect(seen.size).toBe(40)
  })
})

describe('a request is refused', () => {
  const sealedRequest = async (options = {}): Promise<Bytes> =>
    gather((await sealRequest(config, slowly(...words.map(utf8)), options)).sealed)
  const openAll = async (sealed: Bytes, options = {}): Promise<string> =>
    text((await openRequest(keyOf, pieces(sealed), options)).message)

  test('for a key that is not there', async () => {
    const sealed = await sealedRequest()
    sealed[0] = 8
    await expect(openAll(sealed)).rejects.toMatchObject({
      code: 'ohttp-key-unknown',
      message: 'no key has the identifier 8',
    })
  })

  test.each([
    ['KEM', 2],
    ['KDF', 4],
    ['AEAD', 6],
  ])('of another %s', async (_, at) => {
    const sealed = await sealedRequest()
    sealed[at] = (sealed[at] ?? 0) ^ 3
    await expect(openAll(sealed)).rejects.toMatchObject({
      code: 'ohttp-format',
      message: 'sealed request: suite is not that of the key',
    })
  })

  test('with an encapsulated key that is no point', async () => {
    const sealed = await sealedRequest()
    sealed.fill(0xff, 8, 72)
    await expect(openAll(sealed)).rejects.toMatchObject({
      code: 'ohttp-format',
      message: 'sealed request: encapsulated key is no point of P-256',
    })
  })

  test('with a point off the curve, before the private key touches it', async () => {
    const sealed = flip(await sealedRequest(), 71)
    const derive = vi.spyOn(crypto.subtle, 'deriveBits')
    await expect(openAll(sealed)).rejects.toMatchObject({ code: 'ohttp-format' })
    expect(derive).not.toHaveBeenCalled()
    derive.mockRestore()
  })

  test('sealed to another key with the same identifier', async () => {
    const other = await createGatewayKey(7, suite)
    const opened = await openRequest(() => other, pieces(await sealedRequest()))
    expect(await outcome(opened.message)).toEqual(['', 'ohttp-open'])
  })

  test('when it is of the other form', async () => {
    expect(
      await outcome((await openRequest(keyOf, pieces(await sealedRequest({ chunked: false })), {})).message),
    ).toEqual(['', expect.stringMatching(/^ohttp-/)])
    const whole = await openRequest(keyOf, pieces(await sealedRequest()), { chunked: false })
    expect(await outcome(whole.message)).toEqual(['', 'ohttp-open'])
  })

  test.each([true, false])('with any bit changed, chunked: %s', async (chunked) => {
    const sealed = await sealedRequest({ chunked })
    for (let at = 0; at < sealed.length; at++) {
      const changed = sealed.slice()
      changed[at] = (changed[at] ?? 0) ^ (1 << (at % 8))
      const { error } = await drain(
        (async function* () {
          yield* (await openRequest(keyOf, pieces(changed), { chunked })).message
        })(),
      )
      expect([at, error]).toEqual([at, expect.any(VerificationError)])
    }
  })

  test('above the size of a message', async () => {
    const options = { maximumMessage: sentence.length }
    expect(await openAll(await sealedRequest(), options)).toBe(sentence)
    expect(await openAll(await sealedRequest({ chunked: false }), { ...options, chunked: false })).toBe(sentence)
    const smaller = { maximumMessage: sentence.length - 1 }
    expect(await outcome((await openRequest(keyOf, pieces(await sealedRequest()), smaller)).message)).toEqual([
      sentence.slice(0, -3),
      'ohttp-size',
    ])
    const whole = await sealedRequest({ chunked: false })
    await expect(openAll(whole, { ...smaller, chunked: false })).rejects.toMatchObject({
      code: 'ohttp-size',
      message: `sealed request: bytes: expected at most ${sentence.length - 1}, found more`,
    })
  })

  test('whole and endless: it is not read on', async () => {
    const whole = await sealedRequest({ chunked: false })
    const opened = await openRequest(keyOf, endless(new Uint8Array(1000), whole), {
      chunked: false,
      maximumMessage: 10_000,
    })
    expect(await outcome(opened.message)).toEqual(['', 'ohttp-size'])
  })

  test('with its source told so, and its error passed on', async () => {
    const source = watched(utf8('x'.repeat(7)), undefined)
    await expect(openRequest(keyOf, source)).rejects.toMatchObject({ code: 'ohttp-key-unknown' })
    expect(source.cancelled()).toBe(1)
    const failure = new RangeError('gone')
    // eslint-disable-next-line require-yield
    async function* failing(): AsyncGenerator<Bytes> {
      await later()
      throw failure
    }
    await expect(openRequest(keyOf, failing())).rejects.toBe(failure)
    const { opened } = await exchange()
    expect((await drain(opened.sealResponse(failing()))).error).toBe(failure)
  })
})

describe('A43 frame-reorder', () => {
  test.each<[string, (frames: readonly Bytes[], other: readonly Bytes[]) => readonly (Bytes | undefined)[], string]>([
    ['two swapped', ([a, b, ...rest]) => [b, a, ...rest], ''],
    ['two swapped further on', ([a, b, c, ...rest]) => [a, c, b, ...rest], 'the '],
    ['the first dropped', ([, ...rest]) => rest, ''],
    ['one dropped', ([a, , ...rest]) => [a, ...rest], 'the '],
    ['the one before the last dropped', (frames) => frames.filter((_, i) => i !== 3), 'the quick brown '],
    ['one twice', ([a, ...rest]) => [a, a, ...rest], 'the '],
    ['one of another response in its place', ([a, , ...rest], [, b]) => [a, b, ...rest], 'the '],
    ['one of another response between', ([a, ...rest], [, b]) => [a, b, ...rest], 'the '],
    ['the end of another response', (frames, other) => [...frames.slice(0, 4), other[4]], sentence],
    ['the end too early', ([a, , , , end]) => [a, end], 'the '],
    ['something after the end', (frames) => [...frames, utf8('x')], sentence],
    ['the end twice', (frames) => [...frames, frames[4]], sentence],
    ['everything twice', (frames) => [...frames, ...frames], sentence],
  ])('%s', async (_, change, received) => {
    const one = await exchange()
    const { head, frames } = await answerOf(one)
    const { frames: other } = await answerOf(await exchange())
    const changed = change(frames, other).map((frame) => frame as Bytes)
    const opened = one.sent.openResponse(pieces(head, ...changed))
    expect(await outcome(opened)).toEqual([received, 'ohttp-open'])
    // Nothing comes after that.
    expect(await opened.next()).toEqual({ done: true, value: undefined })
  })

  test('a chunk that claims to be the last one, and the last one that claims not to be', async () => {
    const one = await exchange()
    const { head, frames } = await answerOf(one)
    const first = frames[0] as Bytes
    expect(await outcome(one.sent.openResponse(pieces(head, join([0]), first.slice(1))))).toEqual(['', 'ohttp-open'])
    const two = await exchange()
    const sealed = await answerOf(two)
    const last = sealed.frames[4] as Bytes
    const frame = join(number(last.length - 1), last.slice(1))
    expect(
      await outcome(two.sent.openResponse(pieces(sealed.head, ...sealed.frames.slice(0, 4), frame, last))),
    ).toEqual([sentence, 'ohttp-open'])
  })

  test('lengths may be written in several ways: what they say is not', async () => {
    const one = await exchange()
    const { head, frames } = await answerOf(one)
    const long = frames.map((frame, i) => join(number(frame[0] ?? 0, ([2, 4, 8] as const)[i % 3]), frame.slice(1)))
    expect(await text(one.sent.openResponse(pieces(head, ...long)))).toBe(sentence)
  })
})

describe('A44 truncation', () => {
  test('at a frame border: everything before comes out, and then the error', async () => {
    for (let kept = 0; kept < 5; kept++) {
      const one = await exchange()
      const { head, frames } = await answerOf(one)
      const opened = one.sent.openResponse(pieces(head, ...frames.slice(0, kept)))
      expect(await outcome(opened)).toEqual([words.slice(0, kept).join(''), 'ohttp-incomplete'])
      expect((await opened.next()).done).toBe(true)
    }
  })

  test('anywhere, and the last chunk has nothing in it that could be missed', async () => {
    const whole = (await answerOf(await exchange())).frames.reduce((sum, frame) => sum + frame.length, nonceSize)
    for (let length = 0; length < whole; length++) {
      const one = await exchange()
      const { head, frames } = await answerOf(one)
      const cut = join(head, ...frames).slice(0, length)
      const [received, code] = await outcome(one.sent.openResponse(pieces(cut)))
      expect([length, code, sentence.startsWith(received)]).toEqual([length, 'ohttp-incomplete', true])
    }
  })

  test('of a request', async () => {
    const sealed = await gather((await sealRequest(config, slowly(...words.map(utf8)))).sealed)
    for (let length = 0; length < sealed.length; length++) {
      const opening = (async function* () {
        yield* (await openRequest(keyOf, pieces(sealed.slice(0, length)))).message
      })()
      expect([length, (await outcome(opening))[1]]).toEqual([length, 'ohttp-incomplete'])
    }
    const { head, frames } = framesOf(sealed, headSize)
    expect(frames).toHaveLength(5)
    expect(await text((await openRequest(keyOf, pieces(head, ...frames))).message)).toBe(sentence)
  })

  test('of a whole message', async () => {
    const sealed = await gather((await sealRequest(config, pieces(utf8(sentence)), { chunked: false })).sealed)
    for (let length = headSize; length < sealed.length; length++) {
      const { message } = await openRequest(keyOf, pieces(sealed.slice(0, length)), { chunked: false })
      expect(await outcome(message)).toEqual(['', length < headSize + tagSize ? 'ohttp-incomplete' : 'ohttp-open'])
    }
  })

  test('with the connection failing: its error, and not the end', async () => {
    const one = await exchange()
    const { head, frames } = await answerOf(one)
    async function* failing(): AsyncGenerator<Bytes> {
      yield join(head, ...frames.slice(0, 2))
      await later()
      throw new RangeError('reset')
    }
    const { received, error } = await drain(one.sent.openResponse(failing()))
    expect(error).toEqual(new RangeError('reset'))
    expect(received).toEqual(utf8('the quick '))
  })
})

/**
 * Seals nothing: what is sealed is the text and 16 bytes, so that a test can write chunks by hand.
 */
const paper: Sealer & Opener = {
  seal: (data) => Promise.resolve(join(data, new Uint8Array(tagSize))),
  open: (sealed) => Promise.resolve(sealed.slice(0, -tagSize)),
}
const source = { name: 'sealed response', code: 'ohttp-format' } as const
const limits = { maximumChunk: 65_536, maximumMessage: Infinity }
const chunk = (data: string): Bytes => join(number(data.length + tagSize), data, new Uint8Array(tagSize))
const openPaper = (message: AsyncIterable<Bytes>, maximum?: number): AsyncIterable<Bytes> =>
  openChunks(paper, readPieces(message, source, 'ohttp-incomplete'), source, { ...limits, maximumChunks: maximum })

describe('A45 zero-frames', () => {
  test('endless empty chunks are refused after 16', async () => {
    const { error } = await drain(openPaper(endless(chunk(''), chunk('a'))))
    expect(error).toMatchObject({ code: 'ohttp-format', message: 'sealed response: more than 16 empty chunks' })
    const some = Array.from({ length: 16 }, () => chunk(''))
    expect(await text(openPaper(pieces(...some, chunk('a'), ...some, chunk('b'), chunk('').fill(0, 0, 1))))).toBe('ab')
  })

  test('from a client that holds the key as well', async () => {
    const header = [7, 0, 0x10, 0, 1, 0, 1]
    const info = join('message/bhttp chunked request\0', header)
    const { encapsulatedSecret, ctx } = await library.SetupSender(config.publicKey, { info })
    async function* attack(): AsyncGenerator<Bytes> {
      yield join(header, encapsulatedSecret)
      for (;;) yield join([tagSize], await ctx.Seal(new Uint8Array()))
    }
    expect(await outcome((await openRequest(keyOf, attack())).message)).toEqual(['', 'ohttp-format'])
  })

  test('endless empty pieces, in front of anything', async () => {
    const one = await exchange()
    const { head, frames } = await answerOf(one)
    const { error } = await drain(one.sent.openResponse(endless(new Uint8Array(), head, frames[0] as Bytes)))
    expect(error).toMatchObject({ code: 'ohttp-format', message: 'sealed response: more than 1024 empty pieces' })
    await expect(openRequest(keyOf, endless(new Uint8Array()))).rejects.toMatchObject({ code: 'ohttp-format' })
    const { error: ours } = await drain((await sealRequest(config, endless(new Uint8Array()))).sealed)
    expect(ours).toMatchObject({ message: 'message: more than 1024 empty pieces' })
  })

  test.each([1, 15])('a chunk of %d bytes has no room for its seal', async (size) => {
    const { error } = await drain(openPaper(pieces(join(number(size), new Uint8Array(size)))))
    expect(error).toMatchObject({
      code: 'ohttp-format',
      message: `sealed response: chunk of ${size} bytes has no room for its seal`,
    })
  })
})

describe('A46 early-emit', () => {
  test.each([65_536 + tagSize + 1, 2 ** 32, 2 ** 53 - 1])(
    'a chunk of %d bytes is refused before any of it is read',
    async (size) => {
      const one = await exchange()
      const { head, frames } = await answerOf(one)
      const lying = watched(join(head, frames[0] as Bytes, number(size)), new Uint8Array(1000), undefined)
      expect(await outcome(one.sent.openResponse(lying))).toEqual(['the ', 'ohttp-size'])
      expect([lying.asked(), lying.cancelled()]).toEqual([1, 1])
    },
  )

  test('what a chunk claims takes no memory before it is there', async () => {
    const claims = endless(new Uint8Array(1), number(65_536 + tagSize))
    const input = readPieces(claims, source)
    await input.number('length')
    const before = process.memoryUsage().arrayBuffers
    const slow = input.take(65_536, 'chunk')
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(10_000)
    expect(await slow).toHaveLength(65_536)
  })

  test('nothing of a chunk comes out before all of it was found whole', async () => {
    const one = await exchange()
    const { head, frames } = await answerOf(one)
    const last = frames[0] as Bytes
    const changed = flip(last, last.length - 1)
    expect(await outcome(one.sent.openResponse(pieces(head, ...split(changed, 1))))).toEqual(['', 'ohttp-open'])
    const two = await exchange()
    const answer = await answerOf(two)
    const opened = two.sent.openResponse(watched(answer.head, (answer.frames[0] as Bytes).slice(0, -1), undefined))
    const first = await Promise.race([opened.next(), later().then(() => 'nothing')])
    expect(first).toBe('nothing')
  })
})

describe('A47 cross-response', () => {
  test.each([true, false])('the response of one request does not open for another, chunked: %s', async (chunked) => {
    const one = await exchange({ chunked })
    const two = await exchange({ chunked })
    const sealed = await gather(one.opened.sealResponse(pieces(utf8('for one'))))
    expect(await outcome(two.sent.openResponse(pieces(sealed)))).toEqual(['', 'ohttp-open'])
    expect(await text(one.sent.openResponse(pieces(sealed)))).toBe('for one')
  })

  test('nor with its nonce changed, nor as a response of the other form', async () => {
    const one = await exchange()
    const { head, frames } = await answerOf(one)
    const changed = flip(head, 0)
    expect(await outcome(one.sent.openResponse(pieces(changed, ...frames)))).toEqual(['', 'ohttp-open'])
    const two = await sealRequest(config, pieces(utf8('question')))
    const opened = await openRequest(keyOf, two.sealed)
    // A gateway that answers a request in chunks in one piece: `openRequest` takes the form from
    // its caller.
    const whole = await openRequest(
      keyOf,
      pieces(await gather((await sealRequest(config, pieces(), { chunked: false })).sealed)),
      {
        chunked: false,
      },
    )
    await gather(opened.message)
    expect((await outcome(two.openResponse(whole.sealResponse(pieces(utf8('a'.repeat(50)))))))[0]).toBe('')
  })

  test('100 at once are not mixed up', async () => {
    const answers = await Promise.all(
      Array.from({ length: 100 }, async (_, i) => {
        const sent = await sealRequest(config, slowly(utf8(`${i}`)))
        const opened = await openRequest(keyOf, sent.sealed)
        return text(sent.openResponse(opened.sealResponse(opened.message)))
      }),
    )
    expect(answers).toEqual(Array.from({ length: 100 }, (_, i) => `${i}`))
  })
})

describe('A48 nonce-counter', () => {
  test('no more chunks are sealed than there are nonces', async () => {
    const { received, error } = await drain(sealChunks(paper, readPieces(slowly(...words.map(utf8)), source), 3))
    expect(error).toMatchObject({ code: 'ohttp-limit', message: 'message: too many chunks under one key' })
    expect(received).toEqual(join(chunk('the '), chunk('quick ')))
    expect(await gather(sealChunks(paper, readPieces(slowly(...words.map(utf8)), source), 5))).toHaveLength(
      sentence.length + 5 * (1 + tagSize),
    )
  })

  test('and none are opened', async () => {
    const end = chunk('').fill(0, 0, 1)
    const message = (): AsyncIterable<Bytes> => pieces(...words.map(chunk), end)
    expect(await text(openPaper(message(), 5))).toBe(sentence)
    const { received, error } = await drain(openPaper(message(), 4))
    expect(error).toMatchObject({ code: 'ohttp-limit', message: 'sealed response: too many chunks under one key' })
    expect(received).toEqual(utf8(sentence))
    expect((await drain(openPaper(message(), 3))).received).toEqual(utf8(sentence.slice(0, -3)))
  })

  test('every counter has its own nonce, and from 2^32 on there is none', () => {
    const base = new Uint8Array(12).map((_, i) => 250 + i)
    expect(toHex(counterNonce(base, 0))).toBe(toHex(base))
    expect(toHex(counterNonce(new Uint8Array(12), 0x01020304))).toBe('000000000000000001020304')
    expect(toHex(counterNonce(new Uint8Array(12).fill(255), 2 ** 32 - 1))).toBe('ffffffffffffffff00000000')
    const counters = [...Array(2000).keys(), 2 ** 31 - 1, 2 ** 31, 2 ** 32 - 2, 2 ** 32 - 1]
    expect(new Set(counters.map((counter) => toHex(counterNonce(base, counter)))).size).toBe(counters.length)
    for (const counter of [2 ** 32, 2 ** 53])
      expect(() => counterNonce(base, counter)).toThrow('counter of a nonce must be below 2^32')
  })
})
