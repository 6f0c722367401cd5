/**
 * The JavaScript of one verification: WebCrypto answers from memory, so that what is left is ours.
 * In a process of its own, because the library takes the functions of WebCrypto when it is loaded.
 */
import { execFile } from 'node:child_process'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { build } from 'esbuild'
import { withTemporaryFolder } from './cold.ts'
import type { Work } from './work.ts'

/** Microseconds, the faster tenth: of one verification, and of the calibration loop beside it. */
export interface JavaScriptTime {
  readonly microseconds: number
  readonly calibration: number
}

export async function measureJavaScript(work: Work, rounds: number): Promise<JavaScriptTime> {
  return withTemporaryFolder(async (folder) => {
    const outfile = join(folder, 'javascript.mjs')
    await build({
      entryPoints: [fileURLToPath(new URL('javascript-run.ts', import.meta.url))],
      outfile,
      bundle: true,
      format: 'esm',
      platform: 'node',
      target: 'node20',
      logLevel: 'warning',
    })
    await writeFile(join(folder, 'work.json'), JSON.stringify(work))
    const { stdout } = await promisify(execFile)(process.execPath, [outfile, String(rounds)], { cwd: folder })
    return JSON.parse(stdout) as JavaScriptTime
  })
}
