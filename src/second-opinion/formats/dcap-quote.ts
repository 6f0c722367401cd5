/**
 * Intel's quotes, read a second time.
 *
 * Source: Intel SGX ECDSA Quote Library, appendix A; Intel TDX DCAP Quoting Library, appendix A;
 * QuoteStructures.h of Intel's verification library.
 */
import { areZeros, demand, digitsOf, Fields, type Octets } from '../readers/bytes.ts'

/** A field of a report as claims have it: a copy of bytes, or a number. */
export type Report = Readonly<Record<string, unknown>>

export interface ReadQuote {
  readonly version: number
  /** 1 SGX, 2 TDX 1.0, 3 TDX 1.5, 4 its extension. */
  readonly bodyType: number
  readonly report: Report
  readonly signed: Octets
  readonly signature: Octets
  /** An uncompressed point. */
  readonly attestationKey: Octets
  readonly qeReport: Report
  readonly qeSigned: Octets
  readonly qeSignature: Octets
  /** The key without its first byte, and what the quoting enclave binds beside it. */
  readonly bound: Octets
  readonly certificationType: number
  readonly certification: Octets
}

/** Bodies by type: their size, and the TEE type of the header. */
const bodies: Readonly<Record<number, readonly [size: number, tee: number]>> = {
  1: [384, 0],
  2: [584, 0x81],
  3: [648, 0x81],
  4: [885, 0x81],
}

/** @throws Error */
export function readQuote(bytes: Octets): ReadQuote {
  demand(bytes.length <= 65_536, 'too many bytes')
  const quote = new Fields(bytes)
  const version = quote.number(2)
  demand(version >= 3 && version <= 5, `version ${version}`)
  demand(quote.number(2) === 2, 'an attestation key other than P-256')
  const tee = quote.number(4)
  demand(tee === 0 || (tee === 0x81 && version > 3), `TEE type ${tee} in version ${version}`)
  quote.octets(4)
  demand(digitsOf(quote.octets(16)) === '939a7233f79c4ca9940a0db3957f0607', 'another vendor than Intel')
  quote.octets(20)
  const bodyType = version === 5 ? quote.number(2) : tee === 0 ? 1 : 2
  const [size, ofTee] = bodies[bodyType] ?? [0, -1]
  demand(ofTee === tee, `body type ${bodyType} of TEE type ${tee}`)
  demand(version < 5 || quote.number(4) === size, 'a body of another size')
  const body = quote.octets(size)
  const signed = bytes.slice(0, quote.read)
  const data = new Fields(quote.octets(quote.number(4)))
  demand(areZeros(quote.octets(quote.left)), 'more bytes behind it than zeros')
  const signature = data.octets(64)
  const key = data.octets(64)
  demand(version === 3 || data.number(2) === 6, 'another kind of certification data')
  const inner = version === 3 ? data : new Fields(data.octets(data.number(4)))
  const qeSigned = inner.octets(384)
  const qeSignature = inner.octets(64)
  const binding = inner.octets(inner.number(2))
  const certificationType = inner.number(2)
  const certification = inner.octets(inner.number(4))
  demand(inner.left === 0 && data.left === 0, 'more signature data than there should be')
  demand(certificationType >= 1 && certificationType <= 5, `certification data of type ${certificationType}`)
  return {
    version,
    bodyType,
    report: bodyType === 1 ? enclaveReport(body) : domainReport(body),
    signed,
    signature,
    attestationKey: Uint8Array.from([4, ...key]),
    qeReport: enclaveReport(qeSigned),
    qeSigned,
    qeSignature,
    bound: Uint8Array.from([...key, ...binding]),
    certificationType,
    certification,
  }
}

/** SGX REPORT body: first byte and length of each field (Intel SDM volume 3D). */
const enclaveFields = {
  cpuSvn: [0, 16],
  miscSelect: [16, 4],
  isvExtProdId: [32, 16],
  attributes: [48, 16],
  mrEnclave: [64, 32],
  mrSigner: [128, 32],
  configId: [192, 64],
  isvFamilyId: [304, 16],
  reportData: [320, 64],
} as const
const enclaveNumbers = { isvProdId: 256, isvSvn: 258, configSvn: 260 } as const

function enclaveReport(body: Octets): Report {
  const at = new DataView(body.buffer)
  return {
    ...fieldsAt(body, enclaveFields),
    ...Object.fromEntries(Object.entries(enclaveNumbers).map(([name, from]) => [name, at.getUint16(from, true)])),
  }
}

/** TDREPORT: the same of TDINFO and TEE_TCB_INFO as a quote has them. */
const domainFields = {
  teeTcbSvn: [0, 16],
  mrSeam: [16, 48],
  mrSignerSeam: [64, 48],
  seamAttributes: [112, 8],
  tdAttributes: [120, 8],
  xfam: [128, 8],
  mrTd: [136, 48],
  mrConfigId: [184, 48],
  mrOwner: [232, 48],
  mrOwnerConfig: [280, 48],
  rtmr0: [328, 48],
  rtmr1: [376, 48],
  rtmr2: [424, 48],
  rtmr3: [472, 48],
  reportData: [520, 64],
} as const
const laterFields = { teeTcbSvn2: [584, 16], mrServiceTd: [600, 48] } as const
const extendedFields = {
  tdId: [649, 32],
  deviceInfo: [681, 48],
  initialServiceTdHash: [729, 48],
  initialServiceTdAttributes: [777, 8],
  initialCpuSvn: [785, 16],
  initialTeeTcbSvn: [801, 16],
  initialTeeFmspc: [817, 12],
  currentServiceTdHash: [829, 48],
  currentServiceTdAttributes: [877, 8],
} as const

function domainReport(body: Octets): Report {
  return {
    ...fieldsAt(body, domainFields),
    ...(body.length >= 648 && fieldsAt(body, laterFields)),
    ...(body.length === 885 && { extension: { vmId: body[648], ...fieldsAt(body, extendedFields) } }),
  }
}

function fieldsAt(
  body: Octets,
  fields: Readonly<Record<string, readonly [from: number, length: number]>>,
): Record<string, Octets> {
  return Object.fromEntries(
    Object.entries(fields).map(([name, [from, length]]) => [name, body.slice(from, from + length)]),
  )
}

/** A field of a report that is bytes. */
export function bytesIn(report: Report, name: string): Octets {
  const value = report[name]
  demand(value instanceof Uint8Array, `no ${name}`)
  return value as Octets
}
