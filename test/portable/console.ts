/**
 * Runtimes with a console: the report is what the suite prints.
 */
import type { Report } from './model.ts'
import { environmentIn, run } from './programs.ts'
import type { Suite } from './runtimes.ts'

export async function reportOfConsole(
  command: string,
  parameters: readonly string[],
  { bundle, corpusFile, folder }: Suite,
  environment: Record<string, string> = {},
): Promise<Report> {
  const printed = await run(command, [...parameters, bundle.console, corpusFile], {
    cwd: folder,
    env: { ...(await environmentIn(folder)), ...environment },
  })
  return JSON.parse(printed) as Report
}
