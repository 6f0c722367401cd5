/**
 * Bundles the suite with the library as users would: minified ES modules, split, so that the lazy
 * formats of the root entry are files of their own.
 */
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build, type Plugin } from 'esbuild'

/** A folder with one entry file per kind of runtime, and the chunks that they share. */
export interface Bundle {
  readonly folder: string
  readonly console: string
  readonly worker: string
  readonly page: string
  /** File names, the entries for other kinds of runtime left out. */
  readonly chunks: readonly string[]
}

/** @param suite a module with another `runSuite`, to be run by the same entries */
export async function bundleSuite(folder: string, suite?: URL): Promise<Bundle> {
  await build({
    entryPoints: ['console', 'worker', 'page'].map((name) =>
      fileURLToPath(new URL(`entries/${name}.ts`, import.meta.url)),
    ),
    outdir: folder,
    outExtension: { '.js': '.mjs' },
    bundle: true,
    splitting: true,
    minify: true,
    format: 'esm',
    target: 'es2022',
    platform: 'neutral',
    mainFields: ['module', 'main'],
    external: ['node:fs'],
    plugins: suite === undefined ? [] : [insteadOfSuite(fileURLToPath(suite))],
    logLevel: 'warning',
  })
  const names = { console: 'console.mjs', worker: 'worker.mjs', page: 'page.mjs' }
  const files = await readdir(folder)
  return {
    folder,
    console: join(folder, names.console),
    worker: names.worker,
    page: names.page,
    chunks: files.filter((file) => file.endsWith('.mjs') && !Object.values(names).includes(file)),
  }
}

function insteadOfSuite(path: string): Plugin {
  return {
    name: 'suite',
    setup({ onResolve }) {
      onResolve({ filter: /^\.\.\/suite\.ts$/ }, () => ({ path }))
    },
  }
}
