/**
 * Fetches what AMD says of the key that signed a report of SEV-SNP, from AMD's key distribution
 * service (KDS) or a proxy of it. Nothing is verified here and the service needs no trust:
 * `verifySevSnp` checks every signature.
 *
 * Source: AMD 57230, "Versioned Chip Endorsement Key Certificate and KDS Interface Specification".
 */
import { VerificationError } from '../core/errors.ts'
import { knownOptions, requireOption } from '../core/options.ts'
import { isZero, toHex } from '../encoding/bytes.ts'
import { toBase64 } from '../encoding/base64url.ts'
import { decodePem } from '../encoding/pem.ts'
import type { SevSnpEndorsements } from '../formats/amd/sev-snp/endorsements.ts'
import { decodeSevSnpEvidence, type SevSnpEvidence } from '../formats/amd/sev-snp/evidence.ts'
import { products, type SnpProduct, type SnpTcb, tcbOf } from '../formats/amd/sev-snp/tcb.ts'
import { chipIdSizes } from '../formats/amd/sev-snp/vek.ts'
import { type Answer, type Fetch, getAll, readUrl } from './http.ts'

/**
 * AMD's own service. It sends no CORS headers, and answers one address about once in ten seconds:
 * let a server of yours fetch, keep the answer, and deliver it with the report.
 */
export const amdKdsUrl = 'https://kdsintf.amd.com'

/** What to fetch, and from whom. */
export interface AmdEndorsementsRequest {
  /**
   * The evidence: a report, alone or with its certificate table. Asking tells the service which
   * chip it is about.
   */
  readonly evidence: Uint8Array
  /** {@link amdKdsUrl}, or a proxy with the same paths. */
  readonly baseUrl: string
  /** `globalThis.fetch`, or something of its shape. Must not follow redirects when asked not to. */
  readonly fetch: Fetch
  /** Only for reports of version 2, which do not say theirs. */
  readonly product?: SnpProduct
  /** Ends everything that is under way, for time limits of yours: there is none here. */
  readonly signal?: AbortSignal
}

const maximumVek = 16_384
const maximumChain = 65_536
const maximumCrl = 1_048_576

/** The service's name of each part's version, in the order of its documents. */
const spls: readonly (readonly [parameter: string, part: keyof SnpTcb])[] = [
  ['fmcSPL', 'fmc'],
  ['blSPL', 'bootloader'],
  ['teeSPL', 'tee'],
  ['snpSPL', 'snp'],
  ['ucodeSPL', 'microcode'],
]

/**
 * Asks for certificate chain, revocation list and, where the evidence does not bring it, the VCEK:
 * each once, all at once. Keep the object: it is good until its revocation list expires.
 *
 * ```ts
 * const endorsements = await fetchAmdEndorsements({ evidence, baseUrl: amdKdsUrl, fetch: globalThis.fetch })
 * ```
 * @throws VerificationError `endorsement-fetch` when the service cannot be reached, redirects, or
 *   does not answer 200 within the size that is allowed (a 429 names its wait), or when there is no
 *   one to ask: a VLEK without a certificate table, a masked chip id. `endorsement-format` when an
 *   answer is not what it should be; `report-…` and `cert-table` for evidence that is malformed
 * @throws TypeError for a mistake in the request
 * @throws the reason of `signal` when it aborts
 */
export async function fetchAmdEndorsements(request: AmdEndorsementsRequest): Promise<SevSnpEndorsements> {
  const own = knownOptions<AmdEndorsementsRequest>(request, ['evidence', 'baseUrl', 'fetch', 'product', 'signal'])
  const { fetch, product: named, signal } = own
  requireOption('fetch', 'a function', typeof fetch === 'function')
  requireOption('signal', 'an AbortSignal', signal === undefined || signal instanceof AbortSignal)
  requireOption('product', products.join(', '), named === undefined || products.includes(named))
  const base = readUrl(own.baseUrl, 'baseUrl').replace(/\/$/, '')
  const evidence = decodeSevSnpEvidence(own.evidence as Uint8Array)
  const product = productFor(evidence, named)
  const kind = evidence.signingKey === 'VLEK' ? 'vlek' : 'vcek'
  const hasVek = evidence.certificates.some(({ name }) => name === evidence.signingKey)

  const [chain, crl, vek] = (await getAll(
    [
      [`${base}/${kind}/v1/${product}/cert_chain`, maximumChain],
      [`${base}/${kind}/v1/${product}/crl`, maximumCrl],
      ...(hasVek ? [] : [[vekUrl(evidence, product, base), maximumVek] as const]),
    ],
    fetch as Fetch,
    signal,
  )) as [Answer, Answer, Answer?]
  return Object.freeze({
    ...(vek && { vek: derOf(vek, 'VCEK') }),
    certificateChain: chainOf(chain),
    crl: derOf(crl, 'revocation list'),
  })
}

/**
 * @throws TypeError for a version 2 report without `product`, or a product that is not the report's
 */
function productFor({ cpu, product }: SevSnpEvidence, named: SnpProduct | undefined): SnpProduct {
  if (cpu === undefined) {
    if (named === undefined)
      throw new TypeError('product must be given for a report of version 2, which does not say it')
    return named
  }
  if (product === undefined)
    throw new VerificationError('report-product', {
      subject: 'processor of the report',
      expected: `one of ${products.join(', ')}`,
      found: `family ${cpu.family}, model ${cpu.model}`,
    })
  requireOption('product', `${product}, as the report says, or left out`, named === undefined || named === product)
  return product
}

/** @throws VerificationError `endorsement-fetch` where no key can be asked for */
function vekUrl({ signingKey, chipId, reportedTcb }: SevSnpEvidence, product: SnpProduct, base: string): string {
  if (signingKey === 'VLEK')
    throw new VerificationError(
      'endorsement-fetch',
      'a VLEK cannot be asked for: guests get it in the certificate table of an extended report',
    )
  if (isZero(chipId))
    throw new VerificationError('endorsement-fetch', 'the report does not say its chip: a VCEK cannot be asked for')
  const tcb = tcbOf(reportedTcb, product)
  const query = spls.flatMap(([name, part]) => (tcb[part] === undefined ? [] : [`${name}=${tcb[part]}`]))
  return `${base}/vcek/v1/${product}/${toHex(chipId.subarray(0, chipIdSizes[product]))}?${query.join('&')}`
}

/** PEM with two certificates. @throws VerificationError `endorsement-format` */
function chainOf({ body, url }: Answer): string {
  const text = new TextDecoder().decode(body)
  const { length } = decodePem(text, 'CERTIFICATE', { name: `chain of ${url}`, code: 'endorsement-format' })
  if (length === 2) return text
  throw new VerificationError('endorsement-format', {
    subject: `chain of ${url}`,
    expected: '2 certificates',
    found: `${length}`,
  })
}

/**
 * DER: a SEQUENCE as long as the body. What is in it, the verifier checks. @throws
 * VerificationError `endorsement-format`
 */
function derOf({ body, url }: Answer, what: string): string {
  if (body[0] !== 0x30 || body.length < 256)
    throw new VerificationError('endorsement-format', {
      subject: `${what} of ${url}`,
      expected: 'DER',
      found: `${toHex(body.subarray(0, 8))}…`,
    })
  return toBase64(body)
}
