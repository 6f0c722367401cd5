/**
 * Evidence of AWS Nitro: the messages of the Nitro Security Module
 * (aws-nitro-enclaves-nsm-api, `src/api/mod.rs`), one CBOR item each way.
 */
import { knownOptions, requireOption } from '../core/options.ts'
import { type Bytes, concatBytes, copyBytes, isBytes } from '../encoding/bytes.ts'
import { type CborValue, decodeCbor, isCborMap } from '../encoding/cbor.ts'
import { encodeCbor } from '../encoding/cbor-encode.ts'
import type { Attestation, AttestRequest } from '../gateway/options.ts'
import { type NsmDevice, nsmDevice } from './nsm-device.ts'

/** Options of {@link nsmSource}. Unknown ones are a `TypeError`. */
export interface NsmSourceOptions {
  /** The way to the module. Default: {@link nsmDevice}, which Deno and Bun can open. */
  readonly device?: NsmDevice
  /**
   * What the document says of the key configuration: all of it in `public_key` (the default), or its
   * SHA-256 in `user_data`, for clients with `binding: keyHashInUserData`.
   */
  readonly keyIn?: 'public-key' | 'user-data'
}

/**
 * Evidence from the Nitro Security Module, for `createGateway`. The document answers the client's
 * nonce and vouches for the gateway's key; what runs in the enclave is in its PCRs.
 * @example
 * ```ts
 * const gateway = createGateway({
 *   origins: 'https://enclave.example',
 *   attest: nsmSource(),
 *   handler: () => new Response('hello'),
 * })
 * ```
 * @throws TypeError when an option is wrong. The source rejects with an `Error` when the module
 *   refuses or cannot be reached: the gateway then tells clients that there is no evidence.
 */
export function nsmSource(options: NsmSourceOptions = {}): (request: AttestRequest) => Promise<Attestation> {
  const { device = nsmDevice(), keyIn = 'public-key' } = knownOptions<NsmSourceOptions>(options, ['device', 'keyIn'])
  requireOption('device', 'a function', typeof device === 'function')
  requireOption('keyIn', 'public-key or user-data', ['public-key', 'user-data'].includes(keyIn))
  const holdsKeyConfig = keyIn === 'public-key'
  return async ({ nonce, keyConfig, keyConfigDigest }) => {
    const request = attestationRequest({
      nonce,
      publicKey: holdsKeyConfig ? keyConfig : undefined,
      userData: holdsKeyConfig ? undefined : keyConfigDigest,
    })
    const answer = await device(request)
    return { mediaType: 'application/cbor', evidence: documentOf(answer), holdsKeyConfig }
  }
}

interface Fields {
  readonly nonce: Bytes
  readonly publicKey: Bytes | undefined
  readonly userData: Bytes | undefined
}

/** `Request::Attestation`: an enum of serde, so a map of one. What is left out is null. */
function attestationRequest({ userData, nonce, publicKey }: Fields): Bytes {
  const field = (name: string, value: Bytes | undefined): Bytes[] => [
    encodeCbor(name),
    value === undefined ? new Uint8Array([0xf6]) : encodeCbor(value),
  ]
  const fields = [...field('user_data', userData), ...field('nonce', nonce), ...field('public_key', publicKey)]
  return concatBytes([0xa1], encodeCbor('Attestation'), [0xa3], ...fields)
}

/** `Response::Attestation { document }`, or `Response::Error`. */
function documentOf(answer: unknown): Bytes {
  if (!isBytes(answer)) throw new TypeError('device must be a function that returns bytes')
  const value = decodeCbor(copyBytes(answer), { name: 'answer of the security module', code: 'outer-cbor' })
  const refusal = entryOf(value, 'Error')
  if (refusal !== undefined)
    throw new Error(`the security module refused: ${typeof refusal === 'string' ? refusal : 'for no reason'}`)
  const document = entryOf(entryOf(value, 'Attestation'), 'document')
  if (!isBytes(document)) throw new Error('the security module answered something else than an attestation')
  return copyBytes(document)
}

function entryOf(value: CborValue, name: string): CborValue {
  return isCborMap(value) && value.size === 1 ? value.get(name) : undefined
}
