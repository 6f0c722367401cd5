/**
 * The sealed request: what it asks of WebCrypto, how fast answers are opened, what a slow reader
 * costs, and whether a client that runs for long keeps its size.
 */
import { counting } from '../../src/channel/hpke.ts'
import { openChunks, sealChunks, type Opener } from '../../src/channel/chunks.ts'
import { readPieces } from '../../src/channel/pieces.ts'
import { aesGcm } from '../../src/crypto/aead.ts'
import type { Bounds } from './bounds.ts'
import { outputOf } from './child.ts'
import { attestedOf, withEhbpServer } from './ehbp.ts'
import type { Soak } from './request-soak.ts'
import { median, paired, spread, table, worked } from './statistics.ts'

type Bytes = Uint8Array<ArrayBuffer>

const mib = 1_048_576
const source = { name: 'sealed response', code: 'ohttp-format' } as const
const limits = { maximumChunk: 65_536, maximumMessage: Infinity }

/** @param share of the usual number of rounds */
export async function printRequest({ judge }: Bounds, share: number): Promise<void> {
  const calls = await outputOf<number>('request-calls.ts')
  judge('WebCrypto calls in the client between a request of 1 KiB and its answer', calls, 10)

  const { together, apart, cost } = await measureOpening(Math.ceil(40 * share))
  const rate = (milliseconds: readonly number[]): string => ((8 * 1.048576 * 1000) / median(milliseconds)).toFixed(1)
  console.log('### Opening an answer of 8 MiB in chunks of 16 KiB, without a network\n')
  console.log(
    table(
      ['', 'MB per second'],
      [
        ['one chunk at a time', rate(apart)],
        ['up to 16 at a time', rate(together)],
      ],
    ),
  )
  console.log(`\nProcessor time of the latter over the former: ${spread(cost)}.`)
  judge('opening 16 chunks at a time, time over one at a time', median(together) / median(apart), 1)

  const slow = await measureSlowReader(Math.ceil(5 * share))
  console.log('\n### A reader that waits a millisecond before each piece, over loopback\n')
  console.log(`Processor time of the client for each MiB, of 16 MiB over 4 MiB: ${spread(slow)}.`)
  // 4 if the backlog was copied for each piece.
  judge('a slow reader: processor time for each MiB, of 16 MiB over 4 MiB', median(slow), 1.5)

  const seconds = Math.ceil(60 * share)
  const { requests, heap } = await outputOf<Soak>('request-soak.ts', seconds)
  console.log(`\n### A client that sends for ${seconds} seconds, and attests again every ten\n`)
  console.log(`${requests} requests; its heap after each fifth, in MiB: ${heap.map(inMib).join(' ')}.`)
  // Compiled code and its feedback still grow in the first two.
  const growth = (Math.min(...heap.slice(-2)) - Math.max(...heap.slice(0, 2))) / mib
  judge(`growth of the client's heap in ${seconds} seconds`, Math.max(0, growth), 1, { unit: ' MiB' })
}

const inMib = (bytes: number): string => (bytes / mib).toFixed(2)

async function measureOpening(rounds: number): Promise<{
  readonly together: readonly number[]
  readonly apart: readonly number[]
  readonly cost: readonly number[]
}> {
  const key = await aesGcm(crypto.getRandomValues(new Uint8Array(16)))
  const iv = new Uint8Array(12)
  const plain = new Uint8Array(8 * mib)
  const pieces: Bytes[] = []
  for await (const piece of sealChunks(counting(key, iv), readPieces(listed([plain]), source))) pieces.push(piece)
  // As networks hand it out: several chunks in a piece.
  const sealed: Bytes[] = []
  const whole = new Uint8Array(await new Blob(pieces).arrayBuffer())
  for (let at = 0; at < whole.length; at += 262_144) sealed.push(whole.subarray(at, at + 262_144))

  const openerOf = (): Opener => {
    const { open } = counting(key, iv)
    return { open: async (data, additional) => new Uint8Array(await open(data, additional)) }
  }
  /** The next one waits for the one before. */
  const oneByOne = (): Opener => {
    const { open } = openerOf()
    let last: Promise<unknown> = Promise.resolve()
    return {
      open: (data, additional) => {
        const opened = last.then(() => open(data, additional))
        last = opened
        return opened
      },
    }
  }
  const run = async (opener: Opener): Promise<void> => {
    let size = 0
    for await (const piece of openChunks(opener, readPieces(listed(sealed), source), source, limits))
      size += piece.length
    if (size !== plain.length) throw new Error(`${plain.length} bytes were sealed, ${size} came`)
  }
  const [apart, together] = [() => run(oneByOne()), () => run(openerOf())]
  await paired(Math.ceil(rounds / 4), apart, together)
  const times = await paired(rounds, apart, together)
  const cost = await paired(rounds, apart, together, worked)
  return { apart: times.a, together: times.b, cost: cost.ratios }
}

async function* listed(pieces: readonly Bytes[]): AsyncGenerator<Bytes> {
  for (const piece of pieces) {
    await Promise.resolve()
    yield piece
  }
}

/** Ratios of the processor time for each MiB: a long answer over a short one. */
function measureSlowReader(rounds: number): Promise<readonly number[]> {
  return withEhbpServer(async (server) => {
    const { send, close } = attestedOf(server)
    const read = async (size: number): Promise<void> => {
      const response = await send(`/down?size=${size}`, new Uint8Array(1))
      for await (const piece of response.body as unknown as AsyncIterable<Uint8Array>) {
        size -= piece.length
        await new Promise((resolve) => setTimeout(resolve, 1))
      }
      if (size !== 0) throw new Error(`${size} bytes are missing`)
    }
    try {
      await paired(
        1,
        () => read(4 * mib),
        () => read(16 * mib),
      )
      const { ratios } = await paired(
        rounds,
        () => read(4 * mib),
        () => read(16 * mib),
        worked,
      )
      return ratios.map((ratio) => ratio / 4)
    } finally {
      close()
    }
  })
}
