/**
 * The examples in demo/examples, run as they stand against the packed package and an enclave on
 * this machine: once with the measurements of what runs there, once with others. Only what must run
 * there, and whose root vouches for it, is written for the test.
 */
import { cp, readdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build as bundle } from 'esbuild'
import { type Browser as PuppeteerBrowser, launch } from 'puppeteer-core'
import ts from 'typescript'
import { build as buildWithVite } from 'vite'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { chromium, chromiumParameters } from '../portable/browsers.ts'
import { makeFolder, removeFolder } from '../portable/cleanup.ts'
import { environmentIn, freePort, start, untilReady } from '../portable/programs.ts'
import { findBun } from '../portable/run-bun.ts'
import { findDeno } from '../portable/run-deno.ts'
import { findWorkerd, withWorker } from '../portable/run-workerd.ts'
import { patienceMs } from '../support/patience.ts'
import { type Enclave, startEnclave } from './enclave.ts'
import { install, pack, type Packed } from './packed.ts'

const examples = fileURLToPath(new URL('../../demo/examples/', import.meta.url))
const others = { PCR0: 'ab'.repeat(48) }
const isMissingAnError = process.env.VERITEE_ALL_RUNTIMES === '1'

let folder: string
let packed: Packed
beforeAll(async () => {
  folder = await makeFolder()
  packed = await pack()
})
afterAll(() => removeFolder(folder))

/** A copy of an example with its policy filled in. */
async function project(name: string, { root }: Enclave, referenceValues: object): Promise<string> {
  const copy = join(folder, `${name}-${Object.values(referenceValues).length}`)
  await cp(join(examples, name), copy, { recursive: true })
  const [file = ''] = (await readdir(copy)).filter((path) => path.startsWith('policy.'))
  const policy = `{
    referenceValues: ${JSON.stringify(referenceValues)},
    trustAnchors: [Uint8Array.from('${root}'.match(/../g) ?? [], (pair) => parseInt(pair, 16))],
  }`
  await writeFile(
    join(copy, file),
    name === 'page' ? `globalThis.policy = ${policy}\n` : `export const policy = ${policy}\n`,
  )
  await install(packed, copy)
  return copy
}

/** How an example is brought to send the secret to an enclave. */
interface Run {
  /** Makes what is deployed out of the project. */
  readonly prepare?: (project: string) => Promise<void>
  /** @returns what a visitor gets to see */
  readonly visit: (project: string, enclave: Enclave) => Promise<unknown>
}

/**
 * Runs an example once with an enclave that runs the expected code, and once with one that does
 * not.
 * @returns what a visitor gets to see of the first and of the second
 */
async function both({ prepare, visit }: Run, name: string): Promise<unknown[]> {
  const seen: unknown[] = []
  for (const isExpected of [true, false]) {
    const served = join(folder, `${name}-${isExpected ? 3 : 1}`)
    const enclave = await startEnclave(name === 'vite' ? join(served, 'dist') : served)
    try {
      const copy = await project(name, enclave, isExpected ? enclave.measurements : others)
      await prepare?.(copy)
      seen.push(await visit(copy, enclave))
      expect(enclave.messages, 'what reached the enclave').toEqual(isExpected ? [secret] : [])
    } finally {
      await enclave.close()
    }
  }
  return seen
}

const secret = 'for the enclave alone'
const sent = { characters: secret.length }
const refused = { refused: 'policy-pcr', why: expect.stringContaining(others.PCR0) as string }

async function jsonOf(address: string): Promise<unknown> {
  const response = await fetch(address, { method: 'POST', body: secret })
  const body: unknown = await response.json()
  expect(response.status).toBe('refused' in (body as object) ? 502 : 200)
  return body
}

/** Starts a server, asks it, and ends it. */
async function askServer(
  program: string,
  parameters: readonly string[],
  cwd: string,
  { address }: Enclave,
): Promise<unknown> {
  const port = await freePort()
  const env = { ...(await environmentIn(folder)), ENCLAVE: address, PORT: `${port}`, DENO_NO_UPDATE_CHECK: '1' }
  const running = start(program, parameters, { cwd, env })
  try {
    return await untilReady(running, program, () => jsonOf(`http://127.0.0.1:${port}/`))
  } finally {
    await running.stop()
  }
}

/** One Chromium for all pages; each gets a context of its own, which shares nothing with others. */
let browser: PuppeteerBrowser | undefined
afterAll(() => browser?.close())

