/**
 * Tokens of a fake Arm platform and of a fake device, changed inside and signed again: claims of
 * the wrong type or size, claims that are not known with any CBOR in them, heads of any length, and
 * every part of an envelope changed byte by byte.
 */
import {
  anyValue,
  type CcaOptions,
  skipFreshness,
  skipPlatformReferenceValues,
  skipReferenceValues,
} from '../../src/formats/arm/cca/index.ts'
import type { PsaOptions } from '../../src/formats/arm/psa/index.ts'
import {
  anchorOf,
  type CcaGeneration,
  type CcaOverrides,
  components,
  coseKeyOf,
  createCcaKeys,
  implementationId,
  instanceId,
  makeCca,
  makePsa,
  mac,
  nonce,
  type PsaGeneration,
  type PsaOverrides,
  rim,
  type TokenOverrides,
} from '../attester/arm.ts'
import { concat, hex, pattern } from '../attester/bytes.ts'
import * as cbor from '../attester/cbor.ts'
import { createSigner } from '../attester/certificate.ts'
import type { Edits } from './edits.ts'
import type { Question } from './verifiers.ts'

const now = new Date('2026-06-01T12:00:00.250Z')

/** Every number that has a meaning in one of both tokens, and some that have none. */
const numbers = [
  1,
  10,
  100,
  256,
  264,
  265,
  268,
  2394,
  2395,
  2396,
  2397,
  2398,
  2399,
  2400,
  2401,
  2402,
  2403,
  2408,
  44235,
  44236,
  44237,
  44238,
  44239,
  44240,
  44241,
  44243,
  -75000,
  -75001,
  -75002,
  -75003,
  -75004,
  -75005,
  -75006,
  -75007,
  -75008,
  -75009,
  -75010,
  -75011,
  2 ** 40,
]
const words = [
  'sha-256',
  'sha-512',
  'SHA-256',
  'shared',
  'private',
  '',
  'PSA_IOT_PROFILE_1',
  'http://arm.com/psa/2.0.0',
  'tag:psacertified.org,2023:psa#tfm',
  'http://arm.com/CCA-SSD/1.0.0',
  'tag:arm.com,2023:realm#1.0.0',
  'tag:arm.com,2024:realm#2.0.0',
  'tag:arm.com,2026:cca_platform#2.1.0;delegated',
  '1234567890123',
  '1234567890123-12345',
  '1234567890123-12345\n',
  '\u00e9\ufeff',
]
const counts = [0, 1, 2, 23, 24, 255, 0x3000, 0x30ff, 0x4001, 0x5000, 0x6000, 0x3100, 0x13000, 2 ** 31, 2 ** 53 - 1]

