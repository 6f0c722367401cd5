/**
 * ATTESTATION_REPORT, versions 2 to 5: 1184 bytes, all integers little-endian. The report is signed
 * as received, bytes 0 to 671; every byte behind the two numbers of the signature is zero.
 *
 * Source: AMD 56860, SEV Secure Nested Paging Firmware ABI, table "ATTESTATION_REPORT Structure".
 */
import type { CheckRecorder } from '../../../core/record.ts'
import { VerificationError } from '../../../core/errors.ts'
import { type Bytes, copyBytes, isZero, toHex } from '../../../encoding/bytes.ts'

export const reportSize = 0x4a0
const signedSize = 0x2a0

/** Which kind of key signed the report: KEY_INFO.SIGNING_KEY. */
export type SigningKey = 'VCEK' | 'VLEK'

/** Version of the firmware: major, minor, build. */
export type FirmwareVersion = readonly [major: number, minor: number, build: number]

/** The guest policy, as it was given at launch: what the firmware enforces. */
export interface SnpGuestPolicy {
  readonly abiMajor: number
  readonly abiMinor: number
  /** The host may run SMT; PLATFORM_INFO says whether it does. */
  readonly smtAllowed: boolean
  readonly migrateMa: boolean
  /** The host may read and write the guest's memory. */
  readonly debug: boolean
  readonly singleSocket: boolean
  readonly cxlAllowed: boolean
  readonly memAes256Xts: boolean
  readonly raplDisabled: boolean
  readonly ciphertextHiding: boolean
  readonly pageSwapDisabled: boolean
  /** All 64 bits. */
  readonly raw: bigint
}

/** What the firmware says of the machine when the report was made. */
export interface SnpPlatformInfo {
  readonly smtEnabled: boolean
  readonly tsmeEnabled: boolean
  readonly eccEnabled: boolean
  readonly raplDisabled: boolean
  readonly ciphertextHiding: boolean
  /** Memory was checked for aliases since the last reset (BadRAM). */
  readonly aliasCheckComplete: boolean
  readonly iommuWriteSafe: boolean
  readonly tioEnabled: boolean
  /** All 64 bits. */
  readonly raw: bigint
}

/** The place of a processor in AMD's numbering; reports of version 2 do not say. */
export interface SnpCpu {
  readonly family: number
  readonly model: number
  readonly stepping: number
}

/** A report as it is written. Nothing in it is verified; bytes are copies. */
export interface SnpReport {
  readonly version: number
  readonly guestSvn: number
  readonly policy: SnpGuestPolicy
  readonly familyId: Uint8Array
  readonly imageId: Uint8Array
  /** 0 to 3: which level asked; 4294967295 when the host did. */
  readonly vmpl: number
  /** 8 bytes each: their layout depends on the product. */
  readonly currentTcb: Bytes
  readonly reportedTcb: Bytes
  readonly committedTcb: Bytes
  readonly launchTcb: Bytes
  readonly platformInfo: SnpPlatformInfo
  readonly signingKey: 'VCEK' | 'VLEK'
  readonly authorKeyEnabled: boolean
  /** 64 bytes that the guest chose. */
  readonly reportData: Uint8Array
  /** The launch digest, 48 bytes. */
  readonly measurement: Uint8Array
  /** 32 bytes that the host chose at launch. */
  readonly hostData: Uint8Array
  readonly idKeyDigest: Uint8Array
  readonly authorKeyDigest: Uint8Array
  readonly reportId: Uint8Array
  /** Of the migration agent; all ones without one. */
  readonly reportIdMa: Uint8Array
  /** Version 3 and later. */
  readonly cpu: SnpCpu | undefined
  /** 64 bytes; zero where the host masks it. */
  readonly chipId: Uint8Array
  readonly currentVersion: FirmwareVersion
  readonly committedVersion: FirmwareVersion
  /** Version 5 and later. */
  readonly launchMitVector: bigint | undefined
  readonly currentMitVector: bigint | undefined
}

