/**
 * The wrapper: what it hands through, what it refuses, and that it can only refuse.
 */
import { afterEach, describe, expect, test, vi } from 'vitest'
import { AppraisalError, AttestationError, VerificationError } from '../../src/core/errors.ts'
import { type AttestationResult, isAttestationResult } from '../../src/core/result.ts'
import type { Check } from '../../src/core/check.ts'
import { atEvidenceTime, type NitroOptions, skipFreshness, verifyNitro } from '../../src/formats/aws/nitro/index.ts'
import { type AndroidKeyOptions, skipRevocation, verifyAndroidKey } from '../../src/formats/android/key/index.ts'
import { skipReferenceValues } from '../../src/formats/intel/sgx/index.ts'
import { type AzureSevSnpOptions, skipVtpm, verifyAzureSevSnp } from '../../src/formats/sev-snp.ts'
import { verifyEvidence } from '../../src/index.ts'
import {
  askSecondOpinion,
  type Opinion,
  secondOpinionFormats,
  SecondOpinionError,
  withSecondOpinion,
} from '../../src/second-opinion/index.ts'
import { createCredential } from '../attester/android.ts'
import { openSnpVectors } from '../formats/amd/sev-snp/snp-vectors.ts'
import { fixture, verifiers } from './corpus.ts'

const sound = fixture('nitro/valid')
const options = sound.options as NitroOptions

async function errorOf(promise: Promise<unknown>): Promise<SecondOpinionError> {
  const error: unknown = await promise.then(
    () => undefined,
    (reason: unknown) => reason,
  )
  expect(error).toBeInstanceOf(SecondOpinionError)
  return error as SecondOpinionError
}

/** A verifier of one's own around the real one: what it changes, the second opinion must find. */
const lying =
  (change: (result: AttestationResult) => object): typeof verifyNitro =>
  async (evidence: Uint8Array, given: NitroOptions) => {
    const result = await verifyNitro(evidence, given)
    return { ...result, ...change(result) }
  }

afterEach(() => {
  vi.restoreAllMocks()
  vi.useRealTimers()
})

describe('what the verifier says', () => {
  test('its result is handed on, the very object that it made', async () => {
    let made: unknown
    const verify = withSecondOpinion(async (evidence: Uint8Array, given: NitroOptions) => {
      const result = await verifyNitro(evidence, given)
      made = result
      return result
    })
    const result = await verify(sound.evidence, options)
    expect(result).toBe(made)
    expect(isAttestationResult(result)).toBe(true)
  })

  test('its refusals are handed on as they are, and nothing else is asked', async () => {
    const asked: Opinion[] = []
    const verify = withSecondOpinion(verifyNitro, { onOpinions: (...both) => asked.push(...both) })
    const tampered = fixture('nitro/tampered-payload')
    const refusal = await verify(tampered.evidence, tampered.options as NitroOptions).catch((error: unknown) => error)
    expect(refusal).toBeInstanceOf(VerificationError)
    expect(refusal).not.toBeInstanceOf(SecondOpinionError)
    expect(refusal).toMatchObject({ code: 'cose-signature' })
    const other = fixture('nitro/wrong-pcr')
    const difference = await verify(other.evidence, other.options as NitroOptions).catch((error: unknown) => error)
    expect(difference).toBeInstanceOf(AppraisalError)
    expect((difference as AppraisalError).failures).toHaveLength(1)
    expect(asked).toEqual([])
  })

  test("a caller's mistakes are TypeErrors", async () => {
    const verify = withSecondOpinion(verifyNitro)
    await expect(verify(sound.evidence, { ...options, nonsense: 1 } as NitroOptions)).rejects.toThrow(
      new TypeError(
        'option "nonsense" must be one of trustAnchors, now, clockSkewSeconds, endorsementCache, trace, referenceValues, signedImages, userData, publicKey, debug, freshness',
      ),
    )
    await expect(verify(sound.evidence, undefined as unknown as NitroOptions)).rejects.toThrow(TypeError)
    await expect(verify('84' as unknown as Uint8Array, options)).rejects.toThrow(
      new TypeError('evidence must be a Uint8Array'),
    )
    expect(() => withSecondOpinion(undefined as unknown as typeof verifyNitro)).toThrow(
      new TypeError('withSecondOpinion takes a verifier'),
    )
    for (const patienceSeconds of [0, 601, NaN, '30' as unknown as number])
      expect(() => withSecondOpinion(verifyNitro, { patienceSeconds })).toThrow(
        new TypeError('patienceSeconds must be 1 to 600'),
      )
    expect(() => withSecondOpinion(verifyNitro, { onOpinions: 1 as never })).toThrow(
      new TypeError('onOpinions must be a function'),
    )
  })

  test('options of a class are refused by it, and not made plain', async () => {
    class Options {
      readonly referenceValues = options.referenceValues
    }
    const own = Object.assign(new Options(), options)
    await expect(withSecondOpinion(verifyNitro)(sound.evidence, own)).rejects.toThrow(
      new TypeError('options must be a plain object'),
    )
  })
})

