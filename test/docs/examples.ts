/**
 * The examples of the documentation: blocks of TypeScript in Markdown and in TSDoc, made into
 * modules that the compiler checks.
 */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import ts from 'typescript'
import { compilerOptions } from '../architecture/compile.ts'
import { root } from '../architecture/source.ts'
import { entriesOf } from '../bench/bundles.ts'

/** One block, and the line of its file that it begins at. */
export interface Example {
  readonly path: string
  readonly line: number
  readonly code: string
}

/** README and the guides, by their paths: all Markdown that explains how to use the library. */
export function guidePaths(): readonly string[] {
  const guides = readdirSync(join(root, 'src'), { recursive: true, encoding: 'utf8' })
  return ['README.md', ...guides.filter((name) => name.endsWith('.md')).map((name) => `src/${name}`)].sort()
}

/** The blocks of a text that its author calls TypeScript. */
export function examplesIn(path: string, text: string): readonly Example[] {
  return [...text.matchAll(/^```ts\n(.*?)^```$/gms)].map(({ 1: code = '', index }) => ({
    path,
    line: text.slice(0, index).split('\n').length + 1,
    code,
  }))
}

/** The examples of README and the guides. */
export function guideExamples(): readonly Example[] {
  return guidePaths().flatMap((path) => examplesIn(path, readFileSync(join(root, path), 'utf8')))
}

/** The examples of TSDoc comments: their lines begin with a star. */
export function commentExamples(): readonly Example[] {
  const files = readdirSync(join(root, 'src'), { recursive: true, encoding: 'utf8' })
  return files
    .filter((name) => name.endsWith('.ts'))
    .sort()
    .flatMap((name) => {
      const text = readFileSync(join(root, 'src', name), 'utf8')
      return text.includes('```ts') ? examplesIn(`src/${name}`, text.replace(/^ *\*(?: |$)/gm, '')) : []
    })
}

/** What package.json exports: the source of each specifier. */
function specifiers(): Readonly<Record<string, string>> {
  return Object.fromEntries(entriesOf().map(({ name, source }) => [name, source]))
}

/**
 * What the compiler says of examples, as `path:line: message`. An example is a module of its own. A
 * name of the library that it uses without an import is imported for it; names that the library
 * does not have must be its own, or those of `reader.d.ts`.
 */
export function problemsOf(examples: readonly Example[]): readonly string[] {
  const sources = specifiers()
  const options: ts.CompilerOptions = {
    // What readers have: a strict project for pages, with a bundler.
    strict: true,
    noEmit: true,
    skipLibCheck: true,
    allowImportingTsExtensions: true,
    types: [],
    target: ts.ScriptTarget.ES2023,
    module: ts.ModuleKind.Preserve,
    moduleResolution: ts.ModuleResolutionKind.Bundler,
    lib: ['lib.es2023.d.ts', 'lib.dom.d.ts', 'lib.dom.iterable.d.ts', 'lib.dom.asynciterable.d.ts'],
    paths: Object.fromEntries(Object.entries(sources).map(([name, source]) => [name, [join(root, source)]])),
  }
  const owners = namesOf(sources)
  const modules = new Map(
    examples.map(
      (example, i) => [join(root, `example-${i}.ts`), { example, text: moduleOf(example, owners) }] as const,
    ),
  )
  const host = ts.createCompilerHost(options)
  const { readFile, fileExists, getSourceFile } = host
  host.readFile = (path) => modules.get(path)?.text ?? readFile.call(host, path)
  host.fileExists = (path) => modules.has(path) || fileExists.call(host, path)
  host.getSourceFile = (path, version, ...more) => {
    const own = modules.get(path)
    return own === undefined
      ? getSourceFile.call(host, path, version, ...more)
      : ts.createSourceFile(path, own.text, version)
  }
  const program = ts.createProgram([...modules.keys(), join(root, 'test/docs/reader.d.ts')], options, host)
  return ts.getPreEmitDiagnostics(program).map(({ file, start = 0, messageText }) => {
    const message = ts.flattenDiagnosticMessageText(messageText, ' ')
    const own = file && modules.get(file.fileName)
    if (file === undefined || own === undefined) return `${file?.fileName ?? 'options'}: ${message}`
    const { path, line } = own.example
    // The module has one line above the example.
    return `${path}:${line + ts.getLineAndCharacterOfPosition(file, start).line - 1}: ${message}`
  })
}

/** The entry that has each name of the library; the first of several. */
function namesOf(sources: Readonly<Record<string, string>>): ReadonlyMap<string, string> {
  const files = Object.entries(sources).map(([name, source]) => [name, join(root, source)] as const)
  const program = ts.createProgram(
    files.map(([, file]) => file),
    { ...compilerOptions(), noEmit: true },
  )
  const checker = program.getTypeChecker()
  const names = new Map<string, string>()
  for (const [specifier, file] of files) {
    const tree = program.getSourceFile(file)
    const symbol = tree && checker.getSymbolAtLocation(tree)
    if (symbol === undefined) throw new Error(`${file} exports nothing`)
    for (const { name } of checker.getExportsOfModule(symbol)) if (!names.has(name)) names.set(name, specifier)
  }
  return names
}

/** An example with one line above it: imports of what it uses and does not declare. */
function moduleOf({ path, code }: Example, owners: ReadonlyMap<string, string>): string {
  const tree = ts.createSourceFile(path, code, ts.ScriptTarget.Latest, true)
  const used = new Set<string>()
  const declared = new Set<string>()
  const visit = (node: ts.Node): void => {
    if (ts.isIdentifier(node)) {
      const { parent } = node
      const isName = 'name' in parent && parent.name === node
      if (isName && (ts.isVariableDeclaration(parent) || ts.isBindingElement(parent) || ts.isParameter(parent)))
        declared.add(node.text)
      else if (
        isName &&
        (ts.isImportSpecifier(parent) || ts.isImportClause(parent) || ts.isFunctionDeclaration(parent))
      )
        declared.add(node.text)
      else if (!isName || ts.isShorthandPropertyAssignment(parent)) used.add(node.text)
    }
    ts.forEachChild(node, visit)
  }
  visit(tree)
  const imports = [...used]
    .filter((name) => owners.has(name) && !declared.has(name))
    .map((name) => `import { ${name} } from '${owners.get(name) ?? ''}'`)
  return `${['export {}', ...imports].join('; ')}\n${code}`
}
