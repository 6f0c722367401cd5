/**
 * No test has a time limit of its own: work that is only slow never fails. Hangs end at the one far
 * limit of patience.ts, and are told long before.
 */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import ts from 'typescript'
import { describe, expect, test, vi } from 'vitest'
import type { TestCase, TestModule } from 'vitest/node'
import { root } from '../architecture/source.ts'
import { within } from '../portable/programs.ts'
import { patienceMs } from './patience.ts'
import { settle } from './settle.ts'
import { tellStillRunning } from './still-running.ts'

const runners = new Set(['test', 'it', 'describe', 'beforeAll', 'beforeEach', 'afterAll', 'afterEach'])
/** Functions whose first argument is a limit. */
const limited = new Set(['within', 'setDefaultTimeout', 'setDefaultNavigationTimeout'])
/** What is killed when it does not end by itself: nothing fails because of it. */
const kills = ['test/portable/browsers.ts: within(10_000']

/** Limits in milliseconds that are written down as numbers, and signals that end by themselves. */
function limitsIn(path: string, text: string): string[] {
  // Most files have none, and parsing takes time.
  if (!/timeout|within\(|setDefault\w+\(|\d\s*,?\s*\)/i.test(text)) return []
  const tree = ts.createSourceFile(path, text, ts.ScriptTarget.Latest)
  const found: string[] = []
  const textOf = (node: ts.Node): string => node.getText(tree)
  const visit = (node: ts.Node): void => {
    const limit = ts.isCallExpression(node) ? limitOfCall(node, textOf) : limitOfOption(node, textOf)
    if (limit !== undefined) found.push(`${path}: ${limit}`)
    ts.forEachChild(node, visit)
  }
  visit(tree)
  return found
}

function limitOfCall(
  { expression, arguments: given }: ts.CallExpression,
  textOf: (node: ts.Node) => string,
): string | undefined {
  const last = given.at(-1)
  const called = ts.isPropertyAccessExpression(expression) ? expression.name.text : ''
  if (called === 'timeout' && textOf(expression) === 'AbortSignal.timeout') return 'AbortSignal.timeout'
  const name = ts.isIdentifier(expression) ? expression.text : called
  const first = given[0]
  if (limited.has(name) && isNumber(first)) return `${name}(${first === undefined ? '' : textOf(first)}`
  if (given.length < 2 || last === undefined || !isNumber(last)) return undefined
  // `test.each(table)(title, body, limit)` is called by a call.
  const [runner = ''] = /^\w+/.exec(textOf(expression)) ?? []
  return runners.has(runner) ? `${runner}(…, ${textOf(last)})` : undefined
}

function limitOfOption(node: ts.Node, textOf: (node: ts.Node) => string): string | undefined {
  if (!ts.isPropertyAssignment(node) || !ts.isIdentifier(node.name)) return undefined
  return /timeout$/i.test(node.name.text) && isNumber(node.initializer) ? textOf(node) : undefined
}

function isNumber(node: ts.Node | undefined): boolean {
  if (node === undefined) return false
  return ts.isBinaryExpression(node) ? isNumber(node.left) || isNumber(node.right) : ts.isNumericLiteral(node)
}

describe('H16 green for a stranger', () => {
  test.each([
    'test("a", () => undefined, 120_000)',
    'test.each([1])("a", () => undefined, 2 * 60_000)',
    'it.skipIf(true)("a", () => undefined, 5000)',
    'beforeAll(() => undefined, 300_000)',
    'within(30_000, "the page", page)',
    'page.setDefaultTimeout(1000)',
    'page.goto(a, { timeout: 60_000 })',
    'launch({ protocolTimeout: 60 * 1000 })',
    'fetch(a, { signal: AbortSignal.timeout(milliseconds) })',
  ])('a limit is found: %s', (text) => {
    expect(limitsIn('a.ts', text)).toHaveLength(1)
  })

  test.each([
    'test("a", () => undefined)',
    'test.each([1, 2])("a", () => undefined)',
    'within(patienceMs, "the page", page)',
    'launch({ timeout: patienceMs })',
    'fetch(a, { signal: AbortSignal.abort() })',
  ])('this is none: %s', (text) => {
    expect(limitsIn('a.ts', text)).toEqual([])
  })

  test('no test has a limit of its own', () => {
    const paths = readdirSync(`${root}test`, { recursive: true, encoding: 'utf8' })
      .map((path) => join('test', path))
      .filter((path) => path.endsWith('.ts') && !/^test\/(?:bench\/|\.output\/|support\/limits)/.test(path))
    expect(paths.length).toBeGreaterThan(150)
    const limits = paths.flatMap((path) => limitsIn(path, readFileSync(`${root}${path}`, 'utf8')))
    // It is seen, so others would be.
    expect(limits).toEqual(kills)
    expect(patienceMs).toBeGreaterThanOrEqual(3_600_000)
  })

  test('scripts that run beside the tests have none either', () => {
    const scripts = readdirSync(`${root}.ci`).map((name) => readFileSync(`${root}.ci/${name}`, 'utf8'))
    expect(scripts.filter((text) => /\btimeout\b/.test(text))).toEqual([])
  })

  test('a wait that is given up says what for, and after how long', async () => {
    vi.useFakeTimers()
    try {
      const given = within(patienceMs, 'the page of WebKit', new Promise(() => undefined)).catch(String)
      vi.advanceTimersByTime(patienceMs - 1)
      expect(vi.getTimerCount()).toBe(1)
      vi.advanceTimersByTime(1)
      expect(await given).toBe('Error: the page of WebKit took longer than 3600 s')
    } finally {
      vi.useRealTimers()
    }
  })

  test('what runs for long is told by name, until it ends', () => {
    vi.useFakeTimers()
    try {
      const lines: string[] = []
      const reporter = tellStillRunning((line) => lines.push(line))
      const module: unknown = { id: '1', moduleId: `${process.cwd()}/test/a.test.ts` }
      const testCase: unknown = { id: '2', fullName: 'group > hangs', module }
      void reporter.onTestRunStart?.([])
      void reporter.onTestModuleQueued?.(module as TestModule)
      vi.advanceTimersByTime(60_000)
      void reporter.onTestCaseReady?.(testCase as TestCase)
      vi.advanceTimersByTime(240_000)
      expect(lines.splice(0)).toEqual(['still running after 5 minutes: test/a.test.ts'])
      vi.advanceTimersByTime(300_000)
      expect(lines.splice(0)).toEqual([
        'still running after 10 minutes: test/a.test.ts',
        'still running after 9 minutes: test/a.test.ts > group > hangs',
      ])
      void reporter.onTestCaseResult?.(testCase as TestCase)
      void reporter.onTestModuleEnd?.(module as TestModule)
      vi.advanceTimersByTime(600_000)
      expect(lines).toEqual([])
      void reporter.onTestRunEnd?.([], [], 'passed')
      expect(vi.getTimerCount()).toBe(0)
    } finally {
      vi.useRealTimers()
    }
  })

  test('settle waits for WebCrypto, however many turns that takes', async () => {
    let isDone = false
    void crypto.subtle.digest('SHA-512', new Uint8Array(1 << 25)).then(() => (isDone = true))
    await settle(1)
    expect(isDone).toBe(true)
  })
})
