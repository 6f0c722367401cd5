/**
 * Oblivious HTTP written out from the text of RFC 9458 and of the draft for chunks, over the HPKE
 * of `@hpke/core` and the cipher of Node. It shares no line with what is tested.
 */
import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from 'node:crypto'
import { Aes128Gcm, Aes256Gcm, CipherSuite, DhkemP256HkdfSha256, DhkemX25519HkdfSha256, HkdfSha256 } from '@hpke/core'
import { type Bytes, join, number, toHex, utf8 } from './messages.ts'

/** Names of a suite's parts. */
export interface PeerSuite {
  readonly kem: 'P-256' | 'X25519'
  readonly aead: 'AES-128-GCM' | 'AES-256-GCM'
}

/** The other side of an exchange, in one piece or in chunks. */
export interface Peer {
  /** Seals chunks to a key configuration: the list with one, as a gateway gives it. */
  readonly seal: (
    config: Bytes,
    chunks: readonly Uint8Array[],
  ) => Promise<{
    readonly sealed: Bytes
    /** The same, cut where a chunk ends: header, and each chunk. */
    readonly frames: readonly Bytes[]
    readonly open: (sealed: Bytes) => Promise<Bytes>
  }>
  /** Opens a question, and answers it. */
  readonly gateway: () => Promise<{
    readonly publicKey: Bytes
    readonly answer: (
      sealed: Bytes,
      chunks: (question: Bytes) => readonly Uint8Array[] | Promise<readonly Uint8Array[]>,
    ) => Promise<{ readonly question: Bytes; readonly sealed: Bytes }>
  }>
}

interface Contexts {
  readonly enc: Uint8Array
  readonly export: (label: Uint8Array, length: number) => Promise<ArrayBuffer>
}

/** The other side. */
export function peerOf({ kem, aead }: PeerSuite, chunked: boolean): Peer {
  const hpke = new CipherSuite({
    kem: kem === 'P-256' ? new DhkemP256HkdfSha256() : new DhkemX25519HkdfSha256(),
    kdf: new HkdfSha256(),
    aead: aead === 'AES-128-GCM' ? new Aes128Gcm() : new Aes256Gcm(),
  })
  const encSize = kem === 'P-256' ? 65 : 32
  const keySize = aead === 'AES-128-GCM' ? 16 : 32
  const cipher = aead === 'AES-128-GCM' ? 'aes-128-gcm' : 'aes-256-gcm'
  const headerOf = (keyId: number): Bytes =>
    join([keyId, 0, kem === 'P-256' ? 0x10 : 0x20, 0, 1, 0, aead === 'AES-128-GCM' ? 1 : 2])
  const form = chunked ? 'chunked ' : ''
  const infoOf = (header: Uint8Array): Bytes => join(`message/bhttp ${form}request`, [0], header)

  /** One frame for each chunk, or one for all. */
  async function frame(
    chunks: readonly Uint8Array[],
    seal: (data: Uint8Array, aad: Uint8Array) => Promise<Uint8Array>,
  ): Promise<Bytes[]> {
    if (!chunked) return [join(await seal(join(...chunks), utf8('')))]
    const frames: Bytes[] = []
    for (const chunk of chunks.slice(0, -1)) {
      const sealed = await seal(chunk, utf8(''))
      frames.push(join(number(sealed.length), sealed))
    }
    return [...frames, join([0], await seal(chunks.at(-1) ?? utf8(''), utf8('final')))]
  }

  async function unframe(
    sealed: Bytes,
    open: (data: Uint8Array, aad: Uint8Array) => Promise<Uint8Array>,
  ): Promise<Bytes> {
    if (!chunked) return join(await open(sealed, utf8('')))
    const parts: Uint8Array[] = []
    let at = 0
    for (;;) {
      const first = sealed[at++] as number
      let length = first & 63
      for (let more = (1 << (first >> 6)) - 1; more > 0; more--) length = length * 256 + (sealed[at++] as number)
      if (length === 0) return join(...parts, await open(sealed.slice(at), utf8('final')))
      parts.push(await open(sealed.slice(at, at + length), utf8('')))
      at += length
    }
  }

  async function responseKeys(context: Contexts, nonce: Uint8Array): Promise<{ key: Buffer; iv: () => Buffer }> {
    const secret = new Uint8Array(await context.export(utf8(`message/bhttp ${form}response`), Math.max(12, keySize)))
    const salt = join(context.enc, nonce)
    const key = Buffer.from(hkdfSync('sha256', secret, salt, 'key', keySize))
    const base = Buffer.from(hkdfSync('sha256', secret, salt, 'nonce', 12))
    let counter = 0
    return {
      key,
      iv: () => {
        const iv = Buffer.from(base)
        iv.writeUInt8(iv.readUInt8(11) ^ counter++, 11)
        return iv
      },
    }
  }

  return {
    async seal(config, chunks) {
      const recipientPublicKey = await hpke.kem.deserializePublicKey(config.slice(5, 5 + encSize))
      const header = headerOf(config[2] as number)
      const context = await hpke.createSenderContext({ recipientPublicKey, info: infoOf(header) })
      const enc = new Uint8Array(context.enc)
      const frames = await frame(chunks, async (data, aad) => new Uint8Array(await context.seal(data, aad)))
      return {
        sealed: join(header, enc, ...frames),
        frames: [join(header, enc), ...frames],
        async open(sealed) {
          const size = Math.max(12, keySize)
          const { key, iv } = await responseKeys(
            { enc, export: (label, length) => context.export(label, length) },
            sealed.slice(0, size),
          )
          return unframe(sealed.slice(size), (data, aad) => {
            const decipher = createDecipheriv(cipher, key, iv()).setAAD(aad).setAuthTag(data.slice(-16))
            return Promise.resolve(Buffer.concat([decipher.update(data.slice(0, -16)), decipher.final()]))
          })
        },
      }
    },
    async gateway() {
      const pair = await hpke.kem.generateKeyPair()
      const publicKey = new Uint8Array(await hpke.kem.serializePublicKey(pair.publicKey))
      return {
        publicKey,
        async answer(sealed, chunks) {
          const header = sealed.slice(0, 7)
          if (toHex(header) !== toHex(headerOf(header[0] as number))) throw new Error('another suite')
          const enc = sealed.slice(7, 7 + encSize)
          const context = await hpke.createRecipientContext({ recipientKey: pair, enc, info: infoOf(header) })
          const question = await unframe(
            sealed.slice(7 + encSize),
            async (data, aad) => new Uint8Array(await context.open(data, aad)),
          )
          const nonce = randomBytes(Math.max(12, keySize))
          const { key, iv } = await responseKeys(
            { enc, export: (label, length) => context.export(label, length) },
            nonce,
          )
          const frames = await frame(await chunks(question), (data, aad) => {
            const encipher = createCipheriv(cipher, key, iv()).setAAD(aad)
            return Promise.resolve(Buffer.concat([encipher.update(data), encipher.final(), encipher.getAuthTag()]))
          })
          return { question, sealed: join(nonce, ...frames) }
        },
      }
    },
  }
}
