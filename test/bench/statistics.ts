/**
 * What many measurements on a busy machine come to: medians and quartiles, never means.
 */

/** The value below which a share of `values` lies. */
export function quantile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b)
  const position = (sorted.length - 1) * share
  const below = sorted[Math.floor(position)] ?? NaN
  const above = sorted[Math.ceil(position)] ?? NaN
  return below + (above - below) * (position - Math.floor(position))
}

export const median = (values: readonly number[]): number => quantile(values, 0.5)

/** `1.08 (1.02 to 1.15)`: median, and the quartiles around it. */
export function spread(values: readonly number[], digits = 2): string {
  const [low, middle, high] = [0.25, 0.5, 0.75].map((share) => quantile(values, share).toFixed(digits))
  return `${middle} (${low} to ${high})`
}

/** A table in Markdown. */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`
  return [line(head), line(head.map((_, i) => (i === 0 ? '---' : '---:'))), ...rows.map(line)].join('\n')
}

/** Times of two ways to do the same, taken in turns. */
export interface Paired {
  readonly a: readonly number[]
  readonly b: readonly number[]
  /** Each b over the a next to it: what else the machine does weighs on both alike. */
  readonly ratios: readonly number[]
}

/** Runs `a b`, `b a`, `a b`, … */
export async function paired(
  rounds: number,
  a: () => Promise<unknown>,
  b: () => Promise<unknown>,
  meter: (body: () => Promise<unknown>) => Promise<number> = timed,
): Promise<Paired> {
  const times: Record<'a' | 'b' | 'ratios', number[]> = { a: [], b: [], ratios: [] }
  for (let round = 0; round < rounds; round++) {
    const first = await meter(round % 2 === 0 ? a : b)
    const second = await meter(round % 2 === 0 ? b : a)
    const [ofA, ofB] = round % 2 === 0 ? [first, second] : [second, first]
    times.a.push(ofA)
    times.b.push(ofB)
    times.ratios.push(ofB / ofA)
  }
  return times
}

/** Milliseconds that `body` takes. */
export async function timed(body: () => Promise<unknown>): Promise<number> {
  const startedAt = performance.now()
  await body()
  return performance.now() - startedAt
}

/**
 * Milliseconds of all processors that `body` costs this process: waiting for other programs does
 * not count.
 */
export async function worked(body: () => Promise<unknown>): Promise<number> {
  const before = process.cpuUsage()
  await body()
  const { user, system } = process.cpuUsage(before)
  return (user + system) / 1000
}
