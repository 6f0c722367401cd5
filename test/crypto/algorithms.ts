/**
 * Every row of the table of algorithms, with what a signer needs: made here from the names, not
 * from the row.
 */
import * as table from '../../src/crypto/algorithms.ts'
import { concat } from '../attester/bytes.ts'
import { type Bytes, ecdsaSignature } from '../attester/der.ts'

export type RowName = Exclude<
  keyof typeof table,
  'p256' | 'p384' | 'p521' | 'rsa' | 'rsa4096' | 'isKeyOf' | 'ps384By4096WithTrailer'
>
export type HashName = 'SHA-256' | 'SHA-384' | 'SHA-512'

interface EcdsaSigning {
  readonly kind: 'ECDSA'
  readonly hash: HashName
  readonly curve: 'P-256' | 'P-384' | 'P-521'
}

interface RsaSigning {
  readonly kind: 'RSA-PSS' | 'RSASSA-PKCS1-v1_5'
  readonly hash: HashName
  readonly modulusLength: number
}

export type Signing = EcdsaSigning | RsaSigning

const rsa = (kind: RsaSigning['kind'], hash: HashName, modulusLength = 2048): RsaSigning => ({
  kind,
  hash,
  modulusLength,
})

/** What the names say, from RFC 9053, RFC 8230, RFC 8812 and RFC 5758. */
export const signings: Readonly<Record<RowName, Signing>> = {
  ES256: { kind: 'ECDSA', hash: 'SHA-256', curve: 'P-256' },
  ES384: { kind: 'ECDSA', hash: 'SHA-384', curve: 'P-384' },
  ES512: { kind: 'ECDSA', hash: 'SHA-512', curve: 'P-521' },
  ecdsaP384Sha256: { kind: 'ECDSA', hash: 'SHA-256', curve: 'P-384' },
  ecdsaP256Sha384: { kind: 'ECDSA', hash: 'SHA-384', curve: 'P-256' },
  PS256: rsa('RSA-PSS', 'SHA-256'),
  PS384: rsa('RSA-PSS', 'SHA-384'),
  PS512: rsa('RSA-PSS', 'SHA-512'),
  ps384By4096: rsa('RSA-PSS', 'SHA-384', 4096),
  RS256: rsa('RSASSA-PKCS1-v1_5', 'SHA-256'),
  RS384: rsa('RSASSA-PKCS1-v1_5', 'SHA-384'),
  RS512: rsa('RSASSA-PKCS1-v1_5', 'SHA-512'),
}

export const rowNames = Object.keys(signings) as RowName[]

/** A key pair for a row. */
export interface KeyPair {
  readonly privateKey: CryptoKey
  readonly publicKey: CryptoKey
  readonly spki: Bytes
}

/** One pair for each row: made once. */
export async function createKeyPair(signing: Signing): Promise<KeyPair> {
  const algorithm =
    signing.kind === 'ECDSA'
      ? { name: 'ECDSA', namedCurve: signing.curve }
      : {
          name: signing.kind,
          hash: signing.hash,
          modulusLength: signing.modulusLength,
          publicExponent: Uint8Array.of(1, 0, 1),
        }
  const { privateKey, publicKey } = await crypto.subtle.generateKey(algorithm, true, ['sign', 'verify'])
  return { privateKey, publicKey, spki: new Uint8Array(await crypto.subtle.exportKey('spki', publicKey)) }
}

/**
 * Signs as COSE has it: ECDSA as r || s. `hash` and `saltLength` may differ from what the row says.
 */
export async function sign(
  { kind, hash }: Signing,
  { privateKey }: KeyPair,
  data: Bytes,
  saltLength = Number(hash.slice(4)) / 8,
): Promise<Bytes> {
  const algorithm = kind === 'RSA-PSS' ? { name: kind, saltLength } : { name: kind, hash }
  return new Uint8Array(await crypto.subtle.sign(algorithm, privateKey, data))
}

/** A signature of a row as X.509 has it. */
export function toX509({ kind }: Signing, signature: Bytes): Bytes {
  return kind === 'ECDSA' ? ecdsaSignature(signature) : concat(signature)
}

export { table }