/** A report, what of it was signed, and the signature. */
export interface DecodedReport {
  readonly report: SnpReport
  readonly signed: Bytes
  /** `r` and `s` as WebCrypto takes them: 48 bytes each, big-endian. */
  readonly signature: Bytes
}

const reserved = 'report-reserved'

/** What is reserved, so zero, in every version: first byte and the one behind the last. */
const alwaysZero: readonly (readonly [from: number, to: number])[] = [
  [0x04c, 0x050],
  [0x18b, 0x1a0],
  [0x1eb, 0x1ec],
  [0x1ef, 0x1f0],
  [0x208, 0x2a0],
  // Behind r, behind s, and the rest of the field. No signature covers these.
  [0x2d0, 0x2e8],
  [0x318, 0x330],
  [0x330, 0x4a0],
]

/**
 * Reads a report.
 * @param bytes 1184 of them
 * @throws VerificationError `report-version`, `report-algorithm`, `report-reserved`,
 *   `report-signing-key`
 */
export function decodeReport(bytes: Bytes, checks: CheckRecorder): DecodedReport {
  const data = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
  const uint32 = (at: number): number => data.getUint32(at, true)
  const uint64 = (at: number): bigint => data.getBigUint64(at, true)
  const field = (at: number, length: number): Bytes => copyBytes(bytes.subarray(at, at + length))

  const version = uint32(0x000)
  checks.decodes('report-version', `version ${version} of the report`, () => {
    if (version >= 2 && version <= 5) return
    throw new VerificationError('report-version', {
      subject: `version of the report${hintFor(bytes)}`,
      expected: '2 to 5',
      found: `${version}`,
    })
  })
  const algorithm = uint32(0x034)
  checks.decodes('report-algorithm', 'signature algorithm of the report', {
    holds: algorithm === 1,
    expected: '1 (ECDSA P-384 with SHA-384)',
    found: `${algorithm}`,
  })
  const policy = uint64(0x008)
  const keyInfo = uint32(0x048)
  checks.decodes(reserved, 'reserved fields of the report', () => {
    const zero = [
      ...alwaysZero,
      ...(version < 3 ? ([[0x188, 0x18b]] as const) : []),
      ...(version < 5 ? ([[0x1f8, 0x208]] as const) : []),
    ]
    for (const [from, to] of zero) {
      const found = bytes.subarray(from, to)
      if (!isZero(found))
        throw new VerificationError(reserved, {
          subject: `reserved bytes of the report at ${hex(from)}`,
          expected: 'zero',
          found: toHex(found),
        })
    }
    if (keyInfo >= 32)
      throw new VerificationError(reserved, {
        subject: 'KEY_INFO of the report',
        expected: 'bits 31 to 5 clear',
        found: hex(keyInfo),
      })
    if ((policy & (1n << 17n)) === 0n)
      throw new VerificationError(reserved, {
        subject: 'guest policy of the report',
        expected: 'bit 17 set',
        found: hex(policy),
      })
  })
  const signingKey = (['VCEK', 'VLEK'] as const)[keyInfo >> 2]
  const isMasked = (keyInfo & 2) !== 0
  checks.decodes('report-signing-key', 'key that signed the report', {
    holds: signingKey !== undefined && !isMasked,
    expected: 'VCEK or VLEK, not masked',
    found: `${signingKey ?? keyInfo >> 2}${isMasked ? ', masked: the report is not signed' : ''}`,
  })
  return {
    report: {
      version,
      guestSvn: uint32(0x004),
      policy: guestPolicyOf(policy),
      familyId: field(0x010, 16),
      imageId: field(0x020, 16),
      vmpl: uint32(0x030),
      currentTcb: field(0x038, 8),
      reportedTcb: field(0x180, 8),
      committedTcb: field(0x1e0, 8),
      launchTcb: field(0x1f0, 8),
      platformInfo: platformInfoOf(uint64(0x040)),
      signingKey: signingKey as SigningKey,
      authorKeyEnabled: (keyInfo & 1) !== 0,
      reportData: field(0x050, 64),
      measurement: field(0x090, 48),
      hostData: field(0x0c0, 32),
      idKeyDigest: field(0x0e0, 48),
      authorKeyDigest: field(0x110, 48),
      reportId: field(0x140, 32),
      reportIdMa: field(0x160, 32),
      cpu:
        version < 3
          ? undefined
          : { family: data.getUint8(0x188), model: data.getUint8(0x189), stepping: data.getUint8(0x18a) },
      chipId: field(0x1a0, 64),
      currentVersion: versionAt(data, 0x1e8),
      committedVersion: versionAt(data, 0x1ec),
      launchMitVector: version < 5 ? undefined : uint64(0x1f8),
      currentMitVector: version < 5 ? undefined : uint64(0x200),
    },
    signed: bytes.subarray(0, signedSize),
    signature: signatureOf(bytes),
  }
}

