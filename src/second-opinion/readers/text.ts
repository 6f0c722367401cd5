/**
 * PEM and signed JSON for the second opinion. `JSON.parse` keeps the last of two members with one
 * name, and says nothing of where they are: so the text is walked first, without recursion.
 */
import { demand, octetsOfBase64, type Octets } from './bytes.ts'

/**
 * The certificates of a text, in order. @throws Error for another label, a block in a block, base64
 * that is not canonical
 */
export function certificatesInPem(text: string): Octets[] {
  const found: Octets[] = []
  let lines: string[] | undefined
  for (const line of text.split(/\r?\n/)) {
    const mark = line.startsWith('-----') ? line.trimEnd() : ''
    if (/^-----(BEGIN|END) .*-----$/.test(mark)) {
      const isBegin = mark === '-----BEGIN CERTIFICATE-----'
      demand(isBegin || mark === '-----END CERTIFICATE-----', 'a block of PEM that is no certificate')
      demand(isBegin === (lines === undefined), 'a block of PEM that begins or ends in another')
      if (lines !== undefined) {
        const base64 = lines.join('')
        demand(/^[A-Za-z0-9+/]*=*$/.test(base64) && base64.length % 4 === 0, 'PEM that is no base64 with padding')
        found.push(octetsOfBase64(base64))
      }
      lines = isBegin ? [] : undefined
    } else lines?.push(line.trim())
  }
  demand(lines === undefined, 'a block of PEM that does not end')
  demand(found.length > 0, 'no certificate in PEM')
  return found
}

export interface JsonObject {
  readonly [name: string]: unknown
}

/** A member of the outermost object: its text, every character as written. */
export type Members = ReadonlyMap<string, string>

const deepest = 32

/**
 * The outermost object of a text, and its members.
 * @throws Error for what is no JSON object, a name that is there twice in any object, or nesting
 *   beyond 32
 */
export function readStrictJson(text: string): { readonly value: JsonObject; readonly members: Members } {
  const value: unknown = JSON.parse(text)
  demand(typeof value === 'object' && value !== null && !Array.isArray(value), 'no JSON object')
  // The grammar is right: what is left to find are strings, and what opens, closes and separates.
  const tokens = /"[^"\\]*(?:\\.[^"\\]*)*"|[{}[\],:]/g
  const names: (Set<string> | undefined)[] = []
  const members = new Map<string, string>()
  let key: string | undefined
  let begun = 0
  let isName = false
  for (let token = tokens.exec(text); token !== null; token = tokens.exec(text)) {
    const [found] = token
    const { index } = token
    if (found === '{' || found === '[') {
      names.push(found === '{' ? new Set() : undefined)
      demand(names.length <= deepest, 'nested too deep')
      isName = found === '{'
    } else if (found === '}' || found === ']' || found === ',') {
      if (names.length === 1 && key !== undefined) {
        members.set(key, text.slice(begun, index).trim())
        key = undefined
      }
      if (found === ',') isName = names.at(-1) !== undefined
      else {
        names.pop()
        isName = false
      }
    } else if (found === ':') {
      if (names.length === 1) begun = index + 1
      isName = false
    } else if (isName) {
      const name = JSON.parse(found) as string
      const own = names.at(-1)
      demand(own?.has(name) === false, `${found} is there twice`)
      own.add(name)
      if (names.length === 1) key = name
    }
  }
  return { value: value as JsonObject, members }
}

export function objectIn(object: unknown, name: string): JsonObject {
  const value = memberIn(object, name)
  demand(typeof value === 'object' && value !== null && !Array.isArray(value), `${name} is no object`)
  return value as JsonObject
}

export function listIn(object: unknown, name: string): readonly unknown[] {
  const value = memberIn(object, name)
  demand(Array.isArray(value), `${name} is no list`)
  return value as unknown[]
}

export function textIn(object: unknown, name: string): string {
  const value = memberIn(object, name)
  demand(typeof value === 'string', `${name} is no text`)
  return value
}

export function numberIn(object: unknown, name: string, most: number): number {
  const value = memberIn(object, name)
  demand(
    Number.isSafeInteger(value) && (value as number) >= 0 && (value as number) <= most,
    `${name} is no number of 0 to ${most}`,
  )
  return value as number
}

/** Digits of so many bytes, lower case. */
export function digitsIn(object: unknown, name: string, size: number): string {
  const text = textIn(object, name)
  demand(text.length === 2 * size && /^[0-9a-f]*$/i.test(text), `${name} is not ${size} bytes in hexadecimal`)
  return text.toLowerCase()
}

/** `2026-06-01T12:00:00Z` as Unix milliseconds. */
export function dateIn(object: unknown, name: string): number {
  const text = textIn(object, name)
  const moment = Date.parse(text)
  // What is a date in another form, or of a day that does not exist, is written in another way.
  demand(!Number.isNaN(moment) && new Date(moment).toISOString().replace('.000Z', 'Z') === text, `${name} is no date`)
  return moment
}

export function hasMember(object: unknown, name: string): boolean {
  return typeof object === 'object' && object !== null && Object.hasOwn(object, name)
}

function memberIn(object: unknown, name: string): unknown {
  demand(hasMember(object, name), `no ${name}`)
  return (object as JsonObject)[name]
}
