/**
 * What `measureSnp` takes, read once and checked before a byte of an image is read.
 */
import { knownOptions, requireOption } from '../../core/options.ts'
import type { EifImage, ReadingOptions } from '../image-reader.ts'
import { type HashFactory, readHashFactory } from '../streaming-hash.ts'
import { processorTypes } from './processors.ts'
import type { Vmm } from './vmsa.ts'

/** Where firmware, kernel and initrd can come from. */
export type SnpImage = EifImage

/** What {@link measureSnp} takes besides the firmware. Unknown options are a `TypeError`. */
export interface MeasureSnpOptions extends ReadingOptions {
  /** Virtual processors, 1 to 4096: each is measured. */
  readonly vcpus: number
  /**
   * QEMU's name of the processor, `EPYC-v4` for example. QEMU needs this or `vcpuSignature`; the
   * others take neither. Default: none.
   */
  readonly vcpuType?: string
  /** CPUID signature (leaf 1, EAX), for processors without a name here. Default: none. */
  readonly vcpuSignature?: number
  /**
   * SEV_FEATURES as the host sets them, 64 bits. Default 0x1 (SNPActive); 0x21 on Linux 6.6 and 6.7
   * (DebugSwap).
   */
  readonly guestFeatures?: number | bigint
  /** Who launches. Default `qemu`. */
  readonly vmm?: Vmm
  /** The kernel of a direct boot, the file as QEMU gets it. Default: none. */
  readonly kernel?: SnpImage
  /** Only with `kernel`. Default: none. */
  readonly initrd?: SnpImage
  /** The kernel's command line, without a NUL. Only with `kernel`. Default: an empty one. */
  readonly append?: string
  /**
   * What computes SHA-256 of kernel and initrd: `createHash` of `node:crypto`, say. Default:
   * `@noble/hashes`.
   */
  readonly createHash?: HashFactory
}

/** {@link MeasureSnpOptions}, checked and complete. */
export interface SnpLaunch {
  readonly vmm: Vmm
  readonly vcpus: number
  readonly signature: number
  readonly guestFeatures: bigint
  readonly kernel: unknown
  readonly initrd: unknown
  readonly append: string
  readonly reading: ReadingOptions
  readonly createHash: HashFactory
}

const names = [
  'vcpus',
  'vcpuType',
  'vcpuSignature',
  'guestFeatures',
  'vmm',
  'kernel',
  'initrd',
  'append',
  'createHash',
  'onProgress',
  'signal',
] as const satisfies readonly (keyof MeasureSnpOptions)[]

/** @throws TypeError */
export function readOptions(options: unknown): SnpLaunch {
  const given = knownOptions<MeasureSnpOptions>(options, names)
  const { vcpus, guestFeatures = 1, vmm = 'qemu', kernel, initrd, append, onProgress, signal, createHash } = given
  requireOption('vcpus', '1 to 4096', Number.isInteger(vcpus) && (vcpus as number) >= 1 && (vcpus as number) <= 4096)
  requireOption('vmm', 'qemu, ec2 or gce', ['qemu', 'ec2', 'gce'].includes(vmm))
  const isFeatures =
    typeof guestFeatures === 'bigint' ? guestFeatures === BigInt.asUintN(64, guestFeatures) : isUint(guestFeatures)
  requireOption('guestFeatures', '64 bits, as a bigint or a whole number below 2^53', isFeatures)
  // An initrd or a command line without a kernel is not measured: a value that says otherwise would
  // mislead.
  requireOption('initrd', 'given with kernel only', initrd === undefined || kernel !== undefined)
  requireOption('append', 'given with kernel only', append === undefined || kernel !== undefined)
  const isText = append === undefined || (typeof append === 'string' && !/[\0\p{Surrogate}]/u.test(append))
  requireOption('append', 'a text without NUL and lone surrogates', isText)
  requireOption('onProgress', 'a function', onProgress === undefined || typeof onProgress === 'function')
  const isSignal = signal === undefined || (Object(signal) === signal && typeof signal.throwIfAborted === 'function')
  requireOption('signal', 'an AbortSignal', isSignal)
  return {
    vmm,
    vcpus: vcpus as number,
    signature: readSignature(given, vmm),
    guestFeatures: BigInt(guestFeatures),
    kernel,
    initrd,
    append: append ?? '',
    createHash: readHashFactory(createHash),
    reading: { ...(onProgress && { onProgress }), ...(signal && { signal }) },
  }
}

/** The CPUID signature; 0 where the monitor measures none. @throws TypeError */
function readSignature({ vcpuType, vcpuSignature }: Partial<MeasureSnpOptions>, vmm: Vmm): number {
  const given = [vcpuType, vcpuSignature].filter((value) => value !== undefined)
  if (vmm !== 'qemu') {
    requireOption('vcpuType and vcpuSignature', `left out with vmm ${vmm}, which measures neither`, given.length === 0)
    return 0
  }
  requireOption('vcpuType or vcpuSignature', 'given, one of them', given.length === 1)
  if (vcpuSignature !== undefined) {
    requireOption('vcpuSignature', '32 bits', isUint(vcpuSignature) && vcpuSignature < 2 ** 32)
    return vcpuSignature
  }
  const types = processorTypes()
  const signature = types.get(vcpuType as string)
  if (signature === undefined) throw new TypeError(`vcpuType must be one of ${[...types.keys()].join(', ')}`)
  return signature
}

function isUint(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0
}
