/**
 * What the files of exhaustive schedules have in common: a test for each scenario, and one for how
 * many there were.
 */
import { afterAll, describe, expect, test } from 'vitest'
import { explore, isRerun } from './explore.ts'
import type { Exhausted } from './scenarios.ts'

/** A test for each scenario, and one for the number of schedules. */
export function checkAll(scenarios: readonly Exhausted[], least: number): void {
  describe('model check: every schedule of a few deviations', () => {
    let sum = 0
    for (const scenario of scenarios)
      test(
        `model check: ${scenario.name}, at most ${scenario.bound} deviations`,
        async () => {
          const { schedules, ends, violations } = await explore(scenario, scenario.bound)
          sum += schedules
          expect(violations.join('\n\n')).toBe('')
          if (!isRerun()) expect([...ends]).toEqual(expect.arrayContaining([...scenario.reaches]))
        },
        noLimit,
      )

    test(`model check: at least ${least} schedules`, () => {
      if (!isRerun()) expect(sum).toBeGreaterThanOrEqual(least)
    })
    afterAll(() => {
      console.info(`model check: ${sum} schedules`)
    })
  })
}

/** Far away: the work takes as long as it takes. */
export const noLimit = 3_600_000
