/**
 * What Intel says around a quote, proven a second time: chains, lists and documents that lead to a
 * trusted root, and every signature down to the quote's.
 */
import { areSame, demand, digitsOf, octetsOf, octetsOfBase64, type Octets } from '../readers/bytes.ts'
import { commonNameOf, readCertificate, type ReadCertificate } from '../readers/certificate.ts'
import { holdsRaw, sha256 } from '../readers/engine.ts'
import { proveList, readList, type ReadList, refuseListed } from '../readers/list.ts'
import {
  ecdsaWithSha256,
  endOf,
  isInForceAt,
  type Moments,
  p256Key,
  pointOf,
  provePath,
  uniform,
} from '../readers/path.ts'
import { certificatesInPem, dateIn, type JsonObject, objectIn, readStrictJson } from '../readers/text.ts'
import { endorsementOf, momentsOf, type Question, trustedRoots } from '../question.ts'
import type { Notes } from '../record.ts'
import type { ReadQuote } from './dcap-quote.ts'
import { type Platform, readPlatform } from './dcap-platform.ts'

/** SHA-256 of both certificates that Intel issued for the key of its root. */
const intelRoots = [
  '44a0196b2b99f889b8e149e95b807a350e7424964399e885a7cbb8ccfab674d3',
  'fc64f8076d79a4fee9d1d473d74c89eb8d8fd55c5abafeabeba7366d20429404',
]
const longest = 1_048_576

/** What was proven. Times are Unix milliseconds. */
export interface Collateral {
  readonly platform: Platform
  readonly pckSerial: string
  readonly tcbInfo: JsonObject
  readonly qeIdentity: JsonObject
  readonly issued: Readonly<Record<'tcbInfo' | 'qeIdentity' | 'rootCaCrl' | 'pckCrl', number>>
  readonly validUntil: number
}

/** @throws VerificationError */
export async function proveCollateral(quote: ReadQuote, question: Question, notes: Notes): Promise<Collateral> {
  const { options } = question
  const roots = await trustedRoots(options, intelRoots)
  const trust = { roots, moments: momentsOf(question) }
  const shape = uniform(ecdsaWithSha256, p256Key)

  // 1. The platform's chain.
  const pckCertificates = notes.reads('cert-parse', 'PCK certificate chain', () =>
    readCertificates(pckText(quote, question), 3, 'PCK'),
  )
  const pckChain = await inOrder(pckCertificates, roots, notes)
  const [root, authority, pck] = pckChain as [ReadCertificate, ReadCertificate, ReadCertificate]
  await provePath(pckChain, shape, trust, notes)
  notes.reads('cert-path', 'name of the PCK certificate', () => {
    demand(commonNameOf(pck.byPeculiar.subjectName) === 'Intel SGX PCK Certificate', 'is another')
  })
  const platform = notes.reads('pck-cert-format', 'SGX extension of the PCK certificate', () => readPlatform(pck))

  // 2. What could revoke it.
  const rules = { algorithms: [ecdsaWithSha256], isNumbered: true, moments: trust.moments }
  const [rootList, pckList] = (['rootCaCrl', 'pckCrl'] as const).map((name) =>
    notes.reads('crl-parse', name, () => readList(octetsOfBase64(endorsementOf(options, name, longest)), name)),
  ) as [ReadList, ReadList]
  await proveList(rootList, root, rules, notes)
  await proveList(pckList, authority, rules, notes)
  refuseListed(authority, rootList, notes)
  refuseListed(pck, pckList, notes)

  // 3. Who speaks about platforms and quoting enclaves, and what they say.
  const chains: ReadCertificate[][] = [pckChain]
  const proveDocument = async (name: 'tcbInfo' | 'qeIdentity', member: string): Promise<JsonObject> => {
    const given = notes.reads('cert-parse', `signer of ${name}`, () =>
      readCertificates(endorsementOf(options, `${name}IssuerChain`, longest), 2, `signer of ${name}`),
    )
    const signers = await inOrder(given, roots, notes)
    const [ownRoot, signer] = signers as [ReadCertificate, ReadCertificate]
    await provePath(signers, shape, trust, notes)
    notes.reads('cert-path', `name of the signer of ${name}`, () => {
      demand(commonNameOf(signer.byPeculiar.subjectName) === 'Intel SGX TCB Signing', 'is another')
    })
    const isSameRoot = areSame(ownRoot.key, root.key) && ownRoot.subject === root.subject
    notes.proves('cert-path', `root of the signer of ${name}`, isSameRoot, 'is not that of the platform')
    refuseListed(signer, rootList, notes)
    chains.push(signers)
    const isTcbInfo = name === 'tcbInfo'
    const { body, signature } = notes.reads(isTcbInfo ? 'tcb-info-format' : 'qe-identity-format', name, () =>
      readSigned(endorsementOf(options, name, longest), member),
    )
    const answer = holdsRaw(['P-256', 'SHA-256'], pointOf(signer, 32), signature, body)
    await notes.awaits(isTcbInfo ? 'tcb-info-signature' : 'qe-identity-signature', `${name} signed by Intel`, answer)
    return notes.reads(
      isTcbInfo ? 'tcb-info-format' : 'qe-identity-format',
      `body of ${name}`,
      () => readStrictJson(new TextDecoder().decode(body)).value,
    )
  }
  const tcbInfo = await proveDocument('tcbInfo', 'tcbInfo')
  const qeIdentity = await proveDocument('qeIdentity', 'enclaveIdentity')
  const [tcbInfoDates, qeIdentityDates] = [
    proveDates('tcb-info', tcbInfo, trust.moments, notes),
    proveDates('qe-identity', qeIdentity, trust.moments, notes),
  ]

  // 4. The platform vouches for the quoting enclave, that for the attestation key, and that for the
  // quote.
  const qe = holdsRaw(['P-256', 'SHA-256'], pointOf(pck, 32), quote.qeSignature, quote.qeSigned)
  await notes.awaits('qe-report-signature', 'QE report signed by the PCK', qe)
  const digest = await sha256(quote.bound)
  const bound = digitsOf((quote.qeReport['reportData'] as Octets).subarray(0, 32))
  notes.proves('attestation-key-binding', 'attestation key', digest === bound, 'is not the one in the QE report')
  const own = holdsRaw(['P-256', 'SHA-256'], quote.attestationKey, quote.signature, quote.signed)
  await notes.awaits('quote-signature', 'quote signed by the attestation key', own)

  const [tcbInfoIssued, tcbInfoEnd] = tcbInfoDates
  const [qeIdentityIssued, qeIdentityEnd] = qeIdentityDates
  return {
    platform,
    pckSerial: pck.serial,
    tcbInfo,
    qeIdentity,
    issued: {
      tcbInfo: tcbInfoIssued,
      qeIdentity: qeIdentityIssued,
      rootCaCrl: rootList.thisUpdate,
      pckCrl: pckList.thisUpdate,
    },
    validUntil: Math.min(...chains.map(endOf), rootList.nextUpdate, pckList.nextUpdate, tcbInfoEnd, qeIdentityEnd),
  }
}

