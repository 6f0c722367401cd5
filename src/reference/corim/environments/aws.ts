/**
 * PCRs of enclaves and instances on AWS: one measurement with integrity registers, which are
 * numbers, in SHA-384.
 */
import type { ReferenceValue } from '../../../appraisal/reference-values.ts'
import { requireOption } from '../../../core/options.ts'
import { VerificationError } from '../../../core/errors.ts'
import {
  isSetInEnclaves,
  isSetInInstances,
  type PcrReferenceValues,
  readReferenceValues,
} from '../../../formats/aws/reference-values.ts'
import type { Bytes } from '../../../encoding/bytes.ts'
import { printable } from '../../../x509/name.ts'
import type { CorimMeasurement } from '../corim.ts'
import { requireThat } from '../envelope.ts'
import { type Build, type Environment, type FoundMeasurements, mapWith } from './environment.ts'

/** One build that was signed: goes into the option `referenceValues` of a verifier as it is. */
export type SignedReferenceValue = PcrReferenceValues & { readonly [pcr: `PCR${number}`]: Uint8Array }

/** What each environment of AWS's gives back. */
export interface AwsReferenceValues {
  readonly nitro: SignedReferenceValue
  readonly 'nitro-tpm': SignedReferenceValue
}

export const aws: Readonly<Record<keyof AwsReferenceValues, Environment>> = {
  nitro: /* @__PURE__ */ environmentOf('Nitro Enclaves', isSetInEnclaves),
  'nitro-tpm': /* @__PURE__ */ environmentOf('NitroTPM', isSetInInstances),
}

function environmentOf(model: string, isSet: (register: string) => boolean): Environment {
  return { vendor: 'Amazon Web Services', model, readBuilds: (values) => readBuilds(values, isSet), valueOf }
}

const sha384 = 7

function readBuilds(values: unknown, isSet: (register: string) => boolean): readonly Build[] {
  const builds = readReferenceValues(values, isSet)
  requireOption('values', 'measurements', typeof builds !== 'symbol')
  return (builds as readonly ReferenceValue[]).map(({ name, registers }) => {
    // Each must hold one value: PCRs have no other tests.
    const marks = new Map([...registers].map(([register, { value }]) => [register, value as Bytes]))
    const digests = [...marks].map(([register, value]) => [Number(register.slice(3)), [[sha384, value]]] as const)
    const named = name === undefined ? [] : [[11, name] as const]
    return { name, marks, measurements: [mapWith([1, mapWith(...named, [14, mapWith(...digests)])])] }
  })
}

/** One build: exactly one measurement, whose integrity registers are PCRs. */
function valueOf({ decoded, build }: FoundMeasurements): SignedReferenceValue {
  const [{ key, name, digests, registers, others }, ...more] = decoded as readonly [CorimMeasurement]
  requireThat(key === undefined && others.length + digests.length + more.length === 0, 'reference-content', {
    subject: build,
    expected: 'one measurement with a name and integrity registers',
    found: 'others',
  })
  const entries = registers.map(({ id, digests }) => {
    const [digest, ...more] = digests
    // Numbers only: as text, a number could be there a second time.
    if (digest?.algorithm !== 'sha-384' || more.length > 0 || typeof id !== 'number' || id < 0 || id > 31)
      throw new VerificationError('reference-content', {
        subject: `register ${id} of ${build}`,
        expected: 'a SHA-384 digest for 0 to 31',
        found: 'another',
      })
    return [`PCR${id}`, digest.value] as const
  })
  return { ...(name !== undefined && { name: printable(name) }), ...Object.fromEntries(entries) }
}
