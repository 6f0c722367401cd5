/**
 * The reference site as `npm run docs` makes it: TypeDoc has nothing to complain about, every entry
 * and every reason code has its page, no link is dead, and pages run under their policy. Chromium
 * and axe-core find no barrier on one page of each kind, at two widths, light and dark.
 */
import { createServer, type Server } from 'node:http'
import { readdir, readFile } from 'node:fs/promises'
import { type AddressInfo } from 'node:net'
import { dirname, join, posix } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { readReasonCodes } from '../../.config/docs/codes.ts'
import { buildDocs, contentSecurityPolicy } from '../../.config/docs/site.ts'
import { entriesOf } from '../bench/bundles.ts'
import { makeFolder, removeFolder } from '../portable/cleanup.ts'
import { barriersOf } from '../support/axe.ts'
import { type Chromium, isChromiumSkipped, looksAt, sidewaysOf, startChromium } from '../support/chromium.ts'

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

describe.skipIf(isChromiumSkipped)('Chromium', () => {
  let server: Server
  let chromium: Chromium

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
    chromium = await startChromium()
  })

  afterAll(async () => {
    await chromium.close()
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
  test.each(sample)('%s: under its policy, no wider than the window, without a barrier', async (name) => {
    for (const look of looksAt(390, 1280)) {
      const page = await chromium.newPage(look)
      await page.evaluateOnNewDocument(() => {
        const found: string[] = []
        Object.assign(globalThis, { blocked: found })
        addEventListener('securitypolicyviolation', ({ effectiveDirective, blockedURI }) => {
          if (!blockedURI.endsWith('/favicon.ico')) found.push(`${effectiveDirective} ${blockedURI}`)
        })
      })
      await page.goto(`http://127.0.0.1:${(server.address() as AddressInfo).port}/${name}`)
      // The navigation is made by a script, after which the page is shown.
      await page.waitForFunction(
        () => document.body.style.display === '' && document.querySelector('#tsd-nav-container a') !== null,
      )
      expect({
        look,
        blocked: await page.evaluate(() => (globalThis as unknown as { blocked: string[] }).blocked),
        sideways: await sidewaysOf(page),
        barriers: await barriersOf(page),
      }).toEqual({ look, blocked: [], sideways: 0, barriers: [] })
      await page.close()
    }
  })
})
