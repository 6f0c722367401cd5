/**
 * The structure that DESIGN promises, kept true: which folder imports from which, what the library
 * never touches, what importing it does (nothing), and that every entry point is a plain,
 * documented list of exports. The rules are tried on small wrong sources first.
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
  nodesOf,
  parseSource,
  readProperties,
  readSources,
  root,
  type Source,
  type Use,
} from './architecture/source.ts'
import { formats as table } from '../src/formats/table.ts'
import { bundle, entriesOf } from './bench/bundles.ts'

const sources = readSources('src')
const library = sources.filter(({ path }) => !path.startsWith('src/cli/'))
/** With the command line, all that may know where it runs. */
const isAttester = (path: string): boolean => path.startsWith('src/attesters/')
const entries = entriesOf()
/** The folders of formats, `family/format`: those below `src/formats` that have an entry point. */
const formats = sources.flatMap(({ path }) => /^src\/formats\/([^/]+\/[^/]+)\/index\.ts$/.exec(path)?.[1] ?? [])
const namesOf = (folder: string): readonly [family: string, format: string] =>
  folder.split('/') as [family: string, format: string]
/**
 * What the table calls the format of a folder: after the folder, and after its family where that
 * alone would not say what it is.
 */
const tableNameOf = (folder: string): string =>
  table.map(({ name }): string => name).find((name) => name === folder.replace('/', '-')) ?? namesOf(folder)[1]

