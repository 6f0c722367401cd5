/**
 * HPKE in base mode (RFC 9180 section 5): from a shared secret to a context that seals or opens one
 * message after the other. The key encapsulation and the labelled derivations are those of the
 * library `hpke`; its class for whole suites has every mode, which is more than a page should
 * carry.
 */
import { LabeledExpand, LabeledExtract } from 'hpke'
import { type Aead, aesGcm, counterNonce } from '../crypto/aead.ts'
import { type Bytes, concatBytes } from '../encoding/bytes.ts'
import type { Hpke } from './suite.ts'

/** One direction, keyed: each call is for the next message. */
export interface SealingKey {
  readonly seal: (data: Bytes, additionalData: Bytes) => Promise<Bytes>
  /** Rejects when the seal is broken, or that of another message. */
  readonly open: (sealed: Bytes, additionalData: Bytes) => Promise<ArrayBuffer>
}

/** What both ends have after one encapsulation (section 5.2). */
export interface HpkeContext extends SealingKey {
  /** A secret for something else, that both ends compute (section 5.3). */
  readonly exportSecret: (exporterContext: Bytes, size: number) => Promise<Bytes>
}

/** The sender's end, and the key that the other needs for its own. */
export async function setUpSender(
  cipher: Hpke,
  publicKey: CryptoKey,
  info: Bytes,
): Promise<{ readonly enc: Bytes; readonly context: HpkeContext }> {
  const { shared_secret: shared, enc } = await cipher.KEM.Encap(publicKey)
  return { enc: new Uint8Array(enc), context: await contextOf(cipher, shared, info) }
}

/** The receiver's end. Rejects when `enc` is no key of the KEM. */
export async function setUpRecipient(
  cipher: Hpke,
  { privateKey, publicKey }: CryptoKeyPair,
  enc: Bytes,
  info: Bytes,
): Promise<HpkeContext> {
  return contextOf(cipher, await cipher.KEM.Decap(enc, privateKey, publicKey), info)
}

/** Section 5.1, with an empty pre-shared key and its empty identifier. */
async function contextOf({ KEM, KDF, AEAD }: Hpke, shared: Uint8Array, info: Bytes): Promise<HpkeContext> {
  const suiteId = concatBytes(ascii('HPKE'), ...[KEM.id, KDF.id, AEAD.id].map((id) => [id >> 8, id & 255]))
  const extract = (salt: Uint8Array, label: string, secret: Uint8Array): Promise<Uint8Array> =>
    LabeledExtract(KDF, suiteId, salt, ascii(label), secret)
  const expand = async (secret: Uint8Array, label: string, context: Uint8Array, size: number): Promise<Bytes> =>
    new Uint8Array(await LabeledExpand(KDF, suiteId, secret, ascii(label), context, size))

  const [noPsk, infoHash, secret] = await Promise.all([
    extract(nothing, 'psk_id_hash', nothing),
    extract(nothing, 'info_hash', info),
    extract(shared, 'secret', nothing),
  ])
  const context = concatBytes([0], noPsk, infoHash)
  const [key, baseNonce, exporterSecret] = await Promise.all([
    expand(secret, 'key', context, AEAD.Nk),
    expand(secret, 'base_nonce', context, AEAD.Nn),
    expand(secret, 'exp', context, KDF.Nh),
  ])
  return {
    ...counting(await aesGcm(key), baseNonce),
    exportSecret: (exporterContext, size) => expand(exporterSecret, 'sec', exporterContext, size),
  }
}

/** AES-GCM with nonces that count: no nonce comes twice, in one direction. */
export function counting(gcm: Aead, baseNonce: Bytes): SealingKey {
  let counter = 0
  const next = (): Bytes => counterNonce(baseNonce, counter++)
  return {
    // In functions of their own, so that a nonce that cannot be made rejects as well.
    seal: async (data, additionalData) => gcm.seal(next(), data, additionalData),
    open: async (sealed, additionalData) => gcm.open(next(), sealed, additionalData),
  }
}

const nothing: Bytes = /* @__PURE__ */ new Uint8Array()
const ascii = (text: string): Bytes => new TextEncoder().encode(text)
