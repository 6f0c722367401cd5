/**
 * Time: the verifier's clock, how far clocks may be apart, and whether something is in force.
 */
import { requireOption } from './options.ts'

/** The verifier's clock. */
export interface Clock {
  /** Unix milliseconds. */
  readonly now: number
  /** How far clocks may be apart. */
  readonly skewMs: number
}

/**
 * The first and the last moment at which something is in force, Unix milliseconds; both belong to
 * it.
 */
export interface Validity {
  readonly notBefore: number
  readonly notAfter: number
}

/** The last millisecond of the year 9999: later moments cannot be written as text. */
export const lastMoment = 253_402_300_799_999

/**
 * Whether something is in force by this clock; each of its two dates may be off by the clock's
 * skew.
 */
export function isInForce({ notBefore, notAfter }: Validity, { now, skewMs }: Clock): boolean {
  return now >= notBefore - skewMs && now <= notAfter + skewMs
}

/** A moment as people and logs write it. */
export const iso = (milliseconds: number): string => new Date(milliseconds).toISOString()

/** A period as error messages write it. */
export const period = ({ notBefore, notAfter }: Validity): string => `${iso(notBefore)} to ${iso(notAfter)}`

/**
 * The option `now` in Unix milliseconds. Without it this reads the clock, and nothing else does.
 * @throws TypeError
 */
export function readTime(now: unknown): number {
  const time = now === undefined ? Date.now() : now instanceof Date ? now.getTime() : NaN
  requireOption('now', 'a Date or atEvidenceTime', Number.isFinite(time))
  return time
}

/**
 * The option `clockSkewSeconds` in milliseconds: at most a day. The default is five minutes,
 * because enclaves have no NTP. @throws TypeError
 */
export function readSkew(clockSkewSeconds: unknown = 300): number {
  const isNumber = typeof clockSkewSeconds === 'number'
  requireOption('clockSkewSeconds', '0 to 86400', isNumber && clockSkewSeconds >= 0 && clockSkewSeconds <= 86_400)
  return (clockSkewSeconds as number) * 1000
}
