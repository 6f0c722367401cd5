/**
 * CMW (RFC 9999) in CBOR: a record `[ type, bytes, ? indicator ]`, a tag on bytes, or a map of them
 * by label.
 *
 * Accepted: the tags of RFC 9277 for content formats, records of two or three items. Refused:
 * indefinite lengths, heads longer than needed, labels twice, anything left over. Types, labels and
 * indicators are checked in `cmw.ts`.
 */
import type { Bytes } from '../encoding/bytes.ts'
import { cborType, type CborValue, decodeCbor, isCborMap } from '../encoding/cbor.ts'
import { type Encodable, encodeCbor } from '../encoding/cbor-encode.ts'
import { malformed, type Source } from '../encoding/reader.ts'
import { type Cmw, typeLabel, type UncheckedCmw } from './cmw-record.ts'

/** Reads the whole of `bytes`. @throws VerificationError with the code of `source` */
export function readCmwCbor(bytes: Bytes, source: Source): UncheckedCmw {
  // Real collections have a few dozen items; this holds 10,000 records.
  const budget = { items: Math.min(256 + bytes.length / 4, 65_536) }
  return readItem(decodeCbor(bytes, source, true, budget), source)
}

/** Writes a wrapper that has been checked: see `cmw.ts`. Deterministic (RFC 8949 section 4.2.1). */
export function writeCmwCbor(cmw: Cmw): Bytes {
  return encodeCbor(itemOf(cmw))
}

function readItem(item: CborValue, source: Source): UncheckedCmw {
  if (isCborMap(item)) {
    // What is there without a value is not absent.
    const type = item.has(typeLabel) ? (item.get(typeLabel) ?? null) : undefined
    const members = [...item].filter(([label]) => label !== typeLabel)
    return {
      kind: 'collection',
      type,
      entries: new Map(members.map(([label, entry]) => [label, readItem(entry, source)])),
    }
  }
  if (Array.isArray(item)) {
    const [type, value, indicator = null, ...more] = item as readonly CborValue[]
    if (!(value instanceof Uint8Array) || more.length > 0)
      throw malformed(source, 'record must be [media type or content format, bytes, indicator]')
    return { kind: 'record', type, value, indicator: item.length < 3 ? undefined : indicator }
  }
  if (typeof item === 'object' && item !== null && 'tag' in item) return readTag(item.tag, item.value, source)
  throw malformed(source, `must be a record, a tag or a collection, found ${cborType(item)}`)
}

/** RFC 9277 section 4.3: 255 content formats to every 256 tags, so that no tag ends in zeros. */
function readTag(tag: number, value: CborValue, source: Source): UncheckedCmw {
  const offset = tag - firstTag
  const rest = offset % 256
  if (offset < 0 || tag > lastTag || rest === 255 || !(value instanceof Uint8Array))
    throw malformed(source, `tag ${tag} must be that of a content format, on bytes`)
  return { kind: 'record', type: Math.floor(offset / 256) * 255 + rest, value, indicator: undefined }
}

const firstTag = 1_668_546_817
const lastTag = 1_668_612_095

function itemOf(cmw: Cmw): Encodable {
  if (cmw.kind === 'record') {
    const { type, value, indicator } = cmw
    return [type, value, ...(indicator === undefined ? [] : [indicator])]
  }
  const { type, entries } = cmw
  const items = [...entries].map(([label, entry]) => [label, itemOf(entry)] as const)
  return new Map<string | number, Encodable>(type === undefined ? items : [[typeLabel, type], ...items])
}
