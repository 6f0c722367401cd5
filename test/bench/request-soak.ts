/**
 * `node --expose-gc request-soak.ts SECONDS`: a client that sends for so long, one request after
 * another, and attests again every ten seconds. Prints its heap, collected, after each fifth of the
 * time.
 */
import { attestedOf, withEhbpServer } from './ehbp.ts'

export interface Soak {
  readonly requests: number
  /** Bytes. */
  readonly heap: readonly number[]
}

const seconds = Number(process.argv[2])
const soak = await withEhbpServer(async (server): Promise<Soak> => {
  const { send, close } = attestedOf(server, 10)
  const body = new Uint8Array(1024)
  const heap: number[] = []
  let requests = 0
  for (let fifth = 0; fifth < 5; fifth++) {
    const until = performance.now() + (seconds * 1000) / 5
    do {
      const answer = await (await send('/up', body)).text()
      if (answer !== '1024') throw new Error(`1024 bytes were sent, ${answer} arrived`)
      requests++
    } while (performance.now() < until)
    // What was left for later is done.
    for (let i = 0; i < 3; i++) {
      await new Promise((resolve) => setTimeout(resolve, 50))
      globalThis.gc?.()
    }
    heap.push(process.memoryUsage().heapUsed)
  }
  close()
  return { requests, heap }
})
console.log(JSON.stringify(soak))
