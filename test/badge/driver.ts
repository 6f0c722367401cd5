/**
 * Runs in a page under a strict policy: takes a badge through all its states, and reports what it
 * shows. It judges nothing.
 */
import { type BadgeClient, type BadgeElement, defineBadge } from '../../src/badge/index.ts'
import { AppraisalError, VerificationError } from '../../src/core/errors.ts'
import { watchPolicy } from '../portable/channel/gate/violations.ts'
import { findBarriers } from '../support/axe.ts'
import type { BadgeReport, BadgeRow } from './badge.test.ts'

const digest = 'ab'.repeat(48)
const check = (id: string, outcome: 'pass' | 'fail'): object => ({
  id,
  stage: 'verify',
  outcome,
  summary: `${id}: ${digest} <b>`,
  startedAt: 0,
  durationMs: 1,
})
const checks = [check('quote-signature', 'pass'), check('policy-measurements', 'fail')]
const result = {
  format: 'tdx',
  verifiedAt: new Date('2026-06-01T12:00:00Z'),
  validUntil: new Date('2026-06-02T12:00:00Z'),
  checks: checks.slice(0, 1),
}

type Mutable = { -readonly [Key in keyof BadgeClient]: BadgeClient[Key] } & {
  tell(): void
  readonly listeners: Set<() => void>
}
function clientIn(state: BadgeClient['state']): Mutable {
  const listeners = new Set<() => void>()
  return {
    state,
    result: undefined,
    refusal: undefined,
    listeners,
    subscribe(listener) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    tell() {
      for (const listener of listeners) listener()
    },
  }
}

async function run(): Promise<BadgeReport> {
  const { violations, provoke } = watchPolicy()
  const rows: BadgeRow[] = []
  const main = document.querySelector('main') as HTMLElement
  // Before it is defined, it is an element like any other; then it comes to life.
  const badge = document.createElement('veritee-badge') as HTMLElement & BadgeElement
  main.append(badge)
  const proven = Object.assign(clientIn('verified'), { result })
  const waiting = Object.assign(document.createElement('veritee-badge'), { client: proven })
  main.append(waiting)
  defineBadge()
  defineBadge()
  const early = waiting.getAttribute('state')
  waiting.remove()
  const made = document.createElement('veritee-badge') as HTMLElement & BadgeElement
  made.client = proven
  main.append(made)
  const late = made.getAttribute('state')
  made.remove()
  const look = async (name: string): Promise<void> => {
    const { shadowRoot } = badge
    const details = shadowRoot?.querySelector('details')
    if (details) details.open = true
    const { barriers } = await findBarriers()
    rows.push({
      name,
      state: badge.getAttribute('state') ?? '',
      title: shadowRoot?.querySelector('summary')?.textContent ?? '',
      said: shadowRoot?.querySelector('[role=status]')?.textContent ?? '',
      panel: shadowRoot?.querySelector('.panel')?.textContent ?? '',
      elements: shadowRoot?.querySelectorAll('b, img, script').length ?? -1,
      barriers,
      styled: getComputedStyle(details as Element).borderRadius,
    })
  }
  await look('no client')
  const client = clientIn('idle')
  badge.client = client
  await look('idle')
  const to = async (state: BadgeClient['state'], more: Partial<BadgeClient> = {}): Promise<void> => {
    Object.assign(client, { result: undefined, refusal: undefined, state, ...more })
    client.tell()
    await look(state)
  }
  await to('verifying')
  await to('verified', { result: result as never })
  badge.evidence = new Uint8Array(5000)
  await look('with evidence')
  const names: string[] = []
  const { click } = HTMLAnchorElement.prototype
  HTMLAnchorElement.prototype.click = function (): void {
    names.push(`${this.download} ${this.href.split(':')[0] ?? ''}`)
  }
  badge.shadowRoot?.querySelector('button')?.click()
  HTMLAnchorElement.prototype.click = click
  badge.evidence = undefined
  const refusal = new AppraisalError('policy-measurements', { subject: 'MRTD', expected: digest, found: digest })
  await to('refused', { refusal: Object.assign(refusal, { checks }) })
  badge.sentences = { 'policy-measurements': 'We released a new build today: please reload.' }
  await look('with a sentence of its own')
  await to('refused', { refusal: new VerificationError('quote-signature', 'quote: signature does not match') })
  await to('closed')
  const held = client.listeners.size
  badge.remove()
  const left = client.listeners.size
  main.append(badge)
  await to('idle')
  let thrown = ''
  try {
    badge.client = { state: 'verified' } as never
  } catch (error) {
    thrown = String(error)
  }
  const noticed = [...violations]
  const provoked = await provoke(() => {
    const sheet = document.createElement('style')
    sheet.textContent = 'html { color: red }'
    document.head.append(sheet)
  })
  return {
    rows,
    violations: noticed,
    provoked,
    saved: names,
    listeners: [held, left, client.listeners.size],
    thrown,
    early,
    late,
  }
}

run().then(
  (report) => fetch('/report', { method: 'POST', body: JSON.stringify(report) }),
  (error: unknown) =>
    fetch('/error', { method: 'POST', body: JSON.stringify(error instanceof Error ? error.stack : 'no error') }),
)
