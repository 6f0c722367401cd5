/**
 * What the benchmark is held to: each bound, what was found, and whether it holds.
 */
import { cpus, loadavg } from 'node:os'
import { table } from './statistics.ts'

export interface Bounds {
  /** Notes a figure that must be at most, or, with `isLeast`, at least so much. */
  readonly judge: (what: string, found: number, bound: number, more?: Unit) => void
  /** Notes that a bound could not be looked at, and why. */
  readonly skip: (what: string, why: string) => void
  readonly areHeld: () => boolean
  /** All of them as a table in Markdown, with the machine. */
  readonly print: () => void
}

export interface Unit {
  readonly unit?: string
  readonly isLeast?: boolean
}

export function createBounds(): Bounds {
  const rows: string[][] = []
  return {
    judge(what, found, bound, { unit = '', isLeast = false } = {}) {
      const holds = isLeast ? found >= bound : found <= bound
      const digits = Number.isInteger(found) ? 0 : 2
      const row = [`${found.toFixed(digits)}${unit}`, `${isLeast ? 'at least' : 'at most'} ${bound}${unit}`]
      rows.push([what, ...row, holds ? 'held' : 'MISSED'])
    },
    skip(what, why) {
      rows.push([what, why, '', 'NOT MEASURED'])
    },
    areHeld: () => rows.every((row) => row.at(-1) === 'held'),
    print() {
      const load = (loadavg()[0] as number).toFixed(1)
      const { platform, versions } = process
      console.log(`\n### Bounds\n\n${machine()}, ${platform}, Node ${versions.node}, under a load of ${load}.\n`)
      console.log(table(['', 'found', 'bound', ''], rows))
      const missed = rows.filter((row) => row.at(-1) !== 'held').length
      console.log(`\n${rows.length - missed} of ${rows.length} held.`)
    },
  }
}

/** `2 × AMD EPYC`. */
export const machine = (): string => `${cpus().length} × ${cpus()[0]?.model.trim() ?? 'unknown'}`
