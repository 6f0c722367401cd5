/**
 * `node demo/enclave/boot.mjs IMAGE`: a loopback enclave that "runs" an image, which is to say that it attests what the image measures to. Answers
 * `GET /?nonce=HEX` with a document under the fixture root until it is stopped.
 */
import console from 'node:console'
import process from 'node:process'
import '../../test/support/ts.mjs'

const [path, ...more] = process.argv.slice(2)
if (path === undefined || more.length > 0) {
  console.error('usage: node demo/enclave/boot.mjs IMAGE')
  process.exit(1)
}
const { boot } = await import('./boot.ts')
console.log(await boot(path))
