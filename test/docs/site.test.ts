/**
 * The reference site as `npm run docs` makes it: TypeDoc has nothing to complain about, every entry
 * and every reason code has its page, no link is dead, and pages run under their policy. Chromium
 * and axe-core find no barrier on one page of each kind, at two widths, light and dark.
 */
import { createServer, type Server } from 'node:http'
import { readdir, readFile } from 'node:fs/promises'
import { type AddressInfo } from 'node:net'
import { dirname, join, posix } from 'node:path'
import axe from 'axe-core'
import { type Browser, launch } from 'puppeteer-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { readReasonCodes } from '../../.config/docs/codes.ts'
import { buildDocs, contentSecurityPolicy } from '../../.config/docs/site.ts'
import { entriesOf } from '../bench/bundles.ts'
import { chromiumParameters, findChromium } from '../portable/browsers.ts'
import { makeFolder, removeFolder } from '../portable/cleanup.ts'
import { environmentIn } from '../portable/programs.ts'
import { patienceMs } from '../support/patience.ts'

const executablePath = findChromium()
const isMissingAnError = process.env.VERITEE_ALL_RUNTIMES === '1'
if (executablePath === undefined) console.log('reference site: Chromium is not on this machine')

const types: Readonly<Record<string, string>> = {
  html: 'text/html',
  js: 'text/javascript',
  css: 'text/css',
  svg: 'image/svg+xml',
}

let folder: string
let pages: ReadonlyMap<string, string>
let files: ReadonlySet<string>
let warnings: readonly string[]

beforeAll(async () => {
  folder = await makeFolder()
  ;({ warnings } = await buildDocs(join(folder, 'site')))
  files = new Set((await readdir(join(folder, 'site'), { recursive: true })).map((name) => name.replaceAll('\\', '/')))
  const names = [...files].filter((name) => name.endsWith('.html'))
  pages = new Map(
    await Promise.all(names.map(async (name) => [name, await readFile(join(folder, 'site', name), 'utf8')] as const)),
  )
})

afterAll(async () => {
  await removeFolder(folder)
})

test('TypeDoc has nothing to complain about', () => {
  expect(warnings).toEqual([])
})

test('every entry, guide and reason code has its page', () => {
  const entries = entriesOf().map(({ name }) => `entries/${name.replaceAll('/', '-')}.html`)
  const codes = readReasonCodes().map(({ code }) => `codes/${code}.html`)
  const guides = ['loading', 'core', 'client', 'gateway', 'rollout', 'key-rotation', 'refusals', 'monitoring', 'moving']
  const wanted = [
    ...entries,
    ...codes,
    ...guides.map((name) => `guides/${name}.html`),
    'guides/security.html',
    'index.html',
  ]
  expect(wanted.filter((name) => !pages.has(name))).toEqual([])
})

