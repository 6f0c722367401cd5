/**
 * What an evidence source of the caller's is asked, and what it answers.
 */
import type { Bytes } from '../encoding/bytes.ts'

/** What a source is asked. */
export interface EvidenceQuestion {
  /** 32 bytes, a copy: the evidence must answer them. */
  readonly nonce: Bytes
  /** Aborted when no one waits any more. */
  readonly signal: AbortSignal
  /**
   * The client's own: GET and POST, without cookies and caches, redirections not followed, at most
   * `maximumEvidenceBytes` in all answers together. It throws `client-closed` once the source has
   * settled.
   */
  readonly fetch: typeof fetch
}

/** What a source answers. */
export interface EvidenceAnswer {
  readonly evidence: Uint8Array
  readonly mediaType?: string
  readonly keyConfig?: Uint8Array
  readonly endorsements?: unknown
  /** For `verify` and `binding`, as `challenge.context`; not read here. */
  readonly context?: unknown
}
