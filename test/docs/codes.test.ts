/**
 * Every reason code has its page, in the file of its family, and no page is of an unknown code.
 */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import ts from 'typescript'
import { describe, expect, test } from 'vitest'
import { readReasonCodes } from '../../.config/docs/codes.ts'
import { root } from '../architecture/source.ts'

const folder = join(root, 'src/core/codes')

/** The unions of `codes.ts`: the name of each family's file, and its codes. */
function families(): ReadonlyMap<string, readonly string[]> {
  const path = join(root, 'src/core/codes.ts')
  const tree = ts.createSourceFile(path, readFileSync(path, 'utf8'), ts.ScriptTarget.Latest, true)
  const found = new Map<string, readonly string[]>()
  tree.forEachChild((node) => {
    if (!ts.isTypeAliasDeclaration(node) || node.name.text === 'AttestationErrorCode') return
    const name = node.name.text.replace(/ErrorCode$/, '').replace(/(?<!^)([A-Z])/g, '-$1')
    const codes = [...node.type.getText().matchAll(/'([a-z0-9-]+)'/g)].map(([, code = '']) => code)
    found.set(`${name.toLowerCase()}.md`, codes)
  })
  return found
}

test('there is a file for each family, and none besides', () => {
  const files = readdirSync(folder).filter((name) => name !== 'README.md')
  expect(files.sort()).toEqual([...families().keys()].sort())
})

describe.each([...families()])('%s', (file, codes) => {
  const pages = readReasonCodes().filter((page) => page.path === `src/core/codes/${file}`)

  test('has a page for each code of its union, in its order, and for no other', () => {
    expect(pages.map(({ code }) => code)).toEqual(codes)
  })

  test('says what each means, and what users and operators do', () => {
    for (const { code, means, user, operator } of pages) {
      expect({ code, holds: means.length > 20 && user.length > 20 && operator.length > 10 }).toEqual({
        code,
        holds: true,
      })
      for (const text of [means, user, operator]) expect(text).toMatch(/[.)!]$/)
    }
  })

  test('is listed in the index', () => {
    const index = readFileSync(join(folder, 'README.md'), 'utf8')
    const row = index.split('\n').find((line) => line.includes(`](${file})`)) ?? ''
    expect([...row.matchAll(/`([a-z0-9-]+)`/g)].map(([, code]) => code)).toEqual(codes)
  })
})

test('no two codes say the same to operators and users by mistake', () => {
  const seen = new Map<string, string>()
  for (const { code, means } of readReasonCodes()) {
    expect({ code, like: seen.get(means) }).toEqual({ code, like: undefined })
    seen.set(means, code)
  }
})
