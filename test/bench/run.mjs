/**
 * `npm run bench [-- SECTION…] [-- --quick] [-- --profile]`: bundles the benchmark, which is TypeScript, and runs it. Sections: see `main.ts`.
 */
import { mkdir, readFile } from 'node:fs/promises'
import { fileURLToPath, pathToFileURL, URL } from 'node:url'
import { build } from 'esbuild'

const outfile = fileURLToPath(new URL('../.output/bench/main.mjs', import.meta.url))
await mkdir(fileURLToPath(new URL('../.output/bench/', import.meta.url)), { recursive: true })
await build({
  entryPoints: [fileURLToPath(new URL('main.ts', import.meta.url))],
  outfile,
  bundle: true,
  packages: 'external',
  platform: 'node',
  target: 'node20',
  format: 'esm',
  logLevel: 'warning',
  plugins: [
    {
      // Files that look for others beside them go on looking where they were written.
      name: 'own-url',
      setup({ onLoad }) {
        onLoad({ filter: /\.ts$/ }, async ({ path }) => ({
          contents: (await readFile(path, 'utf8')).replaceAll(
            'import.meta.url',
            JSON.stringify(pathToFileURL(path).href),
          ),
          loader: 'ts',
        }))
      },
    },
  ],
})
await import(pathToFileURL(outfile).href)
