/**
 * Measurements against reference values (RFC 9334 section 8.3). Knows no format: registers have names, values are bytes.
 */
import { type Bytes, toHex } from '../encoding/bytes.ts'
import type { AttestationErrorCode } from '../core/codes.ts'
import type { CheckRecorder } from '../core/record.ts'

/** Pass it as `referenceValues` to accept any code inside genuine hardware. The result then says nothing about what runs there. */
export const skipReferenceValues: unique symbol = /* @__PURE__ */ Symbol.for('veritee.skipReferenceValues')

/** One build that is accepted: every register it names must hold exactly its value. Never without registers. */
export interface ReferenceValue {
  readonly name: string | undefined
  readonly registers: ReadonlyMap<string, Bytes>
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
    const names = [...registers.keys()]
    return { label: name ?? index, expected: listed(names, registers), actual: listed(names, measured) }
  })
  const match = compared.find(({ expected, actual }) => expected === actual)
  // Where none matches, the first one stands for all: digests are never nearly right.
  const shown = match ?? compared[0]
  if (shown === undefined) throw new TypeError('no reference values')
  const { label, expected, actual } = shown
  checks.appraises(code, `measurements of ${label}, 1 of ${compared.length}`, {
    holds: match !== undefined,
    expected,
    found: actual,
  })
  return label
}

/** Registers with their values, a line each. */
function listed(names: readonly string[], values: ReadonlyMap<string, Bytes>): string {
  return names.map((name) => `${name} ${toHex(values.get(name) ?? new Uint8Array()) || 'absent'}`).join('\n')
}
