/**
 * The certificates around a quote: the chain of the platform's PCK certificate, and those of whoever signed TCB Info and QE Identity.
 */
import { ES256 } from '../../crypto/algorithms.ts'
import { type Bytes, equalBytes } from '../../encoding/bytes.ts'
import { context, INTEGER, readElement, SEQUENCE } from '../../encoding/der.ts'
import { decodePem } from '../../encoding/pem.ts'
import { cursor, type Source } from '../../encoding/reader.ts'
import { VerificationError } from '../../errors.ts'
import type { CheckRecorder } from '../../trace.ts'
import type { decodeCertificate } from '../../x509/certificate.ts'
import { type CertificationPath, checkPath, type fingerprint, type NamedCertificate } from '../../x509/path.ts'
import { commonName } from './common-name.ts'
import { endorsement, type EndorsementTexts } from './endorsements.ts'
import type { Quote } from './quote.ts'

/** Certification data that is a chain: PEM of the PCK certificate, its CA and the root. */
const pckChainData = 5

const pckNames = ['root of the PCK', 'CA of the PCK', 'PCK certificate']

/** PEM of the PCK chain: the quote's own, else that of the endorsements. @throws VerificationError `pck-chain-missing`, `endorsement-missing` */
function pckChainOf({ certificationDataType, certificationData }: Quote, endorsements: EndorsementTexts): string {
  if (certificationDataType === pckChainData) return chainText(certificationData)
  if (endorsements.pckCertificateChain === undefined)
    throw new VerificationError(
      'pck-chain-missing',
      `the quote has certification data of type ${certificationDataType}, hence no PCK certificate chain: endorsements.pckCertificateChain must be given`,
    )
  return endorsement(endorsements, 'pckCertificateChain')
}

/** The certificates that a quote carries, DER, the PCK certificate first; none when it has no chain. Not verified. */
export function certificatesIn({ certificationDataType, certificationData }: Quote): readonly Bytes[] {
  const source: Source = { name: 'PCK certificate chain', code: 'cert-parse' }
  if (certificationDataType !== pckChainData) return []
  return [...rootFirst(decodePem(chainText(certificationData), 'CERTIFICATE', source), source)].reverse()
}

/** Many platforms end the text with a NUL, as C does. */
function chainText(certificationData: Bytes): string {
  return new TextDecoder().decode(certificationData).replace(/\0+$/, '')
}

/** Certificates in the order of a path, the root first, and what the last one must be called. */
export interface Chain {
  /** Of the last one, for messages. */
  readonly name: string
  readonly certificates: readonly [root: NamedCertificate, ...others: NamedCertificate[]]
  readonly leafName: string
}

/** @throws VerificationError `pck-chain-missing`, `endorsement-missing`, `cert-parse`, `cert-path` */
export function readPckChain(quote: Quote, endorsements: EndorsementTexts, checks: CheckRecorder): Chain {
  const pem = checks.run('decode', 'pck-chain-missing', 'PCK certificate chain', () => pckChainOf(quote, endorsements))
  return readChain(pem, pckNames, 'Intel SGX PCK Certificate', checks)
}

/** The chain of a signer of JSON, one of the two. @throws VerificationError `endorsement-missing`, `cert-parse`, `cert-path` */
export function readSignerChain(
  name: 'tcbInfoIssuerChain' | 'qeIdentityIssuerChain',
  endorsements: EndorsementTexts,
  checks: CheckRecorder,
): Chain {
  const pem = checks.run('decode', 'endorsement-missing', name, () => endorsement(endorsements, name))
  return readChain(pem, [`root of ${name}`, `signer of ${name}`], 'Intel SGX TCB Signing', checks)
}

/**
 * The root CRL is of one root: the platform and whoever speaks about it must be under the same key. The certificate may be another, for Intel issued two.
 * @throws VerificationError `cert-path`
 */
export function checkSameRoot(
  { certificates: [a] }: CertificationPath,
  { certificates: [b] }: CertificationPath,
  checks: CheckRecorder,
): void {
  const holds = a !== undefined && b !== undefined && equalBytes(a.spki, b.spki) && equalBytes(a.subject, b.subject)
  checks.judge(
    'verify',
    'cert-path',
    `${a?.name} and ${b?.name}`,
    holds,
    'the same root',
    holds ? 'the same root' : 'two roots',
  )
}

/** @param names of the certificates in messages, root first: there must be as many. */
function readChain(pem: string, names: readonly string[], leafName: string, checks: CheckRecorder): Chain {
  const leafAs = names.at(-1) as string
  const source: Source = { name: leafAs, code: 'cert-parse' }
  const chain = checks.run('decode', 'cert-parse', `PEM of ${leafAs}`, () =>
    rootFirst(decodePem(pem, 'CERTIFICATE', source), source),
  )
  const subject = `certificates in the chain of ${leafAs}`
  checks.judge('decode', 'cert-path', subject, chain.length === names.length, `${names.length}`, `${chain.length}`)
  const named = chain.map((der, i): NamedCertificate => ({ name: names[i] as string, der }))
  return { name: leafAs, certificates: named as unknown as Chain['certificates'], leafName }
}

/** Every rule but dates and signatures. @throws VerificationError as {@link checkPath}, `cert-path` */
export async function checkChain(
  { certificates, leafName }: Chain,
  roots: readonly string[],
  checks: CheckRecorder,
  decode?: typeof decodeCertificate,
  hashOf?: typeof fingerprint,
): Promise<CertificationPath> {
  const path = await checkPath(certificates, roots, ES256, checks, decode, hashOf)
  const { name, subject } = path.leaf
  const found = checks.run('verify', 'cert-path', `name of ${name}`, () =>
    commonName(subject, { name, code: 'cert-path' }),
  )
  checks.judge('verify', 'cert-path', `common name of ${name}`, found === leafName, leafName, found)
  return path
}

/**
 * Certificates in the order of a path. Intel's service sends the leaf first; quotes of older platforms have the root in the middle.
 * What is no chain stays as it is: the rules of a path say what is wrong with it.
 */
function rootFirst(certificates: readonly Bytes[], source: Source): readonly Bytes[] {
  // Chains have two or three; checked later, but nothing is searched for in a thousand.
  if (certificates.length > 3) return certificates
  const named = certificates.map((der) => ({ der, ...namesOf(der, source) }))
  const path = named.filter(({ issuer, subject }) => equalBytes(issuer, subject)).slice(0, 1)
  for (const { subject } of path) {
    const next = named.find((candidate) => !path.includes(candidate) && equalBytes(candidate.issuer, subject))
    if (next !== undefined) path.push(next)
  }
  return path.length === certificates.length ? path.map(({ der }) => der) : certificates
}

/** RFC 5280 section 4.1: nothing but the two names. The certificate is decoded in full when its path is checked. */
function namesOf(der: Bytes, source: Source): { readonly issuer: Bytes; readonly subject: Bytes } {
  const certificate = cursor(readElement(cursor(der, source), SEQUENCE, 'Certificate').content, source)
  const tbs = cursor(readElement(certificate, SEQUENCE, 'TBSCertificate').content, source)
  readElement(tbs, context(0), 'version')
  readElement(tbs, INTEGER, 'serialNumber')
  readElement(tbs, SEQUENCE, 'signature')
  const issuer = readElement(tbs, SEQUENCE, 'issuer').raw
  readElement(tbs, SEQUENCE, 'validity')
  return { issuer, subject: readElement(tbs, SEQUENCE, 'subject').raw }
}
