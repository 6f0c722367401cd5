/**
 * Writing files.
 */
import { fstatSync, type Stats } from 'node:fs'
import { stat, writeFile } from 'node:fs/promises'
import { UsageError } from './failures.ts'

/**
 * Writes a file, but over none of `inputs`: a slip of the shell's history must not cost a key.
 * @throws UsageError
 */
export async function writeOutput(
  output: string,
  content: string | Uint8Array,
  inputs: readonly string[],
): Promise<void> {
  for (const input of inputs) await refuseOverwriting(output, input)
  await writeFile(output, content).catch((error: unknown) => {
    throw new UsageError(`cannot write ${output}: ${(error as Error).message}`)
  })
}

/** Links are followed; `-` is standard input. */
async function refuseOverwriting(output: string, input: string): Promise<void> {
  const target = await statOf(output)
  const source = input === '-' ? fstatSync(0) : await statOf(input)
  if (target !== undefined && target.ino === source?.ino && target.dev === source.dev)
    throw new UsageError(`-o ${output} would overwrite ${input === '-' ? 'what it is read from' : input}`)
}

const statOf = async (path: string): Promise<Stats | undefined> => stat(path).catch(() => undefined)
