/**
 * Both opinions side by side, check by check, and what the second one costs.
 */
import type { Check } from '../../src/index.ts'
import type { Opinion } from '../../src/second-opinion/index.ts'
import { type Child, h, mark } from './dom.ts'
import type { Opinions } from './outcome.ts'
import { prose } from './view-checks.ts'
import type { Vocabulary } from './words.ts'

const verdicts = {
  accepts: ['yes', 'accepts'],
  refuses: ['no', 'refuses'],
  'cannot say': ['open', 'cannot say'],
} as const

const names = ['veritee', 'Second opinion'] as const

/** @param loaded bytes of the scripts that the second opinion has brought */
export function opinionsView({ first, second }: Opinions, loaded: number, { wordsOf }: Vocabulary): HTMLElement {
  const both = [first, second] as const
  // Small screens have no room for a head: each value has its name with it.
  const row = (className: string, title: readonly Child[], shown: (of: Opinion) => Child): HTMLElement =>
    h(
      'tr',
      { class: className },
      h('th', { scope: 'row' }, ...title),
      ...both.map((one, i) => h('td', { 'data-label': names[i] ?? '' }, shown(one))),
    )
  const ids = [...new Set([...first.checks, ...second.checks].map(({ id }) => id))].filter(
    (id) => !id.startsWith('second-'),
  )
  const agree = first.says === second.says && (first.says === 'accepts' || first.code === second.code)
  return h(
    'section',
    { class: 'card', 'aria-labelledby': 'opinions-title' },
    h('h3', { id: 'opinions-title' }, 'Two opinions'),
    h('p', {}, agreement(first, second, agree)),
    opinionsTable(
      'What',
      row('sum', ['Verdict'], (one) => verdictOf(one)),
      row('', ['Time'], ({ durationMs }) => `${durationMs.toFixed(1)} ms`),
      row('', ['Scripts that it needs'], (one) =>
        one === second && loaded > 0 ? `${Math.ceil(loaded / 1024)} KB` : 'there already',
      ),
    ),
    h(
      'details',
      { class: 'more', open: !agree },
      h('summary', {}, `${ids.length} checks, one by one`),
      opinionsTable(
        'Check',
        ...ids.map((id) =>
          row('', titleOf(id, wordsOf(id).holds), ({ checks }) => cameOf(checks.filter((check) => check.id === id))),
        ),
      ),
    ),
  )
}

function opinionsTable(first: string, ...rows: readonly HTMLElement[]): HTMLElement {
  return h(
    'table',
    { class: 'opinions' },
    h('thead', {}, h('tr', {}, ...[first, ...names].map((title) => h('th', { scope: 'col' }, title)))),
    h('tbody', {}, ...rows),
  )
}

const titleOf = (id: string, holds: string): readonly Child[] => (holds === '' ? [id] : [holds, h('span', {}, id)])

function agreement(first: Opinion, second: Opinion, agree: boolean): Child {
  if (agree) return 'An independent implementation, with other libraries, has read the same bytes and says the same.'
  if (second.says === 'cannot say') return ['The second opinion cannot form one: ', prose(second.message ?? '')]
  return [
    h('b', {}, 'They do not agree. '),
    prose(second.message ?? first.message ?? ''),
    ' One of both is wrong: please report it, with the evidence.',
  ]
}

function verdictOf({ says, code }: Opinion): Child {
  const [kind, text] = verdicts[says]
  return [mark(kind), text, code !== undefined && [' ', h('code', {}, code)]]
}

function cameOf(made: readonly Check[]): Child {
  if (made.length === 0) return h('span', { class: 'quiet' }, 'not made')
  if (made.some(({ outcome }) => outcome === 'fail')) return [mark('no'), 'failed']
  if (made.some(({ outcome }) => outcome === 'pass')) return [mark('yes'), 'passed']
  return [mark('open'), 'not asked']
}
