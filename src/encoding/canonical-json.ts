/**
 * Canonical JSON (RFC 8785): one text for one value, whatever it was served as. Members in order of their UTF-16 code units, no white space, strings and
 * numbers as ECMAScript writes them. For values that are hashed as values, never for texts that are hashed as they came.
 */
import { isJsonObject, type JsonValue } from './json.ts'

/** @param value of bounded depth: what a strict reader gave */
export function canonicalJson(value: JsonValue): string {
  if (Array.isArray(value)) return `[${(value as readonly JsonValue[]).map(canonicalJson).join(',')}]`
  if (!isJsonObject(value)) return JSON.stringify(value)
  const members = Object.keys(value).sort()
  return `{${members.map((name) => `${JSON.stringify(name)}:${canonicalJson(value[name] as JsonValue)}`).join(',')}}`
}
