/**
 * Everything that a client waits for, one after another, made to fail, to stall for ever, and to
 * come too late: the invariants hold in all cases.
 *
 * I1 nothing derived from a request leaves before the enclave is proven. I2 what leaves then is
 * sealed for the key of the evidence. I4 whatever goes wrong ends with an error, within a deadline.
 * I5 no byte of a response comes out before its seal was opened, and no end before the last one. I6
 * nothing makes the client weaker: no second try, no other path.
 */
import { AsyncLocalStorage } from 'node:async_hooks'
import { afterEach, describe, expect, test, vi } from 'vitest'

type Mode = 'reject' | 'stall' | 'late'

/**
 * What the client waits for is numbered as it comes; the enclave's end and the verifier are
 * somebody else's.
 */
const faults = vi.hoisted(() => {
  const state = {
    at: -1,
    mode: 'reject' as 'reject' | 'stall' | 'late',
    count: 0,
    waits: [] as string[],
    held: (): void => undefined,
    release: (): void => undefined,
  }
  const elsewhere: { isHere: () => boolean } = { isHere: () => true }
  const point = async (name: string): Promise<void> => {
    if (!elsewhere.isHere()) return
    const own = state.count++
    state.waits.push(name)
    if (own !== state.at) return
    if (state.mode === 'reject') throw new Error(`fault at ${name}`)
    await new Promise<void>((resolve) => {
      if (state.mode === 'late') state.release = resolve
      state.held()
    })
  }
  // Before anything takes them: WebCrypto, as the channel uses it.
  const subtle = crypto.subtle as unknown as Record<string, (...given: unknown[]) => Promise<unknown>>
  for (const name of ['importKey', 'deriveBits', 'encrypt', 'decrypt', 'generateKey', 'exportKey', 'digest', 'sign']) {
    const real = (subtle[name] as (...given: unknown[]) => Promise<unknown>).bind(subtle)
    Object.defineProperty(crypto.subtle, name, {
      configurable: true,
      value: async (...given: unknown[]) => {
        await point(name)
        return real(...given)
      },
    })
  }
  return { state, point, elsewhere }
})

const { createWorld, dataOf, origin, paths, settle, utf8 } = await import('../world.ts')
const { state, point, elsewhere } = faults
const away = new AsyncLocalStorage<true>()
elsewhere.isHere = () => away.getStore() === undefined

const secret = 'card-4711-0815'
const bodies: readonly [string, () => BodyInit][] = [
  ['string', () => secret],
  ['Uint8Array', () => utf8(secret)],
  ['Blob', () => new Blob([secret])],
  [
    'FormData',
    () => {
      const form = new FormData()
      form.set('card', secret)
      return form
    },
  ],
  ['URLSearchParams', () => new URLSearchParams({ card: secret })],
  [
    'ReadableStream',
    () =>
      new ReadableStream<Uint8Array>(
        {
          async pull(controller) {
            await point('body of the caller')
            controller.enqueue(utf8(secret))
            controller.close()
          },
        },
        { highWaterMark: 0 },
      ),
  ],
]

interface Outcome {
  readonly text: string | undefined
  readonly failure: unknown
  readonly world: Awaited<ReturnType<typeof createWorld>>
}

/** Passes a body on, as a thing to wait for. */
function slowly(response: Response, name: string): Response {
  const reader = (response.body as ReadableStream<Uint8Array>).getReader()
  const stream = new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        await point(name)
        const { done, value } = await away.run(true, () => reader.read())
        if (done) controller.close()
        else controller.enqueue(value)
      },
      cancel: (reason) => away.run(true, () => reader.cancel(reason)),
    },
    { highWaterMark: 0 },
  )
  return new Response(stream, response)
}

async function run(body: () => BodyInit, at: number, mode: Mode, upload: 'stream' | 'collect'): Promise<Outcome> {
  Object.assign(state, { at: -1, mode, count: 0, waits: [], release: () => undefined })
  const held = new Promise<void>((resolve) => (state.held = resolve))
  const world = await away.run(true, () =>
    createWorld({
      options: {
        upload,
        binding: async ({ publicKey }) => {
          await point('binding')
          return publicKey as Uint8Array<ArrayBuffer>
        },
      },
      verify: (usual) => async (evidence, challenge) => {
        await point('verifier')
        return away.run(true, () => usual(evidence, challenge))
      },
      transport: async (request, { gateway }) => {
        const isEvidence = request.url === origin + paths.evidence
        await point(isEvidence ? 'evidence' : 'answer')
        return slowly(
          await away.run(true, () => gateway(request)),
          isEvidence ? 'body of the evidence' : 'body of the answer',
        )
      },
    }),
  )
  state.at = at
  let text: string | undefined
  let failure: unknown
  let isOver = false
  const work = (async () => {
    try {
      const response = await world.send('/pay', { method: 'POST', body: body(), duplex: 'half' } as RequestInit)
      text = ''
      for await (const piece of response.body as unknown as AsyncIterable<Uint8Array>)
        text += new TextDecoder().decode(piece)
    } catch (error) {
      failure = error
    }
    isOver = true
  })()
  // With a fault that holds something up, nothing else happens any more but time.
  await Promise.race([work, held])
  for (let i = 0; i < 50 && !(isOver as boolean); i++) {
    await settle(20)
    world.tick(10_000)
  }
  state.release()
  await settle()
  expect(isOver, `within its deadlines: ${mode} at ${at}, ${state.waits[at]}`).toBe(true)
  await work
  // Made anew for each form.
  return { text: text?.replaceAll(/formdata-undici-\d+/g, 'boundary'), failure, world }
}

afterEach(() => {
  state.at = -1
})

describe.each(['stream', 'collect'] as const)('upload: %s', (upload) => {
  describe.each(bodies)('%s', (kind, body) => {
    test('every wait, made to reject, to stall and to come late', async () => {
      const sound = await run(body, -1, 'reject', upload)
      expect(sound.failure).toBeUndefined()
      expect(sound.text).toContain(secret)
      const waits = [...state.waits]
      for (const name of [
        'evidence',
        'body of the evidence',
        'verifier',
        'binding',
        'importKey',
        'encrypt',
        'answer',
        'decrypt',
        'body of the answer',
      ])
        expect(waits).toContain(name)
      if (kind === 'ReadableStream') expect(waits).toContain('body of the caller')
      const isProven = waits.indexOf('binding')
      for (const mode of ['reject', 'stall', 'late'] as const) {
        for (let at = 0; at < waits.length; at++) {
          const { text, failure, world } = await run(body, at, mode, upload)
          const where = `${mode} at ${at}, ${waits[at]}`
          // I4: an error, of a kind that the documentation names.
          expect(failure, where).toBeInstanceOf(Error)
          // I1, I6: before the key is there, nothing; afterwards one sealed request at most; in no
          // case the plain text.
          expect(dataOf(world).length, where).toBeLessThanOrEqual(at <= isProven ? 0 : 1)
          expect(world.sent.length - dataOf(world).length, where).toBe(1)
          for (const { bytes, url, init } of world.sent) {
            expect(Buffer.from(bytes).includes(secret), where).toBe(false)
            expect(`${url} ${JSON.stringify(init.headers)}`, where).not.toMatch(/4711|pay/)
          }
          // I5: what came out is the beginning of what was sealed.
          expect(sound.text?.slice(0, text?.length ?? 0), where).toBe(text ?? '')
        }
      }
    })
  })
})
