/**
 * A gateway in a process of its own, so that nobody else's memory counts. Talks to its parent:
 * `origin` when it listens, `memory` when it is asked.
 */
import { createGateway } from '../../src/gateway/index.ts'
import { serveLoopback } from '../gateway/loopback.ts'

/** What it says. */
export type GatewayReport =
  | { readonly origin: string }
  | { readonly heap: number; readonly resident: number; readonly highest: number; readonly rotations: number }

const report = (message: GatewayReport): void => void process.send?.(message)

let rotations = 0
let highest = 0
setInterval(() => {
  highest = Math.max(highest, process.memoryUsage.rss())
}, 20).unref()

const { origin } = await serveLoopback((origins) =>
  createGateway({
    origins,
    keys: JSON.parse(process.argv[2] ?? '{}') as object,
    ...(process.argv[3] === 'clients' && { clientOf: ({ headers }: Request) => headers.get('x-client') ?? undefined }),
    attest: ({ keyConfig }) => ({ mediaType: 'application/x-test', evidence: keyConfig }),
    handler: async (request) => {
      const { pathname, searchParams } = new URL(request.url)
      if (pathname === '/up') return new Response(String(await count(request)))
      if (pathname === '/down') return new Response(noise(Number(searchParams.get('size'))))
      return new Response(`${searchParams.get('id')}:${await request.text()}`)
    },
    meter: {
      createCounter: (name) => ({
        add: () => {
          if (name.endsWith('rotations')) rotations++
        },
      }),
    },
  }),
)
process.on('message', (wanted) => {
  if (wanted === 'reset') highest = 0
  globalThis.gc?.()
  globalThis.gc?.()
  report({ heap: process.memoryUsage().heapUsed, resident: process.memoryUsage.rss(), highest, rotations })
})
process.on('disconnect', () => process.exit())
report({ origin })

async function count({ body }: Request): Promise<number> {
  let bytes = 0
  for await (const piece of body as unknown as AsyncIterable<Uint8Array>) bytes += piece.length
  return bytes
}

function noise(size: number): ReadableStream<Uint8Array> {
  let left = size
  const piece = crypto.getRandomValues(new Uint8Array(65_536))
  return new ReadableStream<Uint8Array>(
    {
      pull(controller) {
        if (left > 0) controller.enqueue(piece.subarray(0, Math.min(left, piece.length)))
        left -= piece.length
        if (left <= 0) controller.close()
      },
    },
    { highWaterMark: 0 },
  )
}
