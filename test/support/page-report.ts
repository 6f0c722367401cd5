/**
 * Pages that tests put a script into: the script, and the report that it will post.
 */
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'

/** A script as pages load it, with all that it imports. @param format `iife` for workers */
export async function bundleScript(script: URL, format: 'esm' | 'iife' = 'esm'): Promise<string> {
  const { outputFiles } = await build({
    entryPoints: [fileURLToPath(script)],
    bundle: true,
    write: false,
    minify: true,
    format,
    target: 'es2022',
    logLevel: 'warning',
  })
  return outputFiles[0]?.text ?? ''
}

/** A report before it has come. */
export interface Awaited<Report> {
  readonly report: Promise<Report>
  readonly deliver: (report: Report) => void
  readonly fail: (reason: unknown) => void
}

/** What a page will report. A failure that is never waited for ends no test. */
export function awaitReport<Report>(): Awaited<Report> {
  let deliver: (report: Report) => void = () => undefined
  let fail: (reason: unknown) => void = () => undefined
  const report = new Promise<Report>((resolve, reject) => {
    deliver = resolve
    fail = reject
  })
  report.catch(() => undefined)
  return { report, deliver, fail }
}
