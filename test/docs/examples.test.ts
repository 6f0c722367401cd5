/**
 * Every example of README, the guides and TSDoc compiles against the library as it is.
 */
import { expect, test } from 'vitest'
import { commentExamples, type Example, examplesIn, guideExamples, guidePaths, problemsOf } from './examples.ts'

test('examples are found by their fences, and known by their lines', () => {
  const text = 'One\n\n```ts\nconst a = 1\n```\n\n```js\nnot(this)\n```\n\n```ts\nb()\nc()\n```\n'
  expect(examplesIn('a.md', text)).toEqual([
    { path: 'a.md', line: 4, code: 'const a = 1\n' },
    { path: 'a.md', line: 12, code: 'b()\nc()\n' },
  ])
})

test('there are examples in README, in guides and in comments', () => {
  expect(guidePaths()).toContain('README.md')
  expect(new Set(guideExamples().map(({ path }) => path)).size).toBeGreaterThan(10)
  expect(commentExamples().length).toBeGreaterThan(25)
})

test('examples compile, and wrong ones are seen', () => {
  const wrong: readonly (readonly [code: string, problem: RegExp])[] = [
    [
      "import { verifyNitro } from 'veritee/nitro'\nawait verifyNitro(evidence, { referenceValues })\n",
      /wrong\.md:2: .*freshness/,
    ],
    [
      'await verifyNitro(evidence, { referenceValues, freshness: { nonce }, publickey: spki })\n',
      /wrong\.md:1: .*publickey/,
    ],
    ["import { verifyNothing } from 'veritee/nitro'\n", /wrong\.md:1: .*verifyNothing/],
    ["import { verifyNitro } from 'veritee/nitros'\n", /wrong\.md:1: .*nitros/],
    ['const { failure } = new Error("a")\n', /wrong\.md:1: .*failure/],
    ['whatThereIsNot(1)\n', /wrong\.md:1: .*whatThereIsNot/],
  ]
  const bad = wrong.map(([code], i): Example => ({ path: `${i}-wrong.md`, line: 1, code }))
  const problems = problemsOf([...bad, ...guideExamples(), ...commentExamples()])
  for (const [i, [, problem]] of wrong.entries())
    expect(problems.filter((text) => text.startsWith(`${i}-wrong.md`)).join('\n')).toMatch(problem)
  expect(problems.filter((text) => !/^\d+-wrong\.md/.test(text))).toEqual([])
})
