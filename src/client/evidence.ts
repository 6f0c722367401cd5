/**
 * Asks for evidence: a fresh nonce goes out, and nothing else; a wrapper (CMW, RFC 9999, in JSON)
 * comes back, of which nothing is believed.
 *
 *     POST /.well-known/attestation     { "nonce": "<base64url, 32 bytes>" }       with "role": "client" and "evidence" where both prove themselves
 *     200, application/cmw+json         [ "<media type>", "<base64url>", 4 ]       or { "evidence": […], "key-config": […], "endorsements": […] }
 */
import { VerificationError } from '../core/errors.ts'
import { toBase64Url } from '../encoding/base64url.ts'
import type { Bytes } from '../encoding/bytes.ts'
import { cmwMediaType, unwrapEvidence, type Wrapped } from '../rats/cmw-evidence.ts'
import { readAll } from './evidence-source.ts'
import { ask, discard, typeOf } from './transport.ts'

/**
 * @throws VerificationError `client-evidence`, `client-transport`, `client-timeout`; the reason of
 *   `signal`
 */
export async function askForEvidence(
  send: typeof fetch,
  url: string,
  question: { readonly nonce: Bytes; readonly evidence: Uint8Array | undefined },
  { maximum, signal }: { readonly maximum: number; readonly signal: AbortSignal },
): Promise<Wrapped> {
  const { nonce, evidence } = question
  const body = JSON.stringify({
    nonce: toBase64Url(nonce),
    ...(evidence && { role: 'client', evidence: toBase64Url(evidence) }),
  })
  const headers = { 'content-type': 'application/json', accept: cmwMediaType }
  const response = await ask(send, { url, headers, body, signal })
  const type = typeOf(response)
  if (response.status !== 200 || type !== cmwMediaType) {
    discard(response)
    throw new VerificationError('client-evidence', {
      subject: 'answer of the evidence endpoint',
      expected: `200 ${cmwMediaType}`,
      found: `${response.status} ${type}`,
    })
  }
  return unwrapEvidence(await readAll(response, signal, maximum))
}
