/**
 * A cold run in Node: `node cold-node.mjs bare|library`, beside the library and the work; prints
 * the measurement.
 */
import { readFileSync } from 'node:fs'
import { firstVerdict } from './cold-run.ts'
import type { Work } from './work.ts'

const work = JSON.parse(readFileSync('work.json', 'utf8')) as Work
const library = new URL('veritee.mjs', import.meta.url).href
console.log(JSON.stringify(await firstVerdict(process.argv[2] ?? '', work, library)))
