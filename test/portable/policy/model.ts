/**
 * What the page under the printed policy is told, and what it tells: plain JSON.
 */

export interface PolicySettings {
  readonly enclave: string
  /** The server of an attacker: records whatever reaches it. */
  readonly elsewhere: string
  /** Base64 of DER. */
  readonly root: string
  /** When its evidence is made, in milliseconds: the clock of the enclave in this test. */
  readonly now: number
  /** Ways out that the policy of this visit leaves open. */
  readonly open: readonly Way[]
}

/** Ways in which a page can send what a person entered, without `attestedFetch`. */
export const ways = [
  'form',
  'form in the address',
  'base',
  'frame',
  'object',
  'image',
  'script',
  'style',
  'fetch',
  'beacon',
] as const
export type Way = (typeof ways)[number]

export interface PolicyReport {
  /** What the enclave answered. */
  readonly answer: string
  /** The directive that stopped a way, or `arrived`. */
  readonly outcomes: Readonly<Record<Way, string>>
}
