/**
 * Options of `verifyCca`: every mistake that a caller can make is a `TypeError`, before a byte of
 * evidence is read.
 */
import { describe, expect, test } from 'vitest'
import {
  anyValue,
  dangerouslyAllowTestKeys,
  decodeCcaEvidence,
  skipFreshness,
  verifyCca,
} from '../../../../src/formats/arm/cca/index.ts'
import { allowDebug, atEvidenceTime } from '../../../../src/index.ts'
import { anchorOf, components, implementationId, instanceId, nonce, rim } from '../../../attester/arm.ts'
import { cca, keys, refusalOf } from '../made.ts'

const zero = (length: number): Uint8Array => new Uint8Array(length)

describe('options of verifyCca', () => {
  const wrong: readonly (readonly [string, Readonly<Record<string, unknown>>, RegExp])[] = [
    ['none', { trustAnchors: undefined }, /^trustAnchors must be a list of keys with their ids, at least one$/],
    ['no anchors', { trustAnchors: [] }, /^trustAnchors must be a list/],
    [
      'an anchor that is no object',
      { trustAnchors: [1] },
      /^trustAnchors\[0\] must be an object with implementationId/,
    ],
    [
      'a secret',
      { trustAnchors: [{ implementationId, instanceId, secret: zero(32) }] },
      /^trustAnchors\[0\]\.secret must be one of/,
    ],
    ['no reference values', { referenceValues: undefined }, /^referenceValues\[0\] must be an object/],
    [
      'an empty list of them',
      { referenceValues: [] },
      /^referenceValues must be at least one, or skipReferenceValues$/,
    ],
    [
      'an unknown register',
      { referenceValues: { rim, rem: rim } },
      /^referenceValues\[0\]\.rem must be one of name, rim/,
    ],
    ['no RIM', { referenceValues: { rems: anyValue } }, /^referenceValues\[0\]\.rim must be 32 or 48 or 64 bytes/],
    [
      'a RIM of zeros',
      { referenceValues: { rim: zero(32) } },
      /^referenceValues\[0\]\.rim must be a measurement: zero is none$/,
    ],
    ['a RIM of 33 bytes', { referenceValues: { rim: zero(33) } }, /^referenceValues\[0\]\.rim must be 32/],
    ['three REMs', { referenceValues: { rim, rems: [rim, rim, rim] } }, /^referenceValues\[0\]\.rems must be four/],
    [
      'four REMs, one of them undefined',
      { referenceValues: { rim, rems: Array.from({ length: 4 }, (_, i) => (i === 2 ? undefined : rim)) } },
      /^referenceValues\[0\]\.rems\[2\] must be/,
    ],
    [
      'a REM of 20 bytes',
      { referenceValues: { rim, rems: [rim, rim, rim, zero(20)] } },
      /^referenceValues\[0\]\.rems\[3\]/,
    ],
    [
      'a short personalization value',
      { referenceValues: { rim, personalizationValue: '00' } },
      /personalizationValue must be 64 bytes/,
    ],
    ['a name that is no text', { referenceValues: { rim, name: 1 } }, /^referenceValues\[0\]\.name must be text$/],
    [
      'a date that is none',
      { referenceValues: { rim, validUntil: new Date(NaN) } },
      /^referenceValues\[0\]\.validUntil must be a Date$/,
    ],
    ['no firmware', { platform: undefined }, /^platform\[0\] must be an object/],
    ['an empty list of firmware', { platform: [] }, /^platform must be at least one, or skipPlatformReferenceValues$/],
    [
      'firmware without components',
      { platform: { softwareComponents: [] } },
      /^platform\[0\]\.softwareComponents must be a list of components, at least one$/,
    ],
    [
      'a component without a signer',
      { platform: { softwareComponents: [{ measurement: rim }] } },
      /softwareComponents\[0\]\.signerId must be/,
    ],
    [
      'a component with a misspelt property',
      { platform: { softwareComponents: [{ measurement: rim, signerId: rim, Version: '' }] } },
      /\.Version must be one of/,
    ],
    [
      'a version that is undefined',
      { platform: { softwareComponents: [{ measurement: rim, signerId: rim, version: undefined }] } },
      /\.version must be text$/,
    ],
    [
      'an empty config',
      { platform: { softwareComponents: components, config: '' } },
      /config must be at least one byte/,
    ],
    [
      'a mask of zeros',
      { platform: { softwareComponents: components, config: { value: '00', mask: '00' } } },
      /config\.mask must be other than zero$/,
    ],
    [
      'a mask of another length',
      { platform: { softwareComponents: components, config: { value: '0000', mask: '01' } } },
      /config\.value must be 1 bytes/,
    ],
    ['no freshness', { freshness: undefined }, /^freshness must be \{ nonce \} or skipFreshness$/],
    ['an age', { freshness: { maxAgeSeconds: 1 } }, /^freshness must be/],
    ['a nonce and an age', { freshness: { nonce, maxAgeSeconds: 1 } }, /^freshness must be/],
    ['a short nonce', { freshness: { nonce: zero(32) } }, /^nonce must be 64 bytes \(Uint8Array\)$/],
    ['a nonce as text', { freshness: { nonce: 'ab'.repeat(64) } }, /^nonce must be 64 bytes/],
    [
      'an accepted state that there is not',
      { acceptedLifecycles: ['debug'] },
      /^acceptedLifecycles must be a list of non-rot-debug/,
    ],
    ['an accepted state that is never accepted', { acceptedLifecycles: ['decommissioned'] }, /^acceptedLifecycles/],
    ['accepted states that are no list', { acceptedLifecycles: 'provisioning' }, /^acceptedLifecycles/],
    ['a time that is none', { now: 0 }, /^now must be a Date: a token has no date of its own$/],
    ['the time of the evidence', { now: atEvidenceTime }, /^now must be a Date/],
    ['a trace that is no function', { trace: 1 }, /^trace must be a function$/],
    ['test keys by another value', { testKeys: true }, /^testKeys must be dangerouslyAllowTestKeys$/],
    ['options of other formats', { clockSkewSeconds: 1 }, /^option "clockSkewSeconds" must be one of/],
    ['debug mode', { debug: allowDebug }, /^option "debug" must be one of/],
  ]

  test.each(wrong)('refuse %s, before a byte of evidence is read', async (_what, change, message) => {
    const { options } = await cca()
    const verified = verifyCca(new Uint8Array(), { ...options, ...change })
    await expect(verified).rejects.toThrow(message)
    await expect(verified).rejects.toBeInstanceOf(TypeError)
  })

  test.each<readonly [string, (key: JsonWebKey) => unknown]>([
    ['a private half', (key) => ({ ...key, d: key.x })],
    ['another type', (key) => ({ ...key, kty: 'OKP' })],
    ['another curve', (key) => ({ ...key, crv: 'secp256k1' })],
    ['a coordinate of another length', (key) => ({ ...key, y: 'AAAA' })],
    ['a coordinate that is no base64url', (key) => ({ ...key, y: `${(key.y ?? '').slice(1)}=` })],
    ['no coordinate', ({ kty, crv, x }) => ({ kty, crv, x })],
    ['DER of something else', () => zero(120)],
    ['text', () => 'key'],
  ])('refuse a key with %s', async (_what, change) => {
    const anchor = await anchorOf(keys.platform)
    const { evidence, options } = await cca({}, { trustAnchors: [{ ...anchor, key: change(anchor.key) }] })
    await expect(verifyCca(evidence, options)).rejects.toThrow(/^trustAnchors\[0\]\.key must be a public key/)
    await expect(verifyCca(evidence, options)).rejects.toBeInstanceOf(TypeError)
  })

  test('refuse two keys of one device, and take one key twice', async () => {
    const [anchor, other] = [await anchorOf(keys.platform), await anchorOf(keys.realm)]
    const { evidence, options } = await cca({}, { trustAnchors: [anchor, other] })
    await expect(verifyCca(evidence, options)).rejects.toThrow(
      'trustAnchors[1] must be of another device, or the same key again',
    )
    const twice = { ...options, trustAnchors: [{ ...anchor, validUntil: new Date(0) }, anchor] }
    await expect(verifyCca(evidence, twice)).resolves.toMatchObject({ format: 'cca' })
  })

  test('take a key off its curve, with which nothing verifies', async () => {
    const anchor = await anchorOf(keys.platform)
    const off = { ...anchor.key, y: anchor.key.x }
    const { evidence, options } = await cca({}, { trustAnchors: [{ ...anchor, key: off }] })
    expect(await refusalOf(verifyCca(evidence, options))).toMatchObject({
      code: 'platform-signature',
      message: 'the trust anchor: not a point of P-384',
    })
  })

  test('refuse what is no evidence', async () => {
    const { options } = await cca()
    await expect(verifyCca('d9018f' as never, options)).rejects.toThrow('evidence must be a Uint8Array')
    expect(() => decodeCcaEvidence([] as never)).toThrow(TypeError)
  })

  test('allow published keys by name only', async () => {
    const { evidence, options } = await cca()
    const published = {
      kty: 'EC',
      crv: 'P-384',
      x: 'IShnxS4rlQiwpCCpBWDzlNLfqiG911FP8akBr-fh94uxHU5m-Kijivp2r2oxxN6M',
      y: 'hM4tr8mWQli1P61xh3T0ViDREbF26DGOEYfbAjWjGNN7pZf-6A4OTHYqEryz6m7U',
    }
    const trustAnchors = [...options.trustAnchors, { implementationId: zero(32), instanceId, key: published }]
    await expect(verifyCca(evidence, { ...options, trustAnchors })).rejects.toThrow(
      'trustAnchors[1] must be a key of a device: this one is published, for tests',
    )
    await expect(
      verifyCca(evidence, { ...options, trustAnchors, testKeys: dangerouslyAllowTestKeys, freshness: skipFreshness }),
    ).resolves.toMatchObject({ format: 'cca' })
  })
})
