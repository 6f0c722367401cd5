/**
 * Chains of Android's key attestation for the second opinion: their two shapes, whose roots they
 * have, and what of RFC 5280 holds for them.
 *
 * Source: android/keyattestation, and the schema at source.android.com, read a second time.
 */
import { demand, digitsOf, octetsOf, octetsOfBase64, type Octets } from '../readers/bytes.ts'
import {
  attributesOf,
  isSignedBy,
  isSignedByKey,
  readCertificate,
  type ReadCertificate,
  usage,
} from '../readers/certificate.ts'
import { sha256 } from '../readers/engine.ts'
import { ecdsaWithSha256, ecdsaWithSha384, isInForceAt, type Moments, p256Key, p384Key } from '../readers/path.ts'
import { bytesOf, type Options } from '../question.ts'
import type { Notes } from '../record.ts'

export const descriptionExtension = '1.3.6.1.4.1.11129.2.1.17'
const nameConstraints = '2.5.29.30'
/** basicConstraints, keyUsage, and the two above: what may be critical. */
const known: readonly string[] = ['2.5.29.19', '2.5.29.15', descriptionExtension, nameConstraints]

/** A root: name, digest of its key, and the key where a chain may leave the root out. */
interface Root {
  readonly subject: string
  readonly digest: string
  readonly key: Octets | undefined
}

/** Google's, of https://android.googleapis.com/attestation/root. */
const google = (): readonly Root[] => [
  {
    subject: '301b311930170603550405131066393230303965383533623662303435',
    digest: 'feb2ea7551ee316ed4bb443c8293b884dbfdea40b603ee3e4f4a897e4580fbae',
    key: undefined,
  },
  {
    subject: digitsOf(
      octetsOfBase64(
        'MFIxHDAaBgNVBAMME0tleSBBdHRlc3RhdGlvbiBDQTExEDAOBgNVBAsMB0FuZHJvaWQxEzARBgNVBAoMCkdvb2dsZSBMTEMxCzAJBgNVBAYTAlVT',
      ),
    ),
    digest: '',
    key: octetsOfBase64(
      'MHYwEAYHKoZIzj0CAQYFK4EEACIDYgAEI9ojcU7fPlsFCjxy6IRqzgeOoK0b+YsV9FPQywiyw8EQRTkJ9u3qwfnI4DGoSLlBqClTXJfgfCcZvs60FikNMHnu4fkRzObfgDkU2KNXezT9/RQ+XvNslxPHrHCowhGr',
    ),
  },
]

/** A chain that was found genuine, but for its dates. */
export interface AndroidChain {
  /** As they came, the leaf first. */
  readonly certificates: readonly ReadCertificate[]
  /** Those below the root. */
  readonly issued: readonly ReadCertificate[]
  readonly provisioning: 'factory' | 'remote'
}

/** @throws Error */
export function readChain(ders: readonly Octets[]): readonly ReadCertificate[] {
  demand(ders.length > 1 && ders.length < 6, `${ders.length} certificates`)
  return ders.map((der, i) => readCertificate(der, `certificate ${i}`))
}

/**
 * @param mayEndBelow whether the root may be left out
 * @throws VerificationError
 */
export async function proveChain(
  certificates: readonly ReadCertificate[],
  options: Options,
  mayEndBelow: boolean,
  notes: Notes,
): Promise<AndroidChain> {
  const last = certificates.at(-1) as ReadCertificate
  const hasRoot = last.subject === last.issuer
  notes.proves('chain-shape', 'last certificate', hasRoot || mayEndBelow, 'is no root')
  const others = certificates.slice(1)
  const isAlone = !others.some(({ extensions }) => extensions.has(descriptionExtension))
  notes.proves('chain-shape', 'key description', isAlone, 'is in another certificate as well')
  const issued = hasRoot ? certificates.slice(0, -1) : certificates
  const found = await rootKeyOf(last, hasRoot, options)
  const rootKey = notes.reads('root-mismatch', 'root', () => {
    demand(found !== undefined, 'is none that is trusted')
    return found
  })
  const provisioning = notes.reads('chain-shape', 'shape', () => shapeOf(issued))
  certificates.forEach((certificate, i) => {
    const above = certificates[i + 1]
    const isNamed = above === undefined || certificate.issuer === above.subject
    notes.proves('cert-chain-name', `issuer of ${certificate.name}`, isNamed, 'is not the next')
    proveUses(certificate, i, notes)
  })
  for (const [i, certificate] of issued.entries()) {
    const by = certificates[i + 1]
    const issuerKey = by?.key ?? rootKey
    notes.proves(
      'cert-algorithm',
      `signature of ${certificate.name}`,
      areMatched(certificate, issuerKey),
      'is by another',
    )
    const answer = by === undefined ? isSignedByKey(certificate, issuerKey) : isSignedBy(certificate, by)
    await notes.awaits('cert-chain-signature', `${certificate.name} signed by the next`, answer)
  }
  return { certificates, issued, provisioning }
}

