/**
 * An enclave on the loopback interface that attests the measurements of an image.
 */
import { openAsBlob } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { measureEif } from '../../src/reference/index.ts'
import { answerNonce } from './answer.ts'
import { createAttester } from './attester.ts'
import { readAuthorities } from './authorities.ts'

/** @returns the address to ask */
export async function boot(path: string): Promise<string> {
  const { measurements } = await measureEif(await openAsBlob(path))
  const pcrs = Object.fromEntries(
    Object.entries(measurements)
      .filter(([name]) => name.startsWith('PCR'))
      .map(([name, value]) => [Number(name.slice(3)), new Uint8Array(Buffer.from(value, 'hex'))]),
  )
  const { aws } = await readAuthorities()
  const { attestPcrs } = createAttester(aws)
  const server = createServer((request, response) => {
    const { searchParams } = new URL(request.url ?? '/', 'http://enclave.invalid')
    void answerNonce(searchParams, (nonce) => attestPcrs(pcrs, nonce, new Date())).then(async (answer) => {
      response.writeHead(answer.status, { ...Object.fromEntries(answer.headers), 'cache-control': 'no-store' })
      response.end(new Uint8Array(await answer.arrayBuffer()))
    })
  })
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve))
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/`
}
