/**
 * The envelope of a CoRIM: a COSE_Sign1 (draft-ietf-rats-corim, "Signed CoRIM"), and who may have
 * made it: one key, or certificates under a CA.
 *
 * Accepted: tag 18, ES256 and ES384, `corim-meta`, `x5chain` in either header (RFC 9360), a key id,
 * which is a hint and not looked at. Refused: every other header parameter, hence CWT claims
 * instead of `corim-meta`, and payloads that are only a hash.
 */
import { ES256, ES384, isKeyOf, type SignatureAlgorithm } from '../../crypto/algorithms.ts'
import { importPublicKey, type PublicKey, verifySignature } from '../../crypto/signature.ts'
import { type StartedSignatures, startSignatures } from '../../crypto/signatures.ts'
import { type Bytes, equalBytes, toHex } from '../../encoding/bytes.ts'
import { type CborValue, decodeCbor } from '../../encoding/cbor.ts'
import { type CoseSign1, decodeSign1, signedBytes } from '../../encoding/cose.ts'
import { contentOf, decodeDer } from '../../encoding/der.ts'
import { fingerprint } from '../../crypto/digest.ts'
import { type Mismatch, VerificationError } from '../../core/errors.ts'
import { iso } from '../../core/time.ts'
import { recordChecks } from '../../core/record.ts'
import { type Certificate, decodeCertificate } from '../../x509/certificate.ts'
import { nameToText } from '../../x509/name.ts'
import { uniformProfile } from '../../x509/profile.ts'
import { type CertificationPath, checkDates, checkPath, signatureRows } from '../../x509/path.ts'
import { type CorimEntity, type CorimPeriod, decodeEntity, decodePeriod } from './corim.ts'
import { mapOf } from './items.ts'

/** Who may sign, and when "now" is. */
export interface SignerPolicy {
  /** DER SubjectPublicKeyInfo of the one key that may sign. Certificates are not looked at then. */
  readonly signer?: Bytes | undefined
  /** None when there is a `signer`. */
  readonly trustAnchors: readonly Certificate[]
  /** Unix milliseconds. */
  readonly now: number
  readonly skewMs: number
}

/** A signature that holds, within its dates. */
export interface VerifiedEnvelope {
  /** What it covers, as received. */
  readonly payload: Bytes
  readonly meta: CorimMeta | undefined
  /** From the trust anchor to the certificate that signed; `undefined` when a key was asked for. */
  readonly path: CertificationPath | undefined
  /** Unix milliseconds; Infinity where nothing ends. */
  readonly validUntil: number
}

/** What a signature covers, within its dates. */
export interface VerifiedContent<Content> {
  readonly content: Content
  /** Unix milliseconds; Infinity where nothing ends. */
  readonly validUntil: number
}

/** What is beside a signature: who made it, as they say themselves, and when it holds. */
export interface CorimMeta {
  readonly signer: CorimEntity
  readonly validity: CorimPeriod
}

/** A file that is well formed as far as its envelope; nothing is verified. */
export interface Envelope {
  readonly sign1: CoseSign1
  readonly algorithm: SignatureAlgorithm
  readonly x5chain: CborValue
  /** The bytes of a {@link CorimMeta}, for {@link decodeMeta}. */
  readonly meta: CborValue
}

/** Larger files are refused before they are read. */
const maximumSize = 1_048_576
const contentType = 'application/rim+cbor'
/** Header parameters: RFC 9052, RFC 9360 (x5chain), the draft (corim-meta). */
const header = { alg: 1, contentType: 3, kid: 4, meta: 8, x5chain: 33 } as const
export const algorithms: readonly SignatureAlgorithm[] = [ES256, ES384]
/**
 * The signature, who made it, and until when it holds. Nothing that it covers is decoded. @throws
 * VerificationError
 */
export async function verifyEnvelope(file: Bytes, policy: SignerPolicy): Promise<VerifiedEnvelope> {
  const { sign1, algorithm, x5chain, meta: metaBytes } = decodeEnvelope(file)
  const { key, path, chain } =
    policy.signer === undefined ? await certifiedKey(x5chain, algorithm, policy) : pinnedKey(policy.signer, algorithm)
  const holds = verifySignature(algorithm, key, { signature: sign1.signature, signedBytes: signedBytes(sign1) })
  await chain?.settle(recordChecks())
  requireThat(await holds, 'reference-signature', {
    subject: 'signature of the CoRIM',
    expected: 'one by the key of the signer',
    found: 'another',
  })
  const meta = decodeMeta(metaBytes)
  checkPeriod('signature', meta?.validity, policy)
  const validUntil = Math.min(endOf(meta?.validity), path?.notAfter ?? Infinity)
  return { payload: sign1.payload, meta, path, validUntil }
}

/**
 * What a payload says, and its dates; the rest of what it says is for the caller to judge.
 * @param envelopes signatures of one payload: what ends first, ends all
 * @throws VerificationError
 */
