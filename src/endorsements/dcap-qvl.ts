/**
 * Collateral in the shape of dcap-qvl (Phala Network, in Rust and JavaScript), which many services
 * of dstack and others hand out: bodies of Intel's documents and their signatures apart, lists and
 * signatures in hexadecimal or as lists of bytes.
 *
 * Source: `QuoteCollateralV3` in Phala-Network/dcap-qvl, src/lib.rs; Intel's
 * `sgx_ql_qve_collateral_t` has the same members.
 */
import { type Bytes, copyBytes, fromHex, isBytes, toHex } from '../encoding/bytes.ts'
import { SEQUENCE } from '../encoding/der.ts'
import { toBase64 } from '../encoding/base64url.ts'
import { decodePem } from '../encoding/pem.ts'
import { malformed, type Source } from '../encoding/reader.ts'
import { snapshotOf } from '../core/options.ts'
import { decodeCrl } from '../x509/crl.ts'
import type { IntelEndorsements } from './intel.ts'

/**
 * Bytes as the serialisations of dcap-qvl have them: hexadecimal digits, an array of numbers, or
 * bytes.
 */
export type DcapQvlBytes = string | Uint8Array | readonly number[]

/** Collateral as dcap-qvl has it; other members have no influence. */
export interface DcapQvlCollateral {
  /** The body of TCB Info: the value of `tcbInfo`, every byte as Intel signed it. */
  readonly tcb_info: string
  readonly tcb_info_signature: DcapQvlBytes
  /** PEM: the signer, then the root. */
  readonly tcb_info_issuer_chain: string
  /** The body of the QE identity: the value of `enclaveIdentity`, every byte as Intel signed it. */
  readonly qe_identity: string
  readonly qe_identity_signature: DcapQvlBytes
  /** PEM: the signer, then the root. */
  readonly qe_identity_issuer_chain: string
  /** DER. */
  readonly pck_crl: DcapQvlBytes
  readonly root_ca_crl: DcapQvlBytes
  /** PEM, where the quote does not carry it. */
  readonly pck_certificate_chain?: string | null
}

/** Of r and s together. */
const signatureSize = 64
/** As for what is fetched: real ones are far smaller. */
const maximumText = 1_048_576

/**
 * Collateral of dcap-qvl as the verifiers take it: each body and its signature become the document
 * that Intel served, byte for byte. Nothing is verified here, and nothing needs to be: a body that
 * was parsed and written again has no valid signature any more.
 *
 * ```ts
 * const endorsements = fromDcapQvl(await response.json())
 * ```
 * @throws VerificationError `endorsement-format` for a member that is missing or of another shape;
 *   `crl-…` for a list that is none
 * @throws TypeError when `collateral` is no plain object
 */
export function fromDcapQvl(collateral: DcapQvlCollateral): IntelEndorsements {
  const own = snapshotOf<Record<keyof DcapQvlCollateral, unknown>>(collateral, 'collateral')
  const chain = own.pck_certificate_chain
  return Object.freeze({
    tcbInfo: documentOf('tcbInfo', own, 'tcb_info'),
    tcbInfoIssuerChain: pemOf(own, 'tcb_info_issuer_chain'),
    qeIdentity: documentOf('enclaveIdentity', own, 'qe_identity'),
    qeIdentityIssuerChain: pemOf(own, 'qe_identity_issuer_chain'),
    pckCrl: crlOf(own, 'pck_crl'),
    rootCaCrl: crlOf(own, 'root_ca_crl'),
    ...(chain !== undefined && chain !== null && { pckCertificateChain: pemOf(own, 'pck_certificate_chain') }),
  })
}

type Members = Readonly<Partial<Record<keyof DcapQvlCollateral, unknown>>>

const sourceOf = (name: string): Source => ({ name, code: 'endorsement-format' })

function documentOf(member: string, own: Members, name: 'tcb_info' | 'qe_identity'): string {
  const body = textOf(own, name)
  // Between the braces it is Intel's; the verifier reads, and checks the signature of, exactly
  // these bytes.
  if (!body.startsWith('{') || !body.endsWith('}')) throw malformed(sourceOf(name), 'must be the body alone: {…}')
  const signature = bytesOf(own, `${name}_signature`)
  if (signature.length !== signatureSize)
    throw malformed(sourceOf(`${name}_signature`), `must have ${signatureSize} bytes, found ${signature.length}`)
  return `{"${member}":${body},"signature":"${toHex(signature)}"}`
}

function pemOf(own: Members, name: keyof DcapQvlCollateral): string {
  const text = textOf(own, name)
  decodePem(text, 'CERTIFICATE', sourceOf(name))
  return text
}

function crlOf(own: Members, name: 'pck_crl' | 'root_ca_crl'): string {
  const der = bytesOf(own, name)
  if (der[0] !== SEQUENCE) throw malformed(sourceOf(name), 'must be DER')
  decodeCrl(der, name)
  return toBase64(der)
}

function textOf(own: Members, name: keyof DcapQvlCollateral): string {
  const text = own[name]
  if (typeof text !== 'string' || text.length === 0 || text.length > maximumText)
    throw malformed(sourceOf(name), `must be text of 1 to ${maximumText} characters`)
  if (text.endsWith('\0')) throw malformed(sourceOf(name), 'ends with a NUL character, as strings of C do: take it off')
  return text
}

function bytesOf(own: Members, name: keyof DcapQvlCollateral): Bytes {
  const value = own[name]
  if (isBytes(value) && value.length <= maximumText) return copyBytes(value)
  if (typeof value === 'string' && value.length <= 2 * maximumText && /^(?:[0-9a-f]{2})+$/i.test(value))
    return fromHex(value)
  if (Array.isArray(value) && value.length <= maximumText && value.every(isByte)) return Uint8Array.from(value)
  throw malformed(sourceOf(name), 'must be hexadecimal digits without anything else, or bytes')
}

const isByte = (value: unknown): value is number =>
  Number.isInteger(value) && (value as number) >= 0 && (value as number) <= 255
