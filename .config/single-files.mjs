/**
 * Each entry point of the package as one minified file: for a script tag, and for `import` from a CDN.
 */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath, URL } from 'node:url'
import { build } from 'esbuild'

const root = fileURLToPath(new URL('..', import.meta.url))
const { name, version, license, exports } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))

/** The entry points that package.json exports: their source, and what their single files are called, without an ending. */
export const entries = Object.entries(exports)
  .filter(([, target]) => typeof target !== 'string')
  .map(([subpath, target]) => ({
    source: target.default.replace(/^\.\/dist\/(.*)\.js$/, './src/$1.ts'),
    stem: `${[name, ...subpath.split('/').slice(1)].join('.')}.min`,
  }))

/** For `import` in a page: plain exports. Formats that the root entry loads when it meets them are in the file. */
export function bundleModule({ source, stem }) {
  return bundle({ entryPoints: [source], outfile: `dist/${stem}.mjs`, format: 'esm' })
}

/**
 * For a script tag: the exports are properties of the global. `var` at the top level, so that no element with that id stands in for it.
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
    banner: { js: `${banner()}var ${name};` },
    ...options,
  })
}

function bundle(options) {
  return build({
    absWorkingDir: root,
    bundle: true,
    minify: true,
    target: 'es2022',
    platform: 'neutral',
    charset: 'utf8',
    legalComments: 'none',
    sourcemap: 'linked',
    logLevel: 'warning',
    banner: { js: banner() },
    ...options,
  })
}

function banner() {
  return `/*! ${name} ${version} | ${license} */\n`
}
