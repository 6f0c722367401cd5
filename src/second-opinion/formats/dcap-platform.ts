/**
 * The SGX extension of a PCK certificate, by way of `asn1js`: which platform this is, and its
 * security versions.
 *
 * Source: Intel SGX PCK Certificate and Certificate Revocation List Profile Specification, section
 * 1.3.5.
 */
import { demand, digitsOf, type Octets } from '../readers/bytes.ts'
import { commonNameOf, type ReadCertificate } from '../readers/certificate.ts'
import { type Asn1, countOf, identifierOf, insideOf, partsOf, readStrictDer, tagOf } from '../readers/der.ts'

/** As claims have it. */
export interface Platform {
  readonly ca: 'platform' | 'processor'
  readonly fmspc: string
  readonly pceId: string
  readonly ppid: Octets
  readonly platformInstanceId: Octets | undefined
  readonly sgxType: string
  readonly cpuSvn: Octets
  readonly tcbComponents: readonly number[]
  readonly pceSvn: number
  readonly configuration: Readonly<Record<string, boolean>> | undefined
}

const sgx = '1.2.840.113741.1.13.1'
const authorities: Readonly<Record<string, Platform['ca']>> = {
  'Intel SGX PCK Platform CA': 'platform',
  'Intel SGX PCK Processor CA': 'processor',
}

/** @throws Error */
export function readPlatform({ extensions, byPeculiar }: ReadCertificate): Platform {
  const extension = extensions.get(sgx)
  demand(extension !== undefined, 'no SGX extension')
  const issuer = commonNameOf(byPeculiar.issuerName)
  const ca = Object.hasOwn(authorities, issuer) ? authorities[issuer] : undefined
  demand(ca !== undefined, `issued by ${issuer}`)
  const isPlatform = ca === 'platform'
  const entries = entriesOf(readStrictDer(extension.value), sgx, isPlatform ? 7 : 5)
  const tcb = entriesOf(entryOf(entries, 2, 0x30), `${sgx}.2`, 18)
  const sgxType = ['standard', 'scalable', 'scalable-with-integrity'][insideOf(entryOf(entries, 5, 0x0a))[0] ?? 3]
  demand(sgxType !== undefined && insideOf(entryOf(entries, 5, 0x0a)).length === 1, 'an unknown kind of SGX')
  const components = Array.from({ length: 16 }, (_, i) => countOf(entryOf(tcb, i + 1, 0x02)))
  demand(
    components.every((svn) => svn <= 255),
    'a component above 255',
  )
  const pceSvn = countOf(entryOf(tcb, 17, 0x02))
  demand(pceSvn <= 65_535, 'a PCESVN above 65535')
  return {
    ca,
    fmspc: digitsOf(octetsAt(entries, 4, 6)),
    pceId: digitsOf(octetsAt(entries, 3, 2)),
    ppid: octetsAt(entries, 1, 16),
    platformInstanceId: isPlatform ? octetsAt(entries, 6, 16) : undefined,
    sgxType,
    cpuSvn: octetsAt(tcb, 18, 16),
    tcbComponents: components,
    pceSvn,
    configuration: isPlatform ? configurationOf(entryOf(entries, 7, 0x30)) : undefined,
  }
}

function configurationOf(element: Asn1): Record<string, boolean> {
  const flags = entriesOf(element, `${sgx}.7`, 3)
  const names = ['dynamicPlatform', 'cachedKeys', 'smtEnabled']
  return Object.fromEntries(names.map((name, i) => [name, insideOf(entryOf(flags, i + 1, 0x01))[0] === 0xff]))
}

/** Pairs of an identifier below `arc` and a value: each from 1 to `count` once, and no other. */
function entriesOf(element: Asn1, arc: string, count: number): ReadonlyMap<string, Asn1> {
  demand(tagOf(element) === 0x30, 'entries that are no SEQUENCE')
  const entries = new Map<string, Asn1>()
  for (const entry of partsOf(element)) {
    const [id, value, more] = partsOf(entry)
    demand(
      tagOf(entry) === 0x30 && id !== undefined && value !== undefined && more === undefined,
      'an entry of another shape',
    )
    const name = identifierOf(id)
    demand(!entries.has(name), `${name} is there twice`)
    entries.set(name, value)
  }
  const wanted = Array.from({ length: count }, (_, i) => `${arc}.${i + 1}`)
  demand(entries.size === count && wanted.every((name) => entries.has(name)), 'entries are missing, or unknown')
  return new Map(wanted.map((name, i) => [String(i + 1), entries.get(name) as Asn1]))
}

function entryOf(entries: ReadonlyMap<string, Asn1>, number: number, tag: number): Asn1 {
  const element = entries.get(String(number))
  demand(element !== undefined && tagOf(element) === tag, `entry ${number} is of another type`)
  return element
}

function octetsAt(entries: ReadonlyMap<string, Asn1>, number: number, size: number): Octets {
  const octets = insideOf(entryOf(entries, number, 0x04))
  demand(octets.length === size, `entry ${number} is not ${size} bytes long`)
  return octets
}
