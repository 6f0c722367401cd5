/**
 * Reference values for trust domains, as callers write them. What is not named must be as a plain
 * TD has it, so that leaving something out accepts less.
 */
import { type ReferenceValue, skipReferenceValues } from '../../../appraisal/reference-values.ts'
import { type Bytes, isZero } from '../../../encoding/bytes.ts'
import { anyValue, type Hex, readRegisterValues } from '../../../appraisal/expectations.ts'
import type { TdxReport } from '../quote/report.ts'
import { requireOption } from '../../../core/options.ts'

/** What a register must hold: 48 bytes or 96 digits where nothing else is said. */
export type TdxRegister = Hex | Uint8Array | typeof anyValue

/**
 * One accepted build. MRTD covers the firmware only: kernel, command line and application are in
 * the RTMRs. RTMR0 changes with number of processors and size of memory on some platforms.
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
  /** Default: zero. The launcher of the TD chooses these three. */
  readonly mrConfigId?: TdxRegister
  readonly mrOwner?: TdxRegister
  readonly mrOwnerConfig?: TdxRegister
  /**
   * 8 bytes. Default: `0000001000000000`, SEPT_VE_DISABLE and nothing else. Debug bits and
   * MIGRATABLE need their own option besides.
   */
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

/**
 * @throws TypeError when there is nothing to compare, a register is unknown, or a value is not of
 *   its size
 */
export function readReferenceValues(input: unknown): readonly ReferenceValue[] | typeof skipReferenceValues {
  const values = readRegisterValues(input, registers, "{ mrTd: '…', rtmr0: '…', rtmr1: '…', rtmr2: '…' }")
  if (values === skipReferenceValues) return values
  for (const [i, { registers: expected }] of values.entries()) {
    const telling = measurements.some((register) => !isZero(expected.get(register)?.value ?? new Uint8Array()))
    requireOption(`referenceValues[${i}]`, 'one measurement or more that is not zero', telling)
  }
  return values
}

/** The registers of a report, by the names that reference values give them. */
export function registersOf(report: TdxReport): ReadonlyMap<string, Bytes> {
  return new Map(names.map((name) => [name, report[name] as Bytes]))
}
