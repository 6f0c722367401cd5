/**
 * Evidence inside X.509 certificates (RA-TLS): where each convention keeps it, and what the
 * evidence's report data must be so that it vouches for the certificate's key. Knows no format of
 * evidence: a quote is bytes here.
 *
 * Report data is 64 bytes; a hash of 32 comes first and zeros follow. By convention, in the order
 * of preference where a certificate has several:
 * - `tagged-evidence`: TCG DICE, CCC-Attestation/interoperable-ra-tls (Gramine since 1.8, Intel SGX
 *   SDK, rats-tls, rats-rs): SHA-256 of a CBOR map of claims, of which `pubkey-hash` is the hash of
 *   the SubjectPublicKeyInfo.
 * - `dstack`: SHA-512 of `ratls-cert:` and the SubjectPublicKeyInfo.
 * - `gramine`: SHA-256 of the SubjectPublicKeyInfo.
 * - `open-enclave` (Azure Attestation's older signing certificates too): SHA-256 of the
 *   SubjectPublicKeyInfo as PEM text with a zero at the end.
 *
 * Refused: the raw quote of Intel's SGX SDK alone, which no convention binds to a key; local
 * reports (CBOR tags 60001 and 60002); the later extensions of dstack and of Open Enclave, whose
 * contents are structures of their own around a quote.
 */
import { type DigestAlgorithm, hash } from '../crypto/digest.ts'
import { type Bytes, concatBytes, equalBytes, toHex } from '../encoding/bytes.ts'
import { cborType, decodeCbor, isCborMap } from '../encoding/cbor.ts'
import { contentOf, decodeDer, OCTET_STRING } from '../encoding/der.ts'
import { malformed, type Source } from '../encoding/reader.ts'
import { VerificationError } from '../core/errors.ts'
import { gunzip } from './gunzip.ts'
import type { RaTlsCertificate } from './certificate.ts'

/** How a certificate carries evidence, and how the evidence vouches for its key. */
export type RaTlsConvention = 'tagged-evidence' | 'dstack' | 'gramine' | 'open-enclave'

/** Evidence as a certificate carries it. Nothing of it is verified. */
export interface RaTlsEvidence {
  readonly convention: RaTlsConvention
  /** The evidence itself: with every convention here a DCAP quote of SGX or TDX. */
  readonly quote: Bytes
  /**
   * The 64 bytes that the quote must carry as report data: then, and only then, it vouches for the
   * certificate's key.
   */
  readonly reportData: Bytes
  /**
   * The claim `nonce` of tagged evidence, which the report data covers; `undefined` where there is
   * none.
   */
  readonly nonce: Bytes | undefined
  /** dstack's event log, decompressed, for `replayEventLog`; `undefined` where there is none. */
  readonly eventLog: Bytes | undefined
}

/** Reads the evidence that one extension holds. */
type Reader = (value: Bytes, certificate: RaTlsCertificate) => Promise<RaTlsEvidence>

// Extensions, by the content of their OBJECT IDENTIFIER.
/** 1.3.6.1.4.1.62397.1.2 */
const dstackEventLog = '2b0601040183e73d0102'

/** In the order of preference. */
const readers: readonly (readonly [oid: string, read: Reader])[] = [
  // 2.23.133.5.4.9, TCG DICE tagged evidence.
  ['678105050409', readTaggedEvidence],
  // 1.3.6.1.4.1.62397.1.1
  ['2b0601040183e73d0101', readDstack],
  // 1.2.840.113741.1337.6, and 0.6.9.42.840.113741.1337.6, as Gramine writes it: the content
  // repeats tag and length.
  ['2a864886f84d8a3906', readGramine],
  ['06092a864886f84d8a3906', readGramine],
  // 1.2.840.113556.10.1.1
  ['2a864886f7140a0101', readOpenEnclave],
]

