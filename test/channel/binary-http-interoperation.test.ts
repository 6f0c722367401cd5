/**
 * Binary HTTP with two others, in both directions. `bhttp-js` writes messages of known length only,
 * and leaves out what follows a question mark. The other one, `rfc9292.ts`, writes all forms that
 * the text allows.
 */
import { BHttpDecoder, BHttpEncoder } from 'bhttp-js'
import { describe, expect, test } from 'vitest'
import { decodeRequest, decodeResponse, encodeRequest, encodeResponse } from '../../src/channel/binary-http.ts'
import { gather, pieces, split, toHex, utf8 } from './messages.ts'
import {
  type Form,
  formOfGoogle,
  formsFor,
  readRequest,
  readResponse,
  type RequestMessage,
  type ResponseMessage,
  writeRequest,
  writeResponse,
} from './rfc9292.ts'

const body = 'a body\r\n'.repeat(3000)

test.each([
  ['GET', ''],
  ['POST', ''],
  ['PUT', body],
])('a %s of ours, read by them', async (method, content) => {
  const headers = [
    ['accept', 'text/html'],
    ['x-a', 'b, c'],
  ] as const
  const head = { method, scheme: 'https', authority: 'a.example:8443', path: '/b/c', headers }
  const written = await gather(encodeRequest(head, pieces(...split(utf8(content), 1000))))
  const read = new BHttpDecoder().decodeRequest(written)
  expect([read.method, read.url, await read.text()]).toEqual([method, 'https://a.example:8443/b/c', content])
  for (const [name, value] of headers) expect(read.headers.get(name)).toBe(value)
})

test.each([
  ['GET', undefined],
  ['PUT', body],
])('a %s of theirs, read by us', async (method, content) => {
  const request = new Request('https://a.example:8443/b/c', {
    method,
    headers: { 'x-a': 'b, c' },
    ...(content !== undefined && { body: content }),
  })
  const written = new Uint8Array(await new BHttpEncoder().encodeRequest(request))
  const read = await decodeRequest(pieces(...split(written, 100)))
  expect(read.head).toMatchObject({ method, scheme: 'https', authority: 'a.example:8443', path: '/b/c' })
  expect(read.head.headers).toContainEqual(['x-a', 'b, c'])
  expect(toHex(await gather(read.body))).toBe(toHex(utf8(content ?? '')))
})

test.each([200, 404, 503])('a response of ours with status %d, read by them', async (status) => {
  const written = await gather(encodeResponse({ status, headers: [['x-a', 'b']] }, pieces(utf8(body))))
  const read = new BHttpDecoder().decodeResponse(written)
  expect([read.status, read.headers.get('x-a'), await read.text()]).toEqual([status, 'b', body])
})

test.each([200, 404, 503])('a response of theirs with status %d, read by us', async (status) => {
  const response = new Response(body, { status, headers: { 'x-a': 'b' } })
  const written = new Uint8Array(await new BHttpEncoder().encodeResponse(response))
  const read = await decodeResponse(pieces(...split(written, 100)))
  expect(read.head.status).toBe(status)
  expect(read.head.headers).toContainEqual(['x-a', 'b'])
  expect(toHex(await gather(read.body))).toBe(toHex(utf8(body)))
})

describe('H08 with a peer that was written from the text of RFC 9292', () => {
  const requests: readonly RequestMessage[] = [
    { method: 'GET', scheme: 'https', authority: 'a.example', path: '/', fields: [], content: '' },
    { method: 'GET', scheme: 'https', authority: '', path: '/b?c', fields: [['host', 'a.example']], content: '' },
    {
      method: 'POST',
      scheme: 'https',
      authority: 'a.example:8443',
      path: '/b',
      fields: [
        ['x-a', 'b'],
        ['x-a', 'ü'],
        ['x-empty', ''],
      ],
      content: 'what is it?',
    },
  ]
  const responses: readonly ResponseMessage[] = [
    { status: 200, fields: [], content: '' },
    { status: 404, fields: [['x-a', 'b']], content: '' },
    { status: 200, informational: [{ status: 103, fields: [['link', '<a>']] }], fields: [], content: 'it works' },
  ]
  const withForms = <M extends RequestMessage | ResponseMessage>(all: readonly M[]): readonly [string, Form, M][] =>
    all.flatMap((message) => {
      const title = 'method' in message ? `${message.method} ${message.path}` : String(message.status)
      return [{ name: 'as Google writes it', ...formOfGoogle }, ...formsFor(message)].map((form): [string, Form, M] => [
        `${title} with ${message.content.length} bytes, ${form.name}`,
        form,
        message,
      ])
    })

  test.each(withForms(requests))('%s: theirs, read by us', async (_, form, message) => {
    const written = new Uint8Array(writeRequest(message, form))
    const { fields, content, ...control } = message
    for (const size of [1, 5, written.length]) {
      const { head, body } = await decodeRequest(pieces(...split(written, size)))
      expect(head).toEqual({ ...control, headers: fields })
      expect(Buffer.from(await gather(body)).toString()).toBe(content)
    }
  })

  test.each(withForms(responses))('%s: theirs, read by us', async (_, form, message) => {
    const written = new Uint8Array(writeResponse(message, form))
    const { head, body } = await decodeResponse(pieces(...split(written, 3)))
    expect(head).toEqual({ status: message.status, headers: message.fields })
    expect(Buffer.from(await gather(body)).toString()).toBe(message.content)
  })

  test.each(requests)('$method $path: ours, read by them', async ({ fields, content, ...control }) => {
    const written = await gather(encodeRequest({ ...control, headers: fields }, pieces(utf8(content))))
    expect(readRequest(written)).toEqual({ ...control, fields, content, trailers: [] })
  })

  test.each(responses)('$status: ours, read by them', async ({ status, fields, content }) => {
    const written = await gather(encodeResponse({ status, headers: fields }, pieces(utf8(content))))
    expect(readResponse(written)).toEqual({ status, fields, content, trailers: [], informational: [] })
  })

  test('with trailers, which are read and dropped', async () => {
    const message = { ...(requests[2] as RequestMessage), trailers: [['x-t', 'u']] as const }
    for (const framing of ['known-length', 'indeterminate-length'] as const) {
      const { body } = await decodeRequest(pieces(new Uint8Array(writeRequest(message, { framing, padding: 3 }))))
      expect(Buffer.from(await gather(body)).toString()).toBe(message.content)
    }
  })

  // At each length, both read the same message or both refuse.
  test.each(withForms(requests).filter(([, { padding }]) => padding === undefined))(
    '%s, cut off anywhere: both read it, or neither',
    async (_, form, message) => {
      const written = new Uint8Array(writeRequest(message, form))
      for (let length = 0; length <= written.length; length++) {
        const cut = written.slice(0, length)
        const ours = await (async () => {
          const { head, body } = await decodeRequest(pieces(cut))
          return [head.path, head.headers, Buffer.from(await gather(body)).toString()]
        })().catch(() => 'refused')
        const theirs = ((): unknown => {
          try {
            const read = readRequest(cut)
            return read.path === '' ? 'refused' : [read.path, read.fields, read.content]
          } catch {
            return 'refused'
          }
        })()
        expect([length, ours]).toEqual([length, theirs])
      }
    },
  )
})
