/**
 * What the page is made to do in each browser, and what it showed: the two messages between the
 * test and the driver that runs in the page.
 */

/** Something to verify, by the address that asks for it. */
export interface Visit {
  readonly name: string
  /** What stands behind `#`. */
  readonly fragment: string
}

export interface Plan {
  readonly visits: readonly Visit[]
  /** What the demo enclave is asked to do. */
  readonly attacks: readonly string[]
  /**
   * An image, one with another application, and a document of an enclave that runs the first: in
   * hexadecimal.
   */
  readonly image: string
  readonly otherImage: string
  readonly imageDocument: string
  /** A sound TDX quote and what belongs to it. */
  readonly quote: { readonly evidence: string; readonly collateral: string; readonly log: string }
  /** A sound document, in hexadecimal, to paste, drop and choose. */
  readonly document: string
}

/** What stood on the page after a step. */
export interface Row {
  readonly step: string
  /** `valid`, the reason code, or what else there is instead of a verdict. */
  readonly verdict: string
  readonly headline: string
  readonly detail: string
  /** The line above it that says whose evidence this is. */
  readonly banner: string
  /** Checks by their mark. */
  readonly marks: Readonly<Record<'yes' | 'no' | 'open' | 'never', number>>
  /** Sections of what the document says, and how many of them are marked as unverified. */
  /** The answers at a glance: those that are yes. */
  readonly facts: readonly string[]
  /** Titles of the sections. */
  readonly titles: readonly string[]
  /** What the page says of the state of a platform. */
  readonly platform: string
  /** What it says of each register that an event log is replayed into. */
  readonly rtmrs: readonly string[]
  /** What is wrong with what was entered, by field. */
  readonly problems: readonly string[]
  readonly sections: number
  readonly unverified: number
  /** Pixels by which the page is wider than the window. */
  readonly sideways: number
}

export interface PageReport {
  readonly rows: readonly Row[]
  /** What axe-core finds: `step: rule: element`. */
  readonly barriers: readonly string[]
  /** How many rules of axe-core were applied and held. */
  readonly passes: number
  /** What the Content-Security-Policy blocked. */
  readonly violations: readonly string[]
  /** The directive that a violation of our own was noticed for. */
  readonly provoked: string
}
