/**
 * The sources as the TypeScript compiler sees them: what each file imports, which names it uses,
 * how it begins. Works on syntax trees, so that comments and texts never count.
 */
import { readdirSync, readFileSync } from 'node:fs'
import { posix } from 'node:path'
import { fileURLToPath } from 'node:url'
import ts from 'typescript'

export const root: string = fileURLToPath(new URL('../..', import.meta.url))

/** One file, by its path inside the repository with `/`. */
export interface Source {
  readonly path: string
  readonly text: string
  readonly tree: ts.SourceFile
  readonly imports: readonly Import[]
}

export interface Import {
  /** Path inside the repository for relative imports, else the specifier as written. */
  readonly target: string
  readonly isRelative: boolean
  /** Erased by the compiler: no code follows from it. */
  readonly isTypeOnly: boolean
}

/** A use of a global or of a property, and where. */
export interface Use {
  readonly name: string
  readonly where: string
}

/**
 * Every TypeScript file below a folder of the repository, in order; what tests made is none of
 * them.
 */
export function readSources(folder: string): readonly Source[] {
  const known = sourcesOf.get(folder) ?? readFolder(folder)
  sourcesOf.set(folder, known)
  return known
}

const sourcesOf = new Map<string, readonly Source[]>()

function readFolder(folder: string): Source[] {
  return readdirSync(new URL(`${folder}/`, `file://${root}`), { recursive: true, encoding: 'utf8' })
    .map((name) => `${folder}/${name.replaceAll('\\', '/')}`)
    .filter((path) => path.endsWith('.ts') && !path.includes('/.output/'))
    .sort()
    .map((path) => readSource(path))
}

function readSource(path: string): Source {
  return parseSource(path, readFileSync(new URL(path, `file://${root}`), 'utf8'))
}

/** A source from its text: what the tests of these tests use. */
export function parseSource(path: string, text: string): Source {
  const tree = ts.createSourceFile(path, text, ts.ScriptTarget.Latest, true)
  return { path, text, tree, imports: importsOf(path, tree) }
}

/**
 * Every node below `node`, itself included; types are left out unless asked for, they leave no
 * code.
 */
export function* nodesOf(node: ts.Node, withTypes = false): Generator<ts.Node> {
  if (!withTypes && (ts.isTypeNode(node) || ts.isInterfaceDeclaration(node) || ts.isTypeAliasDeclaration(node))) {
    // `class X extends Y` has its base class inside a type node.
    if (!ts.isExpressionWithTypeArguments(node)) return
  }
  yield node
  for (const child of node.getChildren()) yield* nodesOf(child, withTypes)
}

/** Line and path of a node. */
export function whereIs({ path, tree }: Source, node: ts.Node): string {
  return `${path}:${tree.getLineAndCharacterOfPosition(node.getStart()).line + 1}`
}

/**
 * Names that stand for a value from elsewhere: globals, and what is imported. A name that the file
 * itself gives to something is its own affair.
 */
export function freeNames(source: Source): Use[] {
  const names = [...nodesOf(source.tree)].filter(
    (node): node is ts.Identifier => ts.isIdentifier(node) && !isPropertyName(node),
  )
  const declared = new Set(names.filter(isDeclared).map(({ text }) => text))
  return names
    .filter(({ text }) => !declared.has(text))
    .map((node) => ({ name: node.text, where: whereIs(source, node) }))
}

function isDeclared(node: ts.Identifier): boolean {
  const { parent } = node
  const names = ts.isVariableDeclaration(parent) || ts.isParameter(parent) || ts.isFunctionDeclaration(parent)
  return names && parent.name === node
}

/** Names of properties that are read: `a.name`, `a['name']`, `{ name } = a`. */
export function readProperties(source: Source): Use[] {
  return [...nodesOf(source.tree)].flatMap((node) => {
    const name = propertyRead(node)
    return name === undefined ? [] : [{ name, where: whereIs(source, node) }]
  })
}

function propertyRead(node: ts.Node): string | undefined {
  if (ts.isPropertyAccessExpression(node)) return node.name.text
  if (ts.isElementAccessExpression(node) && ts.isStringLiteralLike(node.argumentExpression))
    return node.argumentExpression.text
  if (!ts.isBindingElement(node) || !ts.isObjectBindingPattern(node.parent)) return undefined
  const name = node.propertyName ?? node.name
  return ts.isIdentifier(name) || ts.isStringLiteralLike(name) ? name.text : undefined
}

