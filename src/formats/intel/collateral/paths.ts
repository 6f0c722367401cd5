/**
 * The certificates around a quote: the chain of the platform's PCK certificate, and those of the
 * signers of TCB Info and QE Identity.
 */
import { type Bytes, equalBytes } from '../../../encoding/bytes.ts'
import { contentOf, context, INTEGER, rawOf, readElement, SEQUENCE } from '../../../encoding/der.ts'
import { decodePem } from '../../../encoding/pem.ts'
import { cursor, malformed, type Source } from '../../../encoding/reader.ts'
import { VerificationError } from '../../../core/errors.ts'
import type { CheckRecorder } from '../../../core/record.ts'
import type { Memory } from '../../../crypto/memory.ts'
import { type Certificate, decodeCertificate } from '../../../x509/certificate.ts'
import { fingerprint } from '../../../crypto/digest.ts'
import { type CertificationPath, checkRoot, checkRules } from '../../../x509/path.ts'
import type { PathProfile } from '../../../x509/profile.ts'
import { commonName } from './common-name.ts'
import { endorsement, type EndorsementTexts } from './endorsements.ts'
import { pckProfile, signerProfile } from './profiles.ts'
import type { Quote } from '../quote/quote.ts'

/** Certification data that is a chain: PEM of the PCK certificate, its CA and the root. */
const pckChainData = 5

/** Intel's have at most 1300 bytes. */
const maximumCertificate = 16_384

const pckNames = ['root of the PCK', 'CA of the PCK', 'PCK certificate']

/**
 * PEM of the PCK chain: the quote's own, else that of the endorsements. @throws VerificationError
 * `pck-chain-missing`, `endorsement-missing`
 */
function pckChainOf({ certificationDataType, certificationData }: Quote, endorsements: EndorsementTexts): string {
  if (certificationDataType === pckChainData) return chainText(certificationData)
  if (endorsements.pckCertificateChain === undefined)
    throw new VerificationError(
      'pck-chain-missing',
      `the quote has certification data of type ${certificationDataType}, hence no PCK certificate chain: endorsements.pckCertificateChain must be given`,
    )
  return endorsement(endorsements, 'pckCertificateChain')
}

/**
 * The certificates that a quote carries, DER, the PCK certificate first; none when it has no chain.
 * Not verified.
 */
export function certificatesIn({ certificationDataType, certificationData }: Quote): readonly Bytes[] {
  const source: Source = { name: 'PCK certificate chain', code: 'cert-parse' }
  if (certificationDataType !== pckChainData) return []
  const certificates = decodePem(chainText(certificationData), 'CERTIFICATE', source)
  // Chains have three, and nothing is searched for in a thousand.
  if (certificates.length > pckNames.length) return certificates.reverse()
  const named = rootFirst(certificates.map((der) => ({ der, ...namesOf(der, source) })))
  return named.map(({ der }) => der).reverse()
}

/** Many platforms end the text with a NUL, as C does. */
function chainText(certificationData: Bytes): string {
  let { length } = certificationData
  while (certificationData[length - 1] === 0) length--
  return new TextDecoder().decode(certificationData.subarray(0, length))
}

/** Certificates in the order of a path, the root first, and what the last one must be called. */
export interface Chain {
  /** Of the last one, for messages. */
  readonly name: string
  readonly certificates: readonly [root: Certificate, ...others: Certificate[]]
  readonly profile: PathProfile
  readonly leafName: string
}

/**
 * @throws VerificationError `pck-chain-missing`, `endorsement-missing`, `cert-parse`, `cert-path`,
 *   and as {@link decodeCertificate}
 */
export function readPckChain(
  quote: Quote,
  endorsements: EndorsementTexts,
  checks: CheckRecorder,
  reader?: ChainReader,
): Chain {
  const pem = checks.decodes('pck-chain-missing', 'PCK certificate chain', () => pckChainOf(quote, endorsements))
  const expected = { names: pckNames, profile: pckProfile, leafName: 'Intel SGX PCK Certificate' }
  return readChain(pem, expected, checks, reader)
}

/**
 * The chain of a signer of JSON, one of the two. @throws VerificationError `endorsement-missing`,
 * `cert-parse`, `cert-path`, and as {@link decodeCertificate}
 */
export function readSignerChain(
  name: 'tcbInfoIssuerChain' | 'qeIdentityIssuerChain',
  endorsements: EndorsementTexts,
  checks: CheckRecorder,
  reader?: ChainReader,
): Chain {
  const pem = checks.decodes('endorsement-missing', name, () => endorsement(endorsements, name))
  const names = [`root of ${name}`, `signer of ${name}`]
  return readChain(pem, { names, profile: signerProfile, leafName: 'Intel SGX TCB Signing' }, checks, reader)
}

/**
 * The root CRL is of one root: the platform and the signers that speak about it must be under the
 * same key. The certificate may be another, for Intel issued two.
 * @throws VerificationError `cert-path`
 */
