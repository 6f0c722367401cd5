/**
 * Binary HTTP: the examples of RFC 9292, and one message for each rule that breaks it and nothing
 * else.
 */
import { describe, expect, test } from 'vitest'
import {
  decodeRequest,
  decodeResponse,
  encodeRequest,
  encodeResponse,
  type HeaderField,
  type RequestHead,
} from '../../src/channel/binary-http.ts'
import { VerificationError } from '../../src/core/errors.ts'
import {
  type Bytes,
  drain,
  endless,
  gather,
  hex,
  join,
  later,
  number,
  pieces,
  slowly,
  split,
  toHex,
  utf8,
  watched,
} from './messages.ts'

const head: RequestHead = {
  method: 'POST',
  scheme: 'https',
  authority: 'a.example',
  path: '/b?c',
  headers: [['d', 'e']],
}
const text = (value: string): Bytes => join(number(value.length), value)
const fields = (...all: readonly HeaderField[]): Bytes => join(...all.flat().map(text))

/** A request of indeterminate length, with one thing changed. */
function request(change: Partial<Record<'framing' | 'control' | 'headers' | 'rest', Bytes>> = {}): Bytes {
  const { framing = number(2), control = join(...['POST', 'https', 'a.example', '/b?c'].map(text)) } = change
  return join(
    framing,
    control,
    change.headers ?? join(fields(['d', 'e']), [0]),
    change.rest ?? join(text('hello'), [0, 0]),
  )
}

async function whole(
  message: Promise<{ readonly head: object; readonly body: AsyncIterable<Bytes> }>,
): Promise<object> {
  const { head, body } = await message
  return { ...head, body: new TextDecoder().decode(await gather(body)) }
}

const readRequest = (...all: readonly Bytes[]): Promise<object> => whole(decodeRequest(pieces(...all)))
const readResponse = (...all: readonly Bytes[]): Promise<object> => whole(decodeResponse(pieces(...all)))

async function refusal(reading: Promise<unknown>): Promise<VerificationError> {
  const error = await reading.then(
    () => undefined,
    (thrown: unknown) => thrown,
  )
  expect(error).toBeInstanceOf(VerificationError)
  return error as VerificationError
}

