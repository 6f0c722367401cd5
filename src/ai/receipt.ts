/**
 * Receipts of providers: a signature of the enclave over what was asked and answered. Over a sealed
 * channel they prove nothing new to the page; they are for third parties, later.
 */
import { VerificationError } from '../core/errors.ts'
import { knownOptions, requireOption } from '../core/options.ts'
import { hash } from '../crypto/digest.ts'
import { verifyEd25519 } from '../crypto/ed25519.ts'
import { type Bytes, copyBytes, fromHex, isBytes, toHex } from '../encoding/bytes.ts'
import { canonicalJson } from '../encoding/canonical-json.ts'
import { decodeJson, isJsonObject, type JsonValue, memberOf, optionalMemberOf } from '../encoding/json.ts'
import type { Source } from '../encoding/reader.ts'

/** What a receipt is compared with. */
export interface ReceiptOptions {
  /**
   * The Ed25519 key, 32 bytes, out of verified report data: a key inside the receipt proves
   * nothing.
   */
  readonly key: Uint8Array
  /** The bytes that were sent, before sealing. */
  readonly requestBody: Uint8Array
  /** The bytes that were received, after opening. */
  readonly responseBody: Uint8Array
  /** `dstack-text`: with it, the form that names the model. Default: the form that names none. */
  readonly model?: string
  /**
   * `aci-1`: the digest of the verified keyset, `sha256:…`. Required there; none by default
   * elsewhere.
   */
  readonly keysetDigest?: string
}

const maximumSize = 1_048_576
const optionNames = ['key', 'requestBody', 'responseBody', 'model', 'keysetDigest'] as const
const source: Source = { name: 'receipt', code: 'receipt-format' }

/**
 * Verifies a receipt.
 *
 * Proves that the owner of `key` signed that it got these bytes and gave those. Does *not* prove
 * whose key that is (take it from verified report data), nor when it was.
 * @param kind `dstack-text`: an object with `text`, `signature` and `signing_algo`; `aci-1`: the
 *   text of a JSON document
 * @throws VerificationError `receipt-format`, `receipt-signature`, `receipt-mismatch`;
 *   `unsupported` for signatures that WebCrypto does not have
 * @throws TypeError for a caller's mistake
 */
export async function verifyReceipt(
  kind: 'dstack-text' | 'aci-1',
  receipt: unknown,
  options: ReceiptOptions,
): Promise<void> {
  requireOption('kind', 'dstack-text or aci-1', ['dstack-text', 'aci-1'].includes(kind))
  const own = knownOptions<ReceiptOptions>(options, optionNames)
  const [key, request, response] = [own.key, own.requestBody, own.responseBody].map((bytes, i) => {
    requireOption(optionNames[i] as string, 'bytes (Uint8Array)', isBytes(bytes))
    return copyBytes(bytes as Uint8Array)
  }) as [Bytes, Bytes, Bytes]
  requireOption('key', '32 bytes', key.length === 32)
  const stated = kind === 'dstack-text' ? 'model' : 'keysetDigest'
  const other = kind === 'dstack-text' ? 'keysetDigest' : 'model'
  requireOption(other, `left out for ${kind}`, !Object.hasOwn(own, other))
  const isStated = typeof own[stated] === 'string' && own[stated] !== ''
  requireOption(stated, 'text', isStated || (kind === 'dstack-text' && !Object.hasOwn(own, stated)))
  const bodies = { request: await digestOf(request), response: await digestOf(response) }
  const signed =
    kind === 'dstack-text' ? readText(receipt, own.model, bodies) : readAci(receipt, own.keysetDigest as string, bodies)
  if (!(await verifyEd25519(key, signed.signature, new TextEncoder().encode(signed.text))))
    throw new VerificationError('receipt-signature', 'receipt: signature does not match the attested key')
  const wrong = signed.facts.find(({ expected, found }) => expected !== found)
  if (wrong !== undefined) throw new VerificationError('receipt-mismatch', wrong)
}

