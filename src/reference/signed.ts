/**
 * Signed reference values: measurements of a product, which those who build it sign with keys of their own CAs (RFC 9334: Reference Value Providers), in a
 * CoRIM under a COSE_Sign1. Not one digest is returned before the signatures, the certificates, the dates, the product and the version have been checked.
 */
import { type Bytes, copyBytes, equalBytes, isBytes } from '../encoding/bytes.ts'
import { VerificationError } from '../errors.ts'
import {
  type NitroCliReferenceValues,
  type PcrReferenceValues,
  readReferenceValues,
} from '../formats/nsm/reference-values.ts'
import { knownOptions, requireOption } from '../options.ts'
import { type Certificate, decodeCertificate } from '../x509/certificate.ts'
import { nameToText, printable } from '../x509/name.ts'
import type { CertificationPath } from '../x509/path.ts'
import { countAuthorities, type Marks, marksOf } from './authorities.ts'
import { type Comid, type CorimReference, type Dialect, profileOfReferenceValues } from './corim.ts'
import {
  openPayload,
  refusal,
  requireThat,
  type SignerPolicy,
  type VerifiedEnvelope,
  verifyEnvelope,
} from './corim-envelope.ts'
import { readSignerOptions } from './corim-file.ts'
import { environments, isEnvironment, nameOfClass, type ReferenceEnvironment } from './environments.ts'
import { indexOfRepeated, isProduct } from './names.ts'

/** What {@link openReferenceValues} takes besides the files. Unknown options are a `TypeError`. */
export interface OpenReferenceValuesOptions {
  /** Certificates of the CAs that you trust to sign, DER. The files bring the rest of their chains. */
  readonly trustAnchors: readonly Uint8Array[]
  /**
   * How many authorities must have signed the same values, each in a file of its own; default 1. With 2, one insider of one CA is not enough. Trust anchors
   * that share a key or a name are one authority, and so are files whose certificates share a key or the name of a CA. `undefined` is a `TypeError`: a
   * threshold that was lost on the way must not become 1.
   */
  readonly threshold?: number
  /** What the measurements must be of. */
  readonly environment: ReferenceEnvironment
  /** The product that must run, as its signers call it: the CA may sign for others too. */
  readonly product: string
  /**
   * The least version of this product that is accepted: keep the greatest that you have seen, by product, so that an attacker cannot lead you back to a build
   * with known flaws. 0: any.
   */
  readonly minimumVersion: number
  /** Builds that are never accepted, no matter who signed them: every entry that does not differ from each of them in a register is left out. */
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
  readonly product: string
  /** What the signers called the file. */
  readonly id: string
  readonly version: number
  /** Subjects of the certificates that signed, in the order of the files. */
  readonly signers: readonly string[]
  /** When the first of the files, or a certificate of their chains, expires. */
  readonly validUntil: Date
}

/** The narrow part of CoRIM that our profile allows: what could restrict or extend what is read here is not in it. */
const dialect: Dialect = {
  corim: [0, 1, 3, 4, 5],
  comid: [0, 1, 2, 4],
  triples: [0],
  environment: [0],
  class: [0, 1, 2],
  isLenient: false,
  profiles: [profileOfReferenceValues],
}

/** More files than anybody has authorities. */
const maximumFiles = 16

/**
 * Opens reference values that were signed by CAs of yours (`veritee sign`, or {@link signReferenceValues}).
 *
 * Proves: certificates under `threshold` independent authorities of `trustAnchors`, valid now, signed exactly these values, for this product in this
 * environment, and they are not older than `minimumVersion`. Does not prove that the authorities looked at what they signed, or that people behind different
 * names and keys do not work together. Revocation of certificates is not checked: keep them short-lived. The chain of a file uses one algorithm, ES256 on
 * P-256 or ES384 on P-384.
 *
 * Every file must be sound, and all must say the same byte for byte, also those beyond the threshold: leave out a file that you do not want to count.
 *
 * @param files a CoRIM (draft-ietf-rats-corim) in a COSE_Sign1 with tag 18, at most 1 MiB; or a list of 1 to 16, each with the signature of an authority
 * @throws VerificationError `reference-unsigned`, `reference-untrusted`, `reference-signature`, `reference-validity`, `reference-mismatch`,
 *   `reference-threshold`, `reference-product`, `reference-rollback`, `reference-environment`, `reference-revoked`, `reference-profile`, `reference-content`,
 *   …, or a `cose-` or `cert-` code
 * @throws TypeError when the options are wrong
 * @example
 * ```ts
 * const product = 'example.com/inference'
 * const { referenceValues, version } = await openReferenceValues(file, { environment: 'nitro', product, trustAnchors: [ca], minimumVersion })
 * await verifyNitro(evidence, { referenceValues, freshness: { nonce } })
 * ```
 * @example Two of three authorities
 * ```ts
 * await openReferenceValues([fileOfSecurity, fileOfRelease], {
 *   environment: 'nitro', product, trustAnchors: [security, release, auditor], threshold: 2, minimumVersion,
 * })
 * ```
 */
