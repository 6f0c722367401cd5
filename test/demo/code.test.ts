/**
 * The code that the page offers repeats the verdict that it shows: every sample's module is run by
 * Node, every command by a shell.
 */
import { execFile } from 'node:child_process'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { build } from 'esbuild'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { commandLine, importCode } from '../../demo/page/code.ts'
import { type Outcome, outcomeOf } from '../../demo/page/outcome.ts'
import { policyOf } from '../../demo/page/policy.ts'
import { reportCommandLine, reportImportCode, type ReportRequest } from '../../demo/page/formats/amd/code.ts'
import { type ReportOutcome, reportOutcomeOf } from '../../demo/page/formats/amd/outcome.ts'
import { reportPolicyOf } from '../../demo/page/formats/amd/policy.ts'
import { quoteCommandLine, quoteImportCode } from '../../demo/page/formats/intel/code.ts'
import { type QuoteOutcome, quoteOutcomeOf } from '../../demo/page/formats/intel/outcome.ts'
import { quotePolicyOf } from '../../demo/page/formats/intel/policy.ts'
import { isQuoteSample, isReportSample, samples } from '../../demo/page/samples.ts'
import { emptyState, fromFragment } from '../../demo/page/state.ts'
import { buildSite, type Site } from '../../demo/site.ts'
import * as library from '../../src/formats/aws/nitro/index.ts'

const run = promisify(execFile)
const source = (path: string): string => fileURLToPath(new URL(`../../src/${path}`, import.meta.url))
const clock = new Date('2026-11-20T12:00:00Z')

let folder: string
let site: Site
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'veritee-code-'))
  site = await buildSite()
  await build({
    entryPoints: {
      nitro: source('formats/aws/nitro/index.ts'),
      tdx: source('formats/intel/tdx/index.ts'),
      events: source('formats/intel/tdx/events/index.ts'),
      sgx: source('formats/intel/sgx/index.ts'),
      'sev-snp': source('formats/sev-snp.ts'),
      command: source('cli/main.ts'),
    },
    outdir: folder,
    outExtension: { '.js': '.mjs' },
    bundle: true,
    splitting: true,
    platform: 'node',
    format: 'esm',
    logLevel: 'warning',
  })
})
afterAll(() => rm(folder, { recursive: true }))

async function outcomeOfSample(name: string): Promise<Outcome> {
  const state = fromFragment(new TextDecoder().decode(site.get(`samples/${name}.txt`)?.body))
  const { policy, problems } = policyOf(state)
  expect(problems).toEqual([])
  const bytes = new Uint8Array(Buffer.from(state.evidence, 'base64url'))
  await writeFile(join(folder, 'evidence.bin'), bytes)
  await writeFile(join(folder, 'root.der'), site.get('samples/root.der')?.body ?? '')
  return outcomeOf(library, bytes, policy, await readFile(join(folder, 'root.der')), clock)
}

/** Runs to the end and says how it ended. */
async function ended(program: string, parameters: readonly string[]): Promise<{ status: number; output: string }> {
  try {
    const { stdout } = await run(program, parameters, { cwd: folder })
    return { status: 0, output: stdout }
  } catch (error) {
    const { code, stdout, stderr } = error as { code: number; stdout: string; stderr: string }
    return { status: code, output: stdout + stderr }
  }
}

describe.each(samples.filter(({ name }) => !isQuoteSample(name) && !isReportSample(name)))('$name', ({ name }) => {
  test('as a module', async () => {
    const outcome = await outcomeOfSample(name)
    const code = importCode(outcome)
    expect(code).toContain("from 'veritee/nitro'")
    await writeFile(join(folder, 'copied.mjs'), code.replace("'veritee/nitro'", "'./nitro.mjs'"))
    const { status, output } = await ended(process.execPath, ['copied.mjs'])
    if (outcome.result !== undefined) {
      expect({ status, output }).toMatchObject({ status: 0 })
      expect(output).toContain(outcome.result.claims.moduleId)
      return
    }
    expect(status).toBe(1)
    expect(output).toContain(`code: '${outcome.error?.code ?? ''}'`)
  })

  test('as a command', async () => {
    const outcome = await outcomeOfSample(name)
    const command = commandLine(outcome)
    expect(command).toContain('npx veritee verify evidence.bin')
    await writeFile(
      join(folder, 'copied.sh'),
      `${command.replace('npx veritee', `'${process.execPath}' command.mjs`)} --json\n`,
    )
    const { status, output } = await ended('/bin/sh', ['copied.sh'])
    const { error } = outcome
    expect({ status, output }).toMatchObject({
      status: error === undefined ? 0 : error instanceof library.AppraisalError ? 3 : 2,
    })
    if (error !== undefined) expect(output).toContain(`"${error.code}"`)
  })
})

