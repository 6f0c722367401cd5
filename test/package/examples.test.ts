/**
 * The examples in demo/examples, run as they stand against the packed package, each in the runtime
 * it is for: clients send through `attestedFetch` to a `createGateway` on this machine, once with
 * the measurements of what runs there and once with others; enclaves answer clients. Only what must
 * run there, and what vouches for it, is written for the test.
 */
import { cp, mkdir, readdir, readFile, writeFile } from 'node:fs/promises'
import { connect } from 'node:net'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build as bundle } from 'esbuild'
import { type Browser as PuppeteerBrowser, launch, type Page } from 'puppeteer-core'
import ts from 'typescript'
import { build as buildWithVite } from 'vite'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { sentenceFor } from '../../src/badge/sentences.ts'
import { attestedFetch } from '../../src/client/index.ts'
import { verifyNitro } from '../../src/formats/aws/nitro/index.ts'
import { createIntelAttester, measurements, tdOffsets } from '../attester/intel.ts'
import { createNitroAttester } from '../attester/nitro.ts'
import { serveLoopback } from '../gateway/loopback.ts'
import { chromium, chromiumParameters } from '../portable/browsers.ts'
import { makeFolder, removeFolder } from '../portable/cleanup.ts'
import { environmentIn, freePort, run as runProgram, start, untilReady } from '../portable/programs.ts'
import { findBun } from '../portable/run-bun.ts'
import { findDeno } from '../portable/run-deno.ts'
import { findWorkerd, withWorker } from '../portable/run-workerd.ts'
import { patienceMs } from '../support/patience.ts'
import { deviceOf, type GatewayEnclave, publishedBy, startGateway } from './gateway.ts'
import { install, linkPackages, pack, type Packed } from './packed.ts'

const examples = fileURLToPath(new URL('../../demo/examples/', import.meta.url))
const others = { PCR0: 'ab'.repeat(48) }
const isMissingAnError = process.env.VERITEE_ALL_RUNTIMES === '1'
const flagsOfDeno = ['run', '--check', '--no-prompt', '--no-lock', '--node-modules-dir=manual']

let folder: string
let packed: Packed
beforeAll(async () => {
  folder = await makeFolder()
  packed = await pack()
})
afterAll(() => removeFolder(folder))

type Client = Pick<GatewayEnclave, 'origin' | 'trustAnchors'>

/** What a policy says in a test: an enclave on this machine. */
function policyFor({ origin, trustAnchors }: Client, referenceValues: object): Record<'enclave' | 'policy', string> {
  return {
    enclave: `{ origin: '${origin}', options: { allowLoopbackHttp: true as const } }`,
    policy: `{ referenceValues: ${JSON.stringify(referenceValues)}, trustAnchors: ${trustAnchors} }`,
  }
}

/** A copy of an example with the package installed, and with a file in place of one of its own. */
async function project(name: string, suffix: string, replaced: Readonly<Record<string, string>>): Promise<string> {
  const copy = join(folder, `${name}-${suffix}`)
  await cp(join(examples, name), copy, { recursive: true })
  const own = await readdir(copy)
  for (const [file, text] of Object.entries(replaced)) {
    expect(own).toContain(file)
    await writeFile(join(copy, file), text)
  }
  await install(packed, copy)
  return copy
}

/** An example of a client, with its policy filled in. */
async function client(name: string, enclave: Client, referenceValues: object): Promise<string> {
  const [file = ''] = (await readdir(join(examples, name))).filter((path) => path.startsWith('policy.'))
  const { enclave: where, policy } = policyFor(enclave, referenceValues)
  const prefix = name === 'page' ? 'globalThis.' : 'export const '
  const text = `${prefix}enclave = ${where}\n${prefix}policy = ${policy}\n`
  return project(name, `${Object.keys(referenceValues).length}`, {
    [file]: file.endsWith('.ts') ? text : text.replace(' as const', ''),
  })
}

/** How an example is brought to send the secret to an enclave. */
interface Run {
  /** Makes what is deployed out of the project. */
  readonly prepare?: (project: string) => Promise<void>
  /** Which folder of the project the enclave serves, for pages. */
  readonly serves?: string
  /** How often it sends. Default: once. */
  readonly times?: number
  /** @returns what a visitor gets to see */
  readonly visit: (project: string, enclave: GatewayEnclave) => Promise<unknown>
}

