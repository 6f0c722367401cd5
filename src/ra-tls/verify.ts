/**
 * RA-TLS: certificates that carry attestation evidence for the very key they are about. The holder
 * of that key in a TLS handshake is then the enclave.
 *
 * The binding has three links, and all are checked here or by the caller's verifier: the
 * certificate is signed by its own key (or a handshake has shown possession), the key's hash is in
 * the report data, and the report data is in evidence that verifies.
 */
import {
  ecdsaP384Sha256,
  ES256,
  ES384,
  ES512,
  RS256,
  RS384,
  RS512,
  type SignatureAlgorithm,
} from '../crypto/algorithms.ts'
import { appraiseBinding } from '../appraisal/binding.ts'
import { importPublicKey, verifySignature } from '../crypto/signature.ts'
import { type Bytes, copyBytes, equalBytes, isBytes, toHex } from '../encoding/bytes.ts'
import { VerificationError } from '../core/errors.ts'
import { knownOptions, requireOption } from '../core/options.ts'
import { type AttestationResult, isAttestationResult } from '../core/result.ts'
import { type CheckRecorder, recordChecks, stopwatch } from '../core/record.ts'
import type { Check } from '../core/check.ts'
import { BASIC_CONSTRAINTS, KEY_USAGE } from '../x509/certificate.ts'
import { type Clock, iso, isInForce, period, readSkew } from '../core/time.ts'
import { decodeRaTlsCertificate, type RaTlsCertificate, usesAlgorithm } from './certificate.ts'
import { isRaTlsExtension, type RaTlsConvention, type RaTlsEvidence, readRaTlsEvidence } from './evidence.ts'

/**
 * Pass it as `possession` when the certificate is the peer's in a TLS connection of yours: the
 * handshake has shown that the peer holds the key. The signature on the certificate is then not
 * checked, so certificates that a CA signed are accepted too.
 */
export const provenByHandshake: unique symbol = /* @__PURE__ */ Symbol.for('veritee.provenByHandshake')

/** A result of a verifier of evidence that has report data. */
export type ReportDataResult = AttestationResult<string, { readonly reportData: Uint8Array }>

/** Options of {@link verifyRaTls}. */
export interface RaTlsOptions<Result extends ReportDataResult> {
  /**
   * Verifies and appraises the evidence, with a verifier of this library; `reportData` is what it
   * must carry, to be passed on as the expectation. That it does carry it is checked once more
   * here.
   */
  readonly verify: (quote: Uint8Array, reportData: Uint8Array) => Promise<Result>
  /** The time to check the certificate's dates at. */
  readonly now: Date
  /** How far clocks may be apart, 0 to 86400. Default 300. */
  readonly clockSkewSeconds?: number
  /**
   * The claim `nonce` that the evidence must carry; only tagged evidence has one. Default: not
   * compared.
   */
  readonly nonce?: Uint8Array
  /** Default: the certificate must be signed by its own key. */
  readonly possession?: typeof provenByHandshake
  /** Called with every check as soon as it was made. Default: none. */
  readonly trace?: (check: Check) => void
}

/** A certificate whose key verified evidence vouches for. */
export interface RaTlsResult<Result extends ReportDataResult> {
  /** What the caller's verifier returned. */
  readonly result: Result
  readonly convention: RaTlsConvention
  /** DER SubjectPublicKeyInfo of the certificate: the key that the evidence vouches for. */
  readonly publicKey: Uint8Array
  /** The claim `nonce` of tagged evidence. */
  readonly nonce: Uint8Array | undefined
  /** The event log that dstack puts beside the evidence: not verified, see `replayEventLog`. */
  readonly eventLog: Uint8Array | undefined
  /** Every check that was made here, in order; those of the evidence are in `result`. */
  readonly checks: readonly Check[]
}

/**
 * Extensions that may be critical: they say for what else the certificate is good, which TLS has
 * judged. 551d11 is subjectAltName, 551d25 extKeyUsage.
 */
const knownExtensions = [BASIC_CONSTRAINTS, KEY_USAGE, '551d11', '551d25']
const algorithms: readonly SignatureAlgorithm[] = [ES256, ES384, ES512, ecdsaP384Sha256, RS256, RS384, RS512]

