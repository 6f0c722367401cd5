/**
 * The structure that DESIGN promises, kept true: which folder imports from which, what the library never touches, what importing it does (nothing),
 * and that every entry point is a plain, documented list of exports. The rules are tried on small wrong sources first.
 */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import ts from 'typescript'
import { describe, expect, test } from 'vitest'
import { compilerOptions, effectsOf } from './architecture/compile.ts'
import {
  clockReadings,
  cyclesOf,
  freeNames,
  parseSource,
  readProperties,
  readSources,
  root,
  type Source,
  type Use,
} from './architecture/source.ts'
import { bundle, entriesOf } from './bench/bundles.ts'

const sources = readSources('src')
const library = sources.filter(({ path }) => !path.startsWith('src/cli/'))
const entries = entriesOf()
/** Folders that are shared by the formats named with them, and by nothing else. */
const sharedFormats: Readonly<Record<string, readonly string[]>> = {
  nsm: ['nitro', 'nitro-tpm'],
  dcap: ['tdx', 'sgx'],
}

describe('import direction', () => {
  /** A part imports from itself and from the lines above it; parts of one line do not know each other. */
  const order: readonly (readonly string[])[] = [
    // errors and trace name each other's types, hence one part.
    ['core'],
    ['encoding'],
    ['crypto'],
    ['channel'],
    ['x509'],
    ['appraisal'],
    ['formats'],
    ['root', 'inspect', 'ra-tls', 'reference', 'endorsements', 'client', 'gateway'],
    ['gate'],
    ['cli'],
  ]
  const core = ['src/errors.ts', 'src/options.ts', 'src/result.ts', 'src/trace.ts']

  const partOf = (path: string): string => {
    if (core.includes(path)) return 'core'
    if (path === 'src/index.ts') return 'root'
    return path.split('/')[1]?.replace(/\.ts$/, '') ?? path
  }
  const lineOf = (part: string): number => order.findIndex((line) => line.includes(part))
  /** The folder of a format; `undefined` for what all formats share, the files right in `formats`. */
  const formatOf = (path: string): string | undefined => /^src\/formats\/([^/]+)\//.exec(path)?.[1]

  function mayImport(from: string, to: string): boolean {
    const [part, other] = [partOf(from), partOf(to)]
    if (part !== other) {
      if (part === 'appraisal' && (other === 'x509' || other === 'crypto')) return false
      // A client takes a verifier function, so that a page bundles one format.
      if (part === 'client' && other === 'formats') return false
      if (part === 'channel') return other === 'encoding' || other === 'crypto' || other === 'core'
      return lineOf(other) >= 0 && lineOf(other) < lineOf(part)
    }
    const [format, otherFormat] = [formatOf(from), formatOf(to)]
    if (otherFormat === undefined || format === otherFormat) return true
    return format !== undefined && sharedFormats[otherFormat]?.includes(format) === true
  }

  const forbidden = (all: readonly Source[]): string[] =>
    all.flatMap(({ path, imports }) =>
      imports
        .filter(({ target, isRelative }) => isRelative && !mayImport(path, target))
        .map(({ target }) => `${path} imports ${target}`),
    )

  test.each([
    ['src/encoding/a.ts', '../crypto/digest.ts'],
    ['src/appraisal/a.ts', '../x509/path.ts'],
    ['src/appraisal/a.ts', '../crypto/digest.ts'],
    ['src/x509/a.ts', '../appraisal/freshness.ts'],
    ['src/trace.ts', './encoding/bytes.ts'],
    ['src/formats/nitro/a.ts', '../nitro-tpm/verify.ts'],
    ['src/formats/nsm/a.ts', '../nitro/verify.ts'],
    ['src/formats/tdx/a.ts', '../nsm/evidence.ts'],
    ['src/formats/options.ts', './nitro/options.ts'],
    ['src/formats/nitro/a.ts', '../../index.ts'],
    ['src/client/a.ts', '../formats/nitro/index.ts'],
    ['src/client/a.ts', '../gateway/index.ts'],
    ['src/elsewhere/a.ts', '../errors.ts'],
    ['src/errors.ts', '../package.json'],
  ])('%s must not import %s', (path, specifier) => {
    expect(forbidden([parseSource(path, `import type { a } from '${specifier}'`)])).toHaveLength(1)
    expect(forbidden([parseSource(path, `const a = await import('${specifier}')`)])).toHaveLength(1)
    expect(forbidden([parseSource(path, `export * from '${specifier}'`)])).toHaveLength(1)
    expect(forbidden([parseSource(path, `type A = import('${specifier}').A`)])).toHaveLength(1)
  })

  test('each folder imports from those before it', () => {
    expect(sources.length).toBeGreaterThan(30)
    expect(forbidden(sources)).toEqual([])
  })

  test('every file belongs to a part that has a place in the order', () => {
    expect(sources.map(({ path }) => path).filter((path) => lineOf(partOf(path)) < 0)).toEqual([])
  })

  test('relative imports exist, and name their file in full', () => {
    const paths = new Set(sources.map(({ path }) => path))
    const dangling = sources.flatMap(({ path, imports }) =>
      imports.filter(({ target, isRelative }) => isRelative && !paths.has(target)).map(({ target }) => [path, target]),
    )
    expect(dangling).toEqual([])
  })

  test('no file imports itself in a circle, errors and trace naming types of each other aside', () => {
    expect(cyclesOf(sources, false)).toEqual([])
    expect(cyclesOf(sources, true)).toEqual([['src/errors.ts', 'src/trace.ts']])
    const circle = [
      parseSource('src/a.ts', "import { b } from './b.ts'"),
      parseSource('src/b.ts', "import { c } from './c.ts'"),
      parseSource('src/c.ts', "export * from './a.ts'"),
    ]
    expect(cyclesOf(circle, false)).toEqual([['src/a.ts', 'src/b.ts', 'src/c.ts']])
  })

  test('the library imports no package that package.json does not name as a dependency', () => {
    const { dependencies = {} } = packageJson()
    const foreign = library.flatMap(({ path, imports }) =>
      imports
        .filter(
          ({ target, isRelative }) =>
            !isRelative && !Object.hasOwn(dependencies, target.replace(/^((?:@[^/]+\/)?[^/]+).*$/, '$1')),
        )
        .map(({ target }) => `${path} imports ${target}`),
    )
    expect(foreign).toEqual([])
  })
})