/** Opens a page in Chromium, sends the secret, and waits for what the page says. */
async function look({ address }: Enclave): Promise<unknown> {
  browser ??= await launch({
    timeout: patienceMs,
    protocolTimeout: patienceMs,
    executablePath: chromium.find() ?? '',
    args: [...chromiumParameters],
    env: await environmentIn(folder),
  })
  const context = await browser.createBrowserContext()
  try {
    const page = await context.newPage()
    page.setDefaultTimeout(patienceMs)
    const complaints: string[] = []
    page.on('console', (message) => complaints.push(message.text()))
    await page.goto(`${address}/`)
    await page.type('[name=secret]', secret)
    await page.click('button')
    await page.waitForFunction("document.querySelector('[role=status]').textContent !== ''")
    const verdict = await page.evaluate("document.querySelector('[role=status]').textContent")
    // An icon is what browsers ask for by themselves.
    return { verdict, complaints: complaints.filter((text) => !text.includes('404')) }
  } finally {
    await context.close()
  }
}

const pageSent = { verdict: expect.stringMatching(/^Sent to i-[0-9a-f]+-enc[0-9a-f]+$/) as string, complaints: [] }
const pageRefused = {
  verdict: expect.stringMatching(/^Nothing was sent \(policy-pcr\): .*expected PCR0 (ab){48}, found PCR0/) as string,
  complaints: [],
}
const noChromium = chromium.find() === undefined && !isMissingAnError

describe('examples', () => {
  test.skipIf(noChromium)('a plain page with one script tag', async () => {
    const prepare = (copy: string): Promise<void> =>
      cp(join(packed.copy, 'dist/veritee.nitro.min.js'), join(copy, 'veritee.nitro.min.js'))
    expect(await both({ prepare, visit: (_, enclave) => look(enclave) }, 'page')).toEqual([pageSent, pageRefused])
  })

  test.skipIf(noChromium)('a Vite app', async () => {
    const prepare = async (copy: string): Promise<void> => {
      await buildWithVite({ root: copy, configFile: false, logLevel: 'error' })
    }
    expect(await both({ prepare, visit: (_, enclave) => look(enclave) }, 'vite')).toEqual([pageSent, pageRefused])
    expect(typeErrors(join(folder, 'vite-3/main.ts'))).toEqual([])
  })

  test('a Cloudflare Worker', async () => {
    const visit = async (copy: string, { address }: Enclave): Promise<unknown> => {
      // As wrangler does before it uploads.
      const outfile = join(copy, 'bundle.js')
      await bundle({ entryPoints: [join(copy, 'worker.js')], outfile, bundle: true, format: 'esm', target: 'es2022' })
      const worker = { folder, modules: copy, files: ['bundle.js'], variables: { ENCLAVE: address } }
      return withWorker(findWorkerd() ?? '', worker, jsonOf)
    }
    expect(await both({ visit }, 'worker')).toEqual([sent, refused])
  })

  test('a server on Deno', async () => {
    const flags = [
      'run',
      '--check',
      '--no-prompt',
      '--no-lock',
      '--node-modules-dir=manual',
      '--allow-net=127.0.0.1',
      '--allow-env',
    ]
    const visit = (copy: string, enclave: Enclave): Promise<unknown> =>
      askServer(findDeno() ?? '', [...flags, 'server.ts'], copy, enclave)
    expect(await both({ visit }, 'deno')).toEqual([sent, refused])
  })

  test('a server on Bun', async () => {
    const visit = (copy: string, enclave: Enclave): Promise<unknown> =>
      askServer(findBun() ?? '', ['run', '--no-install', 'server.ts'], copy, enclave)
    expect(await both({ visit }, 'bun')).toEqual([sent, refused])
  })
})

/** What TypeScript finds wrong in a file, with the settings of a Vite app. */
function typeErrors(file: string): string[] {
  const program = ts.createProgram([file], {
    strict: true,
    noEmit: true,
    target: ts.ScriptTarget.ES2022,
    module: ts.ModuleKind.ESNext,
    moduleResolution: ts.ModuleResolutionKind.Bundler,
    allowImportingTsExtensions: true,
    lib: ['lib.es2022.d.ts', 'lib.dom.d.ts'],
    types: [],
  })
  return ts.getPreEmitDiagnostics(program).map(({ messageText }) => ts.flattenDiagnosticMessageText(messageText, '\n'))
}
