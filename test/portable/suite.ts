/**
 * The portable suite: verifies the whole corpus, then hostile bytes, then what every caller relies
 * on, with nothing but the language and WebCrypto. It decides nothing: it reports, and
 * `portable.test.ts` judges the reports of all runtimes by the same rules and against each other.
 */
import { optionsOf } from '../../fixtures/expected.ts'
import { verifyEvidence } from '../../src/index.ts'
import { type NitroOptions, verifyNitro } from '../../src/formats/aws/nitro/index.ts'
import { verifyNitroTpm } from '../../src/formats/aws/nitro-tpm/index.ts'
import { basics } from './basics.ts'
import { hostileInputs } from './hostile.ts'
import type { Corpus, CorpusCase, Question, Report, Row } from './model.ts'
import { phoneRows } from './phones.ts'
import { quoteRows } from './quotes.ts'
import { reportRows } from './reports.ts'
import { referenceRows } from './references.ts'
import { rowOf } from './rows.ts'
import { tokenRows } from './tokens.ts'

export async function runSuite({ bytes, cases, subjects, quotes, reports, phones, tokens }: Corpus): Promise<Report> {
  const bytesOf = (name: string): Uint8Array => {
    const text = bytes[name]
    if (text === undefined) throw new Error(`the corpus has no bytes named ${name}`)
    // `atob` is what every runtime has.
    return Uint8Array.from(atob(text), (char) => char.charCodeAt(0))
  }

  const corpus: Row[] = []
  for (const entry of cases) {
    const root = entry.trustAnchor === undefined ? undefined : bytesOf(entry.trustAnchor)
    const options = readQuestion(entry.question, root)
    corpus.push(await rowOf(entry.name, () => verifyThrough(entry, bytesOf(entry.evidence), options)))
  }

  const hostile: Row[] = []
  const basic: Row[] = []
  for (const { name, evidence, question, trustAnchor } of cases.filter((entry) => subjects.includes(entry.name))) {
    const options = readQuestion(question, trustAnchor === undefined ? undefined : bytesOf(trustAnchor))
    for (const input of hostileInputs(name, bytesOf(evidence))) {
      hostile.push(await rowOf(input.name, () => verifyNitro(input.bytes, options)))
    }
    basic.push(...(await basics(name, bytesOf(evidence), options)))
  }
  const file = (name: string): Uint8Array => bytesOf(`reference ${name}`)
  const references = await referenceRows({
    valid: file('valid.corim'),
    older: file('older.corim'),
    expired: file('expired.corim'),
    ca: file('ca.der'),
    otherCa: file('other-ca.der'),
    evidence: bytesOf('reference evidence'),
    root: bytesOf('fixture root'),
  })
  const intel = await quoteRows(quotes, bytesOf)
  const amd = await reportRows(reports, bytesOf)
  const phone = await phoneRows(phones, bytesOf)
  const arm = await tokenRows(tokens, bytesOf)
  return {
    corpus,
    hostile: [...hostile, ...intel.hostile, ...amd.hostile, ...phone.hostile, ...arm.hostile],
    basics: basic,
    references,
    quotes: intel.rows,
    reports: amd.rows,
    phones: phone.rows,
    tokens: arm.rows,
  }
}

/** @param root left out: what the library pins */
function readQuestion(question: Question, root: Uint8Array | undefined): NitroOptions {
  const options = optionsOf({ ...question, description: '', verdict: 'valid' }, root ?? new Uint8Array())
  if (root !== undefined) return options
  return Object.fromEntries(
    Object.entries(options).filter(([name]) => name !== 'trustAnchors'),
  ) as unknown as NitroOptions
}

function verifyThrough({ entry, question }: CorpusCase, evidence: Uint8Array, options: NitroOptions): Promise<unknown> {
  switch (entry) {
    case 'nitro':
      return verifyNitro(evidence, options)
    case 'nitro-tpm':
      return verifyNitroTpm(evidence, options)
    case 'root':
      return verifyEvidence(evidence, { [question.format]: options })
  }
}
