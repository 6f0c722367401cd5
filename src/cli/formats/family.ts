/**
 * What the command line must know of one vendor's formats: their options, their verifiers, and how
 * people read them.
 */
import type { Check, EvidenceFormat, EvidenceResult } from '../../index.ts'
import type { SignedReferenceValues } from '../../reference/index.ts'
import type { CommandOptions, Values } from '../arguments.ts'

/** A verifier of the library, with everything that it is asked for. */
export type Verifier = (evidence: Uint8Array) => Promise<EvidenceResult>

/** A verifier, and where its reference values came from, if they are signed. */
export interface Request {
  readonly verify: Verifier
  readonly signed?: SignedReferenceValues | undefined
}

/** The kinds that each option is about; options that are not here are about all. */
export type OptionFormats = Readonly<Record<string, readonly EvidenceFormat[]>>

/** A line of a report; `undefined` for what is not there. */
export type Row = readonly [name: string, value: string | undefined]

/** What `veritee inspect` is asked for. */
export interface Inspection {
  readonly format: EvidenceFormat
  readonly bytes: Uint8Array
  /** An event log to compare with the evidence; read only for families that have such logs. */
  readonly log: Uint8Array | undefined
  /** Whether one was named. */
  readonly hasLog: boolean
  /** Printed above and below everything. */
  readonly warning: string
  readonly asJson: boolean
}

/** One family. */
export interface Family {
  readonly formats: readonly EvidenceFormat[]
  /**
   * The only format that is meant where the command line names none: the others must be asked for
   * by name.
   */
  readonly unlessNamed?: EvidenceFormat
  /** What malformed evidence of this family could be: its verifier then says what is wrong. */
  guess(evidence: Uint8Array): EvidenceFormat | undefined
  /** What `veritee verify` takes for it alone. */
  readonly options: CommandOptions
  readonly optionFormats: OptionFormats
  /** What `veritee verify --help` says of them: a heading and lines, 80 columns. */
  readonly help: string
  /** The library's names of options in the words of the command. */
  readonly spoken: Readonly<Record<string, string>>
  /**
   * @throws UsageError, TypeError; VerificationError and AppraisalError for signed reference values
   *   and event logs
   */
  request(values: Values, format: EvidenceFormat): Promise<Request>
  /** Whether its evidence can be compared with an event log. */
  readonly readsEventLogs: boolean
  /** @throws UsageError, VerificationError */
  inspect(inspection: Inspection): Promise<string>
  /** What each check looks at, for people who do not know the codes. */
  readonly questions: Readonly<Record<string, string>>
  /** What to do about a refusal, where something can be done. */
  readonly hints: Readonly<Record<string, string>>
  /** What the evidence says, before and after what every result has. */
  rows(claims: EvidenceResult['claims']): readonly [before: readonly Row[], after: readonly Row[]]
  /**
   * Everything that makes this verdict weaker than it could be, beside what every verdict can lack.
   */
  caveats(claims: EvidenceResult['claims'], checks: readonly Check[]): readonly string[]
}
