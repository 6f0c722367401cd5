/**
 * What reference values of one kind of evidence are, in a CoRIM and for its verifier: the same
 * rules for those who sign and for those who open.
 */
import type { Bytes } from '../../../encoding/bytes.ts'
import type { CborValue } from '../../../encoding/cbor.ts'
import type { Encodable } from '../../../encoding/cbor-encode.ts'
import type { CorimMeasurement } from '../corim.ts'

/** One build that was checked by the rules of its verifier. */
export interface Build {
  readonly name: string | undefined
  /**
   * What tells it from other builds: everything that is compared for equality and that it names.
   */
  readonly marks: ReadonlyMap<string, Bytes>
  /** As a reference triple has it: a list that is not empty. */
  readonly measurements: readonly Encodable[]
}

/** The measurements of one reference triple. */
export interface FoundMeasurements {
  /** As CoRIM has them, decoded. */
  readonly decoded: readonly CorimMeasurement[]
  /** The same, as they came. */
  readonly raw: readonly CborValue[]
  /** How messages call the build. */
  readonly build: string
}

/** One kind of evidence. */
export interface Environment {
  /** Of the class of the environment. */
  readonly vendor: string
  readonly model: string
  /**
   * Builds by the rules of the verifiers, zeros included: what they would refuse is found out here.
   * @throws TypeError
   */
  readonly readBuilds: (values: unknown) => readonly Build[]
  /** What the verifier takes. @throws VerificationError `reference-content` */
  readonly valueOf: (found: FoundMeasurements) => object
  /** Whether values may say when they end. */
  readonly isDated?: boolean
}

/** A map of CBOR whose keys are numbers. */
export const mapWith = (...entries: readonly (readonly [number, Encodable])[]): Encodable => new Map(entries)