describe('one question for both', () => {
  test('what is changed while the verifier works reaches neither', async () => {
    const evidence = sound.evidence.slice()
    const nonce = (options.freshness as { nonce: Uint8Array }).nonce.slice()
    const given = { ...options, freshness: { nonce } }
    const verified = withSecondOpinion(verifyNitro)(evidence, given)
    evidence.fill(0)
    nonce.fill(0)
    Object.assign(given, { trustAnchors: [] })
    expect((await verified).format).toBe('nitro')
  })

  test('a property that changes its mind is read once', async () => {
    let reads = 0
    const given = Object.defineProperty({ ...options }, 'now', {
      enumerable: true,
      get: () => {
        reads++
        return options.now
      },
    })
    await withSecondOpinion(verifyNitro)(sound.evidence, given)
    expect(reads).toBe(1)
  })

  test('by the clock, where no time is given', async () => {
    vi.useFakeTimers({ toFake: ['Date'], now: new Date('2026-06-02T00:00:00Z') })
    const { now, ...own } = options
    expect(now).toBeInstanceOf(Date)
    const { verifiedAt } = await withSecondOpinion(verifyNitro)(sound.evidence, own)
    expect(verifiedAt).toEqual(new Date('2026-06-02T00:00:00Z'))
  })

  test('at its own time, in an archive', async () => {
    const { clockSkewSeconds, ...own } = options
    expect(clockSkewSeconds).toBe(300)
    const { timeSource } = await withSecondOpinion(verifyNitro)(sound.evidence, { ...own, now: atEvidenceTime })
    expect(timeSource).toBe('evidence')
  })

  test('verifyEvidence has the options of each format under its name', async () => {
    const verify = withSecondOpinion(verifyEvidence)
    expect(await verify(sound.evidence, { nitro: options })).toMatchObject({ format: 'nitro' })
    const td = fixture('tdx/valid')
    expect(await verify(td.evidence, { tdx: td.options as never })).toMatchObject({ format: 'tdx' })
  })
})

