/**
 * `node test/bench/eif.mjs [MiB]`: measures a large enclave image, 1024 MiB by default, in Node and in Chromium. Runs TypeScript, hence this file.
 */
import '../support/ts.mjs'

await import('./eif.ts')
