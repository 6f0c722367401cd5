/**
 * Firefox, as the system has it.
 */
import { findOnPath } from './programs.ts'
import { reportOfBrowser } from './puppeteer.ts'
import type { Run } from './runtimes.ts'

export const findFirefox = (): string | undefined => findOnPath('firefox-esr', 'firefox')

export const runFirefox: Run = (firefox, suite) =>
  reportOfBrowser(suite, { browser: 'firefox', executablePath: firefox }, 90_000)
