/**
 * The registers, against what the visitor expects.
 */
import { isZero, toHex } from './bytes.ts'
import { type Child, h, hex } from './dom.ts'
import type { Outcome } from './outcome.ts'
import { type Build, registersOf } from './policy.ts'
import { meaningOf } from './words.ts'

type State = 'match' | 'mismatch' | 'zero' | 'unknown'

const legend: Readonly<Record<State, string>> = {
  match: 'is what you expect',
  mismatch: 'is not what you expect',
  zero: 'nothing was measured into it',
  unknown: 'you named no value to compare with',
}

interface Row {
  readonly register: string
  readonly value: string
  readonly expected: string | undefined
  readonly state: State
}

export function pcrsView({ evidence, policy, result }: Outcome): Child {
  if (evidence === undefined) return undefined
  const build = buildOf(policy.builds, result?.matched)
  const names = [...new Set([...Object.keys(evidence.pcrs), ...(build ? registersOf(build) : [])])]
  const rows = names
    .sort((a, b) => Number(a.slice(3)) - Number(b.slice(3)))
    .map((register): Row => {
      const bytes = evidence.pcrs[register as 'PCR0']
      const expected = build?.[register as 'PCR0']
      const value = bytes === undefined ? '' : toHex(bytes)
      const state =
        expected !== undefined
          ? expected === value
            ? 'match'
            : 'mismatch'
          : bytes && isZero(bytes)
            ? 'zero'
            : 'unknown'
      return { register, value, expected, state }
    })
  const isIdle = ({ register, state }: Row): boolean =>
    state === 'zero' && ![0, 1, 2, 3, 4, 8].includes(Number(register.slice(3)))
  const idle = rows.filter(isIdle).map(({ register }) => Number(register.slice(3)))
  const used = [...new Set(rows.map(({ state }) => state))]
  return h(
    'div',
    {},
    policy.builds.length > 1 &&
      h(
        'p',
        { class: 'note' },
        result === undefined
          ? `None of ${policy.builds.length} builds matches; compared with the first.`
          : `Compared with the one of ${policy.builds.length} builds that matches.`,
      ),
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
      h('tbody', {}, ...rows.filter((row) => !isIdle(row)).map(rowView)),
    ),
    idle.length > 0 && h('p', { class: 'note' }, `${ranges(idle)}: zero, nothing was measured into them.`),
    h(
      'dl',
      { class: 'legend' },
      ...used.map((state) => h('div', {}, h('dt', {}, pill(state)), h('dd', {}, legend[state]))),
    ),
  )
}

function rowView({ register, value, expected, state }: Row): HTMLElement {
  const shown =
    value === ''
      ? h('span', { class: 'quiet' }, 'absent')
      : state === 'zero'
        ? h('span', { class: 'quiet' }, '48 zero bytes')
        : hex(value)
  return h(
    'tr',
    { class: state },
    h('th', { scope: 'row' }, h('b', {}, register), h('span', {}, meaningOf(register))),
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

const pill = (state: State): HTMLElement => h('span', { class: `pill ${state}` }, state)

/** The build that matched: by its name, else by its index; the first where none did, as the library's message has it. */
function buildOf(builds: readonly Build[], matched: string | number | undefined): Build | undefined {
  return builds.find(({ name }, i) => (name ?? i) === matched) ?? builds[0]
}

/** `PCR5 to PCR7, PCR9`. */
export function ranges(indexes: readonly number[]): string {
  const runs: [number, number][] = []
  for (const index of indexes) {
    const last = runs.at(-1)
    if (last?.[1] === index - 1) last[1] = index
    else runs.push([index, index])
  }
  return runs.map(([from, to]) => (from === to ? `PCR${from}` : `PCR${from} to PCR${to}`)).join(', ')
}
