/**
 * Private AI in seven runtimes: `veritee/ai`, `veritee/dstack` and profiles say the same of every
 * report in each. Runtimes from npm always run. Browsers run where the machine has them; with
 * VERITEE_ALL_RUNTIMES=1 a missing one is an error.
 */
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { unexpectedIn } from '../ai/vector-case.ts'
import { collectAiCorpus } from './ai/corpus.ts'
import type { AiReport } from './ai/model.ts'
import { bundleSuite } from './bundle.ts'
import { makeFolder, removeFolder } from './cleanup.ts'
import { type Runtime, runtimes, type Suite } from './runtimes.ts'

const { skipLine, ...corpus } = await collectAiCorpus()
if (skipLine !== undefined) console.log(skipLine)

const here = runtimes.map((runtime) => ({ ...runtime, program: runtime.find() }))
const missing = here.filter(({ program }) => program === undefined)
const isMissingAnError = process.env.VERITEE_ALL_RUNTIMES === '1'
if (missing.length > 0)
  console.log(`private AI: not found on this machine: ${missing.map(({ name }) => name).join(', ')}`)

let work: string
let suite: Omit<Suite, 'folder'>
let reference: AiReport

beforeAll(async () => {
  work = await makeFolder()
  const corpusFile = join(work, 'corpus.json')
  await writeFile(corpusFile, JSON.stringify(corpus))
  const bundle = await bundleSuite(join(work, 'bundle'), new URL('ai/suite.ts', import.meta.url))
  suite = { corpus, corpusFile, bundle } as unknown as typeof suite
  reference = await reportOf(here.find(({ name }) => name === 'Node') as (typeof here)[number])
})

afterAll(() => removeFolder(work))

async function reportOf({ name, program, run }: Runtime & { program: string | undefined }): Promise<AiReport> {
  if (program === undefined) throw new Error(`${name} is not on this machine`)
  const folder = await makeFolder()
  try {
    return (await run(program, { ...suite, folder })) as unknown as AiReport
  } finally {
    await removeFolder(folder)
  }
}

it('asks something', () => {
  expect(corpus.cases.length).toBeGreaterThan(skipLine === undefined ? 190 : 9)
  expect(reference.rows.map(({ id }) => id)).toEqual(corpus.cases.map(({ id }) => id))
  expect(reference.rows.filter(({ verdict }) => verdict === 'accept').length).toBeGreaterThan(0)
})

describe.each(here)('$name', (runtime) => {
  const isMissing = runtime.program === undefined
  // Where a missing browser is no error, the line above has named it.
  it.skipIf(isMissing && runtime.from === 'system' && !isMissingAnError)(
    'gives every expected verdict, and says what Node says',
    async () => {
      const { rows } = runtime.name === 'Node' ? reference : await reportOf(runtime)
      const wrong = corpus.cases.flatMap((one, i) => {
        const row = rows[i]
        return row === undefined ? [`${one.id}: no row`] : unexpectedIn(one, row).map((text) => `${one.id}: ${text}`)
      })
      expect(wrong).toEqual([])
      expect(rows).toEqual(reference.rows)
    },
  )
})
