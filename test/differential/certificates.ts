/**
 * The second opinions on certificates: `pkijs` over `asn1js`, and `@peculiar/x509`; their values and ours in one notation.
 */
import 'reflect-metadata'
import * as x509 from '@peculiar/x509'
import * as asn1js from 'asn1js'
import * as pkijs from 'pkijs'
import { decodeDer, type DerNode, objectIdentifier, rawOf } from '../../src/encoding/der.ts'
import { decodeCertificate } from '../../src/x509/certificate.ts'
import { hex, unhex } from '../attester/bytes.ts'
import type { Bytes } from './corpus.ts'

/** What all of them say of a certificate. */
interface Said {
  readonly tbs: string
  readonly serialNumber: string
  readonly issuer: string
  readonly subject: string
  readonly notBefore: string
  readonly notAfter: string
  readonly spki: string
  readonly signature: string
  readonly extensions: readonly string[]
}

const text = (said: Said): string => JSON.stringify(said, undefined, 1)
/** `@peculiar/x509` leaves the sign of a serial number out. */
const number = (digits: string): string => String(BigInt(`0x${digits}`))
const said = (id: string, critical: boolean, value: Uint8Array): string => `${id} ${critical} ${hex(value)}`

export function ours(der: Bytes): string {
  const { tbs, serialNumber, issuer, subject, notBefore, notAfter, spki, signature, extensions } = decodeCertificate(
    der,
    'it',
  )
  return text({
    tbs: hex(tbs),
    serialNumber: number(hex(serialNumber)),
    issuer: hex(issuer),
    subject: hex(subject),
    notBefore: new Date(notBefore).toISOString(),
    notAfter: new Date(notAfter).toISOString(),
    spki: hex(spki),
    signature: hex(signature),
    extensions: [...extensions].map(([id, { critical, value }]) =>
      said(objectIdentifier({ tag: 6, bytes: unhex(id), at: 0, from: 0, to: id.length / 2 }), critical, value),
    ),
  })
}

export function pkijsSays(der: Bytes): string {
  const certificate = new pkijs.Certificate({ schema: parse(der) })
  return text({
    tbs: hex(certificate.tbsView),
    serialNumber: number(hex(certificate.serialNumber.valueBlock.valueHexView)),
    issuer: hex(new Uint8Array(certificate.issuer.valueBeforeDecode)),
    subject: hex(new Uint8Array(certificate.subject.valueBeforeDecode)),
    notBefore: certificate.notBefore.value.toISOString(),
    notAfter: certificate.notAfter.value.toISOString(),
    spki: hex(new Uint8Array(certificate.subjectPublicKeyInfo.toSchema().toBER())),
    signature: hex(certificate.signatureValue.valueBlock.valueHexView),
    extensions: (certificate.extensions ?? []).map(({ extnID, critical, extnValue }) =>
      said(extnID, critical, extnValue.valueBlock.valueHexView),
    ),
  })
}

export function peculiarSays(der: Bytes): string {
  const certificate = new x509.X509Certificate(der)
  const { serialNumber, issuerName, subjectName, notBefore, notAfter, publicKey, signature, extensions } = certificate
  return text({
    tbs: hex(tbsOf(der)),
    serialNumber: number(serialNumber),
    issuer: hex(new Uint8Array(issuerName.toArrayBuffer())),
    subject: hex(new Uint8Array(subjectName.toArrayBuffer())),
    notBefore: notBefore.toISOString(),
    notAfter: notAfter.toISOString(),
    spki: hex(new Uint8Array(publicKey.rawData)),
    signature: hex(new Uint8Array(signature)),
    extensions: extensions.map(({ type, critical, value }) => said(type, critical, new Uint8Array(value))),
  })
}

/** An element and all that it consists of, as our reader sees it. */
export function ourTree(der: Bytes): string {
  return treeOf(decodeDer(der, { name: 'it', code: 'cert-parse' }))
}

/** The same, as `asn1js` sees it. */
export function asn1jsTree(der: Bytes): string {
  return theirTreeOf(parse(der))
}

function treeOf(node: DerNode): string {
  const { tag, children } = node
  const raw = rawOf(node)
  if ((tag & 0x20) === 0) return `${tag}:${hex(raw)}`
  return `${tag}:${hex(raw.subarray(0, 2))}(${children.map(treeOf).join()})`
}

function theirTreeOf(node: asn1js.AsnType): string {
  const { tagClass, tagNumber, isConstructed } = node.idBlock
  const tag = ((tagClass - 1) << 6) | (isConstructed ? 0x20 : 0) | tagNumber
  const raw = node.valueBeforeDecodeView
  if (!isConstructed) return `${tag}:${hex(raw)}`
  const children = childrenOf(node)
  return `${tag}:${hex(raw.subarray(0, 2))}(${children.map(theirTreeOf).join()})`
}

function parse(der: Bytes): asn1js.AsnType {
  const { offset, result } = asn1js.fromBER(der)
  if (offset !== der.length) throw new Error(result.error || `${der.length - offset} bytes left over`)
  return result
}

function tbsOf(der: Bytes): Uint8Array {
  const [tbs] = childrenOf(parse(der))
  return (tbs as asn1js.AsnType).valueBeforeDecodeView
}

function childrenOf({ valueBlock }: asn1js.AsnType): asn1js.AsnType[] {
  return (valueBlock as unknown as { readonly value: asn1js.AsnType[] }).value
}
