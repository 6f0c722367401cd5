/**
 * The event log of dstack: a JSON array of `{ imr, event_type, digest, event, event_payload }`, of
 * what firmware measured and of what dstack measured itself ("runtime events", always in RTMR3).
 *
 * Source: Dstack-TEE/dstack, dstack/cc-eventlog. The digest of a runtime event is computed from its
 * name and payload; version 1 hashes `01000008 ‖ ":" ‖ name ‖ ":" ‖ payload`, version 2 the
 * canonical JSON (RFC 8785) of all three.
 *
 * Refused: members that are not listed here, runtime events outside RTMR3 and others inside (their
 * content could hide behind a digest), more than 4096 events, text that is no Unicode.
 */
import { type Bytes, concatBytes, fromHex, toHex } from '../../../../encoding/bytes.ts'
import { malformed, type Source } from '../../../../encoding/reader.ts'
import { digestSize, type LoggedEvent, type RtmrIndex } from './measured-event.ts'
import { maximumEvents } from './tcg-log.ts'

/** The type of what dstack measures itself; not a TCG type. */
export const runtimeEventType = 0x08000001
const runtimeRegister = 3

const source: Source = { name: 'event log', code: 'event-log-format' }
const members = ['imr', 'event_type', 'digest', 'event', 'event_payload', 'version']
const utf8 = /* @__PURE__ */ new TextEncoder()

/** @throws VerificationError `event-log-format` */
export function decodeDstackLog(text: string): LoggedEvent[] {
  let log: unknown
  try {
    log = JSON.parse(text)
  } catch {
    throw malformed(source, 'not JSON')
  }
  if (!Array.isArray(log)) throw malformed(source, 'must be an array of events')
  if (log.length > maximumEvents) throw malformed(source, `more than ${maximumEvents} events`)
  return log.map((event: unknown, i) => readEvent(event, { ...source, name: `event ${i} of the log` }))
}

/** What the digest of a runtime event covers. */
export function runtimeEventPreimage(name: string, payload: Uint8Array, version: 1 | 2): Bytes {
  if (version === 1) return concatBytes([1, 0, 0, 8], utf8.encode(`:${name}:`), payload)
  // RFC 8785: names in order, no white space, strings as ECMAScript serialises them.
  return utf8.encode(JSON.stringify({ name, payload: toHex(payload), type: runtimeEventType }))
}

function readEvent(event: unknown, at: Source): LoggedEvent {
  if (typeof event !== 'object' || event === null || Array.isArray(event)) throw malformed(at, 'must be an object')
  const unknown = Object.keys(event).find((name) => !members.includes(name))
  if (unknown !== undefined) throw malformed(at, `unknown member ${JSON.stringify(unknown.slice(0, 40))}`)
  const { imr, event_type: type, event: name, version = 1, ...hex } = event as Readonly<Record<string, unknown>>
  if (imr !== 0 && imr !== 1 && imr !== 2 && imr !== 3) throw malformed(at, 'imr must be 0 to 3')
  if (typeof type !== 'number' || !Number.isInteger(type) || type < 0 || type >= 2 ** 32)
    throw malformed(at, 'event_type must be an unsigned integer of 32 bits')
  // A lone surrogate has no UTF-8: two names would have one digest.
  if (typeof name !== 'string' || /\p{Surrogate}/u.test(name)) throw malformed(at, 'event must be Unicode text')
  if (version !== 1 && version !== 2) throw malformed(at, 'version must be 1 or 2')
  const data = readHex(hex['event_payload'], 'event_payload', at)
  const given = readHex(hex['digest'] ?? '', 'digest', at)
  const isRuntime = type === runtimeEventType
  if (isRuntime !== (imr === runtimeRegister))
    throw malformed(at, `type 0x${type.toString(16)} in RTMR${imr}: runtime events and RTMR3 belong together`)
  // Logs may be stripped of digests that their reader computes anyway, and of no others.
  const isStripped = isRuntime && given.length === 0
  if (!isStripped && given.length !== digestSize) throw malformed(at, `digest must have ${digestSize} bytes`)
  return {
    rtmr: imr satisfies RtmrIndex,
    type,
    digest: isStripped ? undefined : given,
    name: isRuntime ? name : undefined,
    data,
    preimage: isRuntime ? runtimeEventPreimage(name, data, version) : data,
  }
}

function readHex(value: unknown, member: string, at: Source): Bytes {
  try {
    if (typeof value === 'string' && !value.startsWith('0x')) return fromHex(value)
  } catch {
    // Said below, with the name of the event.
  }
  throw malformed(at, `${member} must be hexadecimal`)
}
