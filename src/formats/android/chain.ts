/**
 * A chain of Android key attestation against `profile.ts`: shape, root, names, purposes,
 * signatures, dates. Certificates are in the order of the chain, leaf first; their numbers in
 * messages count from it.
 */
import { VerificationError } from '../../core/errors.ts'
import type { CheckRecorder } from '../../core/record.ts'
import { type Clock, iso, isInForce, lastMoment, period } from '../../core/time.ts'
import { fingerprint } from '../../crypto/digest.ts'
import { latin1, type Memory } from '../../crypto/memory.ts'
import type { Signer, SignatureRow } from '../../crypto/signatures.ts'
import { type Bytes, copyBytes, equalBytes, toHex } from '../../encoding/bytes.ts'
import { contentOf, decodeDer } from '../../encoding/der.ts'
import {
  BASIC_CONSTRAINTS,
  type Certificate,
  decodeCertificate,
  KEY_CERT_SIGN,
  KEY_USAGE,
  NAME_CONSTRAINTS,
} from '../../x509/certificate.ts'
import { remembered } from '../../x509/endorsement-cache.ts'
import { algorithmOf, type ChainShape, type Root, shapes } from './profile.ts'

/**
 * The extension with the key description, 1.3.6.1.4.1.11129.2.1.17: the content of its OBJECT
 * IDENTIFIER.
 */
export const KEY_DESCRIPTION = '2b06010401d679020111'

/** No chain has more certificates. */
const maximumLength = 5

/** A chain of a known shape below a trusted root; its signatures are another matter. */
export interface AndroidChain {
  /** As they came, leaf first; the root last, unless it was left out. */
  readonly certificates: readonly [Certificate, ...Certificate[]]
  /** All below the root. */
  readonly issued: readonly Certificate[]
  readonly root: Signer
  readonly shape: ChainShape
}

/**
 * Checks everything about a chain that needs neither clock nor signature.
 * @param mayOmitRoot whether the chain may end below its root, as WebAuthn allows
 * @throws VerificationError `chain-shape`, `cert-parse`, `root-mismatch`, `cert-chain-name`,
 *   `cert-extension`
 */
export async function checkChain(
  ders: readonly Bytes[],
  roots: readonly Root[],
  mayOmitRoot: boolean,
  checks: CheckRecorder,
): Promise<AndroidChain> {
  const certificates = readCertificates(ders, checks)
  const last = certificates.at(-1) as Certificate
  const isRootGiven = equalBytes(last.subject, last.issuer)
  checks.verifies('chain-shape', 'last certificate', {
    holds: isRootGiven || mayOmitRoot,
    otherwise: 'it is no root',
  })
  checks.verifies('chain-shape', 'key description in the leaf alone', {
    holds: !certificates.some(({ extensions }, i) => i > 0 && extensions.has(KEY_DESCRIPTION)),
    otherwise: 'another certificate has one as well',
  })
  const issued = isRootGiven ? certificates.slice(0, -1) : certificates
  const root = isRootGiven ? await trustedRoot(last, roots, checks) : omittedRoot(last, roots, checks)
  const shape = checks.verifies('chain-shape', 'shape of the chain', () => shapeOf(issued))
  checks.verifies('cert-chain-name', 'issuer names', () => {
    certificates.slice(1).forEach(({ subject, name }, i) => {
      const below = certificates[i] as Certificate
      if (!equalBytes(below.issuer, subject))
        throw new VerificationError('cert-chain-name', `issuer of ${below.name} is not ${name}`)
    })
  })
  checks.verifies('cert-extension', 'purposes', () => {
    certificates.forEach(checkPurpose)
  })
  return { certificates, issued, root, shape }
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
  return checks.decodes('cert-parse', `${ders.length} X.509 v3 certificates`, () =>
    ders.map((der, i) => {
      try {
        return decodeCertificate(der, `certificate ${i}`)
      } catch (cause) {
        throw new VerificationError('cert-parse', (cause as Error).message, { cause })
      }
    }),
  ) as [Certificate, ...Certificate[]]
}

/** The root that came along, if it is trusted. */
async function trustedRoot(root: Certificate, roots: readonly Root[], checks: CheckRecorder): Promise<Signer> {
  const digest = await fingerprint(root.spki)
  const isTrusted = roots.some(
    ({ subject, spki, digest: pin }) =>
      equalBytes(subject, root.subject) && (spki === undefined ? pin === digest : equalBytes(spki, root.spki)),
  )
  checks.verifies('root-mismatch', `key of the root, SHA-256 ${digest}`, {
    holds: isTrusted,
    otherwise: `with its name, none of ${roots.length} that are trusted`,
  })
  return root
}

/** The root that the last certificate names. */
function omittedRoot(
  { issuer, signatureAlgorithm }: Certificate,
  roots: readonly Root[],
  checks: CheckRecorder,
): Signer {
  const spki = roots.find(
    (root) =>
      equalBytes(root.subject, issuer) &&
      root.spki !== undefined &&
      algorithmOf(signatureAlgorithm, root.spki) !== undefined,
  )?.spki
  checks.verifies('root-mismatch', 'root that the chain leaves out', {
    holds: spki !== undefined,
    otherwise: `none of ${roots.length} that are trusted`,
  })
  return { name: 'the root', spki: spki as Bytes }
}

