/**
 * The one table of what this library knows about signature algorithms. A format names the rows it
 * accepts; the code below it takes the resolved row and never an identifier to switch on. Each row
 * is its own export, so that a bundle holds only the rows it names.
 *
 * Identifiers: COSE from RFC 9053 section 2 and RFC 8812; X.509 from RFC 5758, RFC 4055 and RFC
 * 5480. DER is written in hexadecimal, and complete: comparing it leaves no parameter unread.
 */

import { toHex } from '../encoding/bytes.ts'

/** A key type, as a SubjectPublicKeyInfo names it. */
export interface KeyAlgorithm {
  readonly name: string
  /** The encodings that are accepted. For curves it is an uncompressed point. */
  readonly encodings: readonly KeyEncoding[]
  /** Bytes of one coordinate; 0 where keys are not points. */
  readonly coordinateSize: number
}

/** A DER SubjectPublicKeyInfo: everything but the key itself. */
export interface KeyEncoding {
  /** How it begins, in hexadecimal. */
  readonly begins: string
  /** How it ends, in hexadecimal: the exponent of RSA where only one is accepted. */
  readonly ends?: string
  /** Its length in bytes. */
  readonly size: number
}

/**
 * Whether a DER SubjectPublicKeyInfo is a key of this type. Whether the key is a point of the curve
 * is for WebCrypto to say.
 */
export function isKeyOf(spki: Uint8Array, { encodings }: KeyAlgorithm): boolean {
  return encodings.some(
    ({ begins, ends = '', size }) =>
      spki.length === size &&
      toHex(spki.subarray(0, begins.length / 2)) === begins &&
      toHex(spki.subarray(size - ends.length / 2)) === ends,
  )
}

/** A signature algorithm with everything needed to check one signature. */
export interface SignatureAlgorithm {
  readonly name: string
  /** COSE algorithm identifier; `undefined` where COSE has none. */
  readonly cose: number | undefined
  /** Hexadecimal DER of the AlgorithmIdentifier of an X.509 signature. */
  readonly x509: string
  readonly key: KeyAlgorithm
  /** WebCrypto parameters of `importKey`. */
  readonly importParams:
    { readonly name: string; readonly namedCurve: string } | { readonly name: string; readonly hash: Hash }
  /** WebCrypto parameters of `verify`. */
  readonly verifyParams: { readonly name: string; readonly hash?: Hash; readonly saltLength?: number }
}

type Hash = 'SHA-256' | 'SHA-384' | 'SHA-512'

interface RsaPssRow {
  readonly name: string
  readonly cose: number
  /** The last arc of 2.16.840.1.101.3.4.2, one byte as hexadecimal digits. */
  readonly hashArc: string
  readonly hash: Hash
  readonly saltLength: number
}

/** The hash is named twice, for the message and for the mask (MGF1). */
function rsaPss({ name, cose, hashArc, hash, saltLength }: RsaPssRow): SignatureAlgorithm {
  const hashAlgorithm = `300d06096086480165030402${hashArc}0500`
  const x509 = `304106092a864886f70d01010a3034a00f${hashAlgorithm}a11c301a06092a864886f70d010108${hashAlgorithm}a2030201${saltLength.toString(16)}`
  return {
    name,
    cose,
    x509,
    key: rsa,
    importParams: { name: 'RSA-PSS', hash },
    verifyParams: { name: 'RSA-PSS', saltLength },
  }
}

function rsaPkcs1(name: string, cose: number, x509: string, hash: Hash): SignatureAlgorithm {
  const verifyParams = { name: 'RSASSA-PKCS1-v1_5' }
  return { name, cose, x509, key: rsa, importParams: { ...verifyParams, hash }, verifyParams }
}

export const p256: KeyAlgorithm = {
  name: 'P-256',
  encodings: [{ begins: '3059301306072a8648ce3d020106082a8648ce3d03010703420004', size: 91 }],
  coordinateSize: 32,
}
export const p384: KeyAlgorithm = {
  name: 'P-384',
  encodings: [{ begins: '3076301006072a8648ce3d020106052b8104002203620004', size: 120 }],
  coordinateSize: 48,
}
export const p521: KeyAlgorithm = {
  name: 'P-521',
  encodings: [{ begins: '30819b301006072a8648ce3d020106052b810400230381860004', size: 158 }],
  coordinateSize: 66,
}
/** Moduli of 2048, 3072 or 4096 bits. */
export const rsa: KeyAlgorithm = {
  name: 'RSA',
  encodings: [
    { begins: '30820122300d06092a864886f70d01010105000382010f003082010a02820101', size: 294 },
    { begins: '308201a2300d06092a864886f70d01010105000382018f003082018a02820181', size: 422 },
    { begins: '30820222300d06092a864886f70d01010105000382020f003082020a02820201', size: 550 },
  ],
  coordinateSize: 0,
}
/** A modulus of 4096 bits and the exponent 65537: AMD's. */
export const rsa4096: KeyAlgorithm = {
  name: 'RSA 4096',
  encodings: [
    {
      begins: '30820222300d06092a864886f70d01010105000382020f003082020a0282020100',
      ends: '0203010001',
      size: 550,
    },
  ],
  coordinateSize: 0,
}

