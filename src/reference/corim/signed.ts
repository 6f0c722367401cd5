/**
 * Signed reference values: measurements of a product, which those who build it sign with keys of
 * their own CAs (RFC 9334: Reference Value Providers), in a CoRIM under a COSE_Sign1. Not one
 * digest is returned before the signatures, the certificates, the dates, the product and the
 * version have been checked.
 */
import { type Bytes, copyBytes, equalBytes, isBytes } from '../../encoding/bytes.ts'
import { VerificationError } from '../../core/errors.ts'
import { itemsOf, knownOptions, requireOption } from '../../core/options.ts'
import type { Certificate } from '../../x509/certificate.ts'
import { nameToText, printable } from '../../x509/name.ts'
import type { CertificationPath } from '../../x509/path.ts'
import { countAuthorities } from './authorities.ts'
import type { CborValue } from '../../encoding/cbor.ts'
import { decodeReference, type Dialect, profileOfReferenceValues, type RawComid, readRawCorim } from './corim.ts'
import { openPayload, requireThat, type SignerPolicy, type VerifiedEnvelope, verifyEnvelope } from './envelope.ts'
import { frozen, readSignerOptions } from './file.ts'
import {
  classOf,
  environmentOf,
  nameOfClass,
  type ReferenceEnvironment,
  type ReferenceValuesOf,
} from './environments.ts'
import type { AwsReferenceValues } from './environments/aws.ts'
import type { Build } from './environments/environment.ts'
import { listOf } from './items.ts'
import type { SignableReferenceValues } from './sign.ts'
import { indexOfRepeated, readSubject, type ReferenceSubject } from './subject.ts'

/** What {@link openReferenceValues} takes besides the files. Unknown options are a `TypeError`. */
export interface OpenReferenceValuesOptions<Name extends ReferenceEnvironment = keyof AwsReferenceValues> {
  /**
   * Certificates of the CAs that you trust to sign, DER. The files bring the rest of their chains.
   */
  readonly trustAnchors: readonly Uint8Array[]
  /**
   * How many authorities must have signed the same values, each in a file of its own; default 1.
   * With 2, one insider of one CA is not enough. Trust anchors that share a key or a name are one
   * authority, and so are files whose certificates share a key or the name of a CA. `undefined` is
   * a `TypeError`: a threshold that was lost on the way must not become 1.
   */
  readonly threshold?: number
  /** What the measurements must be of: the format whose verifier takes them. */
  readonly environment: Name
  /** The product that must run, as its signers call it: the CA may sign for others too. */
  readonly product: string
  /**
   * The least version of this product that is accepted: keep the greatest that you have seen, by
   * product, so that an attacker cannot lead you back to a build with known flaws. 0: any.
   */
  readonly minimumVersion: number
  /**
   * Builds that are never accepted, no matter who signed them: every entry that does not differ
   * from each of them in a register is left out. Registers that only one of two names do not tell
   * them apart, nor does a least version (`minimumIsvSvn`). Default: none.
   */
  readonly revoked?: readonly SignableReferenceValues<Name>[]
  /** Default: the clock, read once. */
  readonly now?: Date
  /** How far clocks may be apart, 0 to 86400. Default 300. */
  readonly clockSkewSeconds?: number
}

/** What {@link openReferenceValues} returns; frozen. */
export interface SignedReferenceValues<Name extends ReferenceEnvironment = keyof AwsReferenceValues> {
  /**
   * Pass them to the verifier: any of them may run there. Its `matched` is the name of the one that
   * does.
   */
  readonly referenceValues: readonly ReferenceValuesOf[Name][]
  readonly environment: Name
  readonly product: string
  /** What the signers called the file. */
  readonly id: string
  readonly version: number
  /** Subjects of the certificates that signed, in the order of the files. */
  readonly signers: readonly string[]
  /** When the first of the files, or a certificate of their chains, expires. */
  readonly validUntil: Date
}

/**
 * The narrow part of CoRIM that our profile allows: what could restrict or extend what is read here
 * is not in it.
 */