describe('what the library never touches', () => {
  /** Names of globals, and the files that may use them; everything else may not. Comments and property names do not count. */
  const reserved: Readonly<Record<string, RegExp>> = {
    Buffer: /^$/,
    process: /^$/,
    global: /^$/,
    require: /^$/,
    console: /^$/,
    eval: /^$/,
    Function: /^$/,
    WebAssembly: /^$/,
    // Deadlines, each in the one file that gives time to its folder.
    setTimeout: /^src\/(client\/runtime|gateway\/clock)\.ts$/,
    setInterval: /^$/,
    localStorage: /^$/,
    // The network belongs to those who ask vendor services and to the channel.
    fetch: /^src\/(endorsements|client|gateway)\//,
    XMLHttpRequest: /^$/,
    // One stopwatch, for the trace; the client has a world of its own.
    performance: /^src\/(trace|client\/runtime)\.ts$/,
    crypto: /^src\/(crypto|client|gateway)\//,
  }
  /** Properties, wherever they are read from: `globalThis.process`, `{ subtle } = crypto`. */
  const reservedProperties: Readonly<Record<string, RegExp>> = {
    ...Object.fromEntries(
      ['Buffer', 'process', 'require', 'console', 'eval', 'Function', 'WebAssembly', 'random'].map((name) => [
        name,
        /^$/,
      ]),
    ),
    subtle: /^src\/crypto\//,
    crypto: /^src\/(crypto|client|gateway)\//,
  }

  const misused = (uses: readonly Use[], rules: Readonly<Record<string, RegExp>>): string[] =>
    uses
      .filter(({ name, where }) => Object.hasOwn(rules, name) && rules[name]?.test(where.split(':')[0] ?? '') === false)
      .map(({ name, where }) => `${name} at ${where}`)
  const touched = (source: Source): string[] => [
    ...misused(freeNames(source), reserved),
    ...misused(readProperties(source), reservedProperties),
  ]

  test.each([
    'const a = Buffer.from(b)',
    'if (typeof process === "object") a()',
    'const { env } = process',
    'globalThis.process.exit()',
    "globalThis['eval']('1')",
    'eval("1")',
    'const f = new Function("return 1")',
    'const f = Function("return 1")',
    'console.log(1)',
    'const { subtle } = globalThis["cry" + "pto"]',
    'crypto.subtle.verify()',
    'globalThis.crypto',
    'new WebAssembly.Module(a)',
    'Math.random()',
    'class A extends Buffer {}',
    'const a = { Buffer }',
    'export { process as a }',
  ])('refuses %s', (text) => {
    expect(touched(parseSource('src/encoding/a.ts', text))).not.toEqual([])
  })

  test.each([
    '/** Buffer, process and eval, console.log(crypto.subtle) */ const a = "eval(process)"',
    'type A = Buffer; interface B { process: NodeJS.Process }',
    'const a = { process: 1 }; class B { eval() {} }',
  ])('does not mind %s', (text) => {
    expect(touched(parseSource('src/encoding/a.ts', text))).toEqual([])
  })

  test('no globals of one runtime, no code from text, no network, no log lines, and WebCrypto in src/crypto only', () => {
    expect(library.flatMap(touched)).toEqual([])
  })

  test('the clock is read in one place, and where client and gateway get their own', () => {
    const readings = library.flatMap((source) => clockReadings(source))
    expect(readings.map((where) => where.split(':')[0])).toEqual([
      'src/client/runtime.ts',
      'src/formats/options.ts',
      'src/gateway/clock.ts',
    ])
    expect(
      clockReadings(parseSource('a.ts', 'const a = [new Date(), new Date, Date.now(), Date(), new Date(0)]')),
    ).toHaveLength(4)
  })
})

