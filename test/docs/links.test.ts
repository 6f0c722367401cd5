/**
 * README and the guides lead somewhere: every relative link is a file of the repository, and every
 * fragment a heading in it. README is for newcomers, so it is short, and in their order.
 */
import { existsSync, readFileSync, statSync } from 'node:fs'
import { dirname, join, normalize } from 'node:path'
import { expect, test } from 'vitest'
import { root } from '../architecture/source.ts'
import { guidePaths } from './examples.ts'

const documents = [...guidePaths(), 'SECURITY.md', 'ARCHITECTURE.md', 'CONTRIBUTING.md', 'CHANGELOG.md']
const read = (path: string): string => readFileSync(join(root, path), 'utf8')

/** The fragment that GitHub and the site give a heading. */
const fragmentOf = (heading: string): string =>
  heading
    .toLowerCase()
    .replace(/[`*]|[^\p{L}\p{N}\s_-]/gu, '')
    .trim()
    .replace(/\s/g, '-')

function fragmentsOf(text: string): readonly string[] {
  return [...text.replace(/^```.*?^```/gms, '').matchAll(/^#+ (.*)$/gm)].map(([, heading = '']) => fragmentOf(heading))
}

/** Links of a document to files that are not there, or to headings that these do not have. */
function deadLinks(path: string, text: string): readonly string[] {
  const links = [...text.replace(/^```.*?^```/gms, '').matchAll(/\]\(([^)\s]+)\)/g)].map(([, target = '']) => target)
  return links.filter((target) => {
    if (/^https?:/.test(target)) return false
    const [file = '', fragment] = target.split('#')
    const place = file === '' ? path : normalize(join(dirname(path), file))
    if (!existsSync(join(root, place))) return true
    return (
      fragment !== undefined && statSync(join(root, place)).isFile() && !fragmentsOf(read(place)).includes(fragment)
    )
  })
}

test('a dead link is seen', () => {
  const text =
    '# One `two`\n[a](README.md) [b](nowhere.md) [c](#one-two) [d](#three) [e](src) [f](https://example.com)\n'
  expect(deadLinks('a.md', text.replace('](#one-two)', '](SECURITY.md#reporting)'))).toEqual(['nowhere.md', '#three'])
})

test.each(documents)('%s leads somewhere', (path) => {
  expect(deadLinks(path, read(path))).toEqual([])
})

test('every guide can be reached from README', () => {
  const reached = new Set(['README.md'])
  for (const path of reached)
    for (const [, target = ''] of read(path).matchAll(/\]\(([^)#\s]+\.md)(?:#[^)]*)?\)/g))
      reached.add(normalize(join(dirname(path), target)))
  expect(guidePaths().filter((path) => !reached.has(path))).toEqual([])
})

test('README has at most 200 lines, in the order of a newcomer', () => {
  const text = read('README.md')
  expect(text.trimEnd().split('\n').length).toBeLessThanOrEqual(200)
  expect([...text.matchAll(/^## (.*)$/gm)].map(([, heading]) => heading)).toEqual([
    'Install',
    'Verify',
    'Send only to what was verified',
    'Hardware',
    'The demo',
    'Figures',
    'Links',
    'What is not built',
  ])
  for (const command of ['npm ci && npm run demo', 'npm ci && npm test', 'npm install veritee'])
    expect(text).toContain(command)
})
