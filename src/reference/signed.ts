/**
 * Signed reference values: measurements that whoever built the image signed with a key of their own CA (RFC 9334: a Reference Value Provider), in a CoRIM
 * under a COSE_Sign1. Not one digest is returned before the signature, the certificates, the dates and the version have been checked.
 */
import { type Bytes, copyBytes, equalBytes, isBytes } from '../encoding/bytes.ts'
import { VerificationError } from '../errors.ts'
import { knownOptions, requireOption } from '../options.ts'
import {
  isSetInEnclaves,
  isSetInInstances,
  type NitroCliReferenceValues,
  type PcrReferenceValues,
  readReferenceValues,
} from '../formats/nsm/reference-values.ts'
import { printable } from '../x509/name.ts'
import { type Comid, type CorimReference, type Dialect, profileOfReferenceValues } from './corim.ts'
import { refusal, requireThat, type SignerPolicy, verifyCorim } from './corim-envelope.ts'
import { readSignerOptions } from './corim-file.ts'
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

  // 1. Who signed it, that they may, and that it holds now.
  const { content, validUntil, subject } = await verifyCorim(file, policy, dialect)

  // 2. What they signed: for this environment, and nothing older than what was seen before.
  requireThat(content.profile !== undefined, 'reference-profile', 'profile', profileOfReferenceValues, 'none')
  const { version } = content.comids[0] as Comid
  requireThat(
    content.comids.every((comid) => comid.version === version),
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
  const values = content.comids
    .flatMap(({ references }) => references)
    .map((reference, i) => valueOf(reference, i, policy.environment))

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
    id: printable(content.id),
    version,
    signer: subject as string,
    validUntil: new Date(validUntil),
  })
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
    readReferenceValues(value, environment === 'nitro' ? isSetInEnclaves : isSetInInstances)
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

interface OpenPolicy extends SignerPolicy {
  readonly environment: ReferenceEnvironment
  readonly minimumVersion: number
  readonly revoked: readonly ReadonlyMap<string, Bytes>[]
}

function readOptions(options: unknown): OpenPolicy {
  const given = knownOptions<OpenReferenceValuesOptions>(options, [
    'trustAnchors',
    'environment',
    'minimumVersion',
    'revoked',
    'now',
    'clockSkewSeconds',
  ])
  const { environment, minimumVersion, revoked } = given
  const policy = readSignerOptions(given)
  requireOption('environment', Object.keys(environments).join(' or '), Object.hasOwn(environments, String(environment)))
  requireOption(
    'minimumVersion',
    'an integer from 0',
    Number.isSafeInteger(minimumVersion) && Number(minimumVersion) >= 0,
  )
  requireOption('revoked', 'a list', revoked === undefined || Array.isArray(revoked))
  return {
    ...policy,
    environment: environment as ReferenceEnvironment,
    minimumVersion: minimumVersion as number,
    revoked: (revoked ?? []).flatMap((build) => {
      const values = readReferenceValues(build, () => true)
      if (typeof values === 'symbol') throw new TypeError('revoked must be measurements')
      return values.map(({ registers }) => registers)
    }),
  }
}
