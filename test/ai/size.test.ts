/**
 * What private AI costs a page beside what it uses: certificates, event logs and the channel are
 * paid for by the verifier and the client already.
 */
import { expect, test } from 'vitest'
import { ownBytes } from '../bench/own-bytes.ts'

test.each([
  ['veritee/ai', 'src/ai/index.ts', ['src/ai', 'src/profiles'], 9216],
  ['veritee/dstack', 'src/dstack/index.ts', ['src/dstack'], 4096],
] as const)('%s is within its budget', async (_name, entry, folders, budget) => {
  const bytes = await ownBytes(entry, folders)
  expect(bytes).toBeLessThanOrEqual(budget)
  // A bundle of nothing would be within any budget.
  expect(bytes).toBeGreaterThan(1000)
})
