/**
 * Certificates that attesters write themselves. They need a reader of their own, for two habits
 * that RFC 5280 does not allow and that must not be tolerated in the chains of vendors: Intel's SGX
 * SDK writes GeneralizedTime before 2050, and mbed TLS (Gramine, Open Enclave) gives ECDSA
 * parameters, NULL.
 *
 * Everything else is as strict as in `certificate.ts`: DER throughout, v3, both signature
 * algorithms equal, no extension twice.
 */
import { isKeyOf, type SignatureAlgorithm } from '../crypto/algorithms.ts'
import { type Bytes, equalBytes, toHex } from '../encoding/bytes.ts'
import {
  BIT_STRING,
  bitStringOctets,
  childrenOf,
  contentOf,
  context,
  decodeDer,
  type DerNode,
  GENERALIZED_TIME,
  INTEGER,
  rawOf,
  SEQUENCE,
  time,
  UTC_TIME,
} from '../encoding/der.ts'
import { malformed, type Source } from '../encoding/reader.ts'
import { VerificationError } from '../core/errors.ts'
import { type Certificate, decodeExtensions } from '../x509/certificate.ts'

/** A decoded certificate. Nothing in it is verified; all bytes are views of the input. */
export type RaTlsCertificate = Pick<
  Certificate,
  'tbs' | 'signatureAlgorithm' | 'signature' | 'issuer' | 'subject' | 'notBefore' | 'notAfter' | 'spki' | 'extensions'
>

const name = 'certificate'
const source: Source = { name, code: 'cert-parse' }
const maximumSize = 262_144

/**
 * @throws VerificationError `cert-parse`, `cert-algorithm` when the two signature algorithms
 *   differ, `cert-extension` for malformed or repeated extensions
 */
export function decodeRaTlsCertificate(der: Bytes): RaTlsCertificate {
  if (der.length > maximumSize)
    throw new VerificationError('cert-parse', {
      subject: 'size of certificate',
      expected: `at most ${maximumSize}`,
      found: `${der.length}`,
    })
  const [tbs, algorithm, signature] = childrenOf(decodeDer(der, source), source, 'Certificate', [
    SEQUENCE,
    SEQUENCE,
    BIT_STRING,
  ])
  const [version, , innerAlgorithm, issuer, validity, subject, spki, extensions] = childrenOf(
    tbs,
    source,
    'TBSCertificate',
    [context(0), INTEGER, SEQUENCE, SEQUENCE, SEQUENCE, SEQUENCE, SEQUENCE, context(3)],
  )
  // INTEGER 2 is v3.
  if (toHex(contentOf(version)) !== '020102') throw malformed(source, 'not an X.509 v3 certificate')
  if (!equalBytes(rawOf(innerAlgorithm), rawOf(algorithm)))
    throw malformed({ name, code: 'cert-algorithm' }, 'two signature algorithms')
  const [notBefore, notAfter, more] = validity.children.map(readTime)
  if (notBefore === undefined || notAfter === undefined || more !== undefined)
    throw malformed(source, 'malformed validity')
  return {
    tbs: rawOf(tbs),
    signatureAlgorithm: rawOf(algorithm),
    signature: bitStringOctets(signature, source),
    issuer: rawOf(issuer),
    subject: rawOf(subject),
    notBefore,
    notAfter,
    spki: rawOf(spki),
    extensions: decodeExtensions(extensions, { name, code: 'cert-extension' }),
  }
}

/**
 * Whether a certificate is signed with this algorithm, by its identifiers of signature and of key.
 */
export function usesAlgorithm(
  { signatureAlgorithm, spki }: RaTlsCertificate,
  { x509, key }: SignatureAlgorithm,
): boolean {
  const found = toHex(signatureAlgorithm)
  // SEQUENCE { ecdsa-with-SHA…, NULL }: two bytes more than it should have.
  const withNull = key.coordinateSize > 0 ? x509.replace(/^300a(.*)$/, '300c$10500') : x509
  return (found === x509 || found === withNull) && isKeyOf(spki, key)
}

/**
 * GeneralizedTime from 1950 to 2049 is what UTCTime should have said, with two digits of the year
 * less.
 */
function readTime(node: DerNode): number {
  const year = String.fromCharCode(...contentOf(node).subarray(0, 4))
  const isEarly = node.tag === GENERALIZED_TIME && year >= '1950' && year < '2050'
  return time(isEarly ? { ...node, tag: UTC_TIME, from: node.from + 2 } : node, source)
}
