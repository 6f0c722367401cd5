/**
 * Measurements against reference values (RFC 9334 section 8.3). Knows no format: registers have
 * names, values are bytes.
 */
import { type Bytes, toHex } from '../encoding/bytes.ts'
import type { RegisterTest } from './tests.ts'
import type { AttestationErrorCode } from '../core/codes.ts'
import type { CheckRecorder, Comparison } from '../core/record.ts'

/**
 * Pass it as `referenceValues` to accept any code inside genuine hardware. The result then says
 * nothing about what runs there.
 */
export const skipReferenceValues: unique symbol = /* @__PURE__ */ Symbol.for('veritee.skipReferenceValues')

/**
 * One build that is accepted: every register it names must pass its test. Never without registers.
 */
export interface ReferenceValue {
  readonly name: string | undefined
  readonly registers: ReadonlyMap<string, RegisterTest>
}

/** Which reference value matched: its name, else its index. */
export type Matched = string | number

/** A reference value, and what was found beside it. */
export interface Alternative {
  /** Its name, else its index. */
  readonly label: Matched
  /** All of them must hold. */
  readonly facts: readonly Comparison[]
}

/** A register by its name, put to a test. One that is not there passes none. */
export function compareRegister(
  name: string,
  { expected, passes }: RegisterTest,
  found: Bytes | undefined,
): Comparison {
  return {
    holds: found !== undefined && passes(found),
    expected: `${name} ${expected}`,
    found: `${name} ${found === undefined ? 'absent' : toHex(found)}`,
  }
}

/**
 * Any one of the alternatives must hold; fails with `code`.
 * @param subject what comes before the alternative's label, for messages
 * @param alternatives at least one
 * @returns the one that holds; `undefined` where none does
 */
export function appraiseAnyOf<Any extends Alternative>(
  code: AttestationErrorCode,
  subject: string,
  alternatives: readonly Any[],
  checks: CheckRecorder,
): Any | undefined {
  const match = alternatives.find(({ facts }) => facts.every(({ holds }) => holds))
  // Where none matches, the message shows the first: digests are never nearly right.
  const [first] = alternatives as readonly [Any, ...Any[]]
  const shown = match ?? first
  checks.appraises(code, `${subject} ${shown.label}, 1 of ${alternatives.length}`, {
    holds: match !== undefined,
    expected: shown.facts.map(({ expected }) => expected).join('\n'),
    found: shown.facts.map(({ found }) => found).join('\n'),
  })
  return match
}

/**
 * Any one of the reference values must match; fails with `code`.
 * @returns which one did; `undefined` when none did, or the caller skipped this
 */
export function appraiseReferenceValues(
  code: AttestationErrorCode,
  measured: ReadonlyMap<string, Bytes>,
  referenceValues: readonly ReferenceValue[] | typeof skipReferenceValues,
  checks: CheckRecorder,
): Matched | undefined {
  if (referenceValues === skipReferenceValues) {
    checks.omit(code, 'skipped', 'reference values skipped')
    return undefined
  }
  const alternatives = referenceValues.map(({ name, registers }, index) => ({
    label: name ?? index,
    facts: [...registers].map(([register, test]) => compareRegister(register, test, measured.get(register))),
  }))
  return appraiseAnyOf(code, 'measurements of', alternatives, checks)?.label
}
