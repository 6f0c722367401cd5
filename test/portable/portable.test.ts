/**
 * The portable suite in seven runtimes: every verdict is the expected one in each, and whole
 * reports (verdicts, messages, checks, claims) are the same in all. Runtimes from npm always run.
 * Browsers run where the machine has them; with VERITEE_ALL_RUNTIMES=1 a missing one is an error.
 */
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { isDeepStrictEqual } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { bundleSuite } from './bundle.ts'
import { makeFolder, removeFolder } from './cleanup.ts'
import { collectCorpus } from './corpus.ts'
import type { Report, Row } from './model.ts'
import { expectedService } from './quotes.ts'
import { expectedReferences } from './references.ts'
import { type Runtime, runtimes, type Suite } from './runtimes.ts'

const { corpus, skipLine } = await collectCorpus()
if (skipLine !== undefined) console.log(skipLine)

const here = runtimes.map((runtime) => ({ ...runtime, program: runtime.find() }))
const missing = here.filter(({ program }) => program === undefined)
const isMissingAnError = process.env.VERITEE_ALL_RUNTIMES === '1'
if (missing.length > 0)
  console.log(`portable suite: not found on this machine: ${missing.map(({ name }) => name).join(', ')}`)

let suite: Omit<Suite, 'folder'>
let work: string
let reference: Report

beforeAll(async () => {
  work = await makeFolder()
  const corpusFile = join(work, 'corpus.json')
  await writeFile(corpusFile, JSON.stringify(corpus))
  suite = { corpus, corpusFile, bundle: await bundleSuite(join(work, 'bundle')) }
  reference = await reportOf(here.find(({ name }) => name === 'Node') as (typeof here)[number])
})

afterAll(() => removeFolder(work))

/** Each run has a folder of its own, which is gone afterwards. */
async function reportOf({ name, program, run }: Runtime & { program: string | undefined }): Promise<Report> {
  if (program === undefined) throw new Error(`${name} is not on this machine`)
  const folder = await makeFolder()
  try {
    return await run(program, { ...suite, folder })
  } finally {
    await removeFolder(folder)
  }
}

it('asks something', () => {
  expect(corpus.cases.length).toBeGreaterThan(skipLine === undefined ? 500 : 30)
  expect(corpus.cases.every(({ verdicts }) => verdicts.length > 0)).toBe(true)
  expect(reference.hostile.length).toBeGreaterThan(corpus.subjects.length * 250)
  expect(reference.references.length).toBeGreaterThan(900)
  expect(reference.basics.length).toBeGreaterThan(corpus.subjects.length * 40)
  expect(reference.tokens.length).toBeGreaterThan(skipLine === undefined ? 250 : 60)
  expect(reference.hostile.filter(({ name }) => name.startsWith('fixtures/cca/')).length).toBeGreaterThan(200)
  expect(reference.quotes.length).toBeGreaterThan(skipLine === undefined ? 270 : 70)
  expect(reference.hostile.filter(({ name }) => name.startsWith('fixtures/tdx/')).length).toBeGreaterThan(300)
  expect(reference.reports.length).toBeGreaterThan(skipLine === undefined ? 600 : 35)
  expect(reference.hostile.filter(({ name }) => name.startsWith('sev-snp/')).length).toBeGreaterThan(190)
  expect(reference.phones.length).toBeGreaterThan(skipLine === undefined ? 50 : 30)
  expect(reference.hostile.filter(({ name }) => name.startsWith('fixtures/android-key/')).length).toBeGreaterThan(200)
})

describe.each(here)('$name', (runtime) => {
  const isMissing = runtime.program === undefined
  // Where a missing browser is no error, the line above has named it.
  it.skipIf(isMissing && runtime.from === 'system' && !isMissingAnError)(
    'gives every expected verdict, and the same report as Node',
    async () => {
      const report = runtime.name === 'Node' ? reference : await reportOf(runtime)
      expect(wrongVerdicts(report)).toEqual([])
      expect(differences(report, reference)).toEqual([])
    },
  )
})

function wrongVerdicts({
  corpus: rows,
  hostile,
  basics,
  references,
  quotes,
  reports,
  phones,
  tokens,
}: Report): string[] {
  const { cases, logs, certificates } = corpus.quotes
  const { measured } = corpus.reports
  const verdicts = new Map<string, readonly string[]>([
    ...[
      ...corpus.cases,
      ...cases,
      ...logs,
      ...certificates,
      ...corpus.reports.cases,
      ...measured,
      ...corpus.phones.cases,
      ...corpus.tokens.cases,
    ].map((entry) => [entry.name, entry.verdicts] as const),
    ...logs.map((entry) => [`${entry.name}: as expected`, entry.verdicts] as const),
    ...Object.entries(expectedService),
  ])
  return [
    ...[...rows, ...quotes, ...reports, ...phones, ...tokens].filter(
      ({ name, verdict }) => !verdicts.get(name)?.includes(verdict),
    ),
    ...hostile.filter(({ error }) => error !== 'VerificationError'),
    ...basics.filter(({ verdict }) => verdict !== 'ok'),
    ...reports.filter((row) => {
      const wanted = measured.find(({ name }) => name === row.name)?.measurement
      return (
        wanted !== undefined && (row.result as { readonly measurement?: string } | undefined)?.measurement !== wanted
      )
    }),
    ...references.filter(({ name, verdict, error }) =>
      name in expectedReferences ? !expectedReferences[name]?.includes(verdict) : error !== 'VerificationError',
    ),
  ].map((row) => `${told(row)}, expected ${verdicts.get(row.name)?.join(' or ') ?? 'otherwise'}`)
}

function differences(report: Report, other: Report): string[] {
  const all = ({ corpus: rows, hostile, basics, references, quotes, reports, phones, tokens }: Report): Row[] => [
    ...rows,
    ...quotes,
    ...reports,
    ...phones,
    ...tokens,
    ...hostile,
    ...basics,
    ...references,
  ]
  const [rows, others] = [all(report), all(other)]
  expect(rows.map(({ name }) => name)).toEqual(others.map(({ name }) => name))
  return rows.flatMap((row, i) =>
    isDeepStrictEqual(row, others[i]) ? [] : [`${JSON.stringify(row)}, in Node ${JSON.stringify(others[i])}`],
  )
}

function told({ name, verdict, error, message }: Row): string {
  return `${name}: ${verdict} (${error ?? 'no error'}: ${message ?? ''})`
}