describe('the examples of RFC 9292', () => {
  const hello = {
    method: 'GET',
    scheme: 'https',
    authority: '',
    path: '/hello.txt',
    headers: [
      ['user-agent', 'curl/7.16.3 libcurl/7.16.3 OpenSSL/0.9.7l zlib/1.2.3'],
      ['host', 'www.example.com'],
      ['accept-language', 'en, mi'],
    ],
  } as const
  const control = '03474554056874747073000a2f68656c6c6f2e747874'
  const headers =
    '0a757365722d6167656e74346375726c2f372e31362e33206c69626375726c2f372e31362e33204f70656e53534c2f302e392e376c207a6c69622f312e322e33' +
    '04686f73740f7777772e6578616d706c652e636f6d0f6163636570742d6c616e677561676506656e2c206d69'

  test('a request of known length', async () => {
    expect(await readRequest(hex(`00${control}406c${headers}0000`))).toEqual({ ...hello, body: '' })
  })

  test('a request of indeterminate length with padding', async () => {
    expect(await readRequest(hex(`02${control}${headers}000000${'00'.repeat(10)}`))).toEqual({ ...hello, body: '' })
  })

  test('which is what we write, without the padding', async () => {
    expect(toHex(await gather(encodeRequest(hello, pieces())))).toBe(`02${control}${headers}000000`)
  })

  const answer =
    '0340660772756e6e696e670a22736c65657020313522004067046c696e6b233c2f7374796c652e6373733e3b2072656c3d7072656c6f61643b2061733d7374796c65' +
    '046c696e6b243c2f7363726970742e6a733e3b2072656c3d7072656c6f61643b2061733d7363726970740040c8'
  const answerFields =
    '04646174651d4d6f6e2c203237204a756c20323030392031323a32383a353320474d5406736572766572064170616368650d6c6173742d6d6f6469666965641d5765' +
    '642c203232204a756c20323030392031393a31353a353620474d5404657461671422333461613338372d642d3135363865623030220d6163636570742d72616e6765' +
    '730562797465730e636f6e74656e742d6c656e67746802353104766172790f4163636570742d456e636f64696e670c636f6e74656e742d747970650a746578742f70' +
    '6c61696e003348656c6c6f20576f726c6421204d7920636f6e74656e7420696e636c75646573206120747261696c696e672043524c462e0d0a0000'

  test('a response after two informational ones', async () => {
    expect(await readResponse(hex(answer + answerFields))).toEqual({
      status: 200,
      headers: [
        ['date', 'Mon, 27 Jul 2009 12:28:53 GMT'],
        ['server', 'Apache'],
        ['last-modified', 'Wed, 22 Jul 2009 19:15:56 GMT'],
        ['etag', '"34aa387-d-1568eb00"'],
        ['accept-ranges', 'bytes'],
        ['content-length', '51'],
        ['vary', 'Accept-Encoding'],
        ['content-type', 'text/plain'],
      ],
      body: 'Hello World! My content includes a trailing CRLF.\r\n',
    })
  })

  test('which is what we write, without the informational ones', async () => {
    const message = hex(`0340c8${answerFields}`)
    const { head, body } = await decodeResponse(pieces(message))
    expect(toHex(await gather(encodeResponse(head, body)))).toBe(toHex(message))
  })

  test('a response of known length with trailers', async () => {
    const message = '0140c8001d5468697320636f6e74656e7420636f6e7461696e732043524c462e0d0a0d07747261696c65720474657874'
    expect(await readResponse(hex(message))).toEqual({
      status: 200,
      headers: [],
      body: 'This content contains CRLF.\r\n',
    })
  })

  test.each([1, 2, 3, 7, 100])('in pieces of %d bytes', async (size) => {
    const message = hex(`02${control}${headers}000000${'00'.repeat(10)}`)
    expect(await readRequest(...split(message, size))).toEqual({ ...hello, body: '' })
  })

  test('H08 the same requests without the zeros at their end: of 2, and of 2 and 10 of padding', async () => {
    for (const [message, zeros] of [
      [`00${control}406c${headers}0000`, 2],
      [`02${control}${headers}000000${'00'.repeat(10)}`, 12],
    ] as const)
      for (let cut = 0; cut <= zeros; cut++) {
        const bytes = hex(message)
        expect(await readRequest(bytes.slice(0, bytes.length - cut))).toEqual({ ...hello, body: '' })
      }
  })

  test('H08 the requests in RFC 9458, which leave out all empty parts', async () => {
    expect(await readRequest(hex('00034745540568747470730b6578616d706c652e636f6d012f'))).toEqual({
      method: 'GET',
      scheme: 'https',
      authority: 'example.com',
      path: '/',
      headers: [],
      body: '',
    })
    expect(await readRequest(hex('0003474554056874747073000a2f68656c6c6f2e74787400'))).toEqual({
      ...hello,
      headers: [],
      body: '',
    })
  })

  test('H08 the response in RFC 9458, which has a status only', async () => {
    expect(await readResponse(hex('0140c8'))).toEqual({ status: 200, headers: [], body: '' })
  })
})

describe('what is written is what is read', () => {
  test.each([
    ['nothing', []],
    ['one piece', ['hello']],
    ['three pieces, the second empty', ['hel', '', 'lo']],
    ['a long piece', ['x'.repeat(200_000)]],
  ])('%s', async (_, body) => {
    const written = encodeRequest(head, pieces(...body.map(utf8)))
    expect(await whole(decodeRequest(written))).toEqual({ ...head, body: body.join('') })
    const answer = {
      status: 418,
      headers: [
        ['x', '\xfc \t!'],
        ['y', ''],
      ],
    } as const
    expect(await whole(decodeResponse(encodeResponse(answer, slowly(...body.map(utf8)))))).toEqual({
      ...answer,
      body: body.join(''),
    })
  })

  test.each(['HEAD', 'get', "M-SEARCH!#$%&'*+.^_`|~"])('method %s', async (method) => {
    expect(await whole(decodeRequest(encodeRequest({ ...head, method }, pieces())))).toMatchObject({ method })
  })

  test.each(['/', '*', '/%20?a=b&c#'.slice(0, -1), '//x'])('path %s', async (path) => {
    expect(await whole(decodeRequest(encodeRequest({ ...head, path }, pieces())))).toMatchObject({ path })
  })

  test.each([200, 204, 304, 599])('status %d', async (status) => {
    expect(await whole(decodeResponse(encodeResponse({ status, headers: [] }, pieces())))).toMatchObject({ status })
  })

  test('the head comes before the body is asked for', async () => {
    const body = watched(undefined)
    const written = encodeResponse({ status: 200, headers: [] }, body)
    expect(toHex((await written.next()).value as Bytes)).toBe('0340c800')
    expect(body.asked()).toBe(0)
  })

  test('a body that fails fails the message, and nothing that ends it was written', async () => {
    async function* failing(): AsyncGenerator<Bytes> {
      yield await Promise.resolve(utf8('abc'))
      throw new RangeError('gone')
    }
    const { received, error } = await drain(encodeResponse({ status: 200, headers: [] }, failing()))
    expect(error).toEqual(new RangeError('gone'))
    expect(toHex(received)).toBe('0340c80003616263')
  })

  test('a body of nothing for ever is refused', async () => {
    const { error } = await drain(encodeResponse({ status: 200, headers: [] }, endless(new Uint8Array())))
    expect(error).toMatchObject({ code: 'bhttp-format', message: 'binary HTTP: more than 1024 empty pieces' })
  })
})