export async function openReferenceValues(
  files: Uint8Array | readonly Uint8Array[],
  options: OpenReferenceValuesOptions,
): Promise<SignedReferenceValues> {
  // 0. The caller's own mistakes.
  const copies = readFiles(files)
  const policy = readOptions(options)

  // 1. Who signed, that they may, and that it holds now. What they signed is still just bytes.
  const envelopes: VerifiedEnvelope[] = []
  for (const [i, file] of copies.entries()) envelopes.push(await verifyFile(file, i, copies.length, policy))

  // 2. All of them signed the same, and they are enough.
  const [first] = envelopes as [VerifiedEnvelope]
  const other = envelopes.findIndex(({ payload }) => !equalBytes(payload, first.payload))
  requireThat(other < 0, 'reference-mismatch', `what files[${other}] says`, 'what files[0] says', 'something else')
  const certificates = envelopes.map(({ path }) => (path as CertificationPath).certificates)
  const authorities = countAuthorities(certificates.map(marksOf), policy.anchors)
  requireThat(
    authorities >= policy.threshold,
    'reference-threshold',
    'independent authorities that signed',
    `at least ${policy.threshold}`,
    `${authorities}`,
  )

  // 3. What they signed: for this product and environment, and nothing older than what was seen before.
  const { content, validUntil } = openPayload(first.payload, policy, dialect)
  requireThat(content.profile !== undefined, 'reference-profile', 'profile', profileOfReferenceValues, 'none')
  const version = versionOf(content.comids, policy)
  const values = content.comids
    .flatMap(({ references }) => references)
    .map((reference, i) => valueOf(reference, i, policy.environment))
  const repeated = indexOfRepeated(values.map(({ name }) => name))
  requireThat(
    repeated < 0,
    'reference-content',
    `name of build ${repeated}`,
    'one that no other build has',
    `${values[repeated]?.name}`,
  )

  // 4. What is revoked is not accepted, no matter who signed it.
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
    product: policy.product,
    id: printable(content.id),
    version,
    signers: Object.freeze(certificates.map((path) => nameToText((path.at(-1) as Certificate).subject))),
    validUntil: new Date(Math.min(validUntil, ...envelopes.map((envelope) => envelope.validUntil))),
  })
}

/** The signature of one file. With several, an error says whose it is. */
async function verifyFile(file: Bytes, index: number, count: number, policy: SignerPolicy): Promise<VerifiedEnvelope> {
  try {
    return await verifyEnvelope(file, policy)
  } catch (cause) {
    if (count === 1 || !(cause instanceof VerificationError)) throw cause
    throw new VerificationError(cause.code, `files[${index}]: ${cause.message}`, undefined, undefined, { cause })
  }
}

/** The one version of the one product that the file is about. The draft's `tag-version` counts by `tag-id`, as versions of a product do. */
function versionOf(comids: readonly Comid[], { product, minimumVersion }: OpenPolicy): number {
  const other = comids.find(({ id }) => id !== product)
  if (other !== undefined) throw refusal('reference-product', 'product', product, printable(other.id))
  const { version } = comids[0] as Comid
  requireThat(
    comids.every((comid) => comid.version === version),
    'reference-content',
    'versions in one file',
    '1',
    'several',
  )
  requireThat(
    version >= minimumVersion,
    'reference-rollback',
    `version of ${product}`,
    `at least ${minimumVersion}`,
    `${version}`,
  )
  return version
}

