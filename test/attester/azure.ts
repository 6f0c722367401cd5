/**
 * A fake virtual TPM of Azure's, and the report of its paravisor around another attester's report.
 * Overrides break exactly one thing and keep everything else right, signatures included.
 */
import { concat, pattern } from './bytes.ts'
import type { Bytes } from './der.ts'
import { u32 } from './amd.ts'

/** Bytes to write at an offset. */
type Patch = readonly [offset: number, bytes: ArrayLike<number>]

export interface HclOverrides {
  /** 2 around a report of SEV-SNP, 4 around one of TDX. */
  readonly type: 2 | 4
  /** The report inside; shorter ones are followed by zeros. */
  readonly report: Uint8Array
  readonly runtimeData: Uint8Array
  readonly patches?: readonly Patch[]
  /** Default 2600 bytes, or as many as are needed. */
  readonly size?: number
}

/** NV index 0x01400001. */
export function hclReport({ type, report, runtimeData, patches = [], size = 2600 }: HclOverrides): Bytes {
  const inside = new Uint8Array(1184)
  inside.set(report.subarray(0, 1184))
  const { length } = runtimeData
  const whole = concat(
    new TextEncoder().encode('HCLA'),
    ...[2, 1236 + length, 2, 0].map(u32),
    new Uint8Array(12),
    inside,
    ...[length + 20, 1, type, 1, length].map(u32),
    runtimeData,
  )
  const padded = new Uint8Array(Math.max(size, whole.length))
  padded.set(whole)
  for (const [offset, bytes] of patches) padded.set(bytes, offset)
  return padded
}

export interface QuoteOverrides {
  readonly nonce?: Uint8Array
  /** Indexes of registers. Default 0 to 7. */
  readonly selection?: readonly number[]
  /** Changes the message before it is signed. */
  readonly message?: (message: Bytes) => Bytes
  /** Changes the signature. */
  readonly signature?: (signature: Bytes) => Bytes
}

export interface TpmQuoteBytes {
  readonly message: Bytes
  readonly signature: Bytes
  readonly pcrs: readonly Bytes[]
}

export interface VirtualTpm {
  /**
   * Runtime data that names the key, as the paravisor writes it. `change` changes the object before
   * it is written.
   */
  runtimeData(change?: (value: Record<string, unknown>) => object): Bytes
  quote(overrides?: QuoteOverrides): Promise<TpmQuoteBytes>
}

/** What a TPM's registers are after boot. */
export const registers: readonly Bytes[] = Array.from({ length: 24 }, (_, i) =>
  i < 15 ? pattern(32, i) : new Uint8Array(32).fill(i === 23 ? 0 : 0xff),
)

/** TPMS_ATTEST of a quote. */
export async function attestOf(nonce: Uint8Array, selection: readonly number[]): Promise<Bytes> {
  const bitmap = new Uint8Array(3)
  for (const index of selection) bitmap[index >> 3] = (bitmap[index >> 3] as number) | (1 << (index & 7))
  const values = concat(...[...selection].sort((a, b) => a - b).map((index) => registers[index] as Bytes))
  const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', values))
  const signer = concat([0, 0x0b], pattern(32, 7))
  return concat(
    [0xff, 0x54, 0x43, 0x47, 0x80, 0x18],
    sized(signer),
    sized(nonce),
    // clock, resetCount, restartCount, safe
    [0, 0, 0, 0, 0, 1, 2, 3, 0, 0, 0, 4, 0, 0, 0, 0, 1],
    pattern(8, 0x20),
    [0, 0, 0, 1, 0, 0x0b, 3],
    bitmap,
    sized(digest),
  )
}

export const sized = (bytes: Uint8Array): Bytes => concat([bytes.length >> 8, bytes.length & 255], bytes)

export async function createVirtualTpm(): Promise<VirtualTpm> {
  const algorithm = {
    name: 'RSASSA-PKCS1-v1_5',
    hash: 'SHA-256',
    modulusLength: 2048,
    publicExponent: Uint8Array.of(1, 0, 1),
  }
  const { privateKey, publicKey } = await crypto.subtle.generateKey(algorithm, true, ['sign', 'verify'])
  const { n } = await crypto.subtle.exportKey('jwk', publicKey)
  return {
    runtimeData(change = (value) => value) {
      const value = {
        keys: [
          { kid: 'HCLAkPub', key_ops: ['sign'], kty: 'RSA', e: 'AQAB', n },
          { kid: 'HCLEkPub', key_ops: ['encrypt'], kty: 'RSA', e: 'AQAB', n },
        ],
        'vm-configuration': { 'secure-boot': true, 'tpm-enabled': true, vmUniqueId: 'AB' },
        'user-data': '00'.repeat(64),
      }
      return new TextEncoder().encode(JSON.stringify(change(value)))
    },
    async quote({ nonce = pattern(32, 5), selection = [0, 1, 2, 3, 4, 5, 6, 7], ...change } = {}) {
      const { message: changed = (given) => given, signature: signed = (given) => given } = change
      const message = changed(await attestOf(nonce, selection))
      const signature = new Uint8Array(await crypto.subtle.sign('RSASSA-PKCS1-v1_5', privateKey, message))
      return { message, signature: signed(signature), pcrs: registers }
    },
  }
}

/** What report data is: SHA-256 of the runtime data, and 32 zeros. */
export async function runtimeDigest(runtimeData: Uint8Array): Promise<Bytes> {
  const data = new Uint8Array(runtimeData)
  return concat(new Uint8Array(await crypto.subtle.digest('SHA-256', data)), new Uint8Array(32))
}
