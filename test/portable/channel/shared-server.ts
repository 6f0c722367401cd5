/**
 * The enclave behind the shared clients of a worker. A test can hold an answer back, and learns
 * when a request has come in.
 */
import { type Loopback, serveLoopback } from '../../gateway/loopback.ts'
import { createDevice } from './device.ts'
import type { Enclave } from './model.ts'
import { createEnclaveHandler } from './server.ts'
import { paths } from './world.ts'

export interface SharedServer extends Loopback {
  /** How often the evidence endpoint was asked by the client of this name. */
  readonly attestations: (name: string) => number
  /** The next answer to a client of this name waits. `arrived` resolves when it was asked for. */
  readonly hold: (name: string) => { readonly arrived: Promise<void>; readonly release: () => void }
  /** The next answer to a client of this name is no evidence. */
  readonly spoil: (name: string) => void
  readonly rotate: () => void
}

interface Held {
  readonly arrive: () => void
  readonly released: Promise<void>
}

export async function serveShared(enclave: Enclave): Promise<SharedServer> {
  const device = await createDevice(enclave)
  const counts = new Map<string, number>()
  const held = new Map<string, Held[]>()
  const spoilt = new Set<string>()
  let rotate = (): void => undefined

  const server = await serveLoopback((origin) => {
    const handler = createEnclaveHandler(device, origin)
    ;({ rotate } = handler)
    return async (request) => {
      const [, , name] = /^\/(evidence)\/(\w+)$/.exec(new URL(request.url).pathname) ?? []
      if (name === undefined) return handler.gateway(request)
      counts.set(name, (counts.get(name) ?? 0) + 1)
      const own = held.get(name)?.shift()
      own?.arrive()
      await own?.released
      if (spoilt.delete(name)) return new Response('no evidence', { status: 503 })
      const { method, headers } = request
      const question = new Request(origin + paths.evidence, { method, headers, body: await request.text() })
      return handler.gateway(question)
    }
  })
  return {
    ...server,
    rotate: () => {
      rotate()
    },
    attestations: (name) => counts.get(name) ?? 0,
    spoil: (name) => void spoilt.add(name),
    hold(name) {
      let arrive = (): void => undefined
      let release = (): void => undefined
      const arrived = new Promise<void>((resolve) => (arrive = resolve))
      const released = new Promise<void>((resolve) => (release = resolve))
      held.set(name, [...(held.get(name) ?? []), { arrive, released }])
      return { arrived, release }
    },
  }
}
