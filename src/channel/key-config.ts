/**
 * Key configurations (RFC 9458 section 3): the public key that a request is sealed to, with what it
 * is used for. Written as `application/ohttp-keys` with one entry: two bytes of length, then key
 * identifier, KEM, public key, and the one pair of KDF and AEAD.
 */
import { NotSupportedError } from 'hpke'
import type { CryptoKey, CryptoKeyPair } from '../crypto/keys.ts'
import { isPointOfP256 } from '../crypto/p256.ts'
import { type Bytes, concatBytes, equalBytes, toHex } from '../encoding/bytes.ts'
import { type Cursor, cursor, end, skip, type Source, take, uint } from '../encoding/reader.ts'
import { VerificationError } from '../core/errors.ts'
import { type Hpke, hpke, nameOf, type Suite } from './suite.ts'

/** A gateway's public key, ready to seal to. */
export interface KeyConfig {
  readonly keyId: number
  readonly suite: Suite
  /** Imported and tried once: a point of the curve, not one of small order. */
  readonly publicKey: CryptoKey
  /** Of this suite, made once: it keeps what each use of it would have to import again. */
  readonly cipher: Hpke
}

/** A gateway's key pair. Its private half cannot be exported. */
export interface GatewayKey {
  readonly keyId: number
  readonly suite: Suite
  /** The public half as `application/ohttp-keys`: what evidence must vouch for. */
  readonly config: Bytes
  readonly pair: CryptoKeyPair
  /** Of this suite, made once. */
  readonly cipher: Hpke
}

/** Whose bytes are read, for messages. */
export const source: Source = { name: 'key configuration', code: 'ohttp-key-config' }

/**
 * Reads what evidence vouched for.
 * @param bytes `application/ohttp-keys` with exactly one key configuration
 * @param suite the only one that will do: anything else, or anything besides, is refused
 * @throws VerificationError `ohttp-key-config`; `unsupported` where this runtime does not have the
 *   curve
 */
export async function decodeKeyConfig(bytes: Uint8Array, suite: Suite): Promise<KeyConfig> {
  const cipher = hpke(suite)
  const input = cursor(new Uint8Array(bytes), source)
  const length = uint(input, 2, 'length')
  const expected = configSize(cipher)
  if (length !== expected) throw refused('bytes', `${expected}, for one key of ${nameOf(suite)}`, `${length}`)
  const { keyId, key, algorithms } = readConfig(input, suite, cipher)
  const wanted = symmetricAlgorithms(cipher)
  if (!equalBytes(algorithms, wanted)) throw refused('symmetric algorithms', toHex(wanted), toHex(algorithms))
  return { keyId, suite, publicKey: await importPublicKey(key, suite, cipher), cipher }
}

/**
 * What is left of the input: one configuration. @throws VerificationError `ohttp-key-config` for
 * another KEM, and for what is left over
 */
export function readConfig(
  input: Cursor,
  suite: Suite,
  { KEM }: Hpke,
): { readonly keyId: number; readonly key: Bytes; readonly algorithms: Bytes } {
  const keyId = uint(input, 1, 'key identifier')
  const kem = uint(input, 2, 'KEM')
  if (kem !== KEM.id) throw refused('KEM', `${KEM.id} (${nameOf(suite)})`, `${kem}`)
  const key = take(input, KEM.Npk, 'public key')
  const { at } = input
  skip(input, uint(input, 2, 'length of the symmetric algorithms'), 'symmetric algorithms')
  const algorithms = input.bytes.subarray(at, input.at)
  end(input)
  return { keyId, key, algorithms }
}

/**
 * `application/ohttp-keys` with one entry. @param publicKey as the KEM serialises it: an
 * uncompressed point of P-256, 32 bytes of X25519, or 1216 of MLKEM768-X25519
 */
export function encodeKeyConfig(keyId: number, suite: Suite, publicKey: Uint8Array): Bytes {
  const cipher = hpke(suite)
  const { id, Npk } = cipher.KEM
  if (!Number.isInteger(keyId) || keyId < 0 || keyId > 255) throw new TypeError('keyId must be 0 to 255')
  if (publicKey.length !== Npk) throw new TypeError(`publicKey must be ${Npk} bytes`)
  return concatBytes(uint16(configSize(cipher)), [keyId], uint16(id), publicKey, symmetricAlgorithms(cipher))
}

/**
 * A new key pair. @throws VerificationError `unsupported` where this runtime does not have the
 * curve
 */
export async function createGatewayKey(keyId: number, suite: Suite): Promise<GatewayKey> {
  const cipher = hpke(suite)
  const pair = await cipher.KEM.GenerateKeyPair(false).catch((): never => {
    throw new VerificationError('unsupported', `WebCrypto: expected ${nameOf(suite)}, found none`)
  })
  const publicKey = await cipher.KEM.SerializePublicKey(pair.publicKey)
  return { keyId, suite, config: encodeKeyConfig(keyId, suite, publicKey), pair, cipher }
}

/** Two bytes, big-endian. */
export function uint16(value: number): readonly [number, number] {
  return [value >> 8, value & 255]
}

function configSize({ KEM }: Hpke): number {
  return 1 + 2 + KEM.Npk + 6
}

/** Their length, then one pair of KDF and AEAD. */
function symmetricAlgorithms({ KDF, AEAD }: Hpke): Bytes {
  return Uint8Array.from([...uint16(4), ...uint16(KDF.id), ...uint16(AEAD.id)])
}

/**
 * Imported, and tried once: with a point of small order, everybody knows the secret, and that shows
 * only when it is used.
 */
async function importPublicKey(key: Bytes, suite: Suite, cipher: Hpke): Promise<CryptoKey> {
  const name = nameOf(suite)
  const problem = refused('public key', `a point of ${name}, not of small order`, toHex(key))
  if (!mayBePoint(key, suite)) throw problem
  try {
    const publicKey = await cipher.KEM.DeserializePublicKey(key)
    await cipher.KEM.Encap(publicKey)
    return publicKey
  } catch (error) {
    if (error instanceof NotSupportedError)
      throw new VerificationError('unsupported', `WebCrypto: expected ${name}, found none`)
    throw problem
  }
}

/** What WebCrypto cannot be left to find out. */
export function mayBePoint(key: Uint8Array, { kem }: Suite): boolean {
  return kem !== 'P-256' || isPointOfP256(key)
}

/** The error of a key configuration that will not do. */
export function refused(subject: string, expected: string, found: string): VerificationError {
  return new VerificationError('ohttp-key-config', { subject: `key configuration: ${subject}`, expected, found })
}
