/**
 * `node .config/jsr.mjs FOLDER`: makes in an empty folder what JSR gets, the sources as they are and a `jsr.json` that says the same as package.json.
 * Then, in that folder: `deno publish`, with `--dry-run` first.
 */
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import process from 'node:process'
import { fileURLToPath, URL } from 'node:url'
import { entries } from './single-files.mjs'

const root = fileURLToPath(new URL('..', import.meta.url))
const folder = process.argv[2]
if (folder === undefined || (existsSync(folder) && readdirSync(folder).length > 0))
  throw new TypeError('name an empty folder: node .config/jsr.mjs FOLDER')

const {
  name,
  version,
  license,
  dependencies = {},
  peerDependencies = {},
} = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))
mkdirSync(folder, { recursive: true })
// The command is for Node, and npm has it.
cpSync(join(root, 'src'), join(folder, 'src'), { recursive: true, filter: (path) => path !== join(root, 'src/cli') })
for (const document of ['README.md', 'LICENSE']) cpSync(join(root, document), join(folder, document))
const imports = Object.entries({ ...dependencies, ...peerDependencies }).map(([name, range]) => [
  name,
  `npm:${name}@${range}`,
])
const description = {
  // JSR has no names without a scope.
  name: `@${name}/${name}`,
  version,
  license,
  // The badge is an element: the names of pages, beside those of Deno.
  compilerOptions: { lib: ['esnext', 'dom', 'dom.iterable', 'deno.ns'] },
  exports: Object.fromEntries(entries.map(({ subpath, source }) => [subpath, source])),
  ...(imports.length > 0 && { imports: Object.fromEntries(imports) }),
}
writeFileSync(join(folder, 'jsr.json'), `${JSON.stringify(description, null, 2)}\n`)
