/**
 * Writes the page as static files to `demo/.output`, for any host. The demo enclave is not among them: it needs `npm run demo`.
 */
import console from 'node:console'
import { mkdir, rm, writeFile } from 'node:fs/promises'
import { dirname } from 'node:path'
import { fileURLToPath, URL } from 'node:url'
import '../test/support/ts.mjs'

const { buildSite } = await import('./site.ts')
const folder = new URL('.output/page/', import.meta.url)
await rm(folder, { recursive: true, force: true })
for (const [path, { body }] of await buildSite()) {
  const file = fileURLToPath(new URL(path, folder))
  await mkdir(dirname(file), { recursive: true })
  await writeFile(file, body)
}
console.log(`wrote ${fileURLToPath(folder)}`)