describe.each(samples.filter(({ name }) => isQuoteSample(name)))('$name', ({ name }) => {
  const kind = name.startsWith('tdx') ? 'tdx' : 'sgx'

  async function outcomeOfQuote(): Promise<QuoteOutcome> {
    const state = fromFragment(new TextDecoder().decode(site.get(`samples/${name}.txt`)?.body))
    const { policy, problems } = quotePolicyOf(state, kind)
    expect(problems).toEqual([])
    const bytes = new Uint8Array(Buffer.from(state.evidence, 'base64url'))
    const root = new Uint8Array(site.get(`samples/${kind}-root.der`)?.body ?? [])
    await writeFile(join(folder, 'evidence.bin'), bytes)
    await writeFile(join(folder, 'root.der'), root)
    await writeFile(join(folder, 'endorsements.json'), state.collateral)
    await writeFile(join(folder, 'event-log.json'), state.log)
    return quoteOutcomeOf(bytes, policy, root, clock)
  }

  test('as a module', async () => {
    const outcome = await outcomeOfQuote()
    const code = quoteImportCode(outcome)
    expect(code).toContain(`from 'veritee/${kind}'`)
    await writeFile(
      join(folder, 'copied.mjs'),
      code.replace(`'veritee/${kind}'`, `'./${kind}.mjs'`).replace("'veritee/tdx/events'", "'./events.mjs'"),
    )
    const { status, output } = await ended(process.execPath, ['copied.mjs'])
    if (outcome.result !== undefined) {
      expect({ status, output }).toMatchObject({ status: 0 })
      expect(output).toContain(outcome.result.claims.tcbStatus)
      if (outcome.policy.log !== undefined) expect(output).toContain('[ true, false, false, true ]')
      return
    }
    expect(status).toBe(1)
    expect(output).toContain(`code: '${outcome.error?.code ?? ''}'`)
  })

  test('as a command', async () => {
    const outcome = await outcomeOfQuote()
    const command = quoteCommandLine(outcome)
    expect(command).toContain('npx veritee verify evidence.bin')
    await writeFile(
      join(folder, 'copied.sh'),
      `${command.replaceAll('npx veritee', `'${process.execPath}' command.mjs`)} --json\n`,
    )
    const { status, output } = await ended('/bin/sh', ['copied.sh'])
    const { error, isAuthentic } = outcome
    expect({ status, output }).toMatchObject({ status: error === undefined ? 0 : isAuthentic ? 3 : 2 })
    if (error !== undefined) expect(output).toContain(`"${error.code}"`)
  })
})

test('a quote without collateral: the command fetches it first', () => {
  const { policy } = quotePolicyOf({ ...emptyState, evidence: 'AA' }, 'tdx')
  expect(quoteCommandLine({ policy, now: clock }).split('\n')[0]).toBe(
    'npx veritee collateral evidence.bin -o endorsements.json',
  )
})

describe.each(samples.filter(({ name }) => isReportSample(name)))('$name', ({ name }) => {
  const products = ['milan', 'genoa', 'turin'] as const

  async function requestOfReport(): Promise<{ outcome: ReportOutcome; request: ReportRequest }> {
    const state = fromFragment(new TextDecoder().decode(site.get(`samples/${name}.txt`)?.body))
    const { policy, problems } = reportPolicyOf(state)
    expect(problems).toEqual([])
    const bytes = new Uint8Array(Buffer.from(state.evidence, 'base64url'))
    const roots = products.map((product) => new Uint8Array(site.get(`samples/ark-${product}.der`)?.body ?? []))
    await writeFile(join(folder, 'evidence.bin'), bytes)
    await writeFile(join(folder, 'endorsements.json'), state.collateral)
    for (const [i, root] of roots.entries()) await writeFile(join(folder, `ark-${products[i] ?? ''}.der`), root)
    const outcome = await reportOutcomeOf(bytes, policy, roots, clock)
    const { now, claims, evidence } = outcome
    const names = products.map((product) => `ark-${product}.der`)
    return { outcome, request: { policy, now, roots: names, product: claims?.product ?? evidence?.product ?? 'Genoa' } }
  }

  test('as a module', async () => {
    const { outcome, request } = await requestOfReport()
    const code = reportImportCode(request)
    expect(code).toContain("from 'veritee/sev-snp'")
    await writeFile(join(folder, 'copied.mjs'), code.replace("'veritee/sev-snp'", "'./sev-snp.mjs'"))
    const { status, output } = await ended(process.execPath, ['copied.mjs'])
    if (outcome.result !== undefined) {
      expect({ status, output }).toMatchObject({ status: 0 })
      expect(output).toContain(outcome.result.claims.product)
      return
    }
    expect(status).toBe(1)
    expect(output).toContain(`code: '${outcome.error?.code ?? ''}'`)
  })

  test('as a command', async () => {
    const { outcome, request } = await requestOfReport()
    const command = reportCommandLine(request)
    expect(command).toContain('npx veritee verify evidence.bin')
    await writeFile(
      join(folder, 'copied.sh'),
      `${command.replaceAll('npx veritee', `'${process.execPath}' command.mjs`)} --json\n`,
    )
    const { status, output } = await ended('/bin/sh', ['copied.sh'])
    const { error, isAuthentic } = outcome
    expect({ status, output }).toMatchObject({ status: error === undefined ? 0 : isAuthentic ? 3 : 2 })
    if (error !== undefined) expect(output).toContain(`"${error.code}"`)
  })
})

test('a report without endorsements: the command fetches them first', () => {
  const { policy } = reportPolicyOf({ ...emptyState, evidence: 'AA' })
  const request = { policy, now: clock, roots: [], product: 'Genoa' }
  expect(reportCommandLine(request).split('\n')[0]).toBe('npx veritee endorsements evidence.bin -o endorsements.json')
})
