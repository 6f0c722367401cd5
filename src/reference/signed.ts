/**
 * Signed reference values: measurements that whoever built the image signed with a key of their own CA (RFC 9334: a Reference Value Provider), in a CoRIM
 * under a COSE_Sign1. Not one digest is returned before the signature, the certificates, the dates and the version have been checked.
 */
import { ES256, ES384, type SignatureAlgorithm } from '../crypto/algorithms.ts'
import { importPublicKey, verifySignature } from '../crypto/signature.ts'
import { type Bytes, copyBytes, equalBytes, isBytes, toHex } from '../encoding/bytes.ts'
import { type CborValue, decodeCbor } from '../encoding/cbor.ts'
import { type CoseSign1, decodeSign1, signedBytes } from '../encoding/cose.ts'
import { VerificationError } from '../errors.ts'
import { readTime, requireOption, snapshotOf } from '../formats/options.ts'
import type { NitroCliReferenceValues, PcrReferenceValues } from '../formats/nsm/reference-values.ts'
import { readReferenceValues } from '../formats/nsm/reference-values.ts'
import { recordChecks } from '../trace.ts'
import { decodeCertificate } from '../x509/certificate.ts'
import { nameToText, printable } from '../x509/name.ts'
import { checkPath, findInvalid, fingerprint, iso, startSignatures } from '../x509/path.ts'
import {
  type Corim,
  type CorimReference,
  decodeCorim,
  decodePeriod,
  mapOf,
  onlyKeys,
  type Period,
  profileOfReferenceValues,
} from './corim.ts'
import { environments, nameOfClass, type ReferenceEnvironment } from './environments.ts'

/** What {@link openReferenceValues} takes besides the file. Unknown options are a `TypeError`. */
export interface OpenReferenceValuesOptions {
  /** Certificates of the CAs that you trust to sign, DER. The file brings the rest of the chain. */
  readonly trustAnchors: readonly Uint8Array[]
  /** What the measurements must be of. */
  readonly environment: ReferenceEnvironment
  /** The least version that is accepted: keep the greatest that you have seen, so that nobody can lead you back to a build with known flaws. 0: any. */
  readonly minimumVersion: number
  /** Builds that are never accepted, whoever signed them: every entry that does not differ from each of them in a register is left out. */
  readonly revoked?: readonly (PcrReferenceValues | NitroCliReferenceValues)[]
  /** Default: the clock, read once. */
  readonly now?: Date
  /** How far clocks may be apart, 0 to 86400. Default 300. */
  readonly clockSkewSeconds?: number
}

/** One build that was signed: goes into the option `referenceValues` of a verifier as it is. */
export type SignedReferenceValue = PcrReferenceValues & { readonly [pcr: `PCR${number}`]: Uint8Array }

/** What {@link openReferenceValues} returns; frozen. */
export interface SignedReferenceValues {
  /** Pass them to the verifier: any of them may run there. Its `matched` is the name of the one that does. */
  readonly referenceValues: readonly SignedReferenceValue[]
  readonly environment: ReferenceEnvironment
  /** What the signer called the file. */
  readonly id: string
  readonly version: number
  /** Subject of the certificate that signed. */
  readonly signer: string
  /** When the file, or a certificate of its chain, expires. */
  readonly validUntil: Date
}

/** Larger files are refused before they are read. */
const maximumSize = 1_048_576
const contentType = 'application/rim+cbor'
/** Header parameters: RFC 9052, RFC 9360 (x5chain), the draft (corim-meta). */
const header = { alg: 1, contentType: 3, kid: 4, meta: 8, x5chain: 33 } as const
const algorithms: readonly SignatureAlgorithm[] = [ES256, ES384]

/**
 * Opens reference values that were signed by a CA of yours (`veritee sign`, or {@link signReferenceValues}).
 *
 * Proves: a certificate under one of `trustAnchors`, valid now, signed exactly these values for this environment, and they are not older than
 * `minimumVersion`. Revocation of certificates is not checked: keep them short-lived. The whole chain uses one algorithm, ES256 on P-256 or ES384 on P-384.
 *
 * @param bytes a CoRIM (draft-ietf-rats-corim) in a COSE_Sign1 with tag 18, at most 1 MiB
 * @throws VerificationError `reference-unsigned`, `reference-untrusted`, `reference-signature`, `reference-validity`, `reference-rollback`,
 *   `reference-environment`, `reference-revoked`, `reference-profile`, `reference-content`, …, or a `cose-` or `cert-` code
 * @throws TypeError when the options are wrong
 * @example
 * ```ts
 * const { referenceValues, version } = await openReferenceValues(file, { environment: 'nitro', trustAnchors: [ca], minimumVersion })
 * await verifyNitro(evidence, { referenceValues, freshness: { nonce } })
 * ```
 */