describe('every value of a result is compared', () => {
  const lies: readonly (readonly [what: string, change: (result: AttestationResult) => object, path: string])[] = [
    ['a claim', ({ claims }) => ({ claims: { ...(claims as object), moduleId: 'i-0' } }), 'claims.moduleId'],
    [
      'a claim that is not there',
      ({ claims }) => ({ claims: { ...(claims as object), nonce: undefined } }),
      'claims.nonce',
    ],
    ['a claim too many', ({ claims }) => ({ claims: { ...(claims as object), more: true } }), 'claims.more'],
    [
      'a text for a number',
      ({ claims }) => ({ claims: { ...(claims as object), timestamp: '1780315200250' } }),
      'claims.timestamp',
    ],
    ['the end of its validity', () => ({ validUntil: new Date('2050-01-01T00:00:00Z') }), 'result.validUntil'],
    ['what matched', () => ({ matched: 'another' }), 'result.matched'],
    ['the key', () => ({ publicKey: new Uint8Array(32) }), 'result.publicKey'],
    ['when it was made', () => ({ attestedAt: new Date('2026-01-01T00:00:00Z') }), 'result.attestedAt'],
    ['how far clocks are apart', () => ({ clockOffsetSeconds: 1 }), 'result.clockOffsetSeconds'],
  ]
  test.each(lies)('%s', async (_what, change, path) => {
    const { code, message, first, second, checks } = await errorOf(
      withSecondOpinion(lying(change))(sound.evidence, options),
    )
    expect(code).toBe('second-opinion-disagrees')
    expect(message).toContain(`the two opinions differ in ${path}: the verifier reads `)
    expect([first.says, second.says]).toEqual(['accepts', 'accepts'])
    expect(checks.at(-1)).toMatchObject({
      id: 'second-opinion-disagrees',
      stage: 'verify',
      outcome: 'fail',
      summary: message,
    })
  })

  test('the time', async () => {
    const verify = withSecondOpinion(lying(() => ({ verifiedAt: new Date('2030-01-01T00:00:00Z') })))
    expect((await errorOf(verify(sound.evidence, options))).message).toBe('the verifier took another time for now')
    const { now, ...own } = options
    expect(now).toBeInstanceOf(Date)
    expect((await errorOf(verify(sound.evidence, own))).message).toBe('the verifier took another time for now')
  })

  test('the identity of a machine is in no message', async () => {
    const td = fixture('tdx/valid')
    const verify = withSecondOpinion(async (evidence: Uint8Array, given: object) => {
      const result = await (verifiers.tdx as (typeof verifiers)[string])(evidence, given)
      const claims = result.claims as { platform: object }
      return { ...result, claims: { ...claims, platform: { ...claims.platform, ppid: new Uint8Array(16) } } }
    })
    expect((await errorOf(verify(td.evidence, td.options))).message).toBe(
      'the two opinions differ in claims.platform.ppid',
    )
  })

  test('a verifier that accepts anything is not believed', async () => {
    const tampered = fixture('nitro/tampered-payload')
    const { claims, ...others } = await verifyNitro(sound.evidence, options)
    const gullible = (async () => Promise.resolve({ ...others, claims })) as unknown as typeof verifyNitro
    const { code, message, cause } = await errorOf(
      withSecondOpinion(gullible)(tampered.evidence, tampered.options as NitroOptions),
    )
    expect([code, message]).toEqual([
      'second-opinion-disagrees',
      'the second opinion refuses what the verifier accepts (cose-signature): document signed by the leaf key: does not hold',
    ])
    expect(cause).toBeInstanceOf(AttestationError)
  })
})

describe('what leaves', () => {
  test('the error has no result, only what was said', async () => {
    const { first } = await errorOf(withSecondOpinion(lying(() => ({ matched: 'another' })))(sound.evidence, options))
    expect(isAttestationResult(first)).toBe(false)
    expect(Object.keys(first).sort()).toEqual(['checks', 'claims', 'code', 'durationMs', 'format', 'message', 'says'])
  })

  test('a trace gets one more check, the last', async () => {
    const seen: Check[] = []
    const { checks } = await withSecondOpinion(verifyNitro)(sound.evidence, {
      ...options,
      trace: (check) => seen.push(check),
    })
    expect(seen.slice(0, -1)).toEqual(checks)
    expect(seen.at(-1)).toMatchObject({
      id: 'second-opinion-disagrees',
      stage: 'verify',
      outcome: 'pass',
      summary: 'a second opinion agrees',
    })
  })

  test('both opinions are shown when both were formed', async () => {
    const shown: (readonly [Opinion, Opinion])[] = []
    await withSecondOpinion(verifyNitro, { onOpinions: (first, second) => shown.push([first, second]) })(
      sound.evidence,
      options,
    )
    expect(shown).toHaveLength(1)
    const [[first, second]] = shown as [[Opinion, Opinion]]
    expect([first.says, second.says, first.format, second.format]).toEqual(['accepts', 'accepts', 'nitro', 'nitro'])
    expect(second.checks.length).toBeGreaterThan(20)
    expect(second.checks.every(({ outcome }) => outcome === 'pass')).toBe(true)
    expect(second.claims).toEqual(first.claims)
    await expect(
      withSecondOpinion(verifyNitro, {
        onOpinions: () => {
          throw new RangeError('enough')
        },
      })(sound.evidence, options),
    ).rejects.toThrow(new RangeError('enough'))
  })
})

