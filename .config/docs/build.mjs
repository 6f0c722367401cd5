/**
 * `npm run docs`: the reference site as static files in `demo/.output/docs`, for any host. Name another folder to have it there.
 */
import console from 'node:console'
import process from 'node:process'
import { fileURLToPath, URL } from 'node:url'
import '../../test/support/ts.mjs'

const { buildDocs } = await import('./site.ts')
const folder = process.argv[2] ?? fileURLToPath(new URL('../../demo/.output/docs', import.meta.url))
const { pages, warnings } = await buildDocs(folder)
for (const warning of warnings) console.error(warning)
console.log(`wrote ${pages} pages to ${folder}`)
process.exitCode = warnings.length > 0 ? 1 : 0
