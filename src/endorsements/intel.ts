/**
 * Fetches what Intel says about a platform ("collateral") from Intel's provisioning certification
 * service (PCS) or from a cache of it (PCCS), version 4 of their interface. Nothing is verified
 * here and the service needs no trust: every item is signed, and the verifiers of `tdx` and `sgx`
 * check each signature.
 *
 * Source: Intel SGX and TDX Provisioning Certification Service API, version 4;
 * intel/confidential-computing.tee.dcap.pccs for what a cache does differently.
 */
import { fromHex } from '../encoding/bytes.ts'
import { SEQUENCE } from '../encoding/der.ts'
import { toBase64 } from '../encoding/base64url.ts'
import { decodePem } from '../encoding/pem.ts'
import { malformed, type Source } from '../encoding/reader.ts'
import { VerificationError } from '../core/errors.ts'
import { knownOptions, requireOption } from '../core/options.ts'
import { decodeCrl } from '../x509/crl.ts'
import { type Answer, type Fetch, getAll, readUrl } from './http.ts'

/**
 * Intel's own service. It sends no CORS headers that a page could rely on: let a server of yours
 * fetch, and deliver the object with the quote.
 */
export const intelPcsUrl = 'https://api.trustedservices.intel.com'

/** Where Intel publishes the CRL of its root: the distribution point in the root certificate. */
export const intelRootCaCrlUrl = 'https://certificates.trustedservices.intel.com/IntelSGXRootCA.der'

/** What to fetch, and from whom. */
export interface IntelEndorsementsRequest {
  /** The platform's FMSPC: 12 hexadecimal digits, from its PCK certificate. */
  readonly fmspc: string
  /**
   * Which CA issued the PCK certificate: "Intel SGX PCK Platform CA" or "Intel SGX PCK Processor
   * CA".
   */
  readonly ca: 'platform' | 'processor'
  /** The kind of TEE that the quote is of. */
  readonly tee: 'sgx' | 'tdx'
  /**
   * {@link intelPcsUrl}, or the URL of a PCCS, with or without the path `/sgx/certification/v4`
   * that its own clients are configured with.
   */
  readonly baseUrl: string
  /** `globalThis.fetch`, or something of its shape. Must not follow redirects when asked not to. */
  readonly fetch: Fetch
  /**
   * Default: {@link intelRootCaCrlUrl} for Intel's service, `…/sgx/certification/v4/rootcacrl` of a
   * PCCS.
   */
  readonly rootCaCrlUrl?: string
  /**
   * `early`: what Intel knew when it made the issue public. Default `standard`, which follows
   * months later.
   */
  readonly update?: 'standard' | 'early'
  /** The state of knowledge of this number, instead of `update`. */
  readonly tcbEvaluationDataNumber?: number
  /** Ends everything that is under way, for time limits of yours: there is none here. */
  readonly signal?: AbortSignal
}

/**
 * The endorsements of a DCAP quote, as the verifiers take them: plain text, which survives JSON,
 * `postMessage` and storage unchanged.
 */
export interface IntelEndorsements {
  /** TCB Info of the FMSPC and the kind of TEE: JSON, every byte as served. */
  readonly tcbInfo: string
  /** PEM: who signed `tcbInfo`, then the root. */
  readonly tcbInfoIssuerChain: string
  /** Identity of the quoting enclave: JSON, every byte as served. */
  readonly qeIdentity: string
  /** PEM: who signed `qeIdentity`, then the root. */
  readonly qeIdentityIssuerChain: string
  /** The CRL of the CA that issued the PCK certificate: DER in base64. */
  readonly pckCrl: string
  /** The CRL of the root: DER in base64. */
  readonly rootCaCrl: string
  /**
   * PEM: PCK certificate, its CA, the root; only for quotes that do not carry them. Not fetched
   * here.
   */
  readonly pckCertificateChain?: string
}

/** Real ones have 5 to 20 KB. */
const maximumJson = 262_144
/** Real ones have less than 4 KB; as hexadecimal they are twice as long. */
const maximumCrl = 1_048_576
const known: readonly (keyof IntelEndorsementsRequest)[] = [
  'fmspc',
  'ca',
  'tee',
  'baseUrl',
  'fetch',
  'rootCaCrlUrl',
  'update',
  'tcbEvaluationDataNumber',
  'signal',
]
const clientPath = /\/sgx\/certification\/v4\/?$/

/**
 * Asks for the four documents at once, and returns what the verifiers take as `endorsements`. Keep
 * the object: it is good until the first of its documents expires, 30 days at most.
 *
 * ```ts
 * const endorsements = await fetchIntelEndorsements({
 *   fmspc: '00806f050000', ca: 'platform', tee: 'tdx', baseUrl: intelPcsUrl, fetch: globalThis.fetch,
 * })
 * ```
 * @throws VerificationError `endorsement-fetch` when the service cannot be reached, redirects, or
 *   does not answer 200 within the size that is allowed; `endorsement-format` when an answer lacks
 *   the certificates of who signed it, or is no text; `crl-…` when it should be a CRL and is none
 * @throws TypeError for a mistake in the request
 * @throws the reason of `signal` when it aborts
 */