/** Evidence that there is, but not in a form that can be verified here. */
const unsupported: readonly (readonly [oid: string, problem: string])[] = [
  ['2a864886f84d010d01', 'quote of the SGX SDK (1.2.840.113741.1.13.1), which nothing binds to the key'],
  ['2b0601040183e73d0108', 'attestation structure of dstack (1.3.6.1.4.1.62397.1.8)'],
  ['2b0601040182376901', 'evidence of Open Enclave 0.18 (1.3.6.1.4.1.311.105.1)'],
  ['2b06010401823769876801', 'evidence of Azure Attestation (1.3.6.1.4.1.311.105.1000.1)'],
]

/** SHA-256, SHA-384 and SHA-512 in the IANA registry of named information hash algorithms. */
const hashAlgorithms: ReadonlyMap<unknown, DigestAlgorithm> = /* @__PURE__ */ new Map<unknown, DigestAlgorithm>([
  [1, 'SHA-256'],
  [7, 'SHA-384'],
  [8, 'SHA-512'],
])

const evidenceTag = 60_000
const localReportTags = [60_001, 60_002]

const evidenceSource: Source = { name: 'RA-TLS evidence', code: 'ra-tls-evidence' }
const claimsSource: Source = { name: 'RA-TLS claims', code: 'ra-tls-evidence' }
const utf8 = /* @__PURE__ */ new TextEncoder()

/** The object identifiers of the extensions that {@link readRaTlsEvidence} understands. */
export function isRaTlsExtension(oid: string): boolean {
  return oid === dstackEventLog || readers.some(([known]) => known === oid)
}

/**
 * The evidence of a certificate: of the first convention that it follows, even when that turns out
 * to be malformed and another one is not.
 * @throws VerificationError `ra-tls-evidence` when there is none, or it is malformed or of a kind
 *   that cannot be verified here; `ra-tls-binding` when its claims are about another key
 */
export async function readRaTlsEvidence(certificate: RaTlsCertificate): Promise<RaTlsEvidence> {
  const { extensions } = certificate
  for (const [oid, read] of readers) {
    const extension = extensions.get(oid)
    if (extension !== undefined) return read(extension.value, certificate)
  }
  const other = unsupported.find(([oid]) => extensions.has(oid))?.[1]
  const found = other === undefined ? 'none' : `only ${other}, which is not supported`
  throw new VerificationError('ra-tls-evidence', {
    subject: 'evidence in the certificate',
    expected: 'an RA-TLS extension',
    found,
  })
}

async function readTaggedEvidence(value: Bytes, { spki }: RaTlsCertificate): Promise<RaTlsEvidence> {
  const item = decodeCbor(value, evidenceSource)
  const [tag, content] = typeof item === 'object' && item !== null && 'tag' in item ? [item.tag, item.value] : []
  if (tag !== evidenceTag) {
    const isLocal = localReportTags.includes(tag ?? 0)
    const found =
      tag === undefined ? 'no tag' : `${tag}${isLocal ? ', a report that only its own machine can verify' : ''}`
    throw new VerificationError('ra-tls-evidence', {
      subject: 'CBOR tag of RA-TLS evidence',
      expected: `${evidenceTag}`,
      found,
    })
  }
  const [quote, claims, more] = Array.isArray(content) ? (content as readonly unknown[]) : []
  if (!(quote instanceof Uint8Array) || !(claims instanceof Uint8Array) || more !== undefined)
    throw malformed(evidenceSource, 'must be an array of a quote and claims (bstr)')
  return {
    convention: 'tagged-evidence',
    quote: quote as Bytes,
    reportData: padded(await hash('SHA-256', claims as Bytes)),
    nonce: await readClaims(claims as Bytes, spki),
    eventLog: undefined,
  }
}

/**
 * `pubkey-hash` must be there and be the hash of this key: otherwise the quote vouches for nothing.
 * Claims of other names are ignored. @returns the nonce
 */
