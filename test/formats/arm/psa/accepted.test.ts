/**
 * PSA tokens that must verify: generations, keys, and what reference values leave open. And what
 * callers can get wrong.
 */
import { describe, expect, test } from 'vitest'
import {
  dangerouslyAllowTestKeys,
  decodePsaEvidence,
  skipFreshness,
  skipReferenceValues,
  verifyPsa,
} from '../../../../src/formats/arm/psa/index.ts'
import { atEvidenceTime, detectFormat, verifyEvidence } from '../../../../src/index.ts'
import {
  anchorOf,
  components,
  encodeComponent,
  implementationId,
  instanceId,
  makePsa,
  nonce,
  type PsaGeneration,
  type PsaOverrides,
} from '../../../attester/arm.ts'
import { hex, pattern } from '../../../attester/bytes.ts'
import * as cbor from '../../../attester/cbor.ts'
import { createSigner, type Curve } from '../../../attester/certificate.ts'
import { device, now, psa } from '../made.ts'

const zero = (length: number): Uint8Array => new Uint8Array(length)
const claim = (key: number | string, value: Uint8Array | undefined, generation?: PsaGeneration): PsaOverrides => ({
  claims: new Map([[key, value]]),
  ...(generation && { generation }),
})
const old = (key: number, value: Uint8Array): PsaOverrides => claim(key, value, 'profile-1')

