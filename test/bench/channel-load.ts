/**
 * Many requests of many clients at once, while the gateway's keys change, and what is left in its
 * memory.
 */
import { type Memory, startGateway } from './channel-process.ts'

export interface Load {
  readonly seconds: number
  readonly rotations: number
  /** Times that a client had to attest again. */
  readonly retried: number
  readonly lost: number
  readonly mixed: number
  /** Heap of the gateway after each tenth, collected, in bytes. */
  readonly samples: readonly number[]
  /** From the highest of the first three to the lowest of the last three. */
  readonly growthBytes: number
}

export async function measureLoad(requests: number, clients: number): Promise<Load> {
  // Room for a twentieth of all requests in each key, of which four live: all of it is in use after
  // three tenths.
  const gateway = await startGateway({ maximumRequests: Math.ceil(requests / 20), maximumKeys: 4 })
  try {
    let sent = 0
    let retried = 0
    let lost = 0
    let mixed = 0
    const samples: number[] = []
    let memory: Memory | undefined
    const startedAt = performance.now()

    async function runClient(end: number, client: number): Promise<void> {
      let keyConfig: Uint8Array<ArrayBuffer> | undefined
      for (let id = ++sent; id <= end; id = ++sent) {
        const body = `${client} says ${id} `.repeat(1 + (id % 100))
        const envelope = { path: `/?id=${id}`, body }
        keyConfig ??= await gateway.keyConfig()
        let opened = await gateway.ask(keyConfig, envelope)
        if (opened === undefined) {
          retried++
          keyConfig = await gateway.keyConfig()
          opened = await gateway.ask(keyConfig, envelope)
        }
        const answer = await opened?.text()
        if (answer === undefined) lost++
        else if (answer !== `${id}:${body}`) mixed++
      }
    }

    for (let tenth = 1; tenth <= 10; tenth++) {
      const end = Math.round((requests * tenth) / 10)
      await Promise.all(Array.from({ length: clients }, (_, client) => runClient(end, client)))
      sent = end
      memory = await gateway.memory()
      samples.push(memory.heap)
    }
    const seconds = (performance.now() - startedAt) / 1000
    const growthBytes = Math.min(...samples.slice(-3)) - Math.max(...samples.slice(0, 3))
    return { seconds, rotations: memory?.rotations ?? 0, retried, lost, mixed, samples, growthBytes }
  } finally {
    gateway.stop()
  }
}