test('the page of a code says what it means, what to tell a user, and what to do', () => {
  for (const { code, user } of readReasonCodes()) {
    const text = pages.get(`codes/${code}.html`) ?? ''
    expect(text).toContain(`<h1 `)
    for (const heading of ['What it means', 'What to tell a user', 'What to do as an operator'])
      expect(text).toContain(heading)
    expect(text.replaceAll(/&#39;|&rsquo;|’/g, "'")).toContain(user.slice(0, 20))
  }
})

test('no link is dead', () => {
  const ids = new Map(
    [...pages].map(([name, text]) => [name, new Set([...text.matchAll(/ id="([^"]+)"/g)].map(([, id]) => id))]),
  )
  const dead = [...pages].flatMap(([name, text]) =>
    [...text.matchAll(/ (?:href|src)="([^"]+)"/g)].flatMap(([, target = '']) => {
      if (/^(?:https?:|data:|mailto:)/.test(target)) return []
      const [path = '', fragment] = target.split('#')
      const place = path === '' ? name : posix.normalize(posix.join(dirname(name), path)).replace(/\/$/, '/index.html')
      const id = fragment === undefined ? undefined : decodeURIComponent(fragment)
      const holds =
        files.has(place) && (id === undefined || id === '' || !place.endsWith('.html') || ids.get(place)?.has(id))
      return holds === true ? [] : [`${name}: ${target}`]
    }),
  )
  expect(dead).toEqual([])
})

test('nothing is inline, and each page states its policy', () => {
  for (const [name, text] of pages) {
    const inline = [...text.matchAll(/<script(?![^>]* src=)[^>]*>|<style| style="| on[a-z]+="/g)].map(
      ([found]) => found,
    )
    expect({
      name,
      inline,
      hasPolicy: text.includes(contentSecurityPolicy.replaceAll("'", '&#39;')) || text.includes(contentSecurityPolicy),
    }).toEqual({ name, inline: [], hasPolicy: true })
  }
})

describe.skipIf(executablePath === undefined && !isMissingAnError)('Chromium', () => {
  let server: Server
  let browser: Browser

  beforeAll(async () => {
    server = createServer(({ url = '/' }, response) => {
      const name = decodeURIComponent(url.slice(1).replace(/[?#].*$/, ''))
      const type = types[/\.(\w+)$/.exec(name)?.[1] ?? '']
      if (!files.has(name) || type === undefined) {
        response.writeHead(404).end()
        return
      }
      response.writeHead(200, { 'content-type': type, 'content-security-policy': contentSecurityPolicy })
      void readFile(join(folder, 'site', name)).then((body) => response.end(body))
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    browser = await launch({
      timeout: patienceMs,
      protocolTimeout: patienceMs,
      executablePath: executablePath ?? '',
      args: [...chromiumParameters],
      userDataDir: `${folder}/profile`,
      env: await environmentIn(folder),
    })
  })

  afterAll(async () => {
    await browser.close()
    server.close()
  })

  const sample = [
    'index.html',
    'codes/index.html',
    'codes/family-policy.html',
    'codes/policy-pcr.html',
    'guides/refusals.html',
    'guides/page-code.html',
    'guides/security.html',
    'entries/veritee-nitro.html',
    'functions/veritee_client.attestedFetch.html',
    'interfaces/veritee_client.AttestedFetchOptions.html',
    'interfaces/veritee_nitro.NitroOptions.html',
    'classes/veritee_nitro.AppraisalError.html',
  ]
  const looks = [
    { width: 390, scheme: 'light' },
    { width: 1280, scheme: 'dark' },
    { width: 1280, scheme: 'light' },
  ] as const

  test.each(sample)('%s: under its policy, no wider than the window, without a barrier', async (name) => {
    for (const { width, scheme } of looks) {
      const page = await browser.newPage()
      page.setDefaultTimeout(patienceMs)
      await page.evaluateOnNewDocument(() => {
        const found: string[] = []
        Object.assign(globalThis, { blocked: found })
        addEventListener('securitypolicyviolation', ({ effectiveDirective, blockedURI }) => {
          if (!blockedURI.endsWith('/favicon.ico')) found.push(`${effectiveDirective} ${blockedURI}`)
        })
      })
      await page.setViewport({ width, height: 900 })
      await page.emulateMediaFeatures([
        { name: 'prefers-color-scheme', value: scheme },
        { name: 'prefers-reduced-motion', value: 'reduce' },
      ])
      await page.goto(`http://127.0.0.1:${(server.address() as AddressInfo).port}/${name}`)
      // The navigation is made by a script, after which the page is shown.
      await page.waitForFunction(
        () => document.body.style.display === '' && document.querySelector('#tsd-nav-container a') !== null,
      )
      const seen = await page.evaluate(() => ({
        blocked: (globalThis as unknown as { blocked: string[] }).blocked,
        sideways: document.documentElement.scrollWidth - innerWidth,
      }))
      await page.evaluate(axe.source)
      const barriers = await page.evaluate(async () => {
        const { violations } = await (globalThis as unknown as { axe: typeof axe }).axe.run(document, {
          resultTypes: ['violations'],
        })
        return violations.flatMap(({ id, nodes }) => nodes.map(({ html }) => `${id}: ${html.slice(0, 200)}`))
      })
      expect({ width, scheme, ...seen, barriers }).toEqual({ width, scheme, blocked: [], sideways: 0, barriers: [] })
      await page.close()
    }
  })
})
