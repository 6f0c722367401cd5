/**
 * Both opinions on everything there is: the fixtures, the shared vectors, and every rule of a Nitro
 * verification broken alone. They accept the same, refuse the same, and read the same from what
 * they accept.
 */
import { describe, expect, test } from 'vitest'
import { make, omit } from '../formats/aws/nitro/made.ts'
import { negativeCases } from '../formats/aws/nitro/negative-cases.ts'
import { askBoth, type Both } from './agreement.ts'
import {
  armVectors,
  fixture,
  fixtures,
  intelVectors,
  nitroVectors,
  type Question,
  skipLine,
  snpVectors,
} from './corpus.ts'
import { explain, knownDifferences, unexplained } from './differences.ts'
import { foundQuestions } from './found.ts'

async function askAll(questions: readonly Question[]): Promise<Both[]> {
  const answers: Both[] = []
  for (const question of questions) answers.push(await askBoth(question))
  return answers
}

const seen: Both[] = []

async function expectAgreement(
  questions: readonly Question[],
  least: { readonly all: number; readonly accepted: number },
): Promise<void> {
  const answers = await askAll(questions)
  expect(unexplained(answers)).toEqual([])
  // Were nothing accepted, no claims would have been compared.
  expect(answers.length).toBeGreaterThanOrEqual(least.all)
  expect(answers.filter(({ second }) => second === 'accept').length).toBeGreaterThanOrEqual(least.accepted)
  seen.push(...answers)
}

describe('both opinions agree', () => {
  test('on every fixture', async () => {
    await expectAgreement(fixtures(), { all: 145, accepted: 45 })
  })

  test('on every rule of a Nitro verification, broken alone', async () => {
    const questions: Question[] = []
    for (const { rule, code, ...change } of negativeCases) {
      const { evidence, options } = await make(change)
      questions.push({ name: `${code}: ${rule}`, format: 'nitro', evidence, options })
    }
    await expectAgreement(questions, { all: 150, accepted: 0 })
  })

  test('on what mutation found, but for what the table decides', async () => {
    await expectAgreement(await foundQuestions(), { all: 3, accepted: 1 })
  })

  if (skipLine !== undefined) test.skip(skipLine)
  else {
    test("on AWS's vectors", async () => {
      await expectAgreement(nitroVectors(), { all: 180, accepted: 60 })
    })
    test("on Intel's vectors", async () => {
      await expectAgreement(intelVectors(), { all: 196, accepted: 60 })
    })
    test("on AMD's vectors", async () => {
      await expectAgreement(snpVectors(), { all: 983, accepted: 98 })
    })
    test("on Arm's vectors", async () => {
      await expectAgreement(armVectors(), { all: 253, accepted: 60 })
    })
  }

  test('and every line of the table is needed', () => {
    const reasons = new Set(seen.map((both) => explain(both)))
    expect(knownDifferences.filter(([, , reason]) => !reasons.has(reason))).toEqual([])
  })
})

test('a difference that is not in the table is told', async () => {
  const sound = await askBoth(fixture('nitro/valid'))
  expect(sound).toMatchObject({ first: 'accept', second: 'accept', why: '' })
  expect(unexplained([{ ...sound, second: 'refuse', why: 'cert-parse: it' }])).toEqual([
    'fixtures/nitro/valid: accept/refuse: cert-parse: it',
  ])
  expect(unexplained([{ ...sound, why: 'the two opinions differ in claims.nonce' }])).toHaveLength(1)
  const other = fixture('nitro/valid')
  expect(
    await askBoth({ ...other, options: omit(other.options as { trustAnchors: unknown }, 'trustAnchors') }),
  ).toMatchObject({
    first: 'refuse',
    second: 'refuse',
  })
})
