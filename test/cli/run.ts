/**
 * The command as a child process, bundled once from src, so that what is tested is what stands there.
 */
import { spawnSync } from 'node:child_process'
import { mkdirSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'

const repository = fileURLToPath(new URL('../..', import.meta.url))
// Two folders below the repository, as dist/cli is: the command finds package.json from there.
const program = `${repository}test/.output/veritee.mjs`

/** What the process left behind. */
export interface Outcome {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

export async function bundleCommand(): Promise<void> {
  mkdirSync(`${repository}test/.output`, { recursive: true })
  await build({
    entryPoints: [`${repository}src/cli/main.ts`],
    bundle: true,
    platform: 'node',
    format: 'esm',
    outfile: program,
    logLevel: 'error',
  })
}

export function veritee(args: readonly string[], input: string | Uint8Array = ''): Outcome {
  const { status, stdout, stderr } = spawnSync(process.execPath, [program, ...args], {
    cwd: repository,
    input,
    encoding: 'utf8',
    env: { PATH: process.env.PATH ?? '' },
  })
  return { code: status, stdout, stderr }
}
