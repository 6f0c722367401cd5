/**
 * The demo enclave over HTTP: `GET enclave/attestation?nonce=HEX&attack=NAME`, and
 * `GET enclave/measurements.json`.
 */
import { attacks } from '../page/attacks.ts'
import { type Bytes, fromHex } from '../page/bytes.ts'
import { type Attester, publishedMeasurements } from './attester.ts'
import { text } from './between.ts'

export const enclavePath = 'enclave/'

export function createAnswers({ attest }: Attester): (path: string, request: Request) => Promise<Response> {
  return async (path, { method, url }) => {
    if (method !== 'GET') return text(405, 'GET only')
    if (path === 'measurements.json')
      return new Response(await publishedMeasurements(), { headers: { 'content-type': 'application/json' } })
    if (path !== 'attestation') return text(404, 'the demo enclave has attestation and measurements.json')
    const { searchParams } = new URL(url)
    const wanted = searchParams.get('attack') ?? 'none'
    const attack = attacks.find(({ name }) => name === wanted)
    if (attack === undefined) return text(400, `attack must be one of ${attacks.map(({ name }) => name).join(', ')}`)
    return answerNonce(searchParams, (nonce) => attest(attack.name, nonce, new Date()))
  }
}

/** Evidence for the nonce in a query. */
export async function answerNonce(
  parameters: URLSearchParams,
  evidenceFor: (nonce: Bytes) => Promise<Bytes>,
): Promise<Response> {
  const digits = parameters.get('nonce') ?? ''
  const nonce = /^[0-9a-f]{2,1024}$/i.test(digits) ? fromHex(digits) : undefined
  if (nonce === undefined) return text(400, 'nonce must be 1 to 512 bytes in hexadecimal')
  return new Response(await evidenceFor(nonce), { headers: { 'content-type': 'application/octet-stream' } })
}
