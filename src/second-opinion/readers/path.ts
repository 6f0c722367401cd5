/**
 * Certification paths for the second opinion: the rules of RFC 5280 section 6 that neither library
 * applies to a chain in a fixed order, and the signatures, by both.
 */
import type { Notes } from '../record.ts'
import { digitsOf, octetsOf } from './bytes.ts'
import { isSignedBy, type ReadCertificate, usage } from './certificate.ts'
import { sha256 } from './engine.ts'

/** What certificates of one position must be. */
export interface Position {
  /** Encodings of the algorithm that its issuer signs with, digits of a DER AlgorithmIdentifier. */
  readonly algorithms: readonly string[]
  /** How its own key begins and ends, digits of a DER SubjectPublicKeyInfo, and how long it is. */
  readonly key: { readonly begins: string; readonly ends?: string; readonly size: number }
  readonly isAuthority: boolean
  /** Whether an end entity may say nothing of its uses. */
  readonly mayLackUsages?: boolean
  /** The only subject, digits of a DER Name. */
  readonly subject?: string
}

/** A chain: the root first. */
export interface Shape {
  readonly root: Position
  readonly between: Position
  readonly last: Position
}

/** When it must be valid, Unix milliseconds, and how far clocks may be apart. */
export interface Moments {
  readonly at: readonly number[]
  readonly skewMs: number
}

export const ecdsaWithSha256 = '300a06082a8648ce3d040302'
export const ecdsaWithSha384 = '300a06082a8648ce3d040303'
export const p256Key = { begins: '3059301306072a8648ce3d020106082a8648ce3d03010703420004', size: 91 } as const
export const p384Key = { begins: '3076301006072a8648ce3d020106052b8104002203620004', size: 120 } as const

/** A chain in which every position signs with the same. */
export function uniform(algorithm: string, key: Position['key']): Shape {
  const authority = { algorithms: [algorithm], key, isAuthority: true }
  return { root: authority, between: authority, last: { ...authority, isAuthority: false } }
}

/**
 * Everything about a path: that the root is a trusted one, algorithms, uses, lengths, names, dates,
 * signatures.
 * @param chain root first
 * @param roots SHA-256 of those that are trusted, lower-case digits
 * @throws VerificationError
 */
export async function provePath(
  chain: readonly ReadCertificate[],
  shape: Shape,
  { roots, moments }: { readonly roots: readonly string[]; readonly moments: Moments },
  notes: Notes,
): Promise<void> {
  const [root] = chain
  notes.proves('cert-path', 'a chain', root !== undefined && chain.length > 1, 'has not two certificates')
  if (root === undefined) return
  const digest = await sha256(root.der)
  notes.proves('root-mismatch', 'SHA-256 of the root', roots.includes(digest), `${digest} is not trusted`)
  await proveIssued(chain, shape, moments, notes)
}

/**
 * The same of a chain whose first certificate is another matter: of a trusted root, or by one.
 * @throws VerificationError
 */
export async function proveIssued(
  chain: readonly ReadCertificate[],
  shape: Shape,
  moments: Moments,
  notes: Notes,
): Promise<void> {
  chain.forEach((certificate, i) => {
    const position = i === 0 ? shape.root : i === chain.length - 1 ? shape.last : shape.between
    checkAlgorithms(certificate, position, notes)
    checkUses(certificate, position, notes)
    const below = chain.length - 2 - i
    const { name, pathLength } = certificate
    notes.proves(
      'cert-path-length',
      `path length of ${name}`,
      below <= (pathLength ?? below),
      `${below} authorities are below it`,
    )
    checkNames(certificate, chain[i - 1], position, notes)
    checkDates(certificate, moments, notes)
  })
  for (const [i, certificate] of chain.entries()) {
    const by = chain[i - 1]
    if (by !== undefined)
      await notes.awaits(
        'cert-chain-signature',
        `${certificate.name} signed by ${by.name}`,
        isSignedBy(certificate, by),
      )
  }
}

