/**
 * Deno, from npm, with leave to read files, to talk to the address that the suite names, and for
 * nothing else.
 */
import { reportOfConsole } from './console.ts'
import { findInPackages } from './programs.ts'
import type { Run } from './runtimes.ts'

export const findDeno = (): string | undefined => findInPackages('@deno', '', 'deno', 'deno/deno')

export const runDeno: Run = (deno, suite) =>
  reportOfConsole(
    deno,
    [
      ...['run', '--no-prompt', '--no-config', '--no-lock', '--no-remote', '--no-npm', '--allow-read'],
      ...(suite.network === undefined ? [] : [`--allow-net=${suite.network}`]),
    ],
    suite,
    { DENO_NO_UPDATE_CHECK: '1' },
  )
