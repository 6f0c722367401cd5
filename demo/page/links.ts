/**
 * Links to what is shown: short ones, and those with the evidence in them.
 */
import { toFragment } from './state.ts'
import type { State } from './state.ts'

let shown: { readonly state: State; readonly isSample: boolean } | undefined

/** Called whenever the page shows something else. */
export function linksAreTo(state: State, isSample: boolean): void {
  shown = { state, isSample }
}

export interface Link {
  readonly label: string
  /** Made when it is asked for: long ones take their time. */
  readonly address: () => string
}

export function linksTo(): readonly Link[] {
  const here = (): string => location.href.replace(/#.*/s, '')
  const short = { label: 'Copy a link to this verdict', address: () => location.href }
  if (shown === undefined || shown.isSample) return [short]
  const { state } = shown
  return [
    { label: 'Copy a link to what you expect', address: short.address },
    { label: 'Copy a link with the evidence in it', address: () => `${here()}#${toFragment(state)}` },
  ]
}
