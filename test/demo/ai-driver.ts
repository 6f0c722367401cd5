/**
 * Runs inside the page that asks a model: chooses one relay after the other, asks, and reports what
 * the page then says.
 */
import type { AskRow } from './ai-expected.ts'

const rows: AskRow[] = []
const violations: string[] = []
addEventListener('securitypolicyviolation', ({ effectiveDirective, blockedURI }) => {
  // The page has no icon; browsers ask for one all the same.
  if (!blockedURI.endsWith('/favicon.ico')) violations.push(`${effectiveDirective} ${blockedURI}`)
})

const text = (id: string): string => document.getElementById(id)?.textContent ?? ''

async function run(name: string, button: 'attested' | 'plain'): Promise<void> {
  const choice = document.querySelector<HTMLInputElement>(`input[value="${name}"]`)
  if (choice !== null) choice.checked = true
  document.querySelector<HTMLButtonElement>(`button[value="${button}"]`)?.click()
  const wanted = button === 'plain' ? 'plain' : name
  while (document.body.dataset.done !== wanted) await new Promise((resolve) => setTimeout(resolve, 20))
  const badge = document.getElementById('badge')
  const answers = [...document.querySelectorAll('#chat .theirs span')].map(({ textContent }) => textContent)
  rows.push({
    name: wanted,
    verdict: document.querySelector('#verdict h2')?.textContent ?? '',
    code: document.getElementById('verdict')?.dataset.code ?? '',
    answers,
    badge: badge?.getAttribute('state') ?? '',
    panel: badge?.shadowRoot?.querySelector('.panel')?.textContent ?? '',
    isCut: document.querySelector('#chat .cut') !== null,
    clear: Number(text('clear')),
    sealed: Number(text('sealed')),
    chain: Object.fromEntries(
      [...document.querySelectorAll<HTMLElement>('#chain > li')].map(({ dataset }) => [
        dataset.link ?? '',
        dataset.state ?? '',
      ]),
    ),
  })
}

try {
  const names = [...document.querySelectorAll<HTMLInputElement>('#attacks input')].map(({ value }) => value)
  for (const name of names) await run(name, 'attested')
  // A second question goes over the session of the first.
  await run('none', 'attested')
  await run('none', 'attested')
  await run('none', 'plain')
  await fetch('/test/report', { method: 'POST', body: JSON.stringify({ rows, violations }) })
} catch (error) {
  await fetch('/test/failure', { method: 'POST', body: JSON.stringify(String(error)) })
}