/** Whether something in force from one date to another is so at all moments. */
export function isInForceAt(from: number, to: number, { at, skewMs }: Moments): boolean {
  return at.every((moment) => moment >= from - skewMs && moment <= to + skewMs)
}

/** The last 2n + 1 bytes of the key of a certificate: an uncompressed point. */
export const pointOf = ({ key }: ReadCertificate, coordinate: number): Uint8Array<ArrayBuffer> =>
  key.slice(-1 - 2 * coordinate)

function checkAlgorithms(
  { name, algorithm, key }: ReadCertificate,
  { algorithms, key: wanted }: Position,
  notes: Notes,
): void {
  const digits = digitsOf(key)
  const isKey = key.length === wanted.size && digits.startsWith(wanted.begins) && digits.endsWith(wanted.ends ?? '')
  notes.proves('cert-algorithm', `algorithms of ${name}`, algorithms.includes(algorithm) && isKey, 'are others')
}

function checkUses({ name, extensions, isAuthority, usages }: ReadCertificate, position: Position, notes: Notes): void {
  const known = ['2.5.29.15', '2.5.29.19']
  const strange = [...extensions].find(([id, { critical }]) => (critical && !known.includes(id)) || id === '2.5.29.30')
  notes.proves(
    'cert-extension',
    `extensions of ${name}`,
    strange === undefined,
    `${strange?.[0]} is critical, or constrains names`,
  )
  const signsCertificates = (usages & usage.keyCertSign) !== 0
  notes.proves(
    'cert-extension',
    `whether ${name} is an authority`,
    (isAuthority === true) === position.isAuthority && signsCertificates === position.isAuthority,
    position.isAuthority ? 'it is none' : 'it is one',
  )
  if (position.isAuthority)
    notes.proves(
      'cert-extension',
      `constraints of ${name}`,
      extensions.get('2.5.29.19')?.critical === true,
      'are not critical',
    )
  else {
    const isSilent = position.mayLackUsages === true && !extensions.has('2.5.29.15')
    notes.proves(
      'cert-extension',
      `uses of ${name}`,
      isSilent || (usages & usage.digitalSignature) !== 0,
      'it may not sign',
    )
  }
}

function checkNames(
  { name, issuer, subject }: ReadCertificate,
  above: ReadCertificate | undefined,
  position: Position,
  notes: Notes,
): void {
  if (above !== undefined)
    notes.proves(
      'cert-chain-name',
      `issuer of ${name}`,
      issuer === above.subject && issuer !== subject,
      `is not ${above.name}, or is itself`,
    )
  if (position.subject !== undefined)
    notes.proves('cert-chain-name', `subject of ${name}`, subject === position.subject, 'is another')
}

function checkDates({ name, notBefore, notAfter }: ReadCertificate, moments: Moments, notes: Notes): void {
  notes.proves('cert-validity', `dates of ${name}`, isInForceAt(notBefore, notAfter, moments), 'it is not valid')
}

/** The first moment at which one of them is not valid any more. */
export const endOf = (chain: readonly ReadCertificate[]): number => Math.min(...chain.map(({ notAfter }) => notAfter))

/** A DER Name of AMD's order and types, digits: for the profiles that pin a subject. */
export function nameOf(attributes: readonly (readonly [type: number, text: string, value: string])[]): string {
  const utf8 = new TextEncoder()
  const sets = attributes.map(([arc, kind, value]) => {
    const tag = kind === 'utf8' ? '0c' : '13'
    return wrap(
      '31',
      wrap('30', wrap('06', `5504${arc.toString(16).padStart(2, '0')}`) + wrap(tag, digitsOf(utf8.encode(value)))),
    )
  })
  return wrap('30', sets.join(''))
}

/** An element of at most 255 bytes around digits. */
function wrap(tag: string, digits: string): string {
  const { length } = octetsOf(digits)
  return tag + (length < 128 ? '' : '81') + length.toString(16).padStart(2, '0') + digits
}
