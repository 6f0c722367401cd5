/**
 * The HCL report as callers hand it over.
 */
import { type Bytes, copyBytes, isBytes } from '../../encoding/bytes.ts'
import { decodeHclReport, hclReportTypes } from './hcl.ts'

/**
 * Takes an HCL report apart without verifying it.
 * @returns the hardware's report, 1184 bytes, and the runtime data as received
 * @throws VerificationError `hcl-format`
 * @throws TypeError when `hclReport` is no `Uint8Array`
 */
export function readHclReport(hclReport: Uint8Array): { report: Uint8Array; runtimeData: Uint8Array } {
  return decodeHclReport(copyHclReport(hclReport), hclReportTypes.snp)
}

/** A private copy. @throws TypeError */
export function copyHclReport(value: unknown): Bytes {
  if (!isBytes(value)) throw new TypeError('hclReport must be a Uint8Array')
  return copyBytes(value)
}
