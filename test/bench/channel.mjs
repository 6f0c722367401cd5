/**
 * `node test/bench/channel.mjs [cost] [load] [streams] [slots]`: measures the attested channel over the loopback interface. Runs TypeScript, hence this file.
 */
import process from 'node:process'
import '../support/ts.mjs'

const { channelParts, printChannel } = await import('./channel.ts')
const { createBounds } = await import('./bounds.ts')
const wanted = channelParts.filter((part) => process.argv.includes(part))
const bounds = createBounds()
await printChannel(bounds, wanted.length === 0 ? channelParts : wanted)
bounds.print()
if (!bounds.areHeld()) process.exitCode = 1
