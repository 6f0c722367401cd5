/**
 * `node demo/build.mjs [FOLDER]`: writes the page as static files, for any host and any path on it. Default: `demo/.output/page`.
 * What needs a server with `npm run demo` runs in a worker of the visitor's browser there.
 */
import console from 'node:console'
import { mkdir, rm, writeFile } from 'node:fs/promises'
import { dirname, resolve } from 'node:path'
import process from 'node:process'
import { fileURLToPath, pathToFileURL, URL } from 'node:url'
import '../test/support/ts.mjs'

const { buildSite } = await import('./site.ts')
const [given] = process.argv.slice(2)
const own = new URL('.output/page/', import.meta.url)
const folder = given === undefined ? own : pathToFileURL(`${resolve(given)}/`)
// A folder that was named may hold more than this.
if (folder === own) await rm(folder, { recursive: true, force: true })
for (const [path, { body }] of await buildSite('worker')) {
  const file = fileURLToPath(new URL(path, folder))
  await mkdir(dirname(file), { recursive: true })
  await writeFile(file, body)
}
console.log(`wrote ${fileURLToPath(folder)}`)
