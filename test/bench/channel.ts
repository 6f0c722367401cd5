/**
 * What the channel costs and how it holds up. Prints tables in Markdown, and exits with 1 when a
 * bound is not kept.
 *
 * - `cost`: one request of 16 KiB from sealing to the opened answer, without a network, over the
 *   bare HPKE that it needs.
 * - `load`: 10,000 requests of 100 clients through one gateway in a process of its own, while its
 *   keys change.
 * - `streams`: 100 MiB up and 100 MiB down, and the memory that both ends take for it.
 * - `slots`: 512 senders that take all slots of a gateway and are slow, and how long they keep one
 *   more client out.
 */
import { cpus } from 'node:os'
import { measureCost } from './channel-cost.ts'
import { measureLoad } from './channel-load.ts'
import { isKept, measureSlots } from './channel-slots.ts'
import { measureStreams } from './channel-streams.ts'
import { spread, table } from './statistics.ts'

const mib = 1 << 20
const parts = process.argv.slice(2)
const wants = (part: string): boolean => parts.length === 0 || parts.includes(part)
const broken: string[] = []
const keep = (what: string, holds: boolean): string => {
  if (!holds) broken.push(what)
  return holds ? 'kept' : 'NOT KEPT'
}

console.log(`Node ${process.versions.node}, ${cpus().length} × ${cpus()[0]?.model.trim() ?? 'unknown'}.`)

if (wants('cost')) {
  console.log('\n### One request of 16 KiB, in turns with its floor in the same process\n')
  const rows = await measureCost()
  console.log(
    table(
      ['', 'ratio', 'ratio of processor time', 'floor, ms', 'bound', ''],
      rows.map(({ what, bound, ratios, worked, bare, ratio }) => [
        what,
        spread(ratios),
        spread(worked),
        bare.toFixed(2),
        bound === undefined ? '' : `${bound}`,
        bound === undefined ? '' : keep(what, ratio <= bound),
      ]),
    ),
  )
}

if (wants('load')) {
  console.log('\n### 10,000 requests of 100 clients, one gateway, keys that change\n')
  const { seconds, rotations, retried, lost, mixed, samples, growthBytes } = await measureLoad(10_000, 100)
  console.log(
    table(
      ['', ''],
      [
        ['requests per second', (10_000 / seconds).toFixed(0)],
        ['keys', `${rotations}`],
        ['attested again because the key was gone', `${retried}`],
        ['lost', `${lost}: ${keep('lost', lost === 0)}`],
        ['mixed up', `${mixed}: ${keep('mixed up', mixed === 0)}`],
        ['heap of the gateway after each tenth, MiB', samples.map((bytes) => (bytes / mib).toFixed(1)).join(' ')],
        [
          'growth after the first three tenths, MiB (bound 4)',
          `${(growthBytes / mib).toFixed(1)}: ${keep('growth', growthBytes < 4 * mib)}`,
        ],
      ],
    ),
  )
}

if (wants('streams')) {
  console.log('\n### 100 MiB\n')
  const rows = await measureStreams(100 * mib)
  console.log(
    table(
      ['', 'seconds', 'MiB per second', 'extra memory of the gateway, MiB', 'of the client, MiB', 'bound 64'],
      rows.map(({ what, seconds, gatewayBytes, clientBytes }) => [
        what,
        seconds.toFixed(1),
        (100 / seconds).toFixed(1),
        (gatewayBytes / mib).toFixed(1),
        (clientBytes / mib).toFixed(1),
        keep(what, Math.max(gatewayBytes, clientBytes) <= 64 * mib),
      ]),
    ),
  )
}

if (wants('slots')) {
  console.log('\n### 512 slow senders, and one more client\n')
  const rows = await measureSlots()
  console.log(
    table(
      ['they', 'the client waited, seconds', 'bound', 'they sent, KiB', ''],
      rows.map((row) => [
        row.what,
        row.seconds.toFixed(1),
        `${row.boundSeconds}`,
        (row.sentBytes / 1024).toFixed(0),
        keep(row.what, isKept(row)),
      ]),
    ),
  )
}

if (broken.length > 0) {
  console.log(`\nNot kept: ${broken.join(', ')}`)
  process.exitCode = 1
}
