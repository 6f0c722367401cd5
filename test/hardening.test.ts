/**
 * Each promise of the hardening has a number, and the titles of its tests begin with it. This test
 * reads the titles, so that a promise cannot lose its last test unnoticed.
 */
import { readdirSync, readFileSync } from 'node:fs'
import ts from 'typescript'
import { expect, test } from 'vitest'
import { parseSource, root, type Source } from './architecture/source.ts'

const numbers = Array.from({ length: 16 }, (_, i) => `H${String(i + 1).padStart(2, '0')}`)

/** What a title belongs to. A test that is not run shows nothing. */
const runners = new Set(['describe', 'test', 'it'])
const notRun = new Set(['skip', 'todo', 'fails'])

/** The names in what is called: `test`, `each` of `test.each([…])('…')`. */
function namesIn(callee: ts.Expression): readonly string[] {
  if (ts.isIdentifier(callee)) return [callee.text]
  if (ts.isPropertyAccessExpression(callee)) return [...namesIn(callee.expression), callee.name.text]
  return ts.isCallExpression(callee) ? namesIn(callee.expression) : []
}

/** The titles of the tests and groups of a file, up to the first thing that is put into them. */
function titlesIn({ tree }: Source): readonly string[] {
  const titles: string[] = []
  const visit = (node: ts.Node): void => {
    if (ts.isCallExpression(node)) {
      const [title] = node.arguments
      const [runner = '', ...more] = namesIn(node.expression)
      if (title !== undefined && runners.has(runner) && !more.some((name) => notRun.has(name))) {
        if (ts.isStringLiteralLike(title)) titles.push(title.text)
        else if (ts.isTemplateExpression(title)) titles.push(title.head.text)
      }
    }
    ts.forEachChild(node, visit)
  }
  visit(tree)
  return titles
}

function numbersIn(sources: readonly Source[]): ReadonlySet<string> {
  return new Set(sources.flatMap(titlesIn).flatMap((title) => /^H\d\d(?= )/.exec(title) ?? []))
}

/**
 * The files of tests, except this one. Those without any number are not parsed, which takes long.
 */
function readTests(): readonly Source[] {
  return readdirSync(`${root}test`, { recursive: true, encoding: 'utf8' })
    .map((name) => `test/${name.replaceAll('\\', '/')}`)
    .filter((path) => path.endsWith('.test.ts') && path !== 'test/hardening.test.ts')
    .map((path) => [path, readFileSync(root + path, 'utf8')] as const)
    .filter(([, text]) => /H\d\d /.test(text))
    .map(([path, text]) => parseSource(path, text))
}

test('each number of the hardening, from the first to the last, begins the title of a test', () => {
  const found = numbersIn(readTests())
  expect(numbers.filter((number) => !found.has(number))).toEqual([])
})

test('only titles of tests that run count', () => {
  const text = `
    describe('H01 a group', () => { it(\`H02 a test of \${name}\`, run) })
    test.each(['H07 a row'])('H03 of a table, %s', run)
    describe.each(ways).concurrent('H04 in turn', run)
    test.skipIf(isMissing)('H05 where it can run', run)
    // test('H08 is a comment', run)
    test.skip('H09 is left out', run)
    it.todo('H10 is not there yet')
    test('what H11 says, further on', run)
    test('H120 is another number', run)
    say('H13 is no title')
  `
  const found = numbersIn([parseSource('test/example.test.ts', text)])
  expect([...found]).toEqual(['H01', 'H02', 'H03', 'H04', 'H05'])
})
