/**
 * What of the repository's Markdown is a page of the site, under which title, in which group and at which address.
 */
import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join, posix } from 'node:path'
import { fileURLToPath, URL } from 'node:url'
import { readReasonCodes } from './codes.ts'

export const root: string = fileURLToPath(new URL('../..', import.meta.url))

/** A page: Markdown, and where it stands. */
export interface Page {
  /** Inside the repository; of a page that is made, where it would be. */
  readonly path: string
  readonly title: string
  readonly group: string
  /** Inside the site, without an ending. */
  readonly address: string
  readonly text: string
  readonly children: readonly Page[]
}

/** Groups in the order of the navigation. */
export const groups = ['Start', 'Tasks', 'Hardware', 'Around it', 'Security', 'Reason codes'] as const

const tasks = ['rollout', 'key-rotation', 'refusals', 'monitoring', 'moving', 'page-code']
const start = ['src/README.md', 'src/core/README.md', 'src/client/README.md', 'src/gateway/README.md']

function groupOf(path: string): (typeof groups)[number] {
  if (start.includes(path)) return 'Start'
  if (tasks.some((task) => path.endsWith(`/${task}.md`))) return 'Tasks'
  return path.startsWith('src/formats/') ? 'Hardware' : path.startsWith('src/') ? 'Around it' : 'Security'
}

/** `src/formats/aws/README.md` is `guides/formats-aws`, `src/core/refusals.md` is `guides/refusals`. */
function addressOf(path: string): string {
  const [, folder = '', file = ''] = /^(?:src\/)?(?:(.*)\/)?([^/]*)\.md$/.exec(path) ?? []
  if (file !== 'README') return `guides/${file.toLowerCase()}`
  return `guides/${folder === '' || folder === 'src' ? 'loading' : folder.replaceAll('/', '-')}`
}

/** Every guide, and what is said of security: those that are found, so that a new guide is on the site. */
export function readGuides(): readonly Page[] {
  const found = readdirSync(join(root, 'src'), { recursive: true, encoding: 'utf8' })
    .map((name) => `src/${name.replaceAll('\\', '/')}`)
    .filter((path) => path.endsWith('.md') && !path.startsWith('src/core/codes/'))
  const known = [...start, ...tasks.map((task) => found.find((path) => path.endsWith(`/${task}.md`)) ?? '')]
  const rank = (path: string): number => (known.includes(path) ? known.indexOf(path) : known.length)
  return [...found.sort().sort((a, b) => rank(a) - rank(b)), 'SECURITY.md', 'BENCHMARKS.md', 'CHANGELOG.md'].map(
    (path) => {
      const text = readFileSync(join(root, path), 'utf8')
      return { path, title: titleOf(text), group: groupOf(path), address: addressOf(path), text, children: [] }
    },
  )
}

/** What README says, as the site's first page. */
export function readFrontPage(): string {
  return readFileSync(join(root, 'README.md'), 'utf8')
}

/** A page for all reason codes, below it one for each family, below these one for each code. */
export function readCodePages(): Page {
  const path = 'src/core/codes/README.md'
  const codes = readReasonCodes()
  const families = [...new Set(codes.map((code) => code.path))].map((family): Page => {
    const text = readFileSync(join(root, family), 'utf8')
    const own = codes.filter((code) => code.path === family)
    const name = posix.basename(family, '.md')
    const [intro = ''] = text.split(/^## /m)
    const rows = own.map(({ code, means }) => `| [\`${code}\`](${code}.md) | ${means} |`)
    return {
      path: family,
      title: titleOf(text),
      group: 'Reason codes',
      address: `codes/family-${name}`,
      text: `${intro}| code | what it means |\n| --- | --- |\n${rows.join('\n')}\n`,
      children: own.map(({ code, means, user, operator }) => ({
        path: `src/core/codes/${code}.md`,
        title: code,
        group: 'Reason codes',
        address: `codes/${code}`,
        text: `# ${code}\n\n${factsOf(code)}\n\n## What it means\n\n${means}\n\n## What to tell a user\n\n> ${user}\n\n## What to do as an operator\n\n${operator}\n\n[When production refuses](../refusals.md) is the way from a code to its cause. Family: [${titleOf(text)}](${name}.md).\n`,
        children: [],
      })),
    }
  })
  // A code in the table of the index leads to its page.
  const text = readFileSync(join(root, path), 'utf8').replace(/^\| \[.*$/gm, (row) =>
    row.replace(/`([a-z0-9-]+)`/g, '[`$1`]($1.md)'),
  )
  return { path, title: titleOf(text), group: 'Reason codes', address: 'codes/index', text, children: families }
}

function factsOf(code: string): string {
  return code.startsWith('policy-')
    ? 'Thrown in an `AppraisalError`: the evidence is authentic, and not what you expect. `veritee verify` exits with 3.'
    : 'Thrown in a `VerificationError`: stop. `veritee verify` exits with 2.'
}

function titleOf(text: string): string {
  const title = /^# (.*)$/m.exec(text)?.[1]
  if (title === undefined) throw new Error(`a document begins without a title: ${text.slice(0, 60)}`)
  return title.replaceAll('`', '')
}

/**
 * Markdown for another place: relative links lead to the page that the site has of their target, or to the repository,
 * or are text where neither has an address.
 * @param to the address of the page that the text is for
 */
export function relink(text: string, from: string, to: string, { pages, repository }: Places): string {
  return text.replace(/(?<!!)\[([^\]]*)\]\(([^)\s]+)\)/g, (whole, label: string, target: string) => {
    if (/^(?:https?:|#)/.test(target)) return whole
    const [file = '', fragment] = target.split('#')
    const place = posix.normalize(posix.join(dirname(from), file))
    const address = place === 'README.md' ? 'index' : pages.get(place)
    const hash = fragment === undefined ? '' : `#${fragment}`
    if (address !== undefined) return `[${label}](${posix.relative(dirname(to), `${address}.html`)}${hash})`
    return repository === undefined ? label : `[${label}](${repository}/blob/main/${place})`
  })
}

/** Where targets of links are: pages by path, and the repository's address, where it has one. */
export interface Places {
  readonly pages: ReadonlyMap<string, string>
  readonly repository: string | undefined
}
