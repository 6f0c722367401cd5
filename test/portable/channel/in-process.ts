/**
 * The channel in one process: a client, a gateway and a device, with nothing but the language and
 * the web's own interfaces. It decides nothing: it reports, and `channel.test.ts` judges.
 */
import { toBase64Url } from '../../../src/encoding/base64url.ts'
import { mlkem768X25519 } from '../../../src/channel/post-quantum.ts'
import { encodeKeyConfig } from '../../../src/channel/key-config.ts'
import { attestedFetch, keyHashInUserData } from '../../../src/client/index.ts'
import type { Suite } from '../../../src/client/index.ts'
import { nobleKem } from '../../support/noble-kem.ts'
import { giveRequestsStreams } from '../../support/request-streams.ts'
import { type Bytes, concat, fromBase64, pattern, streamOf, sumOf, utf8 } from './bytes.ts'
import { channelCases } from './channels.ts'
import { createDevice, type Device } from './device.ts'
import { findFeatures } from './features.ts'
import type { ChannelReport, ChannelRow, Enclave } from './model.ts'
import { card, createWorld, type Network, origin, outcomeOf, paths, told, type World } from './world.ts'

export async function runSuite(enclave: Enclave): Promise<ChannelReport> {
  const features = await findFeatures()
  if (!features.requestStreams) giveRequestsStreams()
  const device = await createDevice(enclave)
  const rows: ChannelRow[] = []
  for (const [name, run] of cases(device))
    rows.push({ name, outcome: await run().catch((error: unknown) => `the case failed: ${told(error)}`) })
  return { features, rows }
}

type Case = readonly [name: string, run: () => Promise<unknown>]

function cases(device: Device): readonly Case[] {
  return [
    ...bodies(device),
    ...answers(device),
    ...aborts(device),
    ...suites(device),
    ...channelCases(device),
    ...refusals(device),
  ]
}

const post = (body: BodyInit | null = card): RequestInit => ({ method: 'POST', body, duplex: 'half' }) as RequestInit

/** What the app says that it got. The border between the parts of a form is a random one. */
async function received(response: Response): Promise<unknown> {
  const got = (await response.json()) as { type: string | null; body: string }
  const [type, border] = (got.type ?? '').split('; boundary=')
  // The line break at the very end is left to each runtime, and so are spaces and capitals of the
  // type.
  const body = border === undefined ? got.body : got.body.replaceAll(border, 'border').trimEnd().replaceAll('\r\n', ' ')
  return { ...got, type: type?.toLowerCase().replace('; ', ';'), body }
}

function bodies(device: Device): readonly Case[] {
  const kinds: Readonly<Record<string, () => BodyInit>> = {
    string: () => card,
    Uint8Array: () => utf8(card),
    ArrayBuffer: () => utf8(card).buffer,
    Blob: () => new Blob([card], { type: 'text/card' }),
    URLSearchParams: () => new URLSearchParams({ card: card.slice(5) }),
    FormData: () => {
      const form = new FormData()
      form.set('card', card)
      return form
    },
    ReadableStream: () => streamOf([utf8(card.slice(0, 7)), utf8(card.slice(7))]),
  }
  const usual = (send: (world: World) => Promise<Response>) => () => {
    const world = createWorld(device)
    return outcomeOf(world, async () => received(await send(world)))
  }
  return [
    ['GET', usual(({ send }) => send('/account?id=1'))],
    ...Object.entries(kinds).map(([kind, body]): Case => [
      `POST ${kind}`,
      usual(({ send }) => send('/pay', post(body()))),
    ]),
    [
      'a Request',
      usual(({ send }) => {
        // Its own, because Bun gives none to text.
        const headers = { 'content-type': 'text/plain' }
        return send(new Request(`${origin}/pay`, { method: 'PUT', body: card, headers }))
      }),
    ],
    ...(['stream', 'collect'] as const).map((upload): Case => [
      `a stream that goes out as: ${upload}`,
      () => {
        const world = createWorld(device, { options: { upload } })
        return outcomeOf(world, async () => received(await world.send('/pay', post(kinds.ReadableStream?.()))))
      },
    ]),
    [
      'attestedFetch with a fetch of its own',
      () => {
        const world = createWorld(device, {
          make: (options, fetch) => attestedFetch(origin, { ...options, fetch }),
        })
        return outcomeOf(world, async () => received(await world.send('/pay', post())))
      },
    ],
    [
      '1 MiB and back',
      () => {
        const world = createWorld(device, {
          gateway: { handler: async (request) => new Response(await request.arrayBuffer()) },
        })
        return outcomeOf(world, async () => {
          const response = await world.send('/', post(pattern(1_048_576)))
          return sumOf(new Uint8Array(await response.arrayBuffer()))
        })
      },
    ],
    [
      '20 at the same time',
      () => {
        const world = createWorld(device, {
          gateway: { handler: async (request) => new Response(await request.text()) },
        })
        return outcomeOf(world, async () => {
          const all = Array.from({ length: 20 }, async (_, i) => (await world.send('/', post(`${i}`))).text())
          return (await Promise.all(all)).join(' ')
        })
      },
    ],
  ]
}

