/**
 * What one schedule is made of: its clocks, its timers, its account of what was done, and the lists
 * of what waits for leave to go on.
 */
import { control } from './deterministic-crypto.ts'
import type { Choose } from './choices.ts'
import { type Call, type Clock, createMonitor, marker, type Monitor, type Plan, Violation } from './monitor.ts'
import { type Parties, startedAt } from './parties.ts'
import type { Scenario } from './scenario.ts'

/** Something that may happen now. */
export interface Option {
  readonly label: string
  readonly run: () => void | Promise<void>
}

export interface World {
  readonly scenario: Scenario
  readonly parties: Parties
  readonly clock: Clock
  readonly monitor: Monitor
  readonly calls: readonly Call[]
  readonly timers: Map<() => void, number>
  /** What was done, a line for each choice. */
  readonly trace: string[]
  /** What waits: verifiers, operations of WebCrypto that were held, readers. */
  readonly waiting: { readonly gates: Option[]; readonly held: Option[]; readonly reads: Option[] }
  /** Why a request may fail; empty as long as everything went as it should. */
  harm: string
  /** A choice beside those of the main list. */
  pick(labels: readonly string[], of: string): number
  /** Waits for the schedule's leave. */
  gate(label: string, where: Option[]): Promise<void>
  /** Something goes on: what follows from it is waited for. */
  touch(): void
  /** Work that takes more than one turn: it is waited for. */
  finished<T>(work: Promise<T>): Promise<T>
  /** Work of others than the client: none of it is a step of the schedule. It is waited for. */
  elsewhere<T>(work: () => Promise<T>): Promise<T>
  /** Notes what breaks a property, without throwing into the client. */
  guard(check: () => void): void
  /** Moves time on; timers that are due go off. */
  pass(milliseconds: number, moves: { readonly wall: boolean }): void
  /** Until nothing goes on by itself. */
  drain(): Promise<void>
}

export const clientEvidence = new TextEncoder().encode('evidence of this client')

export function createWorld(scenario: Scenario, choose: Choose, parties: Parties): World {
  const clock: Clock = { wall: startedAt, steady: 1000 }
  const calls = scenario.plans.map(callOf)
  const timers = new Map<() => void, number>()
  const trace: string[] = []
  const waiting = { gates: [] as Option[], held: [] as Option[], reads: [] as Option[] }
  let activity = 0
  /** Work that is under way and takes more than one turn; of it, what is not the client's. */
  let unfinished = 0
  let others = 0
  let hasHeld = false

  control.restart('schedule')
  control.point = (operation) => {
    if (others > 0) return undefined
    activity++
    if (scenario.holds !== true || hasHeld || world.pick(['goes on', 'waits'], operation) === 0) return undefined
    hasHeld = true
    return world.gate(`${operation} goes on`, waiting.held)
  }

  const world: World = {
    scenario,
    parties,
    clock,
    calls,
    timers,
    trace,
    waiting,
    monitor: createMonitor(clock, parties, calls, {
      clientEvidence: scenario.isMutual === true ? clientEvidence : undefined,
      isIsolated: scenario.isIsolated === true,
    }),
    harm: '',
    pick(labels, of) {
      const taken = choose(labels.length)
      if (taken > 0) trace.push(`${of}: ${labels[taken]}`)
      return taken
    },
    gate(label, where) {
      activity++
      return new Promise((resolve) => {
        where.push({ label, run: resolve })
      })
    },
    touch() {
      activity++
    },
    async finished(work) {
      unfinished++
      try {
        return await work
      } finally {
        unfinished--
        activity++
      }
    },
    async elsewhere(work) {
      others++
      try {
        return await world.finished(work())
      } finally {
        others--
      }
    },
    guard(check) {
      try {
        check()
      } catch (error) {
        if (!(error instanceof Violation)) throw error
      }
    },
    pass(milliseconds, { wall }) {
      const until = clock.steady + milliseconds
      for (;;) {
        const [act, at] = [...timers].sort(([, a], [, b]) => a - b)[0] ?? []
        if (act === undefined || at === undefined || at > until) break
        if (wall) clock.wall += Math.max(0, at - clock.steady)
        clock.steady = Math.max(clock.steady, at)
        timers.delete(act)
        act()
      }
      if (wall) clock.wall += until - clock.steady
      clock.steady = until
    },
    async drain() {
      let before
      do {
        before = activity
        await turn()
        await turn()
      } while (activity !== before || unfinished > 0)
    },
  }
  return world
}

function callOf(plan: Plan, at: number): Call {
  const number = at + 1
  return {
    number,
    plan,
    path: `/${marker}-path-${number}?q=${marker}`,
    body: plan.body === 'none' ? '' : `${marker}-body-${number} and more of it`,
    reason: new Error(`the caller of request ${number} aborted`),
    broken: new Error(`the body of request ${number} broke`),
    state: 'waiting',
    failure: undefined,
    status: undefined,
    headers: undefined,
    text: '',
    isAborted: false,
  }
}

async function turn(): Promise<void> {
  await new Promise((resolve) => setImmediate(resolve))
}
