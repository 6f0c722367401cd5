/**
 * A cold run in a page: what to measure stands in the address, and what came out is left in a
 * global. The library is fetched before the clock starts, as it would be with the page: what is
 * measured is compiling and running it, not the server.
 */
import { firstVerdict } from './cold-run.ts'
import type { Work } from './work.ts'

const work = (await (await fetch('/work.json')).json()) as Work
const kind = location.search.slice(1)
const code = kind === 'empty' ? '' : await (await fetch('/veritee.mjs')).text()
const library = URL.createObjectURL(new Blob([code], { type: 'text/javascript' }))
const measured = firstVerdict(kind, work, library).catch(String)
Object.assign(globalThis, { firstVerdict: await measured })
