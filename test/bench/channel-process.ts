/**
 * Starts the gateway's process and talks to it, as a client that believes everything.
 */
import { type ChildProcess, fork } from 'node:child_process'
import { Agent, request } from 'node:http'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import type { ReadableStream as NodeStream } from 'node:stream/web'
import { fileURLToPath } from 'node:url'
import { defaultSuite, nonceText, paths } from '../gateway/bench.ts'
import { type Envelope, openResponse, type Opened, readKeyConfig, seal } from '../gateway/sealing-client.ts'
import type { GatewayReport } from './channel-gateway.ts'

export interface Memory {
  readonly heap: number
  readonly resident: number
  readonly highest: number
  readonly rotations: number
}

export interface GatewayProcess {
  readonly origin: string
  readonly keyConfig: () => Promise<Uint8Array<ArrayBuffer>>
  /** Resolves to `undefined` when the key is gone. */
  readonly ask: (keyConfig: Uint8Array<ArrayBuffer>, envelope: Envelope) => Promise<Opened | undefined>
  /** After a garbage collection. `reset` forgets the highest. */
  readonly memory: (reset?: boolean) => Promise<Memory>
  readonly stop: () => void
}

/** @param more `clients`: the gateway tells clients apart, by the header `x-client` */
export async function startGateway(keys: object, more: readonly string[] = []): Promise<GatewayProcess> {
  const file = (path: string): string => fileURLToPath(new URL(path, import.meta.url))
  const child = fork(file('channel-gateway.ts'), [JSON.stringify(keys), ...more], {
    execArgv: ['--expose-gc', '--import', file('../support/ts.mjs')],
  })
  const agent = new Agent({ keepAlive: true })
  const { origin } = (await next(child)) as { readonly origin: string }
  return {
    origin,
    async keyConfig() {
      const init = { method: 'POST', headers: { 'content-type': 'application/json' } }
      const body = JSON.stringify({ nonce: nonceText() })
      return readKeyConfig(await fetch(origin + paths.attestation, { ...init, body }))
    },
    async ask(keyConfig, envelope) {
      const sent = await seal(keyConfig, defaultSuite, origin + paths.data, envelope)
      const response = await send(sent.request, agent)
      if (response.status !== 422) return openResponse(sent, response)
      await response.body?.cancel()
      return undefined
    },
    async memory(reset = false) {
      const answer = next(child)
      child.send(reset ? 'reset' : 'memory')
      return (await answer) as Memory
    },
    stop() {
      agent.destroy()
      child.kill()
    },
  }
}

/**
 * With Node's own client: its `fetch` (20.20) reads far ahead of a slow reader, and copies all that
 * it has read for each piece, so that its own cost is what one would see.
 */
async function send({ url, headers, body }: Request, agent: Agent): Promise<Response> {
  const outgoing = request(url, { method: 'POST', headers: Object.fromEntries(headers), agent })
  const answered = new Promise<Response>((resolve, reject) => {
    outgoing.on('error', reject)
    outgoing.on('response', (incoming) => {
      const stream = Readable.toWeb(incoming, { strategy: { highWaterMark: 1 } }) as ReadableStream<Uint8Array>
      resolve(new Response(stream, { status: incoming.statusCode ?? 500 }))
    })
  })
  await Promise.all([answered, pipeline(Readable.fromWeb(body as NodeStream), outgoing)])
  return answered
}

function next(child: ChildProcess): Promise<GatewayReport> {
  return new Promise((resolve, reject) => {
    const onExit = (): void => {
      reject(new Error('the gateway ended'))
    }
    child.once('exit', onExit)
    child.once('message', (message) => {
      child.off('exit', onExit)
      resolve(message as GatewayReport)
    })
  })
}
