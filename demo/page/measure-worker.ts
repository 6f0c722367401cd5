/**
 * The worker that measures images. The digest of the whole image is computed here, that of the
 * application, which goes over nearly the same bytes, in a worker below this one: side by side.
 */
import { sha384 } from '@noble/hashes/sha2.js'
import { measureEif, type StreamingHash } from '../../src/reference/index.ts'
import type { FromWorker } from './formats/aws/measuring.ts'

/** The name of the worker below: this same script. */
const below = 'application'

const here = (state = sha384.create()): StreamingHash => ({
  update: (bytes) => state.update(bytes),
  copy: () => here(state.clone()),
  digest: () => state.digest(),
})

/** Each piece is answered when it was taken in, and no piece with the digest. */
function elsewhere(): StreamingHash {
  const worker = new Worker(location.href, { name: below })
  const ask = (bytes?: Uint8Array): Promise<Uint8Array> =>
    new Promise((resolve, reject) => {
      worker.onerror = () => {
        reject(new Error('The worker that measures the application does not run.'))
      }
      worker.onmessage = ({ data }: MessageEvent<Uint8Array>) => {
        resolve(data)
      }
      worker.postMessage(bytes)
    })
  return {
    update: ask,
    copy: () => {
      throw new Error('only the digest of the image is copied')
    },
    digest: () => ask(),
  }
}

if (self.name === below) {
  const state = here()
  self.onmessage = ({ data }: MessageEvent<Uint8Array | undefined>) => {
    self.postMessage(data === undefined ? state.digest() : void state.update(data))
  }
} else {
  self.onmessage = ({ data }: MessageEvent<File>) => void measure(data)
}

async function measure(file: File): Promise<void> {
  const tell = (message: FromWorker): void => {
    self.postMessage(message)
  }
  let hashes = 0
  try {
    const measured = await measureEif(file, {
      onProgress: (read) => {
        tell({ read })
      },
      // The first one is for the image.
      createHash: () => (hashes++ === 0 ? here() : elsewhere()),
    })
    tell({ measured })
  } catch (error) {
    tell({ failure: error instanceof Error ? error.message : String(error) })
  }
}
