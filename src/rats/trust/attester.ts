/**
 * What a verified result says of the environments that attested, in the claims of AR4SI. A claim
 * appears only where the check behind it was made: the record of checks tells.
 */
import type { AttestationErrorCode } from '../../core/codes.ts'
import type { AttestationResult } from '../../core/result.ts'
import type { TrustworthinessVector } from '../trust-vector.ts'

/** One environment that attested: one submodule. */
export interface Attester {
  /** What callers rename it by: the format, for CCA's platform `cca-platform`. */
  readonly key: string
  /** What it is called where callers do not say. */
  readonly label: string
  /** Whether what runs there was compared with reference values. */
  readonly isAppraised: boolean
  readonly vector: TrustworthinessVector
  /** What it answered, as far as that was checked. */
  readonly nonce: Uint8Array | undefined
}

/** How results of a format become submodules, by the name of the format. */
export type Rows = Readonly<Record<string, (result: AttestationResult) => readonly Attester[]>>

/** Whether this check was made, and held. */
export function hasPassed({ checks }: AttestationResult, code: AttestationErrorCode): boolean {
  return checks.some(({ id, outcome }) => id === code && outcome === 'pass')
}

/**
 * Which registers were compared with reference values: the names that begin the lines of what was
 * expected.
 */
export function comparedIn({ checks }: AttestationResult, code: AttestationErrorCode): readonly string[] {
  const made = checks.filter(({ id, outcome }) => id === code && outcome === 'pass')
  return made.flatMap(({ expected = '' }) => expected.split('\n').map((line) => line.split(' ', 1)[0] as string))
}

/** Claims whose value is `undefined` were not looked at, and are left out. */
export function vectorOf(found: {
  readonly [claim in keyof TrustworthinessVector]: number | undefined
}): TrustworthinessVector {
  return Object.fromEntries(Object.entries(found).filter(([, value]) => value !== undefined))
}

/** The value where `holds`. */
export const only = (holds: boolean, value: number): number | undefined => (holds ? value : undefined)
