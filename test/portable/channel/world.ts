/**
 * A client and a gateway in one process: the network between them is a function that keeps count of
 * what passes.
 */
import { createClient } from '../../../src/client/attested-fetch.ts'
import type { AttestedFetch, AttestedFetchOptions } from '../../../src/client/index.ts'
import { platform } from '../../../src/client/runtime.ts'
import { AttestationError } from '../../../src/core/errors.ts'
import { createGateway, type GatewayOptions } from '../../../src/gateway/index.ts'
import { type Bytes, concat, holds, streamOf } from './bytes.ts'
import type { Device } from './device.ts'

export const origin = 'https://enclave.example'
export const paths = { evidence: '/.well-known/attestation', data: '/.well-known/ohttp-gateway' } as const
/** In every body: what must not be seen on the way. */
export const secret = '4711-0815'
export const card = `card ${secret}`

export type Network = (request: Request, pass: (request: Request) => Promise<Response>) => Response | Promise<Response>

export interface World {
  readonly send: AttestedFetch
  /** One for each request that left. */
  readonly sent: Sent[]
}

interface Sent {
  readonly isData: boolean
  /** Of the client when it left. */
  readonly state: string
  readonly parts: Uint8Array[]
}

export interface WorldOptions {
  readonly options?: Partial<AttestedFetchOptions>
  readonly gateway?: Partial<GatewayOptions>
  readonly network?: Network
  /** Makes the client. Default: one in the world of this module. */
  readonly make?: (options: AttestedFetchOptions, fetch: typeof globalThis.fetch) => AttestedFetch
}

export function createWorld(device: Device, { options, gateway: given, network, make }: WorldOptions = {}): World {
  const sent: Sent[] = []
  const gateway = createGateway({ origins: origin, attest: device.attest, handler: echo, ...given })
  const fetch = async (input: unknown, init: RequestInit = {}): Promise<Response> => {
    const url = String(input)
    const record: Sent = { isData: !url.endsWith(paths.evidence), state: world.send.state, parts: [] }
    sent.push(record)
    const body = init.body == null ? null : streamOf(counted(init.body, record.parts))
    const request = new Request(url, { ...init, body, ...(body && { duplex: 'half' as const }) })
    return (network ?? ((one, pass) => pass(one)))(request, gateway)
  }
  const all = { verify: device.verifying(), ...options }
  const world: World = {
    sent,
    send: make?.(all, fetch) ?? createClient(origin, all, { ...platform, fetch }),
  }
  return world
}

/** The body of a request, and in which way it came. */
async function echo(request: Request): Promise<Response> {
  const body = await request.text()
  const type = request.headers.get('content-type')
  return Response.json({ method: request.method, path: new URL(request.url).pathname, type, body })
}

async function* counted(body: BodyInit, parts: Uint8Array[]): AsyncGenerator<Bytes> {
  const reader = (new Response(body).body as ReadableStream<Bytes>).getReader()
  for (;;) {
    const { done, value } = await reader.read()
    if (done) return
    parts.push(value)
    yield value
  }
}

/** What came of it, and what left on the way. */
export async function outcomeOf({ sent, send }: World, work: () => unknown): Promise<unknown> {
  const result = await Promise.resolve().then(work).catch(told)
  // An attestation that nobody waits for any more would go on until its time is over.
  send.close()
  return {
    result,
    attestations: sent.filter(({ isData }) => !isData).length,
    sealed: sent.filter(({ isData }) => isData).length,
    /** Before the enclave was proven. */
    early: sent.filter(({ isData, state }) => isData && state !== 'verified').length,
    leaked: sent.some(({ parts }) => holds(concat(parts), secret)),
  }
}

/** Class and code of ours; the name of others, and the message of those that are ours to word. */
export function told(error: unknown): string {
  if (error instanceof AttestationError) return `${error.name} ${error.code}`
  if (error instanceof TypeError) return `TypeError: ${error.message}`
  return error instanceof Error || error instanceof DOMException ? error.name : `not an error: ${String(error)}`
}
