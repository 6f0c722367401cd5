/**
 * Node, the one that runs the tests, in a process of its own.
 */
import type { Run } from './runtimes.ts'
import { reportOfConsole } from './console.ts'

export const findNode = (): string => process.execPath

export const runNode: Run = (node, suite) => reportOfConsole(node, ['--no-warnings'], suite)
