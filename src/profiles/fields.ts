/**
 * Reads members of a report, as a profile names them. What a profile does not name is not read.
 */
import { VerificationError } from '../core/errors.ts'
import { type Bytes, fromBase64, fromHex, toHex } from '../encoding/bytes.ts'
import type { JsonValue } from '../encoding/json.ts'
import { follow, parsePointer, type Place } from './pointer.ts'
import type { Encoding, Selection } from './types.ts'

/** The members of one component. */
export interface Fields {
  /** @throws VerificationError `report-field` where there is nothing; `report-json` */
  readonly place: (pointer: string) => Place
  /**
   * @throws VerificationError `report-field` where there is no text of that encoding and size;
   *   `report-json`
   */
  readonly bytes: (pointer: string, as: Encoding, size?: number) => Bytes
  /** @throws VerificationError `report-field`, `report-json` */
  readonly text: (pointer: string) => string
  /**
   * The same, from the one hit of a selection. @throws VerificationError `report-select` as well
   */
  readonly within: (selection: Selection) => Fields
}

/** Documents by name, read strictly. */
export type Documents = ReadonlyMap<string, Place>

const maximumDigits = 1_048_576

/** @param own the component's object, and its second one. @throws what reading throws */
export function fieldsOf(
  documents: Documents,
  parameters: ReadonlyMap<string, string>,
  own?: Place,
  second?: Place,
): Fields {
  const place = (text: string): Place => {
    const pointer = parsePointer(text, 'pointer')
    const { base } = pointer
    const from = base === '' ? own : base === '+' ? second : documents.get(base)
    const found = from && follow(from, pointer)
    if (found === undefined) throw wrong(text, 'a member', 'nothing')
    return found
  }
  const text = (pointer: string): string => {
    const { value } = place(pointer)
    if (typeof value !== 'string' || /\p{Surrogate}/u.test(value)) throw wrong(pointer, 'text', kindOf(value))
    return value
  }
  return {
    place,
    text,
    bytes(pointer, as, size) {
      const bytes = decode(text(pointer), as, pointer)
      if (size !== undefined && bytes.length !== size) throw wrong(pointer, `${size} bytes`, `${bytes.length}`)
      return bytes
    },
    within: (selection) => fieldsOf(documents, parameters, select(selection, place, parameters), second),
  }
}

/**
 * The one object that a selection is about. @throws VerificationError `report-select`,
 * `report-field`, `report-json`
 */
export function select(selection: Selection, place: Fields['place'], parameters: ReadonlyMap<string, string>): Place {
  if (typeof selection === 'string') {
    const found = place(selection)
    if (kindOf(found.value) !== 'an object') throw wrong(selection, 'an object', kindOf(found.value))
    return found
  }
  const { list, where } = selection
  const { text, path, value } = place(list)
  if (!Array.isArray(value)) throw wrong(list, 'a list', kindOf(value))
  const wanted = Object.entries(where).map(([pointer, constant]) => {
    const expected = typeof constant === 'object' ? parameters.get(constant.parameter) : constant
    return [parsePointer(pointer, 'where'), expected] as const
  })
  const hits = (value as readonly JsonValue[])
    .map((item, i): Place => ({ text, path: [...path, `${i}`], value: item }))
    .filter((item) => wanted.every(([pointer, expected]) => follow(item, pointer)?.value === expected))
  const [hit] = hits
  if (hit === undefined || hits.length > 1)
    throw new VerificationError('report-select', {
      subject: `${list}: what is asked for`,
      expected: 'once',
      found: `${hits.length} times`,
    })
  return hit
}

function decode(text: string, as: Encoding, pointer: string): Bytes {
  if (as === 'text') return new TextEncoder().encode(text)
  try {
    if (text.length <= maximumDigits) return as === 'hex' ? fromHex(text) : fromBase64(text)
  } catch {
    // Said below, with the name of the member.
  }
  throw wrong(pointer, as, 'another text')
}

/** The error of a member that is not as the profile says. */
export function wrong(pointer: string, expected: string, found: string): VerificationError {
  return new VerificationError('report-field', { subject: `member ${pointer}`, expected, found })
}

/** What a value is, for messages. */
export function kindOf(value: JsonValue): string {
  if (value === null) return 'null'
  if (Array.isArray(value)) return 'a list'
  return typeof value === 'object' ? 'an object' : typeof value === 'string' ? 'another text' : String(value)
}

/** A nonce that a report repeats. @throws VerificationError `report-nonce` */
export function requireEcho(found: Bytes, nonce: Bytes, pointer: string): void {
  if (toHex(found) !== toHex(nonce))
    throw new VerificationError('report-nonce', {
      subject: `member ${pointer}`,
      expected: toHex(nonce),
      found: toHex(found),
    })
}
