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

let reading: AbortController | undefined

/** Stops what is being read. */
export function stopReading(): void {
  reading?.abort()
  reading = undefined
}

export async function enterFile(file: File, target: FileTarget): Promise<void> {
  stopReading()
  const head = new Uint8Array(await file.slice(0, headLength).arrayBuffer())
  const place = placeOf(head)
  if (place === 'image') {
    await measure(file, target)
    return
  }
  const name = printable(file.name)
  if (file.size > (place === 'evidence' ? maximumEvidence : maximumFile)) {
    target.refuse(
      place === 'evidence' ? 'This is not evidence of an enclave.' : 'This file is too large.',
      `${name} has ${size(file.size)}, which is more than any such file has, and it does not begin like an image either.`,
    )
    return
  }
  const bytes = new Uint8Array(await file.arrayBuffer())
  if (place === 'evidence') target.evidence(evidenceIn(bytes))
  else target.change(fieldsOf(place, bytes))
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

/** Measures an image, here, and expects it. */
export async function measure(file: File, target: FileTarget): Promise<void> {
  stopReading()
  const own = new AbortController()
  reading = own
  const name = printable(file.name)
  const bar = h('progress', { max: '1', value: '0', 'aria-label': `Measuring ${name}` })
  const speed = h('p', { class: 'detail' })
  target.pending(
    `Measuring ${name} …`,
    h('p', { class: 'detail' }, `${size(file.size)}. The image does not leave this page.`),
    bar,
    speed,
    h(
      'p',
      { class: 'actions' },
      button('Cancel', () => {
        own.abort()
        target.again()
      }),
    ),
  )
  try {
    const { measureImage, printed } = await import('./formats/aws/reference.ts')
    own.signal.throwIfAborted()
    const show = (share: number, rate: number): void => {
      bar.value = share
      if (share > 0) speed.textContent = `${Math.floor(100 * share)} %, ${size(rate)} per second`
    }
    const image = await measureImage(file, show, own.signal)
    target.change({ reference: printed(image), corim: '' })
  } catch (error) {
    if (own.signal.aborted) return
    target.refuse(`${name} was not measured.`, error instanceof Error ? printable(error.message) : String(error))
  }
}

function size(bytes: number): string {
  return bytes < 1_000_000 ? `${Math.ceil(bytes / 1000)} KB` : `${(bytes / 1_000_000).toFixed(1)} MB`
}