export async function openReferenceValues(
  bytes: Uint8Array,
  options: OpenReferenceValuesOptions,
): Promise<SignedReferenceValues> {
  // 0. The caller's own mistakes.
  requireOption('bytes', 'a Uint8Array', isBytes(bytes))
  const policy = readOptions(options)
  const file = copyBytes(bytes)

  // 1. Who signed it, and that they may.
  const signed = await verifyCorim(file, policy.trustAnchors, policy.now, policy.skewMs)

  // 2. What they signed: now, for this environment, and nothing older than what was seen before.
  const { corim, validUntil, signer } = signed
  checkPeriod('CoRIM', corim.validity, policy)
  requireThat(corim.profile !== undefined, 'reference-profile', 'profile', profileOfReferenceValues, 'none')
  const [version = 0, ...more] = corim.versions
  requireThat(
    more.every((other) => other === version),
    'reference-content',
    'versions in one file',
    '1',
    'several',
  )
  requireThat(
    version >= policy.minimumVersion,
    'reference-rollback',
    'version',
    `at least ${policy.minimumVersion}`,
    `${version}`,
  )
  const values = corim.references.map((reference, i) => valueOf(reference, i, policy.environment))

  // 3. What is revoked is not accepted, whoever signed it.
  const accepted = values.filter((value) => !policy.revoked.some((build) => couldBe(value, build)))
  requireThat(
    accepted.length > 0,
    'reference-revoked',
    'builds that are not revoked',
    'at least 1',
    `0 of ${values.length}`,
  )
  return Object.freeze({
    referenceValues: Object.freeze(accepted),
    environment: policy.environment,
    id: printable(corim.id),
    version,
    signer,
    validUntil: new Date(Math.min(validUntil, corim.validity.notAfter ?? Infinity)),
  })
}

/** A CoRIM that was signed by someone under the anchors. */
export interface VerifiedCorim {
  readonly corim: Corim
  readonly signer: string
  /** Unix milliseconds. */
  readonly validUntil: number
}

/** The signature, and who made it. The payload is decoded, and not judged. @throws VerificationError */
export async function verifyCorim(
  file: Bytes,
  trustAnchors: readonly Bytes[],
  now: number,
  skewMs: number,
): Promise<VerifiedCorim> {
  requireThat(file.length <= maximumSize, 'reference-size', 'bytes', `at most ${maximumSize}`, `${file.length}`)
  // Tag 501 without an envelope around it. Anything else is not a signed file either, and said to be malformed.
  requireThat(toHex(file.subarray(0, 3)) !== 'd901f5', 'reference-unsigned', 'CoRIM', 'a signature', 'none')
  requireThat(file[0] === 0xd2, 'reference-cbor', 'first byte', 'd2, the tag of COSE_Sign1', toHex(file.subarray(0, 1)))
  const sign1 = decodeSign1(file)
  const { algorithm, chain, period } = readHeaders(sign1)

  const ordered = [...chain].reverse()
  const anchor = await findAnchor(ordered[0] as Bytes, trustAnchors, algorithm)
  const named = [...(anchor === undefined ? [] : [anchor]), ...ordered].map((der, i, { length }) => ({
    der,
    name: i === 0 ? 'CA' : i === length - 1 ? 'signing certificate' : `x5chain[${length - 1 - i}]`,
  }))
  requireThat(
    named.length > 1,
    'reference-untrusted',
    'signing certificate',
    'one that the CA issued',
    'that of the CA',
  )
  const checks = recordChecks()
  const roots = await Promise.all(trustAnchors.map(fingerprint))
  const path = await checkPath(named, roots, algorithm, checks)
  const invalid = findInvalid(path, [now], skewMs)
  if (invalid !== undefined) throw invalid

  const signatures = startSignatures(path, algorithm)
  const holds = verifySignature(algorithm, signatures.leafKey, sign1.signature, signedBytes(sign1))
  await signatures.settle(checks)
  requireThat(await holds, 'reference-signature', 'signature of the CoRIM', 'one by the signing certificate', 'another')
  checkPeriod('signature', period, { now, skewMs })
  return {
    corim: decodeCorim(sign1.payload),
    signer: nameToText(path.leaf.subject),
    validUntil: Math.min(path.notAfter, period.notAfter ?? Infinity),
  }
}

