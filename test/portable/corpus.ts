/**
 * The corpus: our fixtures, and the vectors where they are. Real documents are asked several
 * questions each, since what they answer is known.
 */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Expected } from '../../fixtures/expected.ts'
import { findVectors } from '../support/vectors.ts'
import type { Corpus, CorpusCase, Question } from './model.ts'
import { collectPhones } from './phone-corpus.ts'
import { collectQuotes } from './quote-corpus.ts'
import { collectReports } from './report-corpus.ts'
import { collectTokens } from './token-corpus.ts'

/** What the manifest of the vectors says of one document; only what is used here. */
interface VectorDocument {
  readonly file: string
  readonly trust_root: 'aws-nitro-g1' | 'synthetic'
  readonly expected: 'valid' | 'invalid' | 'policy'
  readonly recommended?: 'accept' | 'reject'
  readonly reason?: readonly string[]
  readonly verify_at: string | null
  readonly kind?: 'enclave' | 'nitrotpm'
  readonly payload_encoding?: string
  readonly chain_valid_to?: string
  readonly debug_mode?: boolean
  readonly pcrs_nonzero?: Readonly<Record<string, string>>
  readonly nonce?: string | null
  readonly user_data?: string | null
  readonly public_key?: string | null
}

/** A corpus, with the line that says why it has no vectors, if it has none. */
export interface CollectedCorpus {
  readonly corpus: Corpus
  readonly skipLine: string | undefined
}

export async function collectCorpus(): Promise<CollectedCorpus> {
  const bytes: Record<string, string> = {}
  const keep = (name: string, content: Uint8Array): string => {
    bytes[name] = Buffer.from(content).toString('base64')
    return name
  }
  const cases = fixtureCases(keep)
  const subjects = ['fixture valid-bound']
  for (const file of ['valid.corim', 'older.corim', 'expired.corim', 'ca.der', 'other-ca.der'])
    keep(`reference ${file}`, readFileSync(new URL(`../../fixtures/reference/${file}`, import.meta.url)))
  keep('reference evidence', readFileSync(new URL('../../fixtures/nitro/valid/evidence.bin', import.meta.url)))

  const vectors = findVectors('nitro')
  if (vectors.found) {
    const { documents } = vectors.manifest as { documents: readonly VectorDocument[] }
    const synthetic = keep('synthetic root', derOf(Buffer.from(vectors.read('synthetic-root.pem')).toString()))
    for (const document of documents) {
      const evidence = keep(document.file, vectors.read(document.file))
      cases.push(...vectorCases(document, evidence, synthetic))
    }
    // One of each encoding of the payload: what the NSM wrote until 2025, and since.
    for (const encoding of ['definite', 'indefinite']) {
      const production = documents.find(
        ({ file, debug_mode, kind, payload_encoding, nonce }) =>
          file.startsWith('real/') &&
          !debug_mode &&
          kind === 'enclave' &&
          payload_encoding?.startsWith(encoding) &&
          nonce,
      )
      if (production === undefined) throw new Error(`no real document with a nonce has an ${encoding}-length payload`)
      subjects.push(production.file)
    }
  }
  const quotes = await collectQuotes(keep)
  const reports = collectReports(keep)
  const phones = collectPhones(keep)
  const tokens = collectTokens(keep)
  return {
    corpus: { bytes, cases, subjects, quotes, reports, phones, tokens },
    skipLine: vectors.found ? undefined : vectors.skipLine,
  }
}

type Keep = (name: string, content: Uint8Array) => string

function fixtureCases(keep: Keep): CorpusCase[] {
  const folder = fileURLToPath(new URL('../../fixtures/nitro', import.meta.url))
  const trustAnchor = keep('fixture root', readFileSync(join(folder, 'root.der')))
  return readdirSync(folder, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => {
      const expected = JSON.parse(readFileSync(join(folder, name, 'expected.json'), 'utf8')) as Expected
      const { format, verdict } = expected
      return {
        name: `fixture ${name}`,
        entry: format,
        evidence: keep(`fixture ${name}`, readFileSync(join(folder, name, 'evidence.bin'))),
        trustAnchor,
        question: expected,
        verdicts: [verdict === 'valid' ? verdict : verdict.code],
      }
    })
}

function vectorCases(document: VectorDocument, evidence: string, synthetic: string): CorpusCase[] {
  const isAccepted = document.expected === 'valid' || document.recommended === 'accept'
  const format = document.kind === 'nitrotpm' ? 'nitro-tpm' : 'nitro'
  const base: CorpusCase = {
    name: document.file,
    entry: format,
    evidence,
    ...(document.trust_root === 'synthetic' && { trustAnchor: synthetic }),
    question: {
      format,
      now: document.verify_at ?? '2026-01-15T12:00:00Z',
      clockSkewSeconds: 0,
      freshness: 'skipFreshness',
      referenceValues: 'skipReferenceValues',
    },
    verdicts: isAccepted ? ['valid'] : (document.reason ?? []),
  }
  if (!document.file.startsWith('real/')) return [base]
  return realCases(document, base, synthetic)
}

/**
 * A real document, asked for all that it says, and then for one thing each that it does not.
 * @param sober the case with nothing expected and debug mode not allowed
 */
function realCases(document: VectorDocument, sober: CorpusCase, synthetic: string): CorpusCase[] {
  const { format } = sober.question
  const base: CorpusCase = document.debug_mode
    ? { ...sober, question: { ...sober.question, debug: 'allowDebug' } }
    : sober
  const { nonce, user_data: userData, public_key: publicKey } = document
  const everything: Question = {
    ...base.question,
    referenceValues: Object.fromEntries(
      Object.entries(document.pcrs_nonzero ?? {}).map(([index, value]) => [`PCR${index}`, value]),
    ),
    ...(nonce && { freshness: { nonce } }),
    ...(userData && { userData }),
    ...(publicKey && { publicKey }),
  }
  const asked = (
    what: string,
    change: Partial<Omit<CorpusCase, 'question'>> & { question?: Partial<Question> },
    ...verdicts: string[]
  ): CorpusCase => ({
    ...base,
    ...change,
    question: { ...base.question, ...change.question },
    name: `${document.file}: ${what}`,
    verdicts,
  })
  const otherFormat = format === 'nitro' ? 'nitro-tpm' : 'nitro'
  return [
    { ...base, question: everything },
    asked('through the front door', { entry: 'root', question: everything }, 'valid'),
    asked('at its own time', { question: { now: 'atEvidenceTime' } }, 'valid'),
    {
      ...asked('as another kind', { entry: otherFormat }, 'policy-kind'),
      question: { ...sober.question, format: otherFormat },
    },
    asked('under another root of that name', { trustAnchor: synthetic }, 'root-mismatch'),
    asked('for another image', { question: { referenceValues: { PCR0: 'ab'.repeat(48) } } }, 'policy-pcr'),
    asked('with another nonce', { question: { freshness: { nonce: 'ab'.repeat(32) } } }, 'policy-nonce'),
    asked('a second too late', { question: { now: aSecondAfter(document.chain_valid_to as string) } }, 'cert-validity'),
    ...(document.debug_mode
      ? [{ ...asked('with debug mode not allowed', {}, 'policy-debug'), question: sober.question }]
      : []),
  ]
}

function aSecondAfter(date: string): string {
  return new Date(Date.parse(date) + 1000).toISOString()
}

function derOf(pem: string): Uint8Array {
  return Buffer.from(pem.replace(/-----[A-Z ]+-----|\s/g, ''), 'base64')
}
