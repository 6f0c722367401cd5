/**
 * CoRIMs of others, as Veraison and `cocli` publish them: what they say, with or without knowing
 * who says it. What it means is for the caller to judge.
 */
import { copyBytes, isBytes } from '../../encoding/bytes.ts'
import { readSkew, readTime } from '../../core/time.ts'
import { isPlainObject, itemsOf, knownOptions, readOwn, requireOption } from '../../core/options.ts'
import { decodeCertificate } from '../../x509/certificate.ts'
import { nameToText } from '../../x509/name.ts'
import { type CorimContent, type Dialect, profileOfReferenceValues, profileWithoutProduct, readCorim } from './corim.ts'
import {
  algorithms,
  checkSize,
  type CorimMeta,
  decodeEnvelope,
  decodeMeta,
  fits,
  isUnsigned,
  openPayload,
  type SignerPolicy,
  verifyEnvelope,
} from './envelope.ts'

/** What {@link decodeCorim} takes besides the file. Unknown options are a `TypeError`. */
export interface DecodeCorimOptions {
  /**
   * Profiles that you know how to read, as `profile` names them: a profile can change what the keys
   * of the draft mean, so that files of any other are refused. Default: files without a profile,
   * and those of this library. Keys that a profile adds (negative ones) are refused in any case.
   */
  readonly profiles?: readonly string[]
}

/**
 * What {@link openCorim} takes besides the file: `signer` or `trustAnchors`. Unknown options are a
 * `TypeError`.
 */