interface Headers {
  readonly algorithm: SignatureAlgorithm
  /** DER, the signing certificate first. */
  readonly chain: readonly Bytes[]
  readonly period: Period
}

function readHeaders({ protectedHeader, unprotectedHeader, signature }: CoseSign1): Headers {
  onlyKeys(protectedHeader, Object.values(header), 'protected header')
  // Nobody signs what stands here: nothing but certificates, which prove themselves.
  onlyKeys(unprotectedHeader, [header.x5chain], 'unprotected header')
  const alg = protectedHeader.get(header.alg)
  const algorithm = algorithms.find(({ cose }) => cose === alg)
  if (algorithm === undefined) throw refusal('reference-algorithm', 'alg', '-7 (ES256) or -35 (ES384)', said(alg))
  const size = 2 * algorithm.key.coordinateSize
  requireThat(signature.length === size, 'cose-signature-length', 'signature bytes', `${size}`, `${signature.length}`)
  const type = protectedHeader.get(header.contentType)
  requireThat(type === contentType, 'reference-content', 'content type', contentType, said(type))
  const inside = protectedHeader.get(header.x5chain)
  const outside = unprotectedHeader.get(header.x5chain)
  requireThat(inside === undefined || outside === undefined, 'reference-content', 'x5chain', 'in one header', 'in both')
  return { algorithm, chain: chainOf(inside ?? outside), period: periodOf(protectedHeader.get(header.meta)) }
}

/** One certificate, or a list of two or more (RFC 9360 section 2). */
function chainOf(x5chain: CborValue): readonly Bytes[] {
  requireThat(x5chain !== undefined, 'reference-untrusted', 'certificate of the signer (x5chain)', 'one', 'none')
  const list: readonly unknown[] = Array.isArray(x5chain) ? x5chain : [x5chain]
  const isWhole = list.length > 0 && list.length <= 8 && list.every((der) => der instanceof Uint8Array)
  requireThat(isWhole, 'reference-content', 'x5chain', '1 to 8 certificates', said(x5chain))
  return list as Bytes[]
}

/** corim-meta: `{ 0 signer, ? 1 validity }`. Who signed is what the certificate says. */
function periodOf(meta: CborValue): Period {
  if (meta === undefined) return decodePeriod(undefined)
  const source = { name: 'corim-meta', code: 'reference-cbor' } as const
  const decoded = meta instanceof Uint8Array ? decodeCbor(meta, source) : undefined
  const map = mapOf(decoded, 'corim-meta must be the bytes of a map')
  onlyKeys(map, [0, 1], 'corim-meta')
  return decodePeriod(map.get(1))
}

/** The anchor that issued the first certificate; none when that is an anchor itself. @throws VerificationError `reference-untrusted` */
async function findAnchor(
  first: Bytes,
  trustAnchors: readonly Bytes[],
  algorithm: SignatureAlgorithm,
): Promise<Bytes | undefined> {
  if (trustAnchors.some((anchor) => equalBytes(anchor, first))) return undefined
  const { issuer, signature, tbs } = decodeCertificate(first, 'x5chain')
  const named = trustAnchors
    .map((der, i) => decodeCertificate(der, `trustAnchors[${i}]`))
    .filter(({ subject }) => equalBytes(subject, issuer))
  // CAs keep their name when they change their key.
  for (const { der, spki } of named.slice(1).reverse()) {
    const fits = new RegExp(algorithm.key.spki).test(toHex(spki))
    if (fits && (await verifySignature(algorithm, importPublicKey(spki, algorithm), signature, tbs, true))) return der
  }
  if (named[0] !== undefined) return named[0].der
  throw refusal('reference-untrusted', 'CA of the signer', 'one of trustAnchors', nameToText(issuer))
}

function checkPeriod(
  name: string,
  { notBefore, notAfter }: Period,
  { now, skewMs }: { readonly now: number; readonly skewMs: number },
): void {
  const isEarly = notBefore !== undefined && now < notBefore - skewMs
  const isLate = notAfter !== undefined && now > notAfter + skewMs
  const limit = isEarly ? `from ${iso(notBefore)}` : `until ${iso(notAfter ?? 0)}`
  requireThat(!isEarly && !isLate, 'reference-validity', `validity of the ${name}`, limit, iso(now))
}