describe('a PSA token is accepted', () => {
  test.each<PsaGeneration>(['profile-1', 'psa-2', 'rfc-9783'])(
    'of generation %s, and says the same',
    async (generation) => {
      const { evidence, options } = await psa({ generation })
      const result = await verifyPsa(evidence, options)
      expect(result).toMatchObject({
        format: 'psa',
        matched: 'firmware',
        publicKey: undefined,
        timeSource: 'clock',
        attestedAt: undefined,
        verifiedAt: now,
        validUntil: new Date('2026-06-02T12:00:00Z'),
      })
      expect(result.claims).toEqual({
        generation,
        profile: {
          'profile-1': 'PSA_IOT_PROFILE_1',
          'psa-2': 'http://arm.com/psa/2.0.0',
          'rfc-9783': 'tag:psacertified.org,2023:psa#tfm',
        }[generation],
        implementationId,
        instanceId,
        clientId: 1,
        lifecycle: 0x3000,
        lifecycleState: 'secured',
        bootSeed: pattern(32, 0x90),
        certificationReference: '1234567890123-12345',
        softwareComponents: components.map((component) => ({ ...component, hashAlgorithm: undefined })),
        verificationService: 'whatever.com',
        nonce: nonce.slice(0, 32),
      })
      expect(decodePsaEvidence(evidence)).toEqual(result.claims)
      expect(detectFormat(evidence)).toBe('psa')
      for (const part of [result, result.claims, result.claims.softwareComponents, ...result.claims.softwareComponents])
        expect(Object.isFrozen(part)).toBe(true)
      expect(result.checks.filter(({ stage }) => stage !== 'decode').map(({ id }) => id)).toEqual([
        'anchor-unknown',
        ...['cose-mac-refused', 'cose-signature', 'cose-signature-length', 'cose-signature', 'cose-signature'],
        ...['policy-nonce', 'policy-lifecycle', 'policy-measurements'],
      ])
    },
  )

  test.each<Curve>(['P-256', 'P-384', 'P-521'])('with a key on %s', async (curve) => {
    const own = await createSigner(curve)
    const { evidence, options } = await psa({}, {}, own)
    await expect(verifyPsa(evidence, options)).resolves.toMatchObject({ format: 'psa' })
    const key = new Uint8Array(await crypto.subtle.exportKey('spki', own.publicKey))
    const trustAnchors = [{ implementationId, instanceId, key }]
    await expect(verifyPsa(evidence, { ...options, trustAnchors })).resolves.toMatchObject({ format: 'psa' })
  })

  test.each<readonly [string, PsaOverrides]>([
    ['the least client id', claim(2394, cbor.negative(-(2 ** 31)))],
    ['the greatest client id', claim(2394, cbor.unsigned(2 ** 31 - 1))],
    ['no boot seed', claim(268, undefined)],
    ['a boot seed of 8 bytes', claim(268, cbor.bytes(zero(8)))],
    ['the boot seed of the interim profile, which is not known here', claim(2397, cbor.text('anything'))],
    ['no certification reference', claim(2398, undefined)],
    ['no verification service', claim(2400, undefined)],
    ['13 digits in the first generation', old(-75005, cbor.text('1234567890123'))],
    ['13 digits in the interim profile', claim(2398, cbor.text('1234567890123'), 'psa-2')],
    ['the first generation without a profile', claim(-75000, undefined, 'profile-1')],
    ['a location with floats', claim(264, cbor.map([[cbor.unsigned(1), cbor.float64(48.2)]]))],
    ['a claim by a name', claim('vendor', cbor.unsigned(2n ** 64n - 1n))],
    ['hints in the header', { unprotectedHeader: cbor.map([[cbor.unsigned(4), cbor.bytes(zero(3))]]) }],
    [
      'the description of a component',
      claim(
        2399,
        cbor.array(...components.map((one) => encodeComponent(one, new Map([[6, cbor.text('TF-M_SHA256MemPreXIP')]])))),
      ),
    ],
  ])('with %s', async (_what, change) => {
    const { evidence, options } = await psa(change)
    await expect(verifyPsa(evidence, options)).resolves.toMatchObject({ format: 'psa', matched: 'firmware' })
  })

  test('that says that no software was measured, where that was not asked', async () => {
    const { evidence, options } = await psa(
      { generation: 'profile-1', claims: new Map([[-75007, cbor.unsigned(1)], [-75006, undefined]]) }, // prettier-ignore
      { referenceValues: skipReferenceValues },
    )
    const { claims, matched } = await verifyPsa(evidence, options)
    expect([claims.softwareComponents, matched]).toEqual([[], undefined])
  })

  test.each([48, 64])('with a nonce of %i bytes', async (length) => {
    const own = pattern(length, 3)
    const { evidence, options } = await psa(claim(10, cbor.bytes(own)), { freshness: { nonce: own } })
    expect((await verifyPsa(evidence, options)).claims.nonce).toEqual(own)
  })

  test('with a signature whose s is the other one', async () => {
    const order = BigInt('0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551')
    const { evidence, options } = await psa({
      proof(proof) {
        const s = order - BigInt(`0x${hex(proof.slice(32))}`)
        const other = s.toString(16).padStart(64, '0')
        return Uint8Array.from([
          ...proof.slice(0, 32),
          ...(other.match(/../g) ?? []).map((digits) => parseInt(digits, 16)),
        ])
      },
    })
    await expect(verifyPsa(evidence, options)).resolves.toMatchObject({ format: 'psa' })
  })

  test.each<readonly [string, Readonly<Record<string, unknown>>]>([
    ['a certification reference', { softwareComponents: components, certificationReference: '1234567890123-12345' }],
    ['a make', { softwareComponents: components, implementationId }],
    [
      'components without type and version',
      { softwareComponents: components.map(({ measurement, signerId }) => ({ measurement, signerId })) },
    ],
  ])('as %s', async (_what, referenceValues) => {
    const { evidence, options } = await psa({}, { referenceValues })
    await expect(verifyPsa(evidence, options)).resolves.toMatchObject({ matched: 0 })
  })

  test('in a lifecycle state that is accepted by name', async () => {
    const { evidence, options } = await psa(claim(2395, cbor.unsigned(0x40ff)), {
      acceptedLifecycles: ['non-rot-debug'],
    })
    expect((await verifyPsa(evidence, options)).claims.lifecycleState).toBe('non-rot-debug')
  })

  test('through the front door; a MAC too, so that the verifier says why it refuses', async () => {
    const { evidence, options } = await psa()
    await expect(verifyEvidence(evidence, { psa: options })).resolves.toMatchObject({ format: 'psa' })
    const withMac = await makePsa(device, { secret: pattern(32) })
    expect(detectFormat(withMac)).toBe('psa')
    await expect(verifyEvidence(withMac, { psa: options })).rejects.toMatchObject({ code: 'cose-mac-refused' })
  })

  test('and nothing else looks like one', async () => {
    expect(detectFormat(await makePsa(device, claim(265, cbor.text('http://example.com'))))).toBeUndefined()
    expect(detectFormat(await makePsa(device, { payload: () => cbor.array() }))).toBeUndefined()
    expect(detectFormat(await makePsa(device, { tag: 98 }))).toBeUndefined()
    expect(detectFormat((await makePsa(device)).slice(0, -1))).toBeUndefined()
    const larger = await makePsa(device, claim('vendor', cbor.bytes(zero(65_536))))
    expect(detectFormat(larger)).toBeUndefined()
  })
})

