/**
 * JSON (RFC 8259), stricter than `JSON.parse`: no name twice in one object, nesting down to 32.
 * Sizes are for the caller to cap.
 *
 * Two readers that keep different ones of two members with the same name would believe different
 * things of one signed text.
 */
import { malformed, type Source } from './reader.ts'

/** Any value of JSON. */
export type JsonValue = null | boolean | number | string | readonly JsonValue[] | JsonObject
/** An object of JSON. */
export interface JsonObject {
  readonly [name: string]: JsonValue
}

/**
 * The types that a member is asked to have. `integer` is what a number holds exactly, from 0 on.
 */
export interface JsonTypes {
  readonly string: string
  readonly integer: number
  readonly array: readonly JsonValue[]
  readonly object: JsonObject
}

const maximumDepth = 32

/** @throws VerificationError with the code of `source` */
export function decodeJson(text: string, source: Source): JsonValue {
  let value: JsonValue
  try {
    value = JSON.parse(text) as JsonValue
  } catch {
    throw malformed(source, 'not JSON')
  }
  // JSON.parse found the grammar right, so each colon outside a string is one member as written; of
  // equal names it kept one.
  if (countMembers(value, maximumDepth, source) !== countColons(text))
    throw malformed(source, 'a name is there twice in one object')
  return value
}

/**
 * The member `name` of an object. @throws VerificationError with the code of `source` when there is
 * none, or it is of another type
 */
export function memberOf<Type extends keyof JsonTypes>(
  object: JsonValue | undefined,
  name: string,
  type: Type,
  source: Source,
): JsonTypes[Type] {
  const value = optionalMemberOf(object, name)
  if (value === undefined || !isOfType(value, type))
    throw malformed(source, `${name}: expected ${type}, found ${value === undefined ? 'nothing' : describe(value)}`)
  return value as JsonTypes[Type]
}

/** The member `name` of any type, `undefined` when there is none, or no object. */
export function optionalMemberOf(object: JsonValue | undefined, name: string): JsonValue | undefined {
  return isJsonObject(object) && Object.hasOwn(object, name) ? object[name] : undefined
}

export function isJsonObject(value: JsonValue | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function isOfType(value: JsonValue, type: keyof JsonTypes): boolean {
  if (type === 'integer') return Number.isSafeInteger(value) && (value as number) >= 0
  return type === describe(value)
}

function describe(value: JsonValue): string {
  return value === null ? 'null' : Array.isArray(value) ? 'array' : typeof value
}

/** Colons outside strings, where backslashes are too. */
function countColons(text: string): number {
  let count = 0
  let inString = false
  // Bytes are read twice as fast as characters; these three are a byte each, and no part of any
  // other.
  const codes = new TextEncoder().encode(text)
  for (let i = 0; i < codes.length; i++) {
    const code = codes[i]
    if (code === 0x22) inString = !inString
    else if (code === 0x5c) i++
    else if (code === 0x3a && !inString) count++
  }
  return count
}

function countMembers(value: JsonValue, depth: number, source: Source): number {
  if (typeof value !== 'object' || value === null) return 0
  if (depth === 0) throw malformed(source, 'nested too deep')
  let count = 0
  if (isJsonObject(value)) {
    for (const name of Object.keys(value)) count += 1 + countMembers(value[name] as JsonValue, depth - 1, source)
  } else for (const inner of value) count += countMembers(inner, depth - 1, source)
  return count
}