describe('what cannot be sent is a mistake of the caller, what comes is refused', () => {
  const longFields = Array.from({ length: 257 }, (_, i): HeaderField => [`x${i}`, ''])

  test.each<[string, Partial<RequestHead>, RegExp]>([
    ['no method', { method: '' }, /method must be a token/],
    ['a method with a space', { method: 'GET /' }, /method must be a token/],
    ['no scheme', { scheme: '' }, /scheme must be one in lower case/],
    ['a scheme in upper case', { scheme: 'HTTPS' }, /scheme must be one in lower case/],
    ['a scheme with its colon', { scheme: 'https:' }, /scheme must be one in lower case/],
    ['an authority with a user', { authority: 'a@b' }, /authority must be a host/],
    ['an authority with a path', { authority: 'a/b' }, /authority must be a host/],
    ['an authority with a backslash', { authority: 'a\\b' }, /authority must be a host/],
    ['an authority with a space', { authority: 'a b' }, /authority must be a host/],
    ['no path', { path: '' }, /path must begin with/],
    ['a path without its slash', { path: 'a' }, /path must begin with/],
    ['a path with a fragment', { path: '/a#b' }, /path must begin with/],
    ['a path with a line break', { path: '/a\r\nb' }, /path must begin with/],
    ['a pseudo-field', { headers: [[':path', '/']] }, /names of fields must be tokens in lower case/],
    ['a name in upper case', { headers: [['Host', 'a']] }, /names of fields must be tokens in lower case/],
    ['a name with a space', { headers: [['a b', 'c']] }, /names of fields must be tokens in lower case/],
    ['no name', { headers: [['', 'c']] }, /names of fields must be tokens in lower case/],
    ['a value with a line break', { headers: [['a', 'b\r\nc: d']] }, /a must be visible characters/],
    ['a value with a zero', { headers: [['a', 'b\0']] }, /a must be visible characters/],
    ['a value that begins with a space', { headers: [['a', ' b']] }, /a must be visible characters/],
    ['a value that ends with a tab', { headers: [['a', 'b\t']] }, /a must be visible characters/],
    ['a field of a connection', { headers: [['connection', 'close']] }, /connection must not be a field/],
    ['another', { headers: [['transfer-encoding', 'chunked']] }, /transfer-encoding must not be a field/],
    ['keep-alive', { headers: [['keep-alive', '5']] }, /keep-alive must not be a field/],
    ['proxy-connection', { headers: [['proxy-connection', 'close']] }, /proxy-connection must not be a field/],
    ['upgrade', { headers: [['upgrade', 'h2c']] }, /upgrade must not be a field/],
    ['te', { headers: [['te', 'trailers']] }, /te must not be a field/],
    ['too many fields', { headers: longFields }, /at most 256|256 fields/],
  ])('%s', async (_, change, why) => {
    const bad = { ...head, ...change }
    expect(() => encodeRequest(bad, pieces())).toThrow(TypeError)
    expect(() => encodeRequest(bad, pieces())).toThrow(why)
    const control = join(...[bad.method, bad.scheme, bad.authority, bad.path].map(text))
    // A name of no bytes can only be written where the length of all fields is.
    const known = fields(...bad.headers)
    const error = await refusal(readRequest(join([0], control, number(known.length), known, [0, 0])))
    expect(error.message).toMatch(why)
    expect(error.code).toBe(bad.headers === longFields ? 'bhttp-size' : 'bhttp-format')
    if (change.headers) expect(() => encodeResponse({ status: 200, headers: bad.headers }, pieces())).toThrow(why)
  })

  test.each([NaN, 0, 99, 100, 103, 199, 600, 200.5, Infinity])('status %d', (status) => {
    expect(() => encodeResponse({ status, headers: [] }, pieces())).toThrow(
      expect.objectContaining({ constructor: TypeError, message: 'status must be 200 to 599' }),
    )
  })

  test('characters of more than one byte cannot be written', () => {
    // The Kelvin sign: in lower case, it is a k.
    for (const change of [{ method: '\u212a' }, { scheme: '\u212a' }, { authority: '\u0161' }, { path: '/\u0161' }])
      expect(() => encodeRequest({ ...head, ...change }, pieces())).toThrow(TypeError)
    expect(() => encodeRequest({ ...head, headers: [['\u212a', 'a']] }, pieces())).toThrow(/tokens in lower case/)
    expect(() => encodeRequest({ ...head, headers: [['a', '\u0100']] }, pieces())).toThrow(
      /a must be visible characters of one byte/,
    )
  })
})

