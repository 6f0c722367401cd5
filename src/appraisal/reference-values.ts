/**
 * Measurements against reference values (RFC 9334 section 8.3). Knows no format: registers have names, values are bytes.
 */
import { type Bytes, equalBytes, toHex } from '../encoding/bytes.ts'
import { AppraisalError, type AttestationErrorCode } from '../errors.ts'
import type { CheckRecorder } from '../trace.ts'

/** Pass it as `referenceValues` to accept any code inside genuine hardware. The result then says nothing about what runs there. */
export const skipReferenceValues: unique symbol = /* @__PURE__ */ Symbol.for('veritee.skipReferenceValues')

/** One build that is accepted: every register it names must hold exactly its value. Never without registers. */
export interface ReferenceValue {
  readonly name?: string
  readonly registers: ReadonlyMap<string, Bytes>
}

/** Which reference value matched: its name, else its index. */
export type Matched = string | number

/**
 * Any one of the reference values must match.
 * @returns which one did; `undefined` when the caller skipped this
 * @throws AppraisalError with `code`
 */
export function appraiseReferenceValues(
  code: AttestationErrorCode,
  measured: (register: string) => Bytes | undefined,
  referenceValues: readonly ReferenceValue[] | typeof skipReferenceValues,
  checks: CheckRecorder,
): Matched | undefined {
  if (referenceValues === skipReferenceValues) {
    checks.omit('appraise', code, 'skipped', 'measurements were not compared: the caller passed skipReferenceValues')
    return undefined
  }
  const { index, name } = checks.run(
    'appraise',
    code,
    (matched) => ({
      summary: `${listed([...matched.registers.keys()])} as in reference value ${label(matched)}`,
      ...sideBySide(matched, measured),
    }),
    () => {
      const candidates = referenceValues.map((value, index) => ({ ...value, index }))
      const match = candidates.find((candidate) => differing(candidate, measured).length === 0)
      if (match !== undefined) return match
      const [closest] = [...candidates].sort((a, b) => differing(a, measured).length - differing(b, measured).length)
      throw mismatch(code, closest as Candidate, candidates.length, measured)
    },
  )
  return name ?? index
}

interface Candidate extends ReferenceValue {
  readonly index: number
}

function differing({ registers }: ReferenceValue, measured: (register: string) => Bytes | undefined): string[] {
  return [...registers].flatMap(([register, expected]) => {
    const actual = measured(register)
    return actual !== undefined && equalBytes(actual, expected) ? [] : [register]
  })
}

function mismatch(
  code: AttestationErrorCode,
  closest: Candidate,
  count: number,
  measured: (register: string) => Bytes | undefined,
): AppraisalError {
  const registers = differing(closest, measured)
  const which =
    count === 1 ? `reference value ${label(closest)}` : `any of ${count} reference values; closest is ${label(closest)}`
  return new AppraisalError(
    code,
    `${listed(registers)} ${registers.length === 1 ? 'is' : 'are'} not as in ${which}`,
    sideBySide(closest, measured),
  )
}

function sideBySide(
  { registers }: ReferenceValue,
  measured: (register: string) => Bytes | undefined,
): { expected: string; actual: string } {
  const lines = (value: (register: string) => Bytes | undefined): string =>
    [...registers.keys()]
      .map((register) => {
        const bytes = value(register)
        return `${register} ${bytes === undefined ? '(absent)' : toHex(bytes)}`
      })
      .join('\n')
  return { expected: lines((register) => registers.get(register)), actual: lines(measured) }
}

function label({ name, index }: Candidate): string {
  return name === undefined ? `#${index}` : JSON.stringify(name)
}

function listed(words: readonly string[]): string {
  return words.length < 2 ? words.join() : `${words.slice(0, -1).join(', ')} and ${words.at(-1)}`
}
