/**
 * ECDSA quotes of Intel DCAP, versions 3, 4 and 5, for SGX and TDX: what the processor reports,
 * signed by an attestation key of Intel's quoting enclave, whose own report is signed by the
 * platform's PCK. Shared by `tdx` and `sgx`; not exported.
 *
 * Source: sgx_quote_3.h, sgx_quote_4.h and sgx_quote_5.h of intel/confidential-computing.tee.dcap;
 * Quote.cpp of Intel's quote verification library. Refused: EPID quotes, P-384 attestation keys
 * (defined, never issued), certification data that is no certificate or platform identity, bytes
 * after the quote other than zeros, with which many platforms pad.
 */
import { type Bytes, isZero, toHex } from '../../../encoding/bytes.ts'
import { type Cursor, cursor, malformed, remaining, type Source, take, uintLe } from '../../../encoding/reader.ts'
import { VerificationError } from '../../../core/errors.ts'
import type { CheckRecorder } from '../../../core/record.ts'
import {
  decodeSgxReport,
  decodeTdxReport,
  type SgxReport,
  sgxReportSize,
  tdx15ExReportSize,
  tdx15ReportSize,
  type TdxReport,
  tdxReportSize,
} from './report.ts'

/**
 * A decoded quote. Nothing in it is verified; bytes are views of the input unless they are fields
 * of a report.
 */
export interface Quote {
  readonly header: QuoteHeader
  readonly body: QuoteBody
  /** Header and body as received: what the attestation key signed. */
  readonly signedBytes: Bytes
  /** r || s, 64 bytes. */
  readonly signature: Bytes
  /** x || y of a P-256 point, 64 bytes. */
  readonly attestationKey: Bytes
  /** The quoting enclave's own report: 384 bytes as the PCK signed them, and what they say. */
  readonly qeReportBytes: Bytes
  readonly qeReport: SgxReport
  /** r || s, 64 bytes. */
  readonly qeReportSignature: Bytes
  /** Any number of bytes that the quoting enclave binds together with the key. */
  readonly qeAuthData: Bytes
  /** 1 to 4: names the platform, or its certificate alone. 5: the PCK certificate chain, PEM. */
  readonly certificationDataType: number
  readonly certificationData: Bytes
}

export interface QuoteHeader {
  readonly version: 3 | 4 | 5
  /** 16 bytes that tell quoting enclaves apart, then 4 zeros; some platforms write zeros only. */
  readonly userData: Bytes
}

/** `type` is that of version 5: 1 for SGX, 2 for TDX 1.0, 3 for TDX 1.5, 4 for its extension. */
export type QuoteBody =
  | { readonly tee: 'sgx'; readonly type: 1; readonly report: SgxReport }
  | { readonly tee: 'tdx'; readonly type: 2 | 3 | 4; readonly report: TdxReport }

export type DcapTee = QuoteBody['tee']

const source: Source = { name: 'quote', code: 'quote-format' }
/** Real quotes have 4 to 5 KB; some platforms pad to 8000 bytes. */
const maximumSize = 65_536
const ecdsaP256 = 2
const intelVendorId = '939a7233f79c4ca9940a0db3957f0607'
const qeCertificationData = 6

/** By their type in version 5. */
const bodies = [
  { type: 1, teeType: 0, size: sgxReportSize },
  { type: 2, teeType: 0x81, size: tdxReportSize },
  { type: 3, teeType: 0x81, size: tdx15ReportSize },
  { type: 4, teeType: 0x81, size: tdx15ExReportSize },
] as const

/** @throws VerificationError `quote-format`, `quote-version-epid` */
export function decodeQuote(bytes: Bytes, checks: CheckRecorder): Quote {
  const { length } = bytes
  checks.decodes('quote-format', 'bytes of quote', {
    holds: length > 0 && length <= maximumSize,
    expected: `1 to ${maximumSize}`,
    found: `${length}`,
  })
  const version = bytes.length < 2 ? 0 : uintLe(cursor(bytes, source), 2, 'version')
  const isEpid = version === 1 || version === 2
  checks.decodes('quote-version-epid', 'kind of quote', {
    holds: !isEpid,
    expected: 'ECDSA',
    found: isEpid ? `EPID (version ${version}), which is not supported` : 'ECDSA',
  })
  return checks.decodes('quote-format', 'DCAP quote', () => readQuote(bytes))
}