describe('a message is refused', () => {
  test('nothing is wrong with the one that is changed below', async () => {
    expect(await readRequest(request())).toEqual({ ...head, body: 'hello' })
  })

  test.each([
    ['with the framing indicator of a response', { framing: number(3) }, 'framing indicator must be 0 or 2, found 3'],
    ['with one that nobody knows', { framing: number(4) }, 'framing indicator must be 0 or 2, found 4'],
    [
      'with a bad name in its trailers',
      { rest: join([0], fields(['A', 'b']), [0]) },
      'names of fields must be tokens in lower case',
    ],
    [
      'with a field of a connection in its trailers',
      { rest: join([0], fields(['te', 'b']), [0]) },
      'te must not be a field',
    ],
    ['with padding that is not zeros', { rest: join([0, 0, 0, 1]) }, 'padding must be zeros'],
    [
      'with padding that is not zeros further on',
      { rest: join([0, 0], new Uint8Array(200_000), [1]) },
      'padding must be zeros',
    ],
    ['whose body is shorter than it says', { rest: join(number(6), 'hello') }, 'body ends 1 bytes early'],
    ['whose body does not end', { rest: text('hello') }, 'ended before the length of the body'],
    ['whose trailers do not end', { rest: join([0], fields(['a', 'b'])) }, 'ended before the length of a name'],
    [
      'whose fields do not end',
      { headers: fields(['a', 'b']), rest: new Uint8Array() },
      'ended before the length of a name',
    ],
    ['with a number above 2^53', { rest: number(2n ** 53n) }, 'length of the body is 2^53 or more'],
  ])('%s', async (_, change, why) => {
    const { code, message } = await refusal(readRequest(request(change)))
    expect([code, message]).toEqual(['bhttp-format', expect.stringContaining(`binary HTTP: ${why}`)])
  })

  test.each([0, 99, 600, 2 ** 40])('of status %d', async (status) => {
    const { code, message } = await refusal(readResponse(join([3], number(status), [0, 0, 0])))
    expect([code, message]).toEqual(['bhttp-format', expect.stringContaining('status must be 200 to 599')])
  })

  test('a response with the framing indicator of a request', async () => {
    const { message } = await refusal(readResponse(request()))
    expect(message).toContain('framing indicator must be 1 or 3, found 2')
  })

  // Of all places where a message can end, three are before a part that may be left out.
  test.each([0, 2])('H08 cut off anywhere but between its parts, with framing %d', async (framing) => {
    const control = join(...['GET', 'https', 'a', '/'].map(text))
    const section = join(...(framing === 0 ? [number(4)] : []), fields(['a', 'b']), ...(framing === 0 ? [] : [[0]]))
    const content = join(text('hello'), ...(framing === 0 ? [] : [text('you'), [0]]))
    const parts = [join([framing], control), section, content]
    const ends = parts.map((_, i) => join(...parts.slice(0, i + 1)).length)
    const message = join(...parts, section)
    for (let length = 0; length < message.length; length++) {
      const reading = readRequest(message.slice(0, length))
      if (ends.includes(length)) {
        expect(await reading).toMatchObject({
          path: '/',
          headers: length >= (ends[1] ?? 0) ? [['a', 'b']] : [],
          body: length >= (ends[2] ?? 0) ? (framing === 0 ? 'hello' : 'helloyou') : '',
        })
        continue
      }
      const error = await refusal(reading)
      expect([length, error.code]).toEqual([length, 'bhttp-format'])
      expect(error.message).toMatch(/^binary HTTP: (ended before|body ends|.*before the end$)/)
    }
    expect(await readRequest(message)).toMatchObject({ headers: [['a', 'b']] })
  })

  test('H08 and a response likewise, after informational ones too', async () => {
    const message = join([3], number(103), fields(['a', 'b']), [0], number(200))
    expect(await readResponse(message)).toEqual({ status: 200, headers: [], body: '' })
    // An informational response is not an answer.
    const error = await refusal(readResponse(message.slice(0, -2)))
    expect([error.code, error.message]).toEqual(['bhttp-format', 'binary HTTP: ended before the status'])
  })

  test('H08 a part that is there and long does not hide behind one that is missing', async () => {
    const control = join(...['GET', 'https', 'a', '/'].map(text))
    expect(await readRequest(join([0], control, new Uint8Array(9)))).toMatchObject({ headers: [], body: '' })
    const error = await refusal(readRequest(join([0], control, new Uint8Array(9), [1])))
    expect([error.code, error.message]).toEqual(['bhttp-format', 'binary HTTP: padding must be zeros'])
  })

  test('or read: with any bit changed, and nothing else is thrown', async () => {
    const message = join(request(), new Uint8Array(4))
    for (let bit = 0; bit < message.length * 8; bit++) {
      const changed = message.map((byte, at) => (at === bit >> 3 ? byte ^ (1 << (bit & 7)) : byte))
      const error: unknown = await readRequest(changed).then(
        () => undefined,
        (thrown: unknown) => thrown,
      )
      if (error !== undefined) expect([bit, error]).toEqual([bit, expect.any(VerificationError)])
    }
  })

  test('whose fields do not fill their length', async () => {
    const control = join(...['GET', 'https', 'a', '/'].map(text))
    for (const length of [1, 2, 3, 5])
      await refusal(readRequest(join([0], control, number(length), fields(['a', 'b']), [0, 0])))
  })
})