/** The chain of the quote, else that of the endorsements; platforms write a NUL behind it. */
function pckText({ certificationType, certification }: ReadQuote, { options }: Question): string {
  if (certificationType !== 5) return endorsementOf(options, 'pckCertificateChain', longest)
  return new TextDecoder().decode(certification).replace(/\0+$/, '')
}

/** So many certificates, as they come. */
function readCertificates(text: string, count: number, what: string): ReadCertificate[] {
  const found = certificatesInPem(text).map((der, i) => readCertificate(der, `certificate ${i} of the chain (${what})`))
  demand(found.length === count, `${found.length} certificates, not ${count}`)
  return found
}

/**
 * Certificates in whatever order they came: the trusted one, what it issued, and so on. A root is
 * trusted by its bytes; who it says issued it means nothing.
 * @throws VerificationError
 */
async function inOrder(
  certificates: readonly ReadCertificate[],
  roots: readonly string[],
  notes: Notes,
): Promise<ReadCertificate[]> {
  const digests = await Promise.all(certificates.map(({ der }) => sha256(der)))
  const root = certificates.find((_, i) => roots.includes(digests[i] ?? ''))
  notes.proves('root-mismatch', 'certificates', root !== undefined, `none is trusted: ${digests.join(', ')}`)
  const chain = certificates.filter((certificate) => certificate === root)
  return notes.reads('cert-path', 'order of the certificates', () => {
    while (chain.length < certificates.length) {
      const last = chain.at(-1)
      const next = certificates.find((other) => !chain.includes(other) && other.issuer === last?.subject)
      demand(next !== undefined, 'certificates that are no chain')
      chain.push(next)
    }
    return chain
  })
}

/**
 * `{ member: BODY, signature: '…' }`, in either order and nothing else. The signature covers the
 * bytes of BODY as they came.
 */
function readSigned(text: string, member: string): { readonly body: Octets; readonly signature: Octets } {
  const { value, members } = readStrictJson(text)
  objectIn(value, member)
  const body = members.get(member)
  const { signature } = value
  demand(members.size === 2 && body !== undefined, 'not a body and its signature')
  demand(typeof signature === 'string' && members.get('signature') === `"${signature}"`, 'no signature')
  demand(/^[0-9a-f]{128}$/i.test(signature), 'a signature that is not 64 bytes in hexadecimal')
  return { body: new TextEncoder().encode(body), signature: octetsOf(signature) }
}

function proveDates(
  document: 'tcb-info' | 'qe-identity',
  body: JsonObject,
  moments: Moments,
  notes: Notes,
): readonly [issued: number, end: number] {
  const dates = notes.reads(
    `${document}-format`,
    `dates of ${document}`,
    () => [dateIn(body, 'issueDate'), dateIn(body, 'nextUpdate')] as const,
  )
  notes.proves(`${document}-validity`, `dates of ${document}`, isInForceAt(...dates, moments), 'it is not in force')
  return dates
}
