/**
 * The verdict, first thing on the page.
 */
import { button, h, mark } from './dom.ts'
import type { State } from './state.ts'
import type { Fact, Verdict } from './verdict.ts'

const factLabels = { yes: 'yes:', no: 'no:', open: 'not known:' } as const

interface Verified {
  readonly checks: readonly unknown[]
  readonly milliseconds: number
}

/** @param notSignedBy who did not sign it: for what was made for this project */
export function verdictView(
  verdict: Verdict,
  facts: readonly Fact[],
  notSignedBy: string | undefined,
  { checks, milliseconds }: Verified,
  change: (to: Partial<State>) => void,
): HTMLElement {
  const { headline, detail, caveats, actions, code } = verdict
  return h(
    'div',
    { class: `verdict ${verdict.tone}` },
    notSignedBy !== undefined && h('p', { class: 'banner' }, `Fixture evidence · not signed by ${notSignedBy}`),
    h('h2', { class: 'headline' }, headline),
    h('p', { class: 'detail' }, detail),
    h(
      'ul',
      { class: 'facts' },
      ...facts.map(({ label, state }) => h('li', { class: state }, mark(state, factLabels[state]), label)),
    ),
    caveats.length > 0 && h('ul', { class: 'caveats' }, ...caveats.map((caveat) => h('li', {}, caveat))),
    actions.length > 0 &&
      h(
        'p',
        { class: 'actions' },
        ...actions.map(({ label, change: to }) =>
          button(label, () => {
            change(to)
          }),
        ),
      ),
    h(
      'p',
      { class: 'meta' },
      `${checks.length} checks in ${milliseconds.toFixed(0)} ms`,
      code !== 'valid' && [' · ', h('code', {}, code)],
    ),
  )
}

/** When what was entered leaves nothing to verify. */
export function problemView(headline: string, detail: string, code: string): HTMLElement {
  return h(
    'div',
    { class: 'verdict bad' },
    h('h2', { class: 'headline' }, headline),
    h('p', { class: 'detail' }, detail),
    code !== '' && h('p', { class: 'meta' }, h('code', {}, code)),
  )
}
