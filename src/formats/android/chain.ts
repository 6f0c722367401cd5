/**
 * A chain of Android key attestation against `profile.ts`: shape, root, names, purposes, signatures, dates. Certificates are in the order of the chain,
 * leaf first; their numbers in messages count from it.
 */
import { VerificationError } from '../../core/errors.ts'
import type { CheckRecorder } from '../../core/record.ts'
import { type Clock, iso, isInForce, period } from '../../core/time.ts'
import type { SignatureRow } from '../../crypto/signatures.ts'
import { type Bytes, equalBytes, toHex } from '../../encoding/bytes.ts'
import { childrenOf, contentOf, decodeDer, OBJECT_IDENTIFIER } from '../../encoding/der.ts'
import {
  BASIC_CONSTRAINTS,
  type Certificate,
  decodeCertificate,
  KEY_CERT_SIGN,
  KEY_USAGE,
  NAME_CONSTRAINTS,
} from '../../x509/certificate.ts'
import { isSameAnchor, type TrustAnchor } from '../../x509/trust-anchor.ts'
import { algorithmOf, type ChainShape, shapes } from './profile.ts'

/** The extension with the key description, 1.3.6.1.4.1.11129.2.1.17: the content of its OBJECT IDENTIFIER. */
export const KEY_DESCRIPTION = '2b06010401d679020111'

/** No chain has more certificates. */
const maximumLength = 5

/** A chain of a known shape below a trusted root; its signatures are another matter. */
export interface AndroidChain {
  /** Leaf first; the root last, unless it was left out. */
  readonly certificates: readonly [Certificate, ...Certificate[]]
  readonly shape: ChainShape
  readonly anchor: TrustAnchor
}

/**
 * Checks everything about a chain that needs neither clock nor signature.
 * @param mayOmitRoot whether the chain may end below its root, as WebAuthn allows
 * @throws VerificationError `chain-shape`, `cert-parse`, `root-mismatch`, `cert-chain-name`, `cert-extension`
 */
export function checkChain(
  ders: readonly Bytes[],
  anchors: readonly TrustAnchor[],
  mayOmitRoot: boolean,
  checks: CheckRecorder,
): AndroidChain {
  const certificates = readCertificates(ders, checks)
  const top = certificates.at(-1) as Certificate
  const isRootGiven = equalBytes(top.subject, top.issuer)
  checks.verifies('chain-shape', 'order of the chain', () => {
    if (!isRootGiven && !mayOmitRoot) refuseShape('last certificate', 'a root, self-issued', 'another issuer')
    const extended = certificates.findIndex(({ extensions }, i) => i > 0 && extensions.has(KEY_DESCRIPTION))
    if (extended > 0) refuseShape('key description', 'in the leaf alone', `in certificate ${extended} as well`)
  })
  const anchor = checkRoot(top, anchors, isRootGiven, checks)
  const length = certificates.length + (isRootGiven ? 0 : 1)
  const shape = checks.verifies('chain-shape', 'shape of the chain', () =>
    shapeOf(certificates[length - 2] ?? top, length),
  )
  checks.verifies('cert-chain-name', 'issuer names', () => {
    certificates.slice(1).forEach(({ subject }, i) => {
      if (!equalBytes((certificates[i] as Certificate).issuer, subject))
        throw new VerificationError('cert-chain-name', `issuer of certificate ${i} is not the subject of the next one`)
    })
  })
  checks.verifies('cert-extension', 'purposes', () => {
    certificates.forEach(checkPurpose)
  })
  return { certificates, shape, anchor }
}

/** Whatever is wrong with one is `cert-parse`: it is no X.509 v3 certificate. */
export function readCertificates(
  ders: readonly Bytes[],
  checks: CheckRecorder,
): readonly [Certificate, ...Certificate[]] {
  checks.decodes('chain-shape', 'number of certificates', {
    holds: ders.length > 1 && ders.length <= maximumLength,
    expected: `2 to ${maximumLength}`,
    found: `${ders.length}`,
  })
  return checks.decodes('cert-parse', `${ders.length} X.509 v3 certificates`, () => ders.map(readCertificate)) as [
    Certificate,
    ...Certificate[],
  ]
}

function readCertificate(der: Bytes, i: number): Certificate {
  try {
    return decodeCertificate(der, `certificate ${i}`)
  } catch (cause) {
    if (!(cause instanceof VerificationError)) throw cause
    throw new VerificationError('cert-parse', cause.message, { cause })
  }
}

function refuseShape(subject: string, expected: string, found: string): never {
  throw new VerificationError('chain-shape', { subject, expected, found })
}

/** The anchor that the chain ends at: equal to its root, or named as the issuer of its last certificate. */
function checkRoot(
  top: Certificate,
  anchors: readonly TrustAnchor[],
  isRootGiven: boolean,
  checks: CheckRecorder,
): TrustAnchor {
  const anchor = anchors.find((trusted) =>
    isRootGiven
      ? isSameAnchor(trusted, top)
      : equalBytes(trusted.subject, top.issuer) && algorithmOf(top.signatureAlgorithm, trusted.spki) !== undefined,
  )
  checks.verifies('root-mismatch', 'root', {
    holds: anchor !== undefined,
    expected: `name and key of one of ${anchors.length} trusted roots`,
    found: anchor === undefined ? 'another' : 'the same',
  })
  return anchor as TrustAnchor
}

