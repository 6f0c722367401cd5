/**
 * The two kinds of bodies of a quote, as the processor wrote them: every field is a private copy,
 * integers are little-endian.
 */
import type { Bytes } from '../../../encoding/bytes.ts'
import { type Cursor, cursor, end, skip, type Source, take, uintLe } from '../../../encoding/reader.ts'

/** What an SGX report says of an enclave. Source: Intel SDM volume 3D, "REPORT"; sgx_report.h. */
export interface SgxReport {
  /** Security version of the processor, 16 bytes: raw, not comparable as a number. */
  readonly cpuSvn: Uint8Array
  readonly miscSelect: Uint8Array
  /** 16 bytes; zero without KSS. */
  readonly isvExtProdId: Uint8Array
  /** FLAGS, 8 bytes, then XFRM, 8 bytes; bit 1 of the first byte is DEBUG. */
  readonly attributes: Uint8Array
  /** SHA-256 over the enclave's code, data and layout. */
  readonly mrEnclave: Uint8Array
  /** SHA-256 of the key that signed the enclave. */
  readonly mrSigner: Uint8Array
  /** 64 bytes that the loader of the enclave chose; zero without KSS. */
  readonly configId: Uint8Array
  readonly isvProdId: number
  readonly isvSvn: number
  readonly configSvn: number
  /** 16 bytes; zero without KSS. */
  readonly isvFamilyId: Uint8Array
  /** 64 bytes that the enclave chose. */
  readonly reportData: Uint8Array
}

/**
 * What a TD report says of a trust domain. Source: Intel TDX module ABI, "TDINFO_STRUCT", and
 * QuoteStructures.h of Intel's QVL.
 */
export interface TdxReport {
  /**
   * Security versions of the TDX components when the TD was launched, 16 bytes: TDX module minor,
   * TDX module major, microcode, …
   */
  readonly teeTcbSvn: Uint8Array
  /** SHA-384 of the TDX module. */
  readonly mrSeam: Uint8Array
  /** Who signed the TDX module; zero means Intel. */
  readonly mrSignerSeam: Uint8Array
  readonly seamAttributes: Uint8Array
  /** 8 bytes: bits 0 to 7 make a TD debuggable, bit 28 is SEPT_VE_DISABLE, bit 29 MIGRATABLE. */
  readonly tdAttributes: Uint8Array
  /** Processor features that the TD may use, 8 bytes. */
  readonly xfam: Uint8Array
  /** SHA-384 over the initial memory: the firmware. */
  readonly mrTd: Uint8Array
  /** 48 bytes each, chosen by the launcher of the TD. */
  readonly mrConfigId: Uint8Array
  readonly mrOwner: Uint8Array
  readonly mrOwnerConfig: Uint8Array
  /** SHA-384 registers that firmware, boot loader and system extend. */
  readonly rtmr0: Uint8Array
  readonly rtmr1: Uint8Array
  readonly rtmr2: Uint8Array
  readonly rtmr3: Uint8Array
  /** 64 bytes that the TD chose. */
  readonly reportData: Uint8Array
  /** TDX 1.5 on: the security versions now. */
  readonly teeTcbSvn2: Uint8Array | undefined
  /**
   * TDX 1.5 on: hash of the service TDs that are bound to this one, for migration say; zero for
   * none.
   */
  readonly mrServiceTd: Uint8Array | undefined
  /** Body type 4 only. */
  readonly extension: TdxReportExtension | undefined
}

/** What body type 4 adds. Source: `TDReport15Ex` in QuoteStructures.h of Intel's QVL. */
export interface TdxReportExtension {
  readonly vmId: number
  readonly tdId: Uint8Array
  readonly deviceInfo: Uint8Array
  readonly initialServiceTdHash: Uint8Array
  readonly initialServiceTdAttributes: Uint8Array
  readonly initialCpuSvn: Uint8Array
  readonly initialTeeTcbSvn: Uint8Array
  readonly initialTeeFmspc: Uint8Array
  readonly currentServiceTdHash: Uint8Array
  readonly currentServiceTdAttributes: Uint8Array
}

/** Sizes in bytes. */
export const sgxReportSize = 384
export const tdxReportSize = 584
export const tdx15ReportSize = 648
export const tdx15ExReportSize = 885

/** @param bytes exactly {@link sgxReportSize} of them */
export function decodeSgxReport(bytes: Bytes, source: Source): SgxReport {
  const input = cursor(bytes, source)
  const field = fieldsOf(input)
  const cpuSvn = field(16)
  const miscSelect = field(4)
  take(input, 12, 'reserved')
  const isvExtProdId = field(16)
  const attributes = field(16)
  const mrEnclave = field(32)
  take(input, 32, 'reserved')
  const mrSigner = field(32)
  take(input, 32, 'reserved')
  const configId = field(64)
  const isvProdId = uintLe(input, 2, 'ISVPRODID')
  const isvSvn = uintLe(input, 2, 'ISVSVN')
  const configSvn = uintLe(input, 2, 'CONFIGSVN')
  take(input, 42, 'reserved')
  const isvFamilyId = field(16)
  const reportData = field(64)
  end(input)
  return {
    cpuSvn,
    miscSelect,
    isvExtProdId,
    attributes,
    mrEnclave,
    mrSigner,
    configId,
    isvProdId,
    isvSvn,
    configSvn,
    isvFamilyId,
    reportData,
  }
}

/**
 * @param bytes {@link tdxReportSize}, {@link tdx15ReportSize} or {@link tdx15ExReportSize} of them
 */
export function decodeTdxReport(bytes: Bytes, source: Source): TdxReport {
  const input = cursor(bytes, source)
  const field = fieldsOf(input)
  // Fields come in this order; an object literal is evaluated in it.
  const report = {
    teeTcbSvn: field(16),
    mrSeam: field(48),
    mrSignerSeam: field(48),
    seamAttributes: field(8),
    tdAttributes: field(8),
    xfam: field(8),
    mrTd: field(48),
    mrConfigId: field(48),
    mrOwner: field(48),
    mrOwnerConfig: field(48),
    rtmr0: field(48),
    rtmr1: field(48),
    rtmr2: field(48),
    rtmr3: field(48),
    reportData: field(64),
    teeTcbSvn2: bytes.length >= tdx15ReportSize ? field(16) : undefined,
    mrServiceTd: bytes.length >= tdx15ReportSize ? field(48) : undefined,
    extension:
      bytes.length === tdx15ExReportSize
        ? Object.freeze({
            vmId: uintLe(input, 1, 'VMID'),
            tdId: field(32),
            deviceInfo: field(48),
            initialServiceTdHash: field(48),
            initialServiceTdAttributes: field(8),
            initialCpuSvn: field(16),
            initialTeeTcbSvn: field(16),
            initialTeeFmspc: field(12),
            currentServiceTdHash: field(48),
            currentServiceTdAttributes: field(8),
          })
        : undefined,
  }
  end(input)
  return report
}

/** Bytes of their own: `.buffer` of a field must not be the whole quote. */
function fieldsOf(input: Cursor): (length: number) => Bytes {
  return (length) => input.bytes.slice(input.at, skip(input, length, 'field'))
}