describe('options of verifyPsa', () => {
  test.each<readonly [string, Readonly<Record<string, unknown>>, RegExp]>([
    ['no anchors', { trustAnchors: [] }, /^trustAnchors must be a list/],
    [
      'an anchor without a key',
      { trustAnchors: [{ implementationId, instanceId }] },
      /^trustAnchors\[0\] must be with a key or a secret, not both$/,
    ],
    [
      'an anchor with a short id',
      { trustAnchors: [{ implementationId: '00', instanceId, secret: zero(32) }] },
      /^trustAnchors\[0\]\.implementationId must be 32 bytes/,
    ],
    [
      'an anchor with another id',
      { trustAnchors: [{ implementationId, instanceId: zero(32), secret: zero(32) }] },
      /^trustAnchors\[0\]\.instanceId must be 33 bytes/,
    ],
    ['no reference values', { referenceValues: undefined }, /^referenceValues\[0\] must be an object/],
    ['no components', { referenceValues: { softwareComponents: [] } }, /at least one$/],
    [
      'a certification reference that is no text',
      { referenceValues: { softwareComponents: components, certificationReference: 1 } },
      /certificationReference must be text$/,
    ],
    ['a platform', { platform: {} }, /^option "platform" must be one of/],
    ['no freshness', { freshness: undefined }, /^freshness must be/],
    ['a nonce of 33 bytes', { freshness: { nonce: zero(33) } }, /^nonce must be 32 or 48 or 64 bytes \(Uint8Array\)$/],
    ['an age', { freshness: { maxAgeSeconds: 60 } }, /^freshness must be/],
    ['the time of the evidence', { now: atEvidenceTime }, /^now must be a Date/],
    ['states that are never accepted', { acceptedLifecycles: ['unknown'] }, /^acceptedLifecycles must be/],
  ])('refuse %s, before a byte of evidence is read', async (_what, change, message) => {
    const { options } = await psa()
    const verified = verifyPsa(new Uint8Array(), { ...options, ...change })
    await expect(verified).rejects.toThrow(message)
    await expect(verified).rejects.toBeInstanceOf(TypeError)
  })

  test('allow published keys by name only: of boards whose maker forgot to provision one', async () => {
    const { evidence, options } = await psa()
    const key = {
      kty: 'EC',
      crv: 'P-256',
      x: 'eeupDov0UKZ1FXatRZmwet-TjaO7C9F9ADbtSaLQ_D8',
      y: 'v836iVa1aL_bhnPmSNi1jZKZVbFKJsMIDzQRfZcdaGQ',
    }
    const trustAnchors = [await anchorOf(device), { implementationId: zero(32), instanceId, key }]
    await expect(verifyPsa(evidence, { ...options, trustAnchors })).rejects.toThrow('this one is published, for tests')
    const allowed = { ...options, trustAnchors, testKeys: dangerouslyAllowTestKeys, freshness: skipFreshness } as const
    await expect(verifyPsa(evidence, allowed)).resolves.toMatchObject({ format: 'psa' })
  })
})
