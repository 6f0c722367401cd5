/**
 * Certification paths (RFC 5280 section 6), restricted to what attestation vendors issue: one
 * linear chain in the order the vendor gives it, from a trust anchor that the caller pinned by its
 * bytes down to one end-entity certificate. Nothing is searched for, reordered or fetched. What the
 * vendor's certificates look like is data: `profile.ts`.
 *
 * One function per rule; each is a check of its own in the trace. Not supported, hence refused:
 * name constraints and every critical extension that is not listed here. Revocation is `crl.ts`,
 * for vendors that use it.
 */
import { isKeyOf, type SignatureAlgorithm } from '../crypto/algorithms.ts'
import { fingerprint } from '../crypto/digest.ts'
import type { Memory } from '../crypto/memory.ts'
import type { SignatureRow } from '../crypto/signatures.ts'
import { type Bytes, equalBytes, toHex } from '../encoding/bytes.ts'
import { VerificationError } from '../core/errors.ts'
import type { AttestationErrorCode } from '../core/codes.ts'
import type { CheckRunner } from '../core/record.ts'
import { type Clock, iso, isInForce, period } from '../core/time.ts'
import {
  BASIC_CONSTRAINTS,
  type Certificate,
  DIGITAL_SIGNATURE,
  KEY_CERT_SIGN,
  KEY_USAGE,
  NAME_CONSTRAINTS,
} from './certificate.ts'
import { readCertificate } from './endorsement-cache.ts'
import { type CertificateProfile, type PathProfile, profileAt } from './profile.ts'

/**
 * A chain in which every rule but dates and signatures holds: the anchor first, the end entity
 * last.
 */
export interface CertificationPath {
  readonly certificates: readonly Certificate[]
  readonly leaf: Certificate
  /** Last moment at which every certificate is valid, Unix milliseconds. */
  readonly notAfter: number
}

/** A certificate as it came, and where it was found. */
export interface NamedCertificate {
  readonly name: string
  readonly der: Bytes
}

/** What a path must lead to. */
export interface Trust {
  /** SHA-256 of every root that is trusted. */
  readonly roots: readonly string[]
  /** Of certificates that were verified before. Default: none. */
  readonly memory?: Memory | undefined
}

/** The place of a certificate. */
interface Position {
  readonly profile: CertificateProfile
  /** Its issuer; `undefined` for the root. */
  readonly parent: Certificate | undefined
  /** How many CAs follow; -1 for the end entity. */
  readonly below: number
}

/** One rule about one certificate: returns when it holds, throws when not. */
type Rule = (certificate: Certificate, position: Position) => void

/**
 * The rules that need neither clock nor signature, in the order they are applied, each to the whole
 * chain.
 */
const rules: readonly (readonly [id: AttestationErrorCode, summary: string, rule: Rule])[] = [
  ['cert-algorithm', 'algorithms', checkAlgorithm],
  ['cert-extension', 'key usage', checkExtensions],
  ['cert-path-length', 'path lengths', checkPathLength],
  ['cert-chain-name', 'issuer names', checkName],
]

/**
 * Checks everything about a path that needs neither clock nor signature.
 * @param chain the root first, the end entity last
 * @throws VerificationError `root-mismatch`, `cert-parse`, `cert-algorithm`, `cert-extension`,
 *   `cert-path-length`, `cert-chain-name`
 */
export async function checkPath(
  chain: readonly NamedCertificate[],
  { roots, memory }: Trust,
  profile: PathProfile,
  checks: CheckRunner,
): Promise<CertificationPath> {
  checkRoot(await fingerprint((chain[0] as NamedCertificate).der), roots, checks)
  const certificates = checks.verifies('cert-parse', `${chain.length} X.509 v3 certificates`, () =>
    chain.map(({ der, name }, i) => {
      const { quirks, isRemembered } = profileAt(profile, i, chain.length)
      return readCertificate(isRemembered ? memory : undefined, der, name, quirks)
    }),
  )
  return checkRules(certificates, profile, checks)
}

/** @param root its {@link fingerprint}. @throws VerificationError `root-mismatch` */
export function checkRoot(root: string, roots: readonly string[], checks: CheckRunner): void {
  checks.verifies('root-mismatch', 'SHA-256 of the root', {
    holds: roots.includes(root),
    expected: roots.join(' or '),
    found: root,
  })
}

/**
 * What {@link checkPath} checks once it knows the root. @throws VerificationError `cert-algorithm`,
 * `cert-extension`, `cert-path-length`, `cert-chain-name`
 */
export function checkRules(
  certificates: readonly Certificate[],
  profile: PathProfile,
  checks: CheckRunner,
): CertificationPath {
  const { length } = certificates
  const positions = certificates.map((_, i): Position => ({
    profile: profileAt(profile, i, length),
    parent: certificates[i - 1],
    below: length - 2 - i,
  }))
  for (const [id, summary, rule] of rules) {
    checks.verifies(id, summary, () => {
      certificates.forEach((certificate, i) => {
        rule(certificate, positions[i] as Position)
      })
    })
  }
  return {
    certificates,
    leaf: certificates.at(-1) as Certificate,
    notAfter: Math.min(...certificates.map(({ notAfter }) => notAfter)),
  }
}

/**
 * Every certificate, the anchor included, is valid by this clock. @throws VerificationError
 * `cert-validity`
 */
