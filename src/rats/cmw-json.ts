/**
 * CMW (RFC 9999) in JSON: a record `[ media type, base64url, ? indicator ]`, or an object of
 * records and objects by label.
 *
 * Accepted: strict base64url, records of two or three members. Refused: a name twice, text that is
 * not all of it. Types, labels and indicators are checked by those who read them: `cmw.ts` does for
 * callers.
 */
import { fromBase64Url, toBase64Url } from '../encoding/base64url.ts'
import { utf8 } from '../encoding/cbor.ts'
import { decodeJson, isJsonObject, type JsonValue } from '../encoding/json.ts'
import { malformed, type Source } from '../encoding/reader.ts'
import { type Cmw, typeLabel, type UncheckedCmw } from './cmw-record.ts'

/** Reads a whole text. @throws VerificationError with the code of `source` */
export function readCmwJson(text: string, source: Source): UncheckedCmw {
  return readItem(decodeJson(text, source), source)
}

/** UTF-8, strictly. @throws VerificationError with the code of `source` */
export function textOf(bytes: Uint8Array, source: Source): string {
  try {
    return utf8.decode(bytes)
  } catch {
    throw malformed(source, 'not UTF-8')
  }
}

/** Writes a wrapper that has been checked: see `cmw.ts`. */
export function writeCmwJson(cmw: Cmw): string {
  return JSON.stringify(itemOf(cmw))
}

function readItem(item: JsonValue, source: Source): UncheckedCmw {
  if (isJsonObject(item)) {
    const members = new Map(Object.entries(item))
    const type = members.get(typeLabel)
    members.delete(typeLabel)
    const entries = new Map([...members].map(([label, entry]) => [label, readItem(entry, source)]))
    return { kind: 'collection', type, entries }
  }
  const [type, text, indicator, ...more] = Array.isArray(item) ? (item as readonly JsonValue[]) : []
  const value = fromBase64Url(text)
  if (value === undefined || more.length > 0)
    throw malformed(source, 'record must be [media type, base64url, indicator]')
  return { kind: 'record', type, value, indicator }
}

function itemOf(cmw: Cmw): unknown {
  if (cmw.kind === 'record') {
    const { type, value, indicator } = cmw
    return [type, toBase64Url(value), ...(indicator === undefined ? [] : [indicator])]
  }
  const { type, entries } = cmw
  const members = [...entries].map(([label, entry]) => [label, itemOf(entry)] as const)
  return Object.fromEntries<unknown>(type === undefined ? members : [[typeLabel, type], ...members])
}