/** AMD writes build, minor, major. */
function versionAt(data: DataView, at: number): FirmwareVersion {
  return [data.getUint8(at + 2), data.getUint8(at + 1), data.getUint8(at)]
}

/** `r` and `s`: 72 bytes each, little-endian, of which 48 are used. */
function signatureOf(bytes: Bytes): Bytes {
  const signature = new Uint8Array(96)
  signature.set(bytes.slice(0x2a0, 0x2d0).reverse())
  signature.set(bytes.slice(0x2e8, 0x318).reverse(), 48)
  return signature
}

/** Bits of POLICY that are known here; AMD defines the rest as zero. */
export const knownPolicyBits = 0x3ffffffn

/** Bits of PLATFORM_INFO that are known here. */
export const knownPlatformBits = 0xffn

/** Flags of POLICY, by their bits. */
export const policyFlags = {
  smtAllowed: 16,
  migrateMa: 18,
  debug: 19,
  singleSocket: 20,
  cxlAllowed: 21,
  memAes256Xts: 22,
  raplDisabled: 23,
  ciphertextHiding: 24,
  pageSwapDisabled: 25,
} as const

/** Flags of PLATFORM_INFO, by their bits. */
export const platformFlags = {
  smtEnabled: 0,
  tsmeEnabled: 1,
  eccEnabled: 2,
  raplDisabled: 3,
  ciphertextHiding: 4,
  aliasCheckComplete: 5,
  iommuWriteSafe: 6,
  tioEnabled: 7,
} as const

function guestPolicyOf(raw: bigint): SnpGuestPolicy {
  return {
    abiMajor: Number((raw >> 8n) & 0xffn),
    abiMinor: Number(raw & 0xffn),
    ...flagsIn(raw, policyFlags),
    raw,
  }
}

function platformInfoOf(raw: bigint): SnpPlatformInfo {
  return { ...flagsIn(raw, platformFlags), raw }
}

function flagsIn<Name extends string>(raw: bigint, flags: Readonly<Record<Name, number>>): Record<Name, boolean> {
  const found = Object.entries<number>(flags).map(([name, bit]) => [name, ((raw >> BigInt(bit)) & 1n) === 1n] as const)
  return Object.fromEntries(found) as Record<Name, boolean>
}

/** What was probably meant, for bytes that are no report. */
export function hintFor(bytes: Bytes): string {
  const start = bytes.subarray(0, 8)
  if (start.every((byte) => byte >= 0x20 && byte < 0x7f)) return ' (this is text: decode it to bytes first)'
  // u32 status, u32 size: MSG_REPORT_RSP.
  if (toHex(start) === '00000000a0040000') return ' (this is a firmware message: the report begins at byte 32)'
  return ''
}

function hex(value: number | bigint): string {
  return `0x${value.toString(16)}`
}
