/**
 * The base mode of HPKE, held against the library's own in both directions, for every suite: the
 * same contexts from the same keys.
 */
import * as hpkeLibrary from 'hpke'
import { describe, expect, test } from 'vitest'
import { setUpRecipient, setUpSender } from '../../src/channel/hpke.ts'
import { hpke } from '../../src/channel/suite.ts'
import { suites, utf8 } from './messages.ts'

describe.each(suites)('$kem $aead', (suite) => {
  const cipher = hpke(suite)
  const library = new hpkeLibrary.CipherSuite(
    suite.kem === 'P-256' ? hpkeLibrary.KEM_DHKEM_P256_HKDF_SHA256 : hpkeLibrary.KEM_DHKEM_X25519_HKDF_SHA256,
    hpkeLibrary.KDF_HKDF_SHA256,
    suite.aead === 'AES-128-GCM' ? hpkeLibrary.AEAD_AES_128_GCM : hpkeLibrary.AEAD_AES_256_GCM,
  )
  const info = utf8('what it is for')

  test('has the numbers and sizes of the library', () => {
    const { KEM, KDF, AEAD } = library
    expect([cipher.KEM.id, cipher.KDF.id, cipher.AEAD.id]).toEqual([KEM.id, KDF.id, AEAD.id])
    expect([cipher.AEAD.Nk, cipher.AEAD.Nn, cipher.KEM.Npk]).toEqual([AEAD.Nk, AEAD.Nn, KEM.Npk])
  })

  test('what it seals, the library opens, message after message', async () => {
    const pair = await library.GenerateKeyPair(false)
    const { enc, context } = await setUpSender(cipher, pair.publicKey, info)
    const theirs = await library.SetupRecipient(pair, enc, { info })
    for (const [text, additional] of [
      ['one', ''],
      ['', 'two'],
      ['three', 'three'],
    ] as const) {
      const sealed = await context.seal(utf8(text), utf8(additional))
      expect(Buffer.from(await theirs.Open(sealed, utf8(additional))).toString()).toBe(text)
    }
    expect(await context.exportSecret(utf8('secret'), 32)).toEqual(
      new Uint8Array(await theirs.Export(utf8('secret'), 32)),
    )
  })

  test('what the library seals, it opens, and nothing else', async () => {
    const pair = await library.GenerateKeyPair(false)
    const { encapsulatedSecret, ctx } = await library.SetupSender(pair.publicKey, { info })
    const enc = new Uint8Array(encapsulatedSecret)
    const own = await setUpRecipient(cipher, pair, enc, info)
    const [first, second] = [await ctx.Seal(utf8('first')), await ctx.Seal(utf8('second'), utf8('more'))]
    expect(Buffer.from(await own.open(new Uint8Array(first), utf8(''))).toString()).toBe('first')
    expect(Buffer.from(await own.open(new Uint8Array(second), utf8('more'))).toString()).toBe('second')
    for (const [changed, otherInfo] of [
      [enc, utf8('another')],
      [(await setUpSender(cipher, pair.publicKey, info)).enc, info],
    ] as const) {
      const other = await setUpRecipient(cipher, pair, changed, otherInfo)
      await expect(other.open(new Uint8Array(first), utf8(''))).rejects.toThrow()
    }
    // Out of its turn.
    const again = await setUpRecipient(cipher, pair, enc, info)
    await expect(again.open(new Uint8Array(second), utf8('more'))).rejects.toThrow()
  })
})
