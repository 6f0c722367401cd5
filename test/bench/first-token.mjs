/**
 * `node test/bench/first-token.mjs [--quick]`: how much later the first token of a model comes than with plain `fetch`. Runs TypeScript, hence this file.
 */
import console from 'node:console'
import process from 'node:process'
import '../support/ts.mjs'

const { firstTokenTable, measureFirstToken } = await import('./first-token.ts')
console.log(firstTokenTable(await measureFirstToken(process.argv.includes('--quick') ? 40 : 400)))
