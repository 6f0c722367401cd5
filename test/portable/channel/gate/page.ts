/**
 * What the pages have in common: they get settings, make rows, and post a report.
 */
import type { GateReport, GateRow, Settings } from './model.ts'
import { watchPolicy } from './violations.ts'

export interface Page {
  readonly settings: Settings
  /** Makes a row. Whatever is thrown is the result. */
  row(name: string, work: () => unknown): Promise<void>
  /** Asks the worker that controls this page. */
  ask(message: unknown): Promise<unknown>
}

/** @param told what becomes of an error */
export async function runPage(
  told: (error: unknown) => string,
  run: (page: Page) => Promise<Partial<Pick<GateReport, 'violations' | 'provoked'>>>,
): Promise<void> {
  const { violations, provoke } = watchPolicy()
  const rows: GateRow[] = []
  try {
    if (!('serviceWorker' in navigator)) {
      const nothing: GateReport = { hasServiceWorkers: false, rows, violations, provoked: [] }
      await post('/report', nothing)
      return
    }
    const settings = (await (await fetch('/settings.json')).json()) as Settings
    const other = await run({
      settings,
      async row(name, work) {
        const result = await Promise.resolve().then(work).catch(told)
        const arrived = (await (await fetch('/arrived', { method: 'POST' })).json()) as string[]
        rows.push({ name, result, arrived })
      },
      ask: (message) =>
        new Promise((resolve) => {
          const { port1, port2 } = new MessageChannel()
          port1.onmessage = ({ data }) => {
            resolve(data)
          }
          navigator.serviceWorker.controller?.postMessage(message, [port2])
        }),
    })
    const noticed = [...violations]
    const provoked = await provoke(() => {
      const style = document.createElement('style')
      style.textContent = 'html { color: red }'
      document.head.append(style)
    })
    const report: GateReport = {
      hasServiceWorkers: true,
      rows,
      violations: [...noticed, ...(other.violations ?? [])],
      provoked: [provoked, ...(other.provoked ?? [])],
    }
    await post('/report', report)
  } catch (error) {
    await post(
      '/error',
      error instanceof Error ? `${error.name}: ${error.message}\n${error.stack ?? ''}` : String(error),
    )
  }
}

async function post(path: string, body: unknown): Promise<void> {
  await fetch(path, { method: 'POST', body: JSON.stringify(body) })
}

interface ScriptUrls {
  createPolicy(
    name: string,
    rules: { createScriptURL(text: string): string },
  ): { createScriptURL(text: string): string }
}

type ScriptUrl = (path: string) => string
let make: ScriptUrl | undefined

/**
 * The address of a worker, in the form that the policy of these pages wants where the browser knows
 * of trusted types.
 */
export function scriptUrl(path: string): string {
  const { trustedTypes } = globalThis as { trustedTypes?: ScriptUrls }
  // A policy of that name can be made once.
  const policy =
    make === undefined ? trustedTypes?.createPolicy('gate', { createScriptURL: (text) => text }) : undefined
  make ??= policy === undefined ? (text) => text : (text) => policy.createScriptURL(text)
  return make(path)
}
