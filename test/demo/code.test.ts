/**
 * The code that the page offers repeats the verdict that it shows: every sample's module is run by
 * Node, every command by a shell.
 */
import { execFile } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { build } from 'esbuild'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { reportCommandLine, reportImportCode, requestOf } from '../../demo/page/formats/amd/code.ts'
import { reportPolicyOf } from '../../demo/page/formats/amd/policy.ts'
import { tokenCommandLine, tokenImportCode } from '../../demo/page/formats/arm/code.ts'
import { commandLine, importCode } from '../../demo/page/formats/aws/code.ts'
import { quoteCommandLine, quoteImportCode } from '../../demo/page/formats/intel/code.ts'
import type { QuoteOutcome } from '../../demo/page/formats/intel/outcome.ts'
import { quotePolicyOf } from '../../demo/page/formats/intel/policy.ts'
import { phoneCommandLine, phoneImportCode } from '../../demo/page/formats/phones/code.ts'
import type { Outcome } from '../../demo/page/outcome.ts'
import { samples } from '../../demo/page/samples.ts'
import { emptyState, fromFragment, type State } from '../../demo/page/state.ts'
import { buildSite, type Site } from '../../demo/site.ts'
import { AppraisalError, type EvidenceFormat } from '../../src/index.ts'
import { filesOf, meansAt, shownOf } from './support.ts'

const run = promisify(execFile)
const source = (path: string): string => fileURLToPath(new URL(`../../src/${path}`, import.meta.url))
const clock = new Date('2026-11-20T12:00:00Z')

interface Code {
  readonly module: (outcome: never, state: State) => string
  readonly command: (outcome: never, state: State) => string
}
const tokens: Code = { module: tokenImportCode, command: tokenCommandLine }
const phones: Code = { module: phoneImportCode, command: phoneCommandLine }
const quotes: Code = { module: quoteImportCode, command: quoteCommandLine }

/** How each family writes its code. */
const codes: Partial<Readonly<Record<EvidenceFormat, Code>>> = {
  nitro: { module: importCode, command: commandLine },
  tdx: quotes,
  sgx: quotes,
  cca: tokens,
  psa: tokens,
  'android-key': phones,
  'app-attest': phones,
  'sev-snp': {
    module: (outcome) => reportImportCode(requestOf(outcome)),
    command: (outcome) => reportCommandLine(requestOf(outcome)),
  },
}

let folder: string
let site: Site
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'veritee-code-'))
  site = await buildSite()
  await build({
    entryPoints: {
      nitro: source('formats/aws/nitro/index.ts'),
      'nitro-tpm': source('formats/aws/nitro-tpm/index.ts'),
      tdx: source('formats/intel/tdx/index.ts'),
      events: source('formats/intel/tdx/events/index.ts'),
      sgx: source('formats/intel/sgx/index.ts'),
      'sev-snp': source('formats/sev-snp.ts'),
      cca: source('formats/arm/cca/index.ts'),
      psa: source('formats/arm/psa/index.ts'),
      'android-key': source('formats/android/key/index.ts'),
      'app-attest': source('formats/apple/app-attest/index.ts'),
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

describe.each(samples)('$name', ({ name, format }) => {
  /** The verification, with the files that the page would save beside its code. */
  async function verified(): Promise<{ readonly outcome: Outcome; readonly state: State; readonly code: Code }> {
    const state = fromFragment(new TextDecoder().decode(site.get(`samples/${name}.txt`)?.body))
    const { outcome } = await shownOf(state, meansAt(clock, filesOf(site)))
    const files = filesOf(site)
    const root = format === 'nitro' ? 'root' : `${format}-root`
    await writeFile(join(folder, 'evidence.bin'), outcome.bytes)
    await writeFile(join(folder, 'endorsements.json'), state.collateral)
    await writeFile(join(folder, 'status.json'), state.collateral)
    await writeFile(join(folder, 'event-log.json'), state.log)
    await writeFile(join(folder, 'root.der'), files(`samples/${root}.der`))
    for (const product of ['milan', 'genoa', 'turin'])
      await writeFile(join(folder, `ark-${product}.der`), files(`samples/ark-${product}.der`))
    const code = codes[format]
    if (code === undefined) throw new Error(`no code for ${format}`)
    return { outcome, state, code }
  }

  test('as a module', async () => {
    const { outcome, state, code } = await verified()
    const text = code.module(outcome as never, state)
    // An instance's document is of the family of enclaves, and has a verifier of its own.
    const entry = state.format === 'nitro-tpm' ? state.format : format
    expect(text).toContain(`from 'veritee/${entry}'`)
    await writeFile(
      join(folder, 'copied.mjs'),
      text.replace("'veritee/tdx/events'", "'./events.mjs'").replace(`'veritee/${entry}'`, `'./${entry}.mjs'`),
    )
    const { status, output } = await ended(process.execPath, ['copied.mjs'])
    if (outcome.result === undefined) {
      expect(status).toBe(1)
      expect(output).toContain(`code: '${outcome.error?.code ?? ''}'`)
      return
    }
    expect({ status, output }).toMatchObject({ status: 0 })
    expect(output).toContain(shows[format]?.(outcome.result.claims as never))
    if (state.log !== '') expect(output).toContain('[ true, false, false, true ]')
  })

  test('as a command', async () => {
    const { outcome, state, code } = await verified()
    const command = code.command(outcome as never, state)
    expect(command).toContain(`npx veritee verify evidence.bin`)
    await writeFile(
      join(folder, 'copied.sh'),
      `${command.replaceAll('npx veritee', `'${process.execPath}' command.mjs`)} --json\n`,
    )
    const { status, output } = await ended('/bin/sh', ['copied.sh'])
    const { error } = outcome
    expect({ status, output }).toMatchObject({
      status: error === undefined ? 0 : error instanceof AppraisalError ? 3 : 2,
    })
    if (error !== undefined) expect(output).toContain(`"${error.code}"`)
  })
})

/** What the copied module prints of a result. */
const shows: Partial<Readonly<Record<EvidenceFormat, (claims: never) => string>>> = {
  nitro: ({ moduleId }: { readonly moduleId: string }) => moduleId,
  tdx: ({ tcbStatus }: { readonly tcbStatus: string }) => tcbStatus,
  sgx: ({ tcbStatus }: { readonly tcbStatus: string }) => tcbStatus,
  cca: () => 'secured',
  psa: () => 'secured',
  'android-key': ({ securityLevel }: { readonly securityLevel: string }) => securityLevel,
  'app-attest': ({ environment }: { readonly environment: string }) => environment,
  'sev-snp': ({ product }: { readonly product: string }) => product,
}

test('a quote without collateral: the command fetches it first', async () => {
  const { policy } = await quotePolicyOf({ ...emptyState, evidence: 'AA' }, 'tdx')
  const request: Pick<QuoteOutcome, 'policy' | 'now'> = { policy, now: clock }
  expect(quoteCommandLine(request).split('\n')[0]).toBe('npx veritee collateral evidence.bin -o endorsements.json')
})

test('a report without endorsements: the command fetches them first', () => {
  const { policy } = reportPolicyOf({ ...emptyState, evidence: 'AA' })
  const request = { policy, now: clock, roots: [], product: 'Genoa' }
  expect(reportCommandLine(request).split('\n')[0]).toBe('npx veritee endorsements evidence.bin -o endorsements.json')
})
