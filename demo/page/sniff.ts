/**
 * What a file is, by how it begins: the page takes documents, images, signed reference values and certificates, and nobody should have to say which.
 */
import type { Bytes } from './bytes.ts'

export type Kind = 'image' | 'reference' | 'certificate' | 'measurements' | 'document'

const ascii = (bytes: Uint8Array): string => String.fromCharCode(...bytes)

/** @param head the first bytes, some hundred are enough */
export function kindOf(head: Bytes): Kind {
  const text = ascii(head.slice(0, 512))
  if (text.startsWith('.eif')) return 'image'
  // A COSE_Sign1 that says in its protected header that it carries a CoRIM. Tag 18 alone could be a document as well.
  if (head[0] === 0xd2 && text.includes('application/rim+cbor')) return 'reference'
  if (/^\s*-----BEGIN CERTIFICATE-----/.test(text) || (head[0] === 0x30 && (head[1] ?? 0) > 0x80)) return 'certificate'
  if (/^\s*\{\s*"(?:Measurements|PCR\d+|name)"/.test(text)) return 'measurements'
  return 'document'
}
