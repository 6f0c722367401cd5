/**
 * The suite in a page: fetches the corpus, posts the report. What the Content-Security-Policy
 * forbids must not be needed, so violations are reported too; that they would be noticed is shown
 * by committing one on purpose at the end.
 */
import type { Corpus, Report } from '../model.ts'
import { runSuite } from '../suite.ts'

/** What a page posts. */
export interface PageReport {
  readonly report: Report
  /** What was blocked while the suite ran. */
  readonly violations: readonly string[]
  /** The directive that our own violation was noticed for. */
  readonly provoked: string
}

const violations: string[] = []
addEventListener('securitypolicyviolation', ({ effectiveDirective, blockedURI }) => {
  // An icon is what some browsers ask for by themselves.
  if (!blockedURI.endsWith('/favicon.ico')) violations.push(`${effectiveDirective} ${blockedURI}`)
})

try {
  const report = await runSuite((await (await fetch('/corpus.json')).json()) as Corpus)
  const noticed = [...violations]
  await post('/report', { report, violations: noticed, provoked: await provoke() } satisfies PageReport)
} catch (error) {
  await post('/error', error instanceof Error ? `${error.name}: ${error.message}\n${error.stack ?? ''}` : String(error))
}

function provoke(): Promise<string> {
  return new Promise((resolve) => {
    addEventListener('securitypolicyviolation', ({ effectiveDirective }) => {
      resolve(effectiveDirective)
    })
    const style = document.createElement('style')
    style.textContent = 'html { color: red }'
    document.head.append(style)
    if (style.sheet !== null) resolve('let an inline style pass')
  })
}

async function post(path: string, body: unknown): Promise<void> {
  await fetch(path, { method: 'POST', body: JSON.stringify(body) })
}
