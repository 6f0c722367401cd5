/**
 * The package that people install: what is in it, what linters of packages say of it, and that it verifies, as it was packed, in all seven runtimes,
 * as modules and from script tags.
 */
import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { cp, mkdir, readFile, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { promisify } from 'node:util'
import { checkPackage, createPackageFromTarballData } from '@arethetypeswrong/core'
import { build } from 'esbuild'
import { publint } from 'publint'
import ts from 'typescript'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { browsers } from '../portable/browsers.ts'
import { makeFolder, removeFolder } from '../portable/cleanup.ts'
import { environmentIn, run as runProgram, within } from '../portable/programs.ts'
import { findBun } from '../portable/run-bun.ts'
import { findDeno } from '../portable/run-deno.ts'
import { findWorkerd, withWorker } from '../portable/run-workerd.ts'
import { type Enclave, startEnclave } from './enclave.ts'
import { contentsOf, install, pack, type Packed } from './packed.ts'

const repository = fileURLToPath(new URL('../..', import.meta.url))
const read = (path: string): Promise<string> => readFile(join(repository, path), 'utf8')
const isMissingAnError = process.env.VERITEE_ALL_RUNTIMES === '1'

let folder: string
let packed: Packed
let project: string
/** The installed package, by path. */
let installed: Record<string, string>
let enclave: Enclave

beforeAll(async () => {
  folder = await makeFolder()
  packed = await pack(folder)
  project = join(folder, 'project')
  await install(packed, project)
  await writeFile(join(project, 'package.json'), '{ "type": "module", "dependencies": { "veritee": "*" } }')
  installed = await contentsOf(join(project, 'node_modules/veritee'))
  enclave = await startEnclave(join(project, 'site'))
})
afterAll(async () => {
  await enclave.close()
  await removeFolder(folder)
})

const manifest = async (): Promise<{ exports: Record<string, string | { types: string; default: string }> }> =>
  JSON.parse(await read('package.json')) as { exports: Record<string, string | { types: string; default: string }> }
/** The entry points, `./nitro` say, with their files. */
const entryPoints = async (): Promise<(readonly [subpath: string, target: { types: string; default: string }])[]> =>
  Object.entries((await manifest()).exports).flatMap(([subpath, target]) =>
    typeof target === 'string' ? [] : [[subpath, target] as const],
  )
const isMinified = (path: string): boolean => /\.min\.m?js$/.test(path)

describe('contents', () => {
  test('the library, its sources and what one has to know; nothing of the tests or the demo', () => {
    const others = packed.files.filter((path) => !/^(?:dist|src)\//.test(path))
    expect(others).toEqual(['CHANGELOG.md', 'LICENSE', 'README.md', 'SECURITY.md', 'package.json'])
    expect(packed.files.filter((path) => path.startsWith('src/cli/'))).toEqual([])
    expect(packed.files.filter((path) => /\btest\b|fixture|\.tsbuildinfo$/.test(path))).toEqual([])
    expect(packed.files).toContain('dist/cli/main.js')
  })

  test('every module has its types, and a map to a source that is there', () => {
    const modules = packed.files.filter((path) => /^dist\/(?!cli\/).*\.js$/.test(path) && !isMinified(path))
    expect(modules.length).toBeGreaterThan(30)
    for (const path of modules) {
      expect(packed.files).toContain(path.replace(/\.js$/, '.d.ts'))
      const { sources } = JSON.parse(installed[`${path}.map`] ?? '{}') as { sources: string[] }
      expect(sources.map((source) => join(dirname(path), source))).toEqual([
        path.replace(/^dist\/(.*)\.js$/, 'src/$1.ts'),
      ])
      expect(packed.files).toContain(path.replace(/^dist\/(.*)\.js$/, 'src/$1.ts'))
    }
  })

  test('the command keeps its first line, and is executable', () => {
    expect(installed['dist/cli/main.js']).toMatch(/^#!\/usr\/bin\/env node\n/)
  })

  test('two builds give the same bytes', async () => {
    const again = join(folder, 'again')
    await mkdir(again)
    const { copy } = await pack(again)
    expect(await contentsOf(join(copy, 'dist'))).toEqual(await contentsOf(join(packed.copy, 'dist')))
  })
})

describe('linters of packages', () => {
  test('publint has nothing to say', async () => {
    const { messages } = await publint({ pkgDir: join(project, 'node_modules/veritee'), strict: true })
    expect(messages).toEqual([])
  })

  test('the types are right, for everybody who can load ES modules', async () => {
    const analysis = await checkPackage(createPackageFromTarballData(new Uint8Array(await readFile(packed.tarball))))
    if (analysis.types === false) throw new Error('the package has no types')
    // CommonJS loads ES modules since Node 20.19; older resolution of paths (node10) knows no exports.
    const known = ['CJSResolvesToESM', 'NoResolution']
    const problems = analysis.problems.filter(
      (problem) =>
        !(
          known.includes(problem.kind) &&
          'resolutionKind' in problem &&
          ['node10', 'node16-cjs'].includes(problem.resolutionKind)
        ),
    )
    expect(problems).toEqual([])
    expect(Object.keys(analysis.entrypoints)).toEqual(
      (await entryPoints()).map(([subpath]) => subpath).concat('./package.json'),
    )
  })

  test.each([
    ['nodenext', ts.ModuleKind.NodeNext, ts.ModuleResolutionKind.NodeNext],
    ['bundler', ts.ModuleKind.ESNext, ts.ModuleResolutionKind.Bundler],
  ])('the declarations hold under %s, checked themselves', async (name, module, moduleResolution) => {
    const imports = (await entryPoints()).map(([subpath], i) => `export * as e${i} from 'veritee${subpath.slice(1)}'`)
    const file = join(project, `types-${name}.ts`)
    await writeFile(file, `${imports.join('\n')}\n`)
    const program = ts.createProgram([file], {
      strict: true,
      exactOptionalPropertyTypes: true,
      skipLibCheck: false,
      noEmit: true,
      target: ts.ScriptTarget.ES2022,
      module,
      moduleResolution,
      lib: ['lib.es2022.d.ts', 'lib.dom.d.ts', 'lib.dom.iterable.d.ts'],
      types: [],
    })
    expect(
      ts.getPreEmitDiagnostics(program).map(({ messageText }) => ts.flattenDiagnosticMessageText(messageText, '\n')),
    ).toEqual([])
  })
})

describe('single files', () => {
  const names = async (): Promise<string[]> =>
    (await entryPoints()).flatMap(([subpath]) => {
      const stem = ['veritee', ...subpath.split('/').slice(1)].join('.')
      return [`${stem}.min.js`, `${stem}.min.mjs`]
    })
  const hashOf = (content: string): string => `sha384-${createHash('sha384').update(content).digest('base64')}`

  test('one of each kind per entry point, with its hash printed and written', async () => {
    const files = await names()
    expect(files).toContain('veritee.nitro.min.js')
    expect(
      packed.files
        .filter(isMinified)
        .map((path) => path.slice('dist/'.length))
        .sort(),
    ).toEqual([...files].sort())
    const written = JSON.parse(installed['dist/integrity.json'] ?? '{}') as Record<string, string>
    for (const file of files) {
      const hash = hashOf(installed[`dist/${file}`] ?? '')
      expect(written[file]).toBe(hash)
      expect(packed.printed).toContain(hash)
    }
  })

  test.each(['README.md', 'demo/examples/page/index.html'])(
    'the hashes in %s are right; if not: npm run build -- --pin',
    async (document) => {
      const text = await read(document)
      const pinned = [...text.matchAll(/(veritee[\w.-]*\.min\.m?js)"(?::|[^<>"]*\bintegrity=)\s*"(sha384-[^"]*)"/g)]
      expect(pinned.length).toBeGreaterThan(0)
      for (const [, file = '', hash] of pinned)
        expect({ file, hash }).toEqual({ file, hash: hashOf(installed[`dist/${file}`] ?? '') })
    },
  )

  test('their maps hold the sources as they are', async () => {
    for (const file of await names()) {
      expect(installed[`dist/${file}`]).toMatch(new RegExp(`//# sourceMappingURL=${file}\\.map\\s*$`))
      const map = JSON.parse(installed[`dist/${file}.map`] ?? '{}') as { sources: string[]; sourcesContent: string[] }
      const own = map.sources.map((source, i) => [join('dist', source), map.sourcesContent[i]] as const)
      const library = own.filter(([path]) => path.startsWith('src/'))
      expect(library.length).toBeGreaterThan(2)
      for (const [path, content] of library)
        expect({ path, same: content === installed[path] }).toEqual({ path, same: true })
    }
  })

  test('no code out of text, no WebAssembly, no address of anybody', async () => {
    for (const file of await names())
      expect(installed[`dist/${file}`]).not.toMatch(/\beval\(|new Function|WebAssembly|https?:\/\//)
  })
})

/** What runs everywhere: asks the enclave, and says what came of it under its own measurements and under others. */
const programFor = (specifier: string, { address, measurements, root }: Enclave): string => `
import { AttestationError, verifyNitro } from '${specifier}'
const trustAnchors = [Uint8Array.from('${root}'.match(/../g), (pair) => parseInt(pair, 16))]
async function ask(referenceValues) {
  const nonce = crypto.getRandomValues(new Uint8Array(32))
  const hex = Array.from(nonce, (byte) => byte.toString(16).padStart(2, '0')).join('')
  const evidence = new Uint8Array(await (await fetch('${address}/attestation?nonce=' + hex)).arrayBuffer())
  try {
    return (await verifyNitro(evidence, { referenceValues, freshness: { nonce }, trustAnchors })).format
  } catch (error) {
    return error instanceof AttestationError ? error.code : String(error)
  }
}
export const use = async () => [await ask(${JSON.stringify(measurements)}), await ask({ PCR0: '${'ab'.repeat(48)}' })]
`
const seen = ['nitro', 'policy-pcr']

describe('installed', () => {
  const flagsOfDeno = ['run', '--no-prompt', '--no-lock', '--node-modules-dir=manual', '--allow-net=127.0.0.1']

  test.each([
    ['Node', () => process.execPath, []],
    ['Deno', findDeno, flagsOfDeno],
    ['Bun', findBun, ['run', '--no-install']],
  ] as const)('%s imports it by its name', async (name, find, parameters) => {
    const file = join(project, `${name}.mjs`)
    await writeFile(file, `${programFor('veritee/nitro', enclave)}console.log(JSON.stringify(await use()))\n`)
    const env = { ...(await environmentIn(folder)), DENO_NO_UPDATE_CHECK: '1' }
    expect(JSON.parse(await runProgram(find() ?? '', [...parameters, file], { cwd: project, env }))).toEqual(seen)
  })

  test('workerd takes it in a bundle', async () => {
    await writeFile(
      join(project, 'worker.mjs'),
      `${programFor('veritee/nitro', enclave)}export default { fetch: async () => Response.json(await use()) }\n`,
    )
    await build({
      entryPoints: [join(project, 'worker.mjs')],
      outfile: join(project, 'worker.js'),
      bundle: true,
      format: 'esm',
      logLevel: 'error',
    })
    const worker = { folder, modules: project, files: ['worker.js'] }
    const answer = await withWorker(findWorkerd() ?? '', worker, async (address): Promise<unknown> => {
      const response = await fetch(address)
      return response.json()
    })
    expect(answer).toEqual(seen)
  })

  test('the command runs', async () => {
    const { stdout } = await promisify(execFile)(
      process.execPath,
      ['node_modules/veritee/dist/cli/main.js', '--version'],
      {
        cwd: project,
      },
    )
    expect(stdout.trim()).toBe((JSON.parse(await read('package.json')) as { version: string }).version)
  })

  test('Deno imports the sources as they are', async () => {
    const file = join(project, 'sources.mjs')
    const source = pathToFileURL(join(project, 'node_modules/veritee/src/formats/nitro/index.ts')).href
    await writeFile(file, `${programFor(source, enclave)}console.log(JSON.stringify(await use()))\n`)
    const env = { ...(await environmentIn(folder)), DENO_NO_UPDATE_CHECK: '1' }
    const flags = ['run', '--no-prompt', '--no-lock', '--no-config', '--allow-net=127.0.0.1']
    const output = await runProgram(findDeno() ?? '', [...flags, file], { cwd: folder, env })
    expect(JSON.parse(output)).toEqual(seen)
  })
})

describe('in browsers', () => {
  const here = browsers.map((browser) => ({ ...browser, program: browser.find() }))

  beforeAll(async () => {
    const site = join(project, 'site')
    await cp(join(packed.copy, 'dist'), site, { recursive: true })
    const sri = (file: string): string =>
      `src="${file}" integrity="${(JSON.parse(installed['dist/integrity.json'] ?? '{}') as Record<string, string>)[file]}"`
    const wrong = `src="veritee.inspect.min.js" integrity="sha384-${'A'.repeat(64)}"`
    const page = (...scripts: string[]): string =>
      `<!doctype html><meta charset="utf-8"><title>veritee</title><div id="veritee"></div>${scripts.join('')}`
    await writeFile(
      join(site, 'tags.html'),
      page(
        `<script ${wrong}></script>`,
        `<script src="before.js"></script>`,
        `<script ${sri('veritee.nitro.min.js')}></script>`,
        `<script src="between.js"></script>`,
        `<script ${sri('veritee.nitro-tpm.min.js')}></script>`,
        `<script ${sri('veritee.inspect.min.js')}></script>`,
        `<script type="module" src="tags.js"></script>`,
      ),
    )
    await writeFile(
      join(site, 'before.js'),
      'globalThis.before = typeof describeCertificate + Object.keys(globalThis.veritee ?? {}).length',
    )
    await writeFile(
      join(site, 'between.js'),
      'globalThis.first = { library: veritee, verify: veritee.verifyNitro, error: veritee.AttestationError }',
    )
    await writeFile(
      join(site, 'tags.js'),
      `${programFor('./global.js', enclave)}
const { library, verify, error } = first
const missing = await veritee.verifyNitroTpm(new Uint8Array([1]), { referenceValues: { PCR4: '${'ab'.repeat(48)}' }, freshness: veritee.skipFreshness })
  .catch((reason) => [reason instanceof veritee.VerificationError, reason instanceof veritee.AttestationError, reason.code])
const same = veritee === library && veritee.verifyNitro === verify && veritee.AttestationError === error
const report = { before, same, missing, describes: typeof veritee.describeCertificate, seen: await use() }
await fetch('/report', { method: 'POST', body: JSON.stringify(report) })
`,
    )
    await writeFile(join(site, 'global.js'), 'export const { AttestationError, verifyNitro } = globalThis.veritee')
    await writeFile(join(site, 'module.html'), page('<script type="module" src="module.js"></script>'))
    await writeFile(
      join(site, 'module.js'),
      `${programFor('./veritee.nitro.min.mjs', enclave)}await fetch('/report', { method: 'POST', body: JSON.stringify(await use()) })`,
    )
  })

  describe.each(here)('$name', ({ program, use, patienceMs }) => {
    const visit = async (path: string): Promise<unknown> => {
      const own = await makeFolder()
      try {
        return await use(program ?? '', own, async (open) => {
          const report = enclave.report()
          await open(`${enclave.address}/${path}`)
          return within(patienceMs, path, report)
        })
      } finally {
        await removeFolder(own)
      }
    }

    test.skipIf(program === undefined && !isMissingAnError)(
      'script tags share one global, which each extends',
      async () => {
        expect(await visit('tags.html')).toEqual({
          // The one with a wrong hash did not run.
          before: 'undefined0',
          same: true,
          // An error of a later file is an instance of the classes of the first.
          missing: [true, true, expect.any(String)],
          describes: 'function',
          seen,
        })
      },
    )

    test.skipIf(program === undefined && !isMissingAnError)('a module imports the single file', async () => {
      expect(await visit('module.html')).toEqual(seen)
    })
  })
})

describe('JSR', () => {
  test('`deno publish --dry-run` accepts the sources', async () => {
    const { name, version, license } = JSON.parse(await read('package.json')) as Record<string, string>
    const staged = join(folder, 'jsr')
    await mkdir(staged)
    await cp(join(packed.copy, 'src'), join(staged, 'src'), { recursive: true })
    await cp(join(packed.copy, 'README.md'), join(staged, 'README.md'))
    const exports = Object.fromEntries(
      (await entryPoints()).map(([subpath, { default: file }]) => [
        subpath,
        file.replace(/^\.\/dist\/(.*)\.js$/, './src/$1.ts'),
      ]),
    )
    await writeFile(
      join(staged, 'jsr.json'),
      JSON.stringify({ name: `@${name}/${name}`, version, license, exports, publish: { exclude: ['src/cli'] } }),
    )
    const env = { ...(await environmentIn(folder)), DENO_NO_UPDATE_CHECK: '1' }
    const { stderr } = await promisify(execFile)(findDeno() ?? '', ['publish', '--dry-run', '--allow-dirty'], {
      cwd: staged,
      env,
    })
    expect(stderr).toMatch(/Success/)
    expect(stderr).not.toMatch(/warning\[|error\[/)
  })
})
