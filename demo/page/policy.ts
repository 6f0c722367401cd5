/**
 * What the policies of all families read alike. Mistakes come back as sentences, each with the
 * field that it belongs to.
 */
import { type Bytes, fromCertificate, fromPasted } from './bytes.ts'
import type { State } from './state.ts'

/** What every verifier is asked, in plain values. */
export interface Policy {
  readonly at: Date | 'clock' | 'evidence'
  readonly root: 'pinned' | 'fixture' | Bytes
  readonly debug: boolean
  readonly skewSeconds: number
}

export interface Problem {
  readonly field: keyof State
  readonly text: string
}

/** With any problem there is nothing to verify. */
export interface Read<P> {
  readonly policy: P
  readonly problems: readonly Problem[]
}

/** Reads one field; what is wrong with it becomes a problem. */
export type Attempt = <T>(field: keyof State, otherwise: T, read: () => T) => T

export function attemptInto(problems: Problem[]): Attempt {
  return (field, otherwise, read) => {
    try {
      return read()
    } catch (error) {
      problems.push({ field, text: error instanceof Error ? error.message : String(error) })
      return otherwise
    }
  }
}

/** The part that all policies have, of evidence with a date of its own. */
export function readCommon(state: State, attempt: Attempt): Policy {
  return { ...readRest(state, attempt), at: attempt<Policy['at']>('at', 'clock', () => readTime(state.at)) }
}

export interface DatelessPolicy extends Policy {
  readonly at: Date | 'clock'
}

/** The same of evidence without a date. @param thing `A quote` */
export function readDateless(state: State, attempt: Attempt, thing: string): DatelessPolicy {
  return {
    ...readRest(state, attempt),
    at: attempt<DatelessPolicy['at']>('at', 'clock', () => {
      const at = readTime(state.at)
      if (at === 'evidence')
        throw new Error(`${thing} has no time of its own: verify it as of now, or of another time.`)
      return at
    }),
  }
}

function readRest(state: State, attempt: Attempt): Omit<Policy, 'at'> {
  return {
    root: attempt<Policy['root']>('root', 'pinned', () => readRoot(state.root)),
    debug: state.debug,
    skewSeconds: attempt('skew', 300, () => readNumber(state.skew, 0, 86_400)),
  }
}

export function readTime(text: string): Policy['at'] {
  if (text === '') return 'clock'
  if (text === 'evidence') return 'evidence'
  const time = /^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:\d\d)$/.test(text) ? new Date(text) : undefined
  if (time === undefined || Number.isNaN(time.getTime())) {
    throw new Error('Write the moment with its zone, like 2026-06-01T12:00:00Z.')
  }
  return time
}

export function readRoot(text: string): Policy['root'] {
  if (text === 'pinned' || text === 'fixture') return text
  const der = fromCertificate(text)
  if (der === undefined) throw new Error('Paste the root certificate as PEM, or as DER in hexadecimal or base64.')
  return der
}

export function readBytes(text: string): Bytes | undefined {
  if (text.trim() === '') return undefined
  const bytes = fromPasted(text)
  if (bytes === undefined || bytes.length === 0) throw new Error('This must be hexadecimal or base64.')
  if (bytes.length > 1024) throw new Error('This is longer than 1024 bytes.')
  return bytes
}

export function readNumber(text: string, minimum: number, maximum: number): number {
  const number = Number(text)
  if (text.trim() === '' || !(number >= minimum && number <= maximum)) {
    throw new Error(`This must be a number from ${minimum} to ${maximum}.`)
  }
  return number
}

/** Names go into code that is copied: nothing that could end a string there, or hide in it. */
export function readName(name: unknown): string | undefined {
  return typeof name === 'string' && /^[\w .:+-]{1,64}$/.test(name) ? name : undefined
}

export function readJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    throw new Error('This is no complete JSON.')
  }
}

/** One JSON object. @param otherwise what to say of anything else */
export function readObject(text: string, otherwise: string): Readonly<Record<string, unknown>> | undefined {
  if (text.trim() === '') return undefined
  const value = readJson(text)
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw new Error(otherwise)
  return value as Readonly<Record<string, unknown>>
}

/** Shorter ones are filled up with zeros, as attesters do. */
export function readReportData(text: string): Bytes | undefined {
  const bytes = readBytes(text)
  if (bytes === undefined) return undefined
  if (bytes.length < 32 || bytes.length > 64)
    throw new Error(`Report data has 64 bytes, or 32 and more with zeros behind them; this has ${bytes.length}.`)
  const data = new Uint8Array(64)
  data.set(bytes)
  return data
}
