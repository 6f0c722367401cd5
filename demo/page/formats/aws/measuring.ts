/**
 * Measuring an image beside the page: what the page and its worker say to each other. The page stays
 * smooth whatever the image's size.
 */
import type { EifMeasurements } from '../../../../src/reference/index.ts'

/** What the worker says, after it got a file. */
export type FromWorker =
  | { readonly read: number }
  | { readonly measured: EifMeasurements }
  /** Of an error: the message. */
  | { readonly failure: string }

/**
 * @param onProgress called with the number of bytes that were read
 * @throws Error for what is no sound image; the reason of `signal`
 */
export async function measureBeside(
  file: File,
  onProgress: (read: number) => void,
  signal: AbortSignal,
): Promise<EifMeasurements> {
  signal.throwIfAborted()
  const worker = new Worker(new URL('measure.js', document.baseURI))
  try {
    return await new Promise((resolve, reject) => {
      signal.addEventListener('abort', () => {
        reject(signal.reason as Error)
      })
      worker.onerror = () => {
        reject(new Error('The worker that measures does not run.'))
      }
      worker.onmessage = ({ data }: MessageEvent<FromWorker>) => {
        if ('read' in data) onProgress(data.read)
        else if ('measured' in data) resolve(data.measured)
        else reject(new Error(data.failure))
      }
      worker.postMessage(file)
    })
  } finally {
    // And with it the worker below it.
    worker.terminate()
  }
}
