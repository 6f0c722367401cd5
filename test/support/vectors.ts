/**
 * Where the vectors are: real and made evidence that is not part of this repository. The
 * environment variable VERITEE_VECTORS names the folder; default `../shared/vectors`, seen from the
 * repository. Without them their tests are skipped with one line; with CI=true that is an error.
 *
 * Knows no test runner and nothing of a vector but its folder and its manifest.
 */
import { existsSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'

/** The vectors of one area, or the line that says why they are skipped. */
export type Vectors =
  | {
      readonly found: true
      readonly directory: string
      /** The bytes of a file, by its path in the manifest. */
      readonly read: (file: string) => Uint8Array<ArrayBuffer>
      /** `manifest.json`, parsed; the caller knows its shape. */
      readonly manifest: unknown
    }
  | { readonly found: false; readonly skipLine: string }

const repository = fileURLToPath(new URL('../..', import.meta.url))

/**
 * Finds the vectors of an area, `nitro` say.
 * @throws Error when they are not there although CI=true
 */
export function findVectors(
  area: string,
  environment: Readonly<Record<string, string | undefined>> = process.env,
): Vectors {
  const named = environment.VERITEE_VECTORS
  const directory = join(resolve(repository, named === undefined || named === '' ? '../shared/vectors' : named), area)
  if (!existsSync(join(directory, 'manifest.json'))) {
    const skipLine = `${area} vectors skipped: no manifest.json in ${directory}; VERITEE_VECTORS names the folder`
    if (environment.CI === 'true') throw new Error(`${skipLine}. With CI=true they must be there`)
    return { found: false, skipLine }
  }
  return {
    found: true,
    directory,
    read: (file) => new Uint8Array(readFileSync(join(directory, file))),
    manifest: JSON.parse(readFileSync(join(directory, 'manifest.json'), 'utf8')),
  }
}
