/**
 * The badge in three browsers, under a policy that allows no inline style: each state with its
 * words, nothing that axe-core finds, and no listener left behind.
 */
import { readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { beforeAll, describe, expect, test } from 'vitest'
import { defineBadge } from '../../src/badge/index.ts'
import { sentenceFor } from '../../src/badge/sentences.ts'
import { recipeFor } from '../../src/badge/yourself.ts'
import { formats } from '../../src/formats/table.ts'
import { serveLoopback } from '../gateway/loopback.ts'
import { browsers, type Visit } from '../portable/browsers.ts'
import { makeFolder, removeFolder } from '../portable/cleanup.ts'
import { within } from '../portable/programs.ts'
import { isChromiumSkipped, looksAt, sidewaysOf, startChromium } from '../support/chromium.ts'
import { awaitReport, bundleScript } from '../support/page-report.ts'
import { patienceMs } from '../support/patience.ts'

export interface BadgeRow {
  readonly name: string
  readonly state: string
  readonly title: string
  readonly said: string
  readonly panel: string
  /** Elements that only markup in a text could have made. */
  readonly elements: number
  readonly barriers: readonly string[]
  readonly styled: string
}

export interface BadgeReport {
  readonly rows: readonly BadgeRow[]
  readonly violations: readonly string[]
  readonly provoked: string
  readonly saved: readonly string[]
  /** In the page, out of it, and in it again. */
  readonly listeners: readonly number[]
  readonly thrown: string
  /** States of elements that got their client before they were defined, and made afterwards. */
  readonly early: string | null
  readonly late: string | null
}

const policy =
  "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; require-trusted-types-for 'script'"
let script: string
beforeAll(async () => {
  script = await bundleScript(new URL('driver.ts', import.meta.url))
})

const html =
  '<!doctype html><html lang="en"><head><title>badge</title><meta name="viewport" content="width=device-width">' +
  '<script type="module" src="/driver.js"></script></head><body><main><h1>A page</h1></main></body></html>'

async function look(visit: Visit, patience: number): Promise<BadgeReport> {
  const { report, deliver, fail } = awaitReport<BadgeReport>()
  const site = await serveLoopback(() => async (request) => {
    const { pathname } = new URL(request.url)
    if (request.method === 'POST') {
      const body: unknown = await request.json()
      if (pathname === '/report') deliver(body as BadgeReport)
      else fail(new Error(`the page failed: ${String(body)}`))
      return new Response('')
    }
    const [type, text] = pathname === '/driver.js' ? ['text/javascript', script] : ['text/html', html]
    return new Response(text, { headers: { 'content-type': type, 'content-security-policy': policy } })
  })
  try {
    await visit(`${site.origin}/`)
    return await within(patience, 'the page', report)
  } finally {
    await site.close()
  }
}

const here = browsers.map((browser) => ({ ...browser, program: browser.find() }))
const isMissingAnError = process.env.VERITEE_ALL_RUNTIMES === '1'

describe.each(here)('$name', ({ name, program, use, patienceMs }) => {
  const isSkipped = program === undefined && !isMissingAnError
  let seen: BadgeReport
  beforeAll(async () => {
    if (isSkipped) return
    if (program === undefined) throw new Error(`${name} is not on this machine`)
    const folder = await makeFolder()
    try {
      seen = await use(program, folder, (visit) => look(visit, patienceMs))
    } finally {
      await removeFolder(folder)
    }
  })

  const code = 'policy-measurements'
  test.skipIf(isSkipped)('each state has its words', () => {
    expect(seen.rows.map(({ name: row, state, title }) => [row, state, title])).toEqual([
      ['no client', 'idle', '○Not proven yet'],
      ['idle', 'idle', '○Not proven yet'],
      ['verifying', 'verifying', '…Asking for proof …'],
      ['verified', 'verified', '✓Proven'],
      ['with evidence', 'verified', '✓Proven'],
      ['refused', 'refused', '×Refused'],
      ['with a sentence of its own', 'refused', '×Refused'],
      ['refused', 'refused', '×Refused'],
      ['closed', 'closed', '–Closed'],
      ['idle', 'idle', '○Not proven yet'],
    ])
    const [, , , verified, saved, refused, own, forged] = seen.rows
    expect(verified?.panel).toContain('Evidence of tdx, verified 2026-06-01T12:00:00.000Z')
    expect(verified?.panel).toContain('1 check, 0 failed')
    expect(verified?.panel).toContain("import { verifyTdx } from 'veritee/tdx'")
    expect(verified?.panel).not.toContain('Save the raw')
    expect(saved?.panel).toContain('Save the raw evidence (5000 bytes)')
    expect(refused?.said).toBe(`Refused. ${sentenceFor(code)}`)
    expect(refused?.panel).toContain('MRTD: expected abababab…abababab, found abababab…abababab (policy-measurements)')
    expect(refused?.panel).toContain('2 checks, 1 failed')
    expect(own?.said).toBe('Refused. We released a new build today: please reload.')
    expect(forged?.said).toBe('Refused. This is not the machine that it says it is.')
  })

  test.skipIf(isSkipped)('its style is its own and in force, and text is never markup', () => {
    for (const { styled, elements } of seen.rows) expect([styled !== '0px', elements]).toEqual([true, 0])
  })

  test.skipIf(isSkipped)('the evidence is saved as a file', () => {
    expect(seen.saved).toEqual(['evidence.bin blob'])
  })

  test.skipIf(isSkipped)('out of the page it listens to no one; another client is a mistake', () => {
    expect(seen.listeners).toEqual([1, 0, 1])
    expect(seen.thrown).toBe('TypeError: client must be what attestedFetch returns')
  })

  test.skipIf(isSkipped)('it may get its client before it is defined, and be made by a script afterwards', () => {
    expect([seen.early, seen.late]).toEqual(['verified', 'verified'])
  })

  test.skipIf(isSkipped)('axe-core finds nothing, and the policy of the page is not violated', () => {
    expect(seen.rows.flatMap(({ barriers }) => barriers)).toEqual([])
    expect(seen.violations).toEqual([])
    expect(seen.provoked).toMatch(/^style-src/)
  })
})

describe.skipIf(isChromiumSkipped)('on a phone and on a desk', () => {
  test.each(looksAt(390, 1280))('$width px, $scheme: axe-core finds nothing in any state', async (at) => {
    const chromium = await startChromium()
    try {
      const page = await chromium.newPage(at)
      const { rows } = await look(async (address) => {
        await page.goto(address)
      }, patienceMs)
      expect(rows.length).toBeGreaterThan(8)
      expect(rows.flatMap(({ name, barriers }) => barriers.map((barrier) => `${name}: ${barrier}`))).toEqual([])
      expect(await sidewaysOf(page)).toBe(0)
    } finally {
      await chromium.close()
    }
  })
})

describe('words', () => {
  test.each([
    ['policy-measurements', /runs something else/],
    ['policy-nonce', /not made for this page/],
    ['policy-tcb-status', /hardware or firmware/],
    ['cert-validity', /out of date/],
    ['client-transport', /cannot be reached/],
    ['client-key', /did not answer with a proof/],
    ['ohttp-incomplete', /cut off/],
    ['quote-signature', /not the machine that it says/],
    ['a-code-of-later', /not the machine that it says/],
  ])('%s', (code, sentence) => {
    expect(sentenceFor(code)).toMatch(sentence)
  })

  test('the program that verifies a format is one that there is', async () => {
    const { exports } = JSON.parse(
      await readFile(fileURLToPath(new URL('../../package.json', import.meta.url)), 'utf8'),
    ) as { readonly exports: Readonly<Record<string, unknown>> }
    for (const { name, load } of formats) {
      const [, verify, entry] = /import \{ (\w+) \} from 'veritee(.*)'/.exec(recipeFor(name).program) ?? []
      expect([(await load()).name, `.${entry}` in exports]).toEqual([verify, true])
    }
    // Both kinds of Azure's machines have one entry.
    expect(recipeFor('azure-tdx').program).toContain("import { verifyAzureTdx } from 'veritee/azure'")
  })
})

describe('elsewhere', () => {
  test('without elements it says so', () => {
    expect(() => {
      defineBadge()
    }).toThrow('custom elements are in browsers only')
  })

  test.each(['badge', 'Veritee-Badge', '', 5])('no name of an element: %s', (name) => {
    expect(() => {
      defineBadge(name as string)
    }).toThrow(TypeError)
  })
})