describe('numbers', () => {
  test.each([1, 2, 4, 8] as const)('of %d bytes everywhere', async (size) => {
    const long = (value: string): Bytes => join(number(value.length, size), value)
    const control = join(number(0, size), ...['POST', 'https', 'a.example', '/b?c'].map(long))
    const headers = join(...['d', 'e'].map(long))
    expect(
      await readRequest(join(control, number(headers.length, size), headers, long('hello'), number(0, size))),
    ).toEqual({
      ...head,
      body: 'hello',
    })
    const rest = join(...['d', 'e'].map(long), number(0, size), long('hello'), number(0, size), number(0, size))
    expect(await readRequest(join(number(2, size), control.slice(size), rest))).toEqual({ ...head, body: 'hello' })
  })
})

describe('limits', () => {
  const control = join(...['POST', 'https', 'a.example', '/b?c'].map(text))

  test('256 fields, not more', async () => {
    const many = Array.from({ length: 256 }, (_, i): HeaderField => [`x${i}`, ''])
    expect(await readRequest(request({ headers: join(fields(...many), [0]) }))).toMatchObject({ headers: many })
    const { code, message } = await refusal(readRequest(request({ headers: join(fields(...many, ['y', '']), [0]) })))
    expect([code, message]).toEqual(['bhttp-size', 'binary HTTP: head: expected 65536 bytes in 256 fields, found more'])
  })

  test.each([0, 2])('a head of 64 KiB, not more, with framing %d', async (framing) => {
    const room = 65_536 - control.length - 2 - 4
    const message = (size: number): Bytes => {
      const list = fields(['a', 'b'.repeat(size)])
      return framing === 0
        ? join([0], control, number(list.length), list, [0, 0])
        : request({ headers: join(list, [0]) })
    }
    expect(await readRequest(message(room))).toMatchObject({ method: 'POST' })
    expect(await refusal(readRequest(message(room + 1)))).toMatchObject({ code: 'bhttp-size' })
  })

  test('the same for heads that are written', async () => {
    const headers = (size: number): readonly HeaderField[] => [['a', 'b'.repeat(size)]]
    const room = 65_536 - control.length - 2 - 4
    await gather(encodeRequest({ ...head, headers: headers(room) }, pieces()))
    expect(() => encodeRequest({ ...head, headers: headers(room + 1) }, pieces())).toThrow(
      expect.objectContaining({ constructor: TypeError, message: 'head must be at most 65536 bytes' }),
    )
    expect(() => encodeResponse({ status: 200, headers: headers(65_536) }, pieces())).toThrow(TypeError)
  })

  test.each([
    ['of a text', join([2], number(2 ** 40))],
    ['of a name', join([2], control, number(2 ** 40))],
    ['of a value', join([2], control, text('a'), number(2 ** 40))],
    ['of the fields', join([0], control, number(2 ** 40))],
    ['of the trailers', join([0], control, [0, 0], number(2 ** 40))],
  ])('a length %s that is too large is refused before anything of that length is read', async (_, message) => {
    const rest = watched(message, undefined)
    const error = await refusal(whole(decodeRequest(rest)))
    expect(error.code).toBe('bhttp-size')
    expect([rest.asked(), rest.cancelled()]).toEqual([1, 1])
  })

  test('8 informational responses, not more, with one head for all', async () => {
    const informational = join(number(103), fields(['link', '<a>']), [0])
    const final = join(number(200), [0, 0, 0])
    const many = (count: number): Bytes => join(...Array.from({ length: count }, () => informational))
    expect(await readResponse(join([3], many(8), final))).toEqual({ status: 200, headers: [], body: '' })
    expect(await refusal(readResponse(join([3], many(9), final)))).toMatchObject({
      code: 'bhttp-format',
      message: 'binary HTTP: status must be 200 to 599, after at most 8 of 1xx',
    })
    const large = join(number(103), fields(['a', 'b'.repeat(20_000)]), [0])
    expect(await refusal(readResponse(join([3], large, large, large, large, final)))).toMatchObject({
      code: 'bhttp-size',
    })
  })

  test('endless trailers', async () => {
    const trailer = fields(['a', 'b'.repeat(1000)])
    const { body } = await decodeRequest(endless(trailer, request({ rest: join([0]) })))
    expect((await drain(body)).error).toMatchObject({ code: 'bhttp-size' })
  })

  test('nothing for ever', async () => {
    const error = await refusal(whole(decodeRequest(endless(new Uint8Array(), request({ rest: number(5) })))))
    expect(error.message).toContain('more than 1024 empty pieces')
  })
})