/** The shape that the certificate below the root says, which the chain must then have. */
function shapeOf(issued: readonly Certificate[]): ChainShape {
  const { subject } = issued.at(-1) as Certificate
  const attributes = attributesOf(subject)
  const shape = shapes.find(({ belowRoot }) =>
    belowRoot.every(([type, value]) =>
      attributes.some(([found, text]) => found === type && (value === undefined || value === text)),
    ),
  )
  const length = issued.length + 1
  if (shape?.length === length) return shape
  throw new VerificationError('chain-shape', {
    subject: `chain of ${shape?.provisioning ?? 'software, or an emulator'}`,
    expected: shape === undefined ? 'factory or remote' : `${shape.length} certificates`,
    found: `${length} certificates`,
  })
}

/**
 * Attribute types of a DER Name, by the content of their OBJECT IDENTIFIER in hexadecimal, with
 * their values as text.
 */
function attributesOf(name: Bytes): (readonly [type: string, value: string])[] {
  return decodeDer(name, { name: 'name', code: 'cert-parse' })
    .children.flatMap(({ children }) => children)
    .flatMap(({ children: [type, value] }) =>
      type && value ? [[toHex(contentOf(type)), new TextDecoder().decode(contentOf(value))] as const] : [],
    )
}

/**
 * From the third certificate on they are CAs (RFC 5280 sections 4.2.1.3 and 4.2.1.9). The
 * attestation certificate of old factories is none, and has name constraints that no leaf is
 * subject to: it has no names of those kinds. Other critical extensions could change what a
 * certificate means.
 */
function checkPurpose({ name, extensions, basicConstraints, keyUsage }: Certificate, i: number): void {
  const demand = (holds: boolean, problem: string): void => {
    if (!holds) throw new VerificationError('cert-extension', `${name} ${problem}`)
  }
  const known = [BASIC_CONSTRAINTS, KEY_USAGE, KEY_DESCRIPTION, NAME_CONSTRAINTS]
  for (const [id, { critical }] of extensions)
    demand(!critical || known.includes(id), `has the unknown critical extension ${id}`)
  demand(i === 1 || !extensions.has(NAME_CONSTRAINTS), 'has name constraints')
  if (i < 2) return
  demand(basicConstraints?.cA === true && (keyUsage & KEY_CERT_SIGN) !== 0, 'must be a CA with keyCertSign')
  demand((basicConstraints?.pathLength ?? i) >= i - 1, 'has too many certificates below it')
}

/**
 * The signatures of a chain: one row a certificate below the root, root first.
 * @throws VerificationError `cert-algorithm`
 */
export function chainRows(
  { issued, root, shape }: AndroidChain,
  memory: Memory | undefined,
  checks: CheckRecorder,
): SignatureRow[] {
  return checks.verifies('cert-algorithm', 'algorithms', () =>
    issued
      .map((certificate, i): SignatureRow => {
        const { name, tbs, signature, spki, der, signatureAlgorithm } = certificate
        const by = issued[i + 1] ?? root
        const algorithm = algorithmOf(signatureAlgorithm, by.spki)
        if (algorithm === undefined)
          throw new VerificationError('cert-algorithm', {
            subject: `signature of ${name}`,
            expected: 'ECDSA (P-256, P-384) with SHA-256 or SHA-384, or RSA with SHA-256',
            found: toHex(signatureAlgorithm),
          })
        const document =
          i < shape.rememberedFrom
            ? undefined
            : remembered(memory, latin1(der), 'signed certificate', () => ({ tbs: copyBytes(tbs) }))
        return {
          code: 'cert-chain-signature',
          of: {
            name,
            signedBytes: document?.tbs ?? tbs,
            signature,
            algorithm,
            isDer: true,
            spki,
            ...(document && { document }),
          },
          by,
          group: 'certificates signed',
        }
      })
      .reverse(),
  )
}

/**
 * Dates of what an issuer issued: those of the leaf are the phone's own, and those of a root mean
 * nothing here.
 * @returns the last moment at which all is valid that expires, Unix milliseconds
 * @throws VerificationError `cert-validity`
 */
export function checkDates({ issued, shape: { expires } }: AndroidChain, clock: Clock, checks: CheckRecorder): number {
  const dated = issued
    .slice(1)
    .map(({ name, notBefore, notAfter }) => ({ name, notBefore, notAfter: expires ? notAfter : lastMoment }))
  checks.verifies('cert-validity', 'dates of the certificates', () => {
    const invalid = dated.find((validity) => !isInForce(validity, clock))
    if (invalid !== undefined)
      throw new VerificationError('cert-validity', {
        subject: `dates of ${invalid.name}`,
        expected: period(invalid),
        found: iso(clock.now),
      })
  })
  return Math.min(...dated.map(({ notAfter }) => notAfter))
}

/** What vendors' certificates say of the hardware: `tee`, `strongbox`, both or nothing. */
export function levelsSaid({ issued, shape: { level } }: AndroidChain): string[] {
  const said = level.positions
    .flatMap((i) => attributesOf((issued[i] as Certificate).subject))
    .flatMap(([type, value]) =>
      type === level.attribute && /^(TEE|StrongBox)$/.test(value) ? [value.toLowerCase()] : [],
    )
  return [...new Set(said)]
}