export async function fetchIntelEndorsements(request: IntelEndorsementsRequest): Promise<IntelEndorsements> {
  const { urls, fetch, signal } = readRequest(request)
  const [tcbInfo, qeIdentity, pckCrl, rootCaCrl] = (await getAll(
    [
      [urls.tcbInfo, maximumJson],
      [urls.qeIdentity, maximumJson],
      [urls.pckCrl, maximumCrl],
      [urls.rootCaCrl, maximumCrl],
    ],
    fetch,
    signal,
  )) as [Answer, Answer, Answer, Answer]
  return Object.freeze({
    tcbInfo: textOf(tcbInfo, 'TCB Info'),
    // The second name is that of version 3, which some caches kept.
    tcbInfoIssuerChain: issuerChainOf(tcbInfo, 'TCB-Info-Issuer-Chain', 'SGX-TCB-Info-Issuer-Chain'),
    qeIdentity: textOf(qeIdentity, 'QE identity'),
    qeIdentityIssuerChain: issuerChainOf(qeIdentity, 'SGX-Enclave-Identity-Issuer-Chain'),
    pckCrl: crlOf(pckCrl, 'PCK CRL'),
    rootCaCrl: crlOf(rootCaCrl, 'root CA CRL'),
  })
}

interface Plan {
  readonly urls: Readonly<Record<'tcbInfo' | 'qeIdentity' | 'pckCrl' | 'rootCaCrl', string>>
  readonly fetch: Fetch
  readonly signal: AbortSignal | undefined
}

/** @throws TypeError */
function readRequest(request: IntelEndorsementsRequest): Plan {
  const own = knownOptions<IntelEndorsementsRequest>(request, known) as IntelEndorsementsRequest
  const { fmspc, ca, tee, baseUrl, fetch, rootCaCrlUrl, update, tcbEvaluationDataNumber: number, signal } = own
  // It comes from a certificate that is not verified yet, and goes into a URL.
  requireOption('fmspc', '12 hexadecimal digits', typeof fmspc === 'string' && /^[0-9a-f]{12}$/i.test(fmspc))
  requireOption('ca', 'platform or processor', oneOf(ca, ['platform', 'processor']))
  requireOption('tee', 'sgx or tdx', oneOf(tee, ['sgx', 'tdx']))
  requireOption('fetch', 'a function', typeof fetch === 'function')
  requireOption('signal', 'an AbortSignal', signal === undefined || signal instanceof AbortSignal)
  requireOption('update', 'standard or early', update === undefined || oneOf(update, ['standard', 'early']))
  requireOption(
    'tcbEvaluationDataNumber',
    'a positive integer, and without update',
    number === undefined || (Number.isSafeInteger(number) && number > 0 && update === undefined),
  )
  const base = readUrl(baseUrl, 'baseUrl').replace(clientPath, '').replace(/\/$/, '')
  const selection = number === undefined ? (update ? `update=${update}` : '') : `tcbEvaluationDataNumber=${number}`
  const query = (...parts: readonly string[]): string => {
    const given = parts.filter((part) => part !== '')
    return given.length === 0 ? '' : `?${given.join('&')}`
  }
  const isIntel = new URL(base).origin === intelPcsUrl
  return {
    urls: {
      tcbInfo: `${base}/${tee}/certification/v4/tcb${query(`fmspc=${fmspc}`, selection)}`,
      qeIdentity: `${base}/${tee}/certification/v4/qe/identity${query(selection)}`,
      pckCrl: `${base}/sgx/certification/v4/pckcrl?ca=${ca}&encoding=der`,
      rootCaCrl:
        rootCaCrlUrl === undefined
          ? isIntel
            ? intelRootCaCrlUrl
            : `${base}/sgx/certification/v4/rootcacrl`
          : readUrl(rootCaCrlUrl, 'rootCaCrlUrl'),
    },
    fetch,
    signal,
  }
}

const oneOf = (value: string, known: readonly string[]): boolean => known.includes(value)

/** The bytes as they are: signatures cover them, a byte order mark included. */
function textOf({ body, url }: Answer, name: string): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(body)
  } catch {
    throw new VerificationError('endorsement-format', `${name} of ${url}: invalid UTF-8`)
  }
}

/** PEM in a header, percent-encoded: the signer, then the root. */
function issuerChainOf({ headers, url }: Answer, ...names: readonly [string, ...string[]]): string {
  const source: Source = { name: `header ${names[0]} of ${url}`, code: 'endorsement-format' }
  const value = names.map((name) => headers.get(name)).find((header) => header !== null)
  // A page sees only the headers that the service exposes to it.
  if (value === undefined) throw malformed(source, 'missing, or not named in Access-Control-Expose-Headers')
  const chain = percentDecode(value, source)
  const { length } = decodePem(chain, 'CERTIFICATE', source)
  if (length !== 2) throw malformed(source, `expected 2 certificates, found ${length}`)
  return chain
}

function percentDecode(value: string, source: Source): string {
  try {
    return decodeURIComponent(value)
  } catch {
    throw malformed(source, 'not percent-encoded')
  }
}

/**
 * A CRL in base64, whether it came as DER, as PEM, or as hexadecimal text, which is how caches
 * answer.
 */
function crlOf({ body, url }: Answer, name: string): string {
  const source: Source = { name: `${name} of ${url}`, code: 'endorsement-format' }
  const isDer = body[0] === SEQUENCE
  const der = isDer ? body : crlFromText(new TextDecoder().decode(body).trim(), source)
  decodeCrl(der, source.name)
  return toBase64(der)
}

function crlFromText(text: string, source: Source): ReturnType<typeof fromHex> {
  if (!text.startsWith('-----')) {
    if (/^(?:[0-9a-f]{2})+$/i.test(text)) return fromHex(text)
    throw malformed(source, 'is neither DER nor PEM nor hexadecimal')
  }
  const [der, more] = decodePem(text, 'X509 CRL', source)
  if (der === undefined || more !== undefined) throw malformed(source, 'must be one CRL')
  return der
}