function readQuote(bytes: Bytes): Quote {
  const input = cursor(bytes, source)
  const version = uintLe(input, 2, 'version')
  if (version !== 3 && version !== 4 && version !== 5)
    throw new VerificationError('quote-format', {
      subject: 'quote version',
      expected: '3, 4 or 5',
      found: `${version}${looksLike(bytes)}`,
    })
  const header = readHeader(input, version)
  const body = readBody(input, header.teeType, version)
  const signedBytes = bytes.subarray(0, input.at)
  // One cursor for the signature data alone: its fields must fill it exactly.
  const data = inner(input, uintLe(input, 4, 'length of signature data'), 'signature data')
  const padding = take(input, remaining(input), 'padding')
  if (!isZero(padding)) throw malformed(source, `${padding.length} bytes after the quote that are not all zero`)
  const signature = take(data, 64, 'signature')
  const attestationKey = take(data, 64, 'attestation key')
  const certified = version === 3 ? data : readContainer(data)
  const qeReportBytes = take(certified, sgxReportSize, 'QE report')
  const quote: Quote = {
    header: { version, userData: header.userData },
    body,
    signedBytes,
    signature,
    attestationKey,
    qeReportBytes,
    qeReport: decodeSgxReport(qeReportBytes, { ...source, name: 'QE report' }),
    qeReportSignature: take(certified, 64, 'QE report signature'),
    qeAuthData: take(certified, uintLe(certified, 2, 'length of QE authentication data'), 'QE authentication data'),
    certificationDataType: uintLe(certified, 2, 'certification data type'),
    certificationData: take(certified, uintLe(certified, 4, 'length of certification data'), 'certification data'),
  }
  for (const { bytes: whole, at } of [certified, data])
    if (at < whole.length) throw malformed(source, `${whole.length - at} bytes left over in the signature data`)
  const { certificationDataType } = quote
  if (certificationDataType < 1 || certificationDataType > 5)
    throw new VerificationError('quote-format', {
      subject: 'certification data type',
      expected: '1 to 5',
      found: `${certificationDataType}`,
    })
  return quote
}

/**
 * 48 bytes. The QE and PCE versions of version 3 are in the QE report and the PCK certificate too,
 * and those are signed by Intel.
 */
function readHeader(input: Cursor, version: number): { readonly teeType: number; readonly userData: Bytes } {
  const keyType = uintLe(input, 2, 'attestation key type')
  if (keyType !== ecdsaP256)
    throw new VerificationError('quote-format', {
      subject: 'attestation key type',
      expected: '2 (ECDSA P-256)',
      found: `${keyType}`,
    })
  const teeType = uintLe(input, 4, 'TEE type')
  if (teeType !== 0 && (teeType !== 0x81 || version === 3))
    throw new VerificationError('quote-format', {
      subject: `TEE type of version ${version}`,
      expected: version === 3 ? '0' : '0 or 0x81',
      found: `0x${teeType.toString(16)}`,
    })
  take(input, 4, 'QE and PCE version')
  const vendor = toHex(take(input, 16, 'QE vendor'))
  if (vendor !== intelVendorId)
    throw new VerificationError('quote-format', { subject: 'QE vendor', expected: intelVendorId, found: vendor })
  return { teeType, userData: take(input, 20, 'user data') }
}

function readBody(input: Cursor, teeType: number, version: number): QuoteBody {
  const [type, claimed] =
    version === 5
      ? [uintLe(input, 2, 'body type'), uintLe(input, 4, 'body size')]
      : teeType === 0
        ? [1, sgxReportSize]
        : [2, tdxReportSize]
  const known = bodies.find((body) => body.type === type && body.teeType === teeType && body.size === claimed)
  if (known === undefined)
    throw malformed(source, `no body has type ${type}, ${claimed} bytes and TEE type 0x${teeType.toString(16)}`)
  const bytes = take(input, known.size, 'body')
  return known.type === 1
    ? { tee: 'sgx', type: 1, report: decodeSgxReport(bytes, { ...source, name: 'SGX report' }) }
    : { tee: 'tdx', type: known.type, report: decodeTdxReport(bytes, { ...source, name: 'TD report' }) }
}

/** Version 4 on: what version 3 has here is wrapped once more. */
function readContainer(data: Cursor): Cursor {
  const type = uintLe(data, 2, 'outer certification data type')
  if (type !== qeCertificationData)
    throw new VerificationError('quote-format', {
      subject: 'outer certification data type',
      expected: `${qeCertificationData}`,
      found: `${type}`,
    })
  return inner(data, uintLe(data, 4, 'length of outer certification data'), 'outer certification data')
}

function inner(input: Cursor, length: number, field: string): Cursor {
  return cursor(take(input, length, field), source)
}

/**
 * What is often mistaken for a quote, by its first bytes. It helps readers of the error, and
 * decides nothing.
 */
function looksLike(bytes: Bytes): string {
  const [first = 0] = bytes
  const head = String.fromCharCode(...bytes.subarray(0, 64))
  const guesses: readonly (readonly [boolean, string])[] = [
    [head.trimStart().startsWith('{'), 'JSON: take the quote out of it'],
    [/^[0-9a-f\s]+$/i.test(head), 'hexadecimal text: decode it'],
    [/^[\w+/=\s-]+$/.test(head), 'base64 text: decode it'],
    [first === 0x84 || first === 0xd2, 'COSE, an AWS Nitro document perhaps'],
    [bytes.length === 1024 && first === 0x81, 'a TDREPORT, which proves something on its own machine only'],
    [bytes.length === 432 || bytes.length === 512, 'an SGX report, which proves something on its own machine only'],
    [bytes.length === 1184, 'a report of AMD'],
  ]
  const guess = guesses.find(([holds]) => holds)
  return guess === undefined ? '' : ` (looks like ${guess[1]})`
}
