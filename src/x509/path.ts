/**
 * Certification paths (RFC 5280 section 6), restricted to what attestation vendors issue: one linear chain in the order the vendor gives it, from a
 * trust anchor that the caller pinned by its bytes down to one end-entity certificate. Nothing is searched for, reordered or fetched.
 *
 * One function per rule; each is a check of its own in the trace. Not supported, hence refused: name constraints and every critical extension
 * that is not listed here. Revocation is `crl.ts`, for vendors that use it.
 */
import type { SignatureAlgorithm } from '../crypto/algorithms.ts'
import { ecdsaFromDer, importPublicKey, type PublicKey, verifySignature } from '../crypto/signature.ts'
import { type Bytes, equalBytes } from '../encoding/bytes.ts'
import { VerificationError } from '../errors.ts'
import { type CheckRecorder, stopwatch } from '../trace.ts'
import { type Certificate, decodeCertificate, extensionIds, keyUsages } from './certificate.ts'
import type { IssuerMemory } from './endorsement-cache.ts'

/** A chain in which every rule but dates and signatures holds: the anchor first, the end entity last, at least those two. */
export interface CertificationPath {
  readonly certificates: readonly [Certificate, ...Certificate[]]
  readonly leaf: Certificate
  /** First moment at which every certificate is valid, Unix milliseconds. */
  readonly notBefore: number
  /** Last moment at which every certificate is valid, Unix milliseconds. */
  readonly notAfter: number
}

/** A certificate as it came, and where it was found. */
export interface NamedCertificate {
  readonly name: string
  readonly der: Bytes
}

/** When certificates must be valid: a moment, and how far each of their dates may be off. */
export interface ValidityTime {
  /** Unix milliseconds. */
  readonly at: number
  readonly toleranceMs: number
  /** Words for messages: `now`, or `the time of the evidence`. */
  readonly label: string
}

const processedExtensions: readonly string[] = /* @__PURE__ */ Object.values(extensionIds)

/**
 * Checks everything about a path that needs neither clock nor signature.
 * @param chain the root first, the end entity last
 * @param anchors pinned roots, DER
 * @param algorithm the one signature algorithm, and by it the one key type, that this vendor uses
 * @throws VerificationError `root-mismatch`, `cert-parse`, `cert-algorithm`, `cert-extension`, `cert-path-length`, `cert-chain-name`
 */
export function checkPath(
  chain: readonly NamedCertificate[],
  anchors: readonly Bytes[],
  algorithm: SignatureAlgorithm,
  checks: CheckRecorder,
): CertificationPath {
  const [root, ...below] = chain as readonly [NamedCertificate, ...NamedCertificate[]]
  const anchor = checks.run('verify', 'root-mismatch', 'the chain starts at a pinned root, byte for byte', () =>
    pinned(root, anchors),
  )
  const certificates = checks.run(
    'verify',
    'cert-parse',
    ({ length }) => `${length} certificates are strict DER, X.509 v3`,
    () =>
      [decodeCertificate(anchor, root.name), ...below.map(({ name, der }) => decodeCertificate(der, name))] as const,
  )
  checks.run('verify', 'cert-algorithm', `every key and signature is ${algorithm.name}`, () => {
    for (const certificate of certificates) checkAlgorithm(certificate, algorithm)
  })
  checks.run(
    'verify',
    'cert-extension',
    'CAs may issue, the end entity may only sign, no unknown critical extension',
    () => {
      for (const [i, certificate] of certificates.entries()) checkExtensions(certificate, i < certificates.length - 1)
    },
  )
  checks.run('verify', 'cert-path-length', 'no path length constraint is exceeded', () => {
    for (const [i, certificate] of certificates.entries()) checkPathLength(certificate, certificates.length - 2 - i)
  })
  checks.run('verify', 'cert-chain-name', 'every issuer is the subject before it', () => {
    for (const [i, certificate] of certificates.slice(1).entries())
      checkName(certificate, certificates[i] as Certificate)
  })
  return {
    certificates,
    leaf: certificates.at(-1) as Certificate,
    notBefore: Math.max(...certificates.map(({ notBefore }) => notBefore)),
    notAfter: Math.min(...certificates.map(({ notAfter }) => notAfter)),
  }
}