/** One build: exactly one measurement, whose integrity registers are PCRs. */
function valueOf(
  { environment: found, measurements }: CorimReference,
  index: number,
  environment: ReferenceEnvironment,
): SignedReferenceValue {
  const wanted = environments[environment]
  requireThat(found.id === wanted.id, 'reference-environment', 'environment', nameOfClass(wanted), nameOfClass(found))
  const [measurement, ...more] = measurements
  const build = `build ${index}`
  if (
    measurement === undefined ||
    more.length > 0 ||
    measurement.key !== undefined ||
    measurement.others.length + measurement.digests.length > 0
  )
    throw refusal('reference-content', build, 'one measurement with a name and integrity registers', 'something else')
  const { name, registers } = measurement
  const entries = registers.map(({ id, digests }) => {
    const [digest, ...more] = digests
    // Numbers only: as text, a number could stand there a second time.
    if (digest?.algorithm !== 'sha-384' || more.length > 0 || typeof id !== 'number' || id < 0 || id > 31)
      throw refusal('reference-content', `register ${id} of ${build}`, 'a SHA-384 digest for 0 to 31', 'another')
    return [`PCR${id}`, digest.value] as const
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
    // Its own only: a register that every object inherits would tell all builds apart from what is revoked.
    const own: unknown = Object.hasOwn(value, register) ? value[register as `PCR${number}`] : undefined
    return !isBytes(own) || equalBytes(own, bytes)
  })
}

interface OpenPolicy extends SignerPolicy {
  readonly environment: ReferenceEnvironment
  readonly product: string
  readonly threshold: number
  /** By which authorities are told apart, of every trust anchor. */
  readonly anchors: readonly Marks[]
  readonly minimumVersion: number
  readonly revoked: readonly ReadonlyMap<string, Bytes>[]
}

function readFiles(files: unknown): readonly Bytes[] {
  const list: readonly unknown[] = Array.isArray(files) ? Array.from(files) : [files]
  const isList = list.length > 0 && list.length <= maximumFiles
  requireOption('files', `a Uint8Array, or 1 to ${maximumFiles} of them`, isList && list.every(isBytes))
  return (list as Uint8Array[]).map(copyBytes)
}

function readOptions(options: unknown): OpenPolicy {
  const given = knownOptions<OpenReferenceValuesOptions>(options, [
    'trustAnchors',
    'threshold',
    'environment',
    'product',
    'minimumVersion',
    'revoked',
    'now',
    'clockSkewSeconds',
  ])
  const { environment, product, minimumVersion, revoked } = given
  const policy = readSignerOptions(given)
  requireOption('environment', Object.keys(environments).join(' or '), isEnvironment(environment))
  requireOption('product', 'text without control characters, as it was signed', isProduct(product))
  requireOption(
    'minimumVersion',
    'an integer from 0',
    Number.isSafeInteger(minimumVersion) && Number(minimumVersion) >= 0,
  )
  requireOption('revoked', 'a list', revoked === undefined || Array.isArray(revoked))
  const anchors = policy.trustAnchors.map(readAnchor)
  return {
    ...policy,
    environment: environment as ReferenceEnvironment,
    product: product as string,
    anchors,
    threshold: readThreshold(Object.hasOwn(given, 'threshold') ? given.threshold : 1, anchors),
    minimumVersion: minimumVersion as number,
    revoked: Array.from(revoked ?? []).flatMap((build) => {
      const values = readReferenceValues(build, () => true)
      if (typeof values === 'symbol') throw new TypeError('revoked must be measurements')
      return values.map(({ registers }) => registers)
    }),
  }
}

function readAnchor(der: Bytes, index: number): Marks {
  try {
    return marksOf([decodeCertificate(der, `trustAnchors[${index}]`)])
  } catch (cause) {
    throw new TypeError((cause as Error).message, { cause })
  }
}

/** More than there are authorities would never be met. */
function readThreshold(threshold: unknown, anchors: readonly Marks[]): number {
  const most = countAuthorities(anchors, anchors)
  const isCount = Number.isSafeInteger(threshold) && Number(threshold) >= 1 && Number(threshold) <= most
  requireOption('threshold', `an integer from 1 to ${most}, the independent authorities in trustAnchors`, isCount)
  return threshold as number
}
