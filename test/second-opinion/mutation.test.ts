/**
 * Both opinions on evidence that was changed inside and signed again. VERITEE_MUTATIONS says on how
 * many pieces, VERITEE_SEED where the numbers begin.
 */
import { expect, test } from 'vitest'
import { patienceMs } from '../support/patience.ts'
import { askBoth, type Both } from './agreement.ts'
import { unexplained } from './differences.ts'
import { randomNumbers } from './edits.ts'
import { createMutants } from './mutants.ts'

const count = Number(process.env.VERITEE_MUTATIONS ?? 300)
const seed = Number(process.env.VERITEE_SEED ?? 17)

test(`${count} mutants`, { timeout: patienceMs * Math.ceil(count / 20_000) }, async () => {
  const next = await createMutants(randomNumbers(seed))
  const tally: Record<string, number> = {}
  const surprises: string[] = []
  for (let i = 0; i < count; i++) {
    const both: Both = await askBoth(await next(i))
    const verdicts = `${both.first}/${both.second}`
    tally[verdicts] = (tally[verdicts] ?? 0) + 1
    surprises.push(...unexplained([both]))
    if (surprises.length > 20) break
  }
  expect(surprises).toEqual([])
  // Were all of one kind, nothing would have been compared.
  expect(tally['accept/accept'] ?? 0).toBeGreaterThan(count / 50)
  expect(tally['refuse/refuse'] ?? 0).toBeGreaterThan(count / 4)
})