describe('the body', () => {
  test('is not read before somebody wants it, and then piece by piece', async () => {
    const rest = watched(request({ rest: number(2 ** 40) }), utf8('abc'), utf8('def'), undefined)
    const { body } = await decodeRequest(rest)
    expect(rest.asked()).toBe(1)
    expect((await body.next()).value).toEqual(utf8('abc'))
    expect((await body.next()).value).toEqual(utf8('def'))
    expect(rest.asked()).toBe(3)
    await body.return()
    expect(rest.cancelled()).toBe(1)
  })

  test('that nobody wants is cancelled at its source', async () => {
    const rest = watched(request({ rest: number(5) }), undefined)
    const { body } = await decodeRequest(rest)
    await body.return()
    expect(rest.cancelled()).toBe(1)
  })

  test('comes in pieces that are not empty, and of at most 64 KiB', async () => {
    const { body } = await decodeRequest(
      pieces(request({ rest: join(number(200_000), new Uint8Array(200_000), [0, 0]) })),
    )
    for await (const piece of body) {
      expect(piece.length).toBeGreaterThan(0)
      expect(piece.length).toBeLessThanOrEqual(65_536)
    }
  })

  test('gives nothing after it was found wrong', async () => {
    const { body } = await decodeRequest(
      pieces(request({ rest: join(text('ab'), number(2n ** 60n), text('cd'), [0, 0]) })),
    )
    const { received, error } = await drain(body)
    expect(error).toMatchObject({ code: 'bhttp-format' })
    expect(received).toEqual(utf8('ab'))
    expect(await body.next()).toEqual({ done: true, value: undefined })
  })

  test('of a message that fails fails with the same', async () => {
    async function* failing(): AsyncGenerator<Bytes> {
      yield request({ rest: number(5) })
      await later()
      throw new RangeError('gone')
    }
    const { body } = await decodeRequest(failing())
    expect((await drain(body)).error).toEqual(new RangeError('gone'))
  })
})
