/**
 * The sealed request beside the npm package `ehbp`: the same handler on the loopback interface, up
 * and down, in turns. `attestedFetch` has a session that is attested already, `ehbp` has the key of
 * its server: what is compared is a request. `veritee/ai/ehbp` speaks the protocol of `ehbp` to the
 * same server, so that this row compares the code alone.
 *
 * Both channels do not promise the same: `attestedFetch` seals method, path and headers as well, and
 * notices a body that is cut off.
 */
import { type ChildProcess, fork } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { Identity, Transport } from 'ehbp'
import { ehbp } from '../../src/ai/ehbp/index.ts'
import { attestedFetch } from '../../src/client/index.ts'
import { skipReferenceValues, verifyNitro } from '../../src/formats/aws/nitro/index.ts'
import { unhex } from '../attester/bytes.ts'
import { median, paired, spread, table, worked } from './statistics.ts'

/** What the server's process says when it listens. Bytes are hexadecimal. */
export interface EhbpServer {
  readonly origin: string
  readonly root: string
  readonly key: string
}

export interface EhbpRow {
  readonly what: string
  /** None where a line only explains another. */
  readonly bound: number | undefined
  /** Milliseconds: of `ehbp`, and of veritee. */
  readonly theirs: readonly number[]
  readonly ours: readonly number[]
  /** Of times, each over the one next to it. */
  readonly ratios: readonly number[]
  /** Of the client's processor time, each over the one next to it. */
  readonly worked: readonly number[]
}

export type Send = (path: string, body: Uint8Array<ArrayBuffer>) => Promise<Response>

/** Level is what a paired ratio can tell from 1 on a busy machine. */
const level = 1.1
const ahead = 1
const sizes = [
  { name: '1 KiB', size: 1024, rounds: 300, block: 10, bound: level },
  { name: '64 KiB', size: 65_536, rounds: 200, block: 5, bound: level },
  { name: '10 MiB', size: 10 * 1_048_576, rounds: 30, block: 1, bound: ahead },
]

/** A server in a process of its own, while `body` talks to it. */
export async function withEhbpServer<T>(body: (server: EhbpServer) => Promise<T>): Promise<T> {
  const file = (path: string): string => fileURLToPath(new URL(path, import.meta.url))
  const child = fork(file('ehbp-server.ts'), { execArgv: ['--import', file('../support/ts.mjs')] })
  try {
    return await body(await readyOf(child))
  } finally {
    child.kill()
  }
}

/** @param share of the usual number of rounds */
export function measureEhbp(share = 1): Promise<readonly EhbpRow[]> {
  return withEhbpServer(async (server) => {
    const peer = await peerOf(server)
    const { send: attested, close } = attestedOf(server)
    try {
      const lines = [
        { name: '`attestedFetch`', send: attested, isBound: true },
        { name: '`veritee/ai/ehbp`', send: bareOf(server), isBound: false },
      ]
      const rows: EhbpRow[] = []
      for (const { name: of, size, rounds, block, bound } of sizes)
        for (const [direction, transfer] of [
          ['up', upload],
          ['down', download],
        ] as const)
          for (const { name, send, isBound } of lines) {
            const theirs = (): Promise<void> => transfer(peer, size)
            const ours = (): Promise<void> => transfer(send, size)
            const count = Math.max(5, Math.ceil(rounds * share))
            // Until connections are open and code is compiled.
            await paired(Math.ceil(count / 4), theirs, ours)
            const { a, b, ratios } = await paired(count, theirs, ours, timedAlone)
            const cost = await paired(Math.ceil(count / block), theirs, ours, workedInBlocksOf(block))
            rows.push({
              what: `${name}, ${of} ${direction}`,
              bound: isBound ? bound : undefined,
              theirs: a,
              ours: b,
              ratios,
              worked: cost.ratios,
            })
          }
      return rows
    } finally {
      close()
    }
  })
}

/** The larger of both ratios: it is held to the bound. */
export const worseOf = ({ ratios, worked: cost }: EhbpRow): number => Math.max(median(ratios), median(cost))

