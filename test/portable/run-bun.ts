/**
 * Bun, from npm.
 */
import { reportOfConsole } from './console.ts'
import { findInPackages } from './programs.ts'
import type { Run } from './runtimes.ts'

export const findBun = (): string | undefined => findInPackages('@oven', 'bun-', 'bin/bun', 'bun/bin/bun.exe')

export const runBun: Run = (bun, suite) =>
  reportOfConsole(bun, ['run', '--no-install'], suite, { DO_NOT_TRACK: '1', BUN_RUNTIME_TRANSPILER_CACHE_PATH: '0' })
