/**
 * What a page and a worker pay for their end of a gate: each bundles its own only.
 */
import { gzipSync } from 'node:zlib'
import { build } from 'esbuild'
import { expect, test } from 'vitest'

test.each([
  ['page', 'installGate, watchGate, gateRefusalOf'],
  ['worker', 'gateRequests'],
])('H01 the end of the %s is within 2 KiB', async (_end, names) => {
  const { outputFiles } = await build({
    stdin: { contents: `export { ${names} } from './src/gate/index.ts'`, resolveDir: process.cwd() },
    bundle: true,
    minify: true,
    write: false,
    format: 'esm',
    target: 'es2022',
    platform: 'neutral',
    logLevel: 'warning',
  })
  const size = gzipSync(outputFiles[0]?.text ?? '', { level: 9 }).length
  expect(size).toBeLessThanOrEqual(2048)
  expect(size).toBeGreaterThan(1000)
})
