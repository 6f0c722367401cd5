/**
 * CCA tokens that must verify: generations, keys, encodings, and what reference values leave open.
 * What comes out is what was signed.
 */
import { describe, expect, test } from 'vitest'
import {
  anyValue,
  type CcaOptions,
  decodeCcaEvidence,
  isAttestationResult,
  verifyCca,
} from '../../../../src/formats/arm/cca/index.ts'
import { detectFormat, verifyEvidence } from '../../../../src/index.ts'
import {
  anchorOf,
  type CcaGeneration,
  type CcaOverrides,
  components,
  coseKeyOf,
  createCcaKeys,
  encodeComponent,
  encodedComponents,
  implementationId,
  instanceId,
  nonce,
  rim,
} from '../../../attester/arm.ts'
import { hex, pattern } from '../../../attester/bytes.ts'
import * as cbor from '../../../attester/cbor.ts'
import type { Curve } from '../../../attester/certificate.ts'
import { cca, keys, now, refusalOf } from '../made.ts'
import { anything } from './negative-cases.ts'

const zero = (length: number): Uint8Array => new Uint8Array(length)
const claim = (token: 'platform' | 'realm', key: number | string, value: Uint8Array): CcaOverrides => ({
  [token]: { claims: new Map([[key, value]]) },
})

const keyWithOperations = await coseKeyOf(
  keys.realm,
  new Map([
    [3, cbor.negative(-35)],
    [4, cbor.array(cbor.unsigned(2))],
    [2, cbor.bytes(zero(2))],
  ]),
)