function answers(device: Device): readonly Case[] {
  const answered = (handler: (request: Request) => Response, init?: RequestInit) => () => {
    const world = createWorld(device, { gateway: { handler } })
    return outcomeOf(world, async () => {
      const response = await world.send('/', init)
      const { status, headers, body } = response
      return { status, headers: [...headers].sort(), body: body && (await response.text()) }
    })
  }
  return [
    [
      'status and headers',
      answered(() => {
        const headers = new Headers({ 'content-type': 'text/plain', 'x-app': 'yes', etag: '"1"' })
        headers.append('x-many', 'a')
        headers.append('x-many', 'b')
        return new Response('made', { status: 201, headers })
      }),
    ],
    [
      '404 of the app',
      answered(() => new Response('no such card', { status: 404, headers: { 'content-type': 'a/b' } })),
    ],
    ['status 204', answered(() => new Response(null, { status: 204 }))],
    ['HEAD', answered(() => new Response(null, { headers: { 'x-app': 'yes' } }), { method: 'HEAD' })],
    ['redirect of the app, as it is', answered(() => new Response(null, { status: 307, headers: { location: '/b' } }))],
    [
      'an app that fails',
      answered(() => {
        throw new Error('disk full')
      }),
    ],
    ['an answer in pieces, each before the next is made', () => inPieces(device)],
    ['a request in pieces, each before the next is made', () => outInPieces(device)],
  ]
}

/** Makes a piece only when the one before has been read. */
function lockstep(): { readonly stream: ReadableStream<Bytes>; readonly next: () => void } {
  let release = (): void => undefined
  const pieces = (async function* () {
    for (const text of ['one ', 'two ', 'three']) {
      const released = new Promise<void>((resolve) => (release = resolve))
      yield utf8(text)
      await released
    }
  })()
  return {
    stream: streamOf(pieces),
    next: () => {
      release()
    },
  }
}

async function readInPieces(body: ReadableStream<Uint8Array> | null, next: () => void): Promise<readonly string[]> {
  const texts: string[] = []
  const reader = (body as ReadableStream<Uint8Array>).getReader()
  for (;;) {
    const { done, value } = await reader.read()
    if (done) return texts
    texts.push(new TextDecoder().decode(value))
    next()
  }
}

/**
 * Read from the stream itself: browsers make an error of their own of what `response.text()` fails
 * with.
 */
async function textOf({ body }: Response): Promise<string> {
  return (await readInPieces(body, () => undefined)).join('')
}

function inPieces(device: Device): Promise<unknown> {
  const { stream, next } = lockstep()
  const world = createWorld(device, { gateway: { handler: () => new Response(stream) } })
  return outcomeOf(world, async () => readInPieces((await world.send('/')).body, next))
}

function outInPieces(device: Device): Promise<unknown> {
  const { stream, next } = lockstep()
  const world = createWorld(device, {
    options: { upload: 'stream' },
    gateway: { handler: async ({ body }) => Response.json(await readInPieces(body, next)) },
  })
  return outcomeOf(world, async () => (await world.send('/', post(stream))).json())
}

