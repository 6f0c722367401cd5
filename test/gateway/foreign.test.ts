/**
 * H08: clients that are not ours. Their messages are binary HTTP of `bhttp-js` or of `rfc9292.ts`,
 * sealed by `rfc9458.ts`, whole and in chunks; the gateway between them is the real one. And
 * gateways that are not ours, for our side of the channel.
 */
import { BHttpDecoder, BHttpEncoder } from 'bhttp-js'
import { describe, expect, test, vi } from 'vitest'
import { decodeResponse, encodeRequest } from '../../src/channel/binary-http.ts'
import { decodeKeyConfig, encodeKeyConfig } from '../../src/channel/key-config.ts'
import { sealRequest } from '../channel/seal-request.ts'
import { gather, pieces, split, suites, utf8 } from '../channel/messages.ts'
import {
  type Form,
  formOfGoogle,
  formsFor,
  readRequest,
  readResponse,
  type RequestMessage,
  writeRequest,
  writeResponse,
} from '../channel/rfc9292.ts'
import { peerOf } from '../channel/rfc9458.ts'
import { type Bench, createBench, origin, paths } from './bench.ts'

type Bytes = Uint8Array<ArrayBuffer>

const host = new URL(origin).host
const kinds = [
  ['whole', false],
  ['in chunks', true],
] as const

/** As a client does that knows nothing of this library. */
async function post(
  bench: Bench,
  message: Uint8Array,
  chunked: boolean,
  suite: (typeof suites)[number] = suites[0],
): Promise<Bytes> {
  const chunks = chunked ? [...split(new Uint8Array(message), 7)] : [message]
  const { sealed, open } = await peerOf(suite, chunked).seal(await bench.keyConfig(), chunks)
  const type = chunked ? 'message/ohttp-chunked-req' : 'message/ohttp-req'
  const init = { method: 'POST', headers: { 'content-type': type }, body: sealed }
  const response = await bench.gateway(new Request(origin + paths.data, init))
  expect([response.status, response.headers.get('content-type')]).toEqual([200, type.replace('req', 'res')])
  return open(new Uint8Array(await response.arrayBuffer()))
}

/** What the app saw. */
const describing = (): Bench =>
  createBench({
    handler: async (request) => {
      const { pathname, search } = new URL(request.url)
      const text = `${request.method} ${pathname}${search} ${request.headers.get('x-a')} ${await request.text()}`
      return new Response(text, { status: 203, headers: { 'x-app': 'yes' } })
    },
  })

describe.each(kinds)('H08 a foreign client, %s', (_, chunked) => {
  test.each(['GET', 'POST'])('with bhttp-js: %s', async (method) => {
    const request = new Request(`${origin}/pay`, {
      method,
      headers: { 'x-a': 'b' },
      ...(method === 'POST' && { body: 'card 4111' }),
    })
    const answer = await post(describing(), new Uint8Array(await new BHttpEncoder().encodeRequest(request)), chunked)
    const response = new BHttpDecoder().decodeResponse(answer)
    expect([response.status, response.headers.get('x-app'), await response.text()]).toEqual([
      203,
      'yes',
      `${method} /pay b ${method === 'POST' ? 'card 4111' : ''}`,
    ])
  })

  const get: RequestMessage = { method: 'GET', scheme: 'https', authority: host, path: '/?q', fields: [], content: '' }
  const paid: RequestMessage = { ...get, method: 'POST', path: '/pay', fields: [['x-a', 'b']], content: 'card 4111' }
  const forms = [get, paid].flatMap((message) =>
    [{ name: 'as Google writes it', ...formOfGoogle }, ...formsFor(message)].map(
      (form): [string, Form, RequestMessage] => [`${message.method}, ${form.name}`, form, message],
    ),
  )

  test.each(forms)('with a message of RFC 9292: %s', async (_name, form, message) => {
    const { status, fields, content } = readResponse(await post(describing(), writeRequest(message, form), chunked))
    const { method, path, fields: sent } = message
    expect([status, content]).toEqual([203, `${method} ${path} ${sent[0]?.[1] ?? 'null'} ${message.content}`])
    expect(fields).toContainEqual(['x-app', 'yes'])
  })

  test.each(suites)('with $kem and $aead', async (suite) => {
    const bench = createBench({ suite })
    const { content } = readResponse(await post(bench, writeRequest(paid, formOfGoogle), chunked, suite))
    expect(content).toBe('card 4111')
  })

  test.each<[string, Partial<RequestMessage>, number]>([
    ['no authority and a host that is served', { authority: '', fields: [['host', host]] }, 200],
    ['both, and they agree', { fields: [['host', host]] }, 200],
    ['no authority and no host', { authority: '' }, 421],
    ['no authority and an empty host', { authority: '', fields: [['host', '']] }, 421],
    ['no authority and another host', { authority: '', fields: [['host', 'evil.example']] }, 421],
    ['no authority and the host in capitals', { authority: '', fields: [['host', host.toUpperCase()]] }, 421],
    ['no authority and a host with a path', { authority: '', fields: [['host', `${host}/`]] }, 421],
    ['no authority and a host with a user', { authority: '', fields: [['host', `a@${host}`]] }, 421],
    ['both, and the host is another', { fields: [['host', 'evil.example']] }, 421],
    ['both, and the authority is another', { authority: 'evil.example', fields: [['host', host]] }, 421],
    ['both, and the host is empty', { fields: [['host', '']] }, 421],
    [
      'two hosts that agree',
      {
        fields: [
          ['host', host],
          ['host', host],
        ],
      },
      400,
    ],
    [
      'no authority and two hosts',
      {
        authority: '',
        fields: [
          ['host', host],
          ['host', 'evil.example'],
        ],
      },
      400,
    ],
  ])('with %s', async (_name, change, status) => {
    const handler = vi.fn((request: Request) => new Response(request.url + String(request.headers.get('host'))))
    const bench = createBench({ handler })
    const answer = readResponse(await post(bench, writeRequest({ ...get, ...change }, formOfGoogle), chunked))
    expect(answer.status).toBe(status)
    expect(handler).toHaveBeenCalledTimes(status === 200 ? 1 : 0)
    if (status === 200) expect(answer.content).toBe(`${origin}/?qnull`)
  })
})