describe('second-opinion-unavailable', () => {
  test('a format without one', async () => {
    const verify = withSecondOpinion(lying(() => ({ format: 'other' })))
    const { code, message, second } = await errorOf(verify(sound.evidence, options))
    expect([code, message]).toEqual([
      'second-opinion-unavailable',
      'the second opinion: there is none of the format "other"',
    ])
    expect(second).toMatchObject({ says: 'cannot say', code: 'second-opinion-unavailable', claims: undefined })
    expect(secondOpinionFormats()).toEqual(Object.keys(verifiers))
  })

  const vectors = openSnpVectors()
  if (typeof vectors === 'string') test.skip(vectors)
  else
    test("a carrier: Azure's wrapping", async () => {
      const entry = vectors.azure.find(
        ({ expect: { verdict }, options: { vtpm } }) => verdict === 'accept' && vtpm === 'skip',
      )
      if (entry === undefined) throw new Error('no vector of Azure without a virtual TPM')
      const given = { ...vectors.optionsOf(entry), vtpm: skipVtpm } as unknown as AzureSevSnpOptions
      const verify = withSecondOpinion(verifyAzureSevSnp)
      const { code, message } = await errorOf(verify({ hclReport: vectors.read(entry.hcl) }, given))
      expect([code, message]).toEqual([
        'second-opinion-unavailable',
        'the second opinion: there is one only of evidence that is bytes, at most 65536',
      ])
    })

  test('a promise that does not come is not waited for', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
    let isAsked: (value?: unknown) => void = () => undefined
    const asked = new Promise((resolve) => {
      isAsked = resolve
    })
    const verify = withSecondOpinion(
      async (evidence: Uint8Array, given: NitroOptions) => {
        const result = await verifyNitro(evidence, given)
        vi.spyOn(crypto.subtle, 'verify').mockImplementation(() => {
          isAsked()
          return new Promise(() => undefined)
        })
        return result
      },
      { patienceSeconds: 5 },
    )
    const ended = errorOf(verify(sound.evidence, options))
    await asked
    vi.advanceTimersByTime(5000)
    const { code, message } = await ended
    expect([code, message]).toEqual([
      'second-opinion-unavailable',
      'the second opinion: it was not formed within 5 seconds',
    ])
  })

  test('no timer is left behind', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
    await withSecondOpinion(verifyNitro)(sound.evidence, options)
    expect(vi.getTimerCount()).toBe(0)
  })
})