/**
 * Whether an identifier only names a member: `a.x`, `{ x: 1 }`, `{ x: y } = a`, a method, a field,
 * or an import or export as the other side calls it.
 */
function isPropertyName(node: ts.Identifier): boolean {
  const { parent } = node
  if (ts.isPropertyAccessExpression(parent)) return parent.name === node
  if (ts.isBindingElement(parent) || ts.isImportSpecifier(parent)) return parent.propertyName === node
  if (ts.isExportSpecifier(parent)) return parent.propertyName !== undefined && parent.name === node
  return (
    (ts.isPropertyAssignment(parent) ||
      ts.isMethodDeclaration(parent) ||
      ts.isPropertyDeclaration(parent) ||
      ts.isAccessor(parent)) &&
    parent.name === node
  )
}

/** Where a source asks what time it is: `Date.now`, `new Date()`, `Date()`. */
export function clockReadings(source: Source): string[] {
  return [...nodesOf(source.tree)]
    .filter((node) => {
      if (ts.isPropertyAccessExpression(node)) return node.expression.getText() === 'Date' && node.name.text === 'now'
      if (ts.isNewExpression(node)) return node.expression.getText() === 'Date' && !node.arguments?.length
      return ts.isCallExpression(node) && node.expression.getText() === 'Date'
    })
    .map((node) => whereIs(source, node))
}

function importsOf(path: string, tree: ts.SourceFile): Import[] {
  const found: Import[] = []
  const add = (specifier: ts.Node | undefined, isTypeOnly: boolean): void => {
    if (specifier === undefined) return
    // A computed specifier cannot be followed: it stands for itself, and no rule allows it.
    const text = ts.isStringLiteralLike(specifier) ? specifier.text : specifier.getText()
    const isRelative = text.startsWith('.')
    const target = isRelative ? posix.join(posix.dirname(path), text) : text
    found.push({ target, isRelative, isTypeOnly })
  }
  for (const node of nodesOf(tree, true)) {
    if (ts.isImportDeclaration(node)) {
      const { importClause } = node
      const named = importClause?.namedBindings
      const onlyTypes =
        named !== undefined &&
        ts.isNamedImports(named) &&
        importClause?.name === undefined &&
        named.elements.every((element) => element.isTypeOnly)
      add(node.moduleSpecifier, importClause?.phaseModifier === ts.SyntaxKind.TypeKeyword || onlyTypes)
    }
    if (ts.isExportDeclaration(node)) add(node.moduleSpecifier, node.isTypeOnly)
    if (ts.isImportTypeNode(node))
      add(ts.isLiteralTypeNode(node.argument) ? node.argument.literal : node.argument, true)
    if (ts.isCallExpression(node) && node.expression.kind === ts.SyntaxKind.ImportKeyword) add(node.arguments[0], false)
    if (ts.isImportEqualsDeclaration(node) && ts.isExternalModuleReference(node.moduleReference))
      add(node.moduleReference.expression, node.isTypeOnly)
  }
  return found
}

/**
 * Groups of files that import each other in a circle, each sorted; type-only imports count when
 * asked for.
 */
export function cyclesOf(sources: readonly Source[], withTypes: boolean): string[][] {
  const targets = new Map(
    sources.map(({ path, imports }) => [
      path,
      imports
        .filter(({ isRelative, isTypeOnly }) => isRelative && (withTypes || !isTypeOnly))
        .map(({ target }) => target),
    ]),
  )
  const reachable = (from: string): Set<string> => {
    const seen = new Set<string>()
    const waiting = [...(targets.get(from) ?? [])]
    for (let path = waiting.pop(); path !== undefined; path = waiting.pop()) {
      if (seen.has(path)) continue
      seen.add(path)
      waiting.push(...(targets.get(path) ?? []))
    }
    return seen
  }
  const reach = new Map(sources.map(({ path }) => [path, reachable(path)]))
  const groups = sources
    .filter(({ path }) => reach.get(path)?.has(path))
    .map(({ path }) =>
      [...(reach.get(path) ?? [])]
        .filter((other) => reach.get(other)?.has(path))
        .sort()
        .join(),
    )
  return [...new Set(groups)].map((group) => group.split(','))
}
