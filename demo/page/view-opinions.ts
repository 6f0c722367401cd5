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

/** @param loaded bytes of the scripts that the second opinion has brought */
export function opinionsView({ first, second }: Opinions, loaded: number, { wordsOf }: Vocabulary): HTMLElement {
  const both = [first, second] as const
  const ids = [...new Set([...first.checks, ...second.checks].map(({ id }) => id))].filter(
    (id) => !id.startsWith('second-'),
  )
  const agree = first.says === second.says && (first.says === 'accepts' || first.code === second.code)
  return h(
    'section',
    { class: 'card', 'aria-labelledby': 'opinions-title' },
    h('h3', { id: 'opinions-title' }, 'Two opinions'),
    h('p', {}, agreement(first, second, agree)),
    h(
      'table',
      { class: 'opinions' },
      h(
        'thead',
        {},
        h('tr', {}, ...['Check', 'veritee', 'Second opinion'].map((title) => h('th', { scope: 'col' }, title))),
      ),
      h(
        'tbody',
        {},
        h(
          'tr',
          { class: 'sum' },
          h('th', { scope: 'row' }, 'Verdict'),
          ...both.map((one) => h('td', {}, verdictOf(one))),
        ),
        ...ids.map((id) =>
          h(
            'tr',
            {},
            h('th', { scope: 'row' }, titleOf(id, wordsOf(id).holds), h('span', {}, id)),
            ...both.map(({ checks }) => h('td', {}, cameOf(checks.filter((check) => check.id === id)))),
          ),
        ),
        h(
          'tr',
          { class: 'sum' },
          h('th', { scope: 'row' }, 'Time'),
          ...both.map(({ durationMs }) => h('td', {}, `${durationMs.toFixed(1)} ms`)),
        ),
        h(
          'tr',
          {},
          h('th', { scope: 'row' }, 'Scripts that it needs'),
          h('td', {}, 'there already'),
          h('td', {}, loaded > 0 ? `${Math.ceil(loaded / 1024)} KB` : 'there already'),
        ),
      ),
    ),
  )
}

const titleOf = (id: string, holds: string): string => (holds === '' ? id : holds)

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
