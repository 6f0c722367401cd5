/**
 * What AMD says of the key that signed a report, as callers hand it over: texts from anywhere, of
 * which nothing is believed.
 */
import { VerificationError } from '../../../core/errors.ts'
import { type Bytes, fromBase64 } from '../../../encoding/bytes.ts'
import { decodePem } from '../../../encoding/pem.ts'
import type { CertificateTableEntry } from './certificate-table.ts'
import type { SigningKey } from './report.ts'

/** What AMD says of the key that signed a report. Plain texts: keep them as JSON. */
export interface SevSnpEndorsements {
  /** VCEK or VLEK, DER in base64. Left out: the one in the certificate table of the evidence. */
  readonly vek?: string
  /** PEM: ASK or ASVK, then ARK. The body of `…/cert_chain`. */
  readonly certificateChain: string
  /**
   * The ARK's revocation list, DER in base64. The body of `…/crl`. Required unless revocation is
   * skipped.
   */
  readonly crl?: string
}

/** The texts as bytes. */
export interface EndorsementBytes {
  readonly vek: Bytes
  readonly intermediate: Bytes
  readonly ark: Bytes
  readonly crl: Bytes | undefined
}

/** At most so many characters: AMD's are 1.4 KB, 4.5 KB and 1.2 KB. */
const limits = { vek: 16_384, certificateChain: 65_536, crl: 1_398_104 } as const

/** SHA-256 of AMD's root certificates (ARK): Milan, Genoa, Turin. */
export const amdRoots: readonly string[] = [
  '69d063b45344d26a2e94e1f4210de49ef555308287d4c174445c95639a540bcd',
  '4c6598d19c18719c5dfd4a7d335f674e5bfe1d8f800cea2cf270c10d103db2f1',
  '1f084161a44bb6d93778a904877d4819cafa5d05ef4193b2ded9dd9c73dd3f6a',
]

/**
 * @param given as the caller gave them: own properties, of any type
 * @param table of the evidence: the certificate of the report's own kind is taken from it where
 *   `vek` is absent
 * @throws VerificationError `endorsement-missing`, `endorsement-format`
 */
export function readEndorsements(
  given: Readonly<Partial<Record<keyof SevSnpEndorsements, unknown>>>,
  table: readonly CertificateTableEntry[],
  signingKey: SigningKey,
  needsCrl: boolean,
): EndorsementBytes {
  const vek = given.vek === undefined ? vekOf(table, signingKey) : base64Of(given, 'vek')
  if (vek === undefined || vek.length === 0)
    throw new VerificationError(
      'endorsement-missing',
      `no ${signingKey} certificate: neither in endorsements.vek nor in the certificate table of the evidence`,
    )
  const chain = textOf(given, 'certificateChain')
  if (chain === undefined || chain === '')
    throw new VerificationError(
      'endorsement-missing',
      'no endorsements.certificateChain: PEM with ASK or ASVK, then ARK',
    )
  const certificates = decodePem(chain, 'CERTIFICATE', {
    name: 'endorsements.certificateChain',
    code: 'endorsement-format',
  })
  const [intermediate, ark] = certificates
  if (certificates.length !== 2 || intermediate === undefined || ark === undefined)
    throw new VerificationError('endorsement-format', {
      subject: 'endorsements.certificateChain',
      expected: '2 certificates: ASK or ASVK, then ARK',
      found: `${certificates.length}`,
    })
  const crl = needsCrl ? base64Of(given, 'crl') : undefined
  if (needsCrl && (crl === undefined || crl.length === 0))
    throw new VerificationError(
      'endorsement-missing',
      'no endorsements.crl: the revocation list of the ARK, DER in base64 (skipRevocation goes without)',
    )
  return { vek, intermediate, ark, crl }
}

/** The certificate of the report's own kind: DER, or one PEM block, as some hosts deliver it. */
function vekOf(table: readonly CertificateTableEntry[], signingKey: SigningKey): Bytes | undefined {
  const entry = table.find(({ name }) => name === signingKey)
  if (entry === undefined) return undefined
  const data = new Uint8Array(entry.data)
  if (data[0] !== 0x2d) return data
  const name = `${signingKey} of the certificate table`
  const [certificate, ...more] = decodePem(new TextDecoder().decode(data), 'CERTIFICATE', {
    name,
    code: 'endorsement-format',
  })
  if (more.length > 0)
    throw new VerificationError('endorsement-format', {
      subject: name,
      expected: 'one certificate',
      found: `${more.length + 1}`,
    })
  return certificate
}

function textOf(
  given: Readonly<Partial<Record<keyof SevSnpEndorsements, unknown>>>,
  name: keyof SevSnpEndorsements,
): string | undefined {
  const value = given[name]
  if (value === undefined) return undefined
  if (typeof value !== 'string')
    throw new VerificationError('endorsement-format', {
      subject: `endorsements.${name}`,
      expected: 'text',
      found: typeof value,
    })
  if (value.length > limits[name])
    throw new VerificationError('endorsement-format', {
      subject: `endorsements.${name}`,
      expected: `at most ${limits[name]} characters`,
      found: `${value.length}`,
    })
  return value
}

function base64Of(
  given: Readonly<Partial<Record<keyof SevSnpEndorsements, unknown>>>,
  name: 'vek' | 'crl',
): Bytes | undefined {
  const text = textOf(given, name)
  if (text === undefined) return undefined
  try {
    return fromBase64(text, `endorsements.${name}`)
  } catch (cause) {
    throw new VerificationError('endorsement-format', `endorsements.${name} is not base64`, {
      cause,
    })
  }
}
