/**
 * What `import` finds: one ES module per entry point, and beside them a few that they share, by the layers of the house. Fewer files load faster; results,
 * errors and symbols exist once, whichever entries a program imports.
 */
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath, URL } from 'node:url'
import { rolldown } from 'rolldown'
import { entries } from './single-files.mjs'

const root = fileURLToPath(new URL('..', import.meta.url))

/** Entries below `src`, each with the module of the same path below `dist`. The command line is one of them. */
const sources = [...entries.map(({ source }) => source), './src/cli/main.ts']

const layers = /\/src\/(?:core|encoding|crypto|x509|appraisal)\/|\/src\/formats\/(?:options|common)\.ts$/

/**
 * Layers that several entries need, lowest first: a layer takes along what it imports and what no layer
 * before it has. What only one entry needs is in the file of that entry.
 */
const groups = [
  // What these two need, and most others do. The rest is a file of its own: an import takes as long as reading and compiling all of a file.
  { test: layers, name: (id, graph) => (isReached(['aws/nitro', 'intel/tdx'], id, graph) ? 'base' : undefined) },
  { test: layers, name: 'more' },
  ...[
    /\/src\/(channel)\//,
    /\/src\/rats\/(cmw)[^/]*$/,
    /\/src\/formats\/(webauthn)\.ts$/,
    // A family each. What carries evidence of several is in the file of its entry.
    /\/src\/formats\/(?!azure\/)([^/]+)\/(?!looks-like)/,
  ].map((test) => ({ test, name: (id) => test.exec(id)?.[1] })),
].map((group, i, { length }) => ({ ...group, debugName: `${group.test}`, priority: length - i }))

/** Whether an entry of these formats cannot be loaded without the module `id`. */
function isReached(formats, id, graph) {
  const reached = new Set(formats.map((format) => join(root, `src/formats/${format}/index.ts`)))
  // A set hands out what is added while it is walked through.
  for (const one of reached) for (const next of graph.getModuleInfo(one)?.importedIds ?? []) reached.add(next)
  return reached.has(id)
}

/** @param folder where they go, `dist` say */
export async function bundleModules(folder) {
  const bundle = await rolldown({
    cwd: root,
    input: Object.fromEntries(
      sources.map((source) => [source.replace(/^\.\/src\/(.*)\.ts$/, '$1'), join(root, source)]),
    ),
    // Dependencies stay what npm installs.
    external: (id) => !/^[./]/.test(id),
    platform: 'neutral',
    preserveEntrySignatures: 'strict',
    tsconfig: false,
    transform: { target: 'es2022' },
    logLevel: 'warn',
  })
  const { output } = await bundle.write({
    dir: folder,
    format: 'esm',
    sourcemap: true,
    minify: false,
    // Declarations have them, and the sources, which the package holds. Bundlers read annotations.
    comments: { jsdoc: false, legal: true, annotation: true },
    entryFileNames: '[name].js',
    chunkFileNames: 'shared/[name].js',
    codeSplitting: { groups },
  })
  await bundle.close()
  for (const { fileName } of output) if (fileName.endsWith('.map')) leaveSourcesOut(join(folder, fileName))
}

/** The package has the sources; only those of the command line stay in its map. */
function leaveSourcesOut(path) {
  const map = JSON.parse(readFileSync(path, 'utf8'))
  const sourcesContent = map.sourcesContent.map((text, i) => (map.sources[i].includes('/src/cli/') ? text : null))
  if (sourcesContent.every((text) => text === null)) delete map.sourcesContent
  else map.sourcesContent = sourcesContent
  writeFileSync(path, JSON.stringify(map))
}
