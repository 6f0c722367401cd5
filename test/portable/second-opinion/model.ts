/**
 * Questions as JSON, because they cross from this process into seven runtimes: bytes, dates and the
 * library's symbols stand there by name.
 */
import type { Both } from '../../second-opinion/agreement.ts'

/** A question for both opinions. */
export interface PackedQuestion {
  readonly name: string
  readonly format: string
  readonly evidence: unknown
  readonly options: unknown
}

/** What came of all questions. */
export interface OpinionsReport {
  readonly rows: readonly Both[]
  /** The same from a Worker, in pages. */
  readonly fromWorker: readonly Both[] | undefined
}

/** A value as JSON. */
export function pack(value: unknown): unknown {
  if (value instanceof Uint8Array)
    return { bytes: btoa(Array.from(value, (byte) => String.fromCharCode(byte)).join('')) }
  if (value instanceof Date) return { date: value.toISOString() }
  if (typeof value === 'symbol') return { symbol: Symbol.keyFor(value) }
  if (typeof value === 'bigint') return { bigint: String(value) }
  if (Array.isArray(value)) return { list: value.map(pack) }
  if (typeof value === 'object' && value !== null)
    return { members: Object.fromEntries(Object.entries(value).map(([name, item]) => [name, pack(item)])) }
  return { plain: value }
}

/** The value that was packed. */
export function unpack(packed: unknown): unknown {
  const [[kind, content]] = Object.entries(packed as object) as [[string, unknown]]
  switch (kind) {
    case 'bytes':
      return Uint8Array.from(atob(content as string), (character) => character.charCodeAt(0))
    case 'date':
      return new Date(content as string)
    case 'symbol':
      return Symbol.for(content as string)
    case 'bigint':
      return BigInt(content as string)
    case 'list':
      return (content as unknown[]).map(unpack)
    case 'members':
      return Object.fromEntries(Object.entries(content as object).map(([name, item]) => [name, unpack(item)]))
    default:
      return content
  }
}
