/**
 * The page with the hashes of kernel, initrd and command line that QEMU hands to the firmware
 * (direct boot). The page is measured, so the launch digest covers all three.
 *
 * Source: QEMU, target/i386/sev.c, `sev_add_kernel_loader_hashes` and `PaddedSevHashTable`.
 */
import { sha256 } from '@noble/hashes/sha2.js'
import { type Bytes, concatBytes, fromHex } from '../../encoding/bytes.ts'
import { guidOf, pageSize, view } from './layout.ts'

/** SHA-256 of each; of no bytes where there is no initrd. */
export interface KernelHashes {
  readonly kernel: Uint8Array
  readonly initrd: Uint8Array
  /** Of the text in UTF-8 and a NUL. */
  readonly commandLine: Uint8Array
}

/** Bytes of the table as QEMU writes it, 8 bytes of padding included. */
export const hashTableSize = 176

const table: string = /* @__PURE__ */ guidOf('9438d606-4f22-4cc9-b479-a793d411fd21')
const entries: readonly (readonly [guid: string, part: keyof KernelHashes])[] = /* @__PURE__ */ (() => [
  [guidOf('97d02dd8-bd20-4c94-aa78-e7714d36ab2a'), 'commandLine'],
  [guidOf('44baf731-3a2f-4bd7-9af1-41e29169781d'), 'initrd'],
  [guidOf('4de79437-abd2-427f-b835-d5b172d2045b'), 'kernel'],
])()

/** The hash of a command line. */
export function hashOfCommandLine(text: string): Uint8Array {
  return sha256(concatBytes(new TextEncoder().encode(text), [0]))
}

/** @param offset of the table in its page; the table must fit */
export function pageOfHashes(hashes: KernelHashes, offset: number): Bytes {
  const page = new Uint8Array(pageSize)
  const block = (guid: string, content: Uint8Array): Bytes => {
    const length = new Uint8Array(2)
    view(length).setUint16(0, 18 + content.length, true)
    return concatBytes(fromHex(guid), length, content)
  }
  page.set(block(table, concatBytes(...entries.map(([guid, part]) => block(guid, hashes[part])))), offset)
  return page
}
