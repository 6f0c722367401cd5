/**
 * Computes what an SEV-SNP guest will attest as MEASUREMENT, from the firmware that it boots and
 * how it is launched.
 */
import { type Bytes, toHex } from '../../encoding/bytes.ts'
import type { Hex } from '../../appraisal/expectations.ts'
import { openImage, type ReadingOptions } from '../image-reader.ts'
import { hashOfCommandLine, hashTableSize, type KernelHashes, pageOfHashes } from './kernel-hashes.ts'
import { addPages, digestOfPage, type LaunchDigest, type PageType, startLaunchDigest } from './launch-digest.ts'
import { pageSize } from './layout.ts'
import { type MeasureSnpOptions, readOptions, type SnpImage, type SnpLaunch } from './options.ts'
import { malformed, maximumFirmware, type Ovmf, readOvmf, type Section, type SectionType } from './ovmf.ts'
import { digestOf, type HashFactory } from '../streaming-hash.ts'
import { bootEip, vmsaOf } from './vmsa.ts'

/** What {@link measureSnp} returns; frozen. */
export interface SnpMeasurement {
  /** The launch digest, 48 bytes in lower-case hexadecimal: `measurement` of a reference value. */
  readonly measurement: Hex
  readonly vmm: SnpLaunch['vmm']
  readonly vcpus: number
  /** Bytes of firmware. */
  readonly firmwareSize: number
  /** SHA-256 of what a direct boot measures; absent without a kernel. */
  readonly kernelHashes?: { readonly kernel: Hex; readonly initrd: Hex; readonly commandLine: Hex }
}

/** Where firmware ends in guest memory. */
const top = 0x1_0000_0000

/** Where save areas are said to be. */
const vmsaGpa = 0xfffffffff000

/**
 * Which pages a section is measured as. EC2 and QEMU measure memory as zeros; Google does not
 * measure it.
 */
const pagesOf: Readonly<Record<SectionType, PageType>> = {
  memory: 'zero',
  secrets: 'secrets',
  cpuid: 'cpuid',
  'svsm-caa': 'zero',
  'kernel-hashes': 'zero',
}

/**
 * Computes the launch digest of an SEV-SNP guest (AMD 56860, section 8.17), with OVMF as its
 * firmware.
 *
 * Proves: a guest that is launched from these bytes, by this monitor, with these processors,
 * attests this value. Does not prove: anything about disks, about a kernel that the firmware finds
 * by itself, or about ACPI tables and other data from the host; none of that is measured.
 *
 * Firmware (at most 64 MiB) is held in memory; kernel and initrd are read once, in pieces.
 *
 * @param firmware OVMF, whole pages: bytes, a `Blob` or a stream
 * @throws VerificationError `ovmf-format` when the firmware breaks a rule of its format, or cannot
 *   boot what is asked for; `image-read` when an image cannot be read
 * @throws TypeError when the arguments are wrong
 * @throws the reason of `signal` once that is aborted, and what `onProgress` throws
 * @example
 * ```ts
 * const { measurement } = await measureSnp(firmware, { vcpus: 4, vcpuType: 'EPYC-v4', kernel, initrd, append })
 * ```
 */
export async function measureSnp(firmware: SnpImage, options: MeasureSnpOptions): Promise<SnpMeasurement> {
  // 0. The caller's own mistakes: TypeError, before a byte is read.
  const launch = readOptions(options)
  const { vmm, vcpus, reading } = launch

  // 1. The firmware, whole: where its first page goes depends on its size, and its tables are at
  // its end.
  const { bytes, digests } = await collect(firmware, reading)
  const ovmf = readOvmf(bytes)
  const hashes = launch.kernel === undefined ? undefined : await hashKernel(launch)
  const hashPage = hashes && pageWith(hashes, ovmf)
  if (vcpus > 1 && ovmf.resetEip === undefined)
    throw malformed('entry SEV_ES_RESET_BLOCK', 'one, for more than one processor', 'none')

  // 2. Firmware pages, upward to 4 GiB.
  const digest = startLaunchDigest()
  for (const [i, contents] of digests.entries()) digest.add('normal', top - bytes.length + i * pageSize, contents)

  // 3. Sections in the firmware's order; EC2 adds CPUID pages after all others.
  const isLate = ({ type }: Section): boolean => vmm === 'ec2' && type === 'cpuid'
  for (const section of [...ovmf.sections.filter((s) => !isLate(s)), ...ovmf.sections.filter(isLate)]) {
    const { type, gpa, size } = section
    if (type === 'kernel-hashes' && hashPage !== undefined) digest.add('normal', gpa, digestOfPage(hashPage))
    else addPages(digest, vmm === 'gce' && type === 'memory' ? 'unmeasured' : pagesOf[type], gpa, size)
  }

  // 4. One save area for each processor, the first one's first.
  addProcessors(digest, launch, ovmf)

  // 5. Only here is there a measurement.
  return Object.freeze({
    measurement: toHex(digest.value),
    vmm,
    vcpus,
    firmwareSize: bytes.length,
    ...(hashes && {
      kernelHashes: Object.freeze({
        kernel: toHex(hashes.kernel),
        initrd: toHex(hashes.initrd),
        commandLine: toHex(hashes.commandLine),
      }),
    }),
  })
}

