/**
 * The command as a child process, bundled once per test file from src, so that what is tested is
 * what stands there.
 */
import { spawnSync } from 'node:child_process'
import { closeSync, mkdirSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build, type Plugin } from 'esbuild'
import { afterAll, beforeAll } from 'vitest'
import { start } from '../portable/programs.ts'

export const repository = fileURLToPath(new URL('../..', import.meta.url))
// Two folders below the repository, as dist/cli is: the command finds package.json from there. Test
// files run side by side.
const program = `${repository}test/.output/veritee-${process.pid}.mjs`
const folder = mkdtempSync(join(tmpdir(), 'veritee-cli-'))

/** What the process left behind. */
export interface Outcome {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

/** Makes {@link veritee} work in this test file. @param plugins change what it is made of */
export function useCommand(plugins: Plugin[] = []): void {
  beforeAll(async () => {
    mkdirSync(`${repository}test/.output`, { recursive: true })
    await build({
      entryPoints: [`${repository}src/cli/main.ts`],
      bundle: true,
      platform: 'node',
      format: 'esm',
      outfile: program,
      plugins,
      logLevel: 'error',
    })
  })
  afterAll(() => {
    rmSync(folder, { recursive: true, force: true })
    rmSync(program, { force: true })
  })
}

/** Runs the command in the repository; `input` is its standard input. */
export function veritee(args: readonly string[], input: string | Uint8Array = ''): Outcome {
  const { status, stdout, stderr } = spawnSync(process.execPath, [program, ...args], {
    cwd: repository,
    input,
    encoding: 'utf8',
    env: { PATH: process.env.PATH ?? '' },
  })
  return { code: status, stdout, stderr }
}

/**
 * The same while this process goes on, for commands that ask a server of a test. @param input a
 * file for standard input
 */
export async function veriteeBeside(args: readonly string[], input?: string): Promise<Outcome> {
  const standardInput = input === undefined ? undefined : openSync(input, 'r')
  const running = start(process.execPath, [program, ...args], {
    cwd: repository,
    stdio: [standardInput ?? 'ignore', 'pipe', 'pipe'],
    env: { PATH: process.env.PATH ?? '' },
  })
  if (standardInput !== undefined) closeSync(standardInput)
  return { code: await running.exit, stdout: running.output(), stderr: running.complaints() }
}

/** Where a file for tests would be; gone after them. */
export const pathOf = (name: string): string => join(folder, name)

/** A file for the command to read; gone after the tests. */
export function written(name: string, content: string | Uint8Array): string {
  const path = pathOf(name)
  writeFileSync(path, content)
  return path
}

/** The last line of what was printed: the verdict. */
export function lastLine({ stdout }: Outcome): string {
  return stdout.trimEnd().split('\n').at(-1) ?? ''
}

/** The fixture that most tests use, and the arguments that it passes with. */
export const file = 'fixtures/nitro/valid/evidence.bin'
export const evidence: Buffer = readFileSync(`${repository}${file}`)
export const expected = JSON.parse(readFileSync(`${repository}fixtures/nitro/valid/expected.json`, 'utf8')) as {
  readonly freshness: { readonly nonce: string }
  readonly referenceValues: { readonly PCR0: string; readonly PCR1: string; readonly PCR2: string }
}
export const root = ['--root', 'fixtures/nitro/root.pem']
export const pcr0 = ['--pcr0', expected.referenceValues.PCR0]
export const nonce = ['--nonce', expected.freshness.nonce]
/** The fixtures were made then. */
export const then = ['--at', '2026-06-01T00:00:00Z']
export const anything = ['--skip-reference-values', '--skip-freshness', '--at', 'evidence']
