/**
 * `node test/bench/channel.mjs [cost] [load] [streams]`: measures the attested channel over the loopback interface. Runs TypeScript, hence this file.
 */
import '../support/ts.mjs'

await import('./channel.ts')
