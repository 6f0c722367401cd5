/**
 * What a file is, by how it begins: the page takes evidence, images and what belongs to either, and
 * no one should have to say which.
 */
import { fieldOf } from './formats/table.ts'
import type { State } from './state.ts'

/** Where a file goes: an image is measured, evidence is verified, all else fills a field. */
export type Place = 'image' | 'evidence' | keyof State

/** So much of a file tells what it is. */
export const headLength = 512

/** @param head the first bytes, {@link headLength} are enough */
export function placeOf(head: Uint8Array): Place {
  const text = String.fromCharCode(...head.slice(0, headLength))
  if (text.startsWith('.eif')) return 'image'
  return fieldOf(text) ?? (isCertificate(head, text) ? 'ca' : 'evidence')
}

function isCertificate([first, second = 0]: Uint8Array, text: string): boolean {
  return /^\s*-----BEGIN CERTIFICATE-----/.test(text) || (first === 0x30 && second > 0x80)
}
