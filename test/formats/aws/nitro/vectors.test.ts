/**
 * Every document of the shared vectors: 52 that AWS signed, and about 130 that somebody broke.
 * Verdict and reason code are those of the manifest.
 */
import { refusalOf } from '../../../support/refusal.ts'
import { afterEach, describe, expect, test, vi } from 'vitest'
import {
  allowDebug,
  atEvidenceTime,
  decodeNitroEvidence,
  type NitroOptions,
  skipFreshness,
  skipReferenceValues,
  verifyNitro,
} from '../../../../src/formats/aws/nitro/index.ts'
import { type NitroTpmOptions, verifyNitroTpm } from '../../../../src/formats/aws/nitro-tpm/index.ts'
import { concat, hex, unhex } from '../../../attester/bytes.ts'
import { sha384 } from '../../../attester/nitro.ts'
import { findVectors } from '../../../support/vectors.ts'
import { omit } from './made.ts'

interface Vector {
  readonly file: string
  readonly trust_root: 'aws-nitro-g1' | 'synthetic'
  readonly expected: 'valid' | 'invalid' | 'policy'
  readonly recommended?: 'accept' | 'reject'
  readonly reason?: readonly string[]
  readonly verify_at: string | null
}

/** What the manifest says of real documents besides. */
interface RealVector extends Vector {
  readonly verify_at: string
  readonly kind: 'enclave' | 'nitrotpm'
  readonly module_id: string
  readonly timestamp_ms: number
  readonly pcr_indexes: readonly number[]
  readonly pcrs_nonzero: Readonly<Record<string, string>>
  readonly debug_mode: boolean
  readonly nonce: string | null
  readonly user_data: string | null
  readonly public_key: string | null
  readonly chain_valid_from: string
  readonly chain_valid_to: string
}

