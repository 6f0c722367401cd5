/**
 * The site as files, in memory. Every address in them is relative, so that they work from any
 * folder of any host.
 */
import { readdir, readFile } from 'node:fs/promises'
import { join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build, type BuildOptions, type Plugin } from 'esbuild'
import type { Expected } from '../fixtures/expected.ts'
import { readKeys } from '../fixtures/keys.ts'
import type { Signer } from '../test/attester/certificate.ts'
import { createDstackGuest } from '../test/attester/dstack.ts'
import { measurements } from '../test/attester/intel.ts'
import { demoCompose, gpuVendor, keyService } from './ai/made-up.ts'
import { type Authority, readAuthorities } from './enclave/authorities.ts'
import { stateOfSample } from './fixture-states.ts'
import { framed, type Package } from './frame.ts'
import { type MachinePlace, machineWords } from './machine-words.ts'
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
 * else is one.
 * @param addresses that may be talked to besides
 */
const policyWith = (...addresses: readonly string[]): string =>
  `default-src 'none'; script-src 'self'; worker-src 'self'; style-src 'self'; img-src 'self'; connect-src ${["'self'", ...addresses].join(' ')}; form-action 'none'; base-uri 'none'`

/** The policy that the page runs under. */
export const contentSecurityPolicy = policyWith()

/** For pages behind a gate: the name that their worker answers to, and no way to the enclave. */
export const gatedPagePolicy = policyWith(gatedPolicy.name)

/** For the worker of the gate: with a server, its enclave is another origin of this machine. */
export const gateWorkerPolicy = policyWith('http://localhost:*', 'http://127.0.0.1:*')

/** For workers that have the enclave in them, and need no network. */
export const alonePolicy = "default-src 'none'; script-src 'self'"

/** A page of the site: a document, and the style sheets and scripts that it names. */
export interface SitePage {
  /** '' for the page itself, else with a slash at its end. */
  readonly folder: string
  readonly document: string
  readonly policy?: string
}

/**
 * The pages, one row each. A page behind a gate is there once for each attack, and once for those
 * who come without one: each folder has a worker of its own, all of one script.
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

/** Scripts that are whole in themselves, as those of workers must be. */
const measure = { measure: 'page/measure-worker.ts' }
const gate = { 'send/gated/gate': 'send/gate.ts' }
const machineAlone = { machine: 'reach/machine.ts' }

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

/** @param machine where the machine is that the pages talk to */
export async function buildSite(machine: MachinePlace = 'server'): Promise<Site> {
  const authorities = await readAuthorities()
  const MACHINE = JSON.stringify(machine)
  const nitro = { MACHINE, PINNED: await pinned(authorities.aws) }
  const [made, ai, measures, gates, alone, sheets, documents, icon, anchors, evidence, reference] = await Promise.all([
    bundle(scripts, { format: 'esm', splitting: true, define: nitro }),
    bundle(
      { 'ai/ai': 'ai/main.ts' },
      { format: 'esm', define: { MACHINE, PINNED: await pinnedOfModel(authorities.intel) } },
    ),
    bundle(measure, { format: 'iife' }),
    bundle(gate, { format: 'iife', define: nitro }),
    machine === 'worker'
      ? bundle(machineAlone, {
          ...withoutEval,
          format: 'iife',
          define: { MACHINE, AUTHORITIES: JSON.stringify(authorities) },
        })
      : [],
    bundle(styles, {}),
    documentsOf(pages, machine),
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
    ...scriptsUnder(undefined, [...made, ...ai, ...measures]),
    ...scriptsUnder(machine === 'worker' ? alonePolicy : gateWorkerPolicy, gates),
    ...scriptsUnder(alonePolicy, alone),
    ...[...sheets].map(([path, text]) => [path, file('text/css', text)] as const),
    ['favicon.svg', file('image/svg+xml', icon)],
    ...anchors,
    ...evidence,
    ...reference,
  ])
}

function scriptsUnder(
  policy: string | undefined,
  bundled: Iterable<readonly [path: string, text: string]>,
): readonly (readonly [string, SiteFile])[] {
  return Array.from(bundled, ([path, text]) => [
    path,
    { ...file('text/javascript', text), ...(policy !== undefined && { policy }) },
  ])
}

async function documentsOf(
  all: readonly SitePage[],
  machine: MachinePlace,
): Promise<readonly (readonly [string, SiteFile])[]> {
  const about = await packageOf()
  return Promise.all(
    all.map(async ({ folder, document, policy = contentSecurityPolicy }) => {
      const html = await readFile(here(document), 'utf8')
      const up = '../'.repeat(folder.split('/').length - 1)
      const words = machineWords[document]?.[machine] ?? ''
      const text = framed({ html: html.replaceAll('{up}', up).replace('{machine}', words), up, policy }, about)
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

/**
 * The enclave's own packages make code out of text where they may. These parts of them, made for
 * strict policies, do not.
 */
const withoutEval: BuildOptions = {
  alias: { 'cbor-x': 'cbor-x/index-no-eval', 'reflect-metadata': 'reflect-metadata/lite' },
}

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
async function pinned({ root }: Authority): Promise<string> {
  const expected = await readFile(here('../fixtures/nitro/valid/expected.json'), 'utf8')
  const { referenceValues } = JSON.parse(expected) as Expected
  return JSON.stringify({ measurements: referenceValues, root })
}

/** What the page that asks a model expects of its provider. */
async function pinnedOfModel({ root, keys }: Authority): Promise<string> {
  const vendors = await readKeys(keys)
  const kms = vendors.get(keyService) as Signer
  const { rtmrs, accept } = await createDstackGuest({ now: new Date(), appCompose: demoCompose, kms })
  const spki = await crypto.subtle.exportKey('spki', (vendors.get(gpuVendor) as Signer).publicKey)
  const [rtmr0, rtmr1, rtmr2] = rtmrs.map((rtmr) => Buffer.from(rtmr).toString('hex'))
  return JSON.stringify({
    root,
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
