/**
 * The page as files: small, self-contained, and under the policy that it says it runs under. The
 * server adds headers and the enclave, no more.
 */
import { readFileSync } from 'node:fs'
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { gzipSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type DemoServer, startDemo } from '../../demo/server.ts'
import {
  alonePolicy,
  buildSite,
  contentSecurityPolicy,
  docsIn,
  firstVisit,
  pages,
  scriptsOf,
  type Site,
} from '../../demo/site.ts'
import { samples } from '../../demo/page/samples.ts'
import { makeFolder, removeFolder } from '../portable/cleanup.ts'

let site: Site
/** For static hosts. */
let alone: Site
let demo: DemoServer
const textOf = (from: Site, path: string): string => new TextDecoder().decode(from.get(path)?.body)
const text = (path: string): string => textOf(site, path)

beforeAll(async () => {
  ;[site, alone] = await Promise.all([buildSite(), buildSite('worker')])
  demo = await startDemo({ site })
})
afterAll(() => demo.close())

/** What each family brings, in bytes. */
const bounds: Readonly<Record<string, number>> = {
  aws: 28 * 1024,
  intel: 46 * 1024,
  amd: 40 * 1024,
  arm: 30 * 1024,
  phones: 34 * 1024,
}
const families = Object.keys(bounds)
/** Words that one family has, and no other. */
const ownWords: Readonly<Record<string, readonly string[]>> = {
  aws: ['NitroTPM), not for an enclave', 'nitro-tpm-pcr-compute'],
  intel: ['MRENCLAVE', 'quoting enclave'],
  amd: ['BadRAM', 'HOST_DATA'],
  arm: ['decommissioned', 'What no such token proves'],
  phones: ['StrongBox', 'Whose app?'],
}

