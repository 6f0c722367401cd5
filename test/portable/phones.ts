/**
 * Phones in every runtime: chains of Android, attestations and assertions of App Attest, and
 * hostile bytes.
 */
import {
  androidOptionsOf,
  appAttestOptionsOf,
  assertionOf,
  type ExpectedAndroidKey,
  type ExpectedAppAttest,
  type ExpectedAssertion,
} from '../../fixtures/expected-phone.ts'
import { verifyAndroidKey } from '../../src/formats/android/key/index.ts'
import { verifyAppAttest, verifyAppAttestAssertion } from '../../src/formats/apple/app-attest/index.ts'
import { verifyEvidence } from '../../src/index.ts'
import type { Row } from './model.ts'
import { rowOf } from './rows.ts'

type Question<Expected> = Omit<Expected, 'description' | 'verdict'>

export interface PhoneCase {
  readonly name: string
  /** Key of the corpus' bytes. */
  readonly evidence: string
  readonly trustAnchor?: string
  readonly question: Question<ExpectedAndroidKey> | Question<ExpectedAppAttest>
  /** By the key of an attestation that is valid. */
  readonly assertion?: ExpectedAssertion
  readonly verdicts: readonly string[]
}

export interface PhoneCorpus {
  readonly cases: readonly PhoneCase[]
  /** Names of cases that are valid: what hostile inputs are made of. */
  readonly subjects: readonly string[]
}

export async function phoneRows(
  { cases, subjects }: PhoneCorpus,
  bytesOf: (name: string) => Uint8Array,
): Promise<{ readonly rows: Row[]; readonly hostile: Row[] }> {
  const rows: Row[] = []
  const hostile: Row[] = []
  for (const entry of cases) {
    const evidence = bytesOf(entry.evidence)
    const root = entry.trustAnchor === undefined ? undefined : bytesOf(entry.trustAnchor)
    rows.push(await rowOf(entry.name, () => verify(entry, evidence, root)))
    if (subjects.includes(entry.name))
      for (const [what, bytes] of hostileBytes(evidence, root?.length ?? 0))
        hostile.push(await rowOf(`${entry.name}: ${what}`, () => verify(entry, bytes, root)))
  }
  return { rows, hostile }
}

async function verify(
  { question, assertion }: PhoneCase,
  evidence: Uint8Array,
  root: Uint8Array | undefined,
): Promise<unknown> {
  if (question.format === 'android-key') {
    const options = androidOptionsOf({ ...question, description: '', verdict: 'valid' }, root)
    await verifyEvidence(evidence, { 'android-key': options })
    return verifyAndroidKey(evidence, options)
  }
  const expected: ExpectedAppAttest = { ...question, description: '', verdict: 'valid' }
  const result = await verifyAppAttest(evidence, appAttestOptionsOf(expected, root))
  if (assertion === undefined) return result
  const made = assertionOf(assertion, expected, result.publicKey as Uint8Array)
  return verifyAppAttestAssertion(made.evidence, made.options)
}

/** None of these may verify: cut, with a bit changed before the root that comes along, too long. */
function* hostileBytes(evidence: Uint8Array, tail: number): Generator<readonly [what: string, bytes: Uint8Array]> {
  for (let at = 0; at < evidence.length; at += 41) yield [`cut at ${at}`, evidence.slice(0, at)]
  for (let at = 0; at < evidence.length - tail - 300; at += 23) {
    const bytes = evidence.slice()
    bytes[at] = (bytes[at] as number) ^ (1 << (at % 8))
    yield [`bit ${at % 8} of byte ${at} flipped`, bytes]
  }
  const longer = new Uint8Array(70_000)
  longer.set(evidence)
  yield ['zeros up to more than is read', longer]
}
