/**
 * The answer of the evidence endpoint, written by the gateway and read by the client: a CMW (RFC
 * 9999) in JSON. It is a record of evidence, or a collection of `evidence`, `key-config` and
 * `endorsements`. A wrapper authenticates nothing: what is in it must be believed, or not, by
 * itself.
 */
import type { Bytes } from '../encoding/bytes.ts'
import { decodeJson, type JsonValue } from '../encoding/json.ts'
import { malformed } from '../encoding/reader.ts'
import { readCmwJson, textOf, writeCmwJson } from './cmw-json.ts'
import {
  type Cmw,
  type CmwRecord,
  isIndicator,
  isMediaType,
  type UncheckedCollection,
  type UncheckedRecord,
} from './cmw-record.ts'

/** The media type of a wrapper in JSON. */
export const cmwMediaType = 'application/cmw+json'

/** Bits of the indicator. */
const kinds = { endorsements: 2, evidence: 4 } as const

/** What the wrapper holds. */
export interface WrappedEvidence {
  readonly mediaType: string
  readonly evidence: Uint8Array
  /** Given when the evidence holds only a digest of it. */
  readonly keyConfig: Uint8Array | undefined
  /** A value for JSON, or `undefined` for none. */
  readonly endorsements: unknown
}

/** What came, unverified. */
export interface Wrapped {
  readonly mediaType: string
  readonly evidence: Bytes
  readonly keyConfig: Bytes | undefined
  readonly endorsements: JsonValue | undefined
}

const source = { name: 'answer of the evidence endpoint', code: 'client-evidence' } as const
const mediaTypes: Readonly<Record<string, string>> = {
  'key-config': 'application/ohttp-keys',
  endorsements: 'application/json',
}

/** A record where evidence is all there is, else a collection. */
export function wrapEvidence({ mediaType, evidence, keyConfig, endorsements }: WrappedEvidence): string {
  const record: CmwRecord = { kind: 'record', type: mediaType, value: evidence, indicator: kinds.evidence }
  const entries = new Map<string, Cmw>([['evidence', record]])
  if (keyConfig !== undefined)
    entries.set('key-config', { kind: 'record', type: 'application/ohttp-keys', value: keyConfig })
  if (endorsements !== undefined) {
    const value = new TextEncoder().encode(JSON.stringify(endorsements))
    entries.set('endorsements', { kind: 'record', type: 'application/json', value, indicator: kinds.endorsements })
  }
  return writeCmwJson(entries.size === 1 ? record : { kind: 'collection', entries })
}

/**
 * Reads what {@link wrapEvidence} writes. Nothing in it is believed. @throws VerificationError
 * `client-evidence`
 */
export function unwrapEvidence(bytes: Bytes): Wrapped {
  const cmw = readCmwJson(textOf(bytes, source), source)
  const { type, entries } = cmw.kind === 'record' ? { entries: new Map([['evidence', cmw]]) } : cmw
  const evidence = recordOf(entries, 'evidence', kinds.evidence)
  const key = recordOf(entries, 'key-config', 0)
  const extra = recordOf(entries, 'endorsements', kinds.endorsements)
  const known = [evidence, key, extra].filter(Boolean).length
  if (evidence === undefined || type !== undefined || known < entries.size)
    throw malformed(source, 'must be evidence, key-config and endorsements, of which evidence is needed')
  return {
    mediaType: evidence.type as string,
    evidence: evidence.value as Bytes,
    keyConfig: key?.value as Bytes | undefined,
    endorsements: extra && decodeJson(textOf(extra.value, source), source),
  }
}

/** A record with a value, of its media type; its indicator, where it has one, has this bit. */
function recordOf(entries: UncheckedCollection['entries'], name: string, kind: number): UncheckedRecord | undefined {
  const entry = entries.get(name)
  if (entry === undefined) return undefined
  const { type, value, indicator } = entry as UncheckedRecord
  const isKind = indicator === undefined || (isIndicator(indicator) && (indicator & kind) !== 0)
  const isType = name === 'evidence' ? isMediaType(type) : type === mediaTypes[name]
  if (entry.kind !== 'record' || !isType || !isKind || value.length === 0)
    throw malformed(source, `${name} must be [media type, base64url, kind]`)
  return entry
}
