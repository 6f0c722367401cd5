/**
 * `veritee/cmw`: Conceptual Message Wrappers (CMW, RFC 9999), records and collections, in JSON and
 * in CBOR.
 *
 * A wrapper authenticates nothing. What is in it must be believed, or not, by itself; a collection
 * of evidence about one device is only as good as what binds its members to each other.
 */
import { VerificationError } from '../core/errors.ts'
import { requireOption } from '../core/options.ts'
import { copyBytes, isBytes } from '../encoding/bytes.ts'
import { compareEncodings, encodeCbor } from '../encoding/cbor-encode.ts'
import { malformed } from '../encoding/reader.ts'
import { readCmwCbor, writeCmwCbor } from './cmw-cbor.ts'
import { readCmwJson, textOf, writeCmwJson } from './cmw-json.ts'
import {
  type Cmw,
  type CmwCollection,
  type CmwRecord,
  isCollectionType,
  isContentFormat,
  isIndicator,
  isTextLabel,
  isMediaType,
  type UncheckedCmw,
} from './cmw-record.ts'

export { AttestationError, VerificationError } from '../core/errors.ts'
export type { AttestationErrorCode } from '../core/codes.ts'
export type { Cmw, CmwCollection, CmwRecord } from './cmw-record.ts'

/** Bits of an indicator: what kind of message a record holds (RFC 9999, "CM Type"). */
export const cmwIndicators = {
  referenceValues: 1,
  endorsements: 2,
  evidence: 4,
  attestationResults: 8,
  appraisalPolicy: 16,
} as const

/** Larger wrappers are refused before they are read. */
const maximumSize = 1_048_576

/**
 * Reads a wrapper, in JSON or CBOR by its first byte. Proves nothing: neither the type nor the
 * indicator says what a value really is.
 *
 * @param bytes all of it: at most 1 MiB, at most four collections in one another
 * @throws VerificationError `cmw-size`, `cmw-format`
 * @throws TypeError when `bytes` is not a `Uint8Array`
 * @example
 * ```ts
 * const cmw = decodeCmw(body)
 * const evidence = cmw.kind === 'collection' ? cmw.entries.get('evidence') : cmw
 * ```
 */
export function decodeCmw(bytes: Uint8Array): Cmw {
  requireOption('bytes', 'a Uint8Array', isBytes(bytes))
  if (bytes.length > maximumSize)
    throw new VerificationError('cmw-size', {
      subject: 'bytes of the CMW',
      expected: `at most ${maximumSize}`,
      found: `${bytes.length}`,
    })
  const copy = copyBytes(bytes)
  const source = { name: 'CMW', code: 'cmw-format' } as const
  const refuse = (problem: string): never => {
    throw malformed(source, problem)
  }
  // `[` and `{`. In CBOR these bytes begin strings, and no wrapper is one.
  const isJson = copy[0] === 0x5b || copy[0] === 0x7b
  return checkedCmw(isJson ? readCmwJson(textOf(copy, source), source) : readCmwCbor(copy, source), isJson, refuse)
}

/**
 * Writes a wrapper; equal wrappers become equal bytes.
 *
 * @param form JSON has no content formats, no labels that are numbers, and no empty values
 * @throws TypeError for what is no wrapper, or what the form cannot say, or more than 1 MiB
 * @example
 * ```ts
 * const body = encodeCmw({ kind: 'record', type: 'application/eat+cwt', value: token, indicator: cmwIndicators.evidence }, 'json')
 * ```
 */
export function encodeCmw(cmw: Cmw, form: 'json' | 'cbor'): Uint8Array {
  requireOption('form', 'json or cbor', form === 'json' || (form as unknown) === 'cbor')
  const checked = checkedCmw(cmw as UncheckedCmw, form === 'json', (problem) => {
    throw new TypeError(problem)
  })
  const bytes = form === 'json' ? new TextEncoder().encode(writeCmwJson(checked)) : writeCmwCbor(checked)
  requireOption('cmw', `at most ${maximumSize} bytes when it is written`, bytes.length <= maximumSize)
  return bytes
}

/**
 * A copy of what was read or built, with entries in the order of RFC 8949 section 4.2.1, so that
 * both forms of one collection are read alike.
 * @param refuse throws
 */
function checkedCmw(cmw: UncheckedCmw, isJson: boolean, refuse: (problem: string) => never, depth = 4): Cmw {
  const given: Given = { ...cmw }
  const { type } = given
  if (given.kind === 'record') {
    const { value, indicator } = given
    if (!isMediaType(type) && (isJson || !isContentFormat(type)))
      refuse(`type of a record must be a media type${isJson ? '' : ' or a content format'}`)
    if (!isBytes(value) || (isJson && value.length === 0))
      return refuse('value of a record must be bytes, in JSON at least one')
    if (indicator !== undefined && !isIndicator(indicator)) refuse('indicator must be 1 to 31')
    return {
      kind: 'record',
      type: type,
      value: copyBytes(value),
      ...(isIndicator(indicator) && { indicator }),
    }
  }
  const { entries } = given
  if (given.kind !== 'collection' || !(entries instanceof Map) || entries.size === 0)
    return refuse('must be a record, or a collection with entries')
  if (depth === 0) refuse('at most 4 collections may be nested')
  if (type !== undefined && !isCollectionType(type)) refuse('type of a collection must be a URI or OID')
  const checked = [...(entries as ReadonlyMap<string | number, UncheckedCmw>)].map(([label, entry]) => {
    if (!isTextLabel(label) && (isJson || !Number.isSafeInteger(label)))
      refuse(`label must be text${isJson ? '' : ' or an integer'}`)
    return [encodeCbor(label), label, checkedCmw(entry, isJson, refuse, depth - 1)] as const
  })
  checked.sort(([a], [b]) => compareEncodings(a, b))
  return {
    kind: 'collection',
    ...(isCollectionType(type) && { type }),
    entries: new Map(checked.map(([, label, entry]) => [label, entry])),
  }
}

/** What a caller says that a wrapper is. */
type Given = Partial<Record<keyof CmwRecord | keyof CmwCollection, unknown>>
