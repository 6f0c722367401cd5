/**
 * Parts: how bytes are put together from a nonce and from members of a report, as data. Report data
 * is a list of parts, and so is the nonce of a GPU.
 */
import { requireOption } from '../core/options.ts'
import { hash } from '../crypto/digest.ts'
import { type Bytes, concatBytes, toHex } from '../encoding/bytes.ts'
import { canonicalJson } from '../encoding/canonical-json.ts'
import { spanOf } from '../encoding/json-span.ts'
import type { Fields } from './fields.ts'
import { type Check, integer, is, object, oneOf, type PointerReader } from './shape.ts'
import type { Encoding, Part } from './types.ts'

/** A list of parts, checked. */
export interface PartsFacts {
  /** `undefined` where a report decides. */
  readonly size: number | undefined
  readonly hasNonce: boolean
  /** What is inside, at whatever depth: members by their pointers. */
  readonly covered: readonly Covered[]
  /** Ids of bytes that are not compared. */
  readonly open: readonly string[]
}

/** A member whose value, or whose text, is inside. */
export interface Covered {
  readonly pointer: string
  /** `raw` and `jcs` cover everything below as well. */
  readonly as: Encoding | 'raw' | 'jcs'
  readonly size: number | undefined
}

const digests = { sha256: ['SHA-256', 32], sha384: ['SHA-384', 48], sha512: ['SHA-512', 64] } as const
const maximumDepth = 8

/** @param pointer checks one. @throws TypeError */
export function checkParts(value: unknown, name: string, pointer: PointerReader, depth = 0): PartsFacts {
  requireOption(name, 'a list of parts, at least one', Array.isArray(value) && value.length > 0 && value.length <= 64)
  requireOption(name, 'nested less deep', depth < maximumDepth)
  const facts = (value as readonly unknown[]).map((part, i) => checkPart(part, `${name}[${i}]`, pointer, depth))
  const sizes = facts.map(({ size }) => size)
  // With two, bytes could be moved from one to the other, and the whole would stay the same.
  requireOption(name, 'parts of which at most one has no size', sizes.filter((size) => size === undefined).length < 2)
  return {
    size: sizes.includes(undefined) ? undefined : sizes.reduce<number>((sum, size) => sum + (size as number), 0),
    hasNonce: facts.some(({ hasNonce }) => hasNonce),
    covered: facts.flatMap(({ covered }) => covered),
    open: facts.flatMap(({ open }) => open),
  }
}

function checkPart(value: unknown, name: string, pointer: PointerReader, depth: number): PartsFacts {
  const own = Object(value) as Readonly<Record<string, unknown>>
  const facts = {
    size: undefined as number | undefined,
    hasNonce: false,
    covered: [] as Covered[],
    open: [] as string[],
  }
  const sized: Check = (content, label) => {
    integer(65_536)(content, label)
    facts.size = content as number
  }
  const inner =
    (size: (inner: number | undefined) => number | undefined): Check =>
    (content, label) => {
      const found = checkParts(content, label, pointer, depth + 1)
      Object.assign(facts, found, { size: size(found.size) })
    }
  const member: Check = (content, label) => {
    const as = 'at' in own ? own['as'] : 'raw' in own ? 'raw' : 'jcs'
    facts.covered.push({
      pointer: pointer(content, label),
      as: as as Covered['as'],
      size: own['size'] as number | undefined,
    })
  }
  const kinds: Readonly<Record<string, Check>> = {
    at: object({ at: member, as: oneOf('hex', 'base64', 'text') }, { size: sized }),
    raw: object({ raw: member }),
    jcs: object({ jcs: member }),
    zeros: object({ zeros: sized }),
    any: object({ any: sized, id: is('text', (id) => typeof id === 'string' && facts.open.push(id) > 0) }),
    text: object({
      text: is('Unicode text', (text) => {
        facts.size = new TextEncoder().encode(String(text)).length
        return typeof text === 'string' && !/\p{Surrogate}/u.test(text)
      }),
    }),
    nonce: object({
      nonce: is('raw or hex', (form) => {
        Object.assign(facts, { size: form === 'raw' ? 32 : 64, hasNonce: true })
        return form === 'raw' || form === 'hex'
      }),
    }),
    hexOf: object({ hexOf: inner((size) => size && 2 * size) }),
    ...Object.fromEntries(
      Object.entries(digests).map(([kind, [, size]]) => [kind, object({ [kind]: inner(() => size) })]),
    ),
  }
  const [kind, check] = Object.entries(kinds).find(([known]) => Object.hasOwn(own, known)) ?? []
  if (check === undefined) throw new TypeError(`${name} must be a part: one of ${Object.keys(kinds).join(', ')}`)
  check(value, name)
  // Inside a digest there would be nothing to compare.
  requireOption(name, 'outside of digests, for bytes that are not compared', kind !== 'any' || depth === 0)
  return facts
}

/**
 * The bytes of a list of parts, without any that are not compared. @throws VerificationError
 * `report-field`, `report-json`
 */
export async function bytesOfParts(parts: readonly Part[], fields: Fields, nonce: Bytes): Promise<Bytes> {
  const pieces: Bytes[] = []
  for (const part of parts) pieces.push(await bytesOfPart(part, fields, nonce))
  return concatBytes(...pieces)
}

/** @throws VerificationError `report-field`, `report-json` */
export async function bytesOfPart(part: Part, fields: Fields, nonce: Bytes): Promise<Bytes> {
  const utf8 = (text: string): Bytes => new TextEncoder().encode(text)
  if ('at' in part) return fields.bytes(part.at, part.as, part.size)
  if ('nonce' in part) return part.nonce === 'raw' ? nonce : utf8(toHex(nonce))
  if ('zeros' in part) return new Uint8Array(part.zeros)
  if ('text' in part) return utf8(part.text)
  if ('raw' in part) {
    const { text, path } = fields.place(part.raw)
    return utf8(spanOf(text, path))
  }
  if ('jcs' in part)
    return utf8(canonicalJson(fields.place(part.jcs).value, { name: `member ${part.jcs}`, code: 'report-field' }))
  if ('hexOf' in part) return utf8(toHex(await bytesOfParts(part.hexOf, fields, nonce)))
  for (const [kind, [algorithm]] of Object.entries(digests))
    if (Object.hasOwn(part, kind))
      return hash(
        algorithm,
        await bytesOfParts((part as Record<string, readonly Part[]>)[kind] as readonly Part[], fields, nonce),
      )
  throw new TypeError('bytes that are not compared have no value')
}
