/**
 * Items of a CoRIM: the rules that maps, lists and texts of every level share, and how items are
 * shown that are not read.
 */
import { VerificationError } from '../../core/errors.ts'
import { toHex } from '../../encoding/bytes.ts'
import { type CborMap, type CborTag, cborType, type CborValue, isCborMap } from '../../encoding/cbor.ts'

/**
 * Something that is shown and not read: its key in the CDDL of the draft, its value in CBOR
 * diagnostic notation (RFC 8949 section 8).
 */
export interface CorimEntry {
  readonly key: number | string
  readonly value: string
}

/** Text, or the 16 bytes of a UUID. */
export function idOf(value: CborValue, name: string): string {
  if (typeof value === 'string' && value !== '') return value
  if (value instanceof Uint8Array && value.length === 16) return toHex(value)
  throw content(`${name} must be text or a UUID`, value)
}

export function textOf(value: CborValue, name: string): string | undefined {
  if (value !== undefined && typeof value !== 'string') throw content(`${name} must be text`, value)
  return value
}

/** A list that is not empty. */
export function listOf(value: CborValue, name: string): readonly CborValue[] {
  if (!Array.isArray(value) || value.length === 0) throw content(`${name} must be a list that is not empty`, value)
  return value as readonly CborValue[]
}

/** Everything in a map but `read`. */
export const entriesOf = (map: CborMap, read: readonly number[]): CorimEntry[] =>
  [...map].flatMap(([key, value]) => (read.includes(key as number) ? [] : [{ key, value: shown(value) }]))

export const shownOf = (value: CborValue): string | undefined => (value === undefined ? undefined : shown(value))

/** CBOR diagnostic notation (RFC 8949 section 8). The decoder has bounded how deep it goes. */
export function shown(value: CborValue): string {
  if (typeof value === 'string') return JSON.stringify(value)
  if (typeof value !== 'object' || value === null) return String(value)
  if (value instanceof Uint8Array) return `h'${toHex(value)}'`
  if (Array.isArray(value)) return `[${value.map(shown).join(', ')}]`
  if (isCborMap(value)) return `{${[...value].map((entry) => entry.map(shown).join(': ')).join(', ')}}`
  return isTag(value) ? `${value.tag}(${shown(value.value)})` : 'float'
}

/**
 * A map with no other keys than those that are known, and a value for each: one that is `undefined`
 * would pass for absent.
 */
export function mapOf(value: CborValue, name: string, known?: readonly number[]): CborMap {
  if (!isCborMap(value)) throw content(`${name} must be a map`, value)
  const other = [...value].find(([key, entry]) => entry === undefined || known?.includes(key as number) === false)
  if (other !== undefined)
    throw new VerificationError('reference-content', {
      subject: `keys of ${name}`,
      expected: known?.join(', ') ?? 'values',
      found: JSON.stringify(other[0]),
    })
  return value
}

/** Whether this is a tag: that one, or any. */
export function isTag(value: CborValue, wanted?: number): value is CborTag {
  return typeof value === 'object' && value !== null && 'tag' in value && (wanted ?? value.tag) === value.tag
}

export function content(problem: string, found: CborValue): VerificationError {
  return new VerificationError(
    'reference-content',
    `${problem}, found ${isTag(found) ? `tag ${found.tag}` : cborType(found)}`,
  )
}
