/**
 * The documents that Intel signs as JSON:
 * `{"<name>":BODY,"signature":"<r || s, 128 hexadecimal digits>"}`, in either order. The signature
 * covers the bytes of BODY as served, and these bytes are what is parsed: nothing is ever written
 * again to be verified.
 */
import { type Bytes, fromHex } from '../../../encoding/bytes.ts'
import { type JsonValue, memberOf, optionalMemberOf } from '../../../encoding/json.ts'
import { malformed, type Source } from '../../../encoding/reader.ts'
import type { AttestationErrorCode } from '../../../core/codes.ts'
import type { CheckRecorder } from '../../../core/record.ts'
import { type Clock, iso, isInForce, period } from '../../../core/time.ts'
import { refuseTerminator } from './endorsements.ts'

/**
 * A document taken apart. Nothing in it is verified, and what is inside the body was not looked at.
 */
export interface SignedJson {
  /** BODY, every byte as served. */
  readonly signedBytes: Bytes
  readonly signature: Bytes
  /**
   * BODY, read from these bytes: a text of its own, that keeps nothing of what stood around it in
   * memory.
   */
  readonly body: string
}

/** When a document may be used, Unix milliseconds; both ends belong to it. */
export interface Validity {
  readonly issueDate: number
  readonly nextUpdate: number
}

const space = '[ \\t\\r\\n]*'

/**
 * Finds body and signature. Anything else in the outer object, a second body say, becomes a part of
 * the body here, which then is no JSON.
 * @throws VerificationError with the code of `source`
 */
export function decodeSignedJson(text: string, name: string, source: Source): SignedJson {
  refuseTerminator(text, source)
  const body = `"${name}"${space}:${space}(\\{[^]*\\})`
  const signature = `"signature"${space}:${space}"([0-9a-fA-F]{128})"`
  const outer = (first: string, second: string): RegExp =>
    new RegExp(`^${space}\\{${space}${first}${space},${space}${second}${space}\\}${space}$`)
  const [, found, hex] = outer(body, signature).exec(text) ?? swapped(outer(signature, body).exec(text))
  if (found === undefined || hex === undefined) throw malformed(source, `not {"${name}":{…},"signature":"…"}`)
  const signedBytes = new TextEncoder().encode(found)
  return { signedBytes, signature: fromHex(hex), body: new TextDecoder().decode(signedBytes) }
}

/**
 * Why the signature of a body does not hold, where its text shows that: Intel signs JSON without
 * white space. Nothing is decided by it.
 * @returns words to put behind a verdict; empty when there is nothing to say
 */
export function hintOf({ body }: SignedJson): string {
  // Beside a bracket, a comma or a colon; inside of a text such a place is rare, and wrong words
  // cost nothing.
  return /[{[,:]\s|\s[}\]]/.test(body) ? ' (with white space, unlike what Intel serves: parsed and written again?)' : ''
}

const swapped = (match: RegExpExecArray | null): readonly (string | undefined)[] => [match?.[0], match?.[2], match?.[1]]

/** `issueDate` and `nextUpdate` of a body. @throws VerificationError with the code of `source` */
export function validityOf(body: JsonValue, source: Source): Validity {
  return { issueDate: dateOf(body, 'issueDate', source), nextUpdate: dateOf(body, 'nextUpdate', source) }
}

/** @throws VerificationError `code` */
export function checkValidity(
  { issueDate, nextUpdate }: Validity,
  { code, subject }: { readonly code: AttestationErrorCode; readonly subject: string },
  clock: Clock,
  checks: CheckRecorder,
): void {
  const validity = { notBefore: issueDate, notAfter: nextUpdate }
  const holds = isInForce(validity, clock)
  const problem = holds ? 'validity' : clock.now < issueDate ? 'is not valid yet' : 'has expired'
  checks.verifies(code, `${subject} ${problem}`, { holds, expected: period(validity), found: iso(clock.now) })
}

/**
 * A date as Intel writes all of them, `2026-06-01T12:00:00Z`, as Unix milliseconds. `Date.parse`
 * alone would take almost anything.
 */
export function dateOf(object: JsonValue, name: string, source: Source): number {
  const text = memberOf(object, name, 'string', source)
  const date = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/.test(text) ? Date.parse(text) : NaN
  // February 30 is a day of March to some.
  if (new Date(date).getUTCDate() !== Number(text.slice(8, 10))) throw malformed(source, `${name} is no date`)
  return date
}

/** Hexadecimal digits, lower case, of exactly `size` bytes. */
export function hexOf(object: JsonValue, name: string, size: number, source: Source): string {
  const text = memberOf(object, name, 'string', source)
  if (text.length !== 2 * size || !/^[0-9a-f]+$/i.test(text))
    throw malformed(source, `${name} must be ${2 * size} hexadecimal digits`)
  return text.toLowerCase()
}

/** An integer of `0` to `maximum`. */
export function integerOf(object: JsonValue, name: string, maximum: number, source: Source): number {
  const value = memberOf(object, name, 'integer', source)
  if (value > maximum) throw malformed(source, `${name} must be 0 to ${maximum}`)
  return value
}

/** A list of texts that may be missing. */
export function optionalTextsOf(object: JsonValue, name: string, source: Source): readonly string[] {
  if (optionalMemberOf(object, name) === undefined) return []
  return memberOf(object, name, 'array', source).map((text) => {
    if (typeof text !== 'string') throw malformed(source, `${name} must hold texts`)
    return text
  })
}
