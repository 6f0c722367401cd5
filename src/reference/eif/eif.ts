/**
 * Measures an Enclave Image File as the Nitro hypervisor does: from the bytes of an image to the
 * PCRs that an enclave made of it will attest.
 */
import { hash } from '../../crypto/digest.ts'
import { type Bytes, fromHex } from '../../encoding/bytes.ts'
import { VerificationError } from '../../core/errors.ts'
import { readTime } from '../../core/time.ts'
import { isPlainObject, knownOptions, requireOption } from '../../core/options.ts'
import type { Hex } from '../../appraisal/expectations.ts'
import type { EifArchitecture, EifSection } from './header.ts'
import { readEif } from './sections.ts'
import { verifyEifSignature } from './signature.ts'
import { type EifImage, openImage, type ReadingOptions } from '../image-reader.ts'
import { type HashFactory, readHashFactory } from '../streaming-hash.ts'
import { extendedZero } from './pcr.ts'
import type { SigningCertificate } from './signing-certificate.ts'

/** What {@link measureEif} takes besides the image. Unknown options are a `TypeError`. */
export interface MeasureEifOptions extends ReadingOptions {
  /** When the certificate of a signed image must be valid. Default: the clock, read once. */
  readonly now?: Date
  /** What computes SHA-384: `createHash` of `node:crypto`, say. Default: `@noble/hashes`. */
  readonly createHash?: HashFactory
}

/**
 * What `nitro-cli build-enclave` prints under `Measurements`, and what verifiers take as reference
 * values; lower-case hexadecimal.
 */
// A type and not an interface, so that it goes where any `PCR…` keys are asked for.
export type EifPcrs = Readonly<{
  HashAlgorithm: 'Sha384 { ... }'
  /** Kernel, command line and all ramdisks: the whole code. */
  PCR0: Hex
  /**
   * Kernel, command line and first ramdisk: the same for all images that the same `nitro-cli`
   * built.
   */
  PCR1: Hex
  /** The other ramdisks: the application. A constant when there is only one ramdisk. */
  PCR2: Hex
  /**
   * The signing certificate. Absent when the image is not signed; the enclave's register is then
   * zero.
   */
  PCR8?: Hex
}>

/**
 * Who signed an image. The certificate came with it: compare PCR8 before you believe anything in
 * it.
 */
export interface EifSignature {
  /** DER. */
  readonly certificate: Uint8Array
  readonly algorithm: 'ES256' | 'ES384' | 'ES512'
  readonly notBefore: Date
  readonly notAfter: Date
}

/** What {@link measureEif} returns; frozen. */
export interface EifMeasurements {
  readonly measurements: EifPcrs
  readonly architecture: EifArchitecture
  /** Of the format: 2, 3 or 4. */
  readonly version: number
  /** Bytes in the file. */
  readonly size: number
  /** In the order of the file. */
  readonly sections: readonly EifSection[]
  /** Absent when the image is not signed. */
  readonly signature?: EifSignature
  /**
   * What the builder says of the build, parsed JSON. No PCR covers it: anyone can change it without
   * a trace. For display only.
   */
  readonly unauthenticatedMetadata?: unknown
}

/**
 * Computes the PCRs of an Enclave Image File in one pass, in memory that does not depend on its
 * size: some 10 MiB in Node, little of it ours.
 *
 * Proves: an enclave started from these bytes attests these values, unless it is started in debug
 * mode (then they are zero); AWS's tools and QEMU read the same sections; a signature, where there
 * is one, was made with the key of the certificate that PCR8 names. Does not prove: that the image
 * is what its metadata says, or comes from whom its certificate names.
 *
 * Hashing takes its time, half a minute to a minute per GB: show `onProgress`. In Node,
 * `createHash` makes that seconds. A page can react between pieces of 256 KiB; one that must not
 * stutter does this in a worker.
 *
 * @param image a `Blob` (a dropped `File`, or what `fs.openAsBlob` returns), a stream, or bytes.
 *   The stream must have no other reader; it is cancelled when the image is refused
 * @throws VerificationError when it is no sound image: an `eif-…` code says which rule it breaks,
 *   `cert-validity` that its certificate is not valid at `now`
 * @throws TypeError when the arguments are wrong
 * @throws the reason of `signal` once that is aborted, and what `onProgress` throws
 * @example
 * ```ts
 * const { measurements } = await measureEif(file, { onProgress: (read, total = read) => show(read / total) })
 * await verifyNitro(evidence, { referenceValues: measurements, freshness: { nonce } })
 * ```
 */
