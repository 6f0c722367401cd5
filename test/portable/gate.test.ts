/**
 * The gate of a service worker in three browsers, and a client with a hostile worker before it; all
 * of it under a strict Content-Security-Policy. Browsers run where the machine has them; with
 * VERITEE_ALL_RUNTIMES=1 a missing one is an error.
 */
import { beforeAll, describe, expect, it } from 'vitest'
import { type Browser, browsers } from './browsers.ts'
import { createDevice } from './channel/device.ts'
import { makeEnclave } from './channel/enclave.ts'
import { bundleScripts, type Scripts, type Visited, visitSite } from './channel/gate/site.ts'
import type { GateRow } from './channel/gate/model.ts'
import type { Enclave } from './channel/model.ts'
import { card } from './channel/world.ts'
import { makeFolder, removeFolder } from './cleanup.ts'
import { within } from './programs.ts'

const here = browsers.map((browser) => ({ ...browser, program: browser.find() }))
const isMissingAnError = process.env.VERITEE_ALL_RUNTIMES === '1'
const missing = here.filter(({ program }) => program === undefined)
if (missing.length > 0) console.log(`gate: not found on this machine: ${missing.map(({ name }) => name).join(', ')}`)

let scripts: Scripts
let enclave: Enclave
beforeAll(async () => {
  ;[scripts, enclave] = await Promise.all([bundleScripts(), makeEnclave(new Date())])
})

interface Visits {
  readonly gate: Visited
  readonly unproven: Visited
  readonly hostile: Visited
}

async function visitAll({ name, use, patienceMs }: Browser, program: string | undefined): Promise<Visits> {
  if (program === undefined) throw new Error(`${name} is not on this machine`)
  const device = await createDevice(enclave, () => Date.now())
  const common = { device, root: enclave.certificates[0] as string }
  const wait = <T>(report: Promise<T>): Promise<T> => within(patienceMs, 'the page', report)
  const folder = await makeFolder()
  try {
    return await use(program, folder, async (open) => {
      const { gatePage, hostilePage, gate, hostile } = scripts
      return {
        gate: await visitSite({ ...common, page: gatePage, worker: gate }, open, wait),
        unproven: await visitSite({ ...common, page: gatePage, worker: gate, build: 'ab'.repeat(48) }, open, wait),
        hostile: await visitSite({ ...common, page: hostilePage, worker: hostile, isDirect: true }, open, wait),
      }
    })
  } finally {
    await removeFolder(folder)
  }
}

const data = 'POST /.well-known/ohttp-gateway message/ohttp-chunked-req'
const mebibyte = '1048576 3234c4feeca30f1464ab32609038716f32d0146da2fd63c55bd095fcb00acd15'
/** What the gate itself answers. */
const refused = (status: number, code: string): string => `${status} ${code} application/problem+json`
/** A network error is all that a page gets to know. */
const failed = 'TypeError'
const rowOf = (name: string, result: unknown, ...arrived: readonly string[]): GateRow => ({ name, result, arrived })

/** What comes of the page's requests, and what reaches the enclave's server because of each. */
const expectedRows: readonly GateRow[] = [
  rowOf('installGate', '/gate.js'),
  rowOf('a file of the page itself', 200),
  rowOf('GET', 'GET ', data),
  rowOf('POST', `POST ${card}`, data),
  rowOf('POST of a Request', `POST ${card}`, data),
  rowOf('POST of a form', true, data),
  rowOf('404 of the app', [404, 'yes', 'no such card'], data),
  rowOf('1 MiB up', mebibyte, data),
  rowOf('1 MiB down', mebibyte, data),
  rowOf('an answer in pieces, each before the next is made', 'one two three', data, data, data, data),
  rowOf('XMLHttpRequest', `POST ${card}`, data),
  rowOf('credentials', refused(400, 'gate-request')),
  rowOf('no-cors', refused(400, 'gate-request')),
  rowOf('only from the cache', failed),
  rowOf('abort', 'AbortError'),
  rowOf('GET again', 'GET ', data),
  rowOf('a redirection to another path', `POST ${card}`, data, data),
  rowOf('a redirection to elsewhere', refused(502, 'gate-redirect'), data),
  rowOf('an answer that says that it is the gate’s', [503, { code: 'client-transport' }], data),
  rowOf('watchGate', [
    'session idle',
    'session verifying',
    'session verified',
    'request gate-request',
    'request gate-redirect',
  ]),
]

