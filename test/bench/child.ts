/**
 * Programs of the benchmark that need a process of their own: because the library takes the
 * functions of WebCrypto when it is loaded, or because only their memory counts.
 */
import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

const fileOf = (path: string): string => fileURLToPath(new URL(path, import.meta.url))

/** @param file beside this one, TypeScript @returns the JSON that it prints */
export async function outputOf<T>(file: string, ...parameters: readonly (string | number)[]): Promise<T> {
  const { stdout } = await promisify(execFile)(
    process.execPath,
    ['--expose-gc', '--import', fileOf('../support/ts.mjs'), fileOf(file), ...parameters.map(String)],
    { maxBuffer: 1 << 28 },
  )
  return JSON.parse(stdout) as T
}
