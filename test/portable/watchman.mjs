/**
 * Cleans up after tests that were interrupted. It reads what there is to clean from standard input, one JSON line `["add" | "drop", "group" | "folder",
 * value]` each, and acts when that ends: however the process at the other end died, its pipe closes.
 */
import { rmSync } from 'node:fs'
import process from 'node:process'
import { createInterface } from 'node:readline'
import { setTimeout } from 'node:timers/promises'

const left = { group: new Set(), folder: new Set() }
for await (const line of createInterface({ input: process.stdin })) {
  const [verb, kind, value] = JSON.parse(line)
  if (verb === 'add') left[kind].add(value)
  else left[kind].delete(value)
}

function signal(name) {
  for (const group of left.group) {
    try {
      process.kill(-group, name)
    } catch {
      // It has ended already.
    }
  }
}

if (left.group.size > 0) {
  signal('SIGTERM')
  await setTimeout(1000)
  signal('SIGKILL')
}
for (const folder of left.folder) rmSync(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 })