describe('importing an entry point', () => {
  test.each(entries)('$name does nothing by itself', async ({ source }) => {
    expect(await effectsOf(`import './${source}'`)).toBe('')
  })

  test('an effect would be seen', async () => {
    expect(await effectsOf('globalThis.veritee = 1')).toContain('veritee')
  })
})

describe('bundles', () => {
  /** Words that belong to one format each, whatever the format is that a page imports. */
  const words: Readonly<Record<string, RegExp>> = {
    nsm: /nitrotpm_pcrs|module_id/,
    nitro: /verifyNitro\b|NitroEvidence/,
    // A Nitro verifier must know the key `nitrotpm_pcrs` to refuse it.
    'nitro-tpm': /nitro-tpm|[nN]itroTpm/,
    'sev-snp': /sev|snp|vcek/i,
    // Intel's platforms speak of SGX whatever they run; what only one of the two formats has is another matter.
    dcap: /\btdx|sgx|intel|mrenclave|quoting|\btcb/i,
    tdx: /verifyTdx\b|serviceTds|policy-migration|anyValue/,
    sgx: /verifySgx\b|minimumIsvSvn/,
    cca: /\bcca\b|realm/i,
    psa: /\bpsa\b/i,
    'android-key': /android/i,
  }

  test.each(entries.filter(({ source }) => source.startsWith('src/formats/')))(
    '$name holds no other format',
    async ({ name, source }) => {
      const own = source.split('/')[2] ?? ''
      const { code, sources: bundled } = await bundle(source)
      const others = Object.entries(words).filter(([part]) => part !== own && !sharedFormats[part]?.includes(own))
      expect(Object.keys(words)).toContain(own)
      expect(others.filter(([, word]) => word.test(code)).map(([format]) => format)).toEqual([])
      const folders = new Set(bundled.map((path) => /^src\/formats\/([^/]+)\//.exec(path)?.[1]))
      for (const other of others) expect(folders, `${name} bundles ${other[0]}`).not.toContain(other[0])
    },
  )

  test('veritee loads a format only when it meets one', async () => {
    const { code, sources: upFront, chunks } = await bundle('src/index.ts')
    expect(upFront.filter((path) => /^src\/formats\/[^/]+\//.test(path))).toEqual([])
    expect(code).not.toContain('policy-pcr')
    expect(chunks.some((chunk) => chunk.includes('policy-pcr'))).toBe(true)
  })
})

describe('entry points', () => {
  const program = ts.createProgram(
    entries.map(({ source }) => join(root, source)),
    compilerOptions(),
  )
  const checker = program.getTypeChecker()
  const exportsOf = (source: string): ts.Symbol[] => {
    const tree = program.getSourceFile(join(root, source))
    const module = tree && checker.getSymbolAtLocation(tree)
    return module === undefined ? [] : checker.getExportsOfModule(module)
  }

  test.each(entries)('$name has a source with exports', ({ source }) => {
    expect(sources.map(({ path }) => path)).toContain(source)
    expect(exportsOf(source).length).toBeGreaterThan(3)
  })

  test.each(entries)('everything that $name exports is documented', ({ source }) => {
    const undocumented = exportsOf(source)
      .map((symbol) => (symbol.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(symbol) : symbol))
      .filter((symbol) => ts.displayPartsToString(symbol.getDocumentationComment(checker)).trim() === '')
      .map(({ name }) => name)
    expect(undocumented).toEqual([])
  })

  test('the entry of a format only re-exports', () => {
    const barrels = sources.filter(
      ({ path }) => /^src\/[^/]+\/([^/]+\/)?index\.ts$/.test(path) || path === 'src/formats/common.ts',
    )
    expect(barrels.length).toBeGreaterThan(2)
    const statements = barrels.flatMap(({ path, tree }) =>
      tree.statements
        .filter((statement) => !ts.isExportDeclaration(statement) || statement.moduleSpecifier === undefined)
        .map((statement) => `${path}: ${statement.getText().slice(0, 60)}`),
    )
    expect(statements).toEqual([])
  })

  test('package.json: ES modules without side effects, and two dependencies, each for one thing', () => {
    expect(packageJson()).toMatchObject({ type: 'module', sideEffects: false })
    expect(Object.keys(packageJson().dependencies ?? {})).toEqual(['@noble/hashes', 'hpke'])
    const users = library.filter(({ text }) => /from '[^.]/.test(text)).map(({ path }) => path)
    expect(users).toEqual([
      'src/channel/hpke.ts',
      'src/channel/key-config.ts',
      'src/channel/suite.ts',
      'src/reference/eif-registers.ts',
    ])
  })
})

describe('files', () => {
  const written = [...sources, ...readSources('test'), ...readSources('fixtures')]

  test('each begins with a comment that says what it is', () => {
    expect(written.filter(({ text }) => !/^(#!.*\n)?\/\*\*\n \* \S/.test(text)).map(({ path }) => path)).toEqual([])
  })

  test('none of the library is longer than 400 lines', () => {
    const long = sources.map(({ path, text }) => `${path}: ${text.split('\n').length - 1}`)
    expect(long.filter((line) => Number(line.split(': ')[1]) > 400)).toEqual([])
  })
})

interface PackageJson {
  readonly type?: string
  readonly sideEffects?: boolean
  readonly dependencies?: Readonly<Record<string, string>>
}

function packageJson(): PackageJson {
  return JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as PackageJson
}