describe('files', () => {
  test('pages, their scripts, samples and their roots, docs, and nothing else', () => {
    const names = [...site.keys()].filter((path) => !/^(?:parts|docs)\//.test(path))
    expect(names.sort()).toEqual(
      [
        'favicon.svg',
        'measure.js',
        'page.css',
        'page.js',
        ...families.map((family) => `formats/${family}.js`),
        ...pages.map(({ folder }) => `${folder}index.html`),
        'send/send.css',
        'send/send.js',
        'send/gated.js',
        'ai/ai.css',
        'ai/ai.js',
        'send/gated/gate.js',
        'second.js',
        'samples/android-key-root.der',
        'samples/app-attest-root.der',
        'samples/ark-genoa.der',
        'samples/ark-milan.der',
        'samples/ark-turin.der',
        'samples/root.der',
        'samples/sgx-root.der',
        'samples/tdx-root.der',
        ...samples.map(({ name }) => `samples/${name}.txt`),
      ].sort(),
    )
  })

  const compressed = (paths: Iterable<string>): number =>
    [...paths].reduce((sum, path) => sum + gzipSync(site.get(path)?.body ?? '', { level: 9 }).length, 0)

  test('what a first visit loads (HTML, CSS, script) has at most 40 KB, compressed', () => {
    const first = firstVisit(site)
    expect(first).toContain('page.js')
    expect(first.length).toBeGreaterThan(3)
    expect(compressed(first)).toBeGreaterThan(20_000)
    expect(compressed(first)).toBeLessThanOrEqual(40 * 1024)
  })

  test.each(Object.entries(bounds))('the family %s brings at most %d bytes more, compressed', (family, bound) => {
    const first = firstVisit(site)
    const more = [...scriptsOf(site, `formats/${family}.js`)].filter((path) => !first.includes(path))
    expect(compressed(more)).toBeGreaterThan(bound / 2)
    expect(compressed(more)).toBeLessThanOrEqual(bound)
  })

  test.each(Object.entries(ownWords))(
    'what verifies %s comes with its first evidence, and not before',
    (family, own) => {
      const textOfAll = (paths: Iterable<string>): string => [...paths].map(text).join('\n')
      const first = textOfAll(firstVisit(site).filter((path) => path.endsWith('.js')))
      expect(text('page.js')).toContain(`import("./formats/${family}.js")`)
      for (const word of own) {
        expect(first).not.toContain(word)
        for (const other of families) expect(text(`formats/${other}.js`).includes(word)).toBe(other === family)
      }
    },
  )

  test('the document carries the policy itself, for hosts that send no header', () => {
    for (const { folder, policy = contentSecurityPolicy } of pages) {
      const [, inPage] = /Content-Security-Policy" content="([^"]*)"/.exec(text(`${folder}index.html`)) ?? []
      expect(inPage).toBe(policy)
      expect(site.get(`${folder}index.html`)?.policy).toBe(policy)
    }
    // Images: the icon of the site.
    expect(contentSecurityPolicy).toBe(
      "default-src 'none'; script-src 'self'; worker-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; form-action 'none'; base-uri 'none'",
    )
  })

  test('nothing is inline, every address is relative and exists', () => {
    for (const { folder } of pages) {
      const path = `${folder}index.html`
      const html = text(path)
      expect(html).not.toMatch(/<style|\sstyle=|\son[a-z]+=|<script(?![^>]*\ssrc=)|\{up\}|<!--/i)
      const addresses = [...html.matchAll(/<(?:script|link|a)[^>]*\s(?:src|href)="([^"#]+)"/g)]
        .map(([, address = '']) => new URL(address, `http://site/${path}`))
        .filter(({ host }) => host === 'site')
        .map(({ pathname }) => pathname.slice(1).replace(/(^|\/)$/, '$1index.html'))
      expect(addresses.length).toBeGreaterThan(5)
      expect({ path, missing: addresses.filter((address) => !site.has(address)) }).toEqual({ path, missing: [] })
    }
    for (const path of ['page.css', 'send/send.css']) expect(text(path)).not.toMatch(/url\(|@import/)
  })

  test('the reference is there once it was made, each page under the policy that it states', async () => {
    const folder = await makeFolder()
    try {
      await mkdir(join(folder, 'assets'))
      await writeFile(
        join(folder, 'index.html'),
        `<meta http-equiv="Content-Security-Policy" content="img-src &#39;self&#39; data:">`,
      )
      await writeFile(join(folder, 'assets', 'main.js'), '1')
      const made = new Map(await docsIn(pathToFileURL(`${folder}/`)))
      expect([...made.keys()].sort()).toEqual(['docs/assets/main.js', 'docs/index.html'])
      expect(made.get('docs/index.html')).toMatchObject({
        type: 'text/html; charset=utf-8',
        policy: "img-src 'self' data:",
      })
      const missing = await docsIn(pathToFileURL(`${folder}/none/`))
      expect(missing.map(([path]) => path)).toEqual(['docs/index.html'])
    } finally {
      await removeFolder(folder)
    }
  })

  test('every page leads to the docs, to the source as the package names it, and to the install line', () => {
    const { repository } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as {
      readonly repository?: { readonly url: string }
    }
    for (const { folder } of pages) {
      const html = text(`${folder}index.html`)
      expect(html).toMatch(/<a href="[./]*docs\/">Docs<\/a>/)
      expect(html).toMatch(/<details class="install"><summary>Install<\/summary>.*npm install veritee/s)
      expect(html).toContain('checks an enclave before any data is sent to it')
      const source = repository?.url.replace(/^git\+|\.git$/g, '')
      if (source === undefined) expect(html).not.toContain('>Source<')
      else expect(html).toContain(`<a href="${source}" rel="noreferrer">Source</a>`)
    }
  })

  test('no script makes code out of text, and those of the page reach no other host', () => {
    // The reference has its own test.
    const paths = [...alone.keys()].filter((path) => path.endsWith('.js') && !path.startsWith('docs/'))
    expect(paths.length).toBeGreaterThan(20)
    for (const path of paths) {
      const code = textOf(alone, path)
      expect({
        path,
        code: /\beval\b[^u]|\bFunction\(|WebAssembly|innerHTML|document\.write|insertAdjacentHTML/.exec(code)?.[0],
      }).toEqual({ path, code: undefined })
    }
    // Names and addresses for people, which the page itself asks for nothing: its policy forbids it.
    const names = [
      'http://www.w3.org/2000/svg',
      'http://arm.com/',
      'https://example.com',
      'https://android.googleapis.com/attestation/status',
    ]
    const page = new Set(
      ['page.js', ...families.map((family) => `formats/${family}.js`)].flatMap((path) => [...scriptsOf(site, path)]),
    )
    for (const path of page)
      expect(
        [...text(path).matchAll(/https?:\/\/[^"'`\s]+/g)]
          .map(([address]) => address)
          .filter((address) => !names.some((name) => address.startsWith(name))),
      ).toEqual([])
  })
})

describe('for static hosts', () => {
  test('the same files, and one more: the machine that its pages talk to', () => {
    const names = (from: Site): string[] => [...from.keys()].filter((path) => !path.startsWith('parts/'))
    expect(names(alone).sort()).toEqual([...names(site), 'machine.js'].sort())
    expect(text('send/send.js') + text('ai/ai.js')).not.toContain('machine.js')
    expect(text('send/gated/gate.js')).not.toContain('machine.js')
  })

  test('what a first visit loads has at most 40 KB there too, and the machine at most 130', () => {
    const size = (from: Site, paths: readonly string[]): number =>
      paths.reduce((sum, path) => sum + gzipSync(from.get(path)?.body ?? '', { level: 9 }).length, 0)
    expect(size(alone, firstVisit(alone))).toBeLessThanOrEqual(40 * 1024)
    expect(size(alone, ['machine.js'])).toBeGreaterThan(60 * 1024)
    expect(size(alone, ['machine.js'])).toBeLessThanOrEqual(130 * 1024)
  })

  test('the machine needs nothing of Node and no network, and keeps keys of made-up roots only', () => {
    const code = textOf(alone, 'machine.js')
    expect(code).not.toMatch(/["']node:|\brequire\(|XMLHttpRequest|WebSocket|EventSource|sendBeacon/)
    expect(code.match(/\bd:"[\w-]{40,}"/g)).toHaveLength(4)
    for (const path of ['machine.js', 'send/gated/gate.js']) expect(alone.get(path)?.policy).toBe(alonePolicy)
    expect(alonePolicy).toBe("default-src 'none'; script-src 'self'")
  })

  test('pages say plainly where their machine is, and what that does not prove', () => {
    for (const { folder } of pages) {
      expect(text(`${folder}index.html`)).toMatch(/<p class="machine">[^<]*(?:runs?|are) on this computer/)
      expect(textOf(alone, `${folder}index.html`)).toMatch(
        /<p class="machine">[^<]*your own browser[^<]*root is made up\. So it proves nothing about hardware/,
      )
    }
  })
})

describe('server', () => {
  const get = (path: string, init?: RequestInit): Promise<Response> => fetch(new URL(path, demo.url), init)

  test('listens on the loopback interface only', async () => {
    expect(demo.url).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/$/)
    const response = await get('')
    expect(response.headers.get('content-security-policy')).toBe(contentSecurityPolicy)
    expect(response.headers.get('x-content-type-options')).toBe('nosniff')
  })

  test('what is not there is not found, and nothing is taken', async () => {
    for (const path of ['package.json', '../package.json', '%2e%2e/package.json', 'samples/none.txt', 'enclave/'])
      expect({ path, status: (await get(path)).status }).toEqual({ path, status: 404 })
    expect((await get('', { method: 'POST', body: 'x' })).status).toBe(405)
  })

  test.each([
    ['', 'nonce must be 1 to 512 bytes in hexadecimal'],
    ['?nonce=abc', 'nonce must be 1 to 512 bytes in hexadecimal'],
    [`?nonce=${'00'.repeat(513)}`, 'nonce must be 1 to 512 bytes in hexadecimal'],
    ['?nonce=00&attack=unknown', 'attack must be one of none, wrong-pcr'],
  ])('the enclave refuses %s', async (query, message) => {
    const response = await get(`enclave/attestation${query}`)
    expect(response.status).toBe(400)
    expect(await response.text()).toContain(message)
  })
})
