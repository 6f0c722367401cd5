/**
 * What is made once for all test files: by one of them, whole or not at all.
 */
import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { readdir, readFile, rm, utimes, writeFile } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { afterEach, describe, expect, test } from 'vitest'
import { digestOf, madeOnce } from './made-once.ts'

const name = `probe${process.pid}`
const sources = ['tsconfig.json', '.config']
const made: string[] = []
let times = 0

async function make(folder: string): Promise<void> {
  times++
  await writeFile(join(folder, 'file'), 'made')
}

async function once(making = make): Promise<string> {
  const folder = await madeOnce(name, sources, making)
  made.push(folder)
  return folder
}

afterEach(async () => {
  times = 0
  for (const folder of made.splice(0)) await rm(folder, { recursive: true, force: true })
})

describe('H16 made once', () => {
  test('by the first of several, and found by those that come later', async () => {
    const folders = await Promise.all([once(), once(), once()])
    expect(new Set(folders).size).toBe(1)
    expect(await once()).toBe(folders[0])
    expect(times).toBe(1)
    expect(await readFile(join(folders[0], 'file'), 'utf8')).toBe('made')
    const left = (await readdir(dirname(folders[0]))).filter((entry) => entry.startsWith(name))
    expect(left).toEqual([basename(folders[0])])
  })

  test('what failed leaves nothing, and is made anew', async () => {
    const failing = async (folder: string): Promise<void> => {
      await make(folder)
      throw new Error('no room')
    }
    await expect(once(failing)).rejects.toThrow('no room')
    expect(await readFile(join(await once(), 'file'), 'utf8')).toBe('made')
    expect(times).toBe(2)
  })

  test('a process that died while it made it holds up no other', async () => {
    const folder = await once()
    await rm(folder, { recursive: true })
    const { pid } = spawnSync(process.execPath, ['--version'])
    await writeFile(`${folder}.lock`, String(pid))
    expect(await once()).toBe(folder)
    expect(existsSync(`${folder}.lock`)).toBe(false)

    // Its number may be another process's by now.
    await rm(folder, { recursive: true })
    await writeFile(`${folder}.lock`, String(process.pid))
    await utimes(`${folder}.lock`, 0, 0)
    expect(await once()).toBe(folder)
  })

  test('what was not used for a day is removed when another is made', async () => {
    const folder = await once()
    const old = folder.replace(/-\w+$/, '-old')
    await rm(folder, { recursive: true })
    await writeFile(old, '')
    await utimes(old, 0, 0)
    await once()
    expect(existsSync(old)).toBe(false)
  })

  test('the digest is of contents and paths', async () => {
    expect(await digestOf(sources)).toBe(await digestOf(sources))
    expect(await digestOf(sources)).not.toBe(await digestOf(['.config']))
    expect(await digestOf(['LICENSE'])).not.toBe(await digestOf(['README.md']))
  })
})
