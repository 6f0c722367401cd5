/**
 * Each entry point of the package as one minified file: for a script tag, and for `import` from a CDN.
 */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath, URL } from 'node:url'
import { build } from 'esbuild'

const root = fileURLToPath(new URL('..', import.meta.url))
const { name, version, license, exports } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))

/** The entry points that package.json exports: their name there, their source, and what their single files are called, without an ending. */
export const entries = Object.entries(exports)
  .filter(([, target]) => typeof target !== 'string')
  .map(([subpath, target]) => ({
    subpath,
    source: target.default.replace(/^\.\/dist\/(.*)\.js$/, './src/$1.ts'),
    stem: `${[name, ...subpath.split('/').slice(1)].join('.')}.min`,
  }))

/** Those that pages can use. Sources of evidence run beside the hardware, on Node, Deno or Bun. */
export const singleFiles = entries.filter(({ subpath }) => subpath !== './attesters')

/**
 * For `import` in a page: plain exports. Formats that the root entry loads when it meets them are in the file.
 * @param options more options for esbuild: `{ outfile }` puts the file elsewhere
 */
export function bundleModule({ source, stem }, options = {}) {
  return bundle({ entryPoints: [source], outfile: `dist/${stem}.mjs`, format: 'esm', ...options })
}

/**
 * For a script tag: the exports are properties of the global. `var` at the top level, so that no element with that id stands in for it, and strict as
 * every module is, which a script has to say first of all.
 * @param options more options for esbuild: `{ write: false }` gives the file back
 */
export function bundleScript({ source, stem }, options = {}) {
  const contents = `import * as own from '${source}'
import { join } from './.config/script-tag.mjs'
${name} = join(${name}, own)`
  return bundle({
    stdin: { contents, resolveDir: root, sourcefile: `dist/${stem}.entry.js` },
    outfile: `dist/${stem}.js`,
    format: 'iife',
    banner: { js: `${banner()}"use strict";var ${name};` },
    ...options,
  })
}

function bundle(options) {
  return build({
    absWorkingDir: root,
    // The sources need none of it, and what stands around them would get one from another folder.
    tsconfigRaw: {},
    bundle: true,
    minify: true,
    target: 'es2022',
    platform: 'neutral',
    mainFields: ['module', 'main'],
    charset: 'utf8',
    // Source maps then name dependencies alike wherever they are stored.
    preserveSymlinks: true,
    // Ours is the banner. Whatever else gets into a file brings its own, which its licence may demand.
    legalComments: 'eof',
    sourcemap: 'linked',
    logLevel: 'warning',
    banner: { js: banner() },
    ...options,
  })
}

/** The second line has V8 compile all of the file when it is loaded, off the main thread, and not function by function during the first verification. */
function banner() {
  return `/*! ${name} ${version} | ${license} */\n//# allFunctionsCalledOnLoad\n`
}
