/**
 * Every check in order: passed, failed, left out on purpose, or not reached because an earlier one
 * failed. Groups in which all is well are folded; in the others, failures are open and come first.
 */
import type { Check } from '../../src/index.ts'
import { type Child, h, mark } from './dom.ts'
import { digest } from './view-digest.ts'
import { duration, moment } from './time.ts'
import type { Stage, Vocabulary, Words } from './words.ts'

interface Verified {
  readonly checks: readonly Check[]
  readonly error: unknown
  readonly isAuthentic: boolean
}

/** @param toDo the check that fails only for want of something that is to be fetched: no alarm */
export function checksView(outcome: Verified, vocabulary: Vocabulary, toDo: string | undefined): HTMLElement {
  return h(
    'section',
    { class: 'card', 'aria-labelledby': 'checks-title' },
    h('h3', { id: 'checks-title' }, 'Checks'),
    ...vocabulary.stages.map((stage) => stageView(outcome, stage, vocabulary, toDo)),
  )
}

function stageView(
  outcome: Verified,
  { stage, title, plan }: Stage,
  { wordsOf }: Vocabulary,
  toDo: string | undefined,
): HTMLElement {
  const slotOf = (id: Check['id']): Check['id'] => wordsOf(id).part ?? id
  const stopped = outcome.error !== undefined && !outcome.isAuthentic
  const own = merged(outcome.checks).filter((check) => check.stage === stage)
  const last = Math.max(-1, ...own.map(({ id }) => plan.indexOf(slotOf(id))))
  const covered = own.map(({ id }) => slotOf(id))
  const missed = stopped ? plan.filter((id, i) => (i > last || own.length === 0) && !covered.includes(id)) : []
  const passed = own.filter((check) => check.outcome === 'pass').length
  const hasFailed = own.some((check) => check.outcome === 'fail')
  const isAlarm = own.some((check) => check.outcome === 'fail' && check.id !== toDo)
  const open = own.filter(({ outcome: came }) => came !== 'pass' && came !== 'fail').length
  const view = (check: Check): HTMLElement => checkView(check, wordsOf(check.id), check.id === toDo)
  const [kind, count] = hasFailed
    ? ([isAlarm ? 'no' : 'open', `${passed} of ${own.length + missed.length}`] as const)
    : own.length === 0
      ? (['never', 'not reached'] as const)
      : open > 0
        ? (['open', `${passed} passed, ${open} not asked`] as const)
        : (['yes', `all ${passed} passed`] as const)
  return h(
    'details',
    { class: 'stage', open: hasFailed },
    h('summary', {}, mark(kind), h('h4', {}, title), h('span', { class: 'count' }, count)),
    h(
      'ul',
      { class: 'checks' },
      ...(hasFailed ? failuresFirst(own, view) : own.map(view)),
      ...missed.map((id) =>
        h(
          'li',
          { class: 'check never' },
          mark('never', 'not reached:'),
          h('span', { class: 'says' }, wordsOf(id).holds),
        ),
      ),
    ),
  )
}

/** What failed must not be looked for among all that passed: that is folded, where it is much. */
function failuresFirst(checks: readonly Check[], view: (check: Check) => HTMLElement): readonly HTMLElement[] {
  const passed = checks.filter(({ outcome }) => outcome === 'pass')
  if (passed.length < 3) return checks.map(view)
  const of = (outcome: Check['outcome'][]): readonly HTMLElement[] =>
    checks.filter((check) => outcome.includes(check.outcome)).map(view)
  return [
    ...of(['fail']),
    h(
      'li',
      { class: 'check passed' },
      h(
        'details',
        {},
        h('summary', {}, mark('yes'), h('span', { class: 'says' }, `${passed.length} that passed`)),
        h('ul', { class: 'checks' }, ...of(['pass'])),
      ),
    ),
    ...of(['not-requested', 'skipped']),
  ]
}

