/**
 * TDX in all seven runtimes, by the runners of the portable suite.
 */
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { bundleSuite } from '../portable/bundle.ts'
import { makeFolder, removeFolder } from '../portable/cleanup.ts'
import { runtimes, type Suite } from '../portable/runtimes.ts'
import { median, spread } from './statistics.ts'
import { blockSize, type TdxTimes } from './tdx-suite.ts'
import type { TdxSubject } from './tdx.ts'

/**
 * Rows of a table: runtime, milliseconds of the bare calls, ratio of the library to them, and with
 * a warm cache.
 */
export async function tdxInRuntimes({ work }: TdxSubject, blocks: number): Promise<string[][]> {
  const folder = await makeFolder()
  try {
    const corpus = { ...work, blocks }
    const corpusFile = join(folder, 'work.json')
    await writeFile(corpusFile, JSON.stringify(corpus))
    const bundle = await bundleSuite(join(folder, 'bundle'), new URL('tdx-suite.ts', import.meta.url))
    const rows: string[][] = []
    for (const { name, find, run } of runtimes) {
      const program = find()
      // The runners know of another suite; what goes through them is JSON all the same.
      const suite = { bundle, corpus, corpusFile, folder: join(folder, name) } as unknown as Suite
      rows.push(
        program === undefined
          ? [`${name}: not found`, '', '', '']
          : [name, ...cellsOf((await run(program, suite)) as unknown as TdxTimes)],
      )
    }
    return rows
  } finally {
    await removeFolder(folder)
  }
}

function cellsOf({ bare, library, cached }: TdxTimes): string[] {
  const ratios = (times: readonly number[]): string => spread(times.map((time, i) => time / (bare[i] ?? NaN)))
  return [(median(bare) / blockSize).toFixed(2), ratios(library), ratios(cached)]
}
