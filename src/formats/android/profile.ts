/**
 * The certificates of Android key attestation, as data: Google's roots, the two shapes of chains
 * that vendors issue, and what each shape is let off.
 *
 * A general validator of RFC 5280 refuses real phones: attestation certificates of 2021 say that
 * they are no CA, and have name constraints; all certificates of the first factories expired in May
 * 2026. One that overlooks that accepts chains that an application has made longer. Hence the shape
 * is the check: exact length, the key description in the leaf and nowhere else, CAs from the third
 * certificate on.
 */
import {
  ecdsaP256Sha384,
  ecdsaP384Sha256,
  ES256,
  ES384,
  isKeyOf,
  RS256,
  type SignatureAlgorithm,
} from '../../crypto/algorithms.ts'
import { type Bytes, fromBase64, toHex } from '../../encoding/bytes.ts'
import { pinned } from '../../x509/trust-anchor.ts'

/**
 * How a phone came by its attestation key: in the factory, or from Google's server, every few weeks
 * anew (RKP).
 */
export type Provisioning = 'factory' | 'remote'

/** One shape. Positions count from the leaf. */
export interface ChainShape {
  readonly provisioning: Provisioning
  /** How many certificates it has, the root included. */
  readonly length: number
  /**
   * Attributes that the subject of the certificate below the root has, each with this value or with
   * any.
   */
  readonly belowRoot: readonly (readonly [type: string, value?: string])[]
  /** Factory keys cannot be rotated, so that Google ignores that their certificates expire. */
  readonly expires: boolean
  /**
   * Which attribute of which certificates says of what kind the hardware is: `TEE` or `StrongBox`.
   */
  readonly level: { readonly attribute: string; readonly positions: readonly number[]; readonly isRequired: boolean }
  /**
   * Certificates from here on repeat from phone to phone: an endorsement cache may remember them.
   */
  readonly rememberedFrom: number
}

// Attribute types of names: the content of their OBJECT IDENTIFIER, 5504 is 2.5.4.
const COMMON_NAME = '550403'
const SERIAL_NUMBER = '550405'
const ORGANIZATION = '55040a'
const TITLE = '55040c'

/** In the order in which they are tried. */
export const shapes: readonly ChainShape[] = [
  {
    provisioning: 'remote',
    length: 5,
    belowRoot: [
      [COMMON_NAME, 'Droid CA2'],
      [ORGANIZATION, 'Google LLC'],
    ],
    expires: true,
    level: { attribute: ORGANIZATION, positions: [1], isRequired: true },
    rememberedFrom: 2,
  },
  {
    provisioning: 'factory',
    length: 4,
    belowRoot: [[SERIAL_NUMBER]],
    expires: false,
    // Old chains of TEEs say nothing.
    level: { attribute: TITLE, positions: [1, 2], isRequired: false },
    rememberedFrom: Infinity,
  },
]

/**
 * How a key of any kind that is met signs: the curve is the key's, the hash is named by the
 * signature.
 */
export function algorithmOf(signatureAlgorithm: Bytes, issuer: Bytes): SignatureAlgorithm | undefined {
  const identifier = toHex(signatureAlgorithm)
  return [ES256, ecdsaP256Sha384, ecdsaP384Sha256, ES384, RS256].find(
    ({ x509, key }) => x509 === identifier && isKeyOf(issuer, key),
  )
}

/** A root: its name, and its key or the digest of it. */
export interface Root {
  readonly subject: Bytes
  /** DER SubjectPublicKeyInfo. */
  readonly spki?: Bytes
  /** SHA-256 of that, lower-case hexadecimal. */
  readonly digest?: string
}

/**
 * Google's two roots, from https://android.googleapis.com/attestation/root. Phones carry one of
 * four certificates of the older key, of which the first expired in May 2026: the key is what is
 * trusted. Its digest is enough, since every chain below it brings it along.
 */
export const googleRoots = (): readonly Root[] => [
  // serialNumber=f92009e853b6b045, RSA 4096.
  {
    subject: fromBase64('MBsxGTAXBgNVBAUTEGY5MjAwOWU4NTNiNmIwNDU='),
    digest: 'feb2ea7551ee316ed4bb443c8293b884dbfdea40b603ee3e4f4a897e4580fbae',
  },
  // CN=Key Attestation CA1, OU=Android, O=Google LLC, C=US, P-384: alone since April 2026 for
  // phones that are provisioned remotely.
  pinned(
    'MFIxHDAaBgNVBAMME0tleSBBdHRlc3RhdGlvbiBDQTExEDAOBgNVBAsMB0FuZHJvaWQxEzARBgNVBAoMCkdvb2dsZSBMTEMxCzAJBgNVBAYTAlVT',
    'MHYwEAYHKoZIzj0CAQYFK4EEACIDYgAEI9ojcU7fPlsFCjxy6IRqzgeOoK0b+YsV9FPQywiyw8EQRTkJ9u3qwfnI4DGoSLlBqClTXJfgfCcZvs60FikNMHnu4fkRzObfgDkU2KNXezT9/RQ+XvNslxPHrHCowhGr',
  ),
]