export interface OpenCorimOptions extends DecodeCorimOptions {
  /**
   * DER SubjectPublicKeyInfo of the one key that may sign, on P-256 or P-384. Certificates in the
   * file are not looked at then. Default: none, and `trustAnchors` is required.
   */
  readonly signer?: Uint8Array
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
 * What {@link decodeCorim} returns; frozen. Texts are as the file has them: escape them before you
 * show them.
 */
export interface DecodedCorim extends CorimContent {
  /** What is beside the signature; `undefined` where nothing does, as in files without one. */
  readonly meta: CorimMeta | undefined
}

/** What {@link openCorim} returns; frozen. */
export interface OpenedCorim extends DecodedCorim {
  /** Subject of the certificate that signed; `undefined` with the option `signer`. */
  readonly subject: string | undefined
  /** When the file, its signature or a certificate of its chain expires; `undefined` for never. */
  readonly validUntil: Date | undefined
}

/** The draft, as far as it is read: a CoMID with all kinds of triples. */
const dialectOf = (profiles: Dialect['profiles'], isLenient: boolean): Dialect => ({
  corim: [0, 1, 2, 3, 4, 5],
  comid: [0, 1, 2, 3, 4],
  triples: [0, 1, 2, 3, 4, 5, 6, 8, 10],
  environment: [0, 1, 2],
  class: [0, 1, 2, 3, 4],
  isLenient,
  profiles,
})

/**
 * Reads a CoRIM for display, signed or not. Nothing is verified, not even dates: anyone can write
 * one. To believe it, {@link openCorim}.
 *
 * @param bytes a CoRIM (draft-ietf-rats-corim) with tag 501, or in a COSE_Sign1 with tag 18; at
 *   most 1 MiB
 * @throws VerificationError `reference-size`, `reference-cbor`, `reference-profile`,
 *   `reference-algorithm`, `reference-content` or a `cose-` code
 * @throws TypeError when the arguments are wrong
 * @example
 * ```ts
 * for (const { references } of decodeCorim(file).comids) console.log(references)
 * ```
 */
export function decodeCorim(bytes: Uint8Array, options: DecodeCorimOptions = {}): DecodedCorim {
  requireOption('bytes', 'a Uint8Array', isBytes(bytes))
  const profiles = profilesOf(knownOptions<DecodeCorimOptions>(options, ['profiles']))
  const file = copyBytes(bytes)
  checkSize(file)
  if (isUnsigned(file)) return frozen({ ...readCorim(file, dialectOf(profiles, false)), meta: undefined })
  const { sign1, meta } = decodeEnvelope(file)
  return frozen({ ...readCorim(sign1.payload, dialectOf(profiles, true)), meta: decodeMeta(meta) })
}

/**
 * Opens a signed CoRIM of others: what it says is returned after its signature and its dates have
 * been checked. For files of this library use `openReferenceValues`, which also knows what they
 * mean.
 *
 * Proves: `signer`, or a certificate under one of `trustAnchors`, signed exactly this, and it holds
 * now. Does not prove: that it is about what you verify, or the newest edition; that what other
 * CoRIMs or triples say of it was taken into account. Compare `environment`, `key`, `version`,
 * `others`.
 *
 * @param bytes a CoRIM (draft-ietf-rats-corim) in a COSE_Sign1 with tag 18, at most 1 MiB
 * @throws VerificationError `reference-unsigned`, `reference-untrusted`, `reference-signature`,
 *   `reference-validity`, `reference-profile`, `reference-content`, …, or a `cose-` or `cert-` code
 * @throws TypeError when the arguments are wrong
 * @example
 * ```ts
 * const { comids } = await openCorim(file, { signer: spki, profiles: ['tag:arm.com,2025:psa#1.0.0'] })
 * ```
 */
export async function openCorim(bytes: Uint8Array, options: OpenCorimOptions): Promise<OpenedCorim> {
  requireOption('bytes', 'a Uint8Array', isBytes(bytes))
  const given = knownOptions<OpenCorimOptions>(options, [
    'signer',
    'trustAnchors',
    'profiles',
    'now',
    'clockSkewSeconds',
  ])
  const policy = readSignerOptions(given)
  const dialect = dialectOf(profilesOf(given), true)
  const envelope = await verifyEnvelope(copyBytes(bytes), policy)
  const { meta, path } = envelope
  const { content, validUntil } = openPayload([envelope], policy, (payload) => readCorim(payload, dialect))
  return frozen({
    ...content,
    meta,
    subject: path && nameToText(path.leaf.subject),
    validUntil: validUntil < Infinity ? new Date(validUntil) : undefined,
  })
}

/**
 * Who may sign, and when now is.
 * @param isUnsigned whether a signature may be missing
 * @throws TypeError
 */
export function readSignerOptions(
  { signer, trustAnchors, now, clockSkewSeconds }: Partial<OpenCorimOptions>,
  isUnsigned = false,
): SignerPolicy {
  const anchors = itemsOf(trustAnchors)
  if (isUnsigned) requireOption('trustAnchors', 'left out', trustAnchors === undefined)
  else if (signer === undefined)
    requireOption('trustAnchors', 'certificates in DER', anchors.length > 0 && anchors.every(isBytes))
  else {
    requireOption('signer', 'given without trustAnchors', trustAnchors === undefined)
    const isKey = isBytes(signer) && algorithms.some((algorithm) => fits(signer, algorithm))
    requireOption('signer', 'a DER SubjectPublicKeyInfo on P-256 or P-384', isKey)
  }
  const skewMs = readSkew(clockSkewSeconds)
  return {
    signer: signer && copyBytes(signer),
    trustAnchors: (anchors as Uint8Array[]).map((der, i) =>
      readOwn(() => decodeCertificate(copyBytes(der), `trustAnchors[${i}]`)),
    ),
    now: readTime(now),
    skewMs,
  }
}

function profilesOf({ profiles = [] }: DecodeCorimOptions): Dialect['profiles'] {
  requireOption(
    'profiles',
    'a list of texts',
    Array.isArray(profiles) && profiles.every((name) => typeof name === 'string'),
  )
  return [undefined, profileOfReferenceValues, profileWithoutProduct, ...profiles]
}

/** Freezes it with everything in it. Bytes and dates cannot be frozen. */
export function frozen<T>(value: T): T {
  if (!Array.isArray(value) && !isPlainObject(value)) return value
  Object.values(value).forEach(frozen)
  return Object.freeze(value)
}
