/**
 * The demo enclave over HTTP: `GET enclave/attestation?nonce=HEX&attack=NAME`, and
 * `GET enclave/measurements.json`.
 */
import { attacks } from '../page/attacks.ts'
import type { SiteFile } from '../site.ts'
import { attest, publishedMeasurements } from './attester.ts'

export const enclavePath = 'enclave/'

export async function answerOfEnclave(
  path: string,
  parameters: URLSearchParams,
  now: Date,
): Promise<readonly [status: number, file: SiteFile]> {
  if (path === 'measurements.json') return [200, text('application/json', await publishedMeasurements())]
  if (path !== 'attestation') return [404, text('text/plain', 'the demo enclave has attestation and measurements.json')]
  const wanted = parameters.get('attack') ?? 'none'
  const attack = attacks.find(({ name }) => name === wanted)
  if (attack === undefined)
    return [400, text('text/plain', `attack must be one of ${attacks.map(({ name }) => name).join(', ')}`)]
  return answerNonce(parameters, (nonce) => attest(attack.name, nonce, now))
}

/** Evidence for the nonce in a query. */
export async function answerNonce(
  parameters: URLSearchParams,
  evidenceFor: (nonce: Uint8Array<ArrayBuffer>) => Promise<Uint8Array>,
): Promise<readonly [status: number, file: SiteFile]> {
  const digits = parameters.get('nonce') ?? ''
  if (!/^(?:[0-9a-f]{2}){1,512}$/i.test(digits))
    return [400, text('text/plain', 'nonce must be 1 to 512 bytes in hexadecimal')]
  const body = await evidenceFor(new Uint8Array(Buffer.from(digits, 'hex')))
  return [200, { type: 'application/octet-stream', body }]
}

function text(type: string, content: string): SiteFile {
  return { type: `${type}; charset=utf-8`, body: new TextEncoder().encode(content) }
}
