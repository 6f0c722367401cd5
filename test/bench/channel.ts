/**
 * What the channel costs and how it holds up. Prints tables in Markdown.
 *
 * - `cost`: one request of 16 KiB from sealing to the opened answer, without a network, over the
 *   bare HPKE that it needs.
 * - `load`: 10,000 requests of 100 clients through one gateway in a process of its own, while its
 *   keys change.
 * - `streams`: 100 MiB up and 100 MiB down, and the memory that both ends take for it.
 * - `slots`: 512 senders that take all slots of a gateway and are slow, and how long they keep one
 *   more client out.
 */
import type { Bounds } from './bounds.ts'
import { measureCost } from './channel-cost.ts'
import { measureLoad } from './channel-load.ts'
import { measureSlots, slack } from './channel-slots.ts'
import { measureStreams } from './channel-streams.ts'
import { spread, table } from './statistics.ts'

export const channelParts = ['cost', 'load', 'streams', 'slots'] as const
export type ChannelPart = (typeof channelParts)[number]

const mib = 1 << 20

/** @param share of the usual number of requests and bytes */
export async function printChannel({ judge }: Bounds, parts: readonly ChannelPart[], share = 1): Promise<void> {
  if (parts.includes('cost')) {
    console.log('\n### One request of 16 KiB, in turns with its floor in the same process\n')
    const rows = await measureCost()
    console.log(
      table(
        ['', 'ratio', 'ratio of processor time', 'floor, ms', 'bound'],
        rows.map(({ what, bound, ratios, worked, bare }) => [
          what,
          spread(ratios),
          spread(worked),
          bare.toFixed(2),
          bound === undefined ? '' : `${bound}`,
        ]),
      ),
    )
    for (const { what, bound, ratio } of rows) if (bound !== undefined) judge(what, ratio, bound)
  }

  if (parts.includes('load')) {
    const count = Math.ceil(10_000 * share)
    console.log(`\n### ${count} requests of ${Math.ceil(100 * share)} clients, one gateway, keys that change\n`)
    const { seconds, rotations, retried, lost, mixed, samples, growthBytes } = await measureLoad(
      count,
      Math.ceil(100 * share),
    )
    console.log(
      table(
        ['', ''],
        [
          ['requests per second', (count / seconds).toFixed(0)],
          ['keys', `${rotations}`],
          ['attested again because the key was gone', `${retried}`],
          ['heap of the gateway after each tenth, MiB', samples.map((bytes) => (bytes / mib).toFixed(1)).join(' ')],
        ],
      ),
    )
    judge(`requests lost, of ${count}`, lost, 0)
    judge(`requests mixed up, of ${count}`, mixed, 0)
    judge("growth of the gateway's heap after three tenths of them", growthBytes / mib, 4, { unit: ' MiB' })
  }

  if (parts.includes('streams')) {
    const size = Math.ceil(100 * share)
    console.log(`\n### ${size} MiB\n`)
    const rows = await measureStreams(size * mib)
    console.log(
      table(
        ['', 'seconds', 'MiB per second', 'extra memory of the gateway, MiB', 'of the client, MiB'],
        rows.map(({ what, seconds, gatewayBytes, clientBytes }) => [
          what,
          seconds.toFixed(1),
          (size / seconds).toFixed(1),
          (gatewayBytes / mib).toFixed(1),
          (clientBytes / mib).toFixed(1),
        ]),
      ),
    )
    for (const { what, gatewayBytes, clientBytes } of rows)
      judge(`memory for ${size} MiB ${what}`, Math.max(gatewayBytes, clientBytes) / mib, 64, { unit: ' MiB' })
  }

  if (parts.includes('slots')) {
    console.log('\n### 512 slow senders, and one more client\n')
    const rows = await measureSlots()
    console.log(
      table(
        ['they', 'the client waited, seconds', 'bound', 'they sent, KiB'],
        rows.map(({ what, seconds, boundSeconds, sentBytes }) => [
          what,
          seconds.toFixed(1),
          `${boundSeconds}`,
          (sentBytes / 1024).toFixed(0),
        ]),
      ),
    )
    // With the delays of a busy machine.
    for (const { what, seconds, boundSeconds } of rows)
      judge(`512 senders ${what}: one more client waits`, seconds, boundSeconds + slack, { unit: ' s' })
  }
}
