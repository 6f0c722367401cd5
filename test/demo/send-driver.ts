/**
 * Runs inside the page that sends: chooses one attack after the other, sends, and reports what the
 * page then says.
 */
import type { SendRow } from './send-expected.ts'

const rows: SendRow[] = []
const violations: string[] = []
addEventListener('securitypolicyviolation', ({ effectiveDirective, blockedURI }) => {
  // The page has no icon; browsers ask for one all the same.
  if (!blockedURI.endsWith('/favicon.ico')) violations.push(`${effectiveDirective} ${blockedURI}`)
})

const text = (id: string): string => document.getElementById(id)?.textContent ?? ''

async function run(name: string, button: 'attested' | 'plain'): Promise<void> {
  const choice = document.querySelector<HTMLInputElement>(`input[value="${name}"]`)
  if (choice !== null) choice.checked = true
  document.querySelector<HTMLButtonElement>(`button[value="${button}"], button:not([value])`)?.click()
  const wanted = button === 'plain' ? 'plain' : name
  while (document.body.dataset.done !== wanted) await new Promise((resolve) => setTimeout(resolve, 20))
  rows.push({
    name: wanted,
    verdict: document.querySelector('#verdict h2')?.textContent ?? '',
    code: document.getElementById('verdict')?.dataset.code ?? '',
    answer: text('answer'),
    clear: text('clear'),
    sealed: Number(text('sealed')),
    crossings: document.querySelectorAll('#wire li').length,
  })
}

/** Behind a gate, the page has one button. */
async function runGated(): Promise<void> {
  while (document.body.dataset.gate === undefined) await new Promise((resolve) => setTimeout(resolve, 20))
  const folder = location.pathname.split('/').at(-2) ?? ''
  // On the page above all attacks, no one is in between.
  await run(folder === 'gated' ? 'none' : folder, 'attested')
}

try {
  const names = [...document.querySelectorAll<HTMLInputElement>('#attacks input')].map(({ value }) => value)
  if (location.pathname.includes('/send/gated/')) await runGated()
  else {
    for (const name of names) await run(name, 'attested')
    await run('none', 'plain')
  }
  await fetch('/test/report', { method: 'POST', body: JSON.stringify({ rows, violations }) })
} catch (error) {
  await fetch('/test/failure', { method: 'POST', body: JSON.stringify(String(error)) })
}
