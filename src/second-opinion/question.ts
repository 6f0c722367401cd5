/**
 * What a format's second opinion is asked, and what it answers; and the options that several
 * formats share, as they were read once by the wrapper. The first opinion has found every option
 * right before it accepts, so nothing here repairs one: what is not understood is refused.
 */
import { areSame, demand, digitsOf, digitsOfEither, isOctets, type Octets } from './readers/bytes.ts'
import type { Moments } from './readers/path.ts'
import { sha256 } from './readers/engine.ts'
import type { Notes } from './record.ts'
import { isSymbol } from './symbols.ts'

/** Options of a verifier, copied. */
export type Options = Readonly<Record<string, unknown>>

/** What is asked. */
export interface Question {
  readonly evidence: Octets
  readonly options: Options
  /** The verifier's clock, Unix milliseconds. */
  readonly now: number
}

/**
 * What is answered: everything in a result that comes from the evidence. Times are Unix
 * milliseconds.
 */
export interface Answer {
  readonly claims: Readonly<Record<string, unknown>>
  readonly validUntil: number
  /** When the evidence was made, where it says so. */
  readonly timestamp?: number | undefined
  readonly matched?: string | number | undefined
  readonly publicKey?: Uint8Array | undefined
}

/** The second opinion of one format. @throws AttestationError where it refuses */
export type Opine = (question: Question, notes: Notes) => Promise<Answer>

/** SHA-256 of each root that is trusted: the caller's, else the vendor's. */
export async function trustedRoots({ trustAnchors }: Options, pinned: readonly string[]): Promise<readonly string[]> {
  if (trustAnchors === undefined) return pinned
  demand(Array.isArray(trustAnchors) && trustAnchors.length > 0, 'no trust anchors')
  return Promise.all(trustAnchors.map((anchor) => sha256(bytesOf(anchor))))
}

/** When things must be valid: the verifier's now, and what else is said. */
export function momentsOf({ options, now }: Question, ...others: readonly number[]): Moments {
  const { clockSkewSeconds = 300 } = options
  demand(typeof clockSkewSeconds === 'number' && clockSkewSeconds >= 0 && clockSkewSeconds <= 86_400, 'no clock skew')
  return { at: [now, ...others], skewMs: clockSkewSeconds * 1000 }
}

/** One of several sets of registers, each of which must hold exactly its value. */
export interface Wanted {
  readonly name: unknown
  /** Lower-case digits; `undefined` for any value. */
  readonly registers: ReadonlyMap<string, string | undefined>
}

/**
 * Which of the reference values the registers match: its name, else its index.
 * @throws AppraisalError with `code` where none does
 */
export function matchOf(
  wanted: readonly Wanted[] | undefined,
  measured: ReadonlyMap<string, Uint8Array>,
  code: 'policy-pcr' | 'policy-measurements',
  notes: Notes,
): string | number | undefined {
  if (wanted === undefined) return undefined
  const fits = ({ registers }: Wanted): boolean =>
    registers.size > 0 &&
    [...registers].every(([register, digits]) => {
      const found = measured.get(register)
      return digits === undefined || (found !== undefined && digitsOf(found) === digits)
    })
  const at = wanted.findIndex(fits)
  notes.expects(code, 'measurements', at >= 0, `match none of ${wanted.length} reference values`)
  const name = wanted[at]?.name
  return typeof name === 'string' ? name : at
}

/**
 * How a format's registers are written in reference values: the size of each, and what it must be
 * where it is not named.
 */
export type RegisterRules = Readonly<
  Record<string, readonly [size: number, unnamed: 'zero' | 'any' | 'needed' | Uint8Array]>
>

/** The reference values of a format; `undefined` where the caller skips them. */
export function wantedRegisters({ referenceValues }: Options, rules: RegisterRules): readonly Wanted[] | undefined {
  if (isSymbol(referenceValues, 'skipReferenceValues')) return undefined
  const list: readonly unknown[] = Array.isArray(referenceValues) ? referenceValues : [referenceValues]
  demand(list.length > 0, 'no reference values')
  return list.map((entry) => {
    const { name, ...given } = entry as Readonly<Record<string, unknown>>
    for (const key of Object.keys(given)) demand(Object.hasOwn(rules, key), `${key} is no register`)
    const registers = Object.entries(rules).map(([register, [size, unnamed]]) => {
      const value = given[register] ?? unnamed
      demand(value !== 'needed', `no ${register}`)
      if (value === 'any' || isSymbol(value, 'anyValue')) return [register, undefined] as const
      const digits = value === 'zero' ? '00'.repeat(size) : digitsOfEither(value)
      demand(digits.length === 2 * size, `${register} is not ${size} bytes`)
      return [register, digits] as const
    })
    return { name, registers: new Map(registers) }
  })
}

/** Report data must be exactly what the caller wants. */
export function expectReportData(found: Uint8Array, { reportData }: Options, notes: Notes): void {
  if (isSymbol(reportData, 'skipReportData')) return
  const isRight = isOctets(reportData) && reportData.length === 64 && areSame(found, reportData)
  notes.expects('policy-report-data', 'report data', isRight)
}

/** A caller's bytes. */
export function bytesOf(value: unknown): Octets {
  demand(isOctets(value), 'no bytes')
  return Uint8Array.from(value)
}

/** A text among the endorsements. @throws Error where it is missing or longer than `longest` */
export function endorsementOf({ endorsements }: Options, name: string, longest: number): string {
  const text =
    typeof endorsements === 'object' && endorsements !== null && Object.hasOwn(endorsements, name)
      ? (endorsements as Options)[name]
      : undefined
  demand(typeof text === 'string' && text !== '' && text.length <= longest, `no endorsements.${name}, or too long`)
  return text
}

/** Whether an endorsement is given at all. */
export function hasEndorsement({ endorsements }: Options, name: string): boolean {
  return (
    typeof endorsements === 'object' &&
    endorsements !== null &&
    Object.hasOwn(endorsements, name) &&
    (endorsements as Options)[name] !== undefined
  )
}