function aborts(device: Device): readonly Case[] {
  const reason = new Error('enough')
  const toldOf = (error: unknown): string => (error === reason ? 'the reason' : told(error))
  /** A network that ends the exchange when something passes, and never answers. */
  const abortingAt =
    (stop: AbortController, path: string): Network =>
    (request, pass) => {
      if (!request.url.endsWith(path)) return pass(request)
      stop.abort(reason)
      return new Promise(() => undefined)
    }
  const during = (path: string) => () => {
    const stop = new AbortController()
    const world = createWorld(device, { network: abortingAt(stop, path) })
    return outcomeOf(world, () => world.send('/', { ...post(), signal: stop.signal }).then(() => 'answered', toldOf))
  }
  return [
    [
      'abort before',
      () => {
        const world = createWorld(device)
        const signal = AbortSignal.abort(reason)
        return outcomeOf(world, () => world.send('/', { ...post(), signal }).then(() => 'answered', toldOf))
      },
    ],
    [
      'abort without a reason',
      () => {
        const world = createWorld(device)
        return outcomeOf(world, () => world.send('/', { ...post(), signal: AbortSignal.abort() }))
      },
    ],
    ['abort while the enclave is asked', during(paths.evidence)],
    ['abort while an answer is waited for', during(paths.data)],
    [
      'abort in the answer',
      () => {
        const stop = new AbortController()
        const world = createWorld(device, { gateway: { handler: () => new Response(lockstep().stream) } })
        return outcomeOf(world, async () => {
          const response = await world.send('/', { signal: stop.signal })
          return readInPieces(response.body, () => {
            stop.abort(reason)
          }).then(() => 'whole', toldOf)
        })
      },
    ],
    [
      'close',
      () => {
        const world = createWorld(device)
        return outcomeOf(world, async () => {
          await (await world.send('/', post())).text()
          world.send.close()
          return [world.send.state, await world.send('/', post()).then(() => 'answered', told)]
        })
      },
    ],
  ]
}

const kems = ['P-256', 'X25519'] as const
const aeads = ['AES-128-GCM', 'AES-256-GCM'] as const
export const allSuites = kems.flatMap((kem) => aeads.map((aead) => ({ kem, aead }) as const))

/** What is WebCrypto's, and what is another implementation's, which needs none of it. */
const hybrids = [
  ['both ends', mlkem768X25519, mlkem768X25519],
  ['another implementation at the gateway', mlkem768X25519, nobleKem],
  ['another implementation at the client', nobleKem, mlkem768X25519],
] as const

function suites(device: Device): readonly Case[] {
  const other: Suite = { kem: 'P-256', aead: 'AES-256-GCM' }
  return [
    ...allSuites.map((suite): Case => [
      `suite ${suite.kem} ${suite.aead}`,
      () => {
        const world = createWorld(device, { options: { suite }, gateway: { suite } })
        return outcomeOf(world, async () => received(await world.send('/pay', post())))
      },
    ]),
    ...hybrids.map(([ends, kem, gatewayKem]): Case => [
      `suite MLKEM768-X25519, ${ends}`,
      () => {
        const world = createWorld(device, {
          options: { suite: { kem, aead: 'AES-256-GCM' }, binding: keyHashInUserData },
          gateway: {
            suite: { kem: gatewayKem, aead: 'AES-256-GCM' },
            attest: async ({ nonce, keyConfigDigest }) => ({
              mediaType: 'application/cbor',
              evidence: await device.document({ nonce, userData: keyConfigDigest }),
            }),
          },
        })
        return outcomeOf(world, async () => received(await world.send('/pay', post())))
      },
    ]),
    [
      'a key of X25519',
      () => {
        // A point of RFC 7748 section 6.1: nobody here has its other half.
        const point = '8520f0098930a754748b7ddcb43ef75a0dbf3a0d26381af4eba4a98eaa9b4e6a'
        const key = Uint8Array.from(point.match(/../g) ?? [], (byte) => parseInt(byte, 16))
        const suite: Suite = { kem: 'X25519', aead: 'AES-128-GCM' }
        const world = createWorld(device, {
          options: { suite },
          gateway: {
            attest: async ({ nonce }) => ({
              mediaType: 'application/cbor',
              evidence: await device.document({ nonce, publicKey: encodeKeyConfig(1, suite, key) }),
              holdsKeyConfig: true,
            }),
          },
          network: (request, pass) => (request.url.endsWith(paths.evidence) ? pass(request) : new Response('sealed')),
        })
        return outcomeOf(world, () => world.send('/', post()))
      },
    ],
    [
      'a suite that is not the one of the policy',
      () => {
        const world = createWorld(device, { options: { suite: other } })
        return outcomeOf(world, () => world.send('/', post()))
      },
    ],
  ]
}

