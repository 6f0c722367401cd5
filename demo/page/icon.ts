/**
 * The icon of a verdict.
 */
import { svg } from './dom.ts'
import type { Tone } from './verdict.ts'

/** Shapes that are told apart without colour: a tick, half of one, a list, a cross, a flask. */
const shapes: Readonly<Record<Tone, string>> = {
  good: 'M12 24l8 8 16-18',
  partial: 'M24 12v15M24 34v.5',
  todo: 'M16 16h2M23 16h10M16 24h2M23 24h10M16 32h2M23 32h10',
  bad: 'M15 15l18 18M33 15L15 33',
  fixture: 'M20 11h8M22 11v10L14 35q-1 2 1 2h18q2 0 1-2L26 21V11M18 29h12',
}

export function icon(tone: Tone): SVGElement {
  return svg(
    'svg',
    { class: 'icon', viewBox: '0 0 48 48', 'aria-hidden': 'true' },
    svg('circle', { cx: '24', cy: '24', r: '22' }),
    svg('path', { d: shapes[tone] }),
  )
}
