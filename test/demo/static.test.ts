/**
 * The static site, as a visitor has it: built by its command, served by a host that has files and
 * nothing else, below a path of it, in three browsers. All pages that talk to a machine talk to a
 * real one, in a worker, and the host is asked for files only: no byte of what was sent leaves.
 */
import { execFile } from 'node:child_process'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { relayAttacks } from '../../demo/ai/attacks.ts'
import { attacks } from '../../demo/page/attacks.ts'
import { channelAttacks } from '../../demo/send/attacks.ts'
import { startDemo } from '../../demo/server.ts'
import { buildSite } from '../../demo/site.ts'
import { openView, unfold, views } from '../../demo/views.ts'
import { browsers } from '../portable/browsers.ts'
import { makeFolder, removeFolder } from '../portable/cleanup.ts'
import { barriersOf } from '../support/axe.ts'
import { isChromiumSkipped, looksAt, setLook, sidewaysOf, startChromium } from '../support/chromium.ts'
import { bundleScript } from '../support/page-report.ts'
import { type AskRow, links, whole as wholeAnswer } from './ai-expected.ts'
import { cutOffIn } from './cut-off.ts'
import { codes, type SendRow, whole } from './send-expected.ts'
import { type Asked, startHost } from './static-host.ts'

/** What the page that verifies says of one answer. */
export interface AskedRow {
  readonly name: string
  readonly code: string
}

interface Report<Row> {
  readonly rows: readonly Row[]
  readonly violations: readonly string[]
}

const gatedPages = ['', ...channelAttacks.map(({ name }) => `${name}/`)].map((attack) => `send/gated/${attack}`)
/** Who drives which page. */
const drivers: Readonly<Record<string, readonly string[]>> = {
  'ask-driver.ts': [''],
  'send-driver.ts': ['send/', ...gatedPages],
  'ai-driver.ts': ['ai/'],
}

let folder: string
beforeAll(async () => {
  folder = await makeFolder()
  const command = fileURLToPath(new URL('../../demo/build.mjs', import.meta.url))
  await promisify(execFile)(process.execPath, [command, folder])
  for (const [driver, pages] of Object.entries(drivers)) {
    const name = driver.replace('.ts', '.js')
    await writeFile(join(folder, name), await bundleScript(new URL(driver, import.meta.url)))
    for (const page of pages) {
      const path = join(folder, page, 'index.html')
      const script = `<script type="module" src="${'../'.repeat(page.split('/').length - 1)}${name}"></script></head>`
      await writeFile(path, (await readFile(path, 'utf8')).replace('</head>', script))
    }
  }
})
afterAll(() => removeFolder(folder))

/** What a browser showed, and what the hosts were asked for meanwhile. */
interface Seen {
  readonly verified: Report<AskedRow>
  readonly sent: Report<SendRow>
  /** By attack; with no one in between it is there twice. */
  readonly gated: ReadonlyMap<string, Report<SendRow>>
  readonly asked: Report<AskRow>
  /** The same where workers have no network at all. */
  readonly strict: readonly [verified: Report<AskedRow>, gated: Report<SendRow>]
  readonly requests: readonly Asked[]
}

const here = browsers.map((browser) => ({ ...browser, program: browser.find() }))

