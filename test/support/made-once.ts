/**
 * What several test files need and what takes long to make, made once: a folder below test/.output
 * whose name holds a digest of everything that it is made from. Test files run side by side in
 * processes of their own, so the first makes it and the others wait.
 */
import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { mkdir, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { patienceMs } from './patience.ts'

const repository = fileURLToPath(new URL('../..', import.meta.url))
const output = join(repository, 'test/.output')
/** What was made more than a day ago for other sources is of no use now. */
const staleMs = 86_400_000

/**
 * A digest of files and of everything in folders, by their paths in the repository, and of what
 * runs them.
 */
export async function digestOf(sources: readonly string[]): Promise<string> {
  const digest = createHash('sha256').update(process.version)
  for (const source of [...sources, 'package-lock.json'])
    for (const path of await filesOf(source))
      digest.update(`\0${path}\0`).update(await readFile(join(repository, path)))
  return digest.digest('hex').slice(0, 32)
}

async function filesOf(path: string): Promise<string[]> {
  if (!(await stat(join(repository, path))).isDirectory()) return [path]
  const names = await readdir(join(repository, path))
  return (await Promise.all(names.sort().map((name) => filesOf(`${path}/${name}`)))).flat()
}

/**
 * @param name what it is: one word
 * @param sources files and folders that it is made from
 * @param make fills an empty folder, which is moved afterwards: nothing in it may know where it is
 * @returns the folder; to be read only
 */
export async function madeOnce(
  name: string,
  sources: readonly string[],
  make: (folder: string) => Promise<void>,
): Promise<string> {
  const folder = join(output, `${name}-${await digestOf(sources)}`)
  const lock = `${folder}.lock`
  await mkdir(output, { recursive: true })
  while (!existsSync(folder)) {
    if (!(await take(lock))) {
      await new Promise((resolve) => setTimeout(resolve, 100))
      continue
    }
    const unfinished = `${folder}.${process.pid}`
    try {
      // Another may have finished between the two looks.
      if (existsSync(folder)) continue
      await removeStale(name)
      await mkdir(unfinished)
      await make(unfinished)
      await rename(unfinished, folder)
    } finally {
      await rm(unfinished, { recursive: true, force: true })
      await rm(lock, { force: true })
    }
  }
  return folder
}

/** Whether the lock is ours now. One whose process died is broken first. */
async function take(lock: string): Promise<boolean> {
  try {
    await writeFile(lock, String(process.pid), { flag: 'wx' })
    return true
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
  }
  const holder = Number(await readFile(lock, 'utf8').catch(() => ''))
  const since = await stat(lock).then(
    ({ mtimeMs }) => mtimeMs,
    () => Date.now(),
  )
  // An empty one was made just now. After a restart, its number may be that of another process.
  const isDead = (holder > 0 && !isAlive(holder)) || Date.now() - since > patienceMs
  if (isDead) await rm(lock, { force: true })
  return false
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}

async function removeStale(name: string): Promise<void> {
  for (const entry of await readdir(output)) {
    const path = join(output, entry)
    if (!entry.startsWith(`${name}-`) || entry.endsWith('.lock')) continue
    const { mtimeMs } = await stat(path)
    if (Date.now() - mtimeMs > staleMs) await rm(path, { recursive: true, force: true })
  }
}
