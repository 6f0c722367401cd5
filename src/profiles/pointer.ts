/**
 * Pointers of a provider's profile: RFC 6901, with what profiles add.
 *
 *     /a/b          from the object of the component
 *     #report/a     from a document
 *     +/a           from the component's second object (`with`)
 *     /a!/b         `!` steps into JSON that is held as text
 */
import { VerificationError } from '../core/errors.ts'
import { decodeJson, type JsonValue, optionalMemberOf } from '../encoding/json.ts'

/** A pointer, parsed. */
export interface Pointer {
  /** `''`: the component's object; `'+'`: its second; else the name of a document. */
  readonly base: string
  /** Names and indices; {@link intoText} is one of them. */
  readonly tokens: readonly string[]
  /** As written, for messages. */
  readonly text: string
}

/** A value, and where in which text it is. */
export interface Place {
  readonly text: string
  readonly path: readonly string[]
  readonly value: JsonValue
}

/** The token that steps into text: no name in a profile has this character. */
const intoText = '!'

/** @throws TypeError for what is no pointer */
export function parsePointer(value: unknown, name: string): Pointer {
  const isPointer = typeof value === 'string' && /^(?:#[A-Za-z][\w-]*|\+)?(?:\/(?:[^~/!]|~[01])*!?)*$/.test(value)
  if (!isPointer) throw new TypeError(`${name} must be a pointer, such as /member or #document/member`)
  const [own, ...parts] = value.split('/')
  const tokens = parts.flatMap((part) => {
    const token = part.replace('!', '').replaceAll('~1', '/').replaceAll('~0', '~')
    return part.endsWith('!') ? [token, intoText] : [token]
  })
  return { base: (own as string).replace('#', ''), tokens, text: value }
}

/** @throws VerificationError `report-json` */
export function readDocument(text: string, name: string): Place {
  const source = { name, code: 'report-json' } as const
  // Such text has no UTF-8: two documents would have one hash.
  if (/\p{Surrogate}/u.test(text)) throw new VerificationError('report-json', `${name}: not Unicode text`)
  return { text, path: [], value: decodeJson(text, source) }
}

/**
 * What a pointer leads to; `undefined` where there is nothing. @throws VerificationError
 * `report-json` for text that is no strict JSON
 */
export function follow(from: Place, { tokens, text: name }: Pick<Pointer, 'tokens' | 'text'>): Place | undefined {
  let place: Place | undefined = from
  for (const token of tokens) {
    if (place === undefined) return undefined
    place = step(place, token, name)
  }
  return place
}

function step({ text, path, value }: Place, token: string, name: string): Place | undefined {
  if (token === intoText) return typeof value === 'string' ? readDocument(value, name) : undefined
  const inner = Array.isArray(value)
    ? /^(?:0|[1-9]\d{0,8})$/.test(token)
      ? (value as readonly JsonValue[])[Number(token)]
      : undefined
    : optionalMemberOf(value, token)
  return inner === undefined ? undefined : { text, path: [...path, token], value: inner }
}
