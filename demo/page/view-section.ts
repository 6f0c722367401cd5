/**
 * One section of what evidence says, which says itself whether anyone vouches for it: until the
 * signatures hold, anyone could have written it.
 */
import { type Child, h } from './dom.ts'

/** @param signer who vouches for it; `undefined` when no one does */
export function evidenceSection(
  id: string,
  title: string,
  signer: string | undefined,
  ...body: readonly Child[]
): HTMLElement {
  return h(
    'section',
    { class: `card ${signer === undefined ? 'unverified' : 'signed'}`, 'aria-labelledby': `${id}-title` },
    h(
      'header',
      {},
      h('h3', { id: `${id}-title` }, title),
      h('p', { class: 'trust' }, signer ?? 'Unverified: anyone can write this'),
    ),
    ...body,
  )
}
