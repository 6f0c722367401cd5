/**
 * Endorsements of Arm devices: keys and reference values out of CoRIMs that the caller's CA, or the
 * maker of the devices, has signed.
 */
import { knownOptions, requireOption } from '../../core/options.ts'
import { type Bytes, copyBytes, equalBytes, isBytes, toHex } from '../../encoding/bytes.ts'
import type { CborValue } from '../../encoding/cbor.ts'
import { nameToText } from '../../x509/name.ts'
import {
  type ArmPlatformReferenceValues,
  type ArmPsaReferenceValues,
  type ArmRealmReferenceValues,
  type ArmTrustAnchor,
  readAnchor,
  readPlatform,
  readPsa,
  readRealm,
} from './arm-triples.ts'
import { type Dialect, type RawCorim, readRawCorim } from './corim.ts'
import { checkSize, isUnsigned, openPayload, requireThat, type SignerPolicy, verifyEnvelope } from './envelope.ts'
import { frozen, readSignerOptions } from './file.ts'

export type {
  ArmPlatformReferenceValues,
  ArmPsaReferenceValues,
  ArmRealmReferenceValues,
  ArmSoftwareComponent,
  ArmTrustAnchor,
} from './arm-triples.ts'

/**
 * Pass it as `signer` to open files without a signature. An attacker who can change such a file
 * decides which keys are genuine and which code is good: do so for files that are part of your own
 * code only.
 */
export const dangerouslyAllowUnsigned: unique symbol = /* @__PURE__ */ Symbol.for('veritee.dangerouslyAllowUnsigned')

/**
 * What {@link openArmEndorsements} takes besides the file: `signer` or `trustAnchors`. Unknown
 * options are a `TypeError`.
 */
export interface OpenArmEndorsementsOptions {
  /**
   * DER SubjectPublicKeyInfo of the one key that may sign, on P-256 or P-384; or
   * {@link dangerouslyAllowUnsigned}. Default: none, and `trustAnchors` is required.
   */
  readonly signer?: Uint8Array | typeof dangerouslyAllowUnsigned
  /**
   * Certificates of the CAs that you trust to sign, DER. The file brings the rest of the chain
   * (`x5chain`). Default: none, and `signer` is required.
   */
  readonly trustAnchors?: readonly Uint8Array[]
  /** Default: the clock, read once. */
  readonly now?: Date
  /** How far clocks may be apart, 0 to 86400. Default 300. */
  readonly clockSkewSeconds?: number
}

/**
 * What {@link openArmEndorsements} returns; frozen. The lists go into the options of `verifyCca`
 * and `verifyPsa` as they are.
 */
export interface ArmEndorsements {
  /** What the file calls itself: text, or a UUID in hexadecimal. */
  readonly id: string
  readonly profile: string
  /** Subject of the certificate that signed; `undefined` where none did. */
  readonly signer: string | undefined
  /** When the file, its signature or a certificate of its chain expires; `undefined` for never. */
  readonly validUntil: Date | undefined
  /** Keys of devices: `trustAnchors` of `verifyCca` and `verifyPsa`. */
  readonly trustAnchors: readonly ArmTrustAnchor[]
  /** `platform` of `verifyCca`. */
  readonly platform: readonly ArmPlatformReferenceValues[]
  /** `referenceValues` of `verifyCca`. */
  readonly realms: readonly ArmRealmReferenceValues[]
  /** `referenceValues` of `verifyPsa`. */
  readonly psa: readonly ArmPsaReferenceValues[]
}

/** What a file of one of the profiles may say. */
interface ArmProfile {
  readonly name: string
  readonly reads: {
    readonly platform?: (triple: CborValue) => readonly ArmPlatformReferenceValues[]
    readonly realm?: (triple: CborValue) => ArmRealmReferenceValues
    readonly psa?: (triple: CborValue) => readonly ArmPsaReferenceValues[]
    readonly keys: boolean
  }
}

const profiles: readonly ArmProfile[] = [
  { name: 'tag:arm.com,2025:cca_platform#1.0.0', reads: { platform: readPlatform, keys: true } },
  { name: 'tag:arm.com,2025:cca_realm#1.0.0', reads: { realm: readRealm, keys: false } },
  { name: 'tag:arm.com,2025:psa#1.0.0', reads: { psa: readPsa, keys: true } },
]

/**
 * The part of CoRIM that these profiles use: other triples, dependencies and linked tags could take
 * back what is read here.
 */
const dialect = (): Dialect => ({
  corim: [0, 1, 3, 4, 5],
  comid: [0, 1, 2, 4],
  triples: [0, 3],
  environment: [],
  class: [],
  isLenient: false,
  profiles: profiles.map(({ name }) => name),
})