export function checkDates(path: CertificationPath, clock: Clock, subject: string, checks: CheckRunner): void {
  checks.verifies('cert-validity', subject, () => {
    const invalid = findInvalid(path, [clock.now], clock.skewMs)
    if (invalid !== undefined) throw invalid
  })
}

/**
 * Every certificate, the anchor included, is valid at each of these moments (RFC 5280 section 6.1.3
 * (a)(2)).
 * @param moments Unix milliseconds
 * @param skewMs how far each date may be off
 * @returns the error `cert-validity` of the first certificate that is not; what to do about it
 *   depends on whose clock it is
 */
export function findInvalid(
  { certificates }: CertificationPath,
  moments: readonly number[],
  skewMs: number,
): VerificationError | undefined {
  for (const certificate of certificates) {
    for (const now of moments) {
      if (isInForce(certificate, { now, skewMs })) continue
      const problem = `${certificate.name} ${now < certificate.notBefore ? 'is not valid yet' : 'has expired'}`
      return new VerificationError('cert-validity', {
        subject: problem,
        expected: period(certificate),
        found: iso(now),
      })
    }
  }
  return undefined
}

/**
 * The signatures of a path, for the table of a whole verification: one row for each certificate
 * below the root.
 * @param profile what the path is checked against; a certificate that does not fit is refused by
 *   {@link checkRules} before its signature counts
 * @param document what a memory keeps the certificates in. Default: each by itself
 */
export function signatureRows(
  { certificates }: Pick<CertificationPath, 'certificates'>,
  profile: PathProfile,
  document?: object,
): SignatureRow[] {
  return certificates.slice(1).map((certificate, i) => {
    const { name, tbs, signature, spki } = certificate
    const position = profileAt(profile, i + 1, certificates.length)
    const algorithm = algorithmOf(certificate, position) ?? position.signatures[0]
    return {
      code: 'cert-chain-signature',
      of: {
        name,
        signedBytes: tbs,
        signature,
        algorithm,
        isDer: true,
        spki,
        document: document ?? certificate,
      },
      by: certificates[i] as Certificate,
      group: 'certificates signed',
    }
  })
}

/**
 * The row of the table that a certificate is signed with, among those that its position accepts.
 */
function algorithmOf(
  { signatureAlgorithm }: Certificate,
  { signatures }: CertificateProfile,
): SignatureAlgorithm | undefined {
  const found = toHex(signatureAlgorithm)
  return signatures.find(({ x509 }) => x509 === found)
}

function checkAlgorithm(certificate: Certificate, { profile }: Position): void {
  const { name, signatureAlgorithm, spki } = certificate
  const { signatures, key } = profile
  if (algorithmOf(certificate, profile) !== undefined && isKeyOf(spki, key)) return
  const [signature] = signatures
  const wanted = signature.key === key ? signature.name : `${signature.name}, a key of ${key.name}`
  throw new VerificationError('cert-algorithm', {
    subject: `algorithms of ${name}`,
    expected: wanted,
    found: `${toHex(signatureAlgorithm)}, ${toHex(spki)}`,
  })
}

/**
 * RFC 5280 sections 4.2, 4.2.1.3, 4.2.1.9 and 6.1.4 (k) to (o). Other critical extensions could
 * change what a certificate means.
 */
function checkExtensions({ name, extensions, basicConstraints, keyUsage }: Certificate, { profile }: Position): void {
  const demand = (holds: boolean, problem: string): void => {
    if (!holds) throw new VerificationError('cert-extension', `${name} ${problem}`)
  }
  for (const [id, { critical }] of extensions) {
    demand(!critical || id === BASIC_CONSTRAINTS || id === KEY_USAGE, `has the unknown critical extension ${id}`)
  }
  demand(!extensions.has(NAME_CONSTRAINTS), 'has name constraints')
  const { isCa } = profile
  const must = isCa ? 'must' : 'must not'
  demand((basicConstraints?.cA === true) === isCa, `${must} be a CA`)
  demand(((keyUsage & KEY_CERT_SIGN) !== 0) === isCa, `${must} have keyCertSign`)
  const mayDoAll = profile.mayLackKeyUsage === true && !extensions.has(KEY_USAGE)
  demand(isCa || mayDoAll || (keyUsage & DIGITAL_SIGNATURE) !== 0, 'must have digitalSignature')
  demand(!isCa || extensions.get(BASIC_CONSTRAINTS)?.critical === true, 'must have critical basicConstraints')
}

/**
 * RFC 5280 section 6.1.4 (m). Self-issued certificates, which it does not count, are refused by
 * {@link checkName}.
 */
function checkPathLength({ name, basicConstraints }: Certificate, { below }: Position): void {
  const allowed = basicConstraints?.pathLength ?? below
  if (below > allowed)
    throw new VerificationError('cert-path-length', {
      subject: `${name} has too many CAs below it`,
      expected: `at most ${allowed}`,
      found: `${below}`,
    })
}

/** RFC 5280 section 6.1.3 (a)(4), by bytes; and the names that the vendor gives. */
function checkName({ name, issuer, subject }: Certificate, { parent, profile }: Position): void {
  if (parent !== undefined && (!equalBytes(issuer, parent.subject) || equalBytes(issuer, subject)))
    throw new VerificationError('cert-chain-name', `issuer of ${name} is not ${parent.name}, or is itself`)
  const wanted = profile.subject
  if (wanted !== undefined && !equalBytes(subject, wanted.der))
    throw new VerificationError('cert-chain-name', {
      subject: `subject of ${name}`,
      expected: wanted.text,
      found: toHex(subject),
    })
}
