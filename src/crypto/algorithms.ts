/**
 * The one table of what this library knows about signature algorithms. A format names the rows it accepts; the code below it takes the resolved
 * row and never an identifier to switch on. Each row is its own export, so that a bundle holds only the rows it names.
 *
 * Identifiers: COSE from RFC 9053 section 2 and RFC 8230; X.509 from RFC 5758, RFC 4055 and RFC 5480, as complete DER AlgorithmIdentifier.
 */
import { type Bytes, concatBytes, fromHex } from '../encoding/bytes.ts'

/** A key type, as it stands in a SubjectPublicKeyInfo. */
export interface KeyAlgorithm {
  readonly name: string
  /** DER AlgorithmIdentifier of SubjectPublicKeyInfo. */
  readonly spki: Bytes
  /** Bytes of one coordinate; 0 where keys are not points. */
  readonly coordinateSize: number
}

/** A signature algorithm with everything needed to check one signature. */
export interface SignatureAlgorithm {
  readonly name: string
  /** COSE algorithm identifier; `undefined` where COSE has none. */
  readonly cose: number | undefined
  /** DER AlgorithmIdentifier of an X.509 signature. */
  readonly x509: Bytes
  readonly key: KeyAlgorithm
  /** WebCrypto parameters of `importKey`. */
  readonly importParams: EcKeyImportParams | RsaHashedImportParams
  /** WebCrypto parameters of `verify`. */
  readonly verifyParams: AlgorithmIdentifier | EcdsaParams | RsaPssParams
}

type Hash = 'SHA-256' | 'SHA-384' | 'SHA-512'

function ecKey(name: string, curve: string, coordinateSize: number): KeyAlgorithm {
  const algorithm = fromHex(`06072a8648ce3d0201${curve}`)
  return { name, spki: concatBytes(Uint8Array.of(0x30, algorithm.length), algorithm), coordinateSize }
}

function ecdsa(name: string, key: KeyAlgorithm, hash: Hash, cose?: number): SignatureAlgorithm {
  const arc = { 'SHA-256': '02', 'SHA-384': '03', 'SHA-512': '04' }[hash]
  return {
    name,
    cose,
    x509: fromHex(`300a06082a8648ce3d0403${arc}`),
    key,
    importParams: { name: 'ECDSA', namedCurve: key.name },
    verifyParams: { name: 'ECDSA', hash },
  }
}

/** SHA-256, -384 and -512 are arcs 1, 2 and 3 of 2.16.840.1.101.3.4.2, and 11, 12 and 13 of pkcs-1. */
function rsaPss(name: string, hash: Hash, saltLength: number, cose: number): SignatureAlgorithm {
  const arc = { 'SHA-256': '01', 'SHA-384': '02', 'SHA-512': '03' }[hash]
  const hashAlgorithm = `300d06096086480165030402${arc}0500`
  const salt = saltLength.toString(16).padStart(2, '0')
  return {
    name,
    cose,
    x509: fromHex(
      `304106092a864886f70d01010a3034a00f${hashAlgorithm}a11c301a06092a864886f70d010108${hashAlgorithm}a2030201${salt}`,
    ),
    key: rsa,
    importParams: { name: 'RSA-PSS', hash },
    verifyParams: { name: 'RSA-PSS', saltLength },
  }
}

function rsaPkcs1(name: string, hash: Hash, cose: number): SignatureAlgorithm {
  const arc = { 'SHA-256': '0b', 'SHA-384': '0c', 'SHA-512': '0d' }[hash]
  return {
    name,
    cose,
    x509: fromHex(`300d06092a864886f70d0101${arc}0500`),
    key: rsa,
    importParams: { name: 'RSASSA-PKCS1-v1_5', hash },
    verifyParams: { name: 'RSASSA-PKCS1-v1_5' },
  }
}

export const p256: KeyAlgorithm = /* @__PURE__ */ ecKey('P-256', '06082a8648ce3d030107', 32)
export const p384: KeyAlgorithm = /* @__PURE__ */ ecKey('P-384', '06052b81040022', 48)
export const p521: KeyAlgorithm = /* @__PURE__ */ ecKey('P-521', '06052b81040023', 66)
export const rsa: KeyAlgorithm = /* @__PURE__ */ (() => ({
  name: 'RSA',
  spki: fromHex('300d06092a864886f70d0101010500'),
  coordinateSize: 0,
}))()

export const ES256: SignatureAlgorithm = /* @__PURE__ */ ecdsa('ES256', p256, 'SHA-256', -7)
export const ES384: SignatureAlgorithm = /* @__PURE__ */ ecdsa('ES384', p384, 'SHA-384', -35)
export const ES512: SignatureAlgorithm = /* @__PURE__ */ ecdsa('ES512', p521, 'SHA-512', -36)
/** A P-384 key that signs SHA-256: X.509 allows it, COSE has no identifier for it. */
export const ecdsaP384Sha256: SignatureAlgorithm = /* @__PURE__ */ ecdsa('ECDSA P-384 with SHA-256', p384, 'SHA-256')
export const PS256: SignatureAlgorithm = /* @__PURE__ */ rsaPss('PS256', 'SHA-256', 32, -37)
export const PS384: SignatureAlgorithm = /* @__PURE__ */ rsaPss('PS384', 'SHA-384', 48, -38)
export const PS512: SignatureAlgorithm = /* @__PURE__ */ rsaPss('PS512', 'SHA-512', 64, -39)
export const RS256: SignatureAlgorithm = /* @__PURE__ */ rsaPkcs1('RS256', 'SHA-256', -257)
export const RS384: SignatureAlgorithm = /* @__PURE__ */ rsaPkcs1('RS384', 'SHA-384', -258)
export const RS512: SignatureAlgorithm = /* @__PURE__ */ rsaPkcs1('RS512', 'SHA-512', -259)
