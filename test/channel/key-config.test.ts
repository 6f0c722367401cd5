/**
 * Key configurations: one key of one suite, and nothing else.
 */
import { webcrypto } from 'node:crypto'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { createGatewayKey, decodeKeyConfig, encodeKeyConfig } from '../../src/channel/key-config.ts'
import type { Suite } from '../../src/channel/suite.ts'
import { VerificationError } from '../../src/core/errors.ts'
import { type Bytes, hex, join, suites, toHex } from './messages.ts'

const nist: Suite = { kem: 'P-256', aead: 'AES-128-GCM' }
const montgomery: Suite = { kem: 'X25519', aead: 'AES-128-GCM' }
const sizes = { 'P-256': 65, X25519: 32 } as const
const ids = { 'P-256': '0010', X25519: '0020', 'AES-128-GCM': '0001', 'AES-256-GCM': '0002' } as const

async function refusal(reading: Promise<unknown>): Promise<VerificationError> {
  const error: unknown = await reading.catch((thrown: unknown) => thrown)
  expect(error).toBeInstanceOf(VerificationError)
  return error as VerificationError
}

describe.each(suites)('$kem $aead', (suite) => {
  test('a key is written with its length, identifier, KEM and the one pair of algorithms', async () => {
    const { config, keyId } = await createGatewayKey(7, suite)
    const key = config.slice(5, 5 + sizes[suite.kem])
    const length = (sizes[suite.kem] + 9).toString(16).padStart(4, '0')
    expect(toHex(config)).toBe(`${length}07${ids[suite.kem]}${toHex(key)}00040001${ids[suite.aead]}`)
    expect(toHex(encodeKeyConfig(7, suite, key))).toBe(toHex(config))
    expect(keyId).toBe(7)
  })

  test('and read back', async () => {
    const { config } = await createGatewayKey(255, suite)
    const read = await decodeKeyConfig(config, suite)
    expect(read).toMatchObject({ keyId: 255, suite })
    expect(toHex(new Uint8Array(await webcrypto.subtle.exportKey('raw', read.publicKey)))).toBe(
      toHex(config.slice(5, -6)),
    )
  })

  test('its private half cannot be exported', async () => {
    const { pair } = await createGatewayKey(1, suite)
    expect(pair.privateKey.extractable).toBe(false)
    await expect(webcrypto.subtle.exportKey('pkcs8', pair.privateKey)).rejects.toThrow()
    await expect(webcrypto.subtle.exportKey('jwk', pair.privateKey)).rejects.toThrow()
  })

  test('cut off anywhere, or with anything after it, it is refused', async () => {
    const { config } = await createGatewayKey(1, suite)
    for (let length = 0; length < config.length; length++)
      expect((await refusal(decodeKeyConfig(config.slice(0, length), suite))).code).toBe('ohttp-key-config')
    const error = await refusal(decodeKeyConfig(join(config, [0]), suite))
    expect([error.code, error.message]).toEqual(['ohttp-key-config', expect.stringContaining('1 bytes left over')])
  })
})

describe('a key configuration is refused', () => {
  test('A49 downgrade-suite: of any suite but the one that was fixed', async () => {
    for (const offered of suites) {
      const { config } = await createGatewayKey(1, offered)
      for (const wanted of suites) {
        const reading = decodeKeyConfig(config, wanted)
        if (wanted === offered) expect((await reading).suite).toBe(wanted)
        else expect((await refusal(reading)).code).toBe('ohttp-key-config')
      }
    }
  })

  test('A49 downgrade-suite: that lists more than the one pair of algorithms, in any order', async () => {
    const { config } = await createGatewayKey(1, nist)
    const rest = config.slice(2, -6)
    for (const algorithms of [
      '00080001000100010002',
      '00080001000200010001',
      '00080001000100010001',
      '0000',
      '000400020001',
      '000400010003',
    ]) {
      const body = join(rest, hex(algorithms))
      const error = await refusal(decodeKeyConfig(join([0, body.length], body), nist))
      expect([error.code, error.message]).toEqual([
        'ohttp-key-config',
        expect.stringMatching(/bytes: expected 74|symmetric algorithms: expected/),
      ])
    }
    const other = await refusal(decodeKeyConfig(join(config.slice(0, -1), [3]), nist))
    expect(other.message).toBe('key configuration: symmetric algorithms: expected 000400010001, found 000400010003')
  })

  test('beside another', async () => {
    const one = await createGatewayKey(1, nist)
    const two = await createGatewayKey(2, nist)
    expect((await refusal(decodeKeyConfig(join(one.config, two.config), nist))).message).toContain('76 bytes left over')
  })

  test('without its length', async () => {
    const { config } = await createGatewayKey(1, nist)
    expect((await refusal(decodeKeyConfig(config.slice(2), nist))).message).toContain(
      'bytes: expected 74, for one key of P-256',
    )
  })

  test('of RFC 9458: it leaves the choice between two', async () => {
    const config = hex('01002031e1f05a740102115220e9af918f738674aec95f54db6e04eb705aae8e79815500080001000100010003')
    expect((await refusal(decodeKeyConfig(join([0, config.length], config), montgomery))).message).toContain(
      'bytes: expected 41',
    )
  })

  test('of another KEM of the same size', async () => {
    const { config } = await createGatewayKey(1, montgomery)
    // X25519 with ML-KEM would be longer; this one nobody has defined.
    config[4] = 0x21
    expect((await refusal(decodeKeyConfig(config, montgomery))).message).toBe(
      'key configuration: KEM: expected 32 (X25519), found 33',
    )
  })
})

