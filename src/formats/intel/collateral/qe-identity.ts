/**
 * QE Identity: what Intel's quoting enclave looks like, and which of its versions are good. Without
 * it, any enclave that runs on a genuine platform and got its report signed by the PCK could attest
 * anything.
 *
 * Source: Intel PCS API version 4, "Get Quoting Enclave Identity". Hexadecimal strings are bytes in
 * the order of the report: `miscselect` "D182B18C" is D1 first.
 */
import { fromHex, toHex } from '../../../encoding/bytes.ts'
import { decodeJson, memberOf } from '../../../encoding/json.ts'
import { malformed, type Source } from '../../../encoding/reader.ts'
import { VerificationError } from '../../../core/errors.ts'
import type { DcapTee } from '../quote/quote.ts'
import type { SgxReport } from '../quote/report.ts'
import { hexOf, integerOf, type SignedJson, type Validity, validityOf } from './signed-json.ts'
import { type ComponentLevel, readComponentLevels } from './tcb-level.ts'

export interface QeIdentity extends Validity {
  /** `QE` for SGX, `TD_QE` for TDX; Intel has others. */
  readonly id: string
  readonly evaluationDataNumber: number
  /** Lower-case hexadecimal. */
  readonly miscSelect: string
  readonly miscSelectMask: string
  readonly attributes: string
  readonly attributesMask: string
  readonly mrSigner: string
  readonly isvProdId: number
  /** Highest first. */
  readonly levels: readonly ComponentLevel[]
}

export const qeIdentitySource: Source = { name: 'QE identity', code: 'qe-identity-format' }
const source = qeIdentitySource

/** @throws VerificationError `qe-identity-format` */
export function decodeQeIdentity(document: SignedJson): QeIdentity {
  const body = decodeJson(document.body, source)
  const version = integerOf(body, 'version', 0xffff, source)
  if (version !== 2) throw malformed(source, `unknown version ${version}`)
  return {
    id: memberOf(body, 'id', 'string', source),
    ...validityOf(body, source),
    evaluationDataNumber: integerOf(body, 'tcbEvaluationDataNumber', 0xffffffff, source),
    miscSelect: hexOf(body, 'miscselect', 4, source),
    miscSelectMask: hexOf(body, 'miscselectMask', 4, source),
    attributes: hexOf(body, 'attributes', 16, source),
    attributesMask: hexOf(body, 'attributesMask', 16, source),
    mrSigner: hexOf(body, 'mrsigner', 32, source),
    isvProdId: integerOf(body, 'isvprodid', 65_535, source),
    levels: readComponentLevels(body, source),
  }
}

/**
 * The quoting enclave is Intel's, for this kind of TEE. @throws VerificationError
 * `qe-identity-mismatch`
 */
export function checkQeIdentity(identity: QeIdentity, report: SgxReport, tee: DcapTee): void {
  const require = (subject: string, expected: string, found: string): void => {
    if (expected !== found)
      throw new VerificationError('qe-identity-mismatch', { subject: `QE ${subject}`, expected, found })
  }
  require('identity', tee === 'tdx' ? 'TD_QE' : 'QE', identity.id)
  require('MRSIGNER', identity.mrSigner, toHex(report.mrSigner))
  require('ISVPRODID', `${identity.isvProdId}`, `${report.isvProdId}`)
  // As Intel compares: the report under the mask, with the identity unmasked.
  require('MISCSELECT', identity.miscSelect, masked(report.miscSelect, identity.miscSelectMask))
  require('ATTRIBUTES', identity.attributes, masked(report.attributes, identity.attributesMask))
}

function masked(bytes: Uint8Array, mask: string): string {
  const bits = fromHex(mask)
  return toHex(bytes.map((byte, i) => byte & (bits[i] ?? 0)))
}
