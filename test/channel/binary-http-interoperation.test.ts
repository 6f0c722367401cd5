/**
 * Binary HTTP with `bhttp-js`, in both directions. It writes messages of known length only, and leaves out what follows a question mark.
 */
import { BHttpDecoder, BHttpEncoder } from 'bhttp-js'
import { expect, test } from 'vitest'
import { decodeRequest, decodeResponse, encodeRequest, encodeResponse } from '../../src/channel/binary-http.ts'
import { gather, pieces, split, toHex, utf8 } from './messages.ts'

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