describe('A22 key-absent: a public key is refused', () => {
  /**
   * RFC 7748: points that give the same secret to everybody, canonical and not, and with the bit
   * that is ignored.
   */
  const small = [
    '0000000000000000000000000000000000000000000000000000000000000000',
    '0100000000000000000000000000000000000000000000000000000000000000',
    'e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800',
    '5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157',
    'ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
    'edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
    'eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
    '0000000000000000000000000000000000000000000000000000000000000080',
    'ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff',
  ]
  test.each(small)('of small order: %s', async (key) => {
    const error = await refusal(decodeKeyConfig(encodeKeyConfig(1, montgomery, hex(key)), montgomery))
    expect([error.code, error.message]).toEqual([
      'ohttp-key-config',
      expect.stringContaining('public key: expected a point of X25519, not of small order'),
    ])
  })

  const generator = '6b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296'
  const y = '4fe342e2fe1a7f9b8ee7eb4a7c0f9e162bce33576b315ececbb6406837bf51f5'
  const field = 'ffffffff00000001000000000000000000000000ffffffffffffffffffffffff'
  test.each([
    ['all zeros', '00'.repeat(65)],
    ['the point at infinity, and padding', `00${'00'.repeat(64)}`],
    ['not on the curve', `04${generator}${y.slice(0, -1)}4`],
    ['with coordinates of zero', `04${'00'.repeat(64)}`],
    ['with a coordinate beyond the field', `04${field}${y}`],
    ['in the hybrid form', `07${generator}${y}`],
    ['in the hybrid form of the other sign', `06${generator}${y}`],
    ['compressed, and padding', `03${generator}${'00'.repeat(32)}`],
  ])('of P-256 %s', async (_, key) => {
    const error = await refusal(decodeKeyConfig(encodeKeyConfig(1, nist, hex(key)), nist))
    expect([error.code, error.message]).toEqual(['ohttp-key-config', expect.stringContaining('public key: expected')])
  })

  test('off the curve also where WebCrypto would take it, as WebKit does', async () => {
    const taken = vi.spyOn(crypto.subtle, 'importKey')
    await refusal(decodeKeyConfig(encodeKeyConfig(1, nist, hex(`04${generator}${y.slice(0, -1)}4`)), nist))
    expect(taken).not.toHaveBeenCalled()
    taken.mockRestore()
  })

  test('but the generator of P-256 is a key', async () => {
    expect(await decodeKeyConfig(encodeKeyConfig(1, nist, hex(`04${generator}${y}`)), nist)).toMatchObject({ keyId: 1 })
  })
})

describe('mistakes of the caller', () => {
  test.each([-1, 256, 1.5, NaN])('key identifier %d', async (keyId) => {
    const mistake = expect.objectContaining({ constructor: TypeError, message: 'keyId must be 0 to 255' }) as unknown
    expect(() => encodeKeyConfig(keyId, nist, new Uint8Array(65))).toThrow(mistake)
    await expect(createGatewayKey(keyId, nist)).rejects.toEqual(mistake)
  })

  test.each([0, 32, 64, 66])('a public key of %d bytes', (size) => {
    expect(() => encodeKeyConfig(1, nist, new Uint8Array(size))).toThrow('publicKey must be 65 bytes')
  })
})

describe('the bytes', () => {
  test('are copied before anything is awaited', async () => {
    const { config } = await createGatewayKey(1, nist)
    const given: Bytes = config.slice()
    const reading = decodeKeyConfig(given, nist)
    given.fill(0)
    expect(await reading).toMatchObject({ keyId: 1 })
  })

  test('of a Node Buffer in a pool are read where they are', async () => {
    const { config } = await createGatewayKey(1, nist)
    const pooled = Buffer.concat([Buffer.from([1, 2, 3]), config]).subarray(3)
    expect(await decodeKeyConfig(pooled, nist)).toMatchObject({ keyId: 1 })
  })
})

describe('A59 import-failure: where WebCrypto does not have the curve', () => {
  afterEach(() => vi.restoreAllMocks())

  test('neither end goes on with another', async () => {
    const { config } = await createGatewayKey(1, montgomery)
    const missing = (): Promise<never> => Promise.reject(new DOMException('none', 'NotSupportedError'))
    vi.spyOn(crypto.subtle, 'generateKey').mockImplementation(missing)
    vi.spyOn(crypto.subtle, 'importKey').mockImplementation(missing)
    for (const attempt of [createGatewayKey(1, montgomery), decodeKeyConfig(config, montgomery)])
      expect(await refusal(attempt)).toMatchObject({
        code: 'unsupported',
        message: 'WebCrypto: expected X25519, found none',
      })
  })
})
