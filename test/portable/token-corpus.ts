/**
 * The part of the corpus that is about Arm's tokens: fixtures, and the vectors where they are.
 */
import { readdirSync, readFileSync } from 'node:fs'
import type { ExpectedAnchor, ExpectedToken } from '../../fixtures/expected-token.ts'
import { findVectors } from '../support/vectors.ts'
import type { TokenCase, TokenCorpus, TokenQuestion } from './tokens.ts'

type Keep = (name: string, content: Uint8Array) => string

/** What the manifests say of one vector; only what is used here. */
interface Vector {
  readonly kind: string
  readonly file: string
  readonly expected: 'accept' | 'reject'
  readonly codes?: readonly string[]
  readonly nonce?: string
  readonly challenge?: string
  readonly facts?: { readonly claims?: { readonly nonce?: string; readonly realmChallenge?: string } }
  readonly policy?: object
  readonly anchors?: string
}

interface Anchor extends ExpectedAnchor {
  readonly file?: string
  readonly jwk?: JsonWebKey
  readonly hmac?: string
}

interface Manifest {
  readonly vectors: readonly Vector[]
  readonly trustAnchors: Readonly<Record<string, Anchor>>
  readonly madeAnchors: readonly Anchor[]
  readonly generatedAnchors: readonly Anchor[]
}

const folder = new URL('../../fixtures/', import.meta.url)

/** @param keep takes bytes, and gives the name back that they have in the corpus */
export function collectTokens(keep: Keep): TokenCorpus {
  const cases = (['cca', 'psa'] as const).flatMap((format) => fixtureCases(format, keep))
  const subjects = ['fixtures/cca/valid', 'fixtures/psa/valid', 'fixtures/psa/valid-mac']
  return { cases: [...cases, ...(['cca', 'psa'] as const).flatMap((format) => vectorCases(format, keep))], subjects }
}

function fixtureCases(format: 'cca' | 'psa', keep: Keep): TokenCase[] {
  return readdirSync(new URL(format, folder), { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .flatMap(({ name: own }) => {
      const name = `fixtures/${format}/${own}`
      const read = (file: string): Buffer => readFileSync(new URL(`${format}/${own}/${file}`, folder))
      const { verdict, ...question } = JSON.parse(read('expected.json').toString()) as ExpectedToken
      const entry: TokenCase = {
        name,
        entry: format,
        evidence: keep(name, read('evidence.bin')),
        question,
        verdicts: [verdict === 'valid' ? verdict : verdict.code],
      }
      return verdict === 'valid'
        ? [entry, { ...entry, name: `${name}: through the front door`, entry: 'root' }]
        : [entry]
    })
}

/**
 * All that are asked for authenticity only, and need no key on P-521, which not every runtime has:
 * their verdict is the same everywhere.
 */
function vectorCases(format: 'cca' | 'psa', keep: Keep): TokenCase[] {
  const vectors = findVectors(format)
  if (!vectors.found) return []
  const { trustAnchors, madeAnchors, generatedAnchors, vectors: all } = vectors.manifest as Manifest
  const keyOf = (file: string): JsonWebKey => JSON.parse(new TextDecoder().decode(vectors.read(file))) as JsonWebKey
  const own =
    format === 'cca'
      ? Object.values(trustAnchors).map((anchor) => ({ ...anchor, jwk: keyOf(anchor.file ?? '') }))
      : [...madeAnchors, ...generatedAnchors]
  const anchors = own.map(({ implementationId, instanceId, jwk, hmac }) => ({
    implementationId,
    instanceId,
    ...(hmac === undefined ? { key: jwk as JsonWebKey } : { secret: hmac }),
  }))
  const isAsked = ({ kind, file, policy, expected, codes }: Vector): boolean =>
    kind === 'evidence' &&
    policy === undefined &&
    (format === 'cca' || !file.startsWith('tokens/')) &&
    (expected === 'accept' || codes !== undefined)
  return all.filter(isAsked).map(({ file, expected, codes = [], nonce, challenge, facts }) => {
    const given = nonce ?? challenge ?? facts?.claims?.nonce ?? facts?.claims?.realmChallenge ?? ''
    const sizes = format === 'cca' ? [128] : [64, 96, 128]
    const question: TokenQuestion = {
      format,
      now: '2026-11-29T00:00:00Z',
      trustAnchors: anchors,
      freshness: sizes.includes(given.length) ? { nonce: given } : 'skipFreshness',
      referenceValues: 'skipReferenceValues',
      ...(format === 'cca' && { platform: 'skipPlatformReferenceValues' }),
      testKeys: true,
    }
    const name = `vectors/${format}/${file}`
    return {
      name,
      entry: format,
      evidence: keep(name, vectors.read(file)),
      question,
      verdicts: expected === 'accept' ? ['valid'] : codes,
    }
  })
}
