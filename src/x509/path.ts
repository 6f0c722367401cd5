/**
 * Certification paths (RFC 5280 section 6), restricted to what attestation vendors issue: one linear chain in the order the vendor gives it, from a
 * trust anchor that the caller pinned by its bytes down to one end-entity certificate. Nothing is searched for, reordered or fetched.
 *
 * One function per rule; each is a check of its own in the trace. Not supported, hence refused: name constraints and every critical extension
 * that is not listed here. Revocation is `crl.ts`, for vendors that use it.
 */
import type { SignatureAlgorithm } from '../crypto/algorithms.ts'
import { fingerprint } from '../crypto/digest.ts'
import { importPublicKey, type PublicKey, verifySignature } from '../crypto/signature.ts'
import { type Bytes, equalBytes, toHex } from '../encoding/bytes.ts'
import { VerificationError } from '../core/errors.ts'
import type { AttestationErrorCode } from '../core/codes.ts'
import { type CheckRunner, stopwatch } from '../core/record.ts'
import { iso, isInForce, period } from '../core/time.ts'
import {
  BASIC_CONSTRAINTS,
  type Certificate,
  decodeCertificate,
  DIGITAL_SIGNATURE,
  KEY_CERT_SIGN,
  KEY_USAGE,
  NAME_CONSTRAINTS,
} from './certificate.ts'
import { type EndorsementCache, recall, remember } from './endorsement-cache.ts'

/** A chain in which every rule but dates and signatures holds: the anchor first, the end entity last. */
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

/** One rule about one certificate: returns when it holds, throws when not. `parent` is the issuer, `below` how many CAs follow. */
type Rule = (
  certificate: Certificate,
  parent: Certificate | undefined,
  below: number,
  algorithm: SignatureAlgorithm,
) => void

/** The rules that need neither clock nor signature, in the order they are applied, each to the whole chain. */
const rules: readonly (readonly [id: AttestationErrorCode, summary: string, rule: Rule])[] = [
  ['cert-algorithm', 'algorithms', checkAlgorithm],
  ['cert-extension', 'key usage', checkExtensions],
  ['cert-path-length', 'path lengths', checkPathLength],
  ['cert-chain-name', 'issuer names', checkName],
]

/**
 * Checks everything about a path that needs neither clock nor signature.
 * @param chain the root first, the end entity last
 * @param roots SHA-256 of every root that is trusted
 * @param algorithm the one signature algorithm, and by it the one key type, that this vendor uses
 * @throws VerificationError `root-mismatch`, `cert-parse`, `cert-algorithm`, `cert-extension`, `cert-path-length`, `cert-chain-name`
 */
export async function checkPath(
  chain: readonly NamedCertificate[],
  roots: readonly string[],
  algorithm: SignatureAlgorithm,
  checks: CheckRunner,
): Promise<CertificationPath> {
  checkRoot(await fingerprint((chain[0] as NamedCertificate).der), roots, checks)
  const certificates = checks.run('verify', 'cert-parse', `${chain.length} X.509 v3 certificates`, () =>
    chain.map(({ der, name }) => decodeCertificate(der, name)),
  )
  return checkRules(certificates, algorithm, checks)
}

/** @param root its {@link fingerprint}. @throws VerificationError `root-mismatch` */
export function checkRoot(root: string, roots: readonly string[], checks: CheckRunner): void {
  checks.judge('verify', 'root-mismatch', 'SHA-256 of the root', roots.includes(root), roots.join(' or '), root)
}

