/**
 * Arm's tokens in every runtime: fixtures, vectors where they are, and hostile bytes, through
 * `verifyCca`, `verifyPsa` and the front door.
 */
import { type ExpectedToken, tokenOptionsOf } from '../../fixtures/expected-token.ts'
import { verifyCca } from '../../src/formats/arm/cca/index.ts'
import { dangerouslyAllowTestKeys, verifyPsa } from '../../src/formats/arm/psa/index.ts'
import { verifyEvidence } from '../../src/index.ts'
import type { Row } from './model.ts'
import { rowOf } from './rows.ts'

/** What a verifier of tokens is asked, in the words of the fixtures. */
export type TokenQuestion = Omit<ExpectedToken, 'description' | 'verdict'> & { readonly testKeys?: true }

export interface TokenCase {
  readonly name: string
  /** `root` is `verifyEvidence` with options for the format. */
  readonly entry: 'cca' | 'psa' | 'root'
  /** Key of the corpus' bytes. */
  readonly evidence: string
  readonly question: TokenQuestion
  readonly verdicts: readonly string[]
}

export interface TokenCorpus {
  readonly cases: readonly TokenCase[]
  /** Names of cases that are valid: what hostile inputs are made of. */
  readonly subjects: readonly string[]
}

export async function tokenRows(
  { cases, subjects }: TokenCorpus,
  bytesOf: (name: string) => Uint8Array,
): Promise<{ readonly rows: Row[]; readonly hostile: Row[] }> {
  const rows: Row[] = []
  for (const entry of cases) rows.push(await rowOf(entry.name, () => verifyThrough(entry, bytesOf(entry.evidence))))
  const hostile: Row[] = []
  for (const entry of cases.filter(({ name }) => subjects.includes(name)))
    for (const [what, bytes] of hostileTokens(bytesOf(entry.evidence)))
      hostile.push(await rowOf(`${entry.name}: ${what}`, () => verifyThrough(entry, bytes)))
  return { rows, hostile }
}

function verifyThrough({ entry, question }: TokenCase, evidence: Uint8Array): Promise<unknown> {
  const { testKeys, ...asked } = question
  const sober = tokenOptionsOf({ ...asked, description: '', verdict: 'valid' })
  const options: typeof sober = testKeys === true ? { ...sober, testKeys: dangerouslyAllowTestKeys } : sober
  if (entry === 'root') return verifyEvidence(evidence, { [question.format]: options })
  return entry === 'cca' ? verifyCca(evidence, options) : verifyPsa(evidence, options)
}

/** None of these may verify: cut, or with a bit changed anywhere. */
function* hostileTokens(evidence: Uint8Array): Generator<readonly [what: string, bytes: Uint8Array]> {
  for (let at = 0; at < evidence.length; at += 29) yield [`cut at ${at}`, evidence.slice(0, at)]
  for (let at = 0; at < evidence.length; at += 5) {
    const bytes = evidence.slice()
    bytes[at] = (bytes[at] as number) ^ (1 << (at % 8))
    yield [`bit ${at % 8} of byte ${at} flipped`, bytes]
  }
  yield ['zeros up to more than is read', Uint8Array.from({ length: 70_000 }, (_, i) => evidence[i] ?? 0)]
  yield ['arrays in arrays', new Uint8Array(60_000).fill(0x81)]
}
