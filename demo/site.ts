/**
 * The site as files, in memory. Every address in them is relative, so that they work from any
 * folder of any host.
 */
import { readdir, readFile } from 'node:fs/promises'
import { join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build, type BuildOptions, type Plugin } from 'esbuild'
import type { Expected } from '../fixtures/expected.ts'
import { readKeys, type StoredKeys } from '../fixtures/files.ts'
import { createDstackGuest } from '../test/attester/dstack.ts'
import { measurements } from '../test/attester/intel.ts'
import { demoCompose, gpuVendor } from './ai/made-up.ts'
import { stateOfSample } from './fixture-states.ts'
import { framed, type Package } from './frame.ts'
import { samples } from './page/samples.ts'
import { toFragment } from './page/state.ts'
import { channelAttacks } from './send/attacks.ts'
import { gatedPolicy } from './send/gated-policy.ts'

export interface SiteFile {
  readonly type: string
  readonly body: Uint8Array
  /** For a file with a policy of its own. */
  readonly policy?: string
}

/** By path, without a leading slash; the page itself is `index.html`. */
export type Site = ReadonlyMap<string, SiteFile>

const here = (path: string): string => fileURLToPath(new URL(path, import.meta.url))

/**
 * Nothing but the site's own files, nothing inline, no forms, no base. Images: the icon, and nothing
 * else is one. Workers come from the same place as scripts.
 * @param addresses that may be talked to besides
 */
const policyWith = (...addresses: readonly string[]): string =>
  `default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src ${["'self'", ...addresses].join(' ')}; form-action 'none'; base-uri 'none'`

/** The policy that the page runs under. */
export const contentSecurityPolicy = policyWith()

/** For pages behind a gate: the name that their worker answers to, and no way to the enclave. */
export const gatedPagePolicy = policyWith(gatedPolicy.name)

/** For the worker, whose enclave is another origin of this machine. */
export const gateWorkerPolicy = policyWith('http://localhost:*', 'http://127.0.0.1:*')

/** A page of the site: a document, and the style sheets and scripts that it names. */
export interface SitePage {
  /** '' for the page itself, else with a slash at its end. */
  readonly folder: string
  readonly document: string
  readonly policy?: string
}

/**
 * The pages, one row each. A page behind a gate is there once for each attack, and once for those
 * who come without one: a worker is for one folder.
 */
export const pages: readonly SitePage[] = [
  { folder: '', document: 'page/index.html' },
  { folder: 'send/', document: 'send/index.html' },
  { folder: 'ai/', document: 'ai/index.html' },
  ...['', ...channelAttacks.map(({ name }) => `${name}/`)].map((attack) => ({
    folder: `send/gated/${attack}`,
    document: 'send/gated.html',
    policy: gatedPagePolicy,
  })),
]

/**
 * Scripts of pages by the name of their file. What they share, and what they import when it is
 * needed, are files of their own.
 */
const scripts: Readonly<Record<string, string>> = {
  page: 'page/main.ts',
  'formats/aws': 'page/formats/aws/index.ts',
  'formats/intel': 'page/formats/intel/index.ts',
  'formats/amd': 'page/formats/amd/index.ts',
  'formats/arm': 'page/formats/arm/index.ts',
  'formats/phones': 'page/formats/phones/index.ts',
  second: 'page/second.ts',
  'send/send': 'send/main.ts',
  'send/gated': 'send/gated.ts',
}

/** Scripts that are whole in themselves, as workers must be. */
const workers: Readonly<Record<string, string>> = { gate: 'send/gate.ts', measure: 'page/measure-worker.ts' }

const styles: Readonly<Record<string, string>> = {
  page: 'page/style/page.css',
  'send/send': 'send/send.css',
  'ai/ai': 'ai/ai.css',
}

/** Roots of the samples, by the name that the page asks for. */
const roots: Readonly<Record<string, string>> = {
  root: 'nitro/root',
  'tdx-root': 'tdx/root',
  'sgx-root': 'sgx/root',
  'android-key-root': 'android-key/root',
  'app-attest-root': 'app-attest/root',
  'ark-milan': 'sev-snp/ark-milan',
  'ark-genoa': 'sev-snp/ark-genoa',
  'ark-turin': 'sev-snp/ark-turin',
}

