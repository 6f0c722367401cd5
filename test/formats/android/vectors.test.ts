/**
 * Every vector of phones: chains of real devices, the same with one thing changed, WebAuthn, App
 * Attest. Verdict and reason codes are those of the manifest.
 */
import { describe, expect, test } from 'vitest'
import { AppraisalError, AttestationError, VerificationError } from '../../../src/core/errors.ts'
import {
  type AndroidKeyResult,
  decodeAndroidKeyEvidence,
  verifyAndroidKey,
} from '../../../src/formats/android/key/index.ts'
import {
  decodeAppAttestEvidence,
  verifyAppAttest,
  verifyAppAttestAssertion,
} from '../../../src/formats/apple/app-attest/index.ts'
import { detectFormat } from '../../../src/index.ts'
import { findVectors } from '../../support/vectors.ts'
import { type Facts, judgedPhones, phoneCases, type PhoneQuestion, phoneQuestionOf, timeOf } from './phone-vectors.ts'

/** What else says the same, by the stage at which the manifest's own reader refuses. */
const alike: Readonly<Record<string, readonly string[]>> = {
  shape: ['cert-parse'],
  path: ['cert-algorithm', 'cert-chain-signature'],
}

const vectors = findVectors('android')
if (!vectors.found) {
  test.skip(vectors.skipLine)
} else {
  const judged = judgedPhones(vectors)
  const cases = phoneCases(vectors)

  async function verify(question: PhoneQuestion): Promise<unknown> {
    if (question.format === 'android-key') return verifyAndroidKey(question.evidence, question.options)
    const result = await verifyAppAttest(question.evidence, question.options)
    if (question.assertion === undefined) return result
    const { evidence, options } = question.assertion
    return verifyAppAttestAssertion(evidence, { ...options, publicKey: result.publicKey as Uint8Array })
  }

  describe('vectors of phones', () => {
    test('are all there', () => {
      expect(cases.length).toBeGreaterThanOrEqual(172)
      expect(cases.filter(([, , { expected }]) => expected === 'accept').length).toBeGreaterThanOrEqual(50)
    })

    test.each(cases)('%s', async (_name, vector, at) => {
      const question = phoneQuestionOf(vectors, vector, timeOf(vector, at))
      const outcome = await verify(question).catch((error: unknown) => error)
      if (outcome instanceof Error && !(outcome instanceof AttestationError)) throw outcome
      if (at.expected === 'accept') {
        if (outcome instanceof Error) throw outcome
        expect(detectFormat(question.evidence)).toBe(question.format)
        if (vector.kind === 'evidence') holdFacts(outcome as AndroidKeyResult, vector.facts ?? {})
        return
      }
      expect(outcome).toBeInstanceOf(AttestationError)
      const error = outcome as AttestationError
      const found = error instanceof AppraisalError ? error.failures.map(({ id }) => id) : [error.code]
      // Where the manifest lists several, any of them says it; nothing fails beside.
      expect([...(at.codes ?? []), ...(alike[at.stage ?? ''] ?? [])]).toContain(found[0])
      expect(error).toBeInstanceOf(error.code.startsWith('policy-') ? AppraisalError : VerificationError)
    })

    test.each(judged.map((vector) => [vector.file, vector] as const))(
      '%s: reading leaves nothing else',
      (_, vector) => {
        const { evidence } = phoneQuestionOf(vectors, vector, new Date(0))
        for (const decode of [decodeAndroidKeyEvidence, decodeAppAttestEvidence]) {
          try {
            decode(evidence)
          } catch (error) {
            expect(error).toBeInstanceOf(VerificationError)
          }
        }
      },
    )
  })

  function holdFacts({ claims }: AndroidKeyResult, facts: Facts): void {
    const found: Required<Omit<Facts, 'environment'>> = {
      expired: claims.expiredCertificates,
      attestationVersion: claims.attestationVersion,
      keymintVersion: claims.keyMintVersion,
      challenge: Buffer.from(claims.challenge).toString('hex'),
      provisioning: claims.provisioning,
      verifiedBootKey: Buffer.from(claims.rootOfTrust.verifiedBootKey).toString('hex'),
    }
    const names = Object.keys(found) as (keyof typeof found)[]
    const said = names.filter((name) => facts[name] !== undefined)
    expect(said.map((name) => [name, found[name]])).toEqual(said.map((name) => [name, facts[name]]))
  }
}