/**
 * Runs an example once with an enclave that runs the expected code, and once with one that does
 * not.
 * @returns what a visitor gets to see of the first and of the second
 */
async function both({ prepare, serves, times = 1, visit }: Run, name: string): Promise<unknown[]> {
  const seen: unknown[] = []
  for (const isExpected of [true, false]) {
    const enclave = await startGateway(serves && join(folder, `${name}-${isExpected ? 3 : 1}`, serves))
    try {
      const copy = await client(name, enclave, isExpected ? enclave.measurements : others)
      await prepare?.(copy)
      seen.push(await visit(copy, enclave))
      expect(enclave.messages, 'what reached the enclave').toEqual(isExpected ? Array(times).fill(secret) : [])
      // One attestation serves all requests, and one that failed is tried anew for each.
      expect(enclave.asked()).toBe(isExpected ? 1 : times)
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

/** Starts a server, uses it, and ends it. */
async function withServer<T>(
  [program, ...parameters]: readonly string[],
  cwd: string,
  variables: Readonly<Record<string, string>>,
  use: (address: string) => Promise<T>,
): Promise<T> {
  const port = await freePort()
  const origin = `http://127.0.0.1:${port}`
  const own = { ORIGIN: origin, PORT: `${port}`, DENO_NO_UPDATE_CHECK: '1' }
  const env = { ...(await environmentIn(folder)), ...own, ...variables }
  const running = start(program ?? '', parameters, { cwd, env })
  try {
    await untilReady(running, program ?? '', () => answers(port))
    return await use(origin)
  } catch (cause) {
    throw new Error(`${program} said: ${running.complaints()}`, { cause })
  } finally {
    await running.stop()
  }
}

/** Whether something listens there. Asks nothing: servers pass on what they are asked. */
function answers(port: number): Promise<true> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1', () => {
      socket.destroy()
      resolve(true)
    })
    socket.once('error', reject)
  })
}

/** Three requests through a server in front of an enclave. */
const thrice = (address: string): Promise<unknown> => inTurn(3, () => jsonOf(`${address}/`))
const askServer = (...command: readonly string[]): Run => ({
  times: 3,
  visit: (copy) => withServer(command, copy, {}, thrice),
})

async function inTurn(times: number, work: () => Promise<unknown>): Promise<unknown> {
  const seen: unknown[] = []
  for (let i = 0; i < times; i++) seen.push(await work())
  for (const each of seen) expect(each).toEqual(seen[0])
  return seen[0]
}

/** One Chromium for all pages; each gets a context of its own, which shares nothing with others. */
let browser: PuppeteerBrowser | undefined
afterAll(() => browser?.close())

/** Opens a page in Chromium, sends the secret, and waits for what the page says. */
async function look({ origin }: GatewayEnclave, before?: (page: Page) => Promise<void>): Promise<unknown> {
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
    page.on('pageerror', (error) => complaints.push(String(error)))
    await page.goto(`${origin}/`)
    await page.waitForSelector('[name=secret]')
    await before?.(page)
    await page.type('[name=secret]', secret)
    await page.click('button')
    await page.waitForFunction("document.querySelector('[role=status]').textContent !== ''")
    const verdict = await page.evaluate("document.querySelector('[role=status]').textContent")
    const badge = await page.$eval('veritee-badge', ({ shadowRoot }) => [
      shadowRoot?.querySelector('[role=status]')?.textContent,
      shadowRoot?.querySelector('button')?.textContent,
    ])
    // An icon is what browsers ask for by themselves, and React advertises its tools.
    return { verdict, badge, complaints: complaints.filter((text) => !/404|React DevTools/.test(text)) }
  } finally {
    await context.close()
  }
}

const saves = expect.stringMatching(/^Save the raw evidence \(\d{4} bytes\)$/) as string
const pageSent = {
  verdict: expect.stringMatching(/^Sent to i-[0-9a-f]+-enc[0-9a-f]+$/) as string,
  badge: ['Proven. The service runs what this page expects, and what is sent can be read by it alone.', saves],
  complaints: [],
}
const pageRefused = {
  verdict: expect.stringMatching(/^Nothing was sent \(policy-pcr\): .*expected PCR0 (ab){48}, found PCR0/) as string,
  badge: [`Refused. ${sentenceFor('policy-pcr')}`, saves],
  complaints: [],
}
const noChromium = chromium.find() === undefined && !isMissingAnError