/** SHA-256 of the two bodies, hexadecimal. */
interface Bodies {
  readonly request: string
  readonly response: string
}

/** A receipt, read: what is signed, and what it must say once the signature holds. */
interface Signed {
  readonly text: string
  readonly signature: Bytes
  readonly facts: readonly { readonly subject: string; readonly expected: string; readonly found: string }[]
}

/** `model:SHA-256(request):SHA-256(response)`, or without the model. */
function readText(receipt: unknown, model: string | undefined, { request, response }: Bodies): Signed {
  const value = copyOf(receipt)
  const algorithm = memberOf(value, 'signing_algo', 'string', source)
  if (algorithm !== 'ed25519')
    throw new VerificationError('unsupported', {
      subject: 'receipt: signature algorithm',
      expected: 'ed25519',
      found: JSON.stringify(algorithm.slice(0, 40)),
    })
  const text = memberOf(value, 'text', 'string', source)
  const expected = [...(model === undefined ? [] : [model]), request, response].join(':')
  return {
    text,
    signature: signatureIn(value),
    facts: [{ subject: 'receipt: text', expected, found: text }],
  }
}

/** Canonical JSON without the signature; the log says what came in and what went out. */
function readAci(receipt: unknown, keysetDigest: string, { request, response }: Bodies): Signed {
  requireOption('receipt', 'the text of a receipt', typeof receipt === 'string')
  const text = receipt as string
  if (text.length > maximumSize || /\p{Surrogate}/u.test(text)) throw refused('Unicode text of at most 1 MiB')
  const value = decodeJson(text, source)
  if (!isJsonObject(value) || optionalMemberOf(value, 'api_version') !== 'aci/1') throw refused('api_version aci/1')
  const log = memberOf(value, 'event_log', 'array', source)
  const types = log.map((event) => memberOf(event, 'type', 'string', source))
  const positions = ['request.received', 'response.returned'].map((type) => {
    if (types.filter((other) => other === type).length !== 1) throw refused(`one event ${type}`)
    return types.indexOf(type)
  })
  const [first, last] = positions as [number, number]
  if (first !== 0 || last !== log.length - 1)
    throw refused('request.received as the first event, response.returned as the last')
  const bodyOf = (at: number): string => memberOf(log[at], 'body_hash', 'string', source)
  const { signature, ...rest } = value
  return {
    text: canonicalJson(rest, source),
    signature: signatureIn({ signature: signature ?? null }),
    facts: [
      {
        subject: 'receipt: keyset',
        expected: keysetDigest,
        found: memberOf(value, 'workload_keyset_digest', 'string', source),
      },
      { subject: 'receipt: request', expected: `sha256:${request}`, found: bodyOf(first) },
      { subject: 'receipt: response', expected: `sha256:${response}`, found: bodyOf(last) },
    ],
  }
}

/** 64 bytes, hexadecimal. */
function signatureIn(value: JsonValue): Bytes {
  try {
    const signature = fromHex(memberOf(value, 'signature', 'string', source).slice(0, 1024))
    if (signature.length === 64) return signature
  } catch (error) {
    if (error instanceof VerificationError) throw error
  }
  throw refused('a signature of 64 bytes in hexadecimal')
}

/** As JSON has it. @throws VerificationError `receipt-format` */
function copyOf(receipt: unknown): JsonValue {
  let text: string | undefined
  try {
    text = JSON.stringify(receipt)
  } catch {
    // Said below.
  }
  if (typeof text !== 'string' || text.length > maximumSize) throw refused('an object that JSON can hold')
  return JSON.parse(text) as JsonValue
}

function refused(expected: string): VerificationError {
  return new VerificationError('receipt-format', `receipt: expected ${expected}`)
}

async function digestOf(body: Bytes): Promise<string> {
  return toHex(await hash('SHA-256', body))
}
