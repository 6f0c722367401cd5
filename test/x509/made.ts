/**
 * Made chains and revocation lists: a sound one, and what a negative test changes in it. Signatures
 * are right unless a test is about them.
 */
import 'reflect-metadata'
import * as x509 from '@peculiar/x509'
import { ES384, type SignatureAlgorithm } from '../../src/crypto/algorithms.ts'
import { AttestationError } from '../../src/core/errors.ts'
import { fingerprint } from '../../src/crypto/digest.ts'
import { type CheckRecorder, recordChecks } from '../../src/core/record.ts'
import { type Memory, openMemory } from '../../src/crypto/memory.ts'
import type { EndorsementCache } from '../../src/x509/endorsement-cache.ts'
import {
  type CertificationPath,
  checkPath,
  type NamedCertificate,
  signatureRows,
  type Trust,
} from '../../src/x509/path.ts'
import { uniformProfile } from '../../src/x509/profile.ts'
import { type StartedSignatures, startSignatures } from '../../src/crypto/signatures.ts'
import {
  type CertificatePlan,
  createSigner,
  type DistinguishedName,
  issue,
  sign,
  type Signer,
} from '../attester/certificate.ts'
import { bitString, type Bytes, ecdsaSignature, elementsOf, explicit, sequence } from '../attester/der.ts'

export const now = Date.parse('2026-06-01T12:00:00Z')
export const hour = 3_600_000
export const day = 24 * hour

export const critical = true
const { digitalSignature, nonRepudiation, keyCertSign, cRLSign } = x509.KeyUsageFlags

export const basicConstraints = (cA: boolean, pathLength?: number, isCritical = critical): x509.Extension =>
  new x509.BasicConstraintsExtension(cA, pathLength, isCritical)
export const keyUsage = (flags: x509.KeyUsageFlags, isCritical = critical): x509.Extension =>
  new x509.KeyUsagesExtension(flags, isCritical)
/** An extension by its identifier; `value` is the DER inside. */
export const extension = (id: string, value: readonly number[], isCritical = false): x509.Extension =>
  new x509.Extension(id, isCritical, Uint8Array.from(value))

export const authorityExtensions = (
  pathLength?: number,
  usage: x509.KeyUsageFlags = digitalSignature | keyCertSign | cRLSign,
): x509.Extension[] => [basicConstraints(true, pathLength), keyUsage(usage)]
export const leafExtensions = (usage: x509.KeyUsageFlags = digitalSignature | nonRepudiation): x509.Extension[] => [
  basicConstraints(false),
  keyUsage(usage, !critical),
]

/** Root, intermediate, issuing CA, leaf. */
export type ChainId = 'root' | 'middle' | 'issuing' | 'leaf'

export const names: Readonly<Record<ChainId, DistinguishedName>> = {
  root: [{ O: ['veritee tests'] }, { CN: ['root'] }],
  middle: [{ O: ['veritee tests'] }, { CN: ['middle'] }],
  issuing: [{ O: ['veritee tests'] }, { CN: ['issuing'] }],
  leaf: [{ O: ['veritee tests'] }, { CN: ['leaf'] }],
}

const soundPlans: readonly CertificatePlan[] = [
  plan('root', '0a', 1000 * day, authorityExtensions()),
  plan('middle', '0b', 100 * day, authorityExtensions(1)),
  plan('issuing', '0c', 10 * day, authorityExtensions(0)),
  plan('leaf', '0d', 2 * hour, leafExtensions()),
]

const signers = new Map<string, Signer>()

/** The key that goes with a certificate: always the same in one run. */
export async function signerOf(id: string, curve?: CertificatePlan['curve']): Promise<Signer> {
  const name = `${id} ${curve ?? ''}`
  const kept = signers.get(name)
  if (kept !== undefined) return kept
  const made = await createSigner(curve)
  signers.set(name, made)
  return made
}

export type ChainChange = { readonly [Id in ChainId]?: Partial<CertificatePlan> }

/** A chain, root first; `arrange` changes which certificates there are. */
export async function makeChain(
  change: ChainChange = {},
  arrange: (plans: readonly CertificatePlan[]) => readonly CertificatePlan[] = (plans) => plans,
): Promise<NamedCertificate[]> {
  const chain: NamedCertificate[] = []
  let issuer: { readonly plan: CertificatePlan; readonly signer: Signer } | undefined
  for (const given of arrange(soundPlans)) {
    const wanted = { ...given, ...change[given.id as ChainId] }
    const signer = await signerOf(wanted.id, wanted.curve)
    const der = await issue(wanted, signer, (issuer?.plan ?? wanted).subject, issuer?.signer ?? signer)
    chain.push({ name: wanted.id, der })
    issuer = { plan: wanted, signer }
  }
  return chain
}

/** Every rule but dates and signatures. Trusts the first certificate unless told otherwise. */
export async function check(
  chain: readonly NamedCertificate[],
  algorithm: SignatureAlgorithm = ES384,
  { roots, memory }: Partial<Trust> = {},
  checks: CheckRecorder = recordChecks(),
): Promise<CertificationPath> {
  const root = await fingerprint((chain[0] as NamedCertificate).der)
  return checkPath(chain, { roots: roots ?? [root], memory }, uniformProfile(algorithm), checks)
}