/**
 * WebKit follows no redirection that a worker answers a POST with. The app's answer is lost, and
 * nothing else.
 */
const inWebKit: Readonly<Record<string, GateRow>> = {
  'a redirection to another path': rowOf('a redirection to another path', failed, data),
}

/**
 * The same requests, when the enclave runs another build: the page learns that it is this, and not
 * the network.
 */
const anotherBuild = refused(502, 'policy-pcr')
const expectedUnproven = expectedRows.map(({ name, result, arrived }) => {
  if (name === 'watchGate')
    return rowOf(name, [
      'session idle',
      'session verifying',
      'session refused policy-pcr',
      'request policy-pcr',
      'request gate-request',
    ])
  return rowOf(name, arrived.length === 0 ? result : name === 'XMLHttpRequest' ? 'policy-pcr' : anotherBuild)
})

/** What a worker of somebody else gets to see of a request, and what the page gets from it. */
const seen = ['/.well-known/attestation no-store omit', '/.well-known/ohttp-gateway no-store omit']
const underHostile = (said: string, paths: readonly string[]): unknown => ({
  said,
  seen: paths,
  question: true,
  leaked: false,
})

/** WebKit enforces the policy of a worker, and tells neither the worker nor the server. */
const provokedInWorker: Readonly<Record<string, string>> = {
  Chromium: 'connect-src',
  Firefox: 'connect-src',
  WebKit: 'blocked, and nobody told',
}

describe.each(here)('$name', (browser) => {
  const { name, program } = browser
  // Where a missing browser is no error, the line above has named it.
  const isSkipped = program === undefined && !isMissingAnError
  let visits: Visits
  beforeAll(async () => {
    if (!isSkipped) visits = await visitAll(browser, program)
  })

  it.skipIf(isSkipped)('has service workers', () => {
    for (const { report } of Object.values(visits) as Visited[]) expect(report.hasServiceWorkers).toBe(true)
  })

  it.skipIf(isSkipped)(
    'H01 gate: what a page sends to the name goes over the attested session, and nothing else',
    () => {
      const { report, arrived } = visits.gate
      expect(report.rows).toEqual(expectedRows.map((row) => (name === 'WebKit' ? (inWebKit[row.name] ?? row) : row)))
      expect(kindsOf(arrived)).toEqual([
        'OPTIONS /.well-known/attestation',
        'OPTIONS /.well-known/ohttp-gateway',
        'POST /.well-known/attestation application/json',
        data,
      ])
    },
  )

  it.skipIf(isSkipped)(
    'H03 gate: an enclave that is not proven is a refusal with its reason, and nothing was sent to it',
    () => {
      const { report, arrived } = visits.unproven
      expect(report.rows).toEqual(expectedUnproven)
      expect(kindsOf(arrived)).toEqual([
        'OPTIONS /.well-known/attestation',
        'POST /.well-known/attestation application/json',
      ])
    },
  )

  it.skipIf(isSkipped)('A39 service-worker: a hostile or stale one sees sealed bytes only, and is not believed', () => {
    const { report, arrived } = visits.hostile
    expect(report.rows).toEqual([
      rowOf('pass', underHostile(`POST ${card}`, seen), data),
      // The evidence of the request before: another nonce.
      rowOf('stale', underHostile('AppraisalError policy-nonce', seen.slice(0, 1))),
      rowOf('clear', underHostile('VerificationError client-response', seen)),
      rowOf('moved', underHostile('VerificationError client-transport', seen.slice(0, 1))),
    ])
    expect(arrived.filter((line) => line === data)).toHaveLength(1)
  })

  it.skipIf(isSkipped)('A60 csp-strict: page, client and gate violate nothing, and the policy is in force', () => {
    const { gate, unproven, hostile } = visits
    for (const { report } of [gate, unproven, hostile]) expect(report.violations).toEqual([])
    for (const { report } of [gate, unproven])
      expect(report.provoked).toEqual([expect.stringMatching(/^style-src/), provokedInWorker[name]])
    expect(hostile.report.provoked).toEqual([expect.stringMatching(/^style-src/)])
  })
})

/** Each kind of request once, in order of the alphabet. */
function kindsOf(arrived: readonly string[]): string[] {
  return [...new Set(arrived)].sort()
}