function refusals(device: Device): readonly Case[] {
  const refused =
    (given: Parameters<typeof createWorld>[1], init: RequestInit = post()) =>
    () => {
      const world = createWorld(device, {
        ...given,
        gateway: { handler: async (request) => new Response(await request.text()), ...given?.gateway },
      })
      return outcomeOf(world, async () => textOf(await world.send('/', init)))
    }
  /** Something else than the gateway answers, at one of the two endpoints. */
  const instead =
    (
      at: string,
      answer: (request: Request, pass: (request: Request) => Promise<Response>) => Response | Promise<Response>,
    ): Network =>
    (request, pass) =>
      request.url.endsWith(at) ? answer(request, pass) : pass(request)
  /** The sealed answer is changed on the way. */
  const changed = (change: (sealed: Bytes) => Bytes): Network =>
    instead(paths.data, async (request, pass) => {
      const response = await pass(request)
      return new Response(change(new Uint8Array(await response.arrayBuffer())), response)
    })
  const moved = (): Response => new Response(null, { status: 307, headers: { location: 'https://elsewhere.example/' } })
  const beside = {
    attest: async ({ nonce, keyConfigDigest }: { nonce: Bytes; keyConfigDigest: Bytes }) => ({
      mediaType: 'application/cbor',
      evidence: await device.document({ nonce, userData: keyConfigDigest }),
    }),
  }
  const staleNonce = new Uint8Array(32).fill(7)
  let rotations = 0
  const rotatedOnce: Network = instead(paths.data, (request, pass) =>
    rotations++ === 0
      ? new Response('{}', { status: 422, headers: { 'content-type': 'application/problem+json' } })
      : pass(request),
  )
  const rotated: Network = instead(
    paths.data,
    () => new Response('{}', { status: 422, headers: { 'content-type': 'application/problem+json' } }),
  )
  return [
    [
      'evidence of another build',
      refused({ options: { verify: device.verifying({ referenceValues: { PCR0: 'ab'.repeat(48) } }) } }),
    ],
    [
      'evidence under another root',
      refused({ options: { verify: device.verifying({ trustAnchors: [device.otherRoot] }) } }),
    ],
    [
      'evidence that answers another nonce',
      refused({
        gateway: {
          attest: async ({ keyConfig }) => ({
            mediaType: 'application/cbor',
            evidence: await device.document({ nonce: staleNonce, publicKey: keyConfig }),
            holdsKeyConfig: true,
          }),
        },
      }),
    ],
    [
      'evidence without a key',
      refused({
        gateway: {
          attest: async ({ nonce }) => ({
            mediaType: 'application/cbor',
            evidence: await device.document({ nonce }),
            holdsKeyConfig: true,
          }),
        },
      }),
    ],
    ['a verifier that says yes', refused({ options: { verify: () => Promise.resolve(true as never) } })],
    ['a key beside the evidence', refused({ gateway: beside, options: { binding: keyHashInUserData } })],
    [
      'another key beside the evidence',
      refused({
        gateway: beside,
        options: { binding: keyHashInUserData },
        network: instead(paths.evidence, async (request, pass) => {
          const response = await pass(request)
          const wrapped = (await response.json()) as { 'key-config': [string, string] }
          const [type, key] = wrapped['key-config']
          // The identifier of the key is in the third byte; any other will do.
          const swapped = [type, `${key.slice(0, 4)}${key.startsWith('A', 4) ? 'B' : 'A'}${key.slice(5)}`]
          return new Response(JSON.stringify({ ...wrapped, 'key-config': swapped }), response)
        }),
      }),
    ],
    [
      'another key inside the evidence',
      refused({
        network: instead(paths.evidence, async (request, pass) => {
          const response = await pass(request)
          const [type, text, kind] = (await response.json()) as [string, string, number]
          const evidence = fromBase64(text.replaceAll('-', '+').replaceAll('_', '/'))
          // Behind the name of the field stand three bytes of CBOR and two of length: the
          // identifier of the key.
          const at = indexOf(evidence, utf8('public_key')) + 'public_key'.length + 4
          evidence[at] = (evidence[at] as number) ^ 1
          const other = toBase64Url(evidence)
          return new Response(JSON.stringify([type, other, kind]), response)
        }),
      }),
    ],
    ['evidence that is a page', refused({ network: instead(paths.evidence, () => new Response('<p>hello')) })],
    ['evidence that has moved', refused({ network: instead(paths.evidence, moved) })],
    ['an answer cut off', refused({ network: changed((sealed) => sealed.subarray(0, sealed.length - 5)) })],
    [
      'an answer cut off, as text',
      () => {
        const world = createWorld(device, { network: changed((sealed) => sealed.subarray(0, sealed.length - 5)) })
        return outcomeOf(world, async () => (await world.send('/', post())).text().catch(() => 'an error'))
      },
    ],
    ['an answer without its last chunk', refused({ network: changed(withoutLast) })],
    [
      'an answer that was changed',
      refused({ network: changed((sealed) => sealed.map((byte, i) => (i === sealed.length - 1 ? byte ^ 1 : byte))) }),
    ],
    [
      'an answer in the clear',
      refused({
        network: instead(paths.data, () => new Response('hello', { headers: { 'content-type': 'text/plain' } })),
      }),
    ],
    [
      'an answer in the clear that says that it is sealed',
      refused({
        network: instead(
          paths.data,
          () =>
            new Response(concat([new Uint8Array(16), utf8('hello')]), {
              headers: { 'content-type': 'message/ohttp-chunked-res' },
            }),
        ),
      }),
    ],
    ['an error in the clear', refused({ network: instead(paths.data, () => new Response('no', { status: 500 })) })],
    ['an answer that has moved', refused({ network: instead(paths.data, moved) })],
    ['no answer', refused({ network: instead(paths.data, () => Promise.reject(new TypeError('offline'))) })],
    ['a key that is gone: GET is sent again', refused({ network: rotatedOnce }, {})],
    ['a key that is gone: POST is not', refused({ network: rotated })],
    [
      'an address elsewhere',
      () => {
        const world = createWorld(device)
        return outcomeOf(world, () => world.send('https://elsewhere.example/', post()))
      },
    ],
    ['keepalive', refused({}, { ...post(), keepalive: true })],
    ['credentials', refused({}, { ...post(), credentials: 'include' })],
    [
      'an address over http',
      () =>
        Promise.resolve()
          .then(() => attestedFetch('http://127.0.0.1:8080', { verify: device.verifying() }))
          .then(() => 'made', told),
    ],
  ]
}

function indexOf(bytes: Bytes, part: Bytes): number {
  return bytes.findIndex((_, at) => part.every((byte, i) => bytes[at + i] === byte))
}

/**
 * A sealed answer without its last chunk, which has the length 0 before it: its nonce, and all
 * other chunks.
 */
function withoutLast(sealed: Bytes): Bytes {
  for (let at = 16; at < sealed.length;) {
    const first = sealed[at] as number
    const size = 1 << (first >> 6)
    let length = first & 63
    for (let i = 1; i < size; i++) length = length * 256 + (sealed[at + i] as number)
    if (length === 0) return sealed.subarray(0, at)
    at += size + length
  }
  throw new Error('the answer has no last chunk')
}
