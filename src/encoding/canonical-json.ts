/**
 * Canonical JSON (RFC 8785): one text for one value, whatever it was served as. Members in order of
 * their UTF-16 code units, no white space, strings and numbers as ECMAScript writes them. For
 * values that are hashed as values, never for texts that are hashed as they came.
 */
import { isJsonObject, type JsonValue } from './json.ts'
import { malformed, type Source } from './reader.ts'

/**
 * @param value of bounded depth: what a strict reader gave
 * @throws VerificationError with the code of `source` for a number that is too large to be one: it
 *   would be written as `null`
 */
export function canonicalJson(value: JsonValue, source: Source): string {
  if (typeof value === 'number' && !Number.isFinite(value)) throw malformed(source, 'a number is out of range')
  if (Array.isArray(value))
    return `[${(value as readonly JsonValue[]).map((inner) => canonicalJson(inner, source)).join(',')}]`
  if (!isJsonObject(value)) return JSON.stringify(value)
  const members = Object.keys(value)
    .sort()
    .map((name) => `${JSON.stringify(name)}:${canonicalJson(value[name] as JsonValue, source)}`)
  return `{${members.join(',')}}`
}
