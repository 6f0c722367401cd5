/**
 * HTTP over messages, as pages talk to a worker: what is said arrives, pieces come when they are
 * wanted and not before, and who stops is heard.
 */
import { expect, test, vi } from 'vitest'
import { answerAsked, fetchOver } from '../../demo/reach/messages.ts'

const address = 'https://enclave.invalid/pay'
const bytes = (text: string): Uint8Array => new TextEncoder().encode(text)

/** A `fetch` to a machine in the same process. */
const to = (answer: (request: Request) => Promise<Response> | Response): typeof fetch =>
  fetchOver((asked, port) => {
    answerAsked(structuredClone(asked), port, async (request) => answer(request))
    return new Promise(() => undefined)
  })

test('method, address, headers and body arrive, and so do those of the answer', async () => {
  const send = to(async (request) => {
    const said = `${request.method} ${request.url} ${request.headers.get('content-type') ?? ''} ${await request.text()}`
    return new Response(said, { status: 201, headers: { 'x-own': 'yes' } })
  })
  const response = await send(address, { method: 'POST', headers: { 'content-type': 'text/card' }, body: 'card' })
  expect([response.status, response.headers.get('x-own')]).toEqual([201, 'yes'])
  expect(await response.text()).toBe(`POST ${address} text/card card`)
})

test('a redirection is handed on, and not followed', async () => {
  const response = await to(() => new Response(null, { status: 307, headers: { location: '/elsewhere' } }))(address)
  expect([response.status, response.headers.get('location'), response.body]).toEqual([307, '/elsewhere', null])
})

/** An answer without an end, and how many of its pieces were made. */
function endless(): { readonly response: () => Response; made: number; isCancelled: boolean } {
  const own = {
    made: 0,
    isCancelled: false,
    response: () =>
      new Response(
        new ReadableStream(
          {
            pull(controller) {
              own.made++
              controller.enqueue(bytes(`piece ${own.made}`))
            },
            cancel() {
              own.isCancelled = true
            },
          },
          { highWaterMark: 0 },
        ),
      ),
  }
  return own
}

test('pieces are made when they are read: a reader who waits holds the sender up', async () => {
  const source = endless()
  const response = await to(source.response)(address)
  const reader = (response.body as ReadableStream<Uint8Array>).getReader()
  expect(source.made).toBe(0)
  for (const wanted of [1, 2, 3]) {
    expect(new TextDecoder().decode((await reader.read()).value)).toBe(`piece ${wanted}`)
    expect(source.made).toBe(wanted)
  }
  await reader.cancel()
  await expect.poll(() => source.isCancelled).toBe(true)
  expect(source.made).toBe(3)
})

test('an abort is heard by both ends, before the head and after it', async () => {
  const own = new AbortController()
  const heard: AbortSignal[] = []
  const never = to((request) => {
    heard.push(request.signal)
    return new Promise<Response>(() => undefined)
  })
  const waiting = never(address, { signal: own.signal })
  await expect.poll(() => heard.length).toBe(1)
  own.abort(new Error('enough'))
  await expect(waiting).rejects.toThrow('enough')
  await expect.poll(() => heard[0]?.aborted).toBe(true)
  // What is aborted already is not sent.
  await expect(never(address, { signal: own.signal })).rejects.toThrow('enough')
  expect(heard).toHaveLength(1)

  const later = new AbortController()
  const source = endless()
  const response = await to(source.response)(address, { signal: later.signal })
  const reader = (response.body as ReadableStream<Uint8Array>).getReader()
  await reader.read()
  later.abort(new Error('no more'))
  await expect(reader.read()).rejects.toThrow('no more')
  await expect.poll(() => source.isCancelled).toBe(true)
})

test('what breaks there breaks here, and is told there', async () => {
  const told = vi.spyOn(console, 'error').mockReturnValue(undefined)
  await expect(
    to(() => {
      throw new Error('of the machine')
    })(address),
  ).rejects.toThrow(new TypeError('the connection broke off'))
  let pieces = 0
  const half = new ReadableStream<Uint8Array>({
    pull(controller) {
      if (pieces++ > 0) throw new Error('of the machine')
      controller.enqueue(bytes('half'))
    },
  })
  const response = await to(() => new Response(half))(address)
  await expect(response.text()).rejects.toThrow(new TypeError('the connection broke off'))
  expect(told.mock.calls).toEqual([[new Error('of the machine')], [new Error('of the machine')]])
  told.mockRestore()
})

test('without a worker nothing hangs', async () => {
  const send = fetchOver(() => Promise.reject(new Error('the worker does not run')))
  await expect(send(address)).rejects.toThrow('the worker does not run')
})
