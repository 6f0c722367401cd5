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

/** Compares one thing that was measured with what is expected of it. */
export type Test<Measured> = (measured: Measured) => Comparison

/** A reference value as a list of tests that must all hold. */
export interface Reference<Measured> {
  /** Its name, else its index. */
  readonly label: Matched
  readonly tests: readonly Test<Measured>[]
}

/** A register by its name, put to a test. One that is not there passes none. */
export function registerTest<Measured>(
  name: string,
  { expected, passes }: RegisterTest,
  of: (measured: Measured) => Bytes | undefined,
): Test<Measured> {
  return (measured) => {
    const found = of(measured)
    return {
      holds: found !== undefined && passes(found),
      expected: `${name} ${expected}`,
      found: `${name} ${found === undefined ? 'absent' : toHex(found)}`,
    }
  }
}

/**
 * All tests of any one of the references must hold; fails with `code`.
 * @param subjectOf what the reference with this label is about, for messages
 * @param references at least one
 * @returns the one that matches; `undefined` where none does
 */
export function appraiseReferences<Measured, Any extends Reference<Measured>>(
  { code, subjectOf }: { readonly code: AttestationErrorCode; readonly subjectOf: (label: Matched) => string },
  measured: Measured,
  references: readonly Any[],
  checks: CheckRecorder,
): Any | undefined {
  const compared = references.map((reference) => ({ reference, facts: reference.tests.map((test) => test(measured)) }))
  const match = compared.find(({ facts }) => facts.every(({ holds }) => holds))
  // Where none matches, the message shows the first: digests are never nearly right.
  const shown = match ?? compared[0]
  if (shown === undefined) throw new TypeError('no reference values')
  checks.appraises(code, subjectOf(shown.reference.label), {
    holds: match !== undefined,
    expected: shown.facts.map(({ expected }) => expected).join('\n'),
    found: shown.facts.map(({ found }) => found).join('\n'),
  })
  return match?.reference
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
  const references = referenceValues.map(({ name, registers }, index) => ({
    label: name ?? index,
    tests: [...registers].map(([register, test]) => registerTest(register, test, () => measured.get(register))),
  }))
  const subjectOf = (label: Matched): string => `measurements of ${label}, 1 of ${references.length}`
  return appraiseReferences({ code, subjectOf }, measured, references, checks)?.label
}
