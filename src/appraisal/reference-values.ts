/**
 * Measurements against reference values (RFC 9334 section 8.3). Knows no format: registers have
 * names, values are bytes.
 */
import { type Bytes, toHex } from '../encoding/bytes.ts'
import type { RegisterTest } from './tests.ts'
import type { AttestationErrorCode } from '../core/codes.ts'
import type { CheckRecorder } from '../core/record.ts'

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

/**
 * Any one of the reference values must match; fails with `code`.
 * @returns which one did; `undefined` when the caller skipped this
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
  const compared = referenceValues.map(({ name, registers }, index) => {
    const tests = [...registers].map(([register, test]) => ({ register, test, found: measured.get(register) }))
    return {
      label: name ?? index,
      holds: tests.every(({ test, found }) => found !== undefined && test.passes(found)),
      expected: tests.map(({ register, test }) => `${register} ${test.expected}`).join('\n'),
      found: tests
        .map(({ register, found }) => `${register} ${found === undefined ? 'absent' : toHex(found)}`)
        .join('\n'),
    }
  })
  // Where none matches, the message shows the first: digests are never nearly right.
  const shown = compared.find(({ holds }) => holds) ?? compared[0]
  if (shown === undefined) throw new TypeError('no reference values')
  const { label, ...facts } = shown
  checks.appraises(code, `measurements of ${label}, 1 of ${compared.length}`, facts)
  return label
}
