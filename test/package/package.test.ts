/**
 * The package that people install: what is in it, what linters of packages say of it, and that it
 * verifies, as it was packed, in all seven runtimes, as modules and from script tags.
 */
import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { cp, readFile, stat, writeFile } from 'node:fs/promises'
import nodeModule, { type SourceMapping, type SourceMapPayload } from 'node:module'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { runInNewContext } from 'node:vm'
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
import { programFor, seen } from './asking.ts'
import { type Enclave, startEnclave } from './enclave.ts'
import {
  buildIn,
  contentsOf,
  copyRepository,
  install,
  installDependencies,
  linkDependencies,
  pack,
  type Packed,
} from './packed.ts'
import { writePages } from './pages.ts'

const repository = fileURLToPath(new URL('../..', import.meta.url))
const read = (path: string): Promise<string> => readFile(join(repository, path), 'utf8')
const isMissingAnError = process.env.VERITEE_ALL_RUNTIMES === '1'

type SourceMap = Omit<SourceMapPayload, 'sourcesContent'> & { readonly sourcesContent?: readonly string[] }

let folder: string
let packed: Packed
let project: string
/** The installed package, by path. */
let installed: Record<string, string>
let enclave: Enclave
const policies = new Map<string, string>()

beforeAll(async () => {
  folder = await makeFolder()
  packed = await pack()
  project = join(folder, 'project')
  await install(packed, project)
  installed = await contentsOf(join(project, 'node_modules/veritee'))
  enclave = await startEnclave(join(project, 'site'), policies)
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
/** Hashes of the single files by name, as the build wrote them. */
const integrity = (): Record<string, string> =>
  JSON.parse(installed['dist/integrity.json'] ?? '{}') as Record<string, string>
const mapOf = (path: string): SourceMap => JSON.parse(installed[path] ?? '{}') as SourceMap
const isMinified = (path: string): boolean => /\.min\.m?js$/.test(path)

describe('contents', () => {
  test('the library, its sources and what one has to know; nothing of the tests or the demo', () => {
    const others = packed.files.filter((path) => !/^(?:dist|src)\//.test(path))
    expect(others).toEqual(['CHANGELOG.md', 'LICENSE', 'README.md', 'SECURITY.md', 'package.json'])
    expect(packed.files.filter((path) => path.startsWith('src/cli/'))).toEqual([])
    expect(packed.files.filter((path) => /\/tests?\/|\.test\.|fixture|\.tsbuildinfo$/.test(path))).toEqual([])
    expect(packed.files).toContain('dist/cli/main.js')
  })

  test('every entry has its types, and loads few modules, each with a map to sources that are there', async () => {
    for (const [, { types, default: entry }] of await entryPoints()) {
      expect(packed.files).toContain(types.slice(2))
      const loaded = new Set([entry.slice(2)])
      for (const path of loaded)
        for (const [, imported = ''] of (installed[path] ?? '').matchAll(/^(?:import|export) .* from "(\..*)";$/gm))
          loaded.add(join(dirname(path), imported))
      expect(loaded.size, `${entry} loads ${[...loaded].join(', ')}`).toBeLessThanOrEqual(7)
      for (const path of loaded) {
        // What only passes on names has nothing to map.
        if (!/^(?:async )?(?:function|const|class|let|var) /m.test(installed[path] ?? '')) continue
        const { sources, sourcesContent } = mapOf(`${path}.map`)
        expect(sourcesContent).toBeUndefined()
        for (const source of sources) expect(packed.files).toContain(join(dirname(path), source))
      }
    }
  })

  test('every map leads to sources that are there, or has them in it', () => {
    const maps = packed.files.filter((path) => path.endsWith('.map'))
    expect(maps.length).toBeGreaterThan(40)
    const astray = maps.flatMap((path) => {
      const { sources, sourcesContent } = mapOf(path)
      return sources.filter(
        (source, i) => sourcesContent?.[i] === undefined && !packed.files.includes(join(dirname(path), source)),
      )
    })
    expect(astray).toEqual([])
  })

  test('the command keeps its first line, and is executable', async () => {
    expect(installed['dist/cli/main.js']).toMatch(/^#!\/usr\/bin\/env node\n/)
    const { mode } = await stat(join(project, 'node_modules/veritee/dist/cli/main.js'))
    expect(mode & 0o111).toBe(0o111)
  })

  test('what nobody uses of it costs nothing', async () => {
    const imports = (await entryPoints()).map(([subpath]) => `import 'veritee${subpath.slice(1)}'`)
    const { outputFiles } = await build({
      stdin: { contents: imports.join('\n'), resolveDir: project },
      bundle: true,
      format: 'esm',
      write: false,
      // What only those install who ask for a second opinion, and what only servers have.
      external: ['@peculiar/x509', 'asn1js', 'cbor-x', 'pkijs', 'reflect-metadata', 'node:*'],
      // Which says that it leaves them out because of `sideEffects: false`.
      logOverride: { 'ignored-bare-import': 'silent' },
    })
    expect(outputFiles.map(({ text }) => text)).toEqual([''])
  })

  test('another build gives the same bytes, and with --pin puts the right hashes into documents', async () => {
    const again = join(folder, 'again')
    await copyRepository(again)
    const documents = ['README.md', 'src/README.md', 'demo/examples/page/index.html']
    for (const document of documents) {
      const path = join(again, document)
      await writeFile(path, (await readFile(path, 'utf8')).replace(/sha384-[\w+/]{64}/g, 'sha384-old'))
    }
    await buildIn(again, '--pin')
    expect(await contentsOf(join(again, 'dist'))).toEqual(await contentsOf(join(packed.copy, 'dist')))
    for (const document of documents) {
      const text = await readFile(join(again, document), 'utf8')
      expect(text).not.toContain('sha384-old')
      expect(text).toContain(integrity()['veritee.nitro.min.js'])
    }
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
    // CommonJS loads ES modules since Node 20.19; older resolution of paths (node10) knows no
    // exports.
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

  const nodeNext = [ts.ModuleKind.NodeNext, ts.ModuleResolutionKind.NodeNext] as const
  const bundler = [ts.ModuleKind.ESNext, ts.ModuleResolutionKind.Bundler] as const
  const dom = ['es2022', 'dom', 'dom.iterable']

  test.each([
    ['nodenext', nodeNext, dom, []],
    ['bundler', bundler, dom, []],
    // Without the DOM library.
    ['Node', nodeNext, ['es2023'], ['@types/node']],
    ['Cloudflare Workers', bundler, ['es2023'], ['@cloudflare/workers-types']],
    ['WebWorker', bundler, ['es2023', 'webworker'], []],
  ])('the declarations hold under %s, checked themselves', async (name, [module, moduleResolution], lib, types) => {
    const imports = (await entryPoints()).map(([subpath], i) => `export * as e${i} from 'veritee${subpath.slice(1)}'`)
    const file = join(project, `types-${name.replace(' ', '-')}.ts`)
    await writeFile(file, `${imports.join('\n')}\n`)
    const program = ts.createProgram([file], {
      strict: true,
      exactOptionalPropertyTypes: true,
      skipLibCheck: false,
      noEmit: true,
      target: ts.ScriptTarget.ES2022,
      module,
      moduleResolution,
      lib: lib.map((each) => `lib.${each}.d.ts`),
      types: types.map((each) => join(repository, 'node_modules', each)),
    })
    expect(messagesOf(program)).toEqual([])
    // What each setting has of the DOM is what it says: the check is not of one library thrice.
    const probe = join(project, `probe-${name.replace(' ', '-')}.ts`)
    await writeFile(probe, 'export type Probe = HTMLElement\n')
    const found = messagesOf(ts.createProgram([probe], program.getCompilerOptions()))
    expect(found).toEqual(lib.includes('dom') ? [] : [expect.stringContaining('HTMLElement')])
  })
})

function messagesOf(program: ts.Program): string[] {
  return ts.getPreEmitDiagnostics(program).map(({ messageText }) => ts.flattenDiagnosticMessageText(messageText, '\n'))
}

describe('single files', () => {
  // Sources of evidence are for servers.
  const names = async (): Promise<string[]> =>
    (await entryPoints()).flatMap(([subpath]) => {
      if (subpath === './attesters') return []
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
    for (const file of files) {
      const hash = hashOf(installed[`dist/${file}`] ?? '')
      expect(integrity()[file]).toBe(hash)
      expect(packed.printed).toContain(hash)
    }
  })

  test.each(['README.md', 'src/README.md', 'demo/examples/page/index.html'])(
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
      const { sources, sourcesContent } = mapOf(`dist/${file}.map`)
      const own = sources.map((source, i) => [join('dist', source), sourcesContent?.[i]] as const)
      const library = own.filter(([path]) => path.startsWith('src/'))
      expect(library.length).toBeGreaterThan(0)
      for (const [path, content] of library)
        expect({ path, same: content === installed[path] }).toEqual({ path, same: true })
    }
  })

  test.each(['veritee.nitro.min.js', 'veritee.nitro.min.mjs', 'shared/aws.js'])(
    'the map of %s leads from a line to where it was written',
    (file) => {
      const lines = (installed[`dist/${file}`] ?? '').split('\n')
      const line = lines.findIndex((text) => /["']policy-debug["']/.test(text))
      const column = (lines[line] ?? '').search(/["']policy-debug["']/)
      const { originalSource, originalLine } = new nodeModule.SourceMap(
        mapOf(`dist/${file}.map`) as SourceMapPayload,
      ).findEntry(line, column) as SourceMapping
      const source = join(dirname(`dist/${file}`), originalSource)
      expect(source).toBe('src/formats/aws/nitro/verify.ts')
      expect(installed[source]?.split('\n')[originalLine]).toContain("'policy-debug'")
    },
  )

  test('a script is as strict as the modules that it is made of', async () => {
    const asked = '(function () { return this === undefined })()'
    for (const file of (await names()).filter((name) => name.endsWith('.js'))) {
      const text = `${installed[`dist/${file}`]}\n${asked}`
      expect(runInNewContext(text, { TextDecoder, TextEncoder })).toBe(true)
    }
  })

  test('no code out of text, no WebAssembly, no address but those of vendors where endorsements are fetched', async () => {
    for (const file of await names()) {
      const allowed = [
        // In messages.
        /^https:\/\/(?:enclave\.example|app\.example|provider\.example|payments\.invalid)$/,
        // Names of token profiles.
        /^http:\/\/arm\.com$/,
        ...(file.startsWith('veritee.endorsements.')
          ? [/^https:\/\/(?:\w+\.trustedservices\.intel|kdsintf\.amd|android\.googleapis)\.com$/]
          : []),
        // In the licence of one of its libraries.
        ...(file.startsWith('veritee.second-opinion.') ? [/^http:\/\/www\.apache\.org$/] : []),
        // The type of the problem in RFC 9458 section 5.3.
        ...(file.startsWith('veritee.gateway.') ? [/^https:\/\/(?:iana\.org|a\.invalid)$/] : []),
      ]
      const text = String(installed[`dist/${file}`])
      expect(text).not.toMatch(/\beval\(|new Function|WebAssembly/)
      const addresses = text.match(/https?:\/\/[\w.-]+/g) ?? []
      expect(addresses.filter((address) => !allowed.some((known) => known.test(address)))).toEqual([])
    }
  })
})

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
    const sources = join(folder, 'sources')
    await cp(join(project, 'node_modules/veritee/src'), join(sources, 'src'), { recursive: true })
    await installDependencies(sources)
    const program = programFor('./src/formats/aws/nitro/index.ts', enclave)
    await writeFile(join(sources, 'main.mjs'), `${program}console.log(JSON.stringify(await use()))\n`)
    const env = { ...(await environmentIn(folder)), DENO_NO_UPDATE_CHECK: '1' }
    const output = await runProgram(findDeno() ?? '', [...flagsOfDeno, 'main.mjs'], { cwd: sources, env })
    expect(JSON.parse(output)).toEqual(seen)
  })
})

describe('in browsers', () => {
  const here = browsers.map((browser) => ({ ...browser, program: browser.find() }))

  beforeAll(async () => {
    const site = join(project, 'site')
    await cp(join(project, 'node_modules/veritee/dist'), site, { recursive: true })
    await writePages(site, enclave, integrity(), policies)
  })

  describe.each(here)('$name', ({ program, use, patienceMs }) => {
    const isSkipped = program === undefined && !isMissingAnError
    const reports: Record<string, unknown> = {}

    beforeAll(async () => {
      if (isSkipped) return
      const own = await makeFolder()
      try {
        await use(program ?? '', own, async (open) => {
          for (const path of ['tags.html', 'module.html', 'map.html', 'map-wrong.html']) {
            const report = enclave.report()
            await open(`${enclave.address}/${path}`)
            reports[path] = await within(patienceMs, path, report)
          }
        })
      } finally {
        await removeFolder(own)
      }
    })

    test.skipIf(isSkipped)('script tags share one global, which each extends', () => {
      expect(reports['tags.html']).toEqual({
        // The one with a wrong hash did not run.
        before: [],
        same: true,
        // An error of a later file is an instance of the classes of the first.
        missing: [true, false, true],
        // Nor did a file that knows fewer classes blur those that are there.
        kinds: [true, false, false],
        describes: 'function',
        seen,
        blocked: [],
      })
    })

    test.skipIf(isSkipped)('a module imports the single file, and the policy has nothing to block', () => {
      expect(reports['module.html']).toEqual({ seen, noticed: [], blocked: [expect.stringMatching(/^style-src/)] })
    })

    test.skipIf(isSkipped)('an import map brings its hash', () => {
      expect(reports['map.html']).toEqual({ seen, blocked: [] })
      expect(reports['map-wrong.html']).toEqual({ outcome: 'TypeError', blocked: [] })
    })
  })
})

describe('JSR', () => {
  test('`deno publish --dry-run` accepts what .config/jsr.mjs makes', async () => {
    const staged = join(folder, 'jsr')
    await runProgram(process.execPath, [join(packed.copy, '.config/jsr.mjs'), staged], {})
    const { exports } = JSON.parse(await readFile(join(staged, 'jsr.json'), 'utf8')) as {
      exports: Record<string, string>
    }
    expect(Object.keys(exports)).toEqual((await entryPoints()).map(([subpath]) => subpath))
    await linkDependencies(staged)
    const env = { ...(await environmentIn(folder)), DENO_NO_UPDATE_CHECK: '1' }
    const { stderr } = await promisify(execFile)(findDeno() ?? '', ['publish', '--dry-run', '--allow-dirty'], {
      cwd: staged,
      env,
    })
    expect(stderr).toMatch(/Success/)
    expect(stderr).not.toMatch(/warning\[|error\[/)
    expect(stderr).not.toMatch(/src\/cli\//)
  })
})
