/**
 * `node test/bench/channel.mjs [cost] [load] [streams] [slots]`: measures the attested channel over the loopback interface. Runs TypeScript, hence this file.
 */
import '../support/ts.mjs'

await import('./channel.ts')
