/**
 * Long bodies in both directions, and the memory that they take at their highest, over what there
 * was before.
 */
import { type GatewayProcess, startGateway } from './channel-process.ts'

export interface Stream {
  readonly what: string
  readonly seconds: number
  readonly gatewayBytes: number
  readonly clientBytes: number
}

export async function measureStreams(size: number): Promise<readonly Stream[]> {
  const gateway = await startGateway({})
  try {
    // Once without counting: what a process takes the first time, it keeps.
    await upload(gateway, size / 10)
    await download(gateway, size / 10)
    return [
      await watched('up', gateway, () => upload(gateway, size)),
      await watched('down', gateway, () => download(gateway, size)),
    ]
  } finally {
    gateway.stop()
  }
}

async function watched(what: string, gateway: GatewayProcess, body: () => Promise<void>): Promise<Stream> {
  const { resident } = await gateway.memory(true)
  const before = process.memoryUsage.rss()
  let highest = before
  const timer = setInterval(() => {
    highest = Math.max(highest, process.memoryUsage.rss())
  }, 20)
  const startedAt = performance.now()
  await body()
  const seconds = (performance.now() - startedAt) / 1000
  clearInterval(timer)
  return { what, seconds, gatewayBytes: (await gateway.memory()).highest - resident, clientBytes: highest - before }
}

async function upload(gateway: GatewayProcess, size: number): Promise<void> {
  const piece = crypto.getRandomValues(new Uint8Array(65_536))
  async function* pieces(): AsyncGenerator<Uint8Array<ArrayBuffer>> {
    for (let left = size; left > 0; left -= piece.length) {
      await Promise.resolve()
      yield piece.subarray(0, Math.min(left, piece.length))
    }
  }
  const opened = await gateway.ask(await gateway.keyConfig(), { path: '/up', body: pieces() })
  const received = await opened?.text()
  if (received !== String(size)) throw new Error(`sent ${size} bytes, ${received} arrived`)
}

async function download(gateway: GatewayProcess, size: number): Promise<void> {
  const opened = await gateway.ask(await gateway.keyConfig(), { path: `/down?size=${size}` })
  let received = 0
  for await (const piece of opened?.body ?? []) received += piece.length
  if (received !== size) throw new Error(`asked for ${size} bytes, ${received} came`)
}
