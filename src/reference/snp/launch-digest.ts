/**
 * The launch digest of SEV-SNP: a chain of SHA-384 over one PAGE_INFO of 112 bytes for each page
 * that the host adds (AMD 56860, SNP_LAUNCH_UPDATE, table "Layout of the PAGE_INFO Structure").
 *
 *     00  DIGEST_CUR, 48     the digest so far
 *     30  CONTENTS, 48       SHA-384 of the page, or zeros
 *     60  LENGTH, u16        0x70
 *     62  PAGE_TYPE, u8
 *     63  IMI and VMPL permissions, 5 zero bytes
 *     68  GPA, u64
 */
import { sha384 } from '@noble/hashes/sha2.js'
import type { Bytes } from '../../encoding/bytes.ts'
import { pageSize, view } from './layout.ts'

/** PAGE_TYPE of pages. Only normal pages and VMSAs are measured by what they contain. */
export const pageTypes = { normal: 1, vmsa: 2, zero: 3, unmeasured: 4, secrets: 5, cpuid: 6 } as const

export type PageType = keyof typeof pageTypes

/** A digest in the making. */
export interface LaunchDigest {
  /**
   * Adds a page at `gpa` by the digest of what it contains: `undefined` for types that are measured
   * without.
   */
  add(type: PageType, gpa: number, contents?: Uint8Array): void
  /** 48 bytes. */
  readonly value: Bytes
}

export function startLaunchDigest(): LaunchDigest {
  const info = new Uint8Array(0x70)
  const fields = view(info)
  fields.setUint16(0x60, info.length, true)
  return {
    add(type, gpa, contents) {
      info.fill(0, 0x30, 0x60)
      if (contents !== undefined) info.set(contents, 0x30)
      fields.setUint8(0x62, pageTypes[type])
      fields.setBigUint64(0x68, BigInt(gpa), true)
      info.set(sha384(info))
    },
    get value() {
      return info.slice(0, 48)
    },
  }
}

/** SHA-384 of a page. @param page 4096 bytes */
export function digestOfPage(page: Uint8Array): Uint8Array {
  return sha384(page)
}

/** Adds `size` bytes of pages that are measured without their contents. */
export function addPages(digest: LaunchDigest, type: PageType, gpa: number, size: number): void {
  for (let at = 0; at < size; at += pageSize) digest.add(type, gpa + at)
}
