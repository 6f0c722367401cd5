/**
 * The collection that holds the two tokens of a realm: a map under tag 399 (RMM 1.0) or 907 (RMM
 * 2.0, draft-ffm-rats-cca-token from -02 on). Under 907 each token is in a record of a Conceptual
 * Message Wrapper: `[263, bstr, ? kind]`, where 263 is the CoAP content format of
 * application/eat+cwt.
 */
import type { CheckRecorder } from '../../../core/record.ts'
import type { Bytes } from '../../../encoding/bytes.ts'
import { decodeTokenCbor, isTokenMap, type TokenMap, tokenType, type TokenValue } from '../../../encoding/cbor-token.ts'
import { malformed, type Source } from '../../../encoding/reader.ts'

/** The tokens as bytes. */
export interface Wrapped {
  readonly wrapper: 399 | 907
  readonly platform: Bytes
  readonly realm: Bytes
}

const source: Source = { name: 'CCA token', code: 'token-wrapper' }
const platformKey = 44234
const realmKey = 44241
const eatCwt = 263
/** The bit of a record's kind that says evidence (RFC 9999). */
const evidence = 4

/** Real ones have less than 3 KiB. */
const maximumSize = 65_536

/** @throws VerificationError `payload-size`, `outer-cbor`, `token-wrapper` */
export function unwrapTokens(bytes: Bytes, checks: CheckRecorder): Wrapped {
  checks.decodes('payload-size', 'bytes of evidence', {
    holds: bytes.length <= maximumSize,
    expected: `at most ${maximumSize}`,
    found: `${bytes.length}`,
  })
  return checks.decodes('token-wrapper', 'collection of two tokens', () => {
    const outer = decodeTokenCbor(bytes, { ...source, code: 'outer-cbor' })
    const { tag, value } =
      tokenType(outer) === 'tag' ? (outer as { readonly tag: number; readonly value: TokenValue }) : noTag
    if (tag !== 399 && tag !== 907)
      throw malformed(source, `must have tag 399 or 907, found ${tag ?? tokenType(outer)}`)
    if (!isTokenMap(value)) throw malformed(source, `must hold a map, found ${tokenType(value)}`)
    const platform = tokenOf(value, platformKey, tag)
    const realm = tokenOf(value, realmKey, tag)
    if (value.size !== 2) throw malformed(source, `must hold two tokens and nothing else, found ${value.size} entries`)
    return { wrapper: tag, platform, realm }
  })
}

const noTag = { tag: undefined, value: undefined } as const

function tokenOf(map: TokenMap, key: number, tag: 399 | 907): Bytes {
  const value = map.get(key)
  const record: readonly TokenValue[] = Array.isArray(value) ? (value as readonly TokenValue[]) : []
  const [type, inside, kind] = record
  const isRecord = type === eatCwt && (record.length === 2 || (record.length === 3 && isEvidence(kind)))
  const token = tag === 399 ? value : isRecord ? inside : undefined
  if (token instanceof Uint8Array) return token
  const expected = tag === 399 ? 'a bstr' : `[${eatCwt}, bstr, ? kind with bit ${evidence}]`
  throw malformed(source, `${key} must be ${expected}, found ${tokenType(value)}`)
}

/** Kinds are bits, 1 to 31 together. */
const isEvidence = (kind: TokenValue): boolean => typeof kind === 'number' && kind > 0 && kind <= 31 && (kind & evidence) > 0