/** The shape that the certificate below the root says, which the chain must then have. */
function shapeOf(belowRoot: Certificate, length: number): ChainShape {
  const attributes = attributesOf(belowRoot.subject)
  const shape = shapes.find((known) =>
    Object.entries(known.belowRoot).every(([type, value]) =>
      attributes.some(([found, text]) => found === type && (value === undefined || value === text)),
    ),
  )
  if (shape === undefined)
    return refuseShape('issuer below the root', 'a factory or remote provisioning', 'neither: software, or an emulator')
  if (shape.length !== length)
    refuseShape(`chain of ${shape.provisioning} provisioning`, `${shape.length} certificates`, `${length}`)
  return shape
}

/** Attribute types of a DER Name, by the content of their OBJECT IDENTIFIER in hexadecimal, with their values as text. */
export function attributesOf(name: Bytes): (readonly [type: string, value: string])[] {
  const source = { name: 'name', code: 'cert-parse' } as const
  return decodeDer(name, source)
    .children.flatMap(({ children }) => children)
    .map((attribute) => {
      const [type, value] = childrenOf(attribute, source, 'attribute', [
        OBJECT_IDENTIFIER,
        attribute.children[1]?.tag ?? 0,
      ] as const)
      return [toHex(contentOf(type)), new TextDecoder().decode(contentOf(value))] as const
    })
}

/**
 * From the third certificate on they are CAs (RFC 5280 sections 4.2.1.3 and 4.2.1.9). The attestation certificate of old factories is none, and has name
 * constraints that no leaf is subject to: it has no names of those kinds. Other critical extensions could change what a certificate means.
 */
function checkPurpose({ name, extensions, basicConstraints, keyUsage }: Certificate, i: number): void {
  const demand = (holds: boolean, problem: string): void => {
    if (!holds) throw new VerificationError('cert-extension', `${name} ${problem}`)
  }
  const known = [BASIC_CONSTRAINTS, KEY_USAGE, KEY_DESCRIPTION, ...(i === 1 ? [NAME_CONSTRAINTS] : [])]
  for (const [id, { critical }] of extensions)
    demand(!critical || known.includes(id), `has the unknown critical extension ${id}`)
  demand(i === 1 || !extensions.has(NAME_CONSTRAINTS), 'has name constraints')
  if (i < 2) return
  demand(basicConstraints?.cA === true && (keyUsage & KEY_CERT_SIGN) !== 0, 'must be a CA with keyCertSign')
  demand((basicConstraints?.pathLength ?? i) >= i - 1, `has ${i - 1} certificates between itself and the leaf`)
}

/**
 * The signatures of a chain: one row a certificate below the root, root first.
 * @throws VerificationError `cert-algorithm`
 */
export function chainRows({ certificates, shape, anchor }: AndroidChain, checks: CheckRecorder): SignatureRow[] {
  return checks.verifies('cert-algorithm', 'algorithms', () =>
    certificates
      .map((certificate, i): SignatureRow | undefined => {
        const { name, tbs, signature, spki, der, signatureAlgorithm } = certificate
        const issuer = certificates[i + 1]
        if (issuer === undefined && isSameAnchor(certificate, anchor)) return undefined
        const by = { name: issuer?.name ?? 'the root', spki: (issuer ?? anchor).spki }
        const algorithm = algorithmOf(signatureAlgorithm, by.spki)
        if (algorithm === undefined)
          throw new VerificationError('cert-algorithm', {
            subject: `algorithms of ${name}`,
            expected: 'ECDSA on P-256 or P-384 with SHA-256 or SHA-384, or RSA with SHA-256',
            found: toHex(signatureAlgorithm),
          })
        const whole = { whole: () => String.fromCharCode(...der) }
        return {
          code: 'cert-chain-signature',
          of: {
            name,
            signedBytes: tbs,
            signature,
            algorithm,
            isDer: true,
            spki,
            ...(i >= shape.rememberedFrom && whole),
          },
          by,
          group: 'certificates signed',
        }
      })
      .filter((row) => row !== undefined)
      .reverse(),
  )
}

/**
 * Dates of what an issuer issued: those of the leaf are the phone's own, and those of a root mean nothing here.
 * @returns the last moment at which all is valid that expires, Unix milliseconds
 * @throws VerificationError `cert-validity`
 */
export function checkDates({ certificates, shape, anchor }: AndroidChain, clock: Clock, checks: CheckRecorder): number {
  const issued = certificates.slice(1).filter((certificate) => !isSameAnchor(certificate, anchor))
  checks.verifies('cert-validity', 'dates of the certificates', () => {
    for (const { name, notBefore, notAfter } of issued) {
      const validity = { notBefore, notAfter: shape.expires ? notAfter : Infinity }
      if (!isInForce(validity, clock))
        throw new VerificationError('cert-validity', {
          subject: `${name} ${clock.now < notBefore ? 'is not valid yet' : 'has expired'}`,
          expected: period({ notBefore, notAfter }),
          found: iso(clock.now),
        })
    }
  })
  return shape.expires ? Math.min(...issued.map(({ notAfter }) => notAfter)) : Infinity
}

/** Whether this certificate ended before now. */
export const hasExpired = ({ notAfter }: Certificate, { now }: Clock): boolean => now > notAfter

/** What vendors' certificates say of the hardware: `TEE`, `StrongBox`, both or nothing. */
export function levelsSaid({ certificates, shape: { level } }: Pick<AndroidChain, 'certificates' | 'shape'>): string[] {
  const said = level.positions.flatMap((i) =>
    attributesOf((certificates[i] as Certificate).subject)
      .filter(([type]) => type === level.attribute)
      .map(([, value]) => value),
  )
  return [...new Set(said)].filter((value) => value === 'TEE' || value === 'StrongBox')
}