describe('pages', () => {
  test.skipIf(noChromium)('script tags, under a strict policy and Trusted Types', async () => {
    const prepare = async (copy: string): Promise<void> => {
      for (const file of ['veritee.client.min.js', 'veritee.nitro.min.js', 'veritee.badge.min.js'])
        await cp(join(packed.copy, 'dist', file), join(copy, file))
      // The hashes in the example are those of the last release (package.test.ts).
      const hashes = JSON.parse(await readFile(join(packed.copy, 'dist/integrity.json'), 'utf8')) as object
      const html = await readFile(join(copy, 'index.html'), 'utf8')
      const pinned = Object.entries(hashes).reduce(
        (text, [file, hash]) => text.replace(new RegExp(`(src="${file}"\\s+integrity=")[^"]*`), `$1${hash}`),
        html,
      )
      await writeFile(join(copy, 'index.html'), pinned)
    }
    const run = { prepare, serves: '.', visit: (_: string, enclave: GatewayEnclave) => look(enclave) }
    expect(await both(run, 'page')).toEqual([pageSent, pageRefused])
  })

  const prepare = async (copy: string): Promise<void> => {
    await buildWithVite({ root: copy, configFile: false, logLevel: 'error' })
  }

  test.skipIf(noChromium)('a Vite app', async () => {
    const run = { prepare, serves: 'dist', visit: (_: string, enclave: GatewayEnclave) => look(enclave) }
    expect(await both(run, 'vite')).toEqual([pageSent, pageRefused])
    expect(typeErrors(join(folder, 'vite-3/main.ts'))).toEqual([])
  })

  test.skipIf(noChromium)(
    'a React app: the hook shows the verdict before anything is typed, StrictMode attests once',
    async () => {
      const states: string[] = []
      const visit = (_: string, enclave: GatewayEnclave): Promise<unknown> =>
        look(enclave, async (page) => {
          await page.waitForSelector('[data-state=verified], [data-state=refused]')
          states.push((await page.evaluate("document.querySelector('[data-state]').textContent")) as string)
          expect(enclave.asked()).toBe(1)
        })
      const withReact = async (copy: string): Promise<void> => {
        await linkPackages(copy, ['react', 'react-dom', 'scheduler', '@types/react', '@types/react-dom', 'csstype'])
        await prepare(copy)
      }
      const seen: unknown[] = []
      for (const isExpected of [true, false]) {
        const enclave = await startGateway(join(folder, `react-${isExpected ? 3 : 1}`, 'dist'))
        try {
          const copy = await client('react', enclave, isExpected ? enclave.measurements : others)
          await withReact(copy)
          seen.push(await visit(copy, enclave))
          expect(enclave.messages).toEqual(isExpected ? [secret] : [])
        } finally {
          await enclave.close()
        }
      }
      expect(seen).toEqual([pageSent, pageRefused])
      expect(states).toEqual([
        'This is the expected enclave. ',
        'This is not the expected enclave. Nothing is sent to it. policy-pcr',
      ])
      expect(typeErrors(join(folder, 'react-3/main.tsx'))).toEqual([])
    },
  )
})

describe('servers in front of an enclave: one attestation for many requests', () => {
  test('a Cloudflare Worker', async () => {
    const visit = async (copy: string): Promise<unknown> => {
      // As wrangler does before it uploads.
      const outfile = join(copy, 'bundle.js')
      await bundle({ entryPoints: [join(copy, 'worker.js')], outfile, bundle: true, format: 'esm', target: 'es2022' })
      return withWorker(findWorkerd() ?? '', { folder, modules: copy, files: ['bundle.js'] }, (address) =>
        inTurn(3, () => jsonOf(address)),
      )
    }
    expect(await both({ visit, times: 3 }, 'worker')).toEqual([sent, refused])
  })

  test('Deno', async () => {
    const command = [findDeno() ?? '', ...flagsOfDeno, '--allow-net=127.0.0.1', '--allow-env', 'server.ts']
    expect(await both(askServer(...command), 'deno')).toEqual([sent, refused])
  })

  test('Bun', async () => {
    const command = [findBun() ?? '', 'run', '--no-install', 'server.ts']
    expect(await both(askServer(...command), 'bun')).toEqual([sent, refused])
  })

  test('Node, with Hono', async () => {
    const prepare = (copy: string): Promise<void> => linkPackages(copy, ['hono', '@hono/node-server'])
    const run = askServer(process.execPath, 'server.js')
    expect(await both({ ...run, prepare }, 'node')).toEqual([sent, refused])
  })
})

