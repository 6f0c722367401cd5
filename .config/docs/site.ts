/**
 * The reference site: TypeDoc, with its own theme, over every entry that package.json exports, the guides and the reason codes.
 * Static files without anything inline, so that they can be served under a strict policy, which they also state themselves.
 */
import { readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import {
  Application,
  Comment,
  Converter,
  DocumentReflection,
  JSX,
  KindRouter,
  LogLevel,
  type ProjectReflection,
  type Reflection,
  ReflectionKind,
} from 'typedoc'
import { groups, type Page, readCodePages, readFrontPage, readGuides, relink, root } from './guides.ts'

/** What the pages run under; each says so in a `meta` element. */
export const contentSecurityPolicy =
  "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none'"

/** What TypeDoc has inline, and here is a file: the theme that the reader chose, before anything is drawn. */
const inlineScript = /<script>(document\.documentElement\.dataset\.theme[^<]*)<\/script>/

interface Manifest {
  readonly version: string
  readonly exports: Readonly<Record<string, string | { readonly default: string }>>
  readonly repository?: { readonly url: string }
}

/**
 * Writes the site.
 * @returns how many pages it has, and everything that TypeDoc complains about
 */
export async function buildDocs(
  folder: string,
): Promise<{ readonly pages: number; readonly warnings: readonly string[] }> {
  const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as Manifest
  const repository = manifest.repository?.url.replace(/^git\+|\.git$/g, '')
  const entries = Object.entries(manifest.exports).flatMap(([subpath, target]) =>
    typeof target === 'string'
      ? []
      : [{ name: `veritee${subpath.slice(1)}`, source: target.default.replace(/^\.\/dist\/(.*)\.js$/, 'src/$1.ts') }],
  )
  // What several entries export is explained where it comes first: with a format, not with the entry that loads all of them.
  entries.sort((a, b) => Number(a.name === 'veritee') - Number(b.name === 'veritee'))
  const documents = [...readGuides(), readCodePages()]
  const places = { pages: new Map(flat(documents).map(({ path, address }) => [path, address])), repository }
  const app = await Application.bootstrap({
    entryPoints: entries.map(({ source }) => join(root, source)),
    // With the types of Node, for the sources of evidence.
    tsconfig: join(root, '.config/docs/tsconfig.json'),
    name: `veritee ${manifest.version}`,
    readme: 'none',
    router: 'veritee',
    disableGit: true,
    basePath: root,
    ...(repository === undefined
      ? { disableSources: true }
      : { sourceLinkTemplate: `${repository}/blob/main/{path}#L{line}` }),
    excludeInternal: true,
    sort: ['source-order'],
    groupOrder: [...groups, 'Entries', 'Functions', 'Interfaces', 'Type Aliases', 'Variables', 'Classes', '*'],
    // The navigation is a list of links: what is below an entry or a family is on its page.
    navigationLeaves: [...entries.map(({ name }) => name), 'Reason codes'],
    navigation: { includeGroups: true, excludeReferences: true, includeFolders: false, compactFolders: false },
    categorizeByGroup: false,
    hideGenerator: true,
    includeHierarchySummary: false,
    searchInComments: true,
    searchInDocuments: true,
    lightHighlightTheme: 'github-light-high-contrast',
    darkHighlightTheme: 'github-dark-high-contrast',
    highlightLanguages: ['ts', 'js', 'html', 'json', 'sh', 'rust', 'http', 'css'],
    customCss: join(root, '.config/docs/site.css'),
    // What a cache holds says nothing to its owner.
    intentionallyNotExported: ['crypto/memory.ts:Remembered'],
    validation: { notExported: true, invalidLink: true, invalidPath: true, rewrittenLink: true, notDocumented: false },
    skipErrorChecking: true,
  })
  const warnings: string[] = []
  const { log } = app.logger
  app.logger.log = (message, level): void => {
    if (level >= LogLevel.Warn) warnings.push(message)
    else log.call(app.logger, message, LogLevel.Verbose)
  }

  app.renderer.defineRouter(
    'veritee',
    class extends KindRouter {
      protected override getIdealBaseName(reflection: Reflection): string {
        if (reflection instanceof DocumentReflection)
          return addresses.get(reflection) ?? super.getIdealBaseName(reflection)
        if (reflection.kindOf(ReflectionKind.Module)) return `entries/${reflection.name.replaceAll('/', '-')}`
        return super.getIdealBaseName(reflection)
      }
    },
  )
  const addresses = new Map<Reflection, string>()
  app.converter.on(Converter.EVENT_RESOLVE_BEGIN, ({ project }) => {
    nameEntries(project, entries)
    project.readme = [
      { kind: 'text', text: relink(readFrontPage(), 'README.md', 'index', places).replace(/^# .*\n/m, '') },
    ]
    for (const page of documents) addPage(project, page)
  })
  function addPage(parent: ProjectReflection | DocumentReflection, page: Page): void {
    const text = relink(page.text, page.path, page.address, places)
    const document = new DocumentReflection(page.title, parent, [{ kind: 'text', text }], { group: page.group })
    addresses.set(document, page.address)
    parent.addChild(document)
    const project = parent instanceof DocumentReflection ? parent.project : parent
    project.registerReflection(document, undefined, undefined)
    for (const child of page.children) addPage(document, child)
  }
  app.renderer.hooks.on('head.begin', () =>
    JSX.createElement('meta', { 'http-equiv': 'Content-Security-Policy', content: contentSecurityPolicy }),
  )

  const project = await app.convert()
  if (project === undefined) throw new Error(`TypeDoc has converted nothing: ${warnings.join('\n')}`)
  app.validate(project)
  await rm(folder, { recursive: true, force: true })
  await app.generateDocs(project, folder)
  const pages = await finish(folder)
  return { pages, warnings }
}

const flat = (pages: readonly Page[]): readonly Page[] => pages.flatMap((page) => [page, ...flat(page.children)])

/** Calls the modules what programs import, and gives them the comment that their file begins with. */
function nameEntries(
  project: ProjectReflection,
  entries: readonly { readonly name: string; readonly source: string }[],
): void {
  for (const module of project.children ?? []) {
    const entry = entries.find(({ source }) => join(root, source) === module.sources?.[0]?.fullFileName)
    if (entry === undefined) throw new Error(`no entry is ${module.name}`)
    module.name = entry.name
    const [, comment = ''] = /^\/\*\*(.*?)\*\//s.exec(readFileSync(join(root, entry.source), 'utf8')) ?? []
    const text = comment.replace(/^ *\* ?/gm, '').trim()
    module.comment ??= new Comment([{ kind: 'text', text }])
  }
}

/**
 * Puts what is inline on the pages into files beside the others, and says which part of a page is its main one.
 */
async function finish(folder: string): Promise<number> {
  const names = (await readdir(folder, { recursive: true })).filter((name) => name.endsWith('.html'))
  let script = ''
  for (const name of names) {
    const path = join(folder, name)
    const text = await readFile(path, 'utf8')
    const found = inlineScript.exec(text)
    if (found === null) throw new Error(`${name} has no inline script: TypeDoc has changed`)
    script = found[1] ?? ''
    const up = '../'.repeat(name.split('/').length - 1)
    const finished = text
      .replace(found[0], `<script src="${up}assets/theme.js"></script>`)
      .replace('<div class="col-content">', '<div class="col-content" role="main">')
      .replace('<div class="col-sidebar">', '<div class="col-sidebar" role="complementary" aria-label="On this site">')
      .replaceAll('style="text-align:right"', 'class="right"')
      // What opens and closes has no link in it, and what scrolls can be reached by keyboard.
      .replace(/<summary.*?<\/summary>/gs, (summary) => summary.replace(/<a href="#.*?<\/a>/gs, ''))
      .replace(/<table>.*?<\/table>/gs, '<div class="wide" tabindex="0">$&</div>')
    await writeFile(path, orderHeadings(finished))
  }
  await writeFile(join(folder, 'assets/theme.js'), `${script}\n`)
  // A style element that a script makes is inline. A style sheet that a script makes is not.
  const main = join(folder, 'assets/main.js')
  const code = await readFile(main, 'utf8')
  const element = 'document.head.appendChild(document.createElement("style"))'
  if (code.split(element).length !== 2)
    throw new Error('main.js makes no style element, or several: TypeDoc has changed')
  await writeFile(
    main,
    code.replace(
      element,
      '(sheet=>(document.adoptedStyleSheets=[sheet],{dataset:{},set innerHTML(text){sheet.replaceSync(text)}}))(new CSSStyleSheet)',
    ),
  )
  return names.length
}

/** No heading is more than one step below the one before it: readers who jump from heading to heading miss no level. */
function orderHeadings(text: string): string {
  let before = 0
  return text.replace(/<h([1-6])(?=[ >])(.*?)<\/h\1>/gs, (_, level: string, rest: string) => {
    before = Math.min(Number(level), before + 1)
    return `<h${before}${rest}</h${before}>`
  })
}
