/**
 * `node demo/enclave/make-image.mjs IMAGE TEXT`: a small image with TEXT as its application, for those who have no `nitro-cli build-enclave` at hand.
 */
import console from 'node:console'
import { writeFile } from 'node:fs/promises'
import process from 'node:process'
import '../../test/support/ts.mjs'

const [path, text, ...more] = process.argv.slice(2)
if (path === undefined || text === undefined || more.length > 0) {
  console.error('usage: node demo/enclave/make-image.mjs IMAGE TEXT')
  process.exit(1)
}
const { makeEif, section, soundSections } = await import('../../test/attester/eif.ts')
await writeFile(path, makeEif({ sections: [...soundSections.slice(0, -1), section('ramdisk', text)] }))