/**
 * Opens a CoRIM with keys and reference values of Arm devices, in the profiles of 2025 for CCA
 * platforms, CCA realms and PSA.
 *
 * Proves: `signer`, or a certificate under one of `trustAnchors`, signed exactly this, and it holds
 * now. Does not prove that it is the newest edition, nor that the signer knows the devices: for
 * keys of platforms, that must be their maker, or your own CA on the maker's word.
 *
 * One triple is one reference value, complete; where a component has digests in several algorithms,
 * there is a reference value for each. A realm's measurements that the file does not name are zero,
 * and its personalization value, if it is not named, is any. Files in the older vocabulary (tags
 * 600 to 602) are refused.
 *
 * @param file a CoRIM (draft-ietf-rats-corim) in a COSE_Sign1 with tag 18, at most 1 MiB; with
 *   {@link dangerouslyAllowUnsigned}, one with tag 501
 * @throws VerificationError `reference-unsigned`, `reference-untrusted`, `reference-signature`,
 *   `reference-validity`, `reference-profile`, `reference-content`, …, or a `cose-` or `cert-` code
 * @throws TypeError when the arguments are wrong
 * @example
 * ```ts
 * const platforms = await openArmEndorsements(platformFile, { trustAnchors: [ca] })
 * const { realms } = await openArmEndorsements(realmFile, { trustAnchors: [ca] })
 * await verifyCca(token, {
 *   trustAnchors: platforms.trustAnchors, platform: platforms.platform, referenceValues: realms, freshness: { nonce },
 * })
 * ```
 */
export async function openArmEndorsements(
  file: Uint8Array,
  options: OpenArmEndorsementsOptions,
): Promise<ArmEndorsements> {
  // 0. The caller's own mistakes.
  requireOption('file', 'a Uint8Array', isBytes(file))
  const { isUnsignedAllowed, ...policy } = readOptions(options)
  const bytes = copyBytes(file)

  // 1. Who signed, that they may, and that it holds now. What they signed is still just bytes.
  const envelope = isUnsignedAllowed ? unsignedEnvelope(bytes) : await verifyEnvelope(bytes, policy)

  // 2. What it says, and its dates.
  const { content, validUntil } = openPayload([envelope], policy, readArmCorim)
  const until = validUntil < Infinity ? new Date(validUntil) : undefined
  const lists = readTriples(content)
  requireOneKey(lists.trustAnchors)

  // 3. Every entry knows when it ends.
  const dated = <T extends object>(list: readonly T[]): readonly T[] =>
    list.map((entry) => ({ ...entry, ...(until !== undefined && { validUntil: until }) }))
  return frozen({
    id: content.id,
    profile: content.profile as string,
    signer: envelope.path && nameToText(envelope.path.leaf.subject),
    validUntil: until,
    trustAnchors: dated(lists.trustAnchors),
    platform: dated(lists.platform),
    realms: dated(lists.realms),
    psa: dated(lists.psa),
  })
}

/** A file without a signature: as long as it says, under no name. */
function unsignedEnvelope(file: Bytes): { payload: Bytes; validUntil: number; path: undefined } {
  checkSize(file)
  const found = file[0] === 0xd2 ? 'a signature, and no key to check it with' : 'neither'
  requireThat(isUnsigned(file), 'reference-cbor', {
    subject: 'file',
    expected: 'a CoRIM without a signature (tag 501)',
    found,
  })
  return { payload: file, validUntil: Infinity, path: undefined }
}

/** Tag 501 around it, whatever the profile. */
function readArmCorim(payload: Bytes): RawCorim {
  requireThat(isUnsigned(payload), 'reference-cbor', {
    subject: 'payload',
    expected: 'tag 501',
    found: toHex(payload.subarray(0, 3)),
  })
  return readRawCorim(payload, dialect())
}

type Lists = Pick<ArmEndorsements, 'trustAnchors' | 'platform' | 'realms' | 'psa'>

function readTriples({ comids, profile }: RawCorim): Lists {
  const { platform, realm, psa, keys } = (profiles.find(({ name }) => name === profile) as ArmProfile).reads
  const triples = comids.flatMap((comid) => comid.triples)
  const ofKind = (wanted: number): readonly CborValue[] =>
    triples.flatMap(([kind, list]) => (kind === wanted ? list : []))
  const [references, anchors] = [ofKind(0), ofKind(3)]
  requireThat(keys || anchors.length === 0, 'reference-content', {
    subject: 'keys of devices',
    expected: 'none in this profile',
    found: 'some',
  })
  return {
    trustAnchors: anchors.map(readAnchor),
    platform: platform === undefined ? [] : references.flatMap(platform),
    realms: realm === undefined ? [] : references.map(realm),
    psa: psa === undefined ? [] : references.flatMap(psa),
  }
}

/** A device has one key: which of two it is must not be for the evidence to say. */
function requireOneKey(anchors: readonly ArmTrustAnchor[]): void {
  const seen = new Map<string, Uint8Array>()
  for (const { implementationId, instanceId, key } of anchors) {
    const device = `${toHex(implementationId)} ${toHex(instanceId)}`
    const other = seen.get(device)
    requireThat(other === undefined || equalBytes(other, key), 'reference-content', {
      subject: `keys of device ${device}`,
      expected: '1',
      found: 'several',
    })
    seen.set(device, key)
  }
}

function readOptions(options: unknown): SignerPolicy & { readonly isUnsignedAllowed: boolean } {
  const given = knownOptions<OpenArmEndorsementsOptions>(options, ['signer', 'trustAnchors', 'now', 'clockSkewSeconds'])
  const { signer, ...others } = given
  if (signer !== dangerouslyAllowUnsigned)
    return { ...readSignerOptions({ ...others, ...(signer !== undefined && { signer }) }), isUnsignedAllowed: false }
  return { ...readSignerOptions(others, true), isUnsignedAllowed: true }
}
