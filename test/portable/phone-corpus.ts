/**
 * The part of the corpus that is about phones: fixtures, and the chains of real devices where the
 * vectors are.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import type { ExpectedAssertion, ExpectedPhone } from '../../fixtures/expected-phone.ts'
import { findVectors } from '../support/vectors.ts'
import type { PhoneCase, PhoneCorpus } from './phones.ts'

type Keep = (name: string, content: Uint8Array) => string

/** What the manifest says of a chain; only what is used here. */
interface Vector {
  readonly file: string
  readonly kind: string
  readonly expected?: 'accept' | 'reject'
  readonly codes?: readonly string[]
  readonly now?: string
  readonly challenge?: string
}

const folder = new URL('../../fixtures/', import.meta.url)

/** @param keep takes bytes, and gives the name back that they have in the corpus */
export function collectPhones(keep: Keep): PhoneCorpus {
  const cases = ['android-key', 'app-attest'].flatMap((format) => fixtureCases(format, keep))
  const vectors = findVectors('android')
  if (vectors.found) {
    const { vectors: all } = vectors.manifest as { readonly vectors: readonly Vector[] }
    const chains = all.filter(({ kind, file }) => kind === 'evidence' && file.startsWith('chains/'))
    cases.push(...chains.map((vector) => chainCase(vector, keep(vector.file, vectors.read(vector.file)))))
  }
  return { cases, subjects: ['fixtures/android-key/valid', 'fixtures/android-key/valid-webauthn'] }
}

function fixtureCases(format: string, keep: Keep): PhoneCase[] {
  const read = (file: string): Uint8Array => readFileSync(new URL(`${format}/${file}`, folder))
  const json = (file: string): unknown => JSON.parse(new TextDecoder().decode(read(file)))
  const trustAnchor = keep(`${format} root`, read('root.der'))
  return readdirSync(new URL(format, folder), { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map(({ name: own }): PhoneCase => {
      const name = `fixtures/${format}/${own}`
      const { verdict, ...question } = json(`${own}/expected.json`) as ExpectedPhone
      const assertion = existsSync(new URL(`${format}/${own}/assertion.json`, folder))
        ? (json(`${own}/assertion.json`) as ExpectedAssertion)
        : undefined
      const last = assertion?.verdict ?? verdict
      return {
        name,
        evidence: keep(name, read(`${own}/evidence.bin`)),
        trustAnchor,
        question,
        ...(assertion !== undefined && { assertion }),
        verdicts: [last === 'valid' ? last : last.code],
      }
    })
}

function chainCase({ file, expected, codes, now, challenge }: Vector, evidence: string): PhoneCase {
  return {
    name: file,
    evidence,
    question: {
      format: 'android-key',
      now: now ?? '2026-11-23T00:00:00Z',
      clockSkewSeconds: 300,
      freshness: challenge === undefined ? 'skipFreshness' : { nonce: challenge },
      referenceValues: 'skipReferenceValues',
      endorsements: 'skipRevocation',
    },
    // A certificate that does not decode is as good a reason as the shape that it has.
    verdicts: expected === 'accept' ? ['valid'] : [...(codes ?? []), 'cert-parse'],
  }
}
