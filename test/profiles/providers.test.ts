/**
 * The profiles that ship: each is one file, with a revision and a date of its own, that no module
 * knows of. Where the vectors are, their reports get the same verdicts from these files.
 */
import { readdirSync, readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { readProviderProfile } from '../../src/ai/index.ts'
import { type Case, outcomeOf, unexpectedIn } from '../ai/vector-case.ts'
import { findVectors } from '../support/vectors.ts'

const source = new URL('../../src/', import.meta.url)
const folder = new URL('profiles/providers/', source)
const textOf = (file: string): string => readFileSync(new URL(file, folder), 'utf8')
const shipped = readdirSync(folder).filter((file) => file.endsWith('.json'))

test('there are some', () => {
  expect(shipped.length).toBeGreaterThan(3)
})

describe.each(shipped)('%s', (file) => {
  test('is a profile, named by its name and revision, with a date', () => {
    const { name, revision, asOf, unproven } = readProviderProfile(JSON.parse(textOf(file)) as object)
    expect(file).toBe(`${name}.${revision}.json`)
    expect(new Date(asOf).toJSON()).toBe(`${asOf}T00:00:00.000Z`)
    for (const { why } of unproven) expect(why).toMatch(/^[A-Z].*\.$/)
  })

  test('has its line in the list', () => {
    const { asOf } = readProviderProfile(JSON.parse(textOf(file)) as object)
    const [line = ''] = textOf('README.md')
      .split('\n')
      .filter((one) => one.includes(`(${file})`))
    expect(line).toContain(asOf)
  })
})

test('no module knows of them', () => {
  const modules = readdirSync(source, { recursive: true, encoding: 'utf8' }).filter((path) => path.endsWith('.ts'))
  expect(modules.length).toBeGreaterThan(100)
  expect(modules.filter((path) => readFileSync(new URL(path, source), 'utf8').includes('profiles/providers'))).toEqual(
    [],
  )
})

const vectors = findVectors('private-ai')
if (!vectors.found) test.skip(vectors.skipLine, () => undefined)
else {
  const { read, manifest } = vectors
  const { cases } = manifest as { readonly cases: readonly Case[] }
  const given = (file: unknown): string => new TextDecoder().decode(read(String(file)))
  /** The file that ships for the profile of a case. */
  const ofCase = ({ kind, profile }: Case): string | undefined => {
    if (kind !== 'report') return undefined
    const { name, revision } = JSON.parse(given(profile)) as { readonly name: string; readonly revision: number }
    return shipped.find((file) => file === `${name}.${revision}.json`)
  }
  const found = cases.flatMap((one) => {
    const file = ofCase(one)
    return file === undefined ? [] : [[one.id, file, one] as const]
  })

  describe('reports of the vectors', () => {
    test('each profile has some', () => {
      expect([...new Set(found.map(([, file]) => file))].sort()).toEqual([...shipped].sort())
    })

    test.each(found)('%s, with %s', async (_id, file, one) => {
      const files = { bytesOf: read, textOf: (name: string) => (name === one.profile ? textOf(file) : given(name)) }
      expect(unexpectedIn(one, await outcomeOf(one, files))).toEqual([])
    })
  })
}
