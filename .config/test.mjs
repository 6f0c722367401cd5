/**
 * `npm test`: formatting, lint and types, then every test in every runtime. `npm test -- nitro` runs the tests whose path has that word, in Node, and
 * nothing else: an answer within seconds. Options go to vitest.
 */
import { spawnSync } from 'node:child_process'
import console from 'node:console'
import process from 'node:process'
import { fileURLToPath, URL } from 'node:url'
import { installRuntimes } from './runtimes.mjs'

const root = fileURLToPath(new URL('..', import.meta.url))
const parameters = process.argv.slice(2)
const isWhole = parameters.every((parameter) => parameter.startsWith('-'))

function run(...command) {
  const { status } = spawnSync(process.execPath, command, { cwd: root, stdio: 'inherit' })
  if (status !== 0) process.exit(status ?? 1)
}

if (isWhole) {
  run('.config/check.mjs')
  // Offline, say. Everything else is still worth knowing.
  if (!installRuntimes())
    console.warn('Deno, Bun and workerd could not be installed: the tests that need them will fail.')
}
run('node_modules/vitest/vitest.mjs', 'run', '--config', '.config/vitest.config.ts', ...parameters)