describe('a CCA token is accepted', () => {
  test('and the result says what was signed, and nothing of a channel', async () => {
    const { evidence, options } = await cca()
    const result = await verifyCca(evidence, options)
    expect(isAttestationResult(result)).toBe(true)
    expect(result).toMatchObject({
      format: 'cca',
      matched: 'realm',
      publicKey: undefined,
      timeSource: 'clock',
      attestedAt: undefined,
      clockOffsetSeconds: undefined,
      verifiedAt: now,
      validUntil: new Date('2026-06-02T12:00:00Z'),
    })
    expect(result.claims).toEqual({
      wrapper: 907,
      platform: {
        profile: 'tag:arm.com,2024:cca_platform#2.0.0',
        implementationId,
        instanceId,
        config: Uint8Array.of(0xcf, 0xcf, 0xcf, 0xcf),
        lifecycle: 0x3003,
        lifecycleState: 'secured',
        hashAlgorithm: 'sha-256',
        softwareComponents: components.map((component) => ({ ...component, hashAlgorithm: 'sha-256' })),
        verificationService: 'whatever.com',
        clientId: 1,
        matched: 'firmware',
      },
      realm: {
        profile: 'tag:arm.com,2024:realm#2.0.0',
        challenge: nonce,
        rim,
        rems: [zero(32), zero(32), zero(32), zero(32)],
        personalizationValue: zero(64),
        hashAlgorithm: 'sha-256',
        publicKeyHashAlgorithm: 'sha-256',
        instanceId: undefined,
        memoryEncryptionPolicy: undefined,
      },
    })
    expect(
      result.checks.filter(({ stage }) => stage !== 'decode').map(({ id, outcome }) => `${id}:${outcome}`),
    ).toEqual(
      [
        'anchor-unknown',
        ...['platform-signature', 'cose-signature-length', 'platform-signature'],
        ...['realm-signature', 'cose-signature-length', 'realm-signature'],
        ...['platform-signature', 'attestation-key-binding', 'realm-signature'],
        ...['policy-nonce', 'policy-lifecycle', 'policy-measurements', 'policy-platform'],
      ].map((id) => `${id}:pass`),
    )
    const { platform, realm } = result.claims
    for (const part of [
      result,
      result.claims,
      platform,
      realm,
      realm.rems,
      platform.softwareComponents,
      ...platform.softwareComponents,
    ])
      expect(Object.isFrozen(part)).toBe(true)
    const decoded = decodeCcaEvidence(evidence)
    expect(decoded).toEqual({ wrapper: 907, platform: decoded.platform, realm })
    expect({ ...decoded.platform, matched: 'firmware' }).toEqual(platform)
  })

  test.each<CcaGeneration>(['legacy', '2023', '2024', '2026'])('of generation %s', async (generation) => {
    for (const tag of [399, 907]) {
      const { evidence, options } = await cca({ generation, tag })
      const { claims } = await verifyCca(evidence, options)
      expect(claims.wrapper).toBe(tag)
      expect(detectFormat(evidence)).toBe('cca')
    }
  })

  test.each<readonly [Curve, Curve]>([
    ['P-256', 'P-256'],
    ['P-256', 'P-384'],
    ['P-384', 'P-256'],
    ['P-521', 'P-384'],
    ['P-384', 'P-521'],
  ])('with a platform key on %s and a realm key on %s', async (platform, realm) => {
    const own = await createCcaKeys(platform, realm)
    const { evidence, options } = await cca({}, {}, own)
    await expect(verifyCca(evidence, options)).resolves.toMatchObject({ format: 'cca' })
  })

  test('with a trust anchor in DER', async () => {
    const { evidence, options } = await cca()
    const key = new Uint8Array(await crypto.subtle.exportKey('spki', keys.platform.publicKey))
    const trustAnchors = [{ implementationId, instanceId, key }]
    await expect(verifyCca(evidence, { ...options, trustAnchors })).resolves.toMatchObject({ matched: 'realm' })
  })

  test.each(['SHA-256', 'SHA-384', 'SHA-512'] as const)('with a key bound by %s', async (bindingHash) => {
    const { evidence, options } = await cca({ bindingHash })
    await expect(verifyCca(evidence, options)).resolves.toMatchObject({ format: 'cca' })
  })

  test.each<readonly [string, CcaOverrides]>([
    [
      'hints in both headers',
      {
        platform: {
          protectedHeader: cbor.encode(
            new Map<number, unknown>([
              [1, -35],
              [3, 'application/eat+cwt'],
            ]),
          ),
          unprotectedHeader: cbor.map([
            [cbor.unsigned(4), cbor.bytes(zero(3))],
            [cbor.unsigned(33), cbor.bytes(zero(9))],
            [cbor.text('vendor'), cbor.tag(1, cbor.float64(1.5))],
          ]),
        },
      },
    ],
    [
      'the kind of a record that says evidence',
      { record: (token) => cbor.array(cbor.unsigned(263), cbor.bytes(token), cbor.unsigned(4)) },
    ],
    ['tokens in another order', { entries: (entries) => [...entries].reverse() }],
    ['a wide head around a token', { record: (token) => cbor.array(cbor.unsigned(263, 8), cbor.bytes(token, 8)) }],
    [
      'a float in a claim that is not known',
      claim('platform', 264, cbor.map([[cbor.unsigned(1), cbor.float64(48.2)]])),
    ],
    [
      'a tag, a 64-bit integer, other simple values and keys of all kinds in one',
      claim(
        'realm',
        'vendor',
        cbor.array(
          cbor.tag(2 ** 40, cbor.unsigned(2n ** 64n - 1n)),
          cbor.head(1, 2n ** 64n - 1n),
          Uint8Array.of(0xe0),
          Uint8Array.of(0xf8, 0xff),
          Uint8Array.of(0xf9, 0, 0),
          cbor.map([
            [cbor.bytes(zero(4)), cbor.nothing],
            [cbor.unsigned(2n ** 60n), cbor.undefinedValue],
            [cbor.text('h00000000'), cbor.nothing],
          ]),
        ),
      ),
    ],
    [
      '255 claims that are not known',
      { platform: { claims: new Map(Array.from({ length: 246 }, (_, i) => [-1000 - i, cbor.nothing])) } },
    ],
    [
      'a component that says measurement and signer only',
      claim(
        'platform',
        2399,
        cbor.array(
          encodeComponent(components[0] as never),
          encodeComponent(
            components[1] as never,
            new Map([
              [1, undefined],
              [4, undefined],
              [99, cbor.float64(1)],
            ]),
          ),
        ),
      ),
    ],
    ['the id of a realm', claim('realm', 256, cbor.bytes(instanceId))],
    ['a policy of memory encryption as text', claim('realm', 44243, cbor.text('shared'))],
    ['a policy of memory encryption under its older number', claim('realm', 44241, cbor.unsigned(1))],
    [
      'operations and an algorithm in the key of the realm',
      {
        realmKey: keyWithOperations,
      },
    ],
    ['a lifecycle with bits of the maker', claim('platform', 2395, cbor.unsigned(0x30ff))],
  ])('with %s', async (_what, change) => {
    const { evidence, options } = await cca(change, {
      platform: {
        softwareComponents: components.map(({ measurement, signerId }) => ({ measurement, signerId: hex(signerId) })),
      },
    })
    await expect(verifyCca(evidence, options)).resolves.toMatchObject({ format: 'cca', matched: 'realm' })
  })

  test('with envelopes under wide heads: what is signed has the shortest', async () => {
    const wide = (items: readonly Uint8Array[]): readonly Uint8Array[] =>
      items.map((item, i) => (i === 1 ? item : cbor.bytes(contentOf(item), 8)))
    const { evidence, options } = await cca({ platform: { envelope: wide }, realm: { envelope: wide } })
    await expect(verifyCca(evidence, options)).resolves.toMatchObject({ format: 'cca' })
  })

  test('in a lifecycle state that is accepted by name', async () => {
    const states = [
      [0x1000, 'assembly-and-test'],
      [0x2000, 'provisioning'],
      [0x4000, 'non-rot-debug'],
      [0x5000, 'recoverable-rot-debug'],
    ] as const
    for (const [lifecycle, state] of states) {
      const { evidence, options } = await cca(claim('platform', 2395, cbor.unsigned(lifecycle)), {
        acceptedLifecycles: [state],
      })
      expect((await verifyCca(evidence, options)).claims.platform.lifecycleState).toBe(state)
    }
  })

  test.each<readonly [string, CcaOverrides, Readonly<Record<string, unknown>>]>([
    ['one of several realms', {}, { referenceValues: [{ rim: 'ab'.repeat(32) }, { name: 'realm', rim: hex(rim) }] }],
    [
      'REMs that are named',
      claim('realm', 44239, cbor.array(...[1, 2, 3, 4].map((i) => cbor.bytes(pattern(32, i))))),
      { referenceValues: { name: 'realm', rim, rems: [1, 2, 3, 4].map((i) => pattern(32, i)) } },
    ],
    [
      'any REMs',
      claim('realm', 44239, cbor.array(...[1, 2, 3, 4].map((i) => cbor.bytes(pattern(48, i))))),
      { referenceValues: { name: 'realm', rim, rems: anyValue } },
    ],
    [
      'any personalization value',
      claim('realm', 44235, cbor.bytes(pattern(64))),
      { referenceValues: { name: 'realm', rim, personalizationValue: anyValue } },
    ],
    [
      'a personalization value',
      claim('realm', 44235, cbor.bytes(pattern(64))),
      { referenceValues: { name: 'realm', rim, personalizationValue: hex(pattern(64)) } },
    ],
    [
      'a longer RIM than its hash',
      claim('realm', 44238, cbor.bytes(pattern(64))),
      { referenceValues: { name: 'realm', rim: pattern(64), rems: [zero(32), zero(32), zero(32), zero(32)] } },
    ],
    ['components in another order', {}, { platform: { softwareComponents: [...components].reverse() } }],
    [
      'one of several platforms',
      {},
      { platform: [{ softwareComponents: [components[0]] }, { name: 'firmware', softwareComponents: components }] },
    ],
    ['a config', {}, { platform: { softwareComponents: components, config: 'cfcfcfcf' } }],
    ['any config', {}, { platform: { softwareComponents: components, config: anyValue } }],
    [
      'bits of a config',
      {},
      { platform: { softwareComponents: components, config: { value: 'ff0f0000', mask: '0f0f0000' } } },
    ],
    ['a make', {}, { platform: { softwareComponents: components, implementationId: hex(implementationId) } }],
    [
      'the default of hash algorithms',
      {},
      { platform: { softwareComponents: components.map((one) => ({ ...one, hashAlgorithm: 'sha-256' })) } },
    ],
  ])('as %s', async (_what, change, options) => {
    const made = await cca(change, options)
    await expect(verifyCca(made.evidence, made.options)).resolves.toMatchObject({ matched: 'realm' })
  })

  test('where a reference without a version must leave another its component', async () => {
    const [a] = components as readonly [(typeof components)[number]]
    const twice = cbor.array(encodeComponent(a), encodeComponent({ ...a, version: '9' }))
    const { type, measurement, signerId } = a
    const loose = { type, measurement, signerId }
    // The loose one comes first and fits both: taking the first that fits would leave nothing for
    // the second.
    const platform = { softwareComponents: [loose, a] }
    const made = await cca(claim('platform', 2399, twice), { platform })
    await expect(verifyCca(made.evidence, made.options)).resolves.toMatchObject({ format: 'cca' })
    const other = await cca(claim('platform', 2399, twice), { platform: { softwareComponents: [a, a] } })
    expect(await refusalOf(verifyCca(other.evidence, other.options))).toMatchObject({ code: 'policy-platform' })
  })

  test('without any expectation, and says so', async () => {
    const { evidence, options } = await cca(claim('platform', 2399, encodedComponents), anything)
    const { checks, matched, claims } = await verifyCca(evidence, options)
    expect(checks.filter(({ outcome }) => outcome === 'skipped').map(({ id }) => id)).toEqual([
      'policy-nonce',
      'policy-measurements',
      'policy-platform',
    ])
    expect([matched, claims.platform.matched]).toEqual([undefined, undefined])
  })

  test('for no longer than what it rests on', async () => {
    const at = (hours: number): Date => new Date(now.getTime() + hours * 3_600_000)
    const anchor = await anchorOf(keys.platform)
    const ends = async (anchorEnds: number, realmEnds: number, platformEnds: number): Promise<Date> => {
      const { evidence, options } = await cca(
        {},
        {
          trustAnchors: [{ ...anchor, validUntil: at(anchorEnds) }],
          referenceValues: { rim, validUntil: at(realmEnds) },
          platform: { softwareComponents: components, validUntil: at(platformEnds) },
        },
      )
      return (await verifyCca(evidence, options)).validUntil
    }
    expect(await ends(1, 2, 3)).toEqual(at(1))
    expect(await ends(3, 1, 2)).toEqual(at(1))
    expect(await ends(3, 2, 1)).toEqual(at(1))
    expect(await ends(48, 48, 48)).toEqual(at(24))
  })

  test('through the front door', async () => {
    const { evidence, options } = await cca()
    await expect(verifyEvidence(evidence, { cca: options })).resolves.toMatchObject({ format: 'cca', matched: 'realm' })
  })

  test('whatever the caller changes meanwhile', async () => {
    const { evidence, options } = await cca({}, { freshness: { nonce: nonce.slice() } })
    const seen: string[] = []
    const own = { ...options, trace: ({ id }: { id: string }) => void seen.push(id) } as CcaOptions
    const verified = verifyCca(evidence, own)
    evidence.fill(0)
    ;(own as { platform: unknown }).platform = undefined
    ;(own.freshness as { nonce: Uint8Array }).nonce.fill(0)
    const { checks } = await verified
    expect(checks.map(({ id }) => id)).toEqual(seen)
  })
})

/** The content of a byte string under its shortest head. */
function contentOf(item: Uint8Array): Uint8Array {
  const info = (item[0] ?? 0) & 31
  return item.slice(info < 24 ? 1 : 1 + 2 ** (info - 24))
}
