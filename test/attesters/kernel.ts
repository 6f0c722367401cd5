/**
 * configfs-tsm as the kernel has it, in a real folder: a new folder below the root has its files at
 * once, each write counts, and only `rmdir` removes them.
 */
import { mkdir, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import type { TsmFiles } from '../../src/attesters/index.ts'

export interface Kernel {
  readonly files: TsmFiles
  /** What was written, in order: `inblob: 64 bytes`. */
  readonly written: readonly string[]
}

export interface KernelOptions {
  readonly provider: string
  readonly evidenceFor: (reportData: Uint8Array) => Uint8Array | Promise<Uint8Array>
  readonly auxiliary?: Uint8Array
  /** Called before each reading of the evidence: what another process does meanwhile. */
  readonly meanwhile?: (write: (name: string) => Promise<void>) => Promise<void> | void
  /** Writes that get lost without an error, as on some kernels. */
  readonly loses?: string
}

export function createKernel(options: KernelOptions): Kernel {
  const written: string[] = []
  /** The generation that the evidence of a folder was made for. */
  const made = new Map<string, string>()
  const generationOf = async (folder: string): Promise<number> =>
    Number(await readFile(join(folder, 'generation'), 'utf8'))

  async function write(path: string, data: Uint8Array | string): Promise<void> {
    const [folder, name] = [dirname(path), basename(path)]
    if (!['inblob', 'privlevel'].includes(name)) throw failure('EACCES')
    written.push(`${name}: ${typeof data === 'string' ? data : `${data.length} bytes`}`)
    if (options.loses === name) return
    await writeFile(path, data)
    await writeFile(join(folder, 'generation'), `${(await generationOf(folder)) + 1}\n`)
  }

  async function read(path: string): Promise<Uint8Array> {
    const [folder, name] = [dirname(path), basename(path)]
    if (name === 'outblob') {
      const inblob = await readFile(join(folder, 'inblob'))
      if (inblob.length === 0) throw failure('EINVAL')
      const generation = `${await generationOf(folder)}`
      const evidence = await options.evidenceFor(inblob)
      made.set(folder, generation)
      await options.meanwhile?.((other) => write(join(folder, other), other === 'inblob' ? new Uint8Array(64) : '0'))
      return evidence
    }
    if (name === 'auxblob') {
      if (made.get(folder) !== `${await generationOf(folder)}`) throw failure('EAGAIN')
      if (options.auxiliary === undefined) throw failure('ENOENT')
      return options.auxiliary
    }
    return readFile(path)
  }

  const files: TsmFiles = {
    async mkdir(folder) {
      await mkdir(folder)
      await writeFile(join(folder, 'provider'), `${options.provider}\n`)
      await writeFile(join(folder, 'generation'), '0\n')
      await writeFile(join(folder, 'inblob'), '')
    },
    readFile: read,
    writeFile: write,
    async rmdir(folder) {
      if (!(await stat(folder)).isDirectory() || (await readdir(folder)).length < 3) throw failure('ENOTDIR')
      await rm(folder, { recursive: true })
    },
  }
  return { files, written }
}

function failure(code: string): Error {
  return Object.assign(new Error(code), { code })
}