describe('askSecondOpinion', () => {
  test('always has an opinion', async () => {
    expect(await askSecondOpinion(sound)).toMatchObject({ says: 'accepts', code: undefined })
    expect(await askSecondOpinion({ ...sound, format: 'other' })).toMatchObject({
      says: 'cannot say',
      code: 'second-opinion-unavailable',
    })
    expect(await askSecondOpinion({ ...sound, evidence: new Uint8Array() })).toMatchObject({
      says: 'refuses',
      code: 'cose-shape',
    })
    expect(await askSecondOpinion({ ...sound, evidence: new Uint8Array(65_537) })).toMatchObject({ says: 'cannot say' })
    expect(await askSecondOpinion({ ...sound, options: {} })).toMatchObject({ says: 'refuses', code: 'root-mismatch' })
    expect(
      await askSecondOpinion({
        ...sound,
        options: { ...options, freshness: skipFreshness, referenceValues: skipReferenceValues },
      }),
    ).toMatchObject({ says: 'accepts' })
  })

  test('options that no verifier would take are refused, not repaired', async () => {
    for (const change of [
      { freshness: {} },
      { freshness: undefined },
      { referenceValues: [] },
      { referenceValues: {} },
      { trustAnchors: [] },
      { clockSkewSeconds: -1 },
    ])
      expect(await askSecondOpinion({ ...sound, options: { ...options, ...change } })).toMatchObject({
        says: 'refuses',
      })
  })
})

describe('what is not there is not made up', () => {
  const refusing = { says: 'refuses' }

  test('a page that does not deny to be inside another is refused by both', async () => {
    const now = new Date('2026-06-01T00:00:00Z')
    for (const [crossOrigin, isSound] of [
      [false, true],
      [undefined, true],
      [null, false],
      [true, false],
      ['false', false],
      [0, false],
    ] as const) {
      const { evidence, clientDataJSON, root } = await createCredential({ now }, { clientData: { crossOrigin } })
      const asked: AndroidKeyOptions = {
        freshness: skipFreshness,
        referenceValues: skipReferenceValues,
        endorsements: skipRevocation,
        webauthn: { clientDataJSON, rpId: 'veritee.example', origins: ['https://veritee.example'] },
        trustAnchors: [root],
        now,
      }
      const second = await askSecondOpinion({ format: 'android-key', evidence, options: asked })
      const first = verifyAndroidKey(evidence, asked)
      if (isSound) {
        await expect(first).resolves.toMatchObject({ format: 'android-key' })
        expect(second).toMatchObject({ says: 'accepts' })
      } else {
        await expect(first).rejects.toMatchObject({ code: 'webauthn-client-data' })
        expect(second).toMatchObject({ ...refusing, code: 'webauthn-client-data' })
      }
    }
  })

  test('options of a format that are undefined: the verifier refuses, and nothing else is asked', async () => {
    const verify = withSecondOpinion(verifyEvidence)
    for (const others of [{}, { tdx: options as never }]) {
      const asked = verify(sound.evidence, { nitro: undefined as never, ...others })
      await expect(asked).rejects.toMatchObject({ code: 'format-refused' })
    }
    await expect(verify(sound.evidence, { nitro: null as never })).rejects.toThrow(TypeError)
    // What is undefined beside the right one is of no weight.
    await expect(verify(sound.evidence, { nitro: options, tdx: undefined as never })).resolves.toMatchObject({
      format: 'nitro',
    })
  })

  test('a verifier that does not mind is not believed', async () => {
    const careless = withSecondOpinion<Uint8Array, object, AttestationResult>((evidence) =>
      verifyNitro(evidence, options),
    )
    for (const own of [
      { nitro: undefined },
      { nitro: null },
      { nitro: 5 },
      { nitro: {} },
      {},
      { ...options, referenceValues: undefined },
      { ...options, freshness: undefined },
      { ...options, freshness: { nonce: undefined } },
      { ...options, freshness: {} },
    ]) {
      const { code, first, second } = await errorOf(careless(sound.evidence, own))
      expect(code).toBe('second-opinion-disagrees')
      expect([first, second]).toMatchObject([{ says: 'accepts' }, refusing])
    }
  })

  test('a format that is undefined has no opinion', async () => {
    for (const format of [undefined, null, '', 'none', '__proto__'] as string[])
      expect(await askSecondOpinion({ format, evidence: sound.evidence, options })).toMatchObject({
        says: 'cannot say',
      })
    const nameless = withSecondOpinion(lying(() => ({ format: undefined })))
    expect((await errorOf(nameless(sound.evidence, options))).code).toBe('second-opinion-unavailable')
  })
})