describe.each(here)('$name', ({ name, program, use, patienceMs }) => {
  if (program === undefined && process.env.VERITEE_ALL_RUNTIMES !== '1') {
    test.skip('is not on this machine', () => undefined)
    return
  }
  let seen: Seen

  beforeAll(async () => {
    if (program === undefined) throw new Error(`${name} is not on this machine`)
    const own = await makeFolder()
    const [dumb, strict] = await Promise.all([startHost(folder, false), startHost(folder, true)])
    try {
      seen = await use(program, own, async (visit) => {
        const patience = patienceMs * 2
        const gated = new Map<string, Report<SendRow>>()
        const verified = await dumb.look<Report<AskedRow>>(visit, '', patience)
        const sent = await dumb.look<Report<SendRow>>(visit, 'send/', patience)
        const asked = await dumb.look<Report<AskRow>>(visit, 'ai/', patience)
        for (const page of gatedPages) gated.set(page, await dumb.look<Report<SendRow>>(visit, page, patience))
        const again = [
          await strict.look<Report<AskedRow>>(visit, '', patience),
          await strict.look<Report<SendRow>>(visit, 'send/gated/', patience),
        ] as const
        return { verified, sent, asked, gated, strict: again, requests: [...dumb.asked, ...strict.asked] }
      })
    } finally {
      await Promise.all([dumb.close(), strict.close()])
      await removeFolder(own)
    }
  })

  test('the enclave answers the page that verifies, and is caught at each attack', () => {
    expect(seen.verified.rows).toEqual(attacks.map(({ name: attack, code }) => ({ name: attack, code })))
  })

  test('the number arrives where the enclave is proven; at each attack it is refused for its reason', () => {
    const [proven] = seen.sent.rows
    expect(proven).toMatchObject({ name: 'none', answer: whole, clear: '0', crossings: 4 })
    expect(proven?.sealed).toBeGreaterThan(200)
    const found = seen.sent.rows.slice(0, -1)
    expect(found.map((row) => [row.name, row.code])).toEqual(
      channelAttacks.map((attack) => [attack.name, codes[attack.name]]),
    )
    for (const { name: attack, isLate } of channelAttacks.slice(1)) {
      const row = found.find((one) => one.name === attack)
      expect(row).toMatchObject({
        verdict: isLate ? 'Stopped: the answer is not the enclave’s.' : 'Refused: nothing was sent.',
        clear: '0',
        crossings: isLate ? 4 : 2,
      })
      expect((row?.sealed ?? 0) > 0).toBe(isLate)
      expect(row?.answer).not.toBe(whole)
    }
    expect(seen.sent.rows.at(-1)).toMatchObject({ name: 'plain', clear: '19' })
  })

  test('the provider answers where it is proven; whatever the relay does, one link of the chain is broken', () => {
    const [proven, ...others] = seen.asked.rows
    expect(proven).toMatchObject({ code: '', answers: [wholeAnswer], badge: 'verified', isCut: false, clear: 0 })
    expect(new Set(Object.values(proven?.chain ?? {}))).toEqual(new Set(['yes']))
    for (const { name: attack, isLate } of relayAttacks.slice(1)) {
      const row = others.find((one) => one.name === attack)
      const [code, link] = links[attack] as readonly [string, string]
      expect(row).toMatchObject({ code, clear: 0, badge: isLate ? 'verified' : 'refused' })
      expect(row?.chain[link]).toBe('no')
      expect((row?.sealed ?? 0) > 0).toBe(isLate)
    }
    expect(others.at(-2)?.answers).toEqual([wholeAnswer, wholeAnswer])
    expect(others.at(-1)?.name).toBe('plain')
  })

  test('behind a gate, plain fetch sends the number sealed, or is refused with the reason', () => {
    const proven = { verdict: 'Sent, to the proven enclave and to no one else.', answer: whole, clear: '0' }
    expect(seen.gated.get('send/gated/')?.rows).toMatchObject([proven])
    for (const { name: attack, isLate } of channelAttacks) {
      const [row] = seen.gated.get(`send/gated/${attack}/`)?.rows ?? []
      if (attack === 'none') expect(row).toMatchObject(proven)
      // An answer that has begun cannot be refused any more: it breaks off.
      else if (row?.verdict === 'The answer broke off.') expect(['truncated', 'tampered', 'stalled']).toContain(attack)
      else expect({ attack, code: row?.code }).toEqual({ attack, code: codes[attack] })
      expect({ attack, isSealed: (row?.sealed ?? 0) > 0 }).toEqual({ attack, isSealed: isLate || attack === 'none' })
      expect(row?.clear).toBe('0')
      if (attack !== 'none') expect(row?.answer).not.toBe(whole)
    }
  })

  test('workers need no network: a policy that leaves them none changes nothing', () => {
    const [verified, gated] = seen.strict
    expect(verified.rows).toEqual(seen.verified.rows)
    expect(gated.rows).toMatchObject([{ answer: whole, code: '' }])
  })

  test('the host was asked for files that it has, and for nothing else', () => {
    // An icon is what some browsers ask for by themselves.
    const requests = seen.requests.filter(({ url }) => url !== '/favicon.ico')
    expect(requests.length).toBeGreaterThan(30)
    expect(requests.filter(({ method, status, size }) => method !== 'GET' || status !== 200 || size > 0)).toEqual([])
    expect(requests.filter(({ url }) => /\?|enclave|relay|4242/.test(url))).toEqual([])
  })

  test('no policy is violated', () => {
    const reports = [seen.verified, seen.sent, seen.asked, ...seen.gated.values(), ...seen.strict]
    expect(reports.flatMap(({ violations }) => violations)).toEqual([])
  })
})

test.skipIf(isChromiumSkipped)(
  'its own words fit in, and can be read: on a phone and a desk, light and dark',
  async () => {
    const names = ['send', 'send-other-build', 'gated', 'gated-none', 'ai', 'ai-none']
    const demo = await startDemo({ site: await buildSite('worker') })
    const chromium = await startChromium()
    try {
      for (const view of views.filter(({ name }) => names.includes(name))) {
        const page = await chromium.newPage({ width: 390, scheme: 'light' })
        await openView(page, demo.url, view)
        await unfold(page)
        expect(await page.$eval('.machine', ({ textContent }) => textContent)).toContain('your own browser')
        for (const look of looksAt(390, 1280)) {
          await setLook(page, look)
          const seen = {
            sideways: await sidewaysOf(page),
            cut: await cutOffIn(page),
            barriers: await barriersOf(page),
          }
          expect({ view: view.name, look, seen }).toEqual({
            view: view.name,
            look,
            seen: { sideways: 0, cut: [], barriers: [] },
          })
        }
        await page.close()
      }
    } finally {
      await chromium.close()
      await demo.close()
    }
  },
)