/** What {@link checkPath} checks once it knows the root. @throws VerificationError `cert-algorithm`, `cert-extension`, `cert-path-length`, `cert-chain-name` */
export function checkRules(
  certificates: readonly Certificate[],
  algorithm: SignatureAlgorithm,
  checks: CheckRunner,
): CertificationPath {
  for (const [id, summary, rule] of rules) {
    checks.run('verify', id, summary, () => {
      certificates.forEach((certificate, i) => {
        rule(certificate, certificates[i - 1], certificates.length - 2 - i, algorithm)
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
 * Every certificate, the anchor included, is valid at each of these moments (RFC 5280 section 6.1.3 (a)(2)).
 * @param moments Unix milliseconds
 * @param skewMs how far each date may be off
 * @returns the error `cert-validity` of the first certificate that is not; what to do about it depends on whose clock it is
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
      return new VerificationError('cert-validity', problem, period(certificate), iso(now))
    }
  }
  return undefined
}

/** The signature checks of one path: under way, all at once. */
export interface PathSignatures {
  /** The keys of the path, the end entity's last; `undefined` where nothing needed one because the signature below was remembered. */
  readonly keys: readonly (PublicKey | undefined)[]
  /** Waits for all of them. @throws VerificationError `cert-chain-signature` */
  settle(checks: CheckRunner): Promise<void>
}

/**
 * Starts every signature check of a path, each key imported once; a cache spares those that were made before.
 * @param anchorKey that of the first certificate, where it was imported already
 */
export function startSignatures(
  { certificates }: Pick<CertificationPath, 'certificates'>,
  algorithm: SignatureAlgorithm,
  cache?: EndorsementCache,
  anchorKey?: PublicKey,
): PathSignatures {
  const startedAt = stopwatch()
  const known = certificates.map((certificate, i) => recall(cache, certificate, certificates[i - 1]))
  // A key is for the signature below it: where that one is remembered, it is not needed.
  const keys = certificates.map(
    ({ spki }, i) => (i > 0 ? known[i] : anchorKey) ?? (known[i + 1] ? undefined : importPublicKey(spki, algorithm)),
  )
  const holds = certificates.map(
    async ({ signature, tbs }, i) =>
      i === 0 || known[i] !== undefined || verifySignature(algorithm, keys[i - 1], signature, tbs, true),
  )
  return {
    keys,
    async settle(checks) {
      const bad = (await Promise.all(holds)).indexOf(false)
      const subject =
        bad < 0 ? 'certificates signed' : `${certificates[bad]?.name} signed by ${certificates[bad - 1]?.name}`
      checks.judge('verify', 'cert-chain-signature', subject, bad < 0, 'true', `${bad < 0}`, startedAt)
      // Only what hangs on a pinned root is remembered, and not the end entity: most are as short-lived as the evidence.
      certificates.slice(0, -1).forEach((certificate, i) => {
        remember(cache, certificate, certificates[i - 1], keys[i])
      })
    },
  }
}

function checkAlgorithm(
  { name, signatureAlgorithm, spki }: Certificate,
  _parent: unknown,
  _below: number,
  algorithm: SignatureAlgorithm,
): void {
  const { x509, key } = algorithm
  const signature = toHex(signatureAlgorithm)
  const publicKey = toHex(spki)
  if (signature === x509 && new RegExp(key.spki).test(publicKey)) return
  throw new VerificationError('cert-algorithm', `algorithms of ${name}`, algorithm.name, `${signature}, ${publicKey}`)
}

/** RFC 5280 sections 4.2, 4.2.1.3, 4.2.1.9 and 6.1.4 (k) to (o). Other critical extensions could change what a certificate means. */
function checkExtensions(
  { name, extensions, basicConstraints, keyUsage }: Certificate,
  _parent: unknown,
  below: number,
): void {
  const demand = (holds: boolean, problem: string): void => {
    if (!holds) throw new VerificationError('cert-extension', `${name} ${problem}`)
  }
  for (const [id, { critical }] of extensions) {
    demand(!critical || id === BASIC_CONSTRAINTS || id === KEY_USAGE, `has the unknown critical extension ${id}`)
  }
  demand(!extensions.has(NAME_CONSTRAINTS), 'has name constraints')
  const isIssuer = below >= 0
  const must = isIssuer ? 'must' : 'must not'
  demand((basicConstraints?.cA === true) === isIssuer, `${must} be a CA`)
  demand(((keyUsage & KEY_CERT_SIGN) !== 0) === isIssuer, `${must} have keyCertSign`)
  demand(isIssuer || (keyUsage & DIGITAL_SIGNATURE) !== 0, 'must have digitalSignature')
  demand(!isIssuer || extensions.get(BASIC_CONSTRAINTS)?.critical === true, 'must have critical basicConstraints')
}

/** RFC 5280 section 6.1.4 (m). Self-issued certificates, which it does not count, are refused by {@link checkName}. */
function checkPathLength({ name, basicConstraints }: Certificate, _parent: unknown, below: number): void {
  const allowed = basicConstraints?.pathLength ?? below
  if (below > allowed)
    throw new VerificationError(
      'cert-path-length',
      `${name} has too many CAs below it`,
      `at most ${allowed}`,
      `${below}`,
    )
}

/** RFC 5280 section 6.1.3 (a)(4), by bytes. */
function checkName({ name, issuer, subject }: Certificate, parent: Certificate | undefined): void {
  if (parent === undefined) return
  if (equalBytes(issuer, parent.subject) && !equalBytes(issuer, subject)) return
  throw new VerificationError('cert-chain-name', `issuer of ${name} is not ${parent.name}, or is itself`)
}