const dialect: Dialect = {
  corim: [0, 1, 3, 4, 5],
  comid: [0, 1, 2, 4],
  triples: [0],
  environment: [0],
  class: [0, 1, 2],
  isLenient: false,
  profiles: [profileOfReferenceValues],
}

/**
 * Opens reference values that were signed by CAs of yours (`veritee sign`, or
 * {@link signReferenceValues}).
 *
 * Proves: certificates under `threshold` independent authorities of `trustAnchors`, valid now,
 * signed exactly these values, for this product in this environment, and they are not older than
 * `minimumVersion`. Does not prove that the authorities looked at what they signed, or that people
 * behind different names and keys do not work together. Revocation of certificates is not checked:
 * keep them short-lived. The chain of a file uses one algorithm, ES256 on P-256 or ES384 on P-384.
 *
 * Every file must be sound, and all must say the same byte for byte, also those beyond the
 * threshold: leave out a file that you do not want to count.
 *
 * @param files a CoRIM (draft-ietf-rats-corim) in a COSE_Sign1 with tag 18, at most 1 MiB; or a
 *   list of 1 to 16, each with the signature of an authority
 * @throws VerificationError `reference-unsigned`, `reference-untrusted`, `reference-signature`,
 *   `reference-validity`, `reference-mismatch`, `reference-threshold`, `reference-product`,
 *   `reference-rollback`, `reference-environment`, `reference-revoked`, `reference-profile`,
 *   `reference-content`, …, or a `cose-` or `cert-` code
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
export async function openReferenceValues<Name extends ReferenceEnvironment>(
  files: Uint8Array | readonly Uint8Array[],
  options: OpenReferenceValuesOptions<Name>,
): Promise<SignedReferenceValues<Name>> {
  // 0. The caller's own mistakes.
  const copies = readFiles(files)
  const policy = readOptions(options)
  const { environment, product, version: least } = policy.subject

  // 1. Who signed, that they may, and that it holds now. What they signed is still just bytes.
  const envelopes: VerifiedEnvelope[] = []
  for (const [i, file] of copies.entries())
    try {
      envelopes.push(await verifyEnvelope(file, policy))
    } catch (cause) {
      // With several files, an error says whose it is.
      if (copies.length === 1 || !(cause instanceof VerificationError)) throw cause
      throw new VerificationError(cause.code, `files[${i}]: ${cause.message}`, { cause })
    }

  // 2. All of them signed the same, and they are enough.
  const [first] = envelopes as [VerifiedEnvelope]
  const other = envelopes.findIndex(({ payload }) => !equalBytes(payload, first.payload))
  requireThat(other < 0, 'reference-mismatch', {
    subject: `files[${other}]`,
    expected: 'what files[0] says',
    found: 'others',
  })
  const paths = envelopes.map(({ path }) => path as CertificationPath)
  const authorities = countAuthorities(
    policy.trustAnchors,
    paths.map(({ certificates }) => certificates),
  )
  requireThat(authorities >= policy.threshold, 'reference-threshold', {
    subject: 'authorities that signed',
    expected: `at least ${policy.threshold}`,
    found: `${authorities}`,
  })

  // 3. What they signed: for this product and environment, and nothing older than what was seen
  // before.
  const { content, validUntil } = openPayload(envelopes, policy, (payload) => readRawCorim(payload, dialect))
  // One product has one CoMID: the draft counts its `tag-version` by its `tag-id`, as versions of a
  // product do.
  const [{ id, version, triples }, ...more] = content.comids as readonly [RawComid, ...RawComid[]]
  requireThat(more.length === 0, 'reference-content', { subject: 'CoMIDs in one file', expected: '1', found: 'others' })
  requireThat(id === product, 'reference-product', { subject: 'product', expected: product, found: printable(id) })
  requireThat(version >= least, 'reference-rollback', {
    subject: `version of ${product}`,
    expected: `at least ${least}`,
    found: `${version}`,
  })
  // The dialect has no other triples.
  const references = triples.flatMap(([, list]) => list)
  const until = new Date(validUntil)
  const values = references.map((triple, i) => openBuild(triple, i, environment, until))
  const repeated = indexOfRepeated(values.map(({ build }) => build.name))
  requireThat(repeated < 0, 'reference-content', {
    subject: `name of build ${repeated}`,
    expected: 'one that no other build has',
    found: `${values[repeated]?.build.name}`,
  })

  // 4. What is revoked is not accepted, no matter who signed it.
  const accepted = values.filter(({ build }) => !policy.revoked.some((revoked) => couldBe(build, revoked)))
  requireThat(accepted.length > 0, 'reference-revoked', {
    subject: 'builds that are not revoked',
    expected: 'at least 1',
    found: `0 of ${values.length}`,
  })
  return frozen({
    // What is read by the rules of an environment is what its verifier takes.
    referenceValues: accepted.map(({ value }) => value) as unknown as readonly ReferenceValuesOf[Name][],
    environment: environment as Name,
    product,
    id: printable(content.id),
    version,
    signers: paths.map(({ leaf }) => nameToText(leaf.subject)),
    validUntil: until,
  })
}

/** One build, by the rules of its verifier. */
function openBuild(
  triple: CborValue,
  index: number,
  environment: ReferenceEnvironment,
  validUntil: Date,
): { readonly value: object; readonly build: Build } {
  const { environment: found, measurements } = decodeReference(triple, dialect)
  const wanted = classOf(environment)
  requireThat(found.id === wanted.id, 'reference-environment', {
    subject: 'environment',
    expected: nameOfClass(wanted),
    found: nameOfClass(found),
  })
  const { valueOf, readBuilds, isDated = false } = environmentOf(environment)
  const build = `build ${index}`
  const raw = listOf(listOf(triple, 'reference triple')[1], 'measurements')
  const value = valueOf({ decoded: measurements, raw, build })
  try {
    // A build without registers is refused here as well.
    const [read] = readBuilds(value) as readonly [Build]
    return { value: isDated ? { ...value, validUntil } : value, build: read }
  } catch (cause) {
    throw new VerificationError('reference-content', `${build}: ${(cause as Error).message}`)
  }
}

