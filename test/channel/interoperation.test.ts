/**
 * With another, in both directions: oblivious HTTP written out here from the text of RFC 9458 and of the draft, over the HPKE of `@hpke/core` and the
 * cipher of Node. It shares no line with what is tested.
 */
import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from 'node:crypto'
import { Aes128Gcm, Aes256Gcm, CipherSuite, DhkemP256HkdfSha256, DhkemX25519HkdfSha256, HkdfSha256 } from '@hpke/core'
import { describe, expect, test } from 'vitest'
import { createGatewayKey, decodeKeyConfig, encodeKeyConfig } from '../../src/channel/key-config.ts'
import { openRequest, sealRequest } from '../../src/channel/ohttp.ts'
import type { Suite } from '../../src/channel/suite.ts'
import { type Bytes, gather, join, number, pieces, slowly, split, suites, toHex, utf8 } from './messages.ts'

const chunks = ['one', 'two', '', 'three'].map(utf8)
const whole = 'onetwothree'

interface Contexts {
  readonly enc: Uint8Array
  readonly export: (label: Uint8Array, length: number) => Promise<ArrayBuffer>
}

/** The other side of an exchange. */
function peerOf({ kem, aead }: Suite, chunked: boolean): Peer {
  const hpke = new CipherSuite({
    kem: kem === 'P-256' ? new DhkemP256HkdfSha256() : new DhkemX25519HkdfSha256(),
    kdf: new HkdfSha256(),
    aead: aead === 'AES-128-GCM' ? new Aes128Gcm() : new Aes256Gcm(),
  })
  const encSize = kem === 'P-256' ? 65 : 32
  const keySize = aead === 'AES-128-GCM' ? 16 : 32
  const cipher = aead === 'AES-128-GCM' ? 'aes-128-gcm' : 'aes-256-gcm'
  const header = join([7, 0, kem === 'P-256' ? 0x10 : 0x20, 0, 1, 0, aead === 'AES-128-GCM' ? 1 : 2])
  const form = chunked ? 'chunked ' : ''
  const info = join(`message/bhttp ${form}request`, [0], header)

  async function frame(seal: (data: Uint8Array, aad: Uint8Array) => Promise<Uint8Array>): Promise<Bytes> {
    if (!chunked) return join(await seal(utf8(whole), utf8('')))
    const frames: Uint8Array[] = []
    for (const chunk of chunks.slice(0, -1)) {
      const sealed = await seal(chunk, utf8(''))
      frames.push(number(sealed.length), sealed)
    }
    return join(...frames, [0], await seal(chunks.at(-1) as Bytes, utf8('final')))
  }

  async function unframe(
    sealed: Bytes,
    open: (data: Uint8Array, aad: Uint8Array) => Promise<Uint8Array>,
  ): Promise<string> {
    if (!chunked) return Buffer.from(await open(sealed, utf8(''))).toString()
    let text = ''
    let at = 0
    while (sealed[at] !== 0) {
      const length = sealed[at++] as number
      text += Buffer.from(await open(sealed.slice(at, at + length), utf8(''))).toString()
      at += length
    }
    return text + Buffer.from(await open(sealed.slice(at + 1), utf8('final'))).toString()
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
    async seal(config) {
      const recipientPublicKey = await hpke.kem.deserializePublicKey(config.slice(5, 5 + encSize))
      const context = await hpke.createSenderContext({ recipientPublicKey, info })
      const enc = new Uint8Array(context.enc)
      const body = await frame(async (data, aad) => new Uint8Array(await context.seal(data, aad)))
      return {
        sealed: join(header, enc, body),
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
        async answer(sealed) {
          expect(toHex(sealed.slice(0, 7))).toBe(toHex(header))
          const enc = sealed.slice(7, 7 + encSize)
          const context = await hpke.createRecipientContext({ recipientKey: pair, enc, info })
          const question = await unframe(
            sealed.slice(7 + encSize),
            async (data, aad) => new Uint8Array(await context.open(data, aad)),
          )
          const nonce = randomBytes(Math.max(12, keySize))
          const { key, iv } = await responseKeys(
            { enc, export: (label, length) => context.export(label, length) },
            nonce,
          )
          const body = await frame((data, aad) => {
            const encipher = createCipheriv(cipher, key, iv()).setAAD(aad)
            return Promise.resolve(Buffer.concat([encipher.update(data), encipher.final(), encipher.getAuthTag()]))
          })
          return { question, sealed: join(nonce, body) }
        },
      }
    },
  }
}

interface Peer {
  /** Seals `whole` to a key configuration. */
  readonly seal: (
    config: Bytes,
  ) => Promise<{ readonly sealed: Bytes; readonly open: (sealed: Bytes) => Promise<string> }>
  /** Opens a question, and answers with `whole`. */
  readonly gateway: () => Promise<{
    readonly publicKey: Bytes
    readonly answer: (sealed: Bytes) => Promise<{ readonly question: string; readonly sealed: Bytes }>
  }>
}

describe.each(suites.flatMap((suite) => [true, false].map((chunked) => ({ ...suite, chunked }))))(
  'oblivious HTTP, $kem $aead, chunked: $chunked',
  ({ chunked, ...suite }) => {
    const peer = peerOf(suite, chunked)

    test('our client, their gateway', async () => {
      const gateway = await peer.gateway()
      const config = await decodeKeyConfig(encodeKeyConfig(7, suite, gateway.publicKey), suite)
      const sent = await sealRequest(config, slowly(utf8('what '), utf8('is it?')), { chunked })
      const { question, sealed } = await gateway.answer(await gather(sent.sealed))
      expect(question).toBe('what is it?')
      expect(toHex(await gather(sent.openResponse(pieces(...split(sealed, 5)))))).toBe(toHex(utf8(whole)))
    })

    test('their client, our gateway', async () => {
      const key = await createGatewayKey(7, suite)
      const sent = await peer.seal(key.config)
      const opened = await openRequest(() => key, pieces(...split(sent.sealed, 5)), { chunked })
      expect(toHex(await gather(opened.message))).toBe(toHex(utf8(whole)))
      expect(await sent.open(await gather(opened.sealResponse(slowly(utf8('it '), utf8('works')))))).toBe('it works')
    })
  },
)