describe('enclaves', () => {
  /**
   * A client with the measurements of what runs there, and one with others; the security module of
   * the enclave is this process.
   */
  async function talk(
    run: (attest: string, use: (address: string) => Promise<void>) => Promise<void>,
  ): Promise<unknown[]> {
    const attester = await createNitroAttester({ now: new Date() })
    const device = deviceOf(attester)
    const module = await serveLoopback(() => async (request) => {
      const answer = await device(new Uint8Array(await request.arrayBuffer()))
      return new Response(new Uint8Array(answer))
    })
    const { measurements } = await publishedBy(attester)
    const attest = `import { nsmSource } from 'veritee/attesters'
export const attest = nsmSource({
  device: async (message) => {
    const response = await fetch('${module.origin}/', { method: 'POST', body: new Uint8Array(message) })
    return new Uint8Array(await response.arrayBuffer())
  },
})
`
    const seen: unknown[] = []
    try {
      await run(attest, async (address) => {
        for (const referenceValues of [measurements, others]) {
          const send = attestedFetch(address, {
            allowLoopbackHttp: true,
            verify: (evidence, { nonce }) =>
              verifyNitro(evidence, { referenceValues, freshness: { nonce }, trustAnchors: [attester.root] }),
          })
          const outcome = send('/message', { method: 'POST', body: secret }).then(
            (response) => response.json() as Promise<unknown>,
            (error: unknown) => (error as { code?: string }).code,
          )
          seen.push(await outcome)
          send.close()
        }
      })
    } finally {
      await module.close()
    }
    return seen
  }

  test('the app of the image, on Deno, with what its start script allows', async () => {
    const script = await readFile(join(examples, 'enclave/vsock.sh'), 'utf8')
    const [, flags = ''] = /^exec deno run (.*) \/app\/main\.ts$/m.exec(script) ?? []
    expect(flags).toContain('--allow-net=127.0.0.1:8000')
    const seen = await talk(async (attest, use) => {
      const copy = await project('enclave', 'deno', { 'attest.ts': attest })
      // Its port, and that of the security module of the test, are any.
      const allowed = flags.replace('127.0.0.1:8000', '127.0.0.1').split(' ')
      await withServer([findDeno() ?? '', ...flagsOfDeno, ...allowed, 'main.ts'], copy, {}, use)
    })
    expect(seen).toEqual([sent, 'policy-pcr'])
  })

  test('the image is made of files that there are, and starts with a script that a shell can read', async () => {
    const image = await readFile(join(examples, 'enclave/Dockerfile'), 'utf8')
    const copied = [...image.matchAll(/^COPY (?!--from)(.*) \S+$/gm)].flatMap(([, names = '']) => names.split(' '))
    const own = await readdir(join(examples, 'enclave'))
    // The lock file is what `npm install` leaves in a project of one's own.
    expect(copied.filter((name) => !own.includes(name))).toEqual(['package-lock.json'])
    expect(image).toMatch(/^ENTRYPOINT \["\/bin\/sh", "\/app\/vsock\.sh"\]$/m)
    await runProgram('sh', ['-n', join(examples, 'enclave/vsock.sh')], {})
  })

  test.each([
    ['Hono', 'enclave-hono.js', ['hono', '@hono/node-server']],
    ['Express', 'enclave-express.js', ['express', '@hono/node-server', 'hono']],
  ])('Node, with %s', async (name, file, packages) => {
    const seen = await talk(async (attest, use) => {
      const copy = await project('node', name, { 'attest.js': attest })
      await linkPackages(copy, packages)
      await withServer([process.execPath, file], copy, {}, async (address) => {
        if (name === 'Express') expect(await (await fetch(`${address}/health`)).text()).toBe('up')
        await use(address)
      })
    })
    expect(seen).toEqual([sent, 'policy-pcr'])
  })
})

