/**
 * `npm run build`: everything in `dist`, the same bytes wherever it runs.
 *
 * - One ES module per entry point, with what they share (rolldown), types (tsc) and source maps: what `import` finds. See `modules.mjs`.
 * - One file per entry point, minified (esbuild): `veritee.nitro.min.js` for a script tag, `veritee.nitro.min.mjs` for `import` from a CDN.
 * - `integrity.json`: their Subresource Integrity hashes, also printed. `npm run build -- --pin` writes them into the documents below as well.
 */
import { execFileSync } from 'node:child_process'
import console from 'node:console'
import { createHash } from 'node:crypto'
import { chmodSync, existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import process from 'node:process'
import { fileURLToPath, URL } from 'node:url'
import { gzipSync } from 'node:zlib'
import { bundleModules } from './modules.mjs'
import { bundleModule, bundleScript, singleFiles } from './single-files.mjs'

const root = fileURLToPath(new URL('..', import.meta.url))
/** Where hashes stand for people to copy. */
const documents = ['README.md', 'src/README.md', 'demo/examples/page/index.html']

rmSync(join(root, 'dist'), { recursive: true, force: true })
compile('tsconfig.json', '--emitDeclarationOnly')
compile('src/attesters/tsconfig.json', '--emitDeclarationOnly')
// The command line has no types: it is not for `import`.
compile('src/cli/tsconfig.json', '--noEmit')
await bundleModules(join(root, 'dist'))
// npm sets this bit when it installs; `npx` in this repository needs it set.
chmodSync(join(root, 'dist/cli/main.js'), 0o755)

await Promise.all(singleFiles.flatMap((entry) => [bundleModule(entry), bundleScript(entry)]))
const integrity = report()
if (process.argv.includes('--pin')) documents.filter((path) => existsSync(join(root, path))).forEach(pin)

function compile(project, option) {
  const tsc = fileURLToPath(import.meta.resolve('typescript/bin/tsc'))
  execFileSync(process.execPath, [tsc, '-p', project, option], { cwd: root, stdio: 'inherit' })
}

/** Writes and prints the hashes. */
function report() {
  const files = singleFiles.flatMap(({ stem }) => [`dist/${stem}.js`, `dist/${stem}.mjs`])
  const rows = files.map((path) => {
    const bytes = readFileSync(join(root, path))
    const hash = `sha384-${createHash('sha384').update(bytes).digest('base64')}`
    return { path, bytes: bytes.length, gzip: gzipSync(bytes, { level: 9 }).length, hash }
  })
  const hashes = Object.fromEntries(rows.map(({ path, hash }) => [path.slice('dist/'.length), hash]))
  writeFileSync(join(root, 'dist/integrity.json'), `${JSON.stringify(hashes, null, 2)}\n`)
  const width = Math.max(...files.map((path) => path.length))
  console.log(`\n${'file'.padEnd(width)}  bytes   gzip  integrity`)
  for (const { path, bytes, gzip, hash } of rows)
    console.log(`${path.padEnd(width)}  ${String(bytes).padStart(5)}  ${String(gzip).padStart(5)}  ${hash}`)
  return hashes
}

/** Puts hashes where a document has one behind a file's name: `…/veritee.nitro.min.js" integrity="sha384-…"`, or `…min.mjs": "sha384-…"`. */
function pin(path) {
  const text = readFileSync(join(root, path), 'utf8')
  const pinned = text.replace(
    /(\/?(veritee[\w.-]*\.min\.m?js)"(?::|[^<>"]*\bintegrity=)\s*")sha384-[^"]*/g,
    (whole, before, file) => (integrity[file] === undefined ? whole : before + integrity[file]),
  )
  if (pinned !== text) writeFileSync(join(root, path), pinned)
}
