/**
 * A gateway behind Node's own server, over real connections: many clients at once, connections that
 * are cut, and answers that come piece by piece.
 */
import { createHash } from 'node:crypto'
import { request as httpRequest } from 'node:http'
import { connect } from 'node:net'
import { afterEach, describe, expect, test } from 'vitest'
import { createGateway, type GatewayOptions } from '../../src/gateway/index.ts'
import { attestNothing, defaultSuite, echo, paths, question, settle, until } from './bench.ts'
import { type Loopback, serveLoopback } from './loopback.ts'
import { type Envelope, openResponse, type Opened, readKeyConfig, seal } from './sealing-client.ts'

type Bytes = Uint8Array<ArrayBuffer>

const open: Loopback[] = []
afterEach(async () => {
  await Promise.all(open.splice(0).map((server) => server.close()))
})

async function serve(options: Partial<GatewayOptions> = {}): Promise<Loopback> {
  const server = await serveLoopback((origins) =>
    createGateway({ origins, attest: attestNothing, handler: echo, ...options }),
  )
  open.push(server)
  return server
}

async function keyConfigOf({ origin }: Loopback): Promise<Bytes> {
  const asked = question()
  const init = { method: 'POST', headers: asked.headers, body: await asked.text() }
  return readKeyConfig(await fetch(origin + paths.attestation, init))
}

async function ask(server: Loopback, keyConfig: Bytes, envelope: Envelope = {}): Promise<Opened> {
  const sent = await seal(keyConfig, defaultSuite, server.origin + paths.data, envelope)
  return openResponse(sent, await fetch(sent.request))
}

test('500 requests of 50 clients while keys change: nothing is lost, and nothing mixed up', async () => {
  let rotations = 0
  const live = new Set<number>()
  let most = 0
  const server = await serve({
    // A new key after every 50 requests, more or less; each is good for 100.
    keys: { maximumRequests: 100, maximumKeys: 16 },
    meter: { createCounter: (name) => ({ add: () => void (rotations += name.endsWith('rotations') ? 1 : 0) }) },
    handler: async (request) => {
      const id = Number(new URL(request.url).searchParams.get('id'))
      live.add(id)
      most = Math.max(most, live.size)
      const body = new Uint8Array(await request.arrayBuffer())
      await settle()
      live.delete(id)
      return Response.json({ id, digest: createHash('sha256').update(body).digest('hex') })
    },
  })
  const ids = Array.from({ length: 500 }, (_, id) => id)
  const answered: number[] = []
  async function runClient(): Promise<void> {
    let keyConfig: Bytes | undefined
    for (let id = ids.pop(); id !== undefined; id = ids.pop()) {
      const body = new Uint8Array((id * 37) % 5000).fill(id)
      const path = `/?id=${id}`
      keyConfig ??= await keyConfigOf(server)
      // A key that is used up, or gone, is answered with 422: attest again, once.
      const opened = await ask(server, keyConfig, { path, body }).catch(async (error: unknown) => {
        if (!String(error).includes('422')) throw error
        keyConfig = await keyConfigOf(server)
        return ask(server, keyConfig, { path, body })
      })
      expect(JSON.parse(await opened.text())).toEqual({ id, digest: createHash('sha256').update(body).digest('hex') })
      answered.push(id)
    }
  }
  await Promise.all(Array.from({ length: 50 }, runClient))
  expect(answered.sort((a, b) => a - b)).toEqual(Array.from({ length: 500 }, (_, id) => id))
  expect(rotations).toBeGreaterThan(4)
  expect(most).toBeGreaterThan(1)
})

test('4 MiB up and down are the same bytes', async () => {
  const server = await serve()
  const piece = new Uint8Array(65_536).map((_, i) => i * 7)
  async function* upload(): AsyncGenerator<Bytes> {
    for (let i = 0; i < 64; i++) {
      await settle(0)
      yield piece
    }
  }
  const opened = await ask(server, await keyConfigOf(server), { body: upload() })
  const [sent, received] = [createHash('sha256'), createHash('sha256')]
  for (let i = 0; i < 64; i++) sent.update(piece)
  for await (const part of opened.body) received.update(part)
  expect(received.digest('hex')).toBe(sent.digest('hex'))
})