export async function measureEif(image: EifImage, options: MeasureEifOptions = {}): Promise<EifMeasurements> {
  // 0. The caller's own mistakes: TypeError, before a byte is read.
  const { now, createHash, ...reading } = readOptions(options)
  const input = openImage(image, reading)
  try {
    // 1. Every byte once: structure, checksum and digests.
    const { header, sections, size, digests, signature, metadata } = await readEif(input, createHash)

    // 2. The digests become registers.
    const [PCR0, PCR1, PCR2] = (await Promise.all(
      [digests.image, digests.boot, digests.application].map(extendedZero),
    )) as [Hex, Hex, Hex]

    // 3. A signature must hold for this PCR0. Who made it is for the caller to judge, by PCR8.
    const signer = signature && (await verifyEifSignature(signature, fromHex(PCR0), now))
    const PCR8 = signer && (await extendedZero(await hash('SHA-384', signer.der)))

    // 4. Only here are there measurements.
    return Object.freeze({
      measurements: Object.freeze({
        HashAlgorithm: 'Sha384 { ... }',
        PCR0,
        PCR1,
        PCR2,
        ...(PCR8 && { PCR8 }),
      } as const),
      architecture: header.architecture,
      version: header.version,
      size,
      sections: Object.freeze(sections.map((section) => Object.freeze(section))),
      ...(signer && { signature: describe(signer) }),
      ...(metadata && { unauthenticatedMetadata: parseMetadata(metadata) }),
    })
  } finally {
    input.close()
  }
}

function describe({ der, algorithm, notBefore, notAfter }: SigningCertificate): EifSignature {
  return Object.freeze({
    certificate: der,
    algorithm: algorithm.name as EifSignature['algorithm'],
    notBefore: new Date(notBefore),
    notAfter: new Date(notAfter),
  })
}

/**
 * A JSON object in UTF-8. Anyone can write this text: what it says decides nothing. @throws
 * VerificationError `eif-metadata`
 */
function parseMetadata(bytes: Bytes): object {
  let metadata: unknown
  let cause: unknown
  try {
    metadata = JSON.parse(new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes))
  } catch (error) {
    // Besides syntax: some engines run out of stack on deep nesting.
    cause = error
  }
  if (isPlainObject(metadata)) return metadata
  throw new VerificationError('eif-metadata', 'metadata must be a JSON object', { cause })
}

function readOptions(options: unknown): ReadingOptions & { readonly now: number; readonly createHash: HashFactory } {
  const names = ['onProgress', 'now', 'signal', 'createHash'] as const
  const { now, onProgress, signal, createHash } = knownOptions<MeasureEifOptions>(options, names)
  const isMoment = now === undefined || ((now as unknown) instanceof Date && Number.isFinite(now.getTime()))
  requireOption('now', 'a Date', isMoment)
  requireOption('onProgress', 'a function', onProgress === undefined || typeof onProgress === 'function')
  requireOption(
    'signal',
    'an AbortSignal',
    signal === undefined || (Object(signal) === signal && typeof signal.throwIfAborted === 'function'),
  )
  return {
    now: readTime(now),
    createHash: readHashFactory(createHash),
    ...(onProgress && { onProgress }),
    ...(signal && { signal }),
  }
}
