/**
 * The SGX extension of PCK certificates: which platform this is, and which security versions it had
 * when Intel issued the certificate.
 *
 * Source: Intel SGX PCK Certificate and CRL Profile Specification, section 1.3.5. The order of the
 * entries does not matter; unknown ones are refused.
 */
import { type Bytes, concatBytes, copyBytes, equalBytes, fromHex, toHex } from '../../../encoding/bytes.ts'
import {
  BOOLEAN,
  contentOf,
  decodeDer,
  type DerNode,
  ENUMERATED,
  INTEGER,
  OBJECT_IDENTIFIER,
  OCTET_STRING,
  SEQUENCE,
  smallInteger,
} from '../../../encoding/der.ts'
import { malformed, type Source } from '../../../encoding/reader.ts'
import type { Certificate } from '../../../x509/certificate.ts'
import { commonName } from './common-name.ts'

/**
 * Which of Intel's two CAs certified the platform: `platform` for servers, `processor` for
 * processors by themselves.
 */
export type PckCa = 'platform' | 'processor'

/**
 * What Intel certifies of a platform. `ppid` and `platformInstanceId` identify the machine: do not
 * log them without need.
 */
export interface DcapPlatform {
  readonly ca: PckCa
  /** Kind of platform: 6 bytes in lower-case hexadecimal. TCB Info is about one of these. */
  readonly fmspc: string
  /** 2 bytes in lower-case hexadecimal. */
  readonly pceId: string
  /** 16 bytes; the same for every certificate of the package. */
  readonly ppid: Uint8Array
  /** 16 bytes, new with each registration of the platform; the processor CA does not say. */
  readonly platformInstanceId: Uint8Array | undefined
  /** How memory is protected: `integrity` also against replay on the memory bus. */
  readonly sgxType: 'standard' | 'scalable' | 'scalable-with-integrity'
  /** 16 bytes: the security versions in the form that the processor reports. */
  readonly cpuSvn: Uint8Array
  /** The same, one by one: 16 numbers of 0 to 255. */
  readonly tcbComponents: readonly number[]
  readonly pceSvn: number
  /** The processor CA does not say. */
  readonly configuration: DcapConfiguration | undefined
}

/** How the platform is set up, as Intel certifies it. */
export interface DcapConfiguration {
  /** Processor packages may be added or replaced without registering the platform again. */
  readonly dynamicPlatform: boolean
  /** Intel keeps the platform's root keys. */
  readonly cachedKeys: boolean
  /** Two threads share a core, hence its caches. */
  readonly smtEnabled: boolean
}

/** 1.2.840.113741.1.13.1 */
const sgxExtension = /* @__PURE__ */ fromHex('2a864886f84d010d01')
const sgxTypes = ['standard', 'scalable', 'scalable-with-integrity'] as const
const componentCount = 16

/** @throws VerificationError `pck-cert-format` */
export function decodePck(certificate: Certificate): DcapPlatform {
  const source: Source = { name: certificate.name, code: 'pck-cert-format' }
  const extension = certificate.extensions.get(toHex(sgxExtension))
  if (extension === undefined) throw malformed(source, 'no SGX extension')
  const ca = caOf(certificate, source)
  const entries = entriesOf(decodeDer(extension.value, source), sgxExtension, ca === 'platform' ? 7 : 5, source)
  const tcb = entriesOf(get(entries, 2, SEQUENCE, source), concatBytes(sgxExtension, [2]), componentCount + 2, source)
  const configuration = ca === 'platform' ? get(entries, 7, SEQUENCE, source) : undefined
  const sgxType = sgxTypes[smallInteger(get(entries, 5, ENUMERATED, source), source)]
  if (sgxType === undefined) throw malformed(source, 'unknown SGX type')
  return Object.freeze({
    ca,
    fmspc: toHex(octets(entries, 4, 6, source)),
    pceId: toHex(octets(entries, 3, 2, source)),
    ppid: octets(entries, 1, 16, source),
    platformInstanceId: ca === 'platform' ? octets(entries, 6, 16, source) : undefined,
    sgxType,
    cpuSvn: octets(tcb, 18, 16, source),
    tcbComponents: Object.freeze(Array.from({ length: componentCount }, (_, i) => integer(tcb, i + 1, 255, source))),
    pceSvn: integer(tcb, 17, 65_535, source),
    configuration: configuration && readConfiguration(configuration, source),
  })
}

/** By the issuer's name, which the path has made the CA's own. */
function caOf({ issuer }: Certificate, source: Source): PckCa {
  const name = commonName(issuer, source)
  switch (name) {
    case 'Intel SGX PCK Platform CA':
      return 'platform'
    case 'Intel SGX PCK Processor CA':
      return 'processor'
    default:
      throw malformed(source, `issued by ${JSON.stringify(name)}, not by a PCK CA`)
  }
}

function readConfiguration(node: DerNode, source: Source): DcapConfiguration {
  const entries = entriesOf(node, concatBytes(sgxExtension, [7]), 3, source)
  const flag = (arc: number): boolean => contentOf(get(entries, arc, BOOLEAN, source))[0] !== 0
  return Object.freeze({ dynamicPlatform: flag(1), cachedKeys: flag(2), smtEnabled: flag(3) })
}

/** By the last arc of their identifier, which must follow `prefix`: exactly 1 to `count`. */
function entriesOf(
  { tag, children }: DerNode,
  prefix: Bytes,
  count: number,
  source: Source,
): ReadonlyMap<number, DerNode> {
  const entries = new Map<number, DerNode>()
  for (const {
    tag: entryTag,
    children: [oid, value, more],
  } of children) {
    const id = oid?.tag === OBJECT_IDENTIFIER ? contentOf(oid) : new Uint8Array()
    const arc = id[prefix.length] ?? 0
    if (
      entryTag !== SEQUENCE ||
      value === undefined ||
      more !== undefined ||
      id.length !== prefix.length + 1 ||
      !equalBytes(id.subarray(0, -1), prefix)
    )
      throw malformed(source, 'malformed SGX extension')
    if (arc > count || entries.has(arc))
      throw malformed(source, `entry ${arc} of the SGX extension is unknown, or is there twice`)
    entries.set(arc, value)
  }
  if (tag !== SEQUENCE || entries.size !== count || entries.has(0))
    throw malformed(source, `${entries.size} entries in the SGX extension, expected ${count}`)
  return entries
}

function get(entries: ReadonlyMap<number, DerNode>, arc: number, tag: number, source: Source): DerNode {
  const node = entries.get(arc)
  if (node?.tag !== tag) throw malformed(source, `entry ${arc} of the SGX extension has another type`)
  return node
}

function octets(entries: ReadonlyMap<number, DerNode>, arc: number, size: number, source: Source): Uint8Array {
  const content = contentOf(get(entries, arc, OCTET_STRING, source))
  if (content.length !== size) throw malformed(source, `entry ${arc} of the SGX extension must have ${size} bytes`)
  return copyBytes(content)
}

/** Unsigned: DER writes 200 as 00 c8. */
function integer(entries: ReadonlyMap<number, DerNode>, arc: number, maximum: number, source: Source): number {
  const value = smallInteger(get(entries, arc, INTEGER, source), source)
  if (value > maximum) throw malformed(source, `entry ${arc} of the SGX extension must be 0 to ${maximum}`)
  return value
}