test('an answer arrives piece by piece', async () => {
  let next: (() => void) | undefined
  const server = await serve({
    handler: () => {
      const stream = new ReadableStream<Bytes>({
        async pull(controller) {
          controller.enqueue(new TextEncoder().encode('token '))
          await new Promise<void>((resolve) => (next = resolve))
        },
      })
      return new Response(stream)
    },
  })
  const opened = await ask(server, await keyConfigOf(server))
  for (let i = 0; i < 3; i++) {
    expect(new TextDecoder().decode((await opened.body.next()).value as Bytes)).toBe('token ')
    await until(() => next !== undefined)
    const go = next
    next = undefined
    go?.()
  }
  await opened.body.return(undefined)
})

describe('a connection that is cut', () => {
  test('while the app answers: the app is told', async () => {
    let reason: unknown
    let isAborted = false
    const server = await serve({
      handler: (request) => {
        request.signal.addEventListener('abort', () => (isAborted = true))
        return new Response(
          new ReadableStream<Bytes>({
            pull: (controller) => {
              controller.enqueue(new Uint8Array(65_536))
            },
            cancel: (why) => void (reason = why),
          }),
        )
      },
    })
    const stop = new AbortController()
    const { request } = await seal(await keyConfigOf(server), defaultSuite, server.origin + paths.data, {
      signal: stop.signal,
    })
    const response = await fetch(request)
    await response.body?.getReader().read()
    stop.abort()
    await until(() => isAborted && reason !== undefined)
    expect((reason as Error).name).toBe('AbortError')
  })

  test('in the middle of a request: the app does not get its end', async () => {
    let failure: unknown
    let read = 0
    const server = await serve({
      handler: async (request) => {
        try {
          for await (const piece of request.body as unknown as AsyncIterable<Bytes>) read += piece.length
        } catch (error) {
          failure = error
        }
        return new Response()
      },
    })
    const { request } = await seal(await keyConfigOf(server), defaultSuite, server.origin + paths.data, {
      body: new Uint8Array(100_000),
      isCut: true,
    })
    const sealed = Buffer.from(await request.arrayBuffer())
    const socket = connect(server.port, '127.0.0.1')
    socket.on('error', () => undefined)
    socket.write(`POST ${paths.data} HTTP/1.1\r\nhost: a\r\ncontent-type: message/ohttp-chunked-req\r\n`)
    socket.write(`content-length: ${sealed.length + 100}\r\n\r\n`)
    socket.write(sealed)
    await until(() => read > 50_000)
    socket.destroy()
    await until(() => failure !== undefined)
  })
})

test('a client that sends its request slowly byte by byte is served all the same', async () => {
  const server = await serve()
  const sent = await seal(await keyConfigOf(server), defaultSuite, server.origin + paths.data, { body: 'hello' })
  const sealed = Buffer.from(await sent.request.arrayBuffer())
  const response = await new Promise<Response>((resolve, reject) => {
    const headers = { 'content-type': 'message/ohttp-chunked-req' }
    const outgoing = httpRequest(server.origin + paths.data, { method: 'POST', headers }, (incoming) => {
      const parts: Buffer[] = []
      incoming.on('data', (part: Buffer) => parts.push(part))
      incoming.on('end', () => {
        resolve(new Response(new Uint8Array(Buffer.concat(parts)), { status: incoming.statusCode ?? 0 }))
      })
    })
    outgoing.on('error', reject)
    outgoing.setNoDelay(true)
    void (async () => {
      for (const byte of sealed) {
        outgoing.write(Buffer.from([byte]))
        await settle(1)
      }
      outgoing.end()
    })()
  })
  expect(await (await openResponse(sent, response)).text()).toBe('hello')
})
