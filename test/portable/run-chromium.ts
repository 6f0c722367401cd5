/**
 * Chromium, as the system has it.
 */
import { findOnPath } from './programs.ts'
import { reportOfBrowser } from './puppeteer.ts'
import type { Run } from './runtimes.ts'

export const findChromium = (): string | undefined =>
  findOnPath('chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable')

// No sandbox, because it cannot be had as root; the page is ours. The rest keeps Chromium from talking to anybody else.
const parameters =
  '--no-sandbox --disable-gpu --disable-quic --disable-dev-shm-usage --no-first-run --disable-background-networking --disable-component-update --disable-sync'

export const runChromium: Run = (chromium, suite) =>
  reportOfBrowser(suite, { browser: 'chrome', executablePath: chromium, args: parameters.split(' ') }, 60_000)