function addProcessors(digest: LaunchDigest, { vmm, vcpus, signature, guestFeatures }: SnpLaunch, ovmf: Ovmf): void {
  const areaAt = (eip: number, isBoot: boolean): Uint8Array =>
    digestOfPage(vmsaOf({ vmm, eip, isBoot, signature, guestFeatures }))
  digest.add('vmsa', vmsaGpa, areaAt(bootEip, true))
  if (vcpus === 1) return
  const other = areaAt(ovmf.resetEip as number, false)
  for (let i = 1; i < vcpus; i++) digest.add('vmsa', vmsaGpa, other)
}

/**
 * The page of hashes, where the firmware has room for it. @throws VerificationError `ovmf-format`
 */
function pageWith(hashes: KernelHashes, { sections, hashTable }: Ovmf): Bytes {
  const places = sections.filter(({ type }) => type === 'kernel-hashes')
  const [place] = places
  if (places.length !== 1 || place?.size !== pageSize)
    throw malformed(
      'kernel hashes section',
      'one of one page, for a kernel',
      `${places.length} of ${place?.size ?? 0} bytes`,
    )
  if (hashTable === undefined) throw malformed('entry SEV_HASH_TABLE_RV', 'one, for a kernel', 'none')
  const offset = hashTable.gpa - place.gpa
  const fits = offset >= 0 && offset + hashTableSize <= pageSize && hashTable.size >= hashTableSize
  if (!fits)
    throw malformed(
      'hash table',
      `${hashTableSize} bytes or more inside the page at 0x${place.gpa.toString(16)}`,
      `${hashTable.size} bytes at 0x${hashTable.gpa.toString(16)}`,
    )
  return pageOfHashes(hashes, offset)
}

async function hashKernel({ kernel, initrd, append, reading, createHash }: SnpLaunch): Promise<KernelHashes> {
  return {
    kernel: await hashImage(kernel, reading, createHash),
    initrd: await hashImage(initrd ?? new Uint8Array(), initrd === undefined ? {} : reading, createHash),
    commandLine: hashOfCommandLine(append),
  }
}

async function hashImage(image: unknown, reading: ReadingOptions, createHash: HashFactory): Promise<Uint8Array> {
  const state = createHash('sha256')
  for await (const piece of piecesOf(image, reading)) await state.update(piece)
  return digestOf(state, 32)
}

/** Firmware, and the digest of each of its pages. */
interface Collected {
  readonly bytes: Bytes
  readonly digests: readonly Uint8Array[]
}

/** @throws VerificationError `ovmf-format` when it is more than firmware may be */
async function collect(image: unknown, reading: ReadingOptions): Promise<Collected> {
  let whole = new Uint8Array(pageSize)
  let length = 0
  const digests: Uint8Array[] = []
  for await (const piece of piecesOf(image, reading)) {
    if (length + piece.length > maximumFirmware) throw malformed('size', `at most ${maximumFirmware} bytes`, 'more')
    if (length + piece.length > whole.length) {
      const larger = new Uint8Array(Math.max(2 * whole.length, length + piece.length))
      larger.set(whole)
      whole = larger
    }
    whole.set(piece, length)
    length += piece.length
    // Hashed as it comes, so that a page that waits can do something else in between.
    for (let at = digests.length * pageSize; at + pageSize <= length; at += pageSize)
      digests.push(digestOfPage(whole.subarray(at, at + pageSize)))
  }
  return { bytes: whole.subarray(0, length), digests }
}

/** The image from its first byte to its last. A piece is valid until the next one. */
async function* piecesOf(image: unknown, reading: ReadingOptions): AsyncGenerator<Bytes> {
  const input = openImage(image, reading)
  try {
    for (let piece = await input.next(Infinity); piece.length > 0; piece = await input.next(Infinity)) yield piece
  } finally {
    input.close()
  }
}