/** Where `npm run docs` writes the reference, if it did. */
const docs = new URL('.output/docs/', import.meta.url)

export async function buildSite(): Promise<Site> {
  const [made, ai, alone, sheets, documents, icon, anchors, evidence, reference] = await Promise.all([
    bundle(scripts, { format: 'esm', splitting: true }),
    bundle({ 'ai/ai': 'ai/main.ts' }, { format: 'esm', define: { PINNED: await pinnedOfModel() } }),
    bundle(workers, { format: 'iife' }),
    bundle(styles, {}),
    documentsOf(pages),
    readFile(here('favicon.svg'), 'utf8'),
    Promise.all(
      Object.entries(roots).map(async ([name, path]) => {
        const body = await readFile(here(`../fixtures/${path}.der`))
        return [`samples/${name}.der`, { type: 'application/octet-stream', body }] as const
      }),
    ),
    Promise.all(
      samples.map(
        async (sample) =>
          [`samples/${sample.name}.txt`, file('text/plain', toFragment(await stateOfSample(sample)))] as const,
      ),
    ),
    docsIn(docs),
  ])
  return new Map<string, SiteFile>([
    ...documents,
    ...[...made, ...ai].map(([path, text]) => [path, file('text/javascript', text)] as const),
    ...[...sheets].map(([path, text]) => [path, file('text/css', text)] as const),
    // One gate for each of its pages.
    ...pages
      .filter(({ document }) => document === 'send/gated.html')
      .map(({ folder }) => {
        const script = file('text/javascript', alone.get('gate.js') ?? '')
        return [`${folder}gate.js`, { ...script, policy: gateWorkerPolicy }] as const
      }),
    ['measure.js', file('text/javascript', alone.get('measure.js') ?? '')],
    ['favicon.svg', file('image/svg+xml', icon)],
    ...anchors,
    ...evidence,
    ...reference,
  ])
}

async function documentsOf(all: readonly SitePage[]): Promise<readonly (readonly [string, SiteFile])[]> {
  const about = await packageOf()
  return Promise.all(
    all.map(async ({ folder, document, policy = contentSecurityPolicy }) => {
      const html = await readFile(here(document), 'utf8')
      const up = '../'.repeat(folder.split('/').length - 1)
      const text = framed({ html: html.replaceAll('{up}', up), up, policy }, about)
      return [`${folder}index.html`, { ...file('text/html', text), policy }] as const
    }),
  )
}

async function packageOf(): Promise<Package> {
  const { version, repository } = JSON.parse(await readFile(here('../package.json'), 'utf8')) as {
    readonly version: string
    readonly repository?: string | { readonly url: string }
  }
  const address = typeof repository === 'string' ? repository : repository?.url
  return { version, source: address?.replace(/^git\+|\.git$/g, '') }
}

/** The reference, or a page that says how to make it. @param folder with a slash at its end */
export async function docsIn(folder: URL): Promise<readonly (readonly [string, SiteFile])[]> {
  const names = await readdir(folder, { recursive: true, withFileTypes: true }).catch(() => [])
  const files = names.filter((entry) => entry.isFile())
  if (files.length === 0) {
    const html = await readFile(here('docs-missing.html'), 'utf8')
    const text = framed({ html, up: '../', policy: contentSecurityPolicy }, await packageOf())
    return [['docs/index.html', file('text/html', text)]]
  }
  return Promise.all(
    files.map(async ({ parentPath, name }) => {
      const path = join(parentPath, name)
      const inside = relative(fileURLToPath(folder), path).replaceAll('\\', '/')
      const body = await readFile(path)
      const policy = name.endsWith('.html') ? policyIn(body.toString()) : undefined
      return [`docs/${inside}`, { type: typeOf(name), body, ...(policy !== undefined && { policy }) }] as const
    }),
  )
}