/** Every certificate, the anchor included, is valid at that time (RFC 5280 section 6.1.3 (a)(2)). @throws VerificationError `cert-validity` */
export function checkValidity(path: CertificationPath, { at, toleranceMs, label }: ValidityTime): void {
  for (const { name, notBefore, notAfter } of path.certificates) {
    if (at < notBefore - toleranceMs || at > notAfter + toleranceMs) {
      const early = at < notBefore
      const distance = duration(early ? notBefore - at : at - notAfter)
      throw new VerificationError(
        'cert-validity',
        early
          ? `${name} is not valid before ${iso(notBefore)}; ${label}, ${iso(at)}, is ${distance} too early`
          : `${name} expired at ${iso(notAfter)}; ${label}, ${iso(at)}, is ${distance} too late`,
        { expected: `${iso(notBefore)} to ${iso(notAfter)}`, actual: iso(at) },
      )
    }
  }
}

/** The signature checks of one path: under way, all at once. */
export interface PathSignatures {
  /** The end entity's key, for what it signed itself. */
  readonly leafKey: PublicKey
  /** Waits for all of them. @throws VerificationError `cert-chain-signature` */
  settle(checks: CheckRecorder): Promise<void>
}

/** Starts every signature check of a path, each key imported once; a cache spares those that were made before. */
export function startSignatures(
  path: CertificationPath,
  algorithm: SignatureAlgorithm,
  cache?: IssuerMemory,
): PathSignatures {
  const startedAt = stopwatch()
  const { certificates, leaf } = path
  const links = certificates.slice(1).map((certificate, i) => {
    const issuer = certificates[i] as Certificate
    if (cache?.has(certificate, issuer) === true)
      return { certificate, issuer, issuerKey: undefined, holds: Promise.resolve(true) }
    const issuerKey = cache?.key(issuer) ?? importPublicKey(issuer.spki, algorithm)
    return { certificate, issuer, issuerKey, holds: verifyIssued(certificate, issuerKey, algorithm) }
  })
  return {
    leafKey: importPublicKey(leaf.spki, algorithm),
    async settle(checks) {
      const settled = await Promise.all(links.map(({ holds }) => holds))
      checks.run(
        'verify',
        'cert-chain-signature',
        `${settled.length} certificates are each signed by the one before`,
        () => {
          for (const [i, { certificate, issuer }] of links.entries()) {
            if (settled[i] !== true) {
              throw new VerificationError(
                'cert-chain-signature',
                `${certificate.name} is not signed by the key of ${issuer.name}`,
              )
            }
          }
        },
        startedAt,
      )
      // Only what hangs on a pinned root is remembered, and the end entity never is: it is as short-lived as the evidence.
      for (const [i, { certificate, issuer }] of links.slice(0, -1).entries())
        cache?.add(certificate, issuer, links[i + 1]?.issuerKey)
    },
  }
}

async function verifyIssued(
  { name, tbs, signature }: Certificate,
  issuerKey: PublicKey,
  algorithm: SignatureAlgorithm,
): Promise<boolean> {
  const { coordinateSize } = algorithm.key
  try {
    const raw =
      coordinateSize === 0 ? signature : ecdsaFromDer(signature, coordinateSize, { name, code: 'cert-chain-signature' })
    return await verifySignature(algorithm, issuerKey, raw, tbs)
  } catch {
    return false
  }
}

function pinned({ name, der }: NamedCertificate, anchors: readonly Bytes[]): Bytes {
  for (const anchor of anchors) if (equalBytes(anchor, der)) return anchor
  throw new VerificationError(
    'root-mismatch',
    `${name} is none of the ${anchors.length} pinned root certificates, whatever its subject says`,
  )
}

