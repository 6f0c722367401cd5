/**
 * A cold run in Node: `node cold-node.mjs KIND LIBRARY`, beside the work; prints the measurement.
 */
import { readFileSync } from 'node:fs'
import { firstVerdict } from './cold-run.ts'
import type { Work } from './work.ts'

const work = JSON.parse(readFileSync('work.json', 'utf8')) as Work
const [, , kind = '', library = ''] = process.argv
console.log(JSON.stringify(await firstVerdict(kind, work, library)))
