/**
 * Moments and lengths of time as people say them. Always UTC: a verdict that is shared must read
 * the same everywhere.
 */
const units = [
  [365.25 * 86_400_000, 'year'],
  [86_400_000, 'day'],
  [3_600_000, 'hour'],
  [60_000, 'minute'],
  [1000, 'second'],
] as const

const months = 'January February March April May June July August September October November December'.split(' ')

/** `4 hours`: the largest unit of which there are at least two. */
export function duration(milliseconds: number): string {
  const length = Math.abs(milliseconds)
  for (const [size, unit] of units) {
    if (length >= 2 * size) return `${Math.floor(length / size)} ${unit}s`
  }
  if (length < 1000) return 'less than a second'
  return 'a second'
}

/** `1 June 2026, 00:00 UTC`. */
export function moment(time: Date): string {
  if (Number.isNaN(time.getTime())) return 'no date'
  return `${day(time)}, ${time.toISOString().slice(11, 16)} UTC`
}

/** `1 June 2026`. */
export function day(time: Date): string {
  return `${time.getUTCDate()} ${months[time.getUTCMonth()]} ${time.getUTCFullYear()}`
}

/** ISO 8601 without fractions of a second where there are none. */
export const iso = (time: Date): string => time.toISOString().replace('.000Z', 'Z')

/** `4 hours ago`, `in 4 hours`. */
export function relative(time: Date, now: Date): string {
  const difference = time.getTime() - now.getTime()
  return difference < 0 ? `${duration(difference)} ago` : `in ${duration(difference)}`
}