/**
 * Whether something that is accepted could be what is revoked: no register that both name tells
 * them apart.
 */
function couldBe({ marks }: Build, revoked: ReadonlyMap<string, Bytes>): boolean {
  return [...revoked].every(([register, bytes]) => {
    const own = marks.get(register)
    return own === undefined || equalBytes(own, bytes)
  })
}

interface OpenPolicy extends SignerPolicy {
  /** Its version is the least one. */
  readonly subject: ReferenceSubject
  readonly threshold: number
  readonly revoked: readonly ReadonlyMap<string, Bytes>[]
}

function readFiles(files: unknown): readonly Bytes[] {
  const list = isBytes(files) ? [files] : itemsOf(files)
  const isList = list.length > 0 && list.length <= 16
  requireOption('files', 'a Uint8Array, or 1 to 16 of them', isList && list.every(isBytes))
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
  const subject = readSubject(environment, product, minimumVersion, 'minimumVersion')
  requireOption('revoked', 'a list', revoked === undefined || Array.isArray(revoked))
  return {
    ...policy,
    subject,
    threshold: readThreshold('threshold' in given ? given.threshold : 1, policy.trustAnchors),
    revoked: itemsOf(revoked).flatMap((build) =>
      environmentOf(subject.environment)
        .readBuilds(build)
        .map(({ marks }) => marks),
    ),
  }
}

/** More than there are authorities would never be met. */
function readThreshold(threshold: unknown, anchors: readonly Certificate[]): number {
  const most = countAuthorities(anchors)
  const isCount = Number.isInteger(threshold) && (threshold as number) > 0 && (threshold as number) <= most
  requireOption('threshold', `1 to ${most}, the authorities in trustAnchors`, isCount)
  return threshold as number
}
