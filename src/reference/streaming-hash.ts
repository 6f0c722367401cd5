/**
 * Digests of what is never in memory as a whole. WebCrypto has none, so they come from
 * `@noble/hashes`; where something faster is at hand, the caller says so.
 */
import { sha256, sha384 } from '@noble/hashes/sha2.js'
import { requireOption } from '../core/options.ts'
import { type Bytes, copyBytes, isBytes } from '../encoding/bytes.ts'

/** A digest in the making. */
export interface StreamingHash {
  /**
   * Takes more bytes. They may change as soon as it has returned or, where it returns a promise,
   * settled: a hash can run in a worker.
   */
  update(bytes: Uint8Array): unknown
  /** Another one that has seen the same so far. */
  copy(): StreamingHash
  /** The digest, or a promise of it: 32 or 48 bytes. Called once. */
  digest(): Uint8Array | PromiseLike<Uint8Array>
}

/**
 * Makes digests: `createHash` of `node:crypto` is one of these, and several times as fast as what
 * is used by default. The measurement is what it computes: pass none that you would not trust with
 * your reference values.
 */
export type HashFactory = (algorithm: 'sha256' | 'sha384') => StreamingHash

/** @throws TypeError */
export function readHashFactory(createHash: unknown): HashFactory {
  requireOption('createHash', 'a function', createHash === undefined || typeof createHash === 'function')
  return (createHash as HashFactory | undefined) ?? createNobleHash
}

/** @throws TypeError for what is no digest: the factory's mistake */
export async function digestOf(state: StreamingHash, size: 32 | 48): Promise<Bytes> {
  const digest: unknown = await state.digest()
  requireOption('createHash', `one whose digests have ${size} bytes`, isBytes(digest) && digest.length === size)
  return copyBytes(digest as Uint8Array)
}

function createNobleHash(algorithm: 'sha256' | 'sha384'): StreamingHash {
  return adapt((algorithm === 'sha256' ? sha256 : sha384).create())
}

type NobleHash = ReturnType<typeof sha256.create> | ReturnType<typeof sha384.create>

function adapt(state: NobleHash): StreamingHash {
  return {
    update: (bytes) => state.update(bytes),
    copy: () => adapt(state.clone()),
    digest: () => state.digest(),
  }
}