async function readClaims(bytes: Bytes, spki: Bytes): Promise<Bytes | undefined> {
  const claims = decodeCbor(bytes, claimsSource)
  if (!isCborMap(claims)) throw malformed(claimsSource, `must be a map, found ${cborType(claims)}`)
  const wrapped = claims.get('pubkey-hash')
  if (!(wrapped instanceof Uint8Array)) throw malformed(claimsSource, 'must have a pubkey-hash (bstr)')
  const pair = decodeCbor(wrapped, { ...claimsSource, name: 'pubkey-hash' })
  const [id, digest, more] = Array.isArray(pair) ? (pair as readonly unknown[]) : []
  const algorithm = hashAlgorithms.get(id)
  if (algorithm === undefined || !(digest instanceof Uint8Array) || more !== undefined)
    throw malformed(claimsSource, 'pubkey-hash must be an array of 1, 7 or 8 and a hash (bstr)')
  requireKey('pubkey-hash', await hash(algorithm, spki), digest as Bytes)
  const nonce = claims.get('nonce')
  if (nonce === undefined || nonce instanceof Uint8Array) return nonce
  throw malformed(claimsSource, `nonce must be a bstr, found ${cborType(nonce)}`)
}

async function readDstack(value: Bytes, { spki, extensions }: RaTlsCertificate): Promise<RaTlsEvidence> {
  const log = extensions.get(dstackEventLog)
  return {
    convention: 'dstack',
    quote: octetString(value, 'quote of dstack'),
    reportData: await hash('SHA-512', concatBytes(utf8.encode('ratls-cert:'), spki)),
    nonce: undefined,
    eventLog: log && (await readEventLog(octetString(log.value, 'event log of dstack'))),
  }
}

async function readGramine(value: Bytes, { spki }: RaTlsCertificate): Promise<RaTlsEvidence> {
  const reportData = padded(await hash('SHA-256', spki))
  return { convention: 'gramine', quote: value, reportData, nonce: undefined, eventLog: undefined }
}

async function readOpenEnclave(value: Bytes, { spki }: RaTlsCertificate): Promise<RaTlsEvidence> {
  let binary = ''
  for (const byte of spki) binary += String.fromCharCode(byte)
  const lines = btoa(binary).match(/.{1,64}/g) ?? []
  const pem = ['-----BEGIN PUBLIC KEY-----', ...lines, '-----END PUBLIC KEY-----', '\0'].join('\n')
  return {
    convention: 'open-enclave',
    quote: octetString(value, 'quote of Open Enclave'),
    reportData: padded(await hash('SHA-256', utf8.encode(pem))),
    nonce: undefined,
    eventLog: undefined,
  }
}

/** dstack compresses its log and says so in front; logs without that are as they are. */
async function readEventLog(value: Bytes): Promise<Bytes> {
  const magic = utf8.encode('ELGZv1')
  if (!equalBytes(value.subarray(0, magic.length), magic)) return value
  return gunzip(value.subarray(magic.length), maximumEventLog, { ...evidenceSource, name: 'event log of dstack' })
}

/** dstack itself allows 16 KB. */
const maximumEventLog = 65_536

/** The content of the one OCTET STRING that an extension's value is. */
function octetString(value: Bytes, name: string): Bytes {
  const source = { ...evidenceSource, name }
  const node = decodeDer(value, source)
  if (node.tag !== OCTET_STRING) throw malformed(source, 'must be an OCTET STRING')
  return contentOf(node)
}

/** 64 bytes: the hash, then zeros. */
function padded(digest: Bytes): Bytes {
  const reportData = new Uint8Array(64)
  reportData.set(digest)
  return reportData
}

/** @throws VerificationError `ra-tls-binding` */
function requireKey(name: string, computed: Bytes, claimed: Bytes): void {
  if (equalBytes(computed, claimed)) return
  throw new VerificationError('ra-tls-binding', {
    subject: `${name}, of the certificate's key`,
    expected: toHex(computed),
    found: toHex(claimed),
  })
}
