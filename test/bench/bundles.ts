/**
 * The entry points of the package, as bundles that a page would load: minified by esbuild, gzip at
 * its best, and what each may cost.
 */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { gzipSync } from 'node:zlib'
import { build, type Metafile } from 'esbuild'

const root = fileURLToPath(new URL('../..', import.meta.url))

/** One entry of `exports` in package.json. */
export interface Entry {
  /** What an application imports: `veritee/nitro`. */
  readonly name: string
  /** Its source, a path inside the repository. */
  readonly source: string
}

/** An entry as an application would ship it. */
export interface Bundle {
  /** The entry with everything it imports up front. */
  readonly code: string
  /** Every file, lazily loaded ones included. */
  readonly chunks: readonly string[]
  readonly metafile: Metafile
  /** Sources whose code is loaded up front, paths inside the repository. */
  readonly sources: readonly string[]
  readonly minifiedBytes: number
  readonly gzipBytes: number
}

/**
 * At most so many bytes minified and compressed, lazily loaded formats included. The entry of a
 * format that is not here has {@link formatBudget}.
 */
export const budgets: Readonly<Record<string, number>> = {
  veritee: 96 * 1024,
  'veritee/nitro': 11.5 * 1024,
  'veritee/nitro-tpm': 11.25 * 1024,
  'veritee/tdx': 22.5 * 1024,
  'veritee/tdx/events': 6 * 1024,
  'veritee/sgx': 20.25 * 1024,
  // With Azure's wrapping and the quotes of its virtual TPM; the format alone has a budget of its
  // own (test/bundle.test.ts).
  'veritee/sev-snp': 22.5 * 1024,
  // Both kinds of machines, and the formats inside.
  'veritee/azure': 32.5 * 1024,
  'veritee/report-data': 2 * 1024,
  // The design asks for 12,288.
  'veritee/cca': 12_544,
  'veritee/psa': 11_264,
  'veritee/android-key': 16 * 1024,
  'veritee/app-attest': 10 * 1024,
  'veritee/ra-tls': 8 * 1024,
  // With what converts the collateral of others.
  'veritee/endorsements': 10.75 * 1024,
  // With evidence sources and the key configurations of other gateways.
  'veritee/client': 20.75 * 1024,
  // One KEM of `hpke`, which the client does not carry.
  'veritee/post-quantum': 4 * 1024,
  // With all that verifies dstack's logs and certificates. Their own parts: see
  // test/ai/size.test.ts.
  'veritee/ai': 26 * 1024,
  'veritee/ai/ehbp': 9 * 1024,
  'veritee/ai/aci-e2ee': 7 * 1024,
  'veritee/ai/chutes-e2e': 7 * 1024,
  'veritee/ai/key-exchange': 7 * 1024,
  'veritee/dstack': 12 * 1024,
  // Both ends. A page bundles one, a worker the other: each is within 2 KiB
  // (test/gate/size.test.ts).
  'veritee/gate': 2816,
  'veritee/badge': 4 * 1024,
  'veritee/gateway': 20 * 1024,
  // For servers: with the readers of CBOR and JSON.
  'veritee/attesters': 6 * 1024,
  'veritee/cmw': 4096,
  'veritee/ear': 8192,
  'veritee/reference': 34 * 1024,
  'veritee/inspect': 3 * 1024,
  // Nearly all of it are four libraries, which are loaded when they are first used.
  'veritee/second-opinion': 196 * 1024,
}

/** What the entry of a format may cost that has no budget of its own. */
const formatBudget = 16_384

/** What an entry may cost. */
export function budgetOf({ name, source }: Entry): number {
  const isFormat = /^src\/formats\/[^/]+\/[^/]+\/index\.ts$/.test(source)
  const budget = budgets[name] ?? (isFormat ? formatBudget : undefined)
  if (budget === undefined) throw new Error(`${name} has no budget`)
  return budget
}

/** The entries that package.json exports, `package.json` itself aside. */
export function entriesOf(): Entry[] {
  const { name, exports } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
    readonly name: string
    readonly exports: Readonly<Record<string, string | { readonly default: string }>>
  }
  return Object.entries(exports).flatMap(([subpath, target]) =>
    typeof target === 'string'
      ? []
      : [
          {
            name: name + subpath.slice(1),
            source: target.default.replace(/^\.\/dist\/(.*)\.js$/, 'src/$1.ts'),
          },
        ],
  )
}

/** Bundles a source as esbuild does it for a page, lazy imports as chunks of their own. */
export async function bundle(source: string): Promise<Bundle> {
  const { outputFiles, metafile } = await build({
    absWorkingDir: root,
    entryPoints: [source],
    outdir: 'out',
    bundle: true,
    minify: true,
    splitting: true,
    format: 'esm',
    target: 'es2022',
    platform: 'neutral',
    // Sources of evidence run where these are.
    external: ['node:*'],
    mainFields: ['module', 'main'],
    legalComments: 'none',
    metafile: true,
    write: false,
    logLevel: 'warning',
  })
  const upFront = loadedUpFront(metafile, source)
  const texts = new Map(outputFiles.map(({ path, text }) => [path.slice(root.length), text]))
  const chunks = [...texts.values()]
  return {
    code: upFront.map((path) => texts.get(path)).join(''),
    chunks,
    metafile,
    sources: [...new Set(upFront.flatMap((path) => Object.keys(metafile.outputs[path]?.inputs ?? {})))].sort(),
    minifiedBytes: chunks.reduce((total, text) => total + Buffer.byteLength(text), 0),
    gzipBytes: chunks.reduce((total, text) => total + gzipSync(text, { level: 9 }).length, 0),
  }
}

/** The output of an entry, and those that it imports by statement. */
function loadedUpFront({ outputs }: Metafile, source: string): string[] {
  const entry = Object.keys(outputs).find((path) => outputs[path]?.entryPoint === source)
  const found = new Set(entry === undefined ? [] : [entry])
  for (const path of found) {
    for (const { kind, path: imported } of outputs[path]?.imports ?? []) {
      if (kind === 'import-statement') found.add(imported)
    }
  }
  return [...found]
}
