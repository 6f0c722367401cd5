/**
 * Measures a large image and watches its own memory; a process of its own, so that nobody else's
 * memory counts. `watched.ts stream|blob SIZE`
 *
 * A blob is a file, as on a page where one was dropped. The file is sparse.
 */
import { openAsBlob } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { crc32 } from 'node:zlib'
import { type EifPcrs, measureEif } from '../../../src/reference/index.ts'
import { checksumOf, planLargeEif, streamOf } from '../../attester/large-eif.ts'
import { writeSparse } from './sparse.ts'

/** What came out, as JSON on standard output. */
export interface Watched {
  readonly measurements: EifPcrs
  readonly bytes: number
  readonly seconds: number
  /** Resident memory at its highest, over what it was before. */
  readonly extraBytes: number
}

const [kind = 'stream', size = '0'] = process.argv.slice(2)
const content = kind === 'blob' ? 'zeros' : 'noise'
const plan = planLargeEif(Number(size), checksumOf(planLargeEif(Number(size), 0, content), crc32), content)
const folder = await mkdtemp(join(tmpdir(), 'veritee-eif-'))
try {
  const image = kind === 'blob' ? await openAsBlob(await writeSparse(plan, folder)) : streamOf(plan)
  const before = process.memoryUsage.rss()
  let highest = before
  const startedAt = performance.now()
  const { measurements, size: bytes } = await measureEif(image, {
    onProgress: () => {
      highest = Math.max(highest, process.memoryUsage.rss())
    },
  })
  const watched: Watched = {
    measurements,
    bytes,
    seconds: (performance.now() - startedAt) / 1000,
    extraBytes: highest - before,
  }
  console.log(JSON.stringify(watched))
} finally {
  await rm(folder, { recursive: true, force: true })
}