/** The key of the root that came along, or that the last certificate names. */
async function rootKeyOf(
  last: ReadCertificate,
  hasRoot: boolean,
  { trustAnchors }: Options,
): Promise<Octets | undefined> {
  const roots =
    trustAnchors === undefined
      ? google()
      : (trustAnchors as unknown[]).map((der): Root => {
          const { subject, key } = readCertificate(bytesOf(der), 'trust anchor')
          return { subject, digest: '', key }
        })
  const named = roots.filter(({ subject }) => subject === last.issuer)
  if (!hasRoot) return named.find(({ key }) => key !== undefined && areMatched(last, key))?.key
  const digest = await sha256(last.key)
  const isTrusted = named.some((root) =>
    root.key === undefined ? root.digest === digest : digitsOf(root.key) === digitsOf(last.key),
  )
  return isTrusted ? last.key : undefined
}

/** RSA with moduli of 2048, 3072 and 4096 bits, by the size of the SubjectPublicKeyInfo. */
const rsa: Readonly<Record<number, string>> = {
  294: '30820122300d06092a864886f70d01010105000382010f003082010a02820101',
  422: '308201a2300d06092a864886f70d01010105000382018f003082018a02820181',
  550: '30820222300d06092a864886f70d01010105000382020f003082020a02820201',
}
const rsaWithSha256 = '300d06092a864886f70d01010b0500'

/** Whether a certificate's algorithm is one of a key: with a point either hash, with RSA one. */
function areMatched({ algorithm }: ReadCertificate, key: Octets): boolean {
  const digits = digitsOf(key)
  if (algorithm === rsaWithSha256) return digits.startsWith(rsa[key.length] ?? 'none')
  const isPoint = [p256Key, p384Key].some(({ begins, size }) => digits.startsWith(begins) && key.length === size)
  return isPoint && (algorithm === ecdsaWithSha256 || algorithm === ecdsaWithSha384)
}

/** What the certificate below the root is called says which shape it is, and how long. */
function shapeOf(issued: readonly ReadCertificate[]): AndroidChain['provisioning'] {
  const { subject } = issued.at(-1) as ReadCertificate
  const parts = partsOfName(subject)
  const says = (type: string, value: string): boolean => parts.some(([one, text]) => one === type && text === value)
  const isRemote = says('2.5.4.3', 'Droid CA2') && says('2.5.4.10', 'Google LLC')
  const isFactory = !isRemote && parts.some(([type]) => type === '2.5.4.5')
  demand(isRemote || isFactory, 'a chain of software')
  demand(issued.length === (isRemote ? 4 : 3), `${issued.length} certificates below the root`)
  return isRemote ? 'remote' : 'factory'
}

const partsOfName = (digits: string): ReturnType<typeof attributesOf> => attributesOf(octetsOf(digits))

/** From the third on they are CAs; before, vendors' certificates say what they like. */
function proveUses(
  { name, extensions, isAuthority, usages, pathLength }: ReadCertificate,
  i: number,
  notes: Notes,
): void {
  const strange = [...extensions].find(([id, { critical }]) => critical && !known.includes(id))
  notes.proves('cert-extension', `extensions of ${name}`, strange === undefined, `${strange?.[0]} is critical`)
  notes.proves('cert-extension', `names below ${name}`, i === 1 || !extensions.has(nameConstraints), 'are constrained')
  if (i < 2) return
  const isCa = isAuthority === true && (usages & usage.keyCertSign) !== 0
  notes.proves('cert-extension', `whether ${name} is an authority`, isCa, 'it is none')
  notes.proves('cert-extension', `path length of ${name}`, i - 1 <= (pathLength ?? i), 'is too short')
}

/**
 * Dates of what vendors and Google issued: the leaf's are the phone's. In factory chains nothing
 * expires.
 * @returns when the first of them ends, Unix milliseconds. @throws VerificationError
 */
export function proveDates({ issued, provisioning }: AndroidChain, moments: Moments, notes: Notes): number {
  const ends = issued.slice(1).map(({ name, notBefore, notAfter }) => {
    const end = provisioning === 'remote' ? notAfter : Infinity
    notes.proves('cert-validity', `dates of ${name}`, isInForceAt(notBefore, end, moments), 'it is not valid')
    return end
  })
  return Math.min(...ends)
}

/**
 * What certificates say of the hardware: remote ones must, those of factories may.
 * @returns whether they agree with the level that the hardware says
 */
export function isLevelOf({ issued, provisioning }: AndroidChain, level: string): boolean {
  const [, attestation, intermediate] = issued as readonly [unknown, ReadCertificate, ReadCertificate]
  const said = (provisioning === 'remote' ? [attestation] : [attestation, intermediate])
    .flatMap(({ subject }) => partsOfName(subject))
    .filter(([type]) => type === (provisioning === 'remote' ? '2.5.4.10' : '2.5.4.12'))
    .flatMap(([, text]) => (text === 'TEE' || text === 'StrongBox' ? [text.toLowerCase()] : []))
  if (said.length === 0) return level === 'tee' && provisioning === 'factory'
  return said.every((one) => one === level)
}