/** One build: exactly one measurement, whose integrity registers are PCRs. */
function valueOf(
  { class: found, measurements }: CorimReference,
  index: number,
  environment: ReferenceEnvironment,
): SignedReferenceValue {
  const wanted = environments[environment]
  requireThat(found.id === wanted.id, 'reference-environment', 'environment', nameOfClass(wanted), nameOfClass(found))
  const [measurement, ...more] = measurements
  const build = `build ${index}`
  if (measurement === undefined || more.length > 0 || measurement.others.length + measurement.digests.length > 0)
    throw refusal('reference-content', build, 'one measurement with a name and integrity registers', 'something else')
  const { name, registers } = measurement
  const entries = [...registers].map(([register, digests]) => {
    const digest = digests.find(({ algorithm }) => algorithm === 'sha-384')
    if (digest === undefined || digests.length > 1 || !/^(?:\d|[12]\d|3[01])$/.test(register))
      throw refusal('reference-content', `register ${register} of ${build}`, 'a SHA-384 digest for 0 to 31', 'another')
    return [`PCR${register}`, digest.value] as const
  })
  requireThat(entries.length > 0, 'reference-content', `registers of ${build}`, 'at least 1', '0')
  const value = { ...(name !== undefined && { name: printable(name) }), ...Object.fromEntries(entries) }
  try {
    // The rules of the verifiers, zeros included: what they would refuse is found out here.
    readReferenceValues(value, (register) => environment === 'nitro' || Number(register.slice(3)) < 8)
  } catch (cause) {
    throw new VerificationError('reference-content', `${build}: ${(cause as Error).message}`)
  }
  return Object.freeze(value)
}

/** Whether something that is accepted could be what is revoked: no register that both name tells them apart. */
function couldBe(value: SignedReferenceValue, revoked: ReadonlyMap<string, Bytes>): boolean {
  return [...revoked].every(([register, bytes]) => {
    const own = (value as Readonly<Record<string, unknown>>)[register]
    return !isBytes(own) || equalBytes(own, bytes)
  })
}

interface OpenPolicy {
  readonly trustAnchors: readonly Bytes[]
  readonly environment: ReferenceEnvironment
  readonly minimumVersion: number
  readonly revoked: readonly ReadonlyMap<string, Bytes>[]
  readonly now: number
  readonly skewMs: number
}

function readOptions(options: unknown): OpenPolicy {
  const { trustAnchors, environment, minimumVersion, revoked, now, clockSkewSeconds, ...unknown } =
    snapshotOf<OpenReferenceValuesOptions>(options, 'options')
  const [name] = Object.keys(unknown)
  const known = 'trustAnchors, environment, minimumVersion, revoked, now, clockSkewSeconds'
  requireOption(`option ${JSON.stringify(name)}`, `one of ${known}`, name === undefined)
  const anchors: readonly unknown[] = Array.isArray(trustAnchors) ? trustAnchors : []
  const isDer = (der: unknown): der is Uint8Array => isBytes(der) && der[0] === 0x30
  requireOption('trustAnchors', 'certificates in DER', anchors.length > 0 && anchors.every(isDer))
  requireOption('environment', Object.keys(environments).join(' or '), Object.hasOwn(environments, String(environment)))
  requireOption(
    'minimumVersion',
    'an integer from 0',
    Number.isSafeInteger(minimumVersion) && Number(minimumVersion) >= 0,
  )
  requireOption('revoked', 'a list', revoked === undefined || Array.isArray(revoked))
  const skew = clockSkewSeconds ?? 300
  requireOption('clockSkewSeconds', '0 to 86400', typeof skew === 'number' && skew >= 0 && skew <= 86_400)
  return {
    trustAnchors: (anchors as Uint8Array[]).map(copyBytes),
    environment: environment as ReferenceEnvironment,
    minimumVersion: minimumVersion as number,
    revoked: (revoked ?? []).flatMap((build) => {
      const values = readReferenceValues(build, () => true)
      return typeof values === 'symbol' ? [] : values.map(({ registers }) => registers)
    }),
    now: readTime(now),
    skewMs: skew * 1000,
  }
}

function requireThat(
  holds: boolean,
  code: VerificationError['code'],
  subject: string,
  expected: string,
  found: string,
): asserts holds {
  if (!holds) throw refusal(code, subject, expected, found)
}

function refusal(code: VerificationError['code'], subject: string, expected: string, found: string): VerificationError {
  return new VerificationError(code, subject, expected, found)
}

/** A header value in a message. */
const said = (value: CborValue): string =>
  typeof value === 'number' || typeof value === 'string' ? String(value) : value === undefined ? 'none' : 'another type'
