/**
 * A client in a world where nothing is left to chance: its clock, its timers and its random source
 * are the test's, and a recorder sees every byte that it sends, with the state that it sends it in.
 * The enclave's end is a real gateway with evidence of the fixture attester.
 */
import { createClient } from '../../src/client/attested-fetch.ts'
import type { AttestedFetch } from '../../src/client/index.ts'
import type { AttestedFetchOptions, Verify } from '../../src/client/options.ts'
import type { Runtime } from '../../src/client/runtime.ts'
import { skipReferenceValues, verifyNitro } from '../../src/formats/aws/nitro/index.ts'
import { runtimeClock } from '../../src/gateway/clock.ts'
import { createGateway, type GatewayOptions } from '../../src/gateway/index.ts'
import { createNitroAttester, type NitroAttester } from '../attester/nitro.ts'

export { settle } from '../support/settle.ts'

export type Bytes = Uint8Array<ArrayBuffer>
export type Transport = (request: Request, world: World) => Response | Promise<Response>

export const origin = 'https://enclave.example'
export const paths = { evidence: '/.well-known/attestation', data: '/.well-known/ohttp-gateway' } as const
export const startedAt = Date.parse('2026-06-01T00:00:00Z')

/** One request as it left. */
export interface Sent {
  readonly url: string
  readonly init: RequestInit & { readonly duplex?: string }
  /** Of the client when it left. */
  readonly state: string
  /** All that went out in its body so far. */
  bytes: Bytes
}

export interface World {
  readonly send: AttestedFetch
  readonly sent: Sent[]
  /** What the app in the enclave got. */
  readonly arrived: string[]
  readonly states: string[]
  /** The gateway, for transports that pass on. */
  readonly gateway: (request: Request) => Promise<Response>
  readonly attester: NitroAttester
  /** Moves both clocks on, and lets the timers that are due go off. */
  tick(milliseconds: number): void
  /** Moves the wall clock only. */
  jump(milliseconds: number): void
}

export interface WorldOptions {
  readonly options?: Partial<AttestedFetchOptions>
  readonly gateway?: Partial<GatewayOptions>
  readonly transport?: Transport
  readonly random?: Runtime['randomBytes']
  /** As in a Worker. */
  readonly isolatesRequests?: boolean
  readonly verify?: (usual: Verify) => Verify
}

let made: Promise<NitroAttester> | undefined

export async function createWorld({
  options,
  gateway: given,
  transport,
  random,
  isolatesRequests = false,
  verify,
}: WorldOptions = {}): Promise<World> {
  const attester = await (made ??= createNitroAttester({ now: new Date(startedAt) }))
  const clock = { wall: startedAt, steady: 1000 }
  const timers = new Map<() => void, number>()
  const sent: Sent[] = []
  const arrived: string[] = []
  const states: string[] = []
  // The gateway goes by the same time of day, and has patience of its own.
  const gatewayClock = { ...runtimeClock, wall: () => clock.wall }
  const gateway = createGateway({
    origins: origin,
    clock: gatewayClock,
    attest: async ({ nonce, keyConfig }) => ({
      mediaType: 'application/cbor',
      evidence: await attester.document({ nonce, publicKey: keyConfig }),
      holdsKeyConfig: true,
    }),
    handler: async (request) => {
      const body = await request.text()
      arrived.push(`${request.method} ${new URL(request.url).pathname} ${body}`)
      return new Response(`echo ${body}`, { headers: { 'x-app': 'yes' } })
    },
    ...given,
  })
  const usual: Verify = (evidence, { nonce }) =>
    verifyNitro(evidence, {
      referenceValues: skipReferenceValues,
      freshness: { nonce },
      trustAnchors: [attester.root],
      now: new Date(startedAt),
    })
  const fetcher = async (input: unknown, init: RequestInit = {}): Promise<Response> => {
    const record: Sent = { url: String(input), init, state: world.send.state, bytes: new Uint8Array() }
    sent.push(record)
    const { body } = init
    const counted = body == null ? undefined : count(body, record)
    const request = new Request(record.url, {
      ...init,
      body: counted ?? null,
      ...(counted && { duplex: 'half' as const }),
    })
    return (transport ?? ((one) => gateway(one)))(request, world)
  }
  const runtime: Runtime = {
    fetch: fetcher,
    now: () => clock.wall,
    elapsed: () => clock.steady,
    after(milliseconds, act) {
      const own = (): void => {
        act()
      }
      timers.set(own, clock.steady + milliseconds)
      return () => {
        timers.delete(own)
      }
    },
    isolatesRequests,
    randomBytes: random ?? ((size) => crypto.getRandomValues(new Uint8Array(size))),
  }
  const send = createClient(
    origin,
    {
      verify: (verify ?? ((same) => same))(usual),
      onState: ({ state, code }) => states.push(code === undefined ? state : `${state}: ${code}`),
      ...options,
    },
    runtime,
  )
  const world: World = {
    send,
    sent,
    arrived,
    states,
    gateway,
    attester,
    tick(milliseconds) {
      clock.wall += milliseconds
      clock.steady += milliseconds
      for (const [act, at] of [...timers]) {
        if (at > clock.steady) continue
        timers.delete(act)
        act()
      }
    },
    jump(milliseconds) {
      clock.wall += milliseconds
    },
  }
  return world
}

/** Passes a body on, and notes every byte that is taken out of it. */
function count(body: BodyInit, record: Sent): ReadableStream<Uint8Array> {
  const stream = new Response(body).body as ReadableStream<Uint8Array>
  return stream.pipeThrough(
    new TransformStream<Uint8Array, Uint8Array>({
      transform(chunk, controller) {
        record.bytes = new Uint8Array(Buffer.concat([record.bytes, chunk]))
        controller.enqueue(chunk)
      },
    }),
  )
}

/** What went to the gateway's data endpoint. */
export const dataOf = ({ sent }: World): readonly Sent[] => sent.filter(({ url }) => url === origin + paths.data)

/** Code or name of what a promise is rejected with; `settled` when it is not. */
export async function codeOf(work: Promise<unknown>): Promise<string> {
  try {
    await work
    return 'settled'
  } catch (error) {
    if (!(error instanceof Error)) return `not an error: ${String(error)}`
    return 'code' in error && typeof error.code === 'string' ? error.code : error.name
  }
}

/** A stream that tells how often it was asked. */
export function watchedStream(...pieces: readonly Bytes[]): {
  readonly stream: ReadableStream<Bytes>
  readonly pulls: () => number
} {
  let pulls = 0
  const stream = new ReadableStream<Bytes>(
    {
      pull(controller) {
        const piece = pieces[pulls++]
        if (piece === undefined) controller.close()
        else controller.enqueue(piece)
      },
    },
    { highWaterMark: 0 },
  )
  return { stream, pulls: () => pulls }
}

export const utf8 = (text: string): Bytes => new TextEncoder().encode(text)
