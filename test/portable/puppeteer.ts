/**
 * Browsers that puppeteer drives: opens the page, and ends the browser with all its processes.
 */
import { join } from 'node:path'
import { launch, type LaunchOptions } from 'puppeteer-core'
import { endGroup, watchGroup } from './cleanup.ts'
import type { Report } from './model.ts'
import { reportOfPage } from './page-server.ts'
import { environmentIn, within } from './programs.ts'
import type { Suite } from './runtimes.ts'

export async function reportOfBrowser(suite: Suite, options: LaunchOptions, patienceMs: number): Promise<Report> {
  const browser = await launch({
    headless: true,
    timeout: patienceMs,
    protocolTimeout: patienceMs,
    userDataDir: join(suite.folder, 'profile'),
    env: await environmentIn(suite.folder),
    ...options,
  })
  // It leads a group: puppeteer starts browsers detached.
  const leader = browser.process()?.pid
  if (leader !== undefined) watchGroup(leader)
  try {
    return await reportOfPage(suite, patienceMs, async (address) => {
      const page = await browser.newPage()
      await page.goto(address, { waitUntil: 'domcontentloaded', timeout: patienceMs })
    })
  } finally {
    await within(10_000, 'closing the browser', browser.close()).catch(() => undefined)
    if (leader !== undefined) endGroup(leader)
  }
}