export function checkSameRoot(
  { certificates: [a] }: CertificationPath,
  { certificates: [b] }: CertificationPath,
  checks: CheckRecorder,
): void {
  const holds = a !== undefined && b !== undefined && equalBytes(a.spki, b.spki) && equalBytes(a.subject, b.subject)
  checks.verifies('cert-path', `${a?.name} and ${b?.name}`, {
    holds,
    expected: 'the same root',
    found: holds ? 'the same root' : 'two roots',
  })
}

/** What a chain must be. */
interface Expected extends Pick<Chain, 'profile' | 'leafName'> {
  /** Of the certificates in messages, root first: there must be as many. */
  readonly names: readonly string[]
}

/** How the chains of one verification are read. */
export interface ChainReader {
  /** {@link decodeCertificate}, or something that remembers what it was asked before. */
  readonly decode: typeof decodeCertificate
  readonly memory: Memory | undefined
}

function readChain(
  pem: string,
  { names, profile, leafName }: Expected,
  checks: CheckRecorder,
  { decode, memory }: ChainReader = { decode: decodeCertificate, memory: undefined },
): Chain {
  const name = names.at(-1) as string
  const kind = `chain of ${name}`
  const known = memory?.recall(pem, kind) as Chain['certificates'] | undefined
  const encoded = checks.decodes(
    'cert-parse',
    `PEM of ${name}`,
    () => known?.map(({ der }) => der) ?? decodePem(pem, 'CERTIFICATE', { name, code: 'cert-parse' }),
  )
  const subject = `certificates in the chain of ${name}`
  checks.decodes('cert-path', subject, {
    holds: encoded.length === names.length,
    expected: `${names.length}`,
    found: `${encoded.length}`,
  })
  const read = (der: Bytes, i: number): Certificate => {
    // The name that it has in the usual order.
    const own = names.at(-1 - i) as string
    if (der.length > maximumCertificate)
      throw malformed({ name: own, code: 'cert-parse' }, `at most ${maximumCertificate} bytes, found ${der.length}`)
    return decode(der, own)
  }
  const certificates = checks.decodes(
    'cert-parse',
    `certificates of ${name}`,
    () =>
      known ??
      (rootFirst(encoded.map(read)).map((certificate, i) =>
        certificate.name === names[i] ? certificate : { ...certificate, name: names[i] },
      ) as unknown as Chain['certificates']),
  )
  if (known === undefined) memory?.keep(pem, kind, certificates)
  return { name, certificates, profile, leafName }
}

/**
 * Every rule but dates and signatures. @param hashOf {@link fingerprint}, or something that
 * remembers. @throws VerificationError as `checkPath`, `cert-path`
 */
export async function checkChain(
  { certificates, profile, leafName }: Chain,
  roots: readonly string[],
  checks: CheckRecorder,
  hashOf: typeof fingerprint = fingerprint,
): Promise<CertificationPath> {
  checkRoot(await hashOf(certificates[0].der), roots, checks)
  const path = checkRules(certificates, profile, checks)
  const { name, subject } = path.leaf
  const found = checks.verifies('cert-path', `name of ${name}`, () => commonName(subject, { name, code: 'cert-path' }))
  checks.verifies('cert-path', `common name of ${name}`, { holds: found === leafName, expected: leafName, found })
  return path
}

/** What certificates are put in order by. */
type Names = Pick<Certificate, 'issuer' | 'subject'>

/**
 * Certificates in the order of a path. Intel's service sends the leaf first; quotes of older
 * platforms have the root in the middle. What is no chain comes as far as it is one, and then as it
 * was sent: the rules of a path say what is wrong with it, and of which certificate.
 */
function rootFirst<Named extends Names>(named: readonly Named[]): readonly Named[] {
  const isRoot = ({ issuer, subject }: Named): boolean => equalBytes(issuer, subject)
  const downwards = named.findIndex(isRoot) === 0 ? named : [...named].reverse()
  const path = downwards.filter(isRoot).slice(0, 1)
  for (const { subject } of path) {
    const next = downwards.find((candidate) => !path.includes(candidate) && equalBytes(candidate.issuer, subject))
    if (next !== undefined) path.push(next)
  }
  return [...path, ...downwards.filter((other) => !path.includes(other))]
}

/**
 * RFC 5280 section 4.1: nothing but the two names. The certificate is decoded in full when its path
 * is checked.
 */
function namesOf(der: Bytes, source: Source): Names {
  const certificate = cursor(contentOf(readElement(cursor(der, source), SEQUENCE, 'Certificate')), source)
  const tbs = cursor(contentOf(readElement(certificate, SEQUENCE, 'TBSCertificate')), source)
  readElement(tbs, context(0), 'version')
  readElement(tbs, INTEGER, 'serialNumber')
  readElement(tbs, SEQUENCE, 'signature')
  const issuer = rawOf(readElement(tbs, SEQUENCE, 'issuer'))
  readElement(tbs, SEQUENCE, 'validity')
  return { issuer, subject: rawOf(readElement(tbs, SEQUENCE, 'subject')) }
}
