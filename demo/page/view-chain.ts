/**
 * Certificates from the root down, each with a bar for its validity around the
 * moment of the verdict. The scale is logarithmic on both sides of that moment, because a root
 * lives thirty years and an enclave's certificate three hours.
 */
import { type CertificateDescription, describeCertificate } from '../../src/inspect/index.ts'
import { type Child, h, mark, svg } from './dom.ts'
import { duration, moment } from './time.ts'

const hour = 3_600_000
const day = 24 * hour
const year = 365.25 * day
const widest = Math.log1p((40 * year) / 60_000)

/** Where a moment stands on the scale, in percent. */
export function position(milliseconds: number): number {
  const distance = Math.log1p(Math.abs(milliseconds) / 60_000) / widest
  return 50 + 50 * Math.sign(milliseconds) * Math.min(1, distance)
}

const ticks: readonly (readonly [milliseconds: number, label: string, isMinor: boolean])[] = [
  [hour, '1 h', false],
  [day, '1 d', true],
  [30 * day, '30 d', true],
  [year, '1 y', true],
  [10 * year, '10 y', false],
]

export interface CertificateIn {
  readonly role: string
  readonly der: Uint8Array
}

interface Link {
  readonly role: string
  readonly certificate: CertificateDescription | undefined
  readonly problem: string
}

/** @param certificates root first */
export function chainView(certificates: readonly CertificateIn[], now: Date, label: 'now' | 'then'): Child {
  const links = certificates.map(linkOf)
  return h(
    'div',
    {},
    h('div', { class: 'axis', 'aria-hidden': 'true' }, axis(label)),
    h('ol', { class: 'chain' }, ...links.map((link) => linkView(link, now, label))),
    h(
      'p',
      { class: 'note' },
      `Validity around ${label === 'now' ? 'now' : moment(now)}, on a scale from minutes to decades.`,
    ),
  )
}

function linkOf({ role, der }: CertificateIn): Link {
  try {
    return { role, certificate: describeCertificate(der), problem: '' }
  } catch (error) {
    return { role, certificate: undefined, problem: (error as Error).message }
  }
}

function linkView({ role, certificate, problem }: Link, now: Date, label: string): HTMLElement {
  if (certificate === undefined) {
    return h(
      'li',
      { class: 'link invalid' },
      h('div', { class: 'who' }, h('b', {}, role), h('span', {}, `Malformed: ${problem}`)),
    )
  }
  const { subject, notBefore, notAfter, serialNumber } = certificate
  const [from, to] = [notBefore.getTime() - now.getTime(), notAfter.getTime() - now.getTime()]
  const isValid = from <= 0 && to >= 0
  const state = isValid
    ? `valid for another ${duration(to)}`
    : from > 0
      ? `begins ${duration(from)} after ${label}`
      : `expired ${duration(to)} before ${label}`
  // RFC 4514 puts a backslash before what would end a value.
  const name = /(?:^|, )CN=((?:\\.|[^,])*)/.exec(subject)?.[1]?.replace(/\\([^0-9a-f])/gi, '$1') ?? subject
  return h(
    'li',
    { class: `link ${isValid ? 'valid' : 'invalid'}` },
    h('div', { class: 'who' }, h('b', {}, role), h('span', { class: 'name' }, name)),
    bar(from, to),
    h(
      'div',
      { class: 'when' },
      mark(isValid ? 'yes' : 'no'),
      `${moment(notBefore)} to ${moment(notAfter)} `,
      h('b', {}, state),
    ),
    h(
      'details',
      { class: 'more' },
      h('summary', {}, 'Details'),
      h(
        'dl',
        { class: 'pairs' },
        pair('Subject', subject),
        pair('Issuer', certificate.issuer),
        pair('Serial number', serialNumber),
      ),
    ),
  )
}

const pair = (name: string, value: string): Child => h('div', {}, h('dt', {}, name), h('dd', {}, value))

function bar(from: number, to: number): SVGElement {
  const [start, end] = [position(from), position(to)]
  // A certificate of three hours, seen from years away, would be too thin to see.
  const width = Math.max(end - start, 0.8)
  return svg(
    'svg',
    { class: 'bar', width: '100%', height: '14', 'aria-hidden': 'true' },
    svg('rect', { class: 'track', x: '0', y: '5', width: '100%', height: '4', rx: '2' }),
    svg('rect', { class: 'span', x: `${Math.min(start, 99.2)}%`, y: '3', width: `${width}%`, height: '8', rx: '4' }),
    svg('line', { class: 'now', x1: '50%', x2: '50%', y1: '0', y2: '14' }),
  )
}

function axis(label: string): SVGElement {
  const tick = (x: number, text: string, className: string): SVGElement =>
    svg('text', { x: `${x}%`, y: '11', 'text-anchor': 'middle', class: className }, text)
  return svg(
    'svg',
    { width: '100%', height: '16' },
    ...ticks.flatMap(([at, text, isMinor]) => [
      tick(position(-at), `−${text}`, isMinor ? 'minor' : ''),
      tick(position(at), `+${text}`, isMinor ? 'minor' : ''),
    ]),
    tick(50, label, 'center'),
  )
}
