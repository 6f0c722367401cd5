/**
 * Which environment of a CoRIM is which kind of evidence, and what reference values are there.
 */
import { toHex } from '../../encoding/bytes.ts'
import type { CorimEnvironment } from './corim.ts'
import { amd, type AmdReferenceValues } from './environments/amd.ts'
import { arm, type ArmReferenceValues } from './environments/arm.ts'
import { aws, type AwsReferenceValues } from './environments/aws.ts'
import type { Environment } from './environments/environment.ts'
import { intel, type IntelReferenceValues } from './environments/intel.ts'

/** What each environment gives back: what the verifier of its name takes as `referenceValues`. */
export interface ReferenceValuesOf
  extends AwsReferenceValues, IntelReferenceValues, AmdReferenceValues, ArmReferenceValues {}

/** What reference values are of, by the name of the format. */
export type ReferenceEnvironment = keyof ReferenceValuesOf

/** A function, so that nothing is computed when a page loads. */
const environments = (): Readonly<Record<ReferenceEnvironment, Environment>> => ({ ...aws, ...intel, ...amd, ...arm })

/** The names that there are. */
export const environmentNames = (): readonly string[] => Object.keys(environments())

export const environmentOf = (environment: ReferenceEnvironment): Environment => environments()[environment]

/**
 * No vendor has registered a class id; these are bytes (tag 560) that this library's profile
 * defines: the name of the format in ASCII.
 */
export const environmentId = (environment: ReferenceEnvironment): Uint8Array => new TextEncoder().encode(environment)

/** The class of an environment as a CoRIM that was read has it. */
export function classOf(environment: ReferenceEnvironment): Omit<CorimEnvironment, 'others'> {
  const { vendor, model } = environmentOf(environment)
  return { id: `560(h'${toHex(environmentId(environment))}')`, vendor, model }
}

/** How a class is named in messages. */
export const nameOfClass = ({ id, vendor, model }: Omit<CorimEnvironment, 'others'>): string =>
  [id, vendor, model].filter(Boolean).join(' ')
