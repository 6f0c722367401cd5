/**
 * The fields that evidence with endorsements has, of whichever vendor. They come with the first
 * such evidence, and the style sheet hides them for other kinds.
 */
import { type Child, element, h } from '../dom.ts'

/** @returns whether they had to be added */
export function addSharedFields(): boolean {
  if (document.getElementById('collateral') !== null) return false
  element('quote-document', HTMLElement).append(
    h(
      'div',
      { class: 'of-quote' },
      ...area('collateral', 'Endorsements', 'what the vendor says of the platform: drop the JSON, or paste'),
    ),
  )
  element('quote-expected', HTMLElement).append(
    h(
      'div',
      { class: 'of-quote' },
      label('reportData', 'Report data', 'hex or base64: your nonce, or a digest of it and a key'),
      h('input', { ...attributes('reportData'), type: 'text' }),
      problem('reportData'),
    ),
  )
  return true
}

/** Every other one is something to type. */
export const codes = (...parts: readonly string[]): readonly Child[] =>
  parts.map((part, i) => (i % 2 === 0 ? h('code', {}, part) : part))

export function attributes(id: string): Readonly<Record<string, string>> {
  return { id, spellcheck: 'false', autocapitalize: 'off', 'aria-describedby': `${id}-problem` }
}

export const label = (id: string, title: string, hint: string): HTMLElement =>
  h('label', { for: id }, `${title} `, h('span', {}, hint))

export const problem = (id: string): HTMLElement => h('p', { class: 'problem', id: `${id}-problem` })

export const area = (id: string, title: string, hint: string): readonly HTMLElement[] => [
  label(id, title, hint),
  h('textarea', { ...attributes(id), rows: '2' }),
  problem(id),
]
