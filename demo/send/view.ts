/**
 * The verdict and the wire, as elements.
 */
import { element, h } from '../page/dom.ts'
import { icon } from '../page/icon.ts'
import { prose } from '../page/view-checks.ts'
import type { Crossing, Secret } from './wire.ts'

const tones = { yes: 'good', no: 'bad', open: 'todo' } as const

/** The verdict: a sentence first, digests cut to their ends. On small screens it may be out of sight, and is brought into it. */
export function say(kind: 'yes' | 'no' | 'open', title: string, ...words: readonly (string | undefined)[]): void {
  const verdict = element('verdict', HTMLElement)
  verdict.className = `verdict ${kind}`
  delete verdict.dataset.code
  verdict.replaceChildren(
    h('div', { class: 'title' }, icon(tones[kind]), h('h2', {}, title)),
    ...words.filter((word) => word !== undefined).map((word) => h('p', {}, prose(word))),
  )
  const { top, bottom } = verdict.getBoundingClientRect()
  if (top < 0 || bottom > innerHeight) verdict.scrollIntoView()
}

/** Everything that crossed, and the two figures, counted from it. */
export function viewWire(crossings: readonly Crossing[], secret: Secret): void {
  const wire = element('wire', HTMLElement)
  const clear = element('clear', HTMLElement)
  const sealed = element('sealed', HTMLElement)
  const out = crossings.filter(({ direction }) => direction === 'out')
  const readable = out.map(({ bytes }) => secret.at(bytes).reduce((sum, [from, to]) => sum + to - from, 0))
  const total = readable.reduce((sum, count) => sum + count, 0)
  clear.textContent = String(total)
  clear.dataset.leak = total > 0 ? 'yes' : 'no'
  sealed.textContent = String(
    out.filter(({ type }) => type.startsWith('message/')).reduce((sum, { bytes }) => sum + bytes.length, 0),
  )
  wire.replaceChildren(...crossings.map((crossing) => crossingView(crossing, secret)))
  if (crossings.length === 0) wire.append(h('li', { class: 'none' }, 'Nothing has crossed yet.'))
}

const shown = 192
/** Bytes and their text are side by side on a phone, too. */
const wide = matchMedia('(min-width: 44rem)')

function crossingView({ direction, what, type, bytes, open }: Crossing, secret: Secret): HTMLElement {
  const places = secret.at(bytes)
  const isReadable = (at: number): boolean => places.some(([from, to]) => at >= from && at < to)
  const lines: HTMLElement[] = []
  const step = wide.matches ? 16 : 8
  for (let at = 0; at < Math.min(bytes.length, shown); at += step) {
    const line = Array.from(bytes.subarray(at, at + step))
    const cell = (text: string, i: number): HTMLElement => h('span', isReadable(at + i) ? { class: 'leak' } : {}, text)
    lines.push(
      h(
        'div',
        {},
        h('span', { class: 'at' }, at.toString(16).padStart(4, '0')),
        h('span', { class: 'bytes' }, ...line.map((byte, i) => cell(`${byte.toString(16).padStart(2, '0')} `, i))),
        h(
          'span',
          { class: 'text' },
          ...line.map((byte, i) => cell(byte > 32 && byte < 127 ? String.fromCharCode(byte) : '·', i)),
        ),
      ),
    )
  }
  const more = bytes.length - shown
  return h(
    'li',
    { class: direction },
    h(
      'p',
      { class: 'what' },
      h('b', {}, direction === 'out' ? '→ ' : '← ', what),
      h('span', {}, `${bytes.length} bytes${open ? ' so far' : ''}`),
      h('span', { class: 'type' }, type),
      places.length > 0 && h('strong', { class: 'leak' }, `${secret.name}, readable`),
    ),
    bytes.length > 0 && h('div', { class: 'dump', 'aria-hidden': 'true' }, ...lines),
    more > 0 && h('p', { class: 'more' }, `and ${more} bytes more`),
  )
}
