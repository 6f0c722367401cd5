/**
 * The messages between a page that asks a model, its server, and the test.
 */

/** What the page is told. */
export interface Settings {
  /** Another origin than the page's, and all that it may reach. */
  readonly relay: string
  readonly profile: object
  readonly root: string
  readonly endorsements: object
  readonly accept: object
  /** What the relay does, one after the other. */
  readonly attacks: readonly string[]
  readonly prompt: string
}

/** What came of one question. */
export interface Row {
  readonly attack: string
  /** Words, in the order and pieces that they came in. */
  readonly words: readonly string[]
  /** Whether the stream's end was seen: its reason, and no error. */
  readonly finished: boolean
  /** `none`, the code of a refusal, or what else was thrown. */
  readonly error: string
  /** Whether it is the client's own refusal, and not one that was made of it. */
  readonly isItself: boolean
  readonly isInside: boolean
}

export interface Report {
  readonly rows: readonly Row[]
  readonly violations: readonly string[]
  readonly provoked: string
}