/** Starts every signature of a path whose certificates all have one algorithm. */
export function startPath(
  path: Pick<CertificationPath, 'certificates'>,
  algorithm: SignatureAlgorithm,
  memory?: Memory,
): StartedSignatures {
  return startSignatures(signatureRows(path, uniformProfile(algorithm)), memory)
}

/** The same, and every signature. */
export async function verify(
  chain: readonly NamedCertificate[],
  algorithm: SignatureAlgorithm = ES384,
  cache?: EndorsementCache,
): Promise<CertificationPath> {
  const memory = cache && openMemory(cache)
  const path = await check(chain, algorithm, { memory })
  await startPath(path, algorithm, memory).settle(recordChecks())
  return path
}

/**
 * `code: message` of the refusal that `promise` ends with; other errors, and acceptance, fail the
 * test.
 */
export async function refusal(promise: Promise<unknown> | (() => unknown)): Promise<string> {
  try {
    await (typeof promise === 'function' ? promise() : promise)
  } catch (error) {
    if (error instanceof AttestationError) return `${error.code}: ${error.message}`
    throw error
  }
  throw new Error('accepted, expected a refusal')
}

/** Everything about a revocation list. Override one field to break one thing. */
export interface CrlPlan {
  readonly issuer: DistinguishedName
  readonly thisUpdate: Date
  readonly nextUpdate: Date | undefined
  readonly entries: readonly x509.X509CrlEntryParams[]
  readonly extensions: readonly x509.Extension[]
  readonly hash: 'SHA-256' | 'SHA-384'
  readonly signer: Signer
  /**
   * Changes the elements of TBSCertList: version, signature, issuer, thisUpdate, nextUpdate,
   * revokedCertificates, crlExtensions.
   */
  readonly tbs?: (elements: Bytes[]) => readonly Uint8Array[]
  /** Changes TBSCertList, signatureAlgorithm and signatureValue after signing. */
  readonly outer?: (elements: Bytes[]) => readonly Uint8Array[]
}

/** A list of the issuing CA that revokes 0101 and 0102. */
export async function makeCrl(change: Partial<CrlPlan> = {}): Promise<Bytes> {
  const wanted: CrlPlan = {
    issuer: names.issuing,
    thisUpdate: new Date(now - day),
    nextUpdate: new Date(now + day),
    entries: [revoked('0101'), { ...revoked('0102'), reason: x509.X509CrlReason.keyCompromise }],
    extensions: [crlNumber(7)],
    hash: 'SHA-384',
    signer: await signerOf('issuing'),
    ...change,
  }
  const { hash, signer } = wanted
  const made = await x509.X509CrlGenerator.create({
    issuer: new x509.Name(wanted.issuer).toJSON(),
    thisUpdate: wanted.thisUpdate,
    ...(wanted.nextUpdate && { nextUpdate: wanted.nextUpdate }),
    entries: [...wanted.entries],
    extensions: [...wanted.extensions],
    signingKey: signer.privateKey,
    signingAlgorithm: { name: 'ECDSA', hash },
  })
  const [tbs, algorithm] = elementsOf(new Uint8Array(made.rawData)) as [Bytes, Bytes]
  const fields = elementsOf(tbs).map(withoutEmptyExtensions)
  const changed = sequence(...(wanted.tbs?.(fields) ?? fields))
  const signature = bitString(ecdsaSignature(await sign({ privateKey: signer.privateKey, hash }, changed)))
  return sequence(...(wanted.outer?.([changed, algorithm, signature]) ?? [changed, algorithm, signature]))
}

/**
 * `@peculiar/x509` gives entries without extensions an empty list of them, which RFC 5280 does not
 * have.
 */
function withoutEmptyExtensions(field: Bytes, index: number, fields: readonly Bytes[]): Bytes {
  const isTime = (tag: number | undefined): boolean => tag === 0x17 || tag === 0x18
  if (field[0] !== 0x30 || !isTime(fields[index - 1]?.[0])) return field
  return sequence(
    ...elementsOf(field).map((entry) => sequence(...elementsOf(entry).filter((element) => element.length > 2))),
  )
}

export const revoked = (serialNumber: string): x509.X509CrlEntryParams => ({
  serialNumber,
  revocationDate: new Date(now - 10 * day),
})

/** RFC 5280 section 5.2.3. */
export const crlNumber = (number: number): x509.Extension => extension('2.5.29.20', [2, 1, number])

/** `[n] EXPLICIT SEQUENCE OF Extension` out of extensions as `@peculiar/x509` has them. */
export const extensionsElement = (n: number, ...extensions: readonly x509.Extension[]): Bytes =>
  explicit(n, sequence(...extensions.map(({ rawData }) => new Uint8Array(rawData))))

function plan(id: ChainId, serialNumber: string, around: number, extensions: x509.Extension[]): CertificatePlan {
  const dates = { notBefore: new Date(now - around), notAfter: new Date(now + around) }
  return { id, subject: names[id], serialNumber, extensions, ...dates }
}
