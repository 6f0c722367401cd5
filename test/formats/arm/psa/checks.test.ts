/**
 * Every rule of a PSA verification, broken alone: the reason, its class and what its message says.
 * MACs have their own tests here.
 */
import { describe, expect, test } from 'vitest'
import { AppraisalError, VerificationError } from '../../../../src/core/errors.ts'
import { verifyPsa } from '../../../../src/formats/arm/psa/index.ts'
import { implementationId, instanceId, mac, makePsa, type PsaOverrides } from '../../../attester/arm.ts'
import { concat, pattern } from '../../../attester/bytes.ts'
import * as cbor from '../../../attester/cbor.ts'
import { device, psa, refusalOf } from '../made.ts'
import { negativeCases } from './negative-cases.ts'

describe('a PSA token is refused for', () => {
  test.each(negativeCases)('$code: $rule', async ({ code, message, change, options }) => {
    const made = await psa(change, options)
    const refusal = await refusalOf(verifyPsa(made.evidence, made.options))
    expect(refusal.code).toBe(code)
    expect(refusal.message).toMatch(message)
    expect(refusal).toBeInstanceOf(code.startsWith('policy-') ? AppraisalError : VerificationError)
    const failed = refusal.checks.filter(({ outcome }) => outcome === 'fail')
    expect(failed.map(({ id }) => id)).toEqual([code])
    if (refusal instanceof AppraisalError) expect(refusal.failures).toEqual(failed)
    else expect(refusal.checks.at(-1)).toBe(failed[0])
  })
})

describe('MACs, where the trust anchor is a secret', () => {
  const secret = pattern(32, 5)
  const anchor = { implementationId, instanceId, secret }
  const verify = async (change: PsaOverrides, by: Uint8Array = secret): Promise<unknown> => {
    const { options } = await psa({}, { trustAnchors: [{ ...anchor, secret: by }] })
    return verifyPsa(await makePsa(device, { secret, ...change }), options)
  }
  /** A MAC under another algorithm: the header, and the tag that goes with it. */
  const under = async (algorithm: number, size: number, by: Uint8Array = secret): Promise<PsaOverrides> => {
    let covered: Uint8Array = new Uint8Array()
    const header = cbor.encode(new Map([[1, algorithm]]))
    await makePsa(device, {
      secret,
      protectedHeader: header,
      structure: (parts) => {
        const [context, ...items] = parts
        covered = cbor.array(cbor.text(context ?? new Uint8Array()), ...items.map((item) => cbor.bytes(item)))
        return parts
      },
    })
    const tag = await mac(by, covered, size)
    return { protectedHeader: header, proof: () => tag }
  }

  test.each([
    [5, 32],
    [6, 48],
    [7, 64],
  ])('hold under algorithm %i', async (algorithm, size) => {
    await expect(verify(await under(algorithm, size))).resolves.toMatchObject({ format: 'psa', matched: 'firmware' })
  })

  test.each([16, 32, 64, 128])('hold with a secret of %i bytes', async (length) => {
    const own = pattern(length, 0x30)
    await expect(verify(await under(5, 32, own), own)).resolves.toMatchObject({ format: 'psa' })
  })

  test.each<readonly [rule: string, code: string, message: RegExp, change: () => PsaOverrides | Promise<PsaOverrides>]>(
    [
      [
        'another secret',
        'cose-mac',
        /^token: MAC: does not match the secret of the trust anchor$/,
        () => ({ secret: pattern(32, 6) }),
      ],
      ['a tag of zeros', 'cose-mac', /does not match/, () => ({ proof: (proof) => new Uint8Array(proof.length) })],
      [
        'the context of a signature',
        'cose-mac',
        /does not match/,
        () => ({ structure: ([, ...parts]) => [new TextEncoder().encode('Signature1'), ...parts] }),
      ],
      [
        'another algorithm than that of the tag',
        'cose-signature-length',
        /^token: bytes of the MAC: expected 48, found 32$/,
        () => ({ protectedHeader: cbor.encode(new Map([[1, 6]])) }),
      ],
      [
        'a tag cut to 64 bits',
        'cose-alg',
        /^token: alg: expected 5, 6 or 7, found 4$/,
        () => ({ protectedHeader: cbor.encode(new Map([[1, 4]])), proof: (proof) => proof.slice(0, 8) }),
      ],
      [
        'a tag cut under the name of a whole one',
        'cose-signature-length',
        /expected 32, found 8$/,
        () => ({ proof: (proof) => proof.slice(0, 8) }),
      ],
      [
        'an algorithm that signs',
        'cose-alg',
        /found -7$/,
        () => ({ protectedHeader: cbor.encode(new Map([[1, -7]])) }),
      ],
      [
        'a signature',
        'cose-tag',
        /^token: tag: expected 17 \(COSE_Mac0\): the trust anchor is a secret, found 18$/,
        () => ({ secret: undefined as never }),
      ],
      ['a MAC under the tag of signatures', 'cose-tag', /found 18$/, () => ({ tag: 18 })],
    ],
  )('are refused for %s', async (_rule, code, message, change) => {
    const refusal = await refusalOf(verify(await change()))
    expect(refusal).toMatchObject({ name: 'VerificationError', code })
    expect(refusal.message).toMatch(message)
  })

  test('cover every byte of header and payload', async () => {
    const evidence = await makePsa(device, { secret })
    const { options } = await psa({}, { trustAnchors: [anchor] })
    for (let at = 0; at < evidence.length; at += 11) {
      const changed = evidence.slice()
      changed[at] = (changed[at] as number) ^ (1 << (at % 8))
      await expect(verifyPsa(changed, options)).rejects.toMatchObject({ name: 'VerificationError' })
    }
  })

  test.each<readonly [string, unknown]>([
    ['beside a key', { ...anchor, key: {} }],
    ['of 15 bytes', { ...anchor, secret: pattern(15) }],
    ['of 129 bytes', { ...anchor, secret: pattern(129) }],
    ['as text', { ...anchor, secret: 'ab'.repeat(32) }],
    ['that is published', { ...anchor, secret: concat([0xa9, 0xb4, 0x54, 0xb2, 0x6d, 0x6f, 0x90, 0xa4], pattern(24)) }],
  ])('need no secret %s', async (_what, wrong) => {
    const { evidence, options } = await psa({}, { trustAnchors: [wrong] })
    await expect(verifyPsa(evidence, options)).rejects.toThrow(/^trustAnchors\[0\]/)
    await expect(verifyPsa(evidence, options)).rejects.toBeInstanceOf(TypeError)
  })
})
