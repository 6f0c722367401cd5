/**
 * `node test/bench/ehbp.mjs [--quick]`: the sealed request beside the npm package `ehbp`. Exits
 * with 1 when a bound is missed. Runs TypeScript, hence this file.
 */
import console from 'node:console'
import process from 'node:process'
import '../support/ts.mjs'

const { ehbpTable, isHeld, measureEhbp } = await import('./ehbp.ts')
const rows = await measureEhbp(process.argv.includes('--quick') ? 0.1 : 1)
console.log(ehbpTable(rows))
if (!rows.every(isHeld)) process.exitCode = 1
