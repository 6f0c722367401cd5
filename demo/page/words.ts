/**
 * What a check means, for people: each family has a table of these. The library says what failed;
 * this says why anyone should care.
 */
import type { AttestationErrorCode } from '../../src/index.ts'

export interface Words {
  /** The sentence when it holds. */
  readonly holds: string
  /** The sentence when it does not; as a headline it must make sense alone. */
  readonly fails: string
  readonly why: string
  /** The sentence when nothing was asked: for appraisals only. */
  readonly open?: string
  /**
   * The check that this is another failure of, when it has no place of its own in a verification
   * that goes well.
   */
  readonly part?: AttestationErrorCode
}

/** What is checked of one kind of evidence in one stage, in the order it is checked. */
export interface Stage {
  readonly stage: string
  readonly title: string
  readonly plan: readonly AttestationErrorCode[]
}

/** What is checked of one kind of evidence, and what to say of it. */
export interface Vocabulary {
  readonly stages: readonly Stage[]
  readonly wordsOf: (code: AttestationErrorCode) => Words
}

/** Why strict readers are strict. */
export const shape = 'Strict reading: two programs must never understand the same bytes differently.'

/** Said of all formats alike. */
export const unsupported: Words = {
  holds: '',
  fails: 'This browser lacks the cryptography that is needed.',
  why: 'WebCrypto is there in a secure context only: https, or this device itself.',
}
