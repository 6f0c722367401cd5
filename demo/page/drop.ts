/**
 * Files of every kind that the page takes; each goes where it belongs. Whatever takes its time
 * says so at once, and can be stopped.
 */
import { printable } from '../../src/inspect/index.ts'
import { type Bytes, toHex } from './bytes.ts'
import { button, type Child, h } from './dom.ts'
import { headLength, placeOf } from './files.ts'
import { evidenceIn } from './json.ts'
import type { State } from './state.ts'

/** More than any evidence needs, as text too. */
const maximumEvidence = 131_072
const maximumFile = 1_048_576

/** What the page does with a file. */
export interface FileTarget {
  readonly change: (to: Partial<State>) => void
  readonly evidence: (to: Partial<State>) => void
  readonly pending: (headline: string, ...more: readonly Child[]) => void
  readonly refuse: (headline: string, detail: string) => void
  /** Back to what was there before. */
  readonly again: () => void
}

/** Milliseconds: what takes longer says that it goes on. */
const patience = 60

let reading: AbortController | undefined

/** Stops what is being read. */
export function stopReading(): void {
  reading?.abort()
  reading = undefined
}

/** Reads a file instead of the one before. What was stopped changes nothing any more. */
async function read(work: (own: AbortController) => Promise<void>): Promise<void> {
  stopReading()
  const own = new AbortController()
  reading = own
  // A disk that never answers holds up none of the files after it.
  const stopped = new Promise<void>((resolve) => {
    own.signal.addEventListener('abort', () => {
      resolve()
    })
  })
  try {
    await Promise.race([work(own), stopped])
  } catch (error) {
    if (!own.signal.aborted) throw error
  }
}

export function enterFile(file: File, target: FileTarget): Promise<void> {
  return read(async (own) => {
    const bytesOf = async (part: Blob): Promise<Bytes> => {
      const bytes = await part.arrayBuffer()
      own.signal.throwIfAborted()
      return new Uint8Array(bytes)
    }
    // Disks may be slow, or far away.
    const waiting = setTimeout(() => {
      if (!own.signal.aborted) attend(file, 'Reading', own, target)
    }, patience)
    try {
      const place = placeOf(await bytesOf(file.slice(0, headLength)))
      if (place === 'image') {
        clearTimeout(waiting)
        await measureAs(file, own, target)
        return
      }
      if (file.size > (place === 'evidence' ? maximumEvidence : maximumFile)) {
        target.refuse(
          place === 'evidence' ? 'This is not evidence of an enclave.' : 'This file is too large.',
          `${printable(file.name)} has ${size(file.size)}, which is more than any such file has, and it does not begin like an image either.`,
        )
        return
      }
      const bytes = await bytesOf(file)
      if (place === 'evidence') target.evidence(evidenceIn(bytes))
      else target.change(fieldsOf(place, bytes))
    } finally {
      clearTimeout(waiting)
    }
  })
}

/** Measures an image, here, and expects it. */
export function measure(file: File, target: FileTarget): Promise<void> {
  return read((own) => measureAs(file, own, target))
}

async function measureAs(file: File, own: AbortController, target: FileTarget): Promise<void> {
  const show = attend(file, 'Measuring', own, target)
  try {
    const { measureImage, printed } = await import('./formats/aws/reference.ts')
    own.signal.throwIfAborted()
    const image = await measureImage(file, show, own.signal)
    target.change({ reference: printed(image), corim: '' })
  } catch (error) {
    own.signal.throwIfAborted()
    const detail = error instanceof Error ? printable(error.message) : String(error)
    target.refuse(`${printable(file.name)} was not measured.`, detail)
  }
}

/**
 * The first answer: what is being done, how far it is, and how to stop it.
 * @returns shows the share that is done, and bytes per second
 */
function attend(
  file: File,
  doing: 'Reading' | 'Measuring',
  own: AbortController,
  target: FileTarget,
): (share: number, rate: number) => void {
  const headline = `${doing} ${printable(file.name)} …`
  const bar = h('progress', { max: '1', 'aria-label': headline })
  const speed = h('p', { class: 'detail' })
  const what = doing === 'Measuring' ? 'An image of an enclave' : 'A file'
  const cancel = (): void => {
    own.abort()
    target.again()
  }
  target.pending(
    headline,
    h('p', { class: 'detail' }, `${what}, ${size(file.size)}. It does not leave this page.`),
    bar,
    speed,
    h('p', { class: 'actions' }, button('Cancel', cancel)),
  )
  return (share, rate) => {
    bar.value = share
    if (share > 0) speed.textContent = `${Math.floor(100 * share)} %, ${size(rate)} per second`
  }
}

/** The fields that a file fills: measurements that are signed take the place of those that are not. */
function fieldsOf(field: keyof State, bytes: Bytes): Partial<State> {
  const text = (): string => new TextDecoder().decode(bytes)
  if (field === 'corim') return { corim: toHex(bytes), reference: '' }
  if (field === 'reference') return { reference: text(), corim: '' }
  if (field === 'ca') return { ca: bytes[0] === 0x30 ? toHex(bytes) : text() }
  // The log of firmware begins with the number of a register, and JSON does not.
  return { [field]: bytes[0] === 0 ? toHex(bytes) : text() }
}

function size(bytes: number): string {
  return bytes < 1_000_000 ? `${Math.ceil(bytes / 1000)} KB` : `${(bytes / 1_000_000).toFixed(1)} MB`
}
