/**
 * The messages between the suite of private AI and the test: plain JSON both ways.
 */
import type { Case, Outcome } from '../../ai/vector-case.ts'

export interface AiCorpus {
  readonly cases: readonly Case[]
  /** Files by name, base64. */
  readonly files: Readonly<Record<string, string>>
}

export interface AiReport {
  readonly rows: readonly (Outcome & { readonly id: string })[]
}
