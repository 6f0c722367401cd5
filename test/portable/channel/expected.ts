/**
 * What the channel's cases must come to, in every runtime.
 */
import { card } from './world.ts'

interface Counts {
  readonly attestations: number
  readonly sealed: number
}

/** Nothing ever leaves before the enclave is proven, and nothing in the clear. */
const sent = (result: unknown, { attestations, sealed }: Counts): unknown => ({
  result,
  attestations,
  sealed,
  early: 0,
  leaked: false,
})
/** One attestation, one sealed request. */
const answered = (result: unknown): unknown => sent(result, { attestations: 1, sealed: 1 })
/** The enclave was asked, and not believed. */
const notSent = (code: string): unknown => sent(code, { attestations: 1, sealed: 0 })
/** Not even the enclave was asked. */
const notAsked = (result: string): unknown => sent(result, { attestations: 0, sealed: 0 })

const echoed = (type: string, body = card, method = 'POST', path = '/pay'): unknown => ({ method, path, type, body })
const text = 'text/plain;charset=utf-8'
const form = `--border Content-Disposition: form-data; name="card"  ${card} --border--`
const mebibyte = '1048576 3234c4feeca30f1464ab32609038716f32d0146da2fd63c55bd095fcb00acd15'
const response = (status: number, headers: readonly (readonly [string, string])[], body: string | null): unknown =>
  answered({ status, headers, body })

export const expectedInProcess: Readonly<Record<string, unknown>> = {
  GET: answered(echoed('', '', 'GET', '/account')),
  'POST string': answered(echoed(text)),
  'POST Uint8Array': answered(echoed('')),
  'POST ArrayBuffer': answered(echoed('')),
  'POST Blob': answered(echoed('text/card')),
  'POST URLSearchParams': answered(echoed('application/x-www-form-urlencoded;charset=utf-8', 'card=4711-0815')),
  'POST FormData': answered(echoed('multipart/form-data', form)),
  'POST ReadableStream': answered(echoed('')),
  'a Request': answered(echoed('text/plain', card, 'PUT')),
  'a stream that goes out as: stream': answered(echoed('')),
  'a stream that goes out as: collect': answered(echoed('')),
  'attestedFetch with a fetch of its own': answered(echoed(text)),
  '1 MiB and back': answered(mebibyte),
  '20 at the same time': sent(Array.from({ length: 20 }, (_, i) => i).join(' '), { attestations: 1, sealed: 20 }),

  'status and headers': response(
    201,
    [
      ['content-type', 'text/plain'],
      ['etag', '"1"'],
      ['x-app', 'yes'],
      ['x-many', 'a, b'],
    ],
    'made',
  ),
  '404 of the app': response(404, [['content-type', 'a/b']], 'no such card'),
  'status 204': response(204, [], null),
  HEAD: response(200, [['x-app', 'yes']], null),
  'redirect of the app, as it is': response(307, [['location', '/b']], ''),
  'an app that fails': response(
    500,
    [
      ['cache-control', 'no-store'],
      ['content-type', 'text/plain; charset=utf-8'],
      ['veritee-refusal', 'handler-failed'],
    ],
    'The app failed.',
  ),
  'an answer in pieces, each before the next is made': answered(['one ', 'two ', 'three']),
  'a request in pieces, each before the next is made': answered(['one ', 'two ', 'three']),

  'abort before': notAsked('the reason'),
  'abort without a reason': notAsked('AbortError'),
  'abort while the enclave is asked': notSent('the reason'),
  'abort while an answer is waited for': answered('the reason'),
  'abort in the answer': answered('the reason'),
  close: answered(['closed', 'VerificationError client-closed']),

  'suite P-256 AES-128-GCM': answered(echoed(text)),
  'suite P-256 AES-256-GCM': answered(echoed(text)),
  'suite X25519 AES-128-GCM': answered(echoed(text)),
  'suite X25519 AES-256-GCM': answered(echoed(text)),
  'suite MLKEM768-X25519, both ends': answered(echoed(text)),
  'suite MLKEM768-X25519, another implementation at the gateway': answered(echoed(text)),
  'suite MLKEM768-X25519, another implementation at the client': answered(echoed(text)),
  'a key of X25519': answered('VerificationError client-response'),
  'a suite that is not the one of the policy': notSent('VerificationError ohttp-key-config'),

  'evidence of another build': notSent('AppraisalError policy-pcr'),
  'evidence under another root': notSent('VerificationError root-mismatch'),
  'evidence that answers another nonce': notSent('AppraisalError policy-nonce'),
  'evidence without a key': notSent('VerificationError client-key'),
  'a verifier that says yes': notSent('VerificationError client-verifier'),
  'a key beside the evidence': answered(card),
  'another key beside the evidence': notSent('VerificationError client-key'),
  'another key inside the evidence': notSent('VerificationError cose-signature'),
  'evidence that is a page': notSent('VerificationError client-evidence'),
  'evidence that has moved': notSent('VerificationError client-transport'),
  'an answer cut off': answered('VerificationError ohttp-incomplete'),
  'an answer cut off, as text': answered('an error'),
  'an answer without its last chunk': answered('VerificationError ohttp-incomplete'),
  'an answer that was changed': answered('VerificationError ohttp-open'),
  'an answer in the clear': answered('VerificationError client-response'),
  'an answer in the clear that says that it is sealed': answered('VerificationError ohttp-incomplete'),
  'an error in the clear': answered('VerificationError client-response'),
  'an answer that has moved': answered('VerificationError client-transport'),
  'no answer': answered('VerificationError client-transport'),
  'a key that is gone: GET is sent again': sent('', { attestations: 2, sealed: 2 }),
  'a key that is gone: POST is not': answered('VerificationError client-key-rotated'),
  'an address elsewhere': notAsked('TypeError: input must be an address of https://enclave.example'),
  keepalive: notAsked('TypeError: keepalive must be false: it would outlive an abort'),
  credentials: notAsked('TypeError: credentials must be omit: cookies do not go into the seal'),
  'an address over http':
    'TypeError: origin must be an https origin such as https://enclave.example; for http to this machine itself, set allowLoopbackHttp: true',
}

