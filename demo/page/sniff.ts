/**
 * What a file is, by how it begins: the page takes documents, quotes, images, what belongs to
 * either, and no one should have to say which.
 */
import type { Bytes } from './bytes.ts'

export type Kind = 'image' | 'reference' | 'certificate' | 'measurements' | 'collateral' | 'log' | 'document'

const ascii = (bytes: Uint8Array): string => String.fromCharCode(...bytes)

/** @param head the first bytes, some hundred are enough */
export function kindOf(head: Bytes): Kind {
  const text = ascii(head.slice(0, 512))
  if (text.startsWith('.eif')) return 'image'
  // A COSE_Sign1 that says in its protected header that it carries a CoRIM. Tag 18 alone could be a
  // document as well.
  if (head[0] === 0xd2 && text.includes('application/rim+cbor')) return 'reference'
  if (/^\s*-----BEGIN CERTIFICATE-----/.test(text) || (head[0] === 0x30 && (head[1] ?? 0) > 0x80)) return 'certificate'
  if (/^[\s[]*\{\s*"(?:Measurements|PCR\d+|name|mr[A-Z]\w+|rtmr\d|measurement)"/.test(text)) return 'measurements'
  if (/^\s*\{\s*"(?:tcbInfo|qeIdentity|pckC|rootCaCrl|vek|certificateChain|crl")/.test(text)) return 'collateral'
  // dstack's log, and that of firmware: its first event names the specification that it follows.
  if (/^\s*\[\s*\{[^]*"imr"/.test(text) || text.slice(0, 64).includes('Spec ID Event03')) return 'log'
  return 'document'
}

/**
 * Whether this is a quote of Intel's, as the library tells it: version, kind of key and kind of TEE
 * stand at its beginning. Old ones (EPID) count.
 */
export function quoteKindOf(bytes: Bytes): 'tdx' | 'sgx' | undefined {
  const [version = 0, versionHigh, keyType = 0, keyTypeHigh, tee] = bytes
  if (bytes.length < 432 || versionHigh !== 0 || keyTypeHigh !== 0 || version < 1 || version > 5) return undefined
  if (version < 3) return keyType < 2 ? 'sgx' : undefined
  return tee === 0x81 ? 'tdx' : tee === 0 ? 'sgx' : undefined
}

/**
 * Whether this is a report of AMD SEV-SNP, as the library tells it. Some begin like quotes of SGX:
 * this is asked first.
 */
export function isReport(bytes: Bytes): boolean {
  if (bytes.length < 1184) return false
  const data = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
  const version = data.getUint32(0, true)
  return version >= 2 && version <= 5 && data.getUint32(0x34, true) === 1 && (data.getUint8(0x0a) & 2) !== 0
}
