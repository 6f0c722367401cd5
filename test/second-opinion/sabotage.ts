/**
 * Verifiers that are made wrong on purpose: a verifier of the library in which one rule is changed
 * in its source, bundled by itself.
 */
import { randomUUID } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { build, type Plugin } from 'esbuild'
import type { Verifier } from './corpus.ts'

/** One slip. */
export interface Slip {
  /** A source below `src`. */
  readonly file: string
  /** Text that stands there once. */
  readonly from: string
  readonly to: string
}

const root = fileURLToPath(new URL('../..', import.meta.url))

/** Where each verifier is. */
const entries: Readonly<Record<string, readonly [source: string, name: string]>> = {
  nitro: ['src/formats/aws/nitro/index.ts', 'verifyNitro'],
  'nitro-tpm': ['src/formats/aws/nitro-tpm/index.ts', 'verifyNitroTpm'],
  tdx: ['src/formats/intel/tdx/index.ts', 'verifyTdx'],
  sgx: ['src/formats/intel/sgx/index.ts', 'verifySgx'],
  'sev-snp': ['src/formats/sev-snp.ts', 'verifySevSnp'],
  cca: ['src/formats/arm/cca/index.ts', 'verifyCca'],
  psa: ['src/formats/arm/psa/index.ts', 'verifyPsa'],
  'android-key': ['src/formats/android/key/index.ts', 'verifyAndroidKey'],
  'app-attest': ['src/formats/apple/app-attest/index.ts', 'verifyAppAttest'],
}

/**
 * A plugin that makes the slip; `met` has its source once a bundle has it.
 * @throws Error where the text is not there once: the slip must then be written anew
 */
export function slipping({ file, from, to }: Slip): { readonly plugin: Plugin; readonly met: readonly string[] } {
  const path = `${root}src/${file}`
  const text = readFileSync(path, 'utf8')
  if (text.split(from).length !== 2) throw new Error(`src/${file} does not have this once: ${from}`)
  const met: string[] = []
  const plugin: Plugin = {
    name: 'slip',
    setup({ onLoad }) {
      onLoad({ filter: /\.ts$/ }, (loading) => {
        if (loading.path !== path) return undefined
        met.push(file)
        return { contents: text.replace(from, () => to), loader: 'ts' }
      })
    },
  }
  return { plugin, met }
}

/** A signature holds, whatever WebCrypto says. */
export const trueSignature: Slip = {
  file: 'crypto/signature.ts',
  from: ' as unknown) === true',
  to: ' as unknown) !== undefined',
}

/**
 * @param folder where the bundle is written
 * @throws Error as {@link slipping}
 */
export async function sabotaged(format: string, slip: Slip, folder: string): Promise<Verifier> {
  const [source, name] = entries[format] as readonly [string, string]
  const { plugin, met } = slipping(slip)
  const { outputFiles } = await build({
    absWorkingDir: root,
    entryPoints: [source],
    bundle: true,
    write: false,
    format: 'esm',
    target: 'es2022',
    platform: 'neutral',
    plugins: [plugin],
    logLevel: 'silent',
  })
  if (met.length === 0) throw new Error(`${source} has nothing of src/${slip.file}`)
  const bundle = join(folder, `${randomUUID()}.mjs`)
  await writeFile(bundle, outputFiles[0]?.contents ?? [])
  const module = (await import(/* @vite-ignore */ pathToFileURL(bundle).href)) as Record<string, Verifier>
  return module[name] as Verifier
}
