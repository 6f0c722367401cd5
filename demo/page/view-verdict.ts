/**
 * The verdict, first thing on the page.
 */
import { button, type Child, copyButton, h, mark, svg } from './dom.ts'
import type { State } from './state.ts'
import type { Action, Tone, Verdict } from './verdict.ts'
import { prose } from './view-checks.ts'

const factLabels = { yes: 'yes:', no: 'no:', open: 'not known:' } as const

interface Verified {
  readonly checks: readonly unknown[]
  readonly milliseconds: number
}

/** What the buttons of a verdict do. */
export interface Steps {
  readonly change: (to: Partial<State>) => void
  readonly focus: (field: keyof State) => void
}

/** @param notSignedBy who did not sign it: for what was made for this project */
export function verdictView(
  verdict: Verdict,
  notSignedBy: string | undefined,
  { checks, milliseconds }: Verified,
  steps: Steps,
): HTMLElement {
  const { headline, detail, caveats, actions, code, facts, tone } = verdict
  return box(
    tone,
    headline,
    notSignedBy !== undefined && h('p', { class: 'banner' }, `Fixture evidence · not signed by ${notSignedBy}`),
    h('p', { class: 'detail' }, prose(detail)),
    h(
      'ul',
      { class: 'facts' },
      ...facts.map(({ label, state }) => h('li', { class: state }, mark(state, factLabels[state]), label)),
    ),
    actions.length > 0 && h('p', { class: 'actions' }, ...actions.map((action, i) => actionButton(action, i, steps))),
    caveats.length > 0 && h('ul', { class: 'caveats' }, ...caveats.map((caveat) => h('li', {}, caveat))),
    h(
      'p',
      { class: 'meta' },
      `${checks.length} checks in ${milliseconds.toFixed(0)} ms`,
      code !== 'valid' && [' · ', h('code', {}, code)],
    ),
  )
}

function actionButton(action: Action, index: number, { change, focus }: Steps): HTMLElement {
  const className = index === 0 ? 'button strong' : 'button'
  if ('copy' in action) return copyButton(action.copy, action.label, className)
  return button(
    action.label,
    () => {
      if ('change' in action) change(action.change)
      else focus(action.focus)
    },
    className,
  )
}

/** When what was entered leaves nothing to verify. */
export function problemView(headline: string, detail: Child, code = ''): HTMLElement {
  return box(
    'bad',
    headline,
    false,
    h('div', { class: 'detail' }, typeof detail === 'string' ? prose(detail) : detail),
    code !== '' && h('p', { class: 'meta' }, h('code', {}, code)),
  )
}

/** While something takes its time. @param more what is to be seen of it, and how to stop it */
export function pendingView(headline: string, ...more: readonly Child[]): HTMLElement {
  return h(
    'div',
    { class: 'verdict pending', 'aria-busy': 'true' },
    h(
      'div',
      { class: 'title' },
      h('span', { class: 'spinner', 'aria-hidden': 'true' }),
      h('h2', { class: 'headline' }, headline),
    ),
    ...more,
  )
}

function box(tone: Tone, headline: string, banner: Child, ...rest: readonly Child[]): HTMLElement {
  return h(
    'div',
    { class: `verdict ${tone}` },
    banner,
    h('div', { class: 'title' }, icon(tone), h('h2', { class: 'headline' }, headline)),
    ...rest,
  )
}

/** Shapes that are told apart without colour: a tick, half of one, a list, a cross, a flask. */
const shapes: Readonly<Record<Tone, string>> = {
  good: 'M12 24l8 8 16-18',
  partial: 'M24 12v15M24 34v.5',
  todo: 'M16 16h2M23 16h10M16 24h2M23 24h10M16 32h2M23 32h10',
  bad: 'M15 15l18 18M33 15L15 33',
  fixture: 'M20 11h8M22 11v10L14 35q-1 2 1 2h18q2 0 1-2L26 21V11M18 29h12',
}

function icon(tone: Tone): SVGElement {
  return svg(
    'svg',
    { class: 'icon', viewBox: '0 0 48 48', 'aria-hidden': 'true' },
    svg('circle', { cx: '24', cy: '24', r: '22' }),
    svg('path', { d: shapes[tone] }),
  )
}