const vectors = findVectors('nitro')
if (!vectors.found) {
  test.skip(vectors.skipLine)
} else {
  const { documents } = vectors.manifest as { readonly documents: readonly Vector[] }
  const syntheticRoot = certificateOf(new TextDecoder().decode(vectors.read('synthetic-root.pem')))
  const real = documents.filter((vector): vector is RealVector => vector.file.startsWith('real/'))
  // Peers' broken documents have no time of their own; none of them gets as far as a clock.
  const timeOf = ({ verify_at }: Vector): Date => new Date(verify_at ?? '2026-01-01T00:00:00Z')
  const optionsOf = (vector: Vector): NitroOptions => ({
    referenceValues: skipReferenceValues,
    freshness: skipFreshness,
    now: timeOf(vector),
    clockSkewSeconds: 0,
    ...(vector.trust_root === 'synthetic' && { trustAnchors: [syntheticRoot] }),
  })
  /** Everything that the manifest knows of a real document is expected of it. */
  const strictOptionsOf = (vector: RealVector): NitroOptions & NitroTpmOptions => ({
    ...(optionsOf(vector) as NitroTpmOptions),
    referenceValues: Object.fromEntries(Object.entries(vector.pcrs_nonzero).map(([i, value]) => [`PCR${i}`, value])),
    ...(isGiven(vector.nonce) && { freshness: { nonce: unhex(vector.nonce) } }),
    ...(isGiven(vector.user_data) && { userData: unhex(vector.user_data) }),
    ...(isGiven(vector.public_key) && { publicKey: unhex(vector.public_key) }),
    ...(vector.debug_mode && { debug: allowDebug }),
  })
  const verifyReal = (
    vector: RealVector,
    options: NitroOptions & NitroTpmOptions,
  ): ReturnType<typeof verifyNitro | typeof verifyNitroTpm> =>
    (vector.kind === 'enclave' ? verifyNitro : verifyNitroTpm)(vectors.read(vector.file), options)

  afterEach(() => {
    vi.useRealTimers()
  })

  test('the manifest has what these tests rely on', () => {
    expect(documents).toHaveLength(180)
    expect(real).toHaveLength(52)
  })

  describe('real documents', () => {
    test.each(real.map((vector) => [vector.file, vector] as const))('%s', async (_file, vector) => {
      const { claims, attestedAt, publicKey } = await verifyReal(vector, strictOptionsOf(vector))
      expect(claims.moduleId).toBe(vector.module_id)
      expect(claims.timestamp.getTime()).toBe(vector.timestamp_ms)
      expect(attestedAt).toEqual(claims.timestamp)
      expect(Object.keys(claims.pcrs)).toEqual(vector.pcr_indexes.map((i) => `PCR${i}`))
      for (const index of vector.pcr_indexes) {
        expect(hex(claims.pcrs[`PCR${index}`] as Uint8Array)).toBe(vector.pcrs_nonzero[index] ?? '00'.repeat(48))
      }
      for (const [found, expected] of [
        [claims.nonce, vector.nonce],
        [claims.userData, vector.user_data],
        [claims.publicKey, vector.public_key],
        [publicKey, vector.public_key],
      ] as const) {
        expect(found === undefined ? null : hex(found)).toBe(expected)
      }
      expect(claims.unknownFields).toEqual([])
      if ('debug' in claims) expect(claims.debug).toBe(vector.debug_mode)
      else expect(vector.kind).toBe('nitrotpm')
    })

    test.each(real.filter(({ kind }) => kind === 'enclave').map((vector) => [vector.file, vector] as const))(
      '%s: PCR4 is the hash of the instance id in module_id',
      async (_file, vector) => {
        const { moduleId, pcrs } = decodeNitroEvidence(vectors.read(vector.file))
        const instance = new TextEncoder().encode(moduleId.replace(/-enc.*/, ''))
        expect(hex(pcrs.PCR4 as Uint8Array)).toBe(hex(await sha384(concat(new Uint8Array(48), instance))))
      },
    )

    test.each(real.filter(({ debug_mode }) => debug_mode).map((vector) => [vector.file, vector] as const))(
      '%s is a debug enclave: refused unless allowed',
      async (_file, vector) => {
        expect(await refusalOf(verifyReal(vector, optionsOf(vector) as NitroTpmOptions))).toMatchObject({
          name: 'AppraisalError',
          code: 'policy-debug',
        })
      },
    )

    test('none is of the other kind', async () => {
      for (const vector of real) {
        const verifyOther = vector.kind === 'enclave' ? verifyNitroTpm : verifyNitro
        const refusal = await refusalOf(verifyOther(vectors.read(vector.file), optionsOf(vector)))
        expect(refusal).toMatchObject({ name: 'AppraisalError', code: 'policy-kind' })
      }
    })

    test('all are valid to the end of their chain, and not a millisecond before or after it', async () => {
      for (const vector of real) {
        const at = (now: number): NitroOptions & NitroTpmOptions => ({
          ...(optionsOf(vector) as NitroTpmOptions),
          now: new Date(now),
          ...(vector.debug_mode && { debug: allowDebug }),
        })
        const [first, last] = [Date.parse(vector.chain_valid_from), Date.parse(vector.chain_valid_to)]
        expect((await verifyReal(vector, at(last))).validUntil.getTime()).toBe(last)
        for (const outside of [first - 1, last + 1]) {
          expect(await refusalOf(verifyReal(vector, at(outside)))).toMatchObject({ code: 'cert-validity' })
        }
      }
    })

    test('by the clock all have expired long ago', async () => {
      vi.useFakeTimers({ toFake: ['Date'], now: new Date('2027-01-01T00:00:00Z') })
      for (const vector of real) {
        const options = omit(optionsOf(vector), 'now')
        const refusal = await refusalOf(verifyReal(vector, { ...(options as NitroTpmOptions), clockSkewSeconds: 300 }))
        expect(refusal).toMatchObject({ name: 'VerificationError', code: 'cert-validity' })
        expect(refusal.message).toMatch(/expired.*2027-01-01T00:00:00\.000Z/)
      }
    })

    test('at their own time all verify', async () => {
      for (const vector of real) {
        const { timeSource, verifiedAt } = await verifyReal(vector, { ...strictOptionsOf(vector), now: atEvidenceTime })
        expect([timeSource, verifiedAt.getTime()]).toEqual(['evidence', vector.timestamp_ms])
      }
    })
  })

  describe('documents that somebody made', () => {
    const made = documents.filter(({ file }) => !file.startsWith('real/'))
    const isAccepted = ({ expected, recommended }: Vector): boolean =>
      expected === 'valid' || (expected === 'policy' && recommended === 'accept')

    test.each(made.filter(isAccepted).map((vector) => [vector.file, vector] as const))(
      '%s verifies',
      async (_file, vector) => {
        expect(await verifyNitro(vectors.read(vector.file), optionsOf(vector))).toMatchObject({ format: 'nitro' })
      },
    )

    test.each(
      made
        .filter((vector) => !isAccepted(vector))
        .map((vector) => [vector.file, vector.reason?.join(), vector] as const),
    )('%s is refused: %s', async (_file, _reasons, vector) => {
      const { name, code } = await refusalOf(verifyNitro(vectors.read(vector.file), optionsOf(vector)))
      expect(vector.reason).toContain(code)
      expect(name).toBe(code.startsWith('policy-') ? 'AppraisalError' : 'VerificationError')
    })

    test('none under the look-alike root verifies under the pinned one', async () => {
      const synthetic = documents.filter(({ trust_root }) => trust_root === 'synthetic')
      expect(synthetic).toHaveLength(98)
      for (const vector of synthetic) {
        const options = omit(optionsOf(vector), 'trustAnchors')
        const refusal = await refusalOf(verifyNitro(vectors.read(vector.file), { ...options, debug: allowDebug }))
        expect(refusal.name).toBe('VerificationError')
        if (isAccepted(vector)) expect(refusal.code).toBe('root-mismatch')
      }
    })
  })
}

function isGiven(value: string | null): value is string {
  return value !== null && value !== ''
}

function certificateOf(pem: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(atob(pem.replace(/-----[^-]+-----|\s/g, '')), (digit) => digit.charCodeAt(0))
}
