/**
 * The building blocks of forms.
 */
import { type Child, h } from './dom.ts'
import type { State } from './state.ts'

/** Every other one is something to type. */
export const codes = (...parts: readonly string[]): readonly Child[] =>
  parts.map((part, i) => (i % 2 === 0 ? h('code', {}, part) : part))

type Attributes = Readonly<Record<string, string>>

export function attributes(id: keyof State, more: Attributes = {}): Attributes {
  return { id, spellcheck: 'false', autocapitalize: 'off', 'aria-describedby': `${id}-problem`, ...more }
}

export const label = (id: keyof State, title: string, hint: Child = ''): HTMLElement =>
  h('label', { for: id }, `${title} `, h('span', {}, hint))

export const problem = (id: keyof State): HTMLElement => h('p', { class: 'problem', id: `${id}-problem` })

export const area = (id: keyof State, title: string, hint: Child, more: Attributes = {}): readonly Child[] => [
  label(id, title, hint),
  h('textarea', { ...attributes(id, more), rows: '2' }),
  problem(id),
]

export const line = (id: keyof State, title: string, hint: Child, more: Attributes = {}): readonly Child[] => [
  label(id, title, hint),
  h('input', { ...attributes(id, more), type: 'text' }),
  problem(id),
]

/** One of several. */
export const choice = (name: 'freshness', value: string, title: Child): HTMLElement =>
  h('label', { class: 'choice' }, h('input', { type: 'radio', name, value }), h('span', {}, title))

/** Any number of them, as words with commas between them in the state. */
export function boxes(
  name: 'tcb' | 'allowed',
  title: string,
  options: Readonly<Record<string, Child>>,
  always: readonly string[] = [],
): HTMLElement {
  return h(
    'details',
    {},
    h('summary', {}, title),
    ...always.map((text) =>
      h('label', { class: 'choice' }, h('input', { type: 'checkbox', checked: true, disabled: true }), text),
    ),
    ...Object.entries(options).map(([value, text]) =>
      h('label', { class: 'choice' }, h('input', { type: 'checkbox', name, value }), h('span', {}, text)),
    ),
  )
}

/** The fields of evidence with endorsements and report data. */
export const collateralArea = (): readonly Child[] =>
  area('collateral', 'Endorsements', 'what the vendor says of the platform: drop the JSON, or paste')

export const reportDataLine = (): readonly Child[] =>
  line('reportData', 'Report data', 'hex or base64: your nonce, or a digest of it and a key')

/** The nonce that evidence must answer. */
export const nonceFields = (rest: readonly Child[] = []): HTMLElement =>
  h(
    'fieldset',
    {},
    h('legend', {}, 'Freshness'),
    choice('freshness', 'any', 'Any age'),
    choice('freshness', 'nonce', 'It answers this nonce'),
    h('input', {
      ...attributes('nonce'),
      class: 'inset',
      type: 'text',
      'aria-label': 'Nonce, hex or base64',
    }),
    problem('nonce'),
    ...rest,
  )