/** Whether a row keeps its bound, or has none. */
export const isHeld = (row: EhbpRow): boolean => row.bound === undefined || worseOf(row) <= row.bound

/** A table in Markdown. */
export function ehbpTable(rows: readonly EhbpRow[]): string {
  return table(
    ['', '`ehbp`, ms', 'veritee, ms', 'ratio', 'ratio of processor time', 'bound', ''],
    rows.map((row) => [
      row.what,
      spread(row.theirs, 1),
      spread(row.ours, 1),
      spread(row.ratios),
      spread(row.worked),
      row.bound === undefined ? '' : `${row.bound}`,
      row.bound === undefined ? '' : isHeld(row) ? 'held' : 'MISSED',
    ]),
  )
}

async function peerOf({ origin, key }: EhbpServer): Promise<Send> {
  const transport = new Transport(await Identity.fromPublicKeyHex(key), new URL(origin).host)
  return (path, body) => transport.post(origin + path, body)
}

/** @param attestSeconds how long a session lasts */
export function attestedOf(
  { origin, root }: EhbpServer,
  attestSeconds = 600,
): { readonly send: Send; readonly close: () => void } {
  const send = attestedFetch(origin, {
    verify: (evidence, { nonce }) =>
      verifyNitro(evidence, {
        referenceValues: skipReferenceValues,
        freshness: { nonce },
        trustAnchors: [unhex(root)],
      }),
    allowLoopbackHttp: true,
    attestSeconds,
  })
  return {
    send: (path, body) => send(path, { method: 'POST', body }),
    close() {
      send.close()
    },
  }
}

/** The channel alone, without a session. */
function bareOf({ origin, key }: EhbpServer): Send {
  const channel = ehbp({ unproven: ['headers', 'end'] })
  const publicKey = unhex(key)
  return async (path, body) => {
    const request = new Request(origin + path, { method: 'POST', body })
    const session = undefined as never // This channel takes no session.
    const { url, init, open } = await channel.seal(request, publicKey, session)
    return open(await fetch(url, init))
  }
}

const bodies = new Map(sizes.map(({ size }) => [size, noiseOf(size)]))

async function upload(send: Send, size: number): Promise<void> {
  const response = await send('/up', bodies.get(size) as Uint8Array<ArrayBuffer>)
  const received = await response.text()
  if (received !== String(size)) throw new Error(`sent ${size} bytes, ${received} arrived`)
}

async function download(send: Send, size: number): Promise<void> {
  const response = await send(`/down?size=${size}`, new Uint8Array(1))
  let received = 0
  for await (const piece of response.body as unknown as AsyncIterable<Uint8Array>) received += piece.length
  if (received !== size) throw new Error(`asked for ${size} bytes, ${received} came`)
}

/** `getRandomValues` fills 64 KiB at a time. */
function noiseOf(size: number): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(size)
  for (let at = 0; at < size; at += 65_536) crypto.getRandomValues(bytes.subarray(at, at + 65_536))
  return bytes
}

/**
 * What a request leaves to be done after its answer (the keys of the next one) must not weigh on
 * what is timed next.
 */
async function timedAlone(body: () => Promise<unknown>): Promise<number> {
  const startedAt = performance.now()
  await body()
  const took = performance.now() - startedAt
  await rest()
  return took
}

/** What is done after the answer counts here. Several at a time: the clock of processors is coarse. */
const workedInBlocksOf =
  (count: number) =>
  (body: () => Promise<unknown>): Promise<number> =>
    worked(async () => {
      for (let i = 0; i < count; i++) await body()
      await rest()
    })

const rest = (): Promise<void> => new Promise((resolve) => void setTimeout(resolve, 10))

function readyOf(child: ChildProcess): Promise<EhbpServer> {
  return new Promise((resolve, reject) => {
    child.once('exit', (code) => {
      reject(new Error(`the server ended with ${code}`))
    })
    child.once('message', (message) => {
      resolve(message as EhbpServer)
    })
  })
}
