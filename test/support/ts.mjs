/**
 * Lets Node run TypeScript: `node --import ./test/support/ts.mjs file.ts`. Types are stripped by esbuild, nothing is checked.
 */
import { register } from 'node:module'

const hooks = `
  import { readFile } from 'node:fs/promises'
  import { fileURLToPath } from 'node:url'
  import { transform } from '${import.meta.resolve('esbuild')}'
  export async function load(url, context, next) {
    if (!url.endsWith('.ts')) return next(url, context)
    const { code } = await transform(await readFile(fileURLToPath(url), 'utf8'), { loader: 'ts', format: 'esm', target: 'node20' })
    return { format: 'module', source: code, shortCircuit: true }
  }`
register(`data:text/javascript,${encodeURIComponent(hooks)}`)
