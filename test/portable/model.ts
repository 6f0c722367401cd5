/**
 * What goes into the portable suite and what comes out of it: plain JSON both ways, because it
 * crosses from this process into seven runtimes.
 */
import type { Expected } from '../../fixtures/expected.ts'
import type { PhoneCorpus } from './phones.ts'
import type { QuoteCorpus } from './quotes.ts'
import type { ReportCorpus } from './reports.ts'
import type { TokenCorpus } from './tokens.ts'

/**
 * Which entry point a case goes through; `root` is `verifyEvidence` with options for the format.
 */
export type EntryPoint = Expected['format'] | 'root'

/** What a verifier is asked, in the words of the fixtures. */
export type Question = Omit<Expected, 'description' | 'verdict'>

export interface CorpusCase {
  readonly name: string
  readonly entry: EntryPoint
  /** Key of {@link Corpus.bytes}. */
  readonly evidence: string
  /** Key of {@link Corpus.bytes}; left out: the root that the library pins. */
  readonly trustAnchor?: string
  readonly question: Question
  /** `valid`, or the reason codes that are right. */
  readonly verdicts: readonly string[]
}

export interface Corpus {
  /** Base64 by name. */
  readonly bytes: Readonly<Record<string, string>>
  readonly cases: readonly CorpusCase[]
  /**
   * Names of cases that are valid through `nitro` and out of date by the real clock: what hostile
   * inputs are made of, and the basics tried with.
   */
  readonly subjects: readonly string[]
  readonly quotes: QuoteCorpus
  readonly reports: ReportCorpus
  readonly phones: PhoneCorpus
  readonly tokens: TokenCorpus
}

/** What came of one case. Everything in it must be the same in every runtime. */
export interface Row {
  readonly name: string
  /** `valid` or `ok`, a reason code, or the name of an error that should not be. */
  readonly verdict: string
  /** The class of the error. */
  readonly error?: string
  readonly message?: string
  /** `id:outcome` of every check, in order. */
  readonly checks?: readonly string[]
  /** The result without its checks: bytes as hex, dates as ISO 8601. */
  readonly result?: unknown
}

export interface Report {
  readonly quotes: readonly Row[]
  readonly reports: readonly Row[]
  readonly phones: readonly Row[]
  readonly tokens: readonly Row[]
  readonly references: readonly Row[]
  readonly corpus: readonly Row[]
  readonly hostile: readonly Row[]
  readonly basics: readonly Row[]
}
