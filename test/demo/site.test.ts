/**
 * The page as files: small, self-contained, and under the policy that it says it runs under. The
 * server adds headers and the enclave, no more.
 */
import { gzipSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type DemoServer, startDemo } from '../../demo/server.ts'
import { channelAttacks } from '../../demo/send/attacks.ts'
import { buildSite, contentSecurityPolicy, pageFiles, type Site } from '../../demo/site.ts'
import { samples } from '../../demo/page/samples.ts'

let site: Site
let demo: DemoServer
const text = (path: string): string => new TextDecoder().decode(site.get(path)?.body)

beforeAll(async () => {
  site = await buildSite()
  demo = await startDemo({ site })
})
afterAll(() => demo.close())

describe('files', () => {
  test('the page, its samples and their root, and nothing else', () => {
    expect([...site.keys()].sort()).toEqual(
      [
        ...pageFiles,
        'quote.js',
        'report.js',
        'send/index.html',
        'send/send.css',
        'send/send.js',
        'send/gated.js',
        ...channelAttacks.flatMap(({ name }) => [`send/gated/${name}/index.html`, `send/gated/${name}/gate.js`]),
        'veritee.reference.min.js',
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

  test('HTML, CSS and JavaScript are at most 40 KB, compressed', () => {
    const total = pageFiles.reduce((sum, path) => sum + gzipSync(site.get(path)?.body ?? '', { level: 9 }).length, 0)
    expect(total).toBeGreaterThan(20_000)
    expect(total).toBeLessThanOrEqual(40 * 1024)
  })

  test('what verifies quotes comes with the first quote, and not before', () => {
    expect(text('page.js')).toContain('import("./quote.js")')
    for (const word of ['PCK', 'MRENCLAVE', 'TCB Info']) {
      expect(text('page.js')).not.toContain(word)
      expect(text('quote.js')).toContain(word)
    }
    expect(text('index.html')).not.toContain('quote.js')
  })

  test('what verifies reports comes with the first report, and not before', () => {
    expect(text('page.js')).toContain('import("./report.js")')
    for (const word of ['VCEK', 'MEASUREMENT', 'BadRAM']) {
      expect(text('page.js')).not.toContain(word)
      expect(text('quote.js')).not.toContain(word)
      expect(text('report.js')).toContain(word)
    }
    expect(text('index.html')).not.toContain('report.js')
  })

  test('the document carries the policy itself, for hosts that send no header', () => {
    const [, inPage] = /Content-Security-Policy"\s+content="([^"]*)"/.exec(text('index.html')) ?? []
    expect(inPage).toBe(contentSecurityPolicy)
    expect(contentSecurityPolicy).toBe(
      "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; form-action 'none'; base-uri 'none'",
    )
  })

  test('nothing is inline, every address is relative and exists', () => {
    const html = text('index.html')
    expect(html).not.toMatch(/<style|\sstyle=|\son[a-z]+=|<script(?![^>]*\ssrc=)/i)
    const addresses = [...html.matchAll(/<(?:script|link)[^>]*\s(?:src|href)="([^"]*)"/g)].map(
      ([, address]) => address ?? '',
    )
    expect(addresses.length).toBe(3)
    expect(addresses.filter((address) => !site.has(address))).toEqual([])
    expect(text('page.css')).not.toMatch(/url\(|@import/)
  })

  test.each(['page.js', 'quote.js', 'report.js', 'veritee.nitro.min.js', 'veritee.reference.min.js'])(
    '%s makes no code out of text, and reaches no other host',
    (path) => {
      const code = text(path)
      expect(code).not.toMatch(/\beval\(|new Function|WebAssembly|innerHTML|document\.write|insertAdjacentHTML/)
      expect([...code.matchAll(/https?:\/\/[^"'`\s]+/g)].map(([address]) => address)).toEqual(
        path === 'page.js' || path === 'quote.js' || path === 'report.js' ? ['http://www.w3.org/2000/svg'] : [],
      )
    },
  )
})

describe('server', () => {
  const get = (path: string, init?: RequestInit): Promise<Response> => fetch(new URL(path, demo.url), init)

  test('listens on the loopback interface only, and tells the page of the enclave', async () => {
    expect(demo.url).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/$/)
    const response = await get('')
    expect(response.headers.get('content-security-policy')).toBe(contentSecurityPolicy)
    expect(response.headers.get('x-content-type-options')).toBe('nosniff')
    expect(await response.text()).toContain('data-enclave="enclave/attestation"')
    expect(text('index.html')).not.toContain('data-enclave')
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
