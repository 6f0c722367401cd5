/**
 * What an entry costs beside what it uses: its bundle, less a bundle of all that its folders import from elsewhere.
 */
import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { gzipSync } from 'node:zlib'
import { build } from 'esbuild'

const root = fileURLToPath(new URL('../..', import.meta.url))

/** @param entry its source. @param folders its own, paths inside the repository. @returns bytes, minified and compressed */
export async function ownBytes(entry: string, folders: readonly string[]): Promise<number> {
  const used = new Map<string, Set<string>>()
  for (const folder of folders)
    for (const file of readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' }).filter((name) =>
      name.endsWith('.ts'),
    ))
      for (const [names, target] of importsOf(join(folder, file))) {
        if (folders.some((own) => target.startsWith(`${own}/`))) continue
        const known = used.get(target) ?? new Set()
        for (const name of names) known.add(name)
        used.set(target, known)
      }
  const rest = [...used].map(([target, names]) => `export { ${[...names].join(', ')} } from './${target}'`).join('\n')
  return (await bytesOf(`export * from './${entry}'`)) - (await bytesOf(rest))
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

async function bytesOf(contents: string): Promise<number> {
  const { outputFiles } = await build({
    stdin: { contents, resolveDir: root },
    bundle: true,
    minify: true,
    format: 'esm',
    target: 'es2022',
    platform: 'neutral',
    legalComments: 'none',
    write: false,
  })
  return outputFiles.reduce((total, { contents: bytes }) => total + gzipSync(bytes, { level: 9 }).length, 0)
}