describe('TDX, with collateral from a cache', () => {
  test('the machine asks Intel once for all clients; a client with other registers is not convinced', async () => {
    const now = new Date()
    const intel = await createIntelAttester({ now })
    const made = await intel.endorsements({ tee: 'tdx' })
    const chain = (pem: string): HeadersInit => ({ 'tcb-info-issuer-chain': encodeURIComponent(pem) })
    const identityChain = { 'sgx-enclave-identity-issuer-chain': encodeURIComponent(made.qeIdentityIssuerChain) }
    const asked: string[] = []
    // Intel's service and the machine's quoting enclave.
    const outside = await serveLoopback(() => async (request) => {
      const { pathname } = new URL(request.url)
      if (pathname === '/quote') {
        const reportData = new Uint8Array(await request.arrayBuffer())
        return new Response(await intel.quote({ tee: 'tdx', body: [[tdOffsets.reportData, reportData]] }))
      }
      asked.push(pathname)
      if (pathname.endsWith('/tcb')) return new Response(made.tcbInfo, { headers: chain(made.tcbInfoIssuerChain) })
      if (pathname.endsWith('/qe/identity')) return new Response(made.qeIdentity, { headers: identityChain })
      const crl = Buffer.from(pathname.endsWith('/pckcrl') ? made.pckCrl : made.rootCaCrl, 'base64')
      return new Response(pathname.endsWith('/pckcrl') ? crl : crl.toString('hex'))
    })
    const root = join(folder, 'tsm')
    await mkdir(root)
    const machine = `import { createKernel } from './kernel.js'
const evidenceFor = async (reportData) => {
  const response = await fetch('${outside.origin}/quote', { method: 'POST', body: new Uint8Array(reportData) })
  return new Uint8Array(await response.arrayBuffer())
}
export const machine = { provider: 'tdx_guest', root: '${root}', files: createKernel({ provider: 'tdx_guest', evidenceFor }).files }
export const service = { from: '${outside.origin}' }
`
    const trustAnchors = `[Uint8Array.from('${Buffer.from(intel.root).toString('hex')}'.match(/../g), (pair) => parseInt(pair, 16))]`
    const registers = Object.fromEntries(
      (['mrTd', 'rtmr0', 'rtmr1', 'rtmr2'] as const).map((name) => [name, measurements[name]]),
    )
    const copy = await project('tdx', 'enclave', { 'machine.js': machine })
    await linkPackages(copy, ['hono', '@hono/node-server'])
    await bundle({
      entryPoints: [fileURLToPath(new URL('../attesters/kernel.ts', import.meta.url))],
      outfile: join(copy, 'kernel.js'),
      bundle: true,
      platform: 'node',
      format: 'esm',
    })
    try {
      const seen = await withServer([process.execPath, 'enclave.js'], copy, {}, async (origin) => {
        const said: unknown[] = []
        for (const referenceValues of [registers, registers, { ...registers, rtmr1: 'ab'.repeat(48) }]) {
          const { enclave, policy } = policyFor({ origin, trustAnchors }, referenceValues)
          const text = `export const enclave = ${enclave}\nexport const policy = ${policy}\n`
          const own = await project('tdx', `client-${said.length}`, { 'policy.js': text.replace(' as const', '') })
          const env = await environmentIn(folder)
          said.push(JSON.parse(await runProgram(process.execPath, ['send.js', secret], { cwd: own, env })))
        }
        return said
      })
      const why = expect.stringContaining('ab'.repeat(48)) as string
      expect(seen).toEqual([sent, sent, { refused: 'policy-measurements', why }])
      expect(asked).toHaveLength(4)
      expect(await readdir(root)).toEqual([])
    } finally {
      await outside.close()
    }
  })
})

test('there is no example that no test runs', async () => {
  const here = ['bun', 'deno', 'enclave', 'node', 'page', 'react', 'tdx', 'vite', 'worker']
  // In Node and in a Worker: test/demo/phone.test.ts.
  const elsewhere = ['phone']
  expect((await readdir(examples)).sort()).toEqual([...here, ...elsewhere].sort())
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
    jsx: ts.JsxEmit.ReactJSX,
    lib: ['lib.es2022.d.ts', 'lib.dom.d.ts', 'lib.dom.iterable.d.ts'],
    types: [],
  })
  return ts.getPreEmitDiagnostics(program).map(({ messageText }) => ts.flattenDiagnosticMessageText(messageText, '\n'))
}
