/**
 * `node test/bench/edge.mjs [--seconds 60] [--quick]`: what servers and edge workers pay for many verifications. Runs TypeScript, hence this file.
 */
import process from 'node:process'
import { parseArgs } from 'node:util'
import '../support/ts.mjs'

const { values } = parseArgs({
  options: { seconds: { type: 'string', default: '60' }, quick: { type: 'boolean', default: false } },
})
const seconds = Number(values.seconds)
if (!(seconds > 0)) {
  process.stderr.write(`--seconds: expected a positive number, found ${values.seconds}\n`)
  process.exit(2)
}
const { printEdge } = await import('./edge.ts')
const { createBounds } = await import('./bounds.ts')
const bounds = createBounds()
await printEdge(bounds, { seconds, blocks: values.quick ? 3 : 9 })
bounds.print()
