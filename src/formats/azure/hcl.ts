/**
 * The report that Azure's paravisor (HCL) keeps in the virtual TPM: a hardware report of boot time,
 * and the runtime data whose SHA-256 is its report data. The runtime data names the key of the
 * virtual TPM, so a quote of that TPM is as fresh as its nonce.
 *
 *     000  "HCLA", u32 version 1 or 2, u32 size, u32 request type 2, u32 status 0, 12 zero bytes
 *     020  1184 bytes: a report of SEV-SNP, or a quote's body for TDX
 *     4C0  u32 size + 20, u32 version 1, u32 report type, u32 hash type 1 (SHA-256), u32 size
 *     4D4  runtime data, JSON in UTF-8; zeros to the end
 *
 * All integers are little-endian. Source: Microsoft, "Guest attestation for confidential VMs", and
 * kinvolk/azure-cvm-tooling, `az-cvm-vtpm/src/hcl/mod.rs`.
 */
import { VerificationError } from '../../core/errors.ts'
import { type Bytes, copyBytes, fromBase64, isZero, toHex } from '../../encoding/bytes.ts'
import { decodeJson, isJsonObject, type JsonObject, type JsonValue } from '../../encoding/json.ts'

/** What kind of hardware report is inside. */
export const hclReportTypes = { snp: 2, tdx: 4 } as const

/** The parts of an HCL report. Nothing in it is verified; bytes are copies. */
export interface HclReport {
  /** 1184 bytes. */
  readonly report: Bytes
  /** As received: its SHA-256 is the report data of the report. */
  readonly runtimeData: Bytes
}

const reportAt = 0x20
const runtimeAt = 0x4c0
const dataAt = 0x4d4
const maximumSize = 65_536

/** @throws VerificationError `hcl-format` */
export function decodeHclReport(bytes: Bytes, type: number): HclReport {
  if (bytes.length < dataAt || bytes.length > maximumSize)
    throw refused('size', `${dataAt} to ${maximumSize} bytes`, `${bytes.length}`)
  const data = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
  const expect = (field: string, at: number, ...expected: readonly number[]): void => {
    const found = data.getUint32(at, true)
    if (!expected.includes(found)) throw refused(field, expected.join(' or '), `${found}`)
  }
  const size = data.getUint32(runtimeAt + 16, true)
  const signature = toHex(bytes.subarray(0, 4))
  if (signature !== '48434c41') throw refused('signature', '48434c41 (HCLA)', signature)
  expect('version', 4, 1, 2)
  if (size > bytes.length - dataAt)
    throw refused('size of the runtime data', `at most ${bytes.length - dataAt}`, `${size}`)
  expect('size', 8, dataAt + size)
  expect('request type', 12, 2)
  expect('status', 16, 0)
  if (!isZero(bytes.subarray(20, reportAt)))
    throw refused('reserved bytes', 'zero', toHex(bytes.subarray(20, reportAt)))
  expect('size of the runtime part', runtimeAt, size + 20)
  expect('version of the runtime part', runtimeAt + 4, 1)
  expect('report type', runtimeAt + 8, type)
  expect('hash type', runtimeAt + 12, 1)
  if (!isZero(bytes.subarray(dataAt + size))) throw refused('bytes behind the runtime data', 'zero', 'others')
  return {
    report: copyBytes(bytes.subarray(reportAt, runtimeAt)),
    runtimeData: copyBytes(bytes.subarray(dataAt, dataAt + size)),
  }
}

/** What the runtime data says. */
export interface RuntimeData {
  /** Modulus of the virtual TPM's attestation key, RSA-2048, big-endian; its exponent is 65537. */
  readonly modulus: Bytes
  /** 64 bytes that the guest put in. */
  readonly userData: Bytes | undefined
}

/** @throws VerificationError `hcl-format` */
export function decodeRuntimeData(bytes: Bytes): RuntimeData {
  const value = decodeJson(textOf(bytes), { name: 'runtime data', code: 'hcl-format' })
  const keys = isJsonObject(value) ? value['keys'] : undefined
  if (!isJsonObject(value) || !Array.isArray(keys)) throw refused('runtime data', 'an object with keys', 'none')
  const attestation = (keys as readonly JsonValue[]).filter(
    (key): key is JsonObject => isJsonObject(key) && key['kid'] === 'HCLAkPub',
  )
  const [key] = attestation
  if (attestation.length !== 1 || key === undefined) throw refused('keys named HCLAkPub', '1', `${attestation.length}`)
  const operations = key['key_ops']
  const isSigner =
    Array.isArray(operations) && operations.some((operation) => operation === 'sign' || operation === 'encrypt')
  if (key['kty'] !== 'RSA' || key['e'] !== 'AQAB' || !isSigner)
    throw refused('HCLAkPub', 'an RSA key with exponent AQAB, for signing', JSON.stringify(key))
  return { modulus: modulusOf(key['n']), userData: userDataOf(value['user-data']) }
}

function textOf(bytes: Bytes): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
  } catch {
    throw refused('runtime data', 'UTF-8', 'other bytes')
  }
}

function modulusOf(n: JsonValue | undefined): Bytes {
  let modulus: Bytes = new Uint8Array()
  if (typeof n === 'string')
    try {
      modulus = fromBase64(n)
    } catch {
      // Said below.
    }
  // The highest bit is set in a modulus of 2048 bits.
  if (modulus.length !== 256 || (modulus[0] as number) < 0x80)
    throw refused('modulus of HCLAkPub', '256 bytes in base64url', `${modulus.length} bytes`)
  return modulus
}

function userDataOf(text: JsonValue | undefined): Bytes | undefined {
  if (text === undefined) return undefined
  if (typeof text !== 'string' || !/^(?:[0-9a-fA-F]{2}){64}$/.test(text))
    throw refused('user-data', '64 bytes in hexadecimal', JSON.stringify(text))
  return new Uint8Array(64).map((_, i) => parseInt(text.slice(2 * i, 2 * i + 2), 16))
}

function refused(field: string, expected: string, found: string): VerificationError {
  return new VerificationError('hcl-format', { subject: `HCL report: ${field}`, expected, found })
}
