/**
 * HPKE in base mode (RFC 9180 section 5): from a shared secret to a context that seals or opens one
 * message after the other. The key encapsulation and the labelled derivations are those of the
 * library `hpke`; its class for whole suites has every mode, which is more than a page should
 * carry.
 */
import { LabeledExpand, LabeledExtract } from 'hpke'
import { type Aead, aesGcm, counterNonce, deriveHkdf, importHkdf } from '../crypto/aead.ts'
import type { CryptoKey, CryptoKeyPair } from '../crypto/keys.ts'
import { type Bytes, concatBytes, toHex } from '../encoding/bytes.ts'
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
  return { enc: new Uint8Array(enc), context: await contextOf(cipher, new Uint8Array(shared), info) }
}

/** The receiver's end. Rejects when `enc` is no key of the KEM. */
export async function setUpRecipient(
  cipher: Hpke,
  { privateKey, publicKey }: CryptoKeyPair,
  enc: Bytes,
  info: Bytes,
): Promise<HpkeContext> {
  const shared = await cipher.KEM.Decap(enc, privateKey, publicKey)
  return contextOf(cipher, new Uint8Array(shared), info)
}

/**
 * Section 5.1, with an empty pre-shared key and its empty identifier. Extracting the secret and
 * expanding it are one call of WebCrypto.
 */
async function contextOf(cipher: Hpke, shared: Bytes, info: Bytes): Promise<HpkeContext> {
  const { KDF, AEAD } = cipher
  const { suiteId, context, psk } = await scheduleOf(cipher, info)
  const derive = (label: string, size: number): Promise<Bytes> => {
    const labelled = concatBytes([size >> 8, size & 255], version, suiteId, ascii(label), context)
    return deriveHkdf(psk, shared, labelled, size)
  }
  const [key, baseNonce, exporterSecret] = await Promise.all([
    derive('key', AEAD.Nk),
    derive('base_nonce', AEAD.Nn),
    derive('exp', KDF.Nh),
  ])
  return {
    ...counting(await aesGcm(key), baseNonce),
    exportSecret: async (exporterContext, size) =>
      new Uint8Array(await LabeledExpand(KDF, suiteId, exporterSecret, ascii('sec'), exporterContext, size)),
  }
}

/** What is the same for all messages of one suite under one `info`. */
interface Schedule {
  readonly suiteId: Bytes
  /** `key_schedule_context` */
  readonly context: Bytes
  /** What the shared secret is the salt of: the empty pre-shared key, with its label. */
  readonly psk: CryptoKey
}

// What was computed of what is public, and nothing that is on its way: Workers must not wait for
// what another request began.
const schedules = /* @__PURE__ */ new WeakMap<Hpke, Map<string, Schedule>>()

async function scheduleOf(cipher: Hpke, info: Bytes): Promise<Schedule> {
  const { KEM, KDF, AEAD } = cipher
  const name = toHex(info)
  const known = schedules.get(cipher)?.get(name)
  if (known !== undefined) return known
  const suiteId = concatBytes(ascii('HPKE'), ...[KEM.id, KDF.id, AEAD.id].map((id) => [id >> 8, id & 255]))
  const extract = (label: string, secret: Bytes): Promise<Uint8Array> =>
    LabeledExtract(KDF, suiteId, nothing, ascii(label), secret)
  const [noPsk, infoHash, psk] = await Promise.all([
    extract('psk_id_hash', nothing),
    extract('info_hash', info),
    importHkdf(concatBytes(version, suiteId, ascii('secret'))),
  ])
  const schedule = { suiteId, context: concatBytes([0], noPsk, infoHash), psk }
  const ofCipher = schedules.get(cipher) ?? new Map<string, Schedule>()
  // Requests in chunks and whole: a few at most.
  if (ofCipher.size < 8) schedules.set(cipher, ofCipher.set(name, schedule))
  return schedule
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
/** Section 4, before every label. */
const version: Bytes = /* @__PURE__ */ new TextEncoder().encode('HPKE-v1')
const ascii = (text: string): Bytes => new TextEncoder().encode(text)