describe('import direction', () => {
  /**
   * A part imports from itself and from the lines above it; parts of one line do not know each
   * other.
   */
  const order: readonly (readonly string[])[] = [
    ['core'],
    ['encoding'],
    ['crypto'],
    ['channel'],
    ['x509'],
    ['appraisal'],
    ['formats'],
    ['rats'],
    ['root', 'inspect', 'ra-tls', 'reference', 'endorsements', 'client', 'gateway'],
    ['gate', 'badge', 'dstack'],
    ['profiles', 'attesters'],
    ['ai'],
    ['second-opinion'],
    ['cli'],
  ]

  const partOf = (path: string): string => (path === 'src/index.ts' ? 'root' : (path.split('/')[1] ?? path))
  const lineOf = (part: string): number => order.findIndex((line) => line.includes(part))

  /** Whose a file of `src/formats` is: that of one format, of a family, or of all. */
  function ownerOf(path: string): string {
    const [, , ...folders] = path.split('/').slice(0, -1)
    const format = folders.slice(0, 2).join('/')
    return formats.includes(format) ? format : (folders[0] ?? '')
  }

  function mayImport(from: string, to: string): boolean {
    const [part, other] = [partOf(from), partOf(to)]
    if (part !== other) {
      if (part === 'appraisal' && (other === 'x509' || other === 'crypto')) return false
      // A client takes a verifier function, so that a page bundles one format.
      if (part === 'client' && other === 'formats') return false
      if (part === 'channel') return other === 'encoding' || other === 'crypto' || other === 'core'
      return lineOf(other) >= 0 && lineOf(other) < lineOf(part)
    }
    if (part !== 'formats') return true
    // The table names every format.
    if (from === 'src/formats/table.ts') return true
    if (to === 'src/formats/table.ts') return false
    // An entry for a format and its carriers only exports again.
    if (/^src\/formats\/sev-snp\.ts$/.test(from)) return true
    // A format imports its family, and nothing beside it. Carriers are above the families that they
    // carry, and TPM quotes are below both.
    const [owner, otherOwner] = [ownerOf(from), ownerOf(to)]
    if (otherOwner === 'tpm') return owner === 'azure' || owner === 'tpm'
    if (owner === 'azure') return otherOwner !== 'aws'
    return otherOwner === '' || owner === otherOwner || owner.startsWith(`${otherOwner}/`)
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
    ['src/core/record.ts', '../encoding/bytes.ts'],
    ['src/formats/aws/nitro/a.ts', '../nitro-tpm/verify.ts'],
    ['src/formats/aws/a.ts', './nitro/verify.ts'],
    ['src/formats/intel/tdx/a.ts', '../../aws/evidence.ts'],
    ['src/formats/intel/tdx/events/a.ts', '../../sgx/verify.ts'],
    ['src/formats/intel/quote/a.ts', '../tdx/verify.ts'],
    ['src/formats/options.ts', './aws/nitro/options.ts'],
    ['src/formats/options.ts', './aws/options.ts'],
    ['src/formats/aws/a.ts', '../table.ts'],
    ['src/formats/aws/nitro/a.ts', '../../../index.ts'],
    ['src/client/a.ts', '../formats/aws/nitro/index.ts'],
    ['src/client/a.ts', '../gateway/index.ts'],
    ['src/elsewhere/a.ts', '../core/errors.ts'],
    ['src/core/errors.ts', '../../package.json'],
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

  test('no file imports itself in a circle, types included', () => {
    expect(cyclesOf(sources, true)).toEqual([])
    const circle = [
      parseSource('src/a.ts', "import { b } from './b.ts'"),
      parseSource('src/b.ts', "import { c } from './c.ts'"),
      parseSource('src/c.ts', "export * from './a.ts'"),
    ]
    expect(cyclesOf(circle, false)).toEqual([['src/a.ts', 'src/b.ts', 'src/c.ts']])
  })

  test('the library imports no package that package.json does not name as a dependency', () => {
    const { dependencies = {}, peerDependencies = {} } = packageJson()
    // The libraries of the second opinion are for its readers alone.
    const allowed = (path: string): object =>
      path.startsWith('src/second-opinion/readers/') ? peerDependencies : dependencies
    const foreign = library.flatMap(({ path, imports }) =>
      imports
        .filter(
          ({ target, isRelative }) =>
            !isRelative &&
            !(isAttester(path) && target.startsWith('node:')) &&
            !Object.hasOwn(allowed(path), target.replace(/^((?:@[^/]+\/)?[^/]+).*$/, '$1')),
        )
        .map(({ target }) => `${path} imports ${target}`),
    )
    expect(foreign).toEqual([])
  })
})

describe('what the library never touches', () => {
  /**
   * Names of globals, and the files that may use them; everything else may not. Comments and
   * property names do not count.
   */
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
    setTimeout: /^src\/(client\/runtime|gateway\/clock|second-opinion\/deadline)\.ts$/,
    setInterval: /^$/,
    localStorage: /^$/,
    // The network belongs to those who ask vendor services and to the channel.
    fetch: /^src\/(endorsements|client|gateway)\//,
    XMLHttpRequest: /^$/,
    // One stopwatch, for the trace; the client has a world of its own, and the second opinion
    // shares nothing.
    performance: /^src\/(core\/record|client\/runtime|second-opinion\/clock)\.ts$/,
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
      'src/core/time.ts',
      'src/gateway/clock.ts',
      'src/second-opinion/clock.ts',
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
  test.each(formats)('%s holds no other family and no other format', async (own) => {
    const [family] = namesOf(own)
    const { code, sources: bundled } = await bundle(`src/formats/${own}/index.ts`)
    for (const other of formats.filter((folder) => folder !== own)) {
      const [otherFamily] = namesOf(other)
      const isForeign = otherFamily !== family
      const folder = `src/formats/${isForeign ? otherFamily : other}/`
      const met = bundled.filter((path) => path.startsWith(folder))
      expect(met, `sources of ${other}`).toEqual([])
      // Intel's platforms speak of SGX whatever they run: inside a family, one format may name
      // another.
      const words = [...(await exportedByNoOther(other)), ...(isForeign ? [otherFamily, tableNameOf(other)] : [])]
      const found = words.filter((word) => new RegExp(`\\b${word}\\b`).test(code))
      expect(found, `words of ${other}`).toEqual([])
    }
    expect(code).toContain(tableNameOf(own))
  })

  /** What a format's entry point exports at run time. */
  async function exportsOf(folder: string): Promise<string[]> {
    const { metafile } = await bundle(`src/formats/${folder}/index.ts`)
    return Object.values(metafile.outputs).flatMap(({ entryPoint, exports }) => (entryPoint ? exports : []))
  }

  /** The names that stand for one format alone: its verifier's, for one. */
  async function exportedByNoOther(folder: string): Promise<string[]> {
    const others = (await Promise.all(formats.filter((other) => other !== folder).map(exportsOf))).flat()
    const own = (await exportsOf(folder)).filter((name) => !others.includes(name))
    expect(own.some((name) => name.startsWith('verify'))).toBe(true)
    return own
  }

  test('the table has a row for each format', () => {
    expect(table.map(({ name }) => name).sort()).toEqual(formats.map(tableNameOf).sort())
  })

  test('nothing else lists formats', () => {
    const names = table.map(({ name }) => name)
    const listing = sources.filter(({ path, tree }) => {
      const words = [...nodesOf(tree)].flatMap((node) => (ts.isStringLiteralLike(node) ? [node.text] : []))
      // The second opinion imports nothing of a format: it has a table of its own.
      const isTable = path === 'src/formats/table.ts' || path === 'src/second-opinion/table.ts'
      return !isTable && names.every((name) => words.includes(name))
    })
    expect(listing.map(({ path }) => path)).toEqual([])
  })

  test('veritee loads a format only when it meets one', async () => {
    const { code, sources: upFront, chunks } = await bundle('src/index.ts')
    const ofFormats = upFront.filter((path) => /^src\/formats\/[^/]+\//.test(path))
    expect(ofFormats.filter((path) => !/^src\/formats\/[^/]+\/looks-like\.ts$/.test(path))).toEqual([])
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

  /** Entries whose contract names more than twelve, and which. */
  const contracts: Readonly<Record<string, readonly [names: number, reason: string]>> = {
    'veritee/sev-snp': [18, 'nine symbols for nine decisions about a platform, and the verifier of Azure reports'],
  }

  test('no entry has more than twelve names at run time, unless its contract demands them', async () => {
    const counted = await Promise.all(
      entries.map(async ({ name, source }) => {
        const module = (await import(join(root, source))) as object
        return [name, Object.keys(module).length] as const
      }),
    )
    const tooMany = counted.filter(([name, count]) => count > (contracts[name]?.[0] ?? 12))
    expect(tooMany).toEqual([])
    // An exception that is needed no longer goes.
    const needed = counted.filter(([, count]) => count > 12).map(([name]) => name)
    expect(Object.keys(contracts).filter((name) => !needed.includes(name))).toEqual([])
  })

  test('the entry of a format only re-exports', () => {
    const barrels = sources.filter(
      ({ path }) => /^src\/.+\/index\.ts$/.test(path) || /^src\/formats\/(.+\/)?common\.ts$/.test(path),
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
    const users = library
      .filter(({ path, text }) => !path.startsWith('src/second-opinion/') && /from '(?!\.|node:)/.test(text))
      .map(({ path }) => path)
    expect(users).toEqual([
      'src/channel/hpke.ts',
      'src/channel/key-config.ts',
      'src/channel/post-quantum.ts',
      'src/channel/suite.ts',
      'src/reference/snp/kernel-hashes.ts',
      'src/reference/snp/launch-digest.ts',
      'src/reference/streaming-hash.ts',
    ])
  })
})

describe('the second opinion', () => {
  const own = sources.filter(({ path }) => path.startsWith('src/second-opinion/'))
  const isOwn = (path: string): boolean => path.startsWith('src/second-opinion/')

  /** What it takes from the rest of the library, beside types. */
  const taken = (all: readonly Source[]): string[] =>
    all.flatMap(({ path, imports }) =>
      imports
        .filter(({ target, isRelative, isTypeOnly }) => isRelative && !isTypeOnly && !isOwn(target))
        .map(({ target }) => `${path} runs ${target}`),
    )

  test('runs nothing of the library but its errors', () => {
    expect(own.length).toBeGreaterThan(20)
    const others = taken(own).filter((line) => !line.endsWith(' runs src/core/errors.ts'))
    expect(others).toEqual([])
    const path = 'src/second-opinion/readers/a.ts'
    expect(taken([parseSource(path, "import { decodeCbor } from '../../encoding/cbor.ts'")])).toHaveLength(1)
    expect(taken([parseSource(path, "import type { Bytes } from '../../encoding/bytes.ts'")])).toEqual([])
  })

  test('takes not even types from the formats, and only those of bytes and certificates from the readers', () => {
    const folders = own.flatMap(({ imports }) =>
      imports
        .filter(({ target, isRelative }) => isRelative && !isOwn(target))
        .map(({ target }) => target.split('/')[1]),
    )
    expect(folders.filter((folder) => !['core', 'encoding', 'x509'].includes(folder ?? ''))).toEqual([])
  })

  test('is imported by the command line alone', () => {
    const users = sources.filter(({ path, imports }) => !isOwn(path) && imports.some(({ target }) => isOwn(target)))
    expect(users.map(({ path }) => path).filter((path) => !path.startsWith('src/cli/'))).toEqual([])
  })

  test('its libraries are in no other bundle, and in its own only where they are loaded late', async () => {
    const { peerDependencies = {} } = packageJson()
    expect(Object.keys(peerDependencies)).toEqual(['@peculiar/x509', 'asn1js', 'cbor-x', 'pkijs', 'reflect-metadata'])
    for (const { name, source } of entries) {
      const { metafile, sources: upFront } = await bundle(source)
      const isLibrary = (path: string): boolean =>
        Object.keys(peerDependencies).some((library) => path.startsWith(`node_modules/${library}/`))
      expect(upFront.filter(isLibrary), name).toEqual([])
      expect(Object.keys(metafile.inputs).some(isLibrary), name).toBe(name === 'veritee/second-opinion')
    }
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
  readonly peerDependencies?: Readonly<Record<string, string>>
}

function packageJson(): PackageJson {
  return JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as PackageJson
}
