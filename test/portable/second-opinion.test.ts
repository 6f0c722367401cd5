/**
 * The second opinion in seven runtimes: it loads its libraries, agrees with the verifiers, and says
 * the same in all; in browsers under a policy that allows neither `eval` nor anything from
 * elsewhere, in the page and in a Worker. Runtimes from npm always run. Browsers run where the
 * machine has them; with VERITEE_ALL_RUNTIMES=1 a missing one is an error.
 */
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import {
  armVectors,
  fixtures,
  intelVectors,
  nitroVectors,
  type Question,
  snpVectors,
} from '../second-opinion/corpus.ts'
import { unexplained } from '../second-opinion/differences.ts'
import { bundleSuite } from './bundle.ts'
import { makeFolder, removeFolder } from './cleanup.ts'
import { type OpinionsReport, pack, type PackedQuestion } from './second-opinion/model.ts'
import { type Runtime, runtimes, type Suite } from './runtimes.ts'

const here = runtimes.map((runtime) => ({ ...runtime, program: runtime.find() }))
const missing = here.filter(({ program }) => program === undefined)
const isMissingAnError = process.env.VERITEE_ALL_RUNTIMES === '1'
if (missing.length > 0)
  console.log(`second opinion: not found on this machine: ${missing.map(({ name }) => name).join(', ')}`)

/** Some of each kind: the verdicts on all of them are tested in one runtime. */
const everyNth = (questions: readonly Question[], n: number): Question[] => questions.filter((_, i) => i % n === 0)
const questions = [
  ...everyNth(fixtures(), 2),
  ...everyNth(nitroVectors(), 12),
  ...everyNth(intelVectors(), 16),
  ...everyNth(snpVectors(), 40),
  ...everyNth(armVectors(), 12),
].map(({ name, format, evidence, options }): PackedQuestion => ({
  name,
  format,
  evidence: pack(evidence),
  options: pack(options),
}))

let work: string
let suite: Omit<Suite, 'folder'>
let reference: OpinionsReport

beforeAll(async () => {
  work = await makeFolder()
  const corpusFile = join(work, 'corpus.json')
  await writeFile(corpusFile, JSON.stringify(questions))
  const bundle = await bundleSuite(join(work, 'bundle'), new URL('second-opinion/suite.ts', import.meta.url))
  suite = { corpus: questions, corpusFile, bundle } as unknown as typeof suite
  reference = await reportOf(here.find(({ name }) => name === 'Node') as (typeof here)[number])
})

afterAll(() => removeFolder(work))

async function reportOf({ name, program, run }: Runtime & { program: string | undefined }): Promise<OpinionsReport> {
  if (program === undefined) throw new Error(`${name} is not on this machine`)
  const folder = await makeFolder()
  try {
    return (await run(program, { ...suite, folder })) as unknown as OpinionsReport
  } finally {
    await removeFolder(folder)
  }
}

it('asks something, and both opinions agree', () => {
  expect(reference.rows.map(({ name }) => name)).toEqual(questions.map(({ name }) => name))
  expect(unexplained(reference.rows)).toEqual([])
  expect(reference.rows.filter(({ second }) => second === 'accept').length).toBeGreaterThan(25)
})

describe.each(here)('$name', (runtime) => {
  const isMissing = runtime.program === undefined
  it.skipIf(isMissing && runtime.from === 'system' && !isMissingAnError)('says what Node says', async () => {
    const { rows, fromWorker } = runtime.name === 'Node' ? reference : await reportOf(runtime)
    const verdicts = (given: OpinionsReport['rows']): string[] =>
      given.map(({ name, first, second }) => `${name}: ${first}/${second}`)
    expect(verdicts(rows)).toEqual(verdicts(reference.rows))
    expect(unexplained(rows)).toEqual([])
    if (runtime.from === 'system') expect(verdicts(fromWorker ?? [])).toEqual(verdicts(reference.rows))
  })
})
