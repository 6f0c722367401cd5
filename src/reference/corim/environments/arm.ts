/**
 * Reference values of realms on Arm CCA, and of devices with a PSA root of trust.
 */
import { itemsOf, requireOption, snapshotOf } from '../../../core/options.ts'
import { type Bytes, isBytes, isZero } from '../../../encoding/bytes.ts'
import type { Hex } from '../../../appraisal/expectations.ts'
import type { Environment } from './environment.ts'
import { environmentOfFields, type FieldValues } from './fields.ts'
import { psa } from './psa.ts'

/** A realm, as `verifyCca` takes it. */
export interface SignedRealm {
  readonly name?: string
  readonly rim: Hex | Uint8Array
  /** Four, or left out: zeros. */
  readonly rems?: readonly (Hex | Uint8Array)[]
  /** Left out: zeros. */
  readonly personalizationValue?: Hex | Uint8Array
  /** When the file ends. */
  readonly validUntil?: Date
}

/** The firmware of a device, as `verifyPsa` takes it. */
export interface SignedDevice {
  readonly name?: string
  readonly softwareComponents: readonly SignedComponent[]
  readonly certificationReference?: string
  readonly implementationId?: Hex | Uint8Array
  /** When the file ends. */
  readonly validUntil?: Date
}

/** One component of it. */
export interface SignedComponent {
  readonly measurement: Hex | Uint8Array
  readonly signerId: Hex | Uint8Array
  readonly type?: string
  readonly version?: string
  readonly hashAlgorithm?: 'sha-256' | 'sha-384' | 'sha-512'
}

/** What each environment of Arm's gives back. */
export interface ArmReferenceValues {
  readonly cca: SignedRealm
  readonly psa: SignedDevice
}

const digest = { digest: [32, 48, 64] } as const
const rems = ['rem0', 'rem1', 'rem2', 'rem3'] as const

export const arm: Readonly<Record<keyof ArmReferenceValues, Environment>> = {
  cca: /* @__PURE__ */ environmentOfFields({
    vendor: 'Arm',
    model: 'CCA',
    fields: {
      rim: digest,
      rem0: digest,
      rem1: digest,
      rem2: digest,
      rem3: digest,
      personalizationValue: { bytes: 64 },
    },
    flat: flatRealm,
    whole: wholeRealm,
    check: checkRealms,
    isDated: true,
  }),
  psa,
}

function flatRealm(value: object, path: string): object {
  const { rems: given, ...own } = snapshotOf<Record<string, unknown>>(value, path)
  for (const name of rems) requireOption(`${path}.${name}`, 'in rems', !Object.hasOwn(own, name))
  if (given === undefined) return { ...own }
  const list = itemsOf(given)
  requireOption(`${path}.rems`, 'four measurements', list.length === 4)
  return { ...own, ...Object.fromEntries(rems.map((name, i) => [name, list[i]])) }
}

function wholeRealm(values: FieldValues): object {
  const own = Object.entries(values).filter(([field]) => !rems.some((name) => name === field))
  const found = rems.map((name) => values[name]).filter(isBytes)
  return { ...Object.fromEntries(own), ...(found.length > 0 && { rems: found }) }
}

/** By the rules of the verifier: a RIM that is not zero, and all four of the others or none. */
function checkRealms(realms: readonly object[]): void {
  for (const [i, realm] of realms.entries()) {
    const { rim, rems: given } = realm as { readonly rim?: Bytes; readonly rems?: readonly Bytes[] }
    requireOption(`values[${i}].rim`, 'a measurement: zero is none', rim !== undefined && !isZero(rim))
    const isWhole = given === undefined || (given.length === 4 && given.every(({ length }) => length === rim?.length))
    requireOption(`values[${i}].rems`, 'four measurements as long as the RIM', isWhole)
  }
}
