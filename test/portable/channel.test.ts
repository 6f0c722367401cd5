/**
 * The attested channel in seven runtimes: client and gateway in one process, then the client with
 * the runtime's own `fetch` against a server on the loopback interface. Every row is what is
 * expected of it, and so the same in all. Runtimes from npm always run. Browsers run where the
 * machine has them; with VERITEE_ALL_RUNTIMES=1 a missing one is an error.
 */
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Browser, browsers } from './browsers.ts'
import { type Bundle, bundleSuite } from './bundle.ts'
import { makeEnclave } from './channel/enclave.ts'
import { expectedInProcess, expectedNetwork, withoutMlKem, withoutX25519 } from './channel/expected.ts'
import type { ChannelReport, Enclave, Features, NetworkInput } from './channel/model.ts'
import { type EnclaveServer, serveEnclave } from './channel/server.ts'
import { makeFolder, removeFolder } from './cleanup.ts'
import { within } from './programs.ts'
import { type Runtime, runtimes, type Suite } from './runtimes.ts'

const nodeMajor = Number(process.versions.node.split('.')[0])

/**
 * What each runtime has of what is not everywhere. A change here is a change of what users can do.
 */
const featuresOf: Readonly<Record<string, Features>> = {
  // From Node 24 on there is ML-KEM.
  Node: { x25519: true, mlkem: nodeMajor >= 24, requestStreams: true },
  Deno: { x25519: true, mlkem: true, requestStreams: true },
  // ML-KEM-768 is here, and the hash that makes a hybrid of it is not.
  Bun: { x25519: true, mlkem: false, requestStreams: true },
  // With the flag `webcrypto_modern_algorithms`.
  workerd: { x25519: true, mlkem: true, requestStreams: true },
  Chromium: { x25519: true, mlkem: true, requestStreams: true },
  // No gateway can be in here. Clients need no streams.
  Firefox: { x25519: true, mlkem: false, requestStreams: false },
  WebKit: { x25519: true, mlkem: false, requestStreams: true },
}

const here = runtimes.map((runtime) => ({ ...runtime, program: runtime.find() }))
const missing = here.filter(({ program }) => program === undefined)
const isMissingAnError = process.env.VERITEE_ALL_RUNTIMES === '1'
if (missing.length > 0)
  console.log(`channel suite: not found on this machine: ${missing.map(({ name }) => name).join(', ')}`)

let work: string
let inProcess: Bundle
let network: Bundle
let enclave: Enclave

beforeAll(async () => {
  work = await makeFolder()
  // The client's own clock is the real one.
  enclave = await makeEnclave(new Date())
  const bundled = (name: string): Promise<Bundle> =>
    bundleSuite(join(work, name), new URL(`channel/${name}.ts`, import.meta.url))
  ;[inProcess, network] = await Promise.all([bundled('in-process'), bundled('network')])
})

afterAll(() => removeFolder(work))

describe.each(here)('$name', (runtime) => {
  const { name, program, from } = runtime
  const isSkipped = program === undefined && from === 'system' && !isMissingAnError

  it.skipIf(isSkipped)('client and gateway in one process', async () => {
    const { features, rows } = await inFolder((folder) => run(runtime, inProcess, enclave, folder))
    expect(features).toEqual(featuresOf[name])
    judge(rows, {
      ...expectedInProcess,
      ...(features.x25519 ? {} : withoutX25519),
      ...(features.mlkem ? {} : withoutMlKem),
    })
  })

  it.skipIf(isSkipped)('client with the fetch of the runtime, against a server', async () => {
    const server = await serveEnclave(enclave, network)
    try {
      const browser = browsers.find((one) => one.name === name)
      const { features, rows } = await inFolder((folder) =>
        browser === undefined ? run(runtime, network, server.input, folder) : visit(browser, program, server, folder),
      )
      expect(features).toEqual(featuresOf[name])
      judge(rows, expectedNetwork)
      expect(server.leaked()).toBe(false)
    } finally {
      await server.close()
    }
  })
})

/** Names first: a case that is missing, or was not expected, says so in one line. */
function judge(rows: ChannelReport['rows'], expected: Readonly<Record<string, unknown>>): void {
  expect(rows.map(({ name }) => name)).toEqual(Object.keys(expected))
  expect(Object.fromEntries(rows.map(({ name, outcome }) => [name, outcome]))).toEqual(expected)
}

async function inFolder<T>(use: (folder: string) => Promise<T>): Promise<T> {
  const folder = await makeFolder()
  try {
    return await use(folder)
  } finally {
    await removeFolder(folder)
  }
}

/** The runners know of another suite; what goes through them is JSON all the same. */
async function run(
  { name, program, run: runSuite }: Runtime & { readonly program: string | undefined },
  bundle: Bundle,
  input: Enclave | NetworkInput,
  folder: string,
): Promise<ChannelReport> {
  if (program === undefined) throw new Error(`${name} is not on this machine`)
  const corpusFile = join(folder, 'input.json')
  await writeFile(corpusFile, JSON.stringify(input))
  const address = 'origin' in input ? { network: new URL(input.origin).host } : {}
  const suite = { bundle, corpus: input, corpusFile, folder, ...address } as unknown as Suite
  return (await runSuite(program, suite)) as unknown as ChannelReport
}

/** A page of the enclave's own server. */
async function visit(
  { name, use, patienceMs }: Browser,
  program: string | undefined,
  server: EnclaveServer,
  folder: string,
): Promise<ChannelReport> {
  if (program === undefined) throw new Error(`${name} is not on this machine`)
  const { report, violations, provoked } = await use(program, folder, async (open) => {
    await open(`${server.origin}/`)
    return within(patienceMs, 'the page', server.report)
  })
  expect(violations, 'of the policy of the page').toEqual([])
  expect(provoked, 'the violation on purpose').toMatch(/^style-src/)
  return report as unknown as ChannelReport
}