/** A check that is made of several things of the same kind is one line. */
function merged(checks: readonly Check[]): readonly Check[] {
  const lines: Check[] = []
  // What held for some of them does not hold when it failed for one.
  const broken = checks.filter(({ outcome, stage }) => outcome === 'fail' && stage !== 'appraise').map(({ id }) => id)
  for (const check of checks) {
    if (check.outcome === 'pass' && broken.includes(check.id)) continue
    const i = lines.findIndex(({ id, outcome }) => id === check.id && outcome === check.outcome && outcome !== 'fail')
    const before = lines[i]
    if (before === undefined) lines.push(check)
    else {
      const join = (a?: string, b?: string): string | undefined =>
        a === undefined || b === undefined || a === b ? (a ?? b) : `${a}\n${b}`
      lines[i] = {
        ...before,
        expected: join(before.expected, check.expected),
        actual: join(before.actual, check.actual),
      }
    }
  }
  return lines
}

function checkView(check: Check, { holds, fails, why, open }: Words, isToDo: boolean): HTMLElement {
  const isFailure = check.outcome === 'fail'
  const [kind, label, title] = isFailure
    ? isToDo
      ? (['open', 'to do:', fails] as const)
      : (['no', 'failed:', fails] as const)
    : check.outcome === 'pass'
      ? (['yes', 'passed:', holds] as const)
      : (['open', 'not asked:', open ?? check.summary] as const)
  return h(
    'li',
    { class: `check ${kind}` },
    h(
      'details',
      { open: isFailure },
      h('summary', {}, mark(kind, label), h('span', { class: 'says' }, title)),
      h(
        'div',
        { class: 'body' },
        h('p', {}, why),
        !(isFailure && isToDo) && comparison(check),
        h(
          'p',
          { class: 'meta' },
          h('code', {}, check.id),
          isFailure && check.expected === undefined && [' · ', prose(check.summary)],
        ),
      ),
    ),
  )
}

/** Expected and actual, side by side. */
function comparison(check: Check): Child {
  const { expected, actual } = check
  if (expected === undefined || actual === undefined) return undefined
  const [wanted, found] = plain(check, expected, actual)
  const differs = check.outcome === 'fail'
  return h(
    'dl',
    { class: 'compare' },
    h('div', {}, h('dt', {}, 'Expected'), h('dd', {}, wanted)),
    h('div', { class: differs ? 'differs' : '' }, h('dt', {}, 'Found'), h('dd', {}, found)),
  )
}

function plain({ id }: Check, expected: string, actual: string): readonly [Child, Child] {
  if (id === 'policy-freshness') {
    const [least, most] = expected.split(' to ').map(Number) as [number, number]
    const ahead = `at most ${duration(-least * 1000)} ahead of your clock`
    return [Number.isFinite(most) ? `at most ${duration(most * 1000)} old, ${ahead}` : ahead, seconds(Number(actual))]
  }
  if (id === 'cert-validity' || id === 'clock-suspect') return [dates(expected), dates(actual)]
  return [values(expected), values(actual)]
}

const seconds = (age: number): string => `${duration(age * 1000)} ${age < 0 ? 'ahead' : 'old'}`

const dates = (text: string): string =>
  text
    .split(' to ')
    .map((time) => moment(new Date(time)))
    .join(' to ')

/** Lines of `name digits`, digits or words. */
function values(text: string): Child {
  return text.split('\n').map((line) => {
    const isTime = /^\d{4}-\d\d-\d\dT\S+Z(?: to \S+Z)?$/.test(line)
    return h('div', { class: 'value' }, isTime ? dates(line) : prose(line))
  })
}

/** A sentence of the library's, with its digests cut to their ends, and `commands` set as code. */
export function prose(text: string): Child {
  return text
    .split(/([\da-f]{24,}|`[^`]+`)/)
    .map((part, i) => (i % 2 === 0 ? part : part.startsWith('`') ? h('code', {}, part.slice(1, -1)) : digest(part)))
}
