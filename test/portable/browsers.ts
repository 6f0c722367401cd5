/**
 * The three browsers, as the system has them: each opens addresses, for as long as it is used, and
 * is ended with everything that it started.
 */
import { join } from 'node:path'
import { launch, type LaunchOptions } from 'puppeteer-core'
import { patienceMs } from '../support/patience.ts'
import { endGroup, watchGroup } from './cleanup.ts'
import { environmentIn, findOnPath, within } from './programs.ts'
import { findWebKit, useWebKit } from './webkit.ts'

/** Opens an address; need not wait for anything. */
export type Visit = (address: string) => Promise<void>

/**
 * Starts the browser that `program` is, lets `use` have it, and ends it. `folder` takes what it
 * leaves behind.
 * @param proxyPort of a proxy on the loopback interface, for everything that is not on that
 *   interface itself
 */
export type UseBrowser = <T>(
  program: string,
  folder: string,
  use: (visit: Visit) => Promise<T>,
  proxyPort?: number,
) => Promise<T>

export interface Browser {
  readonly name: string
  readonly find: () => string | undefined
  readonly use: UseBrowser
  /** How long to wait for a page's report. */
  readonly patienceMs: number
}

// No sandbox, because it cannot be had as root; the page is ours. The rest keeps Chromium from
// talking to anybody else.
export const chromiumParameters: readonly string[] = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--disable-dev-shm-usage',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
]

export const findChromium = (): string | undefined =>
  findOnPath('chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable')

export const chromium: Browser = {
  name: 'Chromium',
  find: findChromium,
  use: puppeteer({ browser: 'chrome', args: [...chromiumParameters] }),
  patienceMs,
}

export const firefox: Browser = {
  name: 'Firefox',
  find: () => findOnPath('firefox-esr', 'firefox'),
  use: puppeteer({ browser: 'firefox' }),
  patienceMs,
}

export const webkit: Browser = { name: 'WebKit', find: findWebKit, use: useWebKit, patienceMs }

export const browsers: readonly Browser[] = [chromium, firefox, webkit]

/** Browsers that puppeteer drives. */
function puppeteer(options: LaunchOptions): UseBrowser {
  return async (executablePath, folder, use, proxyPort) => {
    const { args = [] } = options
    const isProxied = proxyPort !== undefined
    const browser = await launch({
      headless: true,
      timeout: patienceMs,
      protocolTimeout: patienceMs,
      userDataDir: join(folder, 'profile'),
      env: await environmentIn(folder),
      executablePath,
      ...options,
      args: isProxied && options.browser === 'chrome' ? [...args, `--proxy-server=127.0.0.1:${proxyPort}`] : args,
      ...(isProxied && options.browser === 'firefox' && { extraPrefsFirefox: firefoxProxy(proxyPort) }),
    })
    // It leads a group: puppeteer starts browsers detached.
    const leader = browser.process()?.pid
    if (leader !== undefined) watchGroup(leader)
    try {
      return await use(async (address) => {
        const page = await browser.newPage()
        await page.goto(address, { waitUntil: 'domcontentloaded', timeout: patienceMs })
      })
    } finally {
      // A browser that does not close is killed.
      await within(10_000, 'closing the browser', browser.close()).catch(() => undefined)
      if (leader !== undefined) endGroup(leader)
    }
  }
}

function firefoxProxy(port: number): Readonly<Record<string, unknown>> {
  return {
    'network.proxy.type': 1,
    'network.proxy.http': '127.0.0.1',
    'network.proxy.http_port': port,
    'network.proxy.ssl': '127.0.0.1',
    'network.proxy.ssl_port': port,
    'network.proxy.no_proxies_on': 'localhost, 127.0.0.1',
  }
}
