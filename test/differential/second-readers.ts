/**
 * The readers of the second opinion, and those of the library, in one notation. There is one second
 * implementation: what these tests hold ours against is what `veritee/second-opinion` refuses by.
 */
import { decodeDer, type DerNode, objectIdentifier, rawOf } from '../../src/encoding/der.ts'
import { written } from '../../src/second-opinion/compare.ts'
import { readStrictCbor } from '../../src/second-opinion/readers/cbor.ts'
import { readCertificate } from '../../src/second-opinion/readers/certificate.ts'
import { readEnvelope } from '../../src/second-opinion/readers/cose.ts'
import { type Asn1, partsOf, readStrictDer, tagOf } from '../../src/second-opinion/readers/der.ts'
import { decodeCertificate } from '../../src/x509/certificate.ts'
import { hex, unhex } from '../attester/bytes.ts'

type Bytes = Uint8Array<ArrayBuffer>

/** CBOR as `cbor-x` reads it when it is made strict. @throws Error */
export const secondCbor = (bytes: Bytes, items = 256): unknown =>
  readStrictCbor(bytes, { items, isDeterministic: false })

export { readEnvelope as secondEnvelope, written as notation }

/** What both say of a certificate. */
interface Said {
  readonly tbs: string
  readonly serialNumber: string
  readonly issuer: string
  readonly subject: string
  readonly notBefore: number
  readonly notAfter: number
  readonly spki: string
  readonly signature: string
  readonly isAuthority: boolean | undefined
  readonly pathLength: number | undefined
  readonly extensions: readonly string[]
}

const text = (said: Said): string => JSON.stringify(said, undefined, 1)
const said = (id: string, critical: boolean, value: Uint8Array): string => `${id} ${critical} ${hex(value)}`

/** A certificate as ours reads it. @throws VerificationError */
export function ours(der: Bytes): string {
  const { tbs, serialNumber, issuer, subject, notBefore, notAfter, spki, signature, ...others } = decodeCertificate(
    der,
    'it',
  )
  const { extensions, basicConstraints } = others
  return text({
    tbs: hex(tbs),
    serialNumber: hex(serialNumber),
    issuer: hex(issuer),
    subject: hex(subject),
    notBefore,
    notAfter,
    spki: hex(spki),
    signature: hex(signature),
    isAuthority: basicConstraints?.cA,
    pathLength: basicConstraints?.pathLength,
    extensions: [...extensions].map(([id, { critical, value }]) =>
      said(objectIdentifier({ tag: 6, bytes: unhex(id), at: 0, from: 0, to: id.length / 2 }), critical, value),
    ),
  })
}

/** The same by `asn1js`, `pkijs` and `@peculiar/x509`, which must agree. @throws Error */
export function theirs(der: Bytes): string {
  const { tbs, serial, issuer, subject, notBefore, notAfter, key, signature, isAuthority, pathLength, extensions } =
    readCertificate(der, 'it')
  return text({
    tbs,
    serialNumber: serial,
    issuer,
    subject,
    notBefore,
    notAfter,
    spki: hex(key),
    signature: hex(signature),
    isAuthority,
    pathLength,
    extensions: [...extensions].map(([id, { critical, value }]) => said(id, critical, value)),
  })
}

/** An element and all that it consists of, as our reader sees it. */
export function ourTree(der: Bytes): string {
  return treeOf(decodeDer(der, { name: 'it', code: 'cert-parse' }))
}

/** The same, as `asn1js` sees it when it is made strict. */
export function theirTree(der: Bytes): string {
  return theirTreeOf(readStrictDer(der))
}

function treeOf(node: DerNode): string {
  const { tag, children } = node
  const raw = rawOf(node)
  if ((tag & 0x20) === 0) return `${tag}:${hex(raw)}`
  return `${tag}:${hex(raw.subarray(0, 2))}(${children.map(treeOf).join()})`
}

function theirTreeOf(node: Asn1): string {
  const tag = tagOf(node)
  const raw = node.valueBeforeDecodeView
  if ((tag & 0x20) === 0) return `${tag}:${hex(raw)}`
  return `${tag}:${hex(raw.subarray(0, 2))}(${partsOf(node).map(theirTreeOf).join()})`
}
