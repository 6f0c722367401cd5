/**
 * A reporter that says what runs for long, and for how long already. Time limits are far away
 * (patience.ts), so this is how a hang shows: the name of the test or hook is known from outside,
 * also when its process turns in a circle.
 */
import { relative } from 'node:path'
import type { Reporter } from 'vitest/node'

const everyMs = 300_000

/** @param write where lines go */
export function tellStillRunning(write: (line: string) => void, now: () => number = Date.now): Reporter {
  const running = new Map<string, { readonly name: string; readonly since: number }>()
  let timer: NodeJS.Timeout | undefined
  const begin = (id: string, name: string): void => void running.set(id, { name, since: now() })
  const tell = (): void => {
    for (const { name, since } of running.values()) {
      const minutes = Math.floor((now() - since) / 60_000)
      if (now() - since >= everyMs) write(`still running after ${minutes} minutes: ${name}`)
    }
  }
  return {
    onTestRunStart() {
      timer = setInterval(tell, everyMs)
      timer.unref()
    },
    onTestRunEnd() {
      clearInterval(timer)
    },
    onTestModuleQueued({ id, moduleId }) {
      begin(id, relative(process.cwd(), moduleId))
    },
    onTestModuleEnd({ id }) {
      running.delete(id)
    },
    onTestCaseReady({ id, fullName, module }) {
      begin(id, `${relative(process.cwd(), module.moduleId)} > ${fullName}`)
    },
    onTestCaseResult({ id }) {
      running.delete(id)
    },
    onHookStart({ name, entity }) {
      const of = entity.type === 'module' ? relative(process.cwd(), entity.moduleId) : entity.fullName
      begin(`${name} ${entity.id}`, `${name} of ${of}`)
    },
    onHookEnd({ name, entity }) {
      running.delete(`${name} ${entity.id}`)
    },
  }
}
