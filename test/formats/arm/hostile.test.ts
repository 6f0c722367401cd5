/**
 * Hostile tokens: cut off, flipped, bombed, random. Nothing but an `AttestationError` may leave,
 * and no bit of a token may change without notice.
 */
import { describe, expect, test } from 'vitest'
import { AttestationError } from '../../../src/core/errors.ts'
import { decodeCcaEvidence, skipPlatformReferenceValues, verifyCca } from '../../../src/formats/arm/cca/index.ts'
import { decodePsaEvidence, skipFreshness, skipReferenceValues, verifyPsa } from '../../../src/formats/arm/psa/index.ts'
import { detectFormat } from '../../../src/index.ts'
import { createCcaKeys, makeCca, makePsa } from '../../attester/arm.ts'
import { concat, pattern } from '../../attester/bytes.ts'
import * as cbor from '../../attester/cbor.ts'
import { cca, device, psa } from './made.ts'

type Bytes = Uint8Array<ArrayBuffer>

/** A kind of token, asked for as little as can be: what is refused here is refused by everybody. */
interface Subject {
  readonly name: string
  readonly evidence: Bytes
  readonly verify: (evidence: Uint8Array) => Promise<unknown>
  readonly decode: (evidence: Uint8Array) => unknown
  /** Puts something else in the place of the payload that is signed first. */
  readonly withPayload: (payload: Bytes) => Promise<Bytes>
}

const lenient = {
  referenceValues: skipReferenceValues,
  freshness: skipFreshness,
  acceptedLifecycles: ['provisioning', 'assembly-and-test', 'non-rot-debug', 'recoverable-rot-debug'],
} as const
// On P-256, which is fastest.
const fast = await createCcaKeys('P-256', 'P-256')
const realm = await cca({}, { ...lenient, platform: skipPlatformReferenceValues }, fast)
const boot = await psa({}, lenient)
const subjects: readonly Subject[] = [
  {
    name: 'CCA token',
    evidence: realm.evidence,
    verify: (evidence) => verifyCca(evidence, realm.options),
    decode: decodeCcaEvidence,
    withPayload: (payload) => makeCca(fast, { platform: { payload: () => payload } }),
  },
  {
    name: 'PSA token',
    evidence: boot.evidence,
    verify: (evidence) => verifyPsa(evidence, boot.options),
    decode: decodePsaEvidence,
    withPayload: (payload) => makePsa(device, { payload: () => payload }),
  },
]

/** `valid`, `refused`, or what else left. */
async function outcomeOf(verify: () => unknown): Promise<string> {
  try {
    await verify()
    return 'valid'
  } catch (error) {
    return error instanceof AttestationError ? 'refused' : String(error)
  }
}

describe.each(subjects)('$name', ({ evidence, verify, decode, withPayload }) => {
  test('verifies as it is', async () => {
    expect(await outcomeOf(() => verify(evidence))).toBe('valid')
  })

  test('cut off at each byte', async () => {
    for (let length = 0; length < evidence.length; length++) {
      const cut = evidence.slice(0, length)
      expect([length, await outcomeOf(() => verify(cut)), await outcomeOf(() => decode(cut))]).toEqual([
        length,
        'refused',
        'refused',
      ])
    }
  })

  test('with each bit flipped once', async () => {
    const accepted: string[] = []
    for (let at = 0; at < evidence.length; at++) {
      const flipped = Array.from({ length: 8 }, async (_, bit) => {
        const changed = evidence.slice()
        changed[at] = (changed[at] as number) ^ (1 << bit)
        detectFormat(changed)
        return outcomeOf(() => verify(changed))
      })
      for (const [bit, outcome] of (await Promise.all(flipped)).entries())
        if (outcome !== 'refused') accepted.push(`bit ${bit} of byte ${at}: ${outcome}`)
    }
    expect(accepted).toEqual([])
  })

  test('followed by anything', async () => {
    for (const more of [[0], [0xff], [0xf6], evidence])
      expect(await outcomeOf(() => verify(concat(evidence, more)))).toBe('refused')
  })

  test.each<readonly [string, Bytes]>([
    ['arrays in arrays', new Uint8Array(60_000).fill(0x81)],
    ['tags in tags', new Uint8Array(60_000).fill(0xc1)],
    ['maps in maps', concat(...Array.from({ length: 20_000 }, () => [0xa1, 0x01]), [0])],
    ['an array of 2^64 - 1', cbor.head(4, 2n ** 64n - 1n, 8)],
    ['a map of 2^32', cbor.head(5, 2 ** 32, 8)],
    ['a byte string of 2^53', cbor.head(2, 2n ** 53n, 8)],
    ['a text of 2^31', cbor.head(3, 2 ** 31, 4)],
    [
      'empty maps, as many as there is room for',
      cbor.array(...Array.from({ length: 256 }, () => cbor.array(...Array.from({ length: 200 }, () => cbor.map([]))))),
    ],
    ['noise', pattern(5000)],
    ['zeros', new Uint8Array(50_000)],
  ])('with %s, as evidence, as payload and inside a claim', async (_what, bomb) => {
    expect(await outcomeOf(() => verify(bomb))).toBe('refused')
    detectFormat(bomb)
    const inside = await withPayload(cbor.map([[cbor.unsigned(10), bomb]]))
    for (const made of [await withPayload(bomb), inside]) {
      expect(await outcomeOf(() => verify(made))).toBe('refused')
      expect(await outcomeOf(() => decode(made))).toBe('refused')
    }
  })
})