export function openPayload<Content extends { readonly validity: CorimPeriod }>(
  envelopes: readonly Pick<VerifiedEnvelope, 'payload' | 'validUntil'>[],
  policy: Pick<SignerPolicy, 'now' | 'skewMs'>,
  read: (payload: Bytes) => Content,
): VerifiedContent<Content> {
  const [{ payload }] = envelopes as readonly [VerifiedEnvelope]
  const content = read(payload)
  checkPeriod('CoRIM', content.validity, policy)
  return { content, validUntil: Math.min(endOf(content.validity), ...envelopes.map(({ validUntil }) => validUntil)) }
}

const endOf = (period: CorimPeriod | undefined): number => Number(period?.notAfter ?? Infinity)

/** @throws VerificationError */
export function decodeEnvelope(file: Bytes): Envelope {
  checkSize(file)
  // Tag 501 without an envelope around it. Anything else is not a signed file either, and said to
  // be malformed.
  requireThat(!isUnsigned(file), 'reference-unsigned', { subject: 'CoRIM', expected: 'a signature', found: 'none' })
  requireThat(file[0] === 0xd2, 'reference-cbor', {
    subject: 'first byte',
    expected: 'd2, the tag of COSE_Sign1',
    found: toHex(file.subarray(0, 1)),
  })
  const sign1 = decodeSign1(file)
  const { protectedHeader, unprotectedHeader, signature } = sign1
  mapOf(protectedHeader, 'protected header', Object.values(header))
  // No signature covers this header: it may hold nothing but certificates, which prove themselves.
  mapOf(unprotectedHeader, 'unprotected header', [header.x5chain])
  const alg = protectedHeader.get(header.alg)
  const algorithm = algorithms.find(({ cose }) => cose === alg)
  if (algorithm === undefined)
    throw new VerificationError('reference-algorithm', {
      subject: 'alg',
      expected: '-7 (ES256) or -35 (ES384)',
      found: said(alg),
    })
  const size = 2 * algorithm.key.coordinateSize
  requireThat(signature.length === size, 'cose-signature-length', {
    subject: 'signature bytes',
    expected: `${size}`,
    found: `${signature.length}`,
  })
  const type = protectedHeader.get(header.contentType)
  requireThat(type === contentType, 'reference-content', {
    subject: 'content type',
    expected: contentType,
    found: said(type),
  })
  const inside = protectedHeader.get(header.x5chain)
  const outside = unprotectedHeader.get(header.x5chain)
  requireThat(inside === undefined || outside === undefined, 'reference-content', {
    subject: 'x5chain',
    expected: 'in one header',
    found: 'in both',
  })
  return { sign1, algorithm, x5chain: inside ?? outside, meta: protectedHeader.get(header.meta) }
}

/** @throws VerificationError `reference-size` */
export function checkSize(file: Bytes): void {
  requireThat(file.length <= maximumSize, 'reference-size', {
    subject: 'bytes',
    expected: `at most ${maximumSize}`,
    found: `${file.length}`,
  })
}

/** Whether a file is a CoRIM without an envelope: it begins with tag 501. */
export const isUnsigned = (file: Bytes): boolean => toHex(file.subarray(0, 3)) === 'd901f5'

/**
 * A key that is to be trusted with one signature, once the `chain` that certifies it has been
 * settled.
 */
interface SignerKey {
  readonly key: PublicKey | undefined
  readonly path?: CertificationPath
  readonly chain?: StartedSignatures
}

function pinnedKey(spki: Bytes, algorithm: SignatureAlgorithm): SignerKey {
  requireThat(fits(spki, algorithm), 'reference-algorithm', {
    subject: 'alg',
    expected: 'that of the key of signer',
    found: algorithm.name,
  })
  return { key: importPublicKey(spki, algorithm) }
}

async function certifiedKey(
  x5chain: CborValue,
  algorithm: SignatureAlgorithm,
  { trustAnchors, now, skewMs }: SignerPolicy,
): Promise<SignerKey> {
  const ordered = [...chainOf(x5chain)].reverse()
  const anchor = await findAnchor(ordered[0] as Bytes, trustAnchors, algorithm)
  const named = [...(anchor === undefined ? [] : [anchor]), ...ordered].map((der, i, { length }) => ({
    der,
    name: i === 0 ? 'CA' : i === length - 1 ? 'signing certificate' : `x5chain[${length - 1 - i}]`,
  }))
  requireThat(named.length > 1, 'reference-untrusted', {
    subject: 'signing certificate',
    expected: 'one that the CA issued',
    found: 'that of the CA',
  })
  const roots = await Promise.all(trustAnchors.map(({ der }) => fingerprint(der)))
  const profile = uniformProfile(algorithm)
  // Opening a file has no trace: the first failure is all there is to say.
  const checks = recordChecks()
  const path = await checkPath(named, { roots }, profile, checks)
  checkPurpose(path.leaf)
  checkDates(path, { now, skewMs }, 'dates of the certificates', checks)
  const chain = startSignatures(signatureRows(path, profile))
  return { key: importPublicKey(path.leaf.spki, algorithm), path, chain }
}