/** Makes mutants of both formats. */
export async function createArmMutants(
  edits: Edits,
): Promise<{ readonly [Format in 'cca' | 'psa']: (name: string) => Promise<Question> }> {
  const { random, pick, edit, editOne } = edits
  const curves = ['P-256', 'P-384'] as const
  const pairs = await Promise.all(curves.map((curve) => createCcaKeys(curve, curve)))
  const devices = await Promise.all(curves.map((curve) => createSigner(curve)))
  const secret = pattern(32, 5)

  /** An item of any type, mostly well formed; heads are longer than needed, too. */
  function anyItem(depth = 0): Uint8Array {
    const size = (argument: number): cbor.HeadSize => pick(([0, 1, 2, 4, 8] as const).filter((n) => fits(argument, n)))
    const several = (): Uint8Array[] => Array.from({ length: random(4) }, () => anyItem(depth + 1))
    switch (random(depth > 9 ? 6 : 10)) {
      case 0: {
        const count = pick(counts)
        return cbor.head(random(2), count, size(count))
      }
      case 1:
        return cbor.head(random(2), pick([2n ** 53n, 2n ** 64n - 1n]), 8)
      case 2: {
        const content = new Uint8Array(pick([0, 1, 8, 31, 32, 33, 48, 64, 65])).fill(random(256))
        if (random(2) === 0) content[0] = 1
        return cbor.bytes(content, size(content.length))
      }
      case 3:
        return cbor.text(pick(words))
      case 4:
        return pick([
          cbor.float64(1),
          Uint8Array.of(0xf9, 0x3c, 0x00),
          Uint8Array.of(0xf8, random(256)),
          Uint8Array.of(0xe0 | random(32)),
        ])
      case 5:
        return pick([cbor.nothing, cbor.undefinedValue, Uint8Array.of(0xf4), Uint8Array.of(0xf5)])
      case 6:
        return cbor.array(...several())
      case 7:
        return cbor.map(several().map((key) => [key, anyItem(depth + 1)] as const))
      case 8:
        return cbor.tag(pick([0, 1, 2, 4, 17, 18, 27, 28, 61, 64, 105, 258, 399, 2 ** 30, 2 ** 31]), anyItem(depth + 1))
      default:
        return pick([cbor.indefiniteArray(), cbor.chunked(Uint8Array.of(1)), cbor.array(...several())])
    }
  }

  const entry = (): cbor.Entry => [
    random(8) === 0 ? anyItem() : cbor.encode(pick(numbers)),
    random(8) === 0 ? edit(anyItem()) : anyItem(),
  ]
  /** More entries behind those of a map of less than 24. */
  const withMore = (payload: Uint8Array, ...entries: readonly cbor.Entry[]): Uint8Array<ArrayBuffer> =>
    concat([(payload[0] ?? 0) + entries.length], payload.slice(1), ...entries.flat())

  function tokenChange(): TokenOverrides {
    const changes: readonly (() => TokenOverrides)[] = [
      () => ({}),
      () => ({ payload: edit }),
      () => ({ payload: edit }),
      () => ({ claims: new Map([[pick(numbers), random(4) === 0 ? undefined : anyItem()]]) }),
      () => ({ claims: new Map([[pick(numbers), anyItem()]]) }),
      () => ({ claims: new Map([[pick(numbers), undefined]]) }),
      () => ({ payload: (payload) => withMore(payload, entry()) }),
      () => ({ payload: (payload) => withMore(payload, entry(), entry()) }),
      () => ({ protectedHeader: edit(Uint8Array.of(0xa1, 0x01, 0x38, 0x22)) }),
      () => ({ protectedHeader: cbor.map([[cbor.unsigned(1), cbor.negative(pick([-7, -35, -36]))], entry()]) }),
      () => ({ unprotectedHeader: cbor.map([entry()]) }),
      () => ({ unprotectedHeader: cbor.map([[cbor.unsigned(pick([1, 2, 4, 33])), anyItem()]]) }),
      () => ({ envelope: (items) => editOne(items) }),
      () => ({ proof: edit }),
      () => ({ token: edit }),
      () => ({ tag: pick([17, 18, 61, undefined]) }),
    ]
    return pick(changes)()
  }

  async function cca(name: string): Promise<Question> {
    const keys = pick(pairs)
    const generation = pick<CcaGeneration>(['legacy', '2023', '2024', '2026'])
    const labels = [1, 2, 3, 4, -1, -2, -3, -4]
    const realmKey = await coseKeyOf(keys.realm, new Map([[pick(labels), anyItem()]]))
    const changes: readonly (() => CcaOverrides)[] = [
      () => ({ platform: tokenChange() }),
      () => ({ realm: tokenChange() }),
      () => ({ platform: tokenChange(), realm: tokenChange() }),
      () => ({ realmKey }),
      () => ({ realmKey: edit(realmKey) }),
      () => ({ bindingHash: pick(['SHA-384', 'SHA-512'] as const) }),
      () => ({ binding: new Uint8Array(32) }),
      () => ({ entries: (entries) => [...entries, entry()] }),
      () => ({ entries: (entries) => [...entries].reverse() }),
      () => ({ entries: (entries) => [pick(entries), ...entries.slice(1)] }),
      () => ({
        tag: 907,
        record: (token) =>
          cbor.array(cbor.unsigned(263, pick([2, 4, 8])), cbor.bytes(token), ...(random(2) === 0 ? [] : [anyItem()])),
      }),
      () => ({ tag: pick([399, 907, 18, undefined]) }),
      () => ({ wrapper: edit }),
      () => ({ generation: pick<CcaGeneration>(['legacy', '2023', '2024', '2026']) }),
    ]
    const evidence = await makeCca(keys, { generation, ...pick(changes)() })
    const options: CcaOptions = {
      trustAnchors: [await anchorOf(keys.platform)],
      referenceValues: pick<CcaOptions['referenceValues']>([
        skipReferenceValues,
        { rim },
        { rim, rems: anyValue, personalizationValue: anyValue },
      ]),
      platform: pick<CcaOptions['platform']>([
        skipPlatformReferenceValues,
        { softwareComponents: components },
        {
          softwareComponents: components.map(({ measurement, signerId }) => ({ measurement, signerId })),
          config: 'cfcfcfcf',
        },
        { softwareComponents: components, config: { value: '0f000000', mask: '0f0000ff' } },
      ]),
      freshness: pick<CcaOptions['freshness']>([skipFreshness, { nonce }]),
      acceptedLifecycles: pick([[], ['non-rot-debug', 'recoverable-rot-debug']] as const),
      now,
    }
    return { name, format: 'cca', evidence, options }
  }

  async function psa(name: string): Promise<Question> {
    const device = pick(devices)
    const isMac = random(3) === 0
    const generation = pick<PsaGeneration>(['profile-1', 'psa-2', 'rfc-9783'])
    const size = pick([32, 48, 64])
    const covered = isMac && random(2) === 0
    const change: PsaOverrides = {
      generation,
      ...(isMac && { secret }),
      ...tokenChange(),
      // A MAC by another hash: its algorithm is in what it covers.
      ...(covered && { protectedHeader: cbor.encode(new Map([[1, { 32: 5, 48: 6, 64: 7 }[size]]])) }),
    }
    const made = await makePsa(device, change)
    const evidence = covered && size !== 32 ? await withMac(made, size) : made
    const options: PsaOptions = {
      trustAnchors: [
        (random(8) === 0) === isMac
          ? await anchorOf(device)
          : { implementationId: hex(implementationId), instanceId: hex(instanceId), secret },
      ],
      referenceValues: pick<PsaOptions['referenceValues']>([
        skipReferenceValues,
        { softwareComponents: components },
        [
          { softwareComponents: components, certificationReference: '1234567890123' },
          { softwareComponents: components.map(({ measurement, signerId }) => ({ measurement, signerId })) },
        ],
      ]),
      freshness: pick<PsaOptions['freshness']>([skipFreshness, { nonce: nonce.slice(0, 32) }]),
      acceptedLifecycles: pick([[], ['non-rot-debug', 'provisioning']] as const),
      now,
    }
    return { name, format: 'psa', evidence, options }
  }

  /** The token with a MAC of that size; what is no longer a token stays as it is. */
  async function withMac(token: Uint8Array<ArrayBuffer>, size: number): Promise<Uint8Array<ArrayBuffer>> {
    const at = token.length - 34
    if (token[at] !== 0x58 || token[at + 1] !== 32 || token[1] !== 0x84 || token[2] !== 0x43) return token
    // Array of four: header of three bytes, an empty map, the payload.
    const payload = token.slice(7, at)
    const covered = concat([0x84, 0x64], new TextEncoder().encode('MAC0'), token.slice(2, 6), [0x40], payload)
    return concat(token.slice(0, at), cbor.bytes(await mac(secret, covered, size)))
  }

  return { cca, psa }
}

function fits(argument: number, size: cbor.HeadSize): boolean {
  return argument < (size === 0 ? 24 : 256 ** size)
}