/**
 * What differs where WebCrypto does not have the curve: the client says so, and sends nothing. A
 * gateway there gives no evidence at all.
 */
export const withoutX25519: Readonly<Record<string, unknown>> = {
  'suite X25519 AES-128-GCM': notSent('VerificationError client-evidence'),
  'suite X25519 AES-256-GCM': notSent('VerificationError client-evidence'),
  'a key of X25519': notSent('VerificationError unsupported'),
}

/** What differs where it does not have ML-KEM-768, or not all that goes with it. */
export const withoutMlKem: Readonly<Record<string, unknown>> = {
  'suite MLKEM768-X25519, both ends': notAsked('VerificationError unsupported'),
  'suite MLKEM768-X25519, another implementation at the gateway': notAsked('VerificationError unsupported'),
  'suite MLKEM768-X25519, another implementation at the client': notSent('VerificationError client-evidence'),
}

const evidence = 'POST /.well-known/attestation application/json'
const data = 'POST /.well-known/ohttp-gateway message/ohttp-chunked-req'
const over = (result: unknown, ...arrived: readonly string[]): unknown => ({ result, arrived })
const posted = `POST ${card}`

/** Over a real network: with what the server saw of it. */
export const expectedNetwork: Readonly<Record<string, unknown>> = {
  GET: over('GET ', evidence, data),
  POST: over(posted, data),
  '404 of the app': over([404, 'yes', 'no such card'], data),
  '16 KiB up': over('16384 f36a0431c0652eb1db6933f8cd70efb948bb8fe3ecc518e1eddeeb989d552ec5', data),
  '1 MiB up': over(mebibyte, data),
  '1 MiB up, as a stream': over(mebibyte, data),
  '1 MiB down': over(mebibyte, data),
  'an answer in pieces, each before the next is made': over(['one ', 'two ', 'three'], data, data, data, data),
  'abort in the answer': over('the reason', data),
  '8 at the same time': over(
    Array.from({ length: 8 }, (_, i) => `POST ${i}`),
    ...Array<string>(8).fill(data),
  ),
  'GET after a rotation of keys': over(
    ['GET ', 'verifying', 'verified', 'verifying', 'verified'],
    data,
    evidence,
    data,
  ),
  'POST after a rotation of keys': over(
    ['VerificationError client-key-rotated', posted, 'verifying', 'verified'],
    data,
    evidence,
    data,
  ),
  'another build': over('AppraisalError policy-pcr', evidence),
  'evidence that has moved: 302': over(
    'VerificationError client-transport',
    'POST /moved/302/evidence application/json',
  ),
  'a gateway that has moved: 302': over(
    'VerificationError client-transport',
    evidence,
    'POST /moved/302/gateway message/ohttp-chunked-req',
  ),
  'evidence that has moved: 307': over(
    'VerificationError client-transport',
    'POST /moved/307/evidence application/json',
  ),
  'a gateway that has moved: 307': over(
    'VerificationError client-transport',
    evidence,
    'POST /moved/307/gateway message/ohttp-chunked-req',
  ),
  'no gateway': over('VerificationError client-response', evidence, 'POST /nothing message/ohttp-chunked-req'),
}