export const ES256: SignatureAlgorithm = {
  name: 'ES256',
  cose: -7,
  x509: '300a06082a8648ce3d040302',
  key: p256,
  importParams: { name: 'ECDSA', namedCurve: 'P-256' },
  verifyParams: { name: 'ECDSA', hash: 'SHA-256' },
}
export const ES384: SignatureAlgorithm = {
  name: 'ES384',
  cose: -35,
  x509: '300a06082a8648ce3d040303',
  key: p384,
  importParams: { name: 'ECDSA', namedCurve: 'P-384' },
  verifyParams: { name: 'ECDSA', hash: 'SHA-384' },
}
export const ES512: SignatureAlgorithm = {
  name: 'ES512',
  cose: -36,
  x509: '300a06082a8648ce3d040304',
  key: p521,
  importParams: { name: 'ECDSA', namedCurve: 'P-521' },
  verifyParams: { name: 'ECDSA', hash: 'SHA-512' },
}
/** A P-384 key that signs SHA-256: X.509 allows it, COSE has no identifier for it. */
export const ecdsaP384Sha256: SignatureAlgorithm = {
  name: 'P-384 with SHA-256',
  cose: undefined,
  x509: '300a06082a8648ce3d040302',
  key: p384,
  importParams: { name: 'ECDSA', namedCurve: 'P-384' },
  verifyParams: { name: 'ECDSA', hash: 'SHA-256' },
}
/** A P-256 key that signs SHA-384: X.509 allows it, COSE has no identifier for it. */
export const ecdsaP256Sha384: SignatureAlgorithm = {
  name: 'P-256 with SHA-384',
  cose: undefined,
  x509: '300a06082a8648ce3d040303',
  key: p256,
  importParams: { name: 'ECDSA', namedCurve: 'P-256' },
  verifyParams: { name: 'ECDSA', hash: 'SHA-384' },
}
export const PS256: SignatureAlgorithm = /* @__PURE__ */ rsaPss({
  name: 'PS256',
  cose: -37,
  hashArc: '01',
  hash: 'SHA-256',
  saltLength: 32,
})
export const PS384: SignatureAlgorithm = /* @__PURE__ */ rsaPss({
  name: 'PS384',
  cose: -38,
  hashArc: '02',
  hash: 'SHA-384',
  saltLength: 48,
})
export const PS512: SignatureAlgorithm = /* @__PURE__ */ rsaPss({
  name: 'PS512',
  cose: -39,
  hashArc: '03',
  hash: 'SHA-512',
  saltLength: 64,
})
/** {@link PS384} by a key of 4096 bits, as AMD writes it since 2024. */
export const ps384By4096: SignatureAlgorithm = /* @__PURE__ */ (() => ({ ...PS384, key: rsa4096 }))()
/**
 * The same as AMD wrote it before: with trailerField 1, which is the default. DER leaves defaults
 * out, and RFC 4055 section 3.1 wants them to be recognised in either form.
 */
export const ps384By4096WithTrailer: SignatureAlgorithm = /* @__PURE__ */ (() => ({
  ...ps384By4096,
  x509: '304606092a864886f70d01010a3039a00f300d06096086480165030402020500a11c301a06092a864886f70d010108300d06096086480165030402020500a203020130a303020101',
}))()
export const RS256: SignatureAlgorithm = /* @__PURE__ */ rsaPkcs1(
  'RS256',
  -257,
  '300d06092a864886f70d01010b0500',
  'SHA-256',
)
export const RS384: SignatureAlgorithm = /* @__PURE__ */ rsaPkcs1(
  'RS384',
  -258,
  '300d06092a864886f70d01010c0500',
  'SHA-384',
)
export const RS512: SignatureAlgorithm = /* @__PURE__ */ rsaPkcs1(
  'RS512',
  -259,
  '300d06092a864886f70d01010d0500',
  'SHA-512',
)
