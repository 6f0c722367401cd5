/**
 * The words of the model check: what a scenario lets happen.
 */
import type { Plan } from './monitor.ts'

/** What may happen at any time. */
export type Deed =
  | 'abort'
  | 'close'
  | 'reattest'
  | 'cancel'
  /** The next timer goes off although something else could happen before. */
  | 'timer'
  /** Both clocks go on, until the session is over. */
  | 'an hour'
  /** The wall clock only: it jumps, or the machine sleeps and the steady clock with it. */
  | 'ahead'
  /** The same, until the evidence is over as well. */
  | 'beyond'
  | 'back'
  /** The steady clock only: something keeps the wall clock where it was. */
  | 'kept back'
/** How the question for evidence may be answered, beside by the enclave. */
export type EvidenceAnswer =
  | 'other build'
  | 'other root'
  | 'other key'
  | 'old'
  | 'previous'
  | 'no answer'
  | 'fails'
  | '422'
  | '500'
  | 'redirect'
  | 'garbage'
  | 'cut'
  | 'breaks'
  | 'stalls'
/** How a sealed request may be answered, beside by the enclave. */
export type DataAnswer =
  | '422'
  | '422 later'
  | 'date'
  | '500'
  | 'redirect'
  | 'plain'
  | 'garbage'
  | 'empty'
  | 'no answer'
  | 'fails'
  | 'fails later'
  | 'swapped'
  | 'replayed'
  | 'twice'
/** How the enclave's response may come, beside as it is. */
export type ResponseFault =
  'cut' | 'cut inside' | 'breaks' | 'flipped' | 'repeated' | 'skipped' | 'stalls' | 'spliced' | 'longer'

export interface Scenario {
  readonly name: string
  readonly plans: readonly Plan[]
  /**
   * Whether all requests are made before anything is answered, unless the schedule says otherwise;
   * else each when the one before is done.
   */
  readonly isTogether: boolean
  readonly deeds: readonly Deed[]
  readonly evidence: readonly EvidenceAnswer[]
  readonly data: readonly DataAnswer[]
  readonly response: readonly ResponseFault[]
  /** Whether the enclave has a new key for each evidence. Default true. */
  readonly isKeyNew?: boolean
  /** The caller's verifier does not compare the nonce, and remembers what it has verified. */
  readonly isRemembering?: boolean
  /** Any one WebCrypto operation of the client may wait until something else has happened. */
  readonly holds?: boolean
  /** The caller reads bodies when the schedule says so. */
  readonly isLazy?: boolean
  /** The random source may repeat itself, or give zeros. */
  readonly isRandomBad?: boolean
  /** How bodies that are streams go out. Default `stream`. */
  readonly upload?: 'stream' | 'collect'
  /** The client proves itself as well. */
  readonly isMutual?: boolean
  /**
   * Each call may belong to another request to a Worker: none waits for what another began, and
   * `close()` cannot abort what is under way.
   */
  readonly isIsolated?: boolean
  /**
   * Codes, or `read`, that requests end with in some schedule: else the scenario does not reach
   * what it is for.
   */
  readonly reaches: readonly string[]
}
