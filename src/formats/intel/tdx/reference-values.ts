/**
 * Reference values for trust domains, as callers write them. What is not named must be as a plain TD has it, so that leaving something out accepts less.
 */
import { type ReferenceValue, skipReferenceValues } from '../../../appraisal/reference-values.ts'
import { type Bytes, isZero } from '../../../encoding/bytes.ts'
import { anyValue, type Hex, readSizedBytes } from '../../../appraisal/expectations.ts'
import type { TdxReport } from '../quote/report.ts'
import { isPlainObject, requireOption, snapshotOf } from '../../../core/options.ts'

/** What a register must hold: 48 bytes or 96 digits where nothing else is said. */
export type TdxRegister = Hex | Uint8Array | typeof anyValue

/**
 * One accepted build. MRTD covers the firmware only: kernel, command line and application are in the RTMRs. RTMR0 changes with number of processors and size
 * of memory on some platforms.
 */
export interface TdxReferenceValues {
  /** Comes back in the result. */
  readonly name?: string
  readonly mrTd: TdxRegister
  readonly rtmr0: TdxRegister
  readonly rtmr1: TdxRegister
  readonly rtmr2: TdxRegister
  /** Default: zero, which says that the system does not use it. */
  readonly rtmr3?: TdxRegister
  /** Default: zero. Whoever launches the TD chooses these three. */
  readonly mrConfigId?: TdxRegister
  readonly mrOwner?: TdxRegister
  readonly mrOwnerConfig?: TdxRegister
  /** 8 bytes. Default: `0000001000000000`, SEPT_VE_DISABLE and nothing else. Debug bits and MIGRATABLE need their own option besides. */
  readonly tdAttributes?: TdxRegister
  /** 8 bytes. Default: any. */
  readonly xfam?: TdxRegister
  /** The TDX module. Default: any that Intel signed and that has an accepted TCB status. */
  readonly mrSeam?: TdxRegister
}

type Register = Exclude<keyof TdxReferenceValues, 'name'>

const registerSize = 48
const zero = /* @__PURE__ */ '00'.repeat(registerSize)

/** Each with its size and what it must be when it is not named; `undefined` when it must be. */
const registers: Readonly<Record<Register, readonly [size: number, unnamed: TdxRegister | undefined]>> = {
  mrTd: [registerSize, undefined],
  rtmr0: [registerSize, undefined],
  rtmr1: [registerSize, undefined],
  rtmr2: [registerSize, undefined],
  rtmr3: [registerSize, zero],
  mrConfigId: [registerSize, zero],
  mrOwner: [registerSize, zero],
  mrOwnerConfig: [registerSize, zero],
  tdAttributes: [8, '0000001000000000'],
  xfam: [8, anyValue],
  mrSeam: [registerSize, anyValue],
}
const names = /* @__PURE__ */ Object.keys(registers) as readonly Register[]
/** Those that say which code runs. */
const measurements: readonly Register[] = ['mrTd', 'rtmr0', 'rtmr1', 'rtmr2', 'rtmr3']

/** @throws TypeError when there is nothing to compare, a register is unknown, or a value is not of its size */
export function readReferenceValues(input: unknown): readonly ReferenceValue[] | typeof skipReferenceValues {
  if (input === skipReferenceValues) return skipReferenceValues
  const list: readonly unknown[] = Array.isArray(input) ? input : [input]
  requireOption('referenceValues', 'at least one, or skipReferenceValues', list.length > 0)
  return list.map((entry, i) => readOne(entry, `referenceValues[${i}]`))
}

/** The registers of a report, by the names that reference values give them. */
export function registersOf(report: TdxReport): ReadonlyMap<string, Bytes> {
  return new Map(names.map((name) => [name, report[name] as Bytes]))
}

function readOne(input: unknown, path: string): ReferenceValue {
  requireOption(path, "like { mrTd: '…', rtmr0: '…', rtmr1: '…', rtmr2: '…' }", isPlainObject(input))
  const { name, ...values } = snapshotOf<Record<string, unknown>>(input, path)
  requireOption(`${path}.name`, 'text', name === undefined || (typeof name === 'string' && name !== ''))
  for (const key of Object.keys(values))
    requireOption(
      `${path}.${key}`,
      `one of ${names.join(', ')}`,
      names.some((known) => known === key),
    )
  const expected = new Map<string, Bytes>()
  for (const register of names) {
    const [size, unnamed] = registers[register]
    const value = Object.hasOwn(values, register) ? values[register] : unnamed
    if (value !== anyValue) expected.set(register, readSizedBytes(value, size, `${path}.${register}`))
  }
  const telling = measurements.some((register) => !isZero(expected.get(register) ?? new Uint8Array()))
  requireOption(path, 'one measurement or more that is not zero', telling)
  return { name: name as string | undefined, registers: expected }
}
