/**
 * Registers against what the visitor expects: the table that all kinds of evidence share.
 */
import { type Child, h, hex } from './dom.ts'

export type RegisterState = 'match' | 'mismatch' | 'zero' | 'unknown'

const legend: Readonly<Record<RegisterState, string>> = {
  match: 'is what you expect',
  mismatch: 'is not what you expect',
  zero: 'nothing was measured into it',
  unknown: 'you named no value to compare with',
}

/** One register; values in hexadecimal. */
export interface Row {
  readonly register: string
  /** What is measured into it. */
  readonly meaning: string
  /** '' when it is not there. */
  readonly value: string
  readonly expected: string | undefined
  readonly state: RegisterState
}

/** A row, compared. @param expected `undefined` or `any` where there is nothing to compare with */
export function registerRow(row: Omit<Row, 'state' | 'expected'>, expected: string | undefined): Row {
  const wanted = expected === 'any' ? undefined : expected
  const state =
    wanted === undefined
      ? /^(?:00)+$/.test(row.value)
        ? 'zero'
        : 'unknown'
      : wanted === row.value
        ? 'match'
        : 'mismatch'
  return { ...row, expected: wanted, state }
}

export function registerTable(rows: readonly Row[], note?: string): Child {
  const used = [...new Set(rows.map(({ state }) => state))]
  return [
    h(
      'table',
      { class: 'pcrs' },
      h(
        'thead',
        {},
        h(
          'tr',
          {},
          h('th', { scope: 'col' }, 'Register'),
          h('th', { scope: 'col' }, 'Value'),
          h('th', { scope: 'col' }, 'State'),
        ),
      ),
      h('tbody', {}, ...rows.map(rowView)),
    ),
    note !== undefined && h('p', { class: 'note' }, note),
    h(
      'dl',
      { class: 'legend' },
      ...used.map((state) => h('div', {}, h('dt', {}, pill(state)), h('dd', {}, legend[state]))),
    ),
  ]
}

function rowView({ register, meaning, value, expected, state }: Row): HTMLElement {
  const shown =
    value === ''
      ? h('span', { class: 'quiet' }, 'absent')
      : /^(?:00){8,}$/.test(value)
        ? h('span', { class: 'quiet' }, `${value.length / 2} zero bytes`)
        : hex(value)
  return h(
    'tr',
    { class: state },
    h('th', { scope: 'row' }, h('b', {}, register), h('span', {}, meaning)),
    h(
      'td',
      {},
      state === 'mismatch' && expected !== undefined
        ? h(
            'dl',
            { class: 'compare' },
            h('div', {}, h('dt', {}, 'Expected'), h('dd', {}, hex(expected))),
            h('div', { class: 'differs' }, h('dt', {}, 'Found'), h('dd', {}, shown)),
          )
        : shown,
    ),
    h('td', {}, pill(state)),
  )
}

const pill = (state: RegisterState): HTMLElement => h('span', { class: `pill ${state}` }, state)
