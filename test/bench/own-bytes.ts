/**
 * What an entry costs beside what it uses: its bundle, less a bundle of all that its folders import
 * from elsewhere.
 */
import { readFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { gzipSync } from 'node:zlib'
import { build, type Metafile } from 'esbuild'

const root = fileURLToPath(new URL('../..', import.meta.url))

/**
 * @param entry its source. @param folders its own, paths inside the repository. @returns bytes,
 *   minified and compressed
 */
export async function ownBytes(entry: string, folders: readonly string[]): Promise<number> {
  const used = new Map<string, Set<string>>()
  const whole = await bundled(`export * from './${entry}'`)
  const isOwn = (path: string): boolean => folders.some((own) => path.startsWith(`${own}/`))
  // Of its folders, what the entry bundles: others may have entries of their own there.
  for (const file of Object.keys(whole.metafile.inputs).filter(isOwn))
    for (const [names, target] of importsOf(file)) {
      if (isOwn(target)) continue
      const known = used.get(target) ?? new Set()
      for (const name of names) known.add(name)
      used.set(target, known)
    }
  const rest = [...used].map(([target, names]) => `export { ${[...names].join(', ')} } from './${target}'`).join('\n')
  return whole.bytes - (await bundled(rest)).bytes
}

/** Names that a file imports to run, and from where. */
function importsOf(path: string): (readonly [names: readonly string[], target: string])[] {
  const text = readFileSync(join(root, path), 'utf8')
  return [...text.matchAll(/^(?:import|export) \{([^}]*)\} from '(\.[^']*)'/gm)].map(([, names = '', target = '']) => [
    names
      .split(',')
      .map((name) => name.trim())
      .filter((name) => name !== '' && !name.startsWith('type '))
      .map((name) => name.replace(/ as .*/, '')),
    relative(root, join(root, dirname(path), target)),
  ])
}

async function bundled(contents: string): Promise<{ readonly bytes: number; readonly metafile: Metafile }> {
  const { outputFiles, metafile } = await build({
    absWorkingDir: root,
    stdin: { contents, resolveDir: root },
    bundle: true,
    minify: true,
    format: 'esm',
    target: 'es2022',
    platform: 'neutral',
    legalComments: 'none',
    metafile: true,
    write: false,
  })
  const bytes = outputFiles.reduce((total, { contents: code }) => total + gzipSync(code, { level: 9 }).length, 0)
  return { bytes, metafile }
}