describe('H08 an attacker who cuts a message off where it may end', () => {
  const message: RequestMessage = {
    method: 'POST',
    scheme: 'https',
    authority: host,
    path: '/pay',
    fields: [['x-a', 'b']],
    content: 'card 4111',
  }

  test.each(['known-length', 'indeterminate-length'] as const)('gets nothing done, %s', async (framing) => {
    const ends = (['control', 'fields', 'content'] as const).map((until) => writeRequest(message, { framing, until }))
    const whole = writeRequest(message, { framing })
    // A chunk for each part, and the last one is empty.
    const cuts = [0, ...ends.map(({ length }) => length), whole.length]
    const chunks = cuts.slice(1).map((end, i) => whole.slice(cuts[i], end))
    let completed = 0
    const bench = createBench({
      handler: async (request) => {
        const text = await request.text()
        completed++
        return new Response(text)
      },
    })
    const keyConfig = await bench.keyConfig()
    for (let kept = 1; kept <= chunks.length + 2; kept++) {
      const { frames, open } = await peerOf(suites[0], true).seal(keyConfig, [...chunks, utf8('')])
      const body = new Uint8Array(Buffer.concat(frames.slice(0, kept)))
      const init = { method: 'POST', headers: { 'content-type': 'message/ohttp-chunked-req' }, body }
      const response = await bench.gateway(new Request(origin + paths.data, init))
      if (kept === frames.length) {
        expect(readResponse(await open(new Uint8Array(await response.arrayBuffer())))).toMatchObject({ status: 200 })
        expect(completed).toBe(1)
        continue
      }
      expect([kept, response.status, await response.text()]).toEqual([kept, 400, 'The request is malformed.'])
      expect(completed).toBe(0)
    }
  })
})

describe.each(kinds)('H08 a foreign gateway, %s', (_, chunked) => {
  const suite = suites[0]
  const head = { method: 'POST', scheme: 'https', authority: host, path: '/pay', headers: [['x-a', 'b']] } as const

  /** Our side asks; their side answers with these bytes. */
  async function ask(answer: (question: Bytes) => Promise<Uint8Array> | Uint8Array): Promise<unknown> {
    const gateway = await peerOf(suite, chunked).gateway()
    const config = await decodeKeyConfig(encodeKeyConfig(7, suite, gateway.publicKey), suite)
    const sent = await sealRequest(config, encodeRequest(head, pieces(utf8('card 4111'))), { chunked })
    const { sealed } = await gateway.answer(await gather(sent.sealed), async (question) => {
      const bytes = new Uint8Array(await answer(question))
      return chunked ? [...split(bytes, 5)] : [bytes]
    })
    const { head: read, body } = await decodeResponse(sent.openResponse(pieces(...split(sealed, 9))))
    return [read.status, Object.fromEntries(read.headers)['x-b'], Buffer.from(await gather(body)).toString()]
  }

  test('with bhttp-js', async () => {
    const answered = await ask(async (question) => {
      const request = new BHttpDecoder().decodeRequest(question)
      const text = `${request.method} ${request.url} ${request.headers.get('x-a')} ${await request.text()}`
      const response = new Response(text, { status: 201, headers: { 'x-b': 'c' } })
      return new Uint8Array(await new BHttpEncoder().encodeResponse(response))
    })
    expect(answered).toEqual([201, 'c', `POST ${origin}/pay b card 4111`])
  })

  test.each(
    [
      { status: 201, fields: [['x-b', 'c']] as const, content: 'paid' },
      { status: 204, fields: [['x-b', 'c']] as const, content: '' },
    ].flatMap((message) => [formOfGoogle, ...formsFor(message)].map((form) => [form, message] as const)),
  )('with a message of RFC 9292: %j', async (form, message) => {
    const answered = await ask((question) => {
      expect(readRequest(question)).toMatchObject({
        method: 'POST',
        authority: host,
        path: '/pay',
        content: 'card 4111',
      })
      return writeResponse(message, form)
    })
    expect(answered).toEqual([message.status, 'c', message.content])
  })
})
