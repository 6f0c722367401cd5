/**
 * A family of formats, as the page needs it: one vendor's evidence, from bytes to a verdict in
 * words. Each family is a module of its own that is loaded when its evidence is first met.
 */
import type { EvidenceFormat } from '../../../src/index.ts'
import type { Bytes } from '../bytes.ts'
import type { Child } from '../dom.ts'
import type { Means, Outcome } from '../outcome.ts'
import type { Policy, Read } from '../policy.ts'
import type { State } from '../state.ts'
import type { Verdict } from '../verdict.ts'
import type { Vocabulary } from '../words.ts'

/** How a family's files are told from others. Small: it is there from the first visit on. */
export interface Sniff {
  /** What its evidence is called, by the library's name of the format. */
  readonly formats: Partial<Readonly<Record<EvidenceFormat, string>>>
  /** Who did not sign what was made for this project: by format, where a family has several vendors. */
  readonly vendor: string | Partial<Readonly<Record<EvidenceFormat, string>>>
  /** Files that belong to evidence, and the field that they go into. @param head the first bytes, as Latin-1 */
  readonly files: readonly { readonly field: keyof State; readonly looksLike: (head: string) => boolean }[]
}

/** The fields that only this family has. */
export interface FormParts {
  /** How measurements are written. */
  readonly hint: Child
  /** The root that is pinned; `undefined` where there is none. */
  readonly root: string | undefined
  /** Beside the evidence. */
  readonly document?: Child
  readonly expected?: Child
  /** Rarely needed. */
  readonly more?: Child
  /** Whether evidence has a date that it can be verified at. */
  readonly hasDate?: boolean
}

/** What views need besides the outcome. */
export interface Page {
  readonly state: State
  /** The list of checks, to be put where it belongs. */
  readonly checks: Child
}

/** Methods, so that a family of narrower types is one of these. */
export interface Family<P extends Policy = Policy, O extends Outcome<P> = Outcome<P>> {
  readonly sniff: Sniff
  form(format: EvidenceFormat): FormParts
  policy(state: State, format: EvidenceFormat): Read<P> | Promise<Read<P>>
  /** @throws TypeError when the policy is none that the library accepts */
  outcome(bytes: Bytes, policy: P, means: Means): Promise<O>
  verdict(outcome: O): Verdict
  views(outcome: O, page: Page): readonly Child[]
  words(format: EvidenceFormat): Vocabulary
}
