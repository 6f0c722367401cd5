/**
 * The suite for runtimes with a console (Node, Deno, Bun): the corpus is the file named by the
 * first argument, the report goes to standard output.
 */
import { readFileSync } from 'node:fs'
import type { Corpus } from '../model.ts'
import { runSuite } from '../suite.ts'

const file = (globalThis as unknown as { process: { argv: string[] } }).process.argv[2] as string
console.log(JSON.stringify(await runSuite(JSON.parse(readFileSync(file, 'utf8')) as Corpus)))