/**
 * RFC 5280 section 4.2.1.12: a certificate that says what it is for is for nothing else. The CA may
 * issue others, for servers say.
 */
function checkPurpose({ extensions }: Certificate): void {
  const usage = extensions.get(EXTENDED_KEY_USAGE)?.value
  if (usage === undefined) return
  const source = { name: 'extended key usage', code: 'cert-extension' } as const
  const purposes = decodeDer(usage, source).children.map((purpose) => toHex(contentOf(purpose)))
  const isForThis = purposes.some((purpose) => purpose === CODE_SIGNING || purpose === ANY_PURPOSE)
  requireThat(isForThis, 'cert-extension', {
    subject: 'purposes of the signing certificate',
    expected: 'code signing',
    found: purposes.join(', '),
  })
}

const EXTENDED_KEY_USAGE = '551d25'
const CODE_SIGNING = '2b06010505070303'
const ANY_PURPOSE = '551d2500'

/**
 * One certificate, or a list of two or more (RFC 9360 section 2). Certificates for ECDSA have about
 * 1000 bytes.
 */
function chainOf(x5chain: CborValue): readonly Bytes[] {
  requireThat(x5chain !== undefined, 'reference-untrusted', {
    subject: 'certificate of the signer (x5chain)',
    expected: 'one',
    found: 'none',
  })
  const list: readonly unknown[] = Array.isArray(x5chain) ? x5chain : [x5chain]
  const isWhole =
    list.length > 0 && list.length <= 8 && list.every((der) => der instanceof Uint8Array && der.length <= 4096)
  const expected = '1 to 8 certificates of at most 4096 bytes'
  requireThat(isWhole, 'reference-content', { subject: 'x5chain', expected, found: 'others' })
  return list as Bytes[]
}

/**
 * corim-meta: `{ 0 signer, ? 1 validity }`. Who signed is what the key says. @throws
 * VerificationError
 */
export function decodeMeta(meta: CborValue): CorimMeta | undefined {
  if (meta === undefined) return undefined
  const source = { name: 'corim-meta', code: 'reference-cbor' } as const
  const decoded = meta instanceof Uint8Array ? decodeCbor(meta, source) : undefined
  const map = mapOf(decoded, 'corim-meta (bytes)', [0, 1])
  return { signer: decodeEntity(map.get(0)), validity: decodePeriod(map.get(1)) }
}

/**
 * The anchor that issued the first certificate; none when that is an anchor itself. @throws
 * VerificationError `reference-untrusted`
 */
async function findAnchor(
  first: Bytes,
  trustAnchors: readonly Certificate[],
  algorithm: SignatureAlgorithm,
): Promise<Bytes | undefined> {
  if (trustAnchors.some(({ der }) => equalBytes(der, first))) return undefined
  const { issuer, signature, tbs } = decodeCertificate(first, 'x5chain')
  const named = trustAnchors.filter(({ subject }) => equalBytes(subject, issuer))
  // CAs keep their name when they change their key. Where there is one, what is wrong with its
  // signature is said later.
  for (const { der, spki } of named)
    if (
      named.length === 1 ||
      (fits(spki, algorithm) &&
        (await verifySignature(algorithm, importPublicKey(spki, algorithm), {
          signature,
          signedBytes: tbs,
          isDer: true,
        })))
    )
      return der
  throw new VerificationError('reference-untrusted', {
    subject: 'CA of the signer',
    expected: 'one of trustAnchors',
    found: nameToText(issuer),
  })
}

/** Whether this is a DER SubjectPublicKeyInfo of a key for the algorithm. */
export const fits = (spki: Uint8Array, { key }: SignatureAlgorithm): boolean => isKeyOf(spki, key)

function checkPeriod(
  name: string,
  period: CorimPeriod | undefined,
  { now, skewMs }: Pick<SignerPolicy, 'now' | 'skewMs'>,
): void {
  const { notBefore, notAfter } = period ?? {}
  const isEarly = notBefore !== undefined && now < notBefore.getTime() - skewMs
  const isLate = notAfter !== undefined && now > notAfter.getTime() + skewMs
  const limit = isEarly ? `from ${notBefore.toISOString()}` : `until ${notAfter?.toISOString()}`
  requireThat(!isEarly && !isLate, 'reference-validity', {
    subject: `validity of the ${name}`,
    expected: limit,
    found: iso(now),
  })
}

export function requireThat(holds: boolean, code: VerificationError['code'], mismatch: Mismatch): asserts holds {
  if (!holds) throw new VerificationError(code, mismatch)
}

/** A header value in a message. */
const said = (value: CborValue): string =>
  Object(value) === value ? 'another type' : String((value as string | number | boolean | null | undefined) ?? 'none')