/**
 * The evidence inside a certificate, for display or for a verifier of your own. Nothing is
 * verified.
 * @param certificate DER, at most 256 KB
 * @throws VerificationError `cert-parse`, `cert-algorithm`, `cert-extension`, `ra-tls-evidence`;
 *   `ra-tls-binding` when its claims are about another key
 * @throws TypeError when `certificate` is no bytes
 */
export async function decodeRaTlsEvidence(certificate: Uint8Array): Promise<RaTlsEvidence> {
  return readRaTlsEvidence(decodeRaTlsCertificate(copyCertificate(certificate)))
}

/**
 * Verifies an RA-TLS certificate: its evidence, with the verifier that you give, and that this
 * evidence vouches for the certificate's key.
 *
 * Does *not* prove that the peer is the one you meant to reach: the evidence says what runs there,
 * not where. And without `nonce` or a handshake of now it may be a copy of an old certificate, for
 * a key that has leaked since.
 *
 * ```ts
 * const { publicKey, result } = await verifyRaTls(certificate, {
 *   now: new Date(),
 *   possession: provenByHandshake,
 *   verify: (quote, reportData) => verifySgx(quote, { endorsements, referenceValues, reportData }),
 * })
 * ```
 * @param certificate DER, at most 256 KB
 * @throws VerificationError `cert-parse`, `cert-algorithm`, `cert-extension`, `cert-validity`,
 *   `cert-chain-name`, `cert-chain-signature`, `ra-tls-evidence`, `ra-tls-binding`
 * @throws AppraisalError `policy-nonce`
 * @throws TypeError for a caller's mistake, a `verify` that returns no result of this library
 *   included
 * @throws what `verify` throws
 */
export async function verifyRaTls<Result extends ReportDataResult>(
  certificate: Uint8Array,
  options: RaTlsOptions<Result>,
): Promise<RaTlsResult<Result>> {
  // 0. The caller's own mistakes.
  const { verify, now, skewMs, nonce, possession, trace } = readOptions(options)
  const der = copyCertificate(certificate)
  const checks = recordChecks(trace)
  // 1. The certificate: well formed, in force, signed by the key that it is about.
  const decoded = checks.decodes('cert-parse', 'X.509 v3 certificate', () => decodeRaTlsCertificate(der))
  checks.verifies('cert-extension', 'critical extensions', () => {
    requireKnownExtensions(decoded)
  })
  checks.verifies('cert-validity', 'dates of the certificate', () => {
    requireValid(decoded, { now, skewMs })
  })
  if (possession === undefined) await requireSelfSigned(decoded, checks)
  else checks.omit('cert-chain-signature', 'skipped', 'possession of the key proven by a handshake')
  // 2. The evidence, and what it must carry so that it vouches for this key.
  const evidence = await readEvidence(decoded, checks)
  // 3. Authenticity and appraisal of the evidence are the verifier's. Copies: what it does with
  // them changes nothing here.
  const result = await verify(copyBytes(evidence.quote), copyBytes(evidence.reportData))
  if (!isAttestationResult(result)) throw new TypeError('verify must return the result of a verifier of this library')
  // 4. The binding: what was verified carries this key.
  requireBinding(result, evidence.reportData, checks)
  appraiseBinding('policy-nonce', 'nonce', { found: evidence.nonce, expected: nonce }, checks)
  checks.conclude()
  return Object.freeze({
    result,
    convention: evidence.convention,
    publicKey: copyBytes(decoded.spki),
    nonce: evidence.nonce && copyBytes(evidence.nonce),
    eventLog: evidence.eventLog && copyBytes(evidence.eventLog),
    checks: Object.freeze([...checks.made]),
  })
}

interface RaTlsPolicy<Result extends ReportDataResult> {
  readonly verify: RaTlsOptions<Result>['verify']
  readonly now: number
  readonly skewMs: number
  readonly nonce: Bytes | undefined
  readonly possession: typeof provenByHandshake | undefined
  readonly trace: ((check: Check) => void) | undefined
}

