/**
 * Runs schedules, counts them, and reports those that break a property so that they can be run
 * again.
 */
import { type Choice, exhaust, follow, listOf, randomly } from './choices.ts'
import { parties } from './parties.ts'
import type { Scenario } from './scenario.ts'
import { type Outcome, runSchedule, type Sabotage } from './schedule.ts'

/** What came of a scenario. */
export interface Report {
  /** Different schedules. */
  readonly schedules: number
  /** How requests ended, in any of them. */
  readonly ends: ReadonlySet<string>
  /** The first schedules that broke a property, ready to be read. */
  readonly violations: readonly string[]
}

const maximumReports = 3

/** One schedule, from its list of choices. */
export async function rerun(scenario: Scenario, given: readonly number[], sabotage?: Sabotage): Promise<Outcome> {
  return runSchedule(scenario, follow(given, () => 0).choose, await parties(), sabotage)
}

/**
 * Every schedule of a scenario with at most `bound` deviations.
 * @param sabotage what is broken on purpose: then the first violation is the end
 */
export async function explore(scenario: Scenario, bound: number, sabotage?: Sabotage): Promise<Report> {
  const { report, run, isOver } = await begin(scenario, sabotage)
  const asked = askedFor(scenario)
  if (asked === undefined) await exhaust(bound, (given) => (isOver() ? Promise.resolve([]) : run(given, () => 0)))
  else await run(asked, () => 0)
  return report()
}

/** That many different schedules of a scenario, made by chance, always the same ones. */
export async function exploreByChance(scenario: Scenario, schedules: number): Promise<Report> {
  const { report, run } = await begin(scenario)
  const asked = askedFor(scenario)
  if (asked !== undefined) await run(asked, () => 0)
  else
    for (let seed = 1; report().schedules < schedules && seed < 2 * schedules; seed++)
      await run([], randomly(seed, 0.6))
  return report()
}

async function begin(
  scenario: Scenario,
  sabotage?: Sabotage,
): Promise<{
  readonly report: () => Report
  readonly run: (given: readonly number[], otherwise: (options: number) => number) => Promise<readonly Choice[]>
  readonly isOver: () => boolean
}> {
  // Traces of errors that are expected by the ten thousand cost more than the schedules.
  Error.stackTraceLimit = 0
  const all = await parties()
  const seen = new Set<string>()
  const ends = new Set<string>()
  const violations: string[] = []
  return {
    report: () => ({ schedules: seen.size, ends, violations }),
    isOver: () => sabotage !== undefined && violations.length > 0,
    async run(given, otherwise) {
      const path = follow(given, otherwise)
      const outcome = await runSchedule(scenario, path.choose, all, sabotage)
      seen.add(listOf(path.made).join())
      for (const end of outcome.ends) ends.add(end)
      if (outcome.violation !== undefined && violations.length < maximumReports)
        violations.push(describe(scenario, listOf(path.made), outcome))
      return path.made
    },
  }
}

function describe({ name }: Scenario, choices: readonly number[], { violation, trace, states, ends }: Outcome): string {
  return [
    String(violation?.message),
    `  schedule  MODEL_SCHEDULE='${name}: ${choices.join()}'`,
    ...trace.map((line) => `  · ${line}`),
    `  states    ${states.join(', ')}`,
    `  requests  ${ends.join(', ')}`,
  ].join('\n')
}

/**
 * The schedule that the environment asks for, if it is one of this scenario: `MODEL_SCHEDULE='a
 * PUT: 0,0,0,0,1'`.
 */
function askedFor({ name }: Scenario): readonly number[] | undefined {
  const { MODEL_SCHEDULE: text } = process.env
  if (!text?.startsWith(`${name}: `)) return undefined
  return text
    .slice(name.length + 2)
    .split(',')
    .map(Number)
}

/** Whether one schedule was asked for: then counts mean nothing. */
export const isRerun = (): boolean => process.env.MODEL_SCHEDULE !== undefined
