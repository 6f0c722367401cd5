/**
 * The ways around a gate, in three browsers, on a network that belongs to an attacker: not one
 * readable byte of what is sent to the gate's name gets anywhere. Browsers run where the machine
 * has them; with VERITEE_ALL_RUNTIMES=1 a missing one is an error.
 */
import { beforeAll, describe, expect, it } from 'vitest'
import { type Browser, browsers } from './browsers.ts'
import { serveAround } from './channel/gate/around/site.ts'
import { senders, spellings, ways } from './channel/gate/around/ways.ts'
import type { AroundReport } from './channel/gate/around/model.ts'
import { bundleScript } from './channel/gate/site.ts'
import { createDevice } from './channel/device.ts'
import { makeEnclave } from './channel/enclave.ts'
import { makeFolder, removeFolder } from './cleanup.ts'
import { within } from './programs.ts'

const here = browsers.map((browser) => ({ ...browser, program: browser.find() }))
const isMissingAnError = process.env.VERITEE_ALL_RUNTIMES === '1'

interface Seen {
  readonly report: AroundReport
  readonly heard: ReadonlySet<string>
  readonly hosts: ReadonlySet<string>
  readonly trusting: ReadonlySet<string>
}

async function visit({ name, use, patienceMs }: Browser, program: string | undefined): Promise<Seen> {
  if (program === undefined) throw new Error(`${name} is not on this machine`)
  const [enclave, page, gate] = await Promise.all([
    makeEnclave(new Date()),
    bundleScript('around/page', 'esm'),
    bundleScript('worker', 'iife'),
  ])
  const device = await createDevice(enclave)
  const root = enclave.certificates[0] as string
  const folder = await makeFolder()
  const site = await serveAround({ device, root, browser: name[0] as string, scripts: { page, gate } })
  const { recorder } = site
  try {
    const report = await use(
      program,
      folder,
      async (open) => {
        await open(site.address)
        return within(patienceMs, 'the page', site.report)
      },
      recorder.proxyPort,
    )
    return { report, heard: recorder.heard, hosts: recorder.hosts, trusting: recorder.trusting }
  } finally {
    await site.close()
    await removeFolder(folder)
  }
}

describe.each(here)('$name', (browser) => {
  const { name, program } = browser
  const isSkipped = program === undefined && !isMissingAnError
  const letter = name[0] as 'C' | 'F' | 'W'
  let seen: Seen
  /** The ways by which something was readable; whether those that race got so far is chance. */
  const heardOf = (kind: string): string[] =>
    ways.filter(({ sends }, id) => sends !== 'races' && seen.heard.has(`${id}-${kind}`)).map((way) => way.name)
  const expectedOf = (column: 'sends' | 'around'): string[] =>
    ways.filter((way) => way[column].includes(letter)).map((way) => way.name)
  beforeAll(async () => {
    if (!isSkipped) seen = await visit(browser, program)
  })

  it.skipIf(isSkipped)('H01 the page tried everything, and the network hears what it can read', () => {
    expect(seen.report.error).toBeUndefined()
    expect(seen.heard).toContain('proxy-clear')
    expect(heardOf('control')).toEqual(expectedOf('sends'))
    // What slips past the worker gets as far as a connection to a name that nobody has a
    // certificate for.
    expect([...seen.hosts]).toContain('payments-3f9c.invalid:443')
  })

  it.skipIf(isSkipped)('H01 of what goes to the gate’s name, in whatever way and spelling, nothing can be read', () => {
    expect(ways.length * here.length).toBeGreaterThan(136)
    expect(spellings.length * senders.length).toBe(36)
    expect([...seen.heard].filter((what) => what.endsWith('-gated'))).toEqual([])
    expect([...seen.trusting].filter((host) => host.includes('.invalid'))).toEqual([])
  })

  it.skipIf(isSkipped)(
    'H01 of what goes to the enclave’s own address, the worker lets nothing pass that it sees',
    () => {
      const [heard, around] = [heardOf('direct'), expectedOf('around')]
      expect(heard.filter((way) => !around.includes(way))).toEqual([])
      // These are why the gate's name is one that exists nowhere.
      expect(heard.length).toBeGreaterThan(30)
    },
  )
})
