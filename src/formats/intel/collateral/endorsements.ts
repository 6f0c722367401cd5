/**
 * What Intel says about a platform, from outside the quote ("collateral"). The deliverer needs no
 * trust: every item is signed by Intel and is verified here. He can only withhold it, or deliver an
 * old one within its dates.
 */
import { type Bytes, fromBase64 } from '../../../encoding/bytes.ts'
import { malformed, type Source } from '../../../encoding/reader.ts'
import { VerificationError } from '../../../core/errors.ts'

/**
 * The endorsements of one quote: plain text, so that the object survives JSON, `postMessage` and
 * storage unchanged. Each item is exactly what Intel's provisioning certification service (PCS) or
 * a cache of it (PCCS) answers, version 4 of its interface.
 */
export interface DcapEndorsements {
  /**
   * TCB Info of the platform's FMSPC, for the kind of TEE of the quote: the body of
   * `…/{sgx,tdx}/certification/v4/tcb?fmspc=…`, every byte as served. The signature covers these
   * bytes: what was parsed and written again is refused.
   */
  readonly tcbInfo: string
  /**
   * Who signed `tcbInfo`: PEM, the TCB Signing certificate first, then the root. Header
   * `TCB-Info-Issuer-Chain`, percent-decoded.
   */
  readonly tcbInfoIssuerChain: string
  /**
   * Identity of the quoting enclave, `QE` for SGX and `TD_QE` for TDX: the body of
   * `…/{sgx,tdx}/certification/v4/qe/identity`, every byte as served.
   */
  readonly qeIdentity: string
  /**
   * Who signed `qeIdentity`: PEM, as above. Header `SGX-Enclave-Identity-Issuer-Chain`,
   * percent-decoded.
   */
  readonly qeIdentityIssuerChain: string
  /**
   * The CRL of the CA that issued the PCK certificate: the body of
   * `…/sgx/certification/v4/pckcrl?ca={platform,processor}&encoding=der`, DER in base64. The CA
   * itself is in the chain of the PCK certificate, hence no issuer chain here.
   */
  readonly pckCrl: string
  /**
   * The CRL of the root: the body of
   * `https://certificates.trustedservices.intel.com/IntelSGXRootCA.der`, DER in base64.
   */
  readonly rootCaCrl: string
  /**
   * PEM: PCK certificate, its CA, the root. Only for quotes that do not carry it (certification
   * data 1 to 4), and only used for those: the body of `…/sgx/certification/v4/pckcert`, followed
   * by the header `SGX-PCK-Certificate-Issuer-Chain`, percent-decoded.
   */
  readonly pckCertificateChain?: string
}

/** Those that say when Intel issued them. Certificates do as well, but live for years. */
export type DatedEndorsement = 'tcbInfo' | 'qeIdentity' | 'pckCrl' | 'rootCaCrl'
export const datedEndorsements: readonly DatedEndorsement[] = ['tcbInfo', 'qeIdentity', 'pckCrl', 'rootCaCrl']

/** {@link DcapEndorsements} as read: which items they have is checked when each is needed. */
export type EndorsementTexts = Partial<Record<keyof DcapEndorsements, unknown>>

/** Real items have at most 20 KB; revocation lists grow. */
const maximumLength = 1_048_576

/**
 * One item of the endorsements.
 * @throws VerificationError `endorsement-missing` when it is not there, empty, too long or no text:
 *   never a reason to go on without it
 */
export function endorsement(endorsements: EndorsementTexts, name: keyof DcapEndorsements): string {
  const text = endorsements[name]
  if (typeof text === 'string' && text.length > 0 && text.length <= maximumLength) return text
  const found = typeof text === 'string' ? `${text.length} characters` : typeof text
  throw new VerificationError('endorsement-missing', {
    subject: `endorsements.${name}`,
    expected: `text of 1 to ${maximumLength} characters`,
    found,
  })
}

/** The DER of a revocation list. @throws VerificationError `crl-parse` */
export function derOf(text: string, name: 'pckCrl' | 'rootCaCrl'): Bytes {
  const source: Source = { name, code: 'crl-parse' }
  refuseTerminator(text, source)
  try {
    return fromBase64(text)
  } catch {
    throw malformed(source, 'not DER in base64')
  }
}

/**
 * Open Enclave and other code in C keep the NUL that ends a string, and deliver it. It is refused
 * with what it is: the same text may otherwise be right.
 * @throws VerificationError with the code of `source`
 */
export function refuseTerminator(text: string, source: Source): void {
  if (text.endsWith('\0')) throw malformed(source, 'ends with a NUL, as C writes it (Open Enclave): take it off')
}
