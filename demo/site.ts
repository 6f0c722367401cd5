/**
 * The page as files, in memory: the script-tag bundle of the library, the page's own script, the style sheet, the document, and the samples.
 * Every address in them is relative, so that they work from any folder of any host.
 */
import { readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { build, type BuildOptions, type BuildResult, type Plugin } from 'esbuild'
import type { Expected } from '../fixtures/expected.ts'
import type { ExpectedQuote } from '../fixtures/expected-quote.ts'
import type { ExpectedSnp } from '../fixtures/expected-snp.ts'
import { readKeys, type StoredKeys } from '../fixtures/files.ts'
import { createDstackGuest } from '../test/attester/dstack.ts'
import { measurements } from '../test/attester/intel.ts'
import { demoCompose, gpuVendor } from './ai/made-up.ts'
import { folderOf, isQuoteSample, isReportSample, samples } from './page/samples.ts'
import { emptyState, type State, toFragment } from './page/state.ts'
import { channelAttacks } from './send/attacks.ts'
import { gatedPolicy } from './send/gated-policy.ts'

export interface SiteFile {
  readonly type: string
  readonly body: Uint8Array
}

/** By path, without a leading slash; the page itself is `index.html`. */
export type Site = ReadonlyMap<string, SiteFile>

const here = (path: string): string => fileURLToPath(new URL(path, import.meta.url))
const fixtures = '../fixtures'
/** Roots of the samples, by the name that the page asks for. */
const roots = {
  root: 'nitro/root',
  'tdx-root': 'tdx/root',
  'sgx-root': 'sgx/root',
  'ark-milan': 'sev-snp/ark-milan',
  'ark-genoa': 'sev-snp/ark-genoa',
  'ark-turin': 'sev-snp/ark-turin',
} as const

/** Nothing but the page's own files, nothing inline, no forms, no base. @param addresses that may be talked to besides */
const policyWith = (...addresses: readonly string[]): string =>
  `default-src 'none'; script-src 'self'; style-src 'self'; connect-src ${["'self'", ...addresses].join(' ')}; form-action 'none'; base-uri 'none'`

/** The policy that the page runs under. */
export const contentSecurityPolicy = policyWith()

/** For pages behind a gate: the name that their worker answers to, and no way to the enclave. */
export const gatedPagePolicy = policyWith(gatedPolicy.name)

/** For the worker, whose enclave is another origin of this machine. */
export const gateWorkerPolicy = policyWith('http://localhost:*', 'http://127.0.0.1:*')

/** What a visitor downloads before the first verdict. Samples, what verifies quotes, and what measures images and opens signed files, come when they are asked for. */
export const pageFiles = ['index.html', 'page.css', 'page.js', 'veritee.nitro.min.js'] as const

export async function buildSite(): Promise<Site> {
  const [
    library,
    reference,
    page,
    quote,
    report,
    style,
    html,
    send,
    gated,
    gate,
    gatedHtml,
    sendStyle,
    sendHtml,
    ai,
    aiStyle,
    aiHtml,
    anchors,
    made,
  ] = await Promise.all([
    bundleLibrary('veritee.nitro.min'),
    bundleLibrary('veritee.reference.min'),
    bundlePage('main.ts'),
    bundlePage('formats/intel.ts'),
    bundlePage('formats/amd.ts'),
    minifyStyle('page/page.css'),
    readFile(here('page/index.html'), 'utf8'),
    bundleSend('main.ts'),
    bundleSend('gated.ts'),
    bundleSend('gate.ts'),
    readFile(here('send/gated.html'), 'utf8'),
    minifyStyle('send/send.css'),
    readFile(here('send/index.html'), 'utf8'),
    bundleAi(),
    minifyStyle('ai/ai.css'),
    readFile(here('ai/index.html'), 'utf8'),
    Promise.all(
      Object.entries(roots).map(async ([name, path]) => {
        const body = await readFile(here(`${fixtures}/${path}.der`))
        return [`samples/${name}.der`, { type: 'application/octet-stream', body }] as const
      }),
    ),
    Promise.all(
      samples.map(async ({ name }) => [`samples/${name}.txt`, file('text/plain', await sampleOf(name))] as const),
    ),
  ])
  return new Map<string, SiteFile>([
    ['index.html', file('text/html', html.replace(/\n\s*/g, '\n'))],
    ['page.css', file('text/css', style)],
    ['page.js', file('text/javascript', page)],
    ['quote.js', file('text/javascript', quote)],
    ['report.js', file('text/javascript', report)],
    ['veritee.nitro.min.js', file('text/javascript', library)],
    ['send/index.html', file('text/html', sendHtml.replace(/\n\s*/g, '\n'))],
    ['send/send.css', file('text/css', sendStyle)],
    ['send/send.js', file('text/javascript', send)],
    ['send/gated.js', file('text/javascript', gated)],
    ['ai/index.html', file('text/html', aiHtml)],
    ['ai/ai.css', file('text/css', aiStyle)],
    ['ai/ai.js', file('text/javascript', ai)],
    // One gate each: a worker is for one folder.
    ...channelAttacks.flatMap(({ name }) => [
      [`send/gated/${name}/index.html`, file('text/html', gatedHtml.replace(/\n\s*/g, '\n'))] as const,
      [`send/gated/${name}/gate.js`, file('text/javascript', gate)] as const,
    ]),
    ['veritee.reference.min.js', file('text/javascript', reference)],
    ...anchors,
    ...made,
  ])
}

/** A fixture as the page has it in its address. `valid` is verified at the clock of whoever looks: it is valid on any day. */
export function stateOf(name: string, expected: Expected, evidence: Uint8Array): State {
  const { freshness, referenceValues, now, userData, publicKey, debug, clockSkewSeconds } = expected
  return {
    ...emptyState,
    evidence: Buffer.from(evidence).toString('base64url'),
    root: 'fixture',
    reference: referenceValues === 'skipReferenceValues' ? '' : linesOf(referenceValues),
    ...(freshness !== 'skipFreshness' &&
      ('nonce' in freshness
        ? { freshness: 'nonce' as const, nonce: freshness.nonce }
        : { freshness: 'age' as const, age: String(freshness.maxAgeSeconds) })),
    at: name === 'valid' ? '' : now === 'atEvidenceTime' ? 'evidence' : now.replace('.000Z', 'Z'),
    userData: userData ?? '',
    publicKey: publicKey ?? '',
    debug: debug !== undefined,
    skew: String(clockSkewSeconds),
  }
}

/** The same for a quote, with its collateral and, where there is one, its event log. */
export function stateOfQuote(name: string, expected: ExpectedQuote, files: QuoteFiles): State {
  const { reportData, referenceValues, now, acceptedTcbStatuses = [], debug, clockSkewSeconds } = expected
  return {
    ...emptyState,
    evidence: Buffer.from(files.evidence).toString('base64url'),
    collateral: files.collateral,
    log: files.log,
    root: 'fixture',
    reference: referenceValues === 'skipReferenceValues' ? '' : linesOf(referenceValues),
    reportData: reportData === 'skipReportData' ? '' : reportData,
    tcb: String(acceptedTcbStatuses),
    at: name.endsWith('-valid') ? '' : now.replace('.000Z', 'Z'),
    debug: debug !== undefined,
    skew: String(clockSkewSeconds),
  }
}

/** The same for a report, with its endorsements. */
export function stateOfReport(
  name: string,
  expected: ExpectedSnp,
  files: Pick<QuoteFiles, 'evidence' | 'collateral'>,
): State {
  const {
    reportData,
    referenceValues,
    now,
    debug,
    products,
    platformInfo,
    minimumTcb = [],
    clockSkewSeconds,
  } = expected
  const allowed = [
    ...(products?.includes('Milan') === true ? ['Milan'] : []),
    ...(platformInfo === undefined ? [] : ['alias']),
    ...(expected.provisionalFirmware === undefined ? [] : ['provisional']),
    ...(expected.migration === undefined ? [] : ['migration']),
  ]
  // The page asks for one row: of all that are about Genoa, the parts together.
  const least = Object.assign({}, ...minimumTcb.filter(({ product }) => product === 'Genoa')) as Record<string, unknown>
  const parts = ['bootloader', 'tee', 'snp', 'microcode'].filter((part) => least[part] !== undefined)
  return {
    ...emptyState,
    evidence: Buffer.from(files.evidence).toString('base64url'),
    collateral: files.collateral,
    root: 'fixture',
    reference: referenceValues === 'skipReferenceValues' ? '' : linesOf(referenceValues),
    reportData: reportData === 'skipReportData' ? '' : reportData,
    minimumTcb: parts.map((part) => `${part} ${String(least[part])}`).join(', '),
    allowed: String(allowed),
    at: name.endsWith('-valid') ? '' : now.replace('.000Z', 'Z'),
    debug: debug !== undefined,
    skew: String(clockSkewSeconds),
  }
}

export interface QuoteFiles {
  readonly evidence: Uint8Array
  readonly collateral: string
  /** '' where there is none. */
  readonly log: string
}

async function sampleOf(name: string): Promise<string> {
  const path = (file: string): string => here(`${fixtures}/${folderOf(name)}/${file}`)
  const expected = JSON.parse(await readFile(path('expected.json'), 'utf8')) as unknown
  const evidence = await readFile(path('evidence.bin'))
  if (isReportSample(name)) {
    const collateral = await readFile(path('endorsements.json'), 'utf8')
    return toFragment(stateOfReport(name, expected as ExpectedSnp, { evidence, collateral }))
  }
  if (!isQuoteSample(name)) return toFragment(stateOf(name, expected as Expected, evidence))
  const [collateral, log] = await Promise.all([
    readFile(path('endorsements.json'), 'utf8'),
    readFile(path('event-log.json'), 'utf8').catch(() => ''),
  ])
  return toFragment(stateOfQuote(name, expected as ExpectedQuote, { evidence, collateral, log }))
}

/** One build as lines, as people write them; everything else as JSON. */
function linesOf(values: object): string {
  const lines = Object.entries(values).filter(([key]) => key !== 'name')
  if (!lines.every(([key]) => /^(?:PCR\d+|[a-z]\w+)$/.test(key))) return JSON.stringify(values, null, 2)
  return lines.map(([register, value]) => `${register} ${String(value)}`).join('\n')
}

/** The file of the package for a script tag, as the build makes it. */
async function bundleLibrary(stem: string): Promise<string> {
  const { bundleScript, entries } = (await import(singleFiles)) as SingleFiles
  const entry = entries.find((one) => one.stem === stem)
  if (entry === undefined) throw new Error(`the package has no ${stem}`)
  const { outputFiles = [] } = await bundleScript(entry, { write: false, sourcemap: false })
  return outputFiles[0]?.text ?? ''
}

/** JavaScript, because the build runs without anything that strips types. */
const singleFiles = new URL('../.config/single-files.mjs', import.meta.url).href

interface SingleFiles {
  readonly entries: readonly { readonly source: string; readonly stem: string }[]
  bundleScript(entry: SingleFiles['entries'][number], options: BuildOptions): Promise<BuildResult>
}

/** A script of the page: the page itself, or what it imports when it is needed. */
async function bundlePage(entry: 'main.ts' | 'formats/intel.ts' | 'formats/amd.ts'): Promise<string> {
  const { outputFiles } = await build({
    entryPoints: [here(`page/${entry}`)],
    bundle: true,
    minify: true,
    write: false,
    format: entry === 'main.ts' ? 'iife' : 'esm',
    target: 'es2022',
    platform: 'browser',
    plugins: [quoteApart],
    legalComments: 'none',
    logLevel: 'warning',
  })
  return outputFiles[0]?.text ?? ''
}

/** A script of the page that sends: what is expected is pinned in it. */
async function bundleSend(entry: 'main.ts' | 'gated.ts' | 'gate.ts'): Promise<string> {
  const path = (name: string): string => here(`${fixtures}/nitro/${name}`)
  const [expected, root] = await Promise.all([
    readFile(path('valid/expected.json'), 'utf8'),
    readFile(path('root.der')),
  ])
  const { referenceValues } = JSON.parse(expected) as Expected
  return bundlePinned(`send/${entry}`, { measurements: referenceValues, root: root.toString('base64') })
}

/** A script of a page, with what it expects in it. */
async function bundlePinned(entry: string, pinned: object): Promise<string> {
  const { outputFiles } = await build({
    entryPoints: [here(entry)],
    bundle: true,
    minify: true,
    write: false,
    format: 'iife',
    target: 'es2022',
    platform: 'browser',
    legalComments: 'none',
    logLevel: 'warning',
    define: { PINNED: JSON.stringify(pinned) },
  })
  return outputFiles[0]?.text ?? ''
}

/** The page that asks a model: what it expects of the provider is pinned in it. */
async function bundleAi(): Promise<string> {
  const tdx = (name: string): Promise<Buffer> => readFile(here(`${fixtures}/tdx/${name}`))
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
  const pinned = {
    root: root.toString('base64'),
    gpuVendor: Buffer.from(spki).toString('base64'),
    measurements: { mrTd: measurements.mrTd, rtmr0, rtmr1, rtmr2 },
    accept,
  }
  return bundlePinned('ai/main.ts', pinned)
}

/** What is imported when it is needed is a file of its own. */
const quoteApart: Plugin = {
  name: 'quote-apart',
  setup({ onResolve }) {
    onResolve({ filter: /\/formats\/(?:intel|amd)\.ts$/ }, ({ kind, path }) =>
      kind === 'dynamic-import'
        ? { path: path.endsWith('amd.ts') ? './report.js' : './quote.js', external: true }
        : undefined,
    )
  },
}

async function minifyStyle(path: string): Promise<string> {
  const { outputFiles } = await build({
    entryPoints: [here(path)],
    minify: true,
    write: false,
    logLevel: 'warning',
  })
  return outputFiles[0]?.text ?? ''
}

function file(type: string, text: string): SiteFile {
  return { type: `${type}; charset=utf-8`, body: new TextEncoder().encode(text) }
}
