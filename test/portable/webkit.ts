/**
 * WebKit, as WebKitGTK has it: MiniBrowser on a virtual display, driven by WebKitWebDriver over the
 * W3C WebDriver protocol.
 */
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { request } from '../support/http.ts'
import type { UseBrowser, Visit } from './browsers.ts'
import { environmentIn, findOnPath, freePort, list, type Running, start, untilReady } from './programs.ts'

/** WebDriver, if all three parts are here. */
export function findWebKit(): string | undefined {
  return findMiniBrowser() !== undefined && findOnPath('Xvfb') !== undefined ? findOnPath('WebKitWebDriver') : undefined
}

function findMiniBrowser(): string | undefined {
  return list('/usr/lib')
    .flatMap((folder) =>
      ['webkit2gtk-4.1', 'webkit2gtk-4.0'].map((api) => join('/usr/lib', folder, api, 'MiniBrowser')),
    )
    .find((path) => existsSync(path))
}

export const useWebKit: UseBrowser = async (webDriver, folder, use, proxyPort) => {
  const env = await environmentIn(folder)
  // The server picks a free display and says which on the third descriptor, when it is ready.
  const display = start(findOnPath('Xvfb') as string, ['-displayfd', '3', '-nolisten', 'tcp'], {
    env,
    stdio: ['ignore', 'pipe', 'pipe', 'pipe'],
  })
  let said = ''
  display.process.stdio[3]?.on('data', (data: Buffer) => (said += data.toString()))
  try {
    const number = await untilReady(display, 'Xvfb', () => Promise.resolve(/^(\d+)\n/.exec(said)?.[1]))
    const port = await freePort()
    const driver = start(webDriver, [`--port=${port}`], {
      env: { ...env, DISPLAY: `:${number}`, NO_AT_BRIDGE: '1', LIBGL_ALWAYS_SOFTWARE: '1', GDK_BACKEND: 'x11' },
    })
    try {
      return await drive(driver, `http://127.0.0.1:${port}`, use, proxyPort)
    } finally {
      await driver.stop()
    }
  } finally {
    await display.stop()
  }
}

async function drive<T>(
  driver: Running,
  base: string,
  use: (visit: Visit) => Promise<T>,
  proxyPort: number | undefined,
): Promise<T> {
  await untilReady(driver, 'WebKitWebDriver', () => command('GET', `${base}/status`))
  const { sessionId } = (await command('POST', `${base}/session`, {
    capabilities: {
      alwaysMatch: {
        browserName: 'MiniBrowser',
        'webkitgtk:browserOptions': {
          binary: findMiniBrowser(),
          args: ['--automation', ...(proxyPort === undefined ? [] : proxyParameters(proxyPort))],
        },
      },
    },
  })) as { sessionId: string }
  const session = `${base}/session/${sessionId}`
  try {
    return await use(async (url) => {
      await command('POST', `${session}/url`, { url })
    })
  } finally {
    await command('DELETE', session).catch(() => undefined)
  }
}

function proxyParameters(port: number): readonly string[] {
  return [`--proxy=http://127.0.0.1:${port}`, '--ignore-host=127.0.0.1', '--ignore-host=localhost']
}

/** One WebDriver command. */
async function command(method: string, url: string, body?: unknown): Promise<unknown> {
  const { status, text } = await request(url, { method, ...(body !== undefined && { body: JSON.stringify(body) }) })
  const { value } = JSON.parse(text) as { value: unknown }
  if (status !== 200) throw new Error(`WebDriver ${method} ${new URL(url).pathname}: ${JSON.stringify(value)}`)
  return value
}
