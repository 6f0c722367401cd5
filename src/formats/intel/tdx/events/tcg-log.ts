/**
 * The crypto-agile event log of firmware, as the ACPI table CCEL points to it in a TDX trust
 * domain.
 *
 * Source: TCG PC Client Platform Firmware Profile 1.06, section 10.2 (`TCG_PCClientPCREvent` with
 * the "Spec ID Event03", then `TCG_PCR_EVENT2`); UEFI 2.10 section 38.4.1 for the registers: 0 is
 * MRTD, 1 to 4 are RTMR0 to RTMR3. All integers are little-endian.
 *
 * Accepted: any set of algorithms that has SHA-384, padding of 00 or of FF up to the end of the log
 * area. Refused: events whose digests are not exactly those that the header announces, other
 * registers, more than 4096 events, anything after the padding began that is no padding.
 */
import { type Bytes, isZero, toHex } from '../../../../encoding/bytes.ts'
import {
  type Cursor,
  cursor,
  end,
  malformed,
  remaining,
  type Source,
  take,
  uintLe,
} from '../../../../encoding/reader.ts'
import { digestSize, type LoggedEvent, type RtmrIndex } from './measured-event.ts'

const source: Source = { name: 'event log', code: 'event-log-format' }
const headerSource: Source = { name: 'event log header', code: 'event-log-format' }
/** "Spec ID Event03" and a zero. */
const signature = '53706563204944204576656e74303300'
const noAction = 3
const sha384 = 0x000c
/** The TCG has registered fewer. */
const maximumAlgorithms = 16
/** Real logs have about 50. */
export const maximumEvents = 4096

/**
 * The events that were extended into RTMR0 to RTMR3, in order. @throws VerificationError
 * `event-log-format`
 */
export function decodeTcgLog(bytes: Bytes): LoggedEvent[] {
  const input = cursor(bytes, source)
  const digestSizes = readHeader(input)
  const events: LoggedEvent[] = []
  while (!isPadding(input)) {
    const event = readEvent(input, digestSizes)
    if (event === undefined) continue
    if (events.length === maximumEvents) throw malformed(source, `more than ${maximumEvents} events`)
    events.push(event)
  }
  return events
}

/**
 * The first event has the layout of older logs, so that their readers stop here. @returns the size
 * of each algorithm's digests
 */
function readHeader(input: Cursor): ReadonlyMap<number, number> {
  uintLe(input, 4, 'register of the header')
  const type = uintLe(input, 4, 'type of the header')
  const digest = take(input, 20, 'digest of the header')
  if (type !== noAction || !isZero(digest)) throw malformed(source, 'must begin with an EV_NO_ACTION event')
  const header = cursor(take(input, uintLe(input, 4, 'size of the header'), 'header'), headerSource)
  if (toHex(take(header, 16, 'signature')) !== signature) throw malformed(headerSource, 'is no "Spec ID Event03"')
  take(header, 8, 'platform class and versions')
  const count = uintLe(header, 4, 'number of algorithms')
  if (count > maximumAlgorithms) throw malformed(headerSource, `${count} algorithms, at most ${maximumAlgorithms}`)
  const sizes = new Map<number, number>()
  for (let i = 0; i < count; i++) {
    const algorithm = uintLe(header, 2, 'algorithm')
    if (sizes.has(algorithm)) throw malformed(headerSource, `algorithm 0x${algorithm.toString(16)} is there twice`)
    sizes.set(algorithm, uintLe(header, 2, 'digest size'))
  }
  take(header, uintLe(header, 1, 'size of vendor information'), 'vendor information')
  end(header)
  if (sizes.get(sha384) !== digestSize) throw malformed(headerSource, 'has no SHA-384 digests of 48 bytes')
  return sizes
}

/**
 * @returns `undefined` for what no RTMR holds: EV_NO_ACTION, which is not extended, and the
 *   register 0, which is MRTD
 */
function readEvent(input: Cursor, sizes: ReadonlyMap<number, number>): LoggedEvent | undefined {
  const { at } = input
  const register = uintLe(input, 4, 'register')
  if (register > 4) throw malformed(source, `register ${register} at ${at}, expected 0 to 4`)
  const type = uintLe(input, 4, 'event type')
  const digest = readDigests(input, sizes)
  const data = take(input, uintLe(input, 4, 'size of event data'), 'event data')
  if (register === 0 || type === noAction) return undefined
  return { rtmr: (register - 1) as RtmrIndex, type, digest, name: undefined, data, preimage: data }
}

/** Exactly one digest for each algorithm of the header. @returns the one of SHA-384 */
function readDigests(input: Cursor, sizes: ReadonlyMap<number, number>): Bytes {
  const { at } = input
  const count = uintLe(input, 4, 'number of digests')
  if (count !== sizes.size) throw malformed(source, `${count} digests at ${at}, expected ${sizes.size}`)
  const digests = new Map<number, Bytes>()
  for (let i = 0; i < count; i++) {
    const algorithm = uintLe(input, 2, 'algorithm')
    const size = sizes.get(algorithm)
    if (size === undefined || digests.has(algorithm))
      throw malformed(source, `digest of algorithm 0x${algorithm.toString(16)} at ${at}, expected one of each`)
    digests.set(algorithm, take(input, size, 'digest'))
  }
  return digests.get(sha384) as Bytes
}

/**
 * No event begins with FFFFFFFF, a register, nor with twelve zeros, which would have no digest. All
 * that follows must be padding too.
 */
function isPadding(input: Cursor): boolean {
  const { bytes, at } = input
  const rest = bytes.subarray(at)
  const [first] = rest
  if (first === undefined) return true
  const head = rest.subarray(0, first === 0 ? 12 : 4)
  if ((first !== 0 && first !== 0xff) || !head.every((byte) => byte === first)) return false
  if (!rest.every((byte) => byte === first))
    throw malformed(source, `${remaining(input)} bytes at ${at} begin as padding and are none`)
  return true
}
