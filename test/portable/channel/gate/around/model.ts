/**
 * What the page that tries every way around a gate is told, and what it tells: plain JSON.
 */
import type { Settings } from '../model.ts'

/** The gate's name, the enclave's own address, and an origin without a gate. */
export type Kind = 'gated' | 'direct' | 'control'

export interface AroundSettings extends Settings {
  /** An origin that hears everything, and that no gate is for. */
  readonly elsewhere: string
  /** The first letter of the browser. */
  readonly browser: string
}

export interface AroundReport {
  /** What a way threw, by its name: in most browsers, that there is no such way. */
  readonly thrown: Readonly<Record<string, string>>
  readonly error?: string
}
