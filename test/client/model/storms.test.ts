/**
 * Deep schedules that chance makes, and what the others need: that there are enough, and that a
 * schedule says all.
 */
import { describe, expect, test } from 'vitest'
import { noLimit } from './check.ts'
import { follow, listOf, randomly } from './choices.ts'
import { exploreByChance, isRerun, rerun } from './explore.ts'
import { parties } from './parties.ts'
import { runSchedule } from './schedule.ts'
import { shares, storms } from './scenarios.ts'

describe('model check: schedules by chance', () => {
  let sum = 0
  for (const scenario of storms)
    test(
      `model check: ${scenario.name}`,
      async () => {
        const { schedules, ends, violations } = await exploreByChance(scenario, shares.storms / storms.length)
        sum += schedules
        expect(violations.join('\n\n')).toBe('')
        if (!isRerun()) expect([...ends]).toEqual(expect.arrayContaining(['read', 'client-closed', 'aborted']))
      },
      noLimit,
    )

  test('model check: at least 20,000 schedules in all', () => {
    if (!isRerun()) expect(sum).toBeGreaterThanOrEqual(shares.storms)
    expect(Object.values(shares).reduce<number>((all, share) => all + share, 0)).toBeGreaterThanOrEqual(20_000)
  })

  test(
    'model check: a schedule that is run again does the same',
    async () => {
      for (const scenario of storms)
        for (let seed = 1; seed <= 20; seed++) {
          const path = follow([], randomly(seed, 0.6))
          const first = await runSchedule(scenario, path.choose, await parties())
          expect(first.trace.length).toBeGreaterThan(3)
          expect(await rerun(scenario, listOf(path.made))).toEqual(first)
        }
    },
    noLimit,
  )
})
