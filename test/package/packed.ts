/**
 * The package as npm would publish it: built and packed in a copy of the repository, so that
 * nothing that lies about in `dist` gets into it, once for all test files that need it.
 */
import { execFile } from 'node:child_process'
import { cp, mkdir, readdir, readFile, symlink, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { madeOnce } from '../support/made-once.ts'

const run = promisify(execFile)
const repository = fileURLToPath(new URL('../..', import.meta.url))
const modules = join(repository, 'node_modules')

export interface Packed {
  readonly tarball: string
  /** Paths in the package, sorted. */
  readonly files: readonly string[]
  /** What the build printed. */
  readonly printed: string
  /** The copy of the repository, with `dist`. */
  readonly copy: string
}

/** What the package is made from. */
const sources = [
  'src',
  '.config',
  'demo/examples/page',
  'package.json',
  'tsconfig.json',
  'README.md',
  'LICENSE',
  'CHANGELOG.md',
  'SECURITY.md',
]

/** Copies what the package is made from, and nothing that was built, into a new folder. */
export async function copyRepository(copy: string): Promise<void> {
  for (const source of sources) await cp(join(repository, source), join(copy, source), { recursive: true })
  await symlink(modules, join(copy, 'node_modules'))
}

/** `npm run build` in a copy; what it printed. */
export async function buildIn(copy: string, ...parameters: readonly string[]): Promise<string> {
  const { stdout } = await run(process.execPath, ['.config/build.mjs', ...parameters], { cwd: copy })
  return stdout
}

/** The package, to be read only. */
export async function pack(): Promise<Packed> {
  const folder = await madeOnce('package', sources, packIn)
  const { filename, ...packed } = JSON.parse(await readFile(join(folder, 'packed.json'), 'utf8')) as PackedFile
  return { ...packed, copy: join(folder, 'copy'), tarball: join(folder, filename) }
}

type PackedFile = Pick<Packed, 'files' | 'printed'> & { readonly filename: string }

async function packIn(folder: string): Promise<void> {
  const copy = join(folder, 'copy')
  await copyRepository(copy)
  const printed = await buildIn(copy)
  const { stdout } = await run('npm', ['pack', '--ignore-scripts', '--json', '--pack-destination', folder], {
    cwd: copy,
    env: { ...process.env, npm_config_cache: join(folder, 'cache') },
  })
  const [{ filename, files }] = JSON.parse(stdout) as [{ filename: string; files: { path: string }[] }]
  const packed: PackedFile = { printed, filename, files: files.map(({ path }) => path).sort() }
  await writeFile(join(folder, 'packed.json'), JSON.stringify(packed))
}

/** Makes a project that has the package installed, as `npm install` does it, without a network. */
export async function install({ tarball }: Packed, project: string): Promise<void> {
  const own = join(project, 'node_modules/veritee')
  await mkdir(own, { recursive: true })
  await run('tar', ['-xzf', tarball, '--strip-components=1', '-C', own])
  await installDependencies(project, { veritee: '*' })
}

/**
 * Makes a project that has what the package depends on, taken from here.
 * @param others what it says that it depends on besides
 */
export async function installDependencies(project: string, others: Record<string, string> = {}): Promise<void> {
  const { dependencies = {} } = JSON.parse(await readFile(join(repository, 'package.json'), 'utf8')) as {
    dependencies?: Record<string, string>
  }
  for (const name of Object.keys(dependencies))
    await cp(join(modules, name), join(project, 'node_modules', name), { recursive: true })
  await writeFile(
    join(project, 'package.json'),
    JSON.stringify({ type: 'module', dependencies: { ...dependencies, ...others } }),
  )
}

/**
 * Makes a project that has everything that is here: what the package depends on, what it can be
 * used with, and what these depend on.
 */
export async function linkDependencies(project: string): Promise<void> {
  const { dependencies = {}, peerDependencies = {} } = JSON.parse(
    await readFile(join(repository, 'package.json'), 'utf8'),
  ) as Partial<Record<'dependencies' | 'peerDependencies', Record<string, string>>>
  await mkdir(join(project, 'node_modules'))
  for (const name of await readdir(modules)) await symlink(join(modules, name), join(project, 'node_modules', name))
  await writeFile(
    join(project, 'package.json'),
    JSON.stringify({ type: 'module', dependencies: { ...dependencies, ...peerDependencies } }),
  )
}

/** Gives a project packages as they are installed here, found from where they are. */
export async function linkPackages(project: string, names: readonly string[]): Promise<void> {
  for (const name of names) {
    const link = join(project, 'node_modules', name)
    await mkdir(dirname(link), { recursive: true })
    await symlink(join(modules, name), link)
  }
}

/** Every file below a folder, with its content, by path. */
export async function contentsOf(folder: string): Promise<Record<string, string>> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true })
  const paths = entries.filter((entry) => entry.isFile()).map(({ parentPath, name }) => join(parentPath, name))
  return Object.fromEntries(
    await Promise.all(
      paths.sort().map(async (path) => [path.slice(folder.length + 1), await readFile(path, 'utf8')] as const),
    ),
  )
}