/** The policy that a page states itself: its icons are data. */
const policyIn = (html: string): string | undefined =>
  /Content-Security-Policy" content="([^"]*)"/.exec(html)?.[1]?.replaceAll('&#39;', "'")

const types: Readonly<Record<string, string>> = {
  html: 'text/html; charset=utf-8',
  css: 'text/css; charset=utf-8',
  js: 'text/javascript; charset=utf-8',
  json: 'application/json; charset=utf-8',
  svg: 'image/svg+xml; charset=utf-8',
}
const typeOf = (name: string): string => types[name.replace(/.*\./, '')] ?? 'application/octet-stream'

/** @returns the files by their path in the site */
async function bundle(
  entries: Readonly<Record<string, string>>,
  options: BuildOptions,
): Promise<ReadonlyMap<string, string>> {
  const { outputFiles = [] } = await build({
    entryPoints: Object.fromEntries(Object.entries(entries).map(([name, source]) => [name, here(source)])),
    bundle: true,
    minify: true,
    write: false,
    outdir: here('.output/site'),
    chunkNames: 'parts/[name]-[hash]',
    target: 'es2022',
    platform: 'browser',
    charset: 'utf8',
    legalComments: 'none',
    logLevel: 'warning',
    define: { PINNED: await pinned() },
    plugins: [tableAlone],
    ...options,
  })
  return new Map(outputFiles.map(({ path, text }) => [path.slice(here('.output/site/').length), text]))
}

/**
 * Of the library's table, pages ask what evidence looks like. Its verifiers come with the families,
 * so what the table itself would import is left out.
 */
const tableAlone: Plugin = {
  name: 'table-alone',
  setup({ onResolve }) {
    onResolve({ filter: /\.ts$/ }, ({ kind, importer, path }) =>
      kind === 'dynamic-import' &&
      importer.startsWith(here('../src/')) &&
      /\/(?:formats\/table|index)\.ts$/.test(importer)
        ? { path, external: true }
        : undefined,
    )
  },
}

/** What pages that send expect: it is pinned in them when they are built. */
async function pinned(): Promise<string> {
  const path = (name: string): string => here(`../fixtures/nitro/${name}`)
  const [expected, root] = await Promise.all([
    readFile(path('valid/expected.json'), 'utf8'),
    readFile(path('root.der')),
  ])
  const { referenceValues } = JSON.parse(expected) as Expected
  return JSON.stringify({ measurements: referenceValues, root: root.toString('base64') })
}

/** What the page that asks a model expects of its provider. */
async function pinnedOfModel(): Promise<string> {
  const tdx = (name: string): Promise<Buffer> => readFile(here(`../fixtures/tdx/${name}`))
  const [root, stored, { rtmrs, accept }] = await Promise.all([
    tdx('root.der'),
    tdx('pki.json'),
    createDstackGuest({ now: new Date(), appCompose: demoCompose }),
  ])
  const { fixture } = JSON.parse(stored.toString()) as { readonly fixture: StoredKeys }
  const vendor = (await readKeys(fixture)).get(gpuVendor)
  if (vendor === undefined) throw new Error(`the fixtures have no key ${gpuVendor}`)
  const spki = await crypto.subtle.exportKey('spki', vendor.publicKey)
  const [rtmr0, rtmr1, rtmr2] = rtmrs.map((rtmr) => Buffer.from(rtmr).toString('hex'))
  return JSON.stringify({
    root: root.toString('base64'),
    gpuVendor: Buffer.from(spki).toString('base64'),
    measurements: { mrTd: measurements.mrTd, rtmr0, rtmr1, rtmr2 },
    accept,
  })
}

/**
 * The scripts that a script needs before it runs: itself, and all that it imports, but not what is
 * imported when it is needed.
 */
export function scriptsOf(site: Site, path: string, seen: ReadonlySet<string> = new Set()): ReadonlySet<string> {
  if (seen.has(path)) return seen
  const text = new TextDecoder().decode(site.get(path)?.body)
  const imports = [...text.matchAll(/(?:from|import)"(\.[^"]+)"/g)].map(([, address = '']) =>
    new URL(address, `http://site/${path}`).pathname.slice(1),
  )
  return imports.reduce<ReadonlySet<string>>((all, next) => scriptsOf(site, next, all), new Set([...seen, path]))
}

/** What a visitor downloads before the first evidence. */
export const firstVisit = (site: Site): readonly string[] => ['index.html', 'page.css', ...scriptsOf(site, 'page.js')]

function file(type: string, text: string): SiteFile {
  return { type: `${type}; charset=utf-8`, body: new TextEncoder().encode(text) }
}
