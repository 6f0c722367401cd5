/**
 * Both opinions on every question, in whatever runtime this is; in a page a second time in a
 * Worker, where the page's own thread stays free.
 */
import { askBoth, type Both } from '../../second-opinion/agreement.ts'
import { type OpinionsReport, type PackedQuestion, unpack } from './model.ts'

export async function runSuite(questions: readonly PackedQuestion[]): Promise<OpinionsReport> {
  const rows = await askAll(questions)
  return { rows, fromWorker: typeof document === 'undefined' ? undefined : await inWorker(questions) }
}

async function askAll(questions: readonly PackedQuestion[]): Promise<Both[]> {
  const rows: Both[] = []
  for (const { name, format, evidence, options } of questions)
    rows.push(
      await askBoth({
        name,
        format,
        evidence: unpack(evidence) as Uint8Array<ArrayBuffer>,
        options: unpack(options) as object,
      }),
    )
  return rows
}

/** This very file, as a Worker: below it answers what it is asked. */
function inWorker(questions: readonly PackedQuestion[]): Promise<Both[]> {
  const worker = new Worker(import.meta.url, { type: 'module' })
  return new Promise<Both[]>((resolve, reject) => {
    worker.onmessage = ({ data }: MessageEvent<Both[] | string>) => {
      if (typeof data === 'string') reject(new Error(data))
      else resolve(data)
    }
    worker.onerror = (event) => {
      reject(new Error(`the Worker failed: ${event.message}`))
    }
    worker.postMessage(questions)
  }).finally(() => {
    worker.terminate()
  })
}

if ('DedicatedWorkerGlobalScope' in globalThis) {
  addEventListener('message', ({ data }: MessageEvent<readonly PackedQuestion[]>) => {
    askAll(data).then(
      (rows) => {
        postMessage(rows)
      },
      (error: unknown) => {
        postMessage(String(error))
      },
    )
  })
}