/** @throws TypeError */
function readOptions<Result extends ReportDataResult>(options: RaTlsOptions<Result>): RaTlsPolicy<Result> {
  const names = ['verify', 'now', 'clockSkewSeconds', 'nonce', 'possession', 'trace'] as const
  const own = knownOptions<RaTlsOptions<Result>>(options, names)
  const { verify, now, clockSkewSeconds, nonce, possession, trace } = own
  requireOption('verify', 'a function', typeof verify === 'function')
  requireOption('now', 'a Date', now instanceof Date && Number.isFinite(now.getTime()))
  const skewMs = readSkew(clockSkewSeconds)
  // An option that is there but `undefined` would go unchecked unnoticed.
  requireOption(
    'nonce',
    'at least one byte (Uint8Array)',
    !Object.hasOwn(own, 'nonce') || (isBytes(nonce) && nonce.length > 0),
  )
  requireOption('possession', 'provenByHandshake', possession === undefined || possession === provenByHandshake)
  requireOption('trace', 'a function', trace === undefined || typeof trace === 'function')
  return {
    verify: verify as RaTlsOptions<Result>['verify'],
    now: (now as Date).getTime(),
    skewMs,
    nonce: nonce && copyBytes(nonce),
    possession,
    trace,
  }
}

function copyCertificate(certificate: unknown): Bytes {
  if (!isBytes(certificate)) throw new TypeError('certificate must be a Uint8Array (DER)')
  return copyBytes(certificate)
}

/** Other critical extensions could change what the certificate means (RFC 5280 section 4.2). */
function requireKnownExtensions({ extensions }: RaTlsCertificate): void {
  for (const [id, { critical }] of extensions) {
    if (critical && !knownExtensions.includes(id) && !isRaTlsExtension(id))
      throw new VerificationError('cert-extension', `certificate has the unknown critical extension ${id}`)
  }
}

function requireValid(certificate: RaTlsCertificate, clock: Clock): void {
  if (isInForce(certificate, clock)) return
  const problem = `certificate ${clock.now < certificate.notBefore ? 'is not valid yet' : 'has expired'}`
  throw new VerificationError('cert-validity', {
    subject: problem,
    expected: period(certificate),
    found: iso(clock.now),
  })
}

async function readEvidence(certificate: RaTlsCertificate, checks: CheckRecorder): Promise<RaTlsEvidence> {
  const settled = await readRaTlsEvidence(certificate).then(
    (evidence) => () => evidence,
    (error: unknown) => () => {
      throw error
    },
  )
  return checks.decodes('ra-tls-evidence', 'evidence in the certificate', settled)
}

/** Otherwise an attester could copy a key that it does not hold into its certificate. */
async function requireSelfSigned(certificate: RaTlsCertificate, checks: CheckRecorder): Promise<void> {
  const { issuer, subject, spki, signature, signatureAlgorithm, tbs } = certificate
  const startedAt = stopwatch()
  const isSelfIssued = equalBytes(issuer, subject)
  const subjectText = 'issuer of the certificate'
  checks.verifies('cert-chain-name', subjectText, {
    holds: isSelfIssued,
    expected: 'itself',
    found: isSelfIssued ? 'itself' : 'another',
  })
  const algorithm = algorithms.find((known) => usesAlgorithm(certificate, known))
  if (algorithm === undefined) {
    const names = algorithms.map(({ name }) => name).join(', ')
    const found = `${toHex(signatureAlgorithm)}, ${toHex(spki)}`
    checks.verifies('cert-algorithm', 'algorithms of the certificate', { holds: false, expected: names, found })
    return
  }
  const holds = await verifySignature(algorithm, importPublicKey(spki, algorithm), {
    signature,
    signedBytes: tbs,
    isDer: true,
  })
  checks.verifies('cert-chain-signature', 'certificate signed by its own key', {
    holds,
    otherwise: 'signature does not match',
    startedAt,
  })
}

/**
 * The verifier may have been asked about other evidence, or not have been told what to expect: its
 * result is what counts.
 */
function requireBinding({ claims }: ReportDataResult, expected: Bytes, checks: CheckRecorder): void {
  const { reportData } = claims as { readonly reportData: unknown }
  const found = isBytes(reportData) ? copyBytes(reportData) : undefined
  const holds = found !== undefined && equalBytes(found, expected)
  const actual = found === undefined ? 'nothing' : toHex(found)
  checks.verifies('ra-tls-binding', "report data, of the certificate's key", {
    holds,
    expected: toHex(expected),
    found: actual,
  })
}
