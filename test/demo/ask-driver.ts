/**
 * Runs inside the page that verifies: asks the demo enclave, once for each of its attacks, and
 * reports the verdicts.
 */
import type { AskedRow } from './static.test.ts'

const rows: AskedRow[] = []
const violations: string[] = []
addEventListener('securitypolicyviolation', ({ effectiveDirective, blockedURI }) => {
  violations.push(`${effectiveDirective} ${blockedURI}`)
})

async function run(select: HTMLSelectElement, name: string): Promise<void> {
  select.value = name
  select.dispatchEvent(new Event('change'))
  document.body.dataset.verdict = 'pending'
  document.getElementById('send')?.click()
  while (document.body.dataset.verdict === 'pending') await new Promise((resolve) => setTimeout(resolve, 20))
  rows.push({ name, code: document.body.dataset.verdict })
}

try {
  const select = document.querySelector<HTMLSelectElement>('#attack')
  while ((document.body.dataset.verdict ?? 'pending') === 'pending')
    await new Promise((resolve) => setTimeout(resolve, 20))
  for (const { value } of select?.options ?? []) if (select !== null) await run(select, value)
  await fetch('/test/report', { method: 'POST', body: JSON.stringify({ rows, violations }) })
} catch (error) {
  await fetch('/test/failure', { method: 'POST', body: JSON.stringify(String(error)) })
}