function checkAlgorithm(
  { name, signatureAlgorithm, publicKeyAlgorithm, publicKey }: Certificate,
  algorithm: SignatureAlgorithm,
): void {
  const { key } = algorithm
  if (!equalBytes(signatureAlgorithm, algorithm.x509)) {
    throw new VerificationError('cert-algorithm', `${name} is not signed with ${algorithm.name}`)
  }
  const point = key.coordinateSize === 0 || (publicKey.length === 1 + 2 * key.coordinateSize && publicKey[0] === 4)
  if (!equalBytes(publicKeyAlgorithm, key.spki) || !point) {
    throw new VerificationError('cert-algorithm', `${name} does not hold an uncompressed ${key.name} key`)
  }
}

/** RFC 5280 sections 4.2, 4.2.1.3, 4.2.1.9 and 6.1.4 (k) to (o). */
function checkExtensions(
  { name, extensions, basicConstraints, keyUsage, subject }: Certificate,
  isIssuer: boolean,
): void {
  const refuse = (problem: string): never => {
    throw new VerificationError('cert-extension', `${name} ${problem}`)
  }
  for (const [id, { critical }] of extensions) {
    if (id === extensionIds.nameConstraints) refuse('has name constraints, which no vendor of attestation uses')
    if (critical && !processedExtensions.includes(id)) refuse(`has the unknown critical extension ${id}`)
  }
  const may = (usage: number): boolean => keyUsage !== undefined && (keyUsage & usage) !== 0
  if (isIssuer) {
    if (basicConstraints?.cA !== true) refuse('is no CA: basicConstraints must say cA TRUE')
    if (extensions.get(extensionIds.basicConstraints)?.critical !== true)
      refuse('is a CA whose basicConstraints is not critical')
    if (!may(keyUsages.keyCertSign)) refuse('may not issue: keyUsage must have keyCertSign')
    if (subject.length === 2) refuse('is a CA without a subject')
  } else {
    if (basicConstraints?.cA === true) refuse('is a CA where an end entity must stand')
    if (may(keyUsages.keyCertSign)) refuse('is an end entity whose keyUsage has keyCertSign')
    if (!may(keyUsages.digitalSignature)) refuse('may not sign: keyUsage must have digitalSignature')
  }
}

/** RFC 5280 section 6.1.4 (m); self-issued certificates, which it does not count, are refused by {@link checkName}. */
function checkPathLength({ name, basicConstraints }: Certificate, issuersBelow: number): void {
  const allowed = basicConstraints?.pathLength
  if (allowed !== undefined && issuersBelow > allowed) {
    throw new VerificationError('cert-path-length', `${name} allows ${allowed} CAs below it, found ${issuersBelow}`, {
      expected: `at most ${allowed}`,
      actual: `${issuersBelow}`,
    })
  }
}

function checkName({ name, issuer, subject }: Certificate, parent: Certificate): void {
  if (!equalBytes(issuer, parent.subject)) {
    throw new VerificationError(
      'cert-chain-name',
      `${name} was not issued by ${parent.name}: issuer and subject differ`,
    )
  }
  if (equalBytes(issuer, subject)) {
    throw new VerificationError('cert-chain-name', `${name} is self-issued, which only a root may be`)
  }
}

const iso = (milliseconds: number): string => new Date(milliseconds).toISOString()

/** A time span as people say it. */
function duration(milliseconds: number): string {
  const seconds = Math.ceil(milliseconds / 1000)
  for (const [unit, size] of [
    ['days', 86_400],
    ['hours', 3600],
    ['minutes', 60],
  ] as const) {
    if (seconds >= 2 * size) return `${Math.floor(seconds / size)} ${unit}`
  }
  return `${seconds} seconds`
}
