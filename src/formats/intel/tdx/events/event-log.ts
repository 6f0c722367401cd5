/**
 * Replays an event log: from what was measured to the values that the runtime measurement registers
 * (RTMRs) of a TDX trust domain must then have.
 *
 * A log is not signed and proves nothing by itself: anyone can write one. It becomes believable
 * when the registers of a verified quote hold what it replays to. Hence expectations about events
 * are turned into reference values (`rtmrReferenceValues`), which the verifier of the quote
 * compares.
 */
import { hash } from '../../../../crypto/digest.ts'
import { type Bytes, copyBytes, equalBytes, isBytes, toHex } from '../../../../encoding/bytes.ts'
import { VerificationError } from '../../../../core/errors.ts'
import { decodeDstackLog } from './dstack-log.ts'
import { extendRtmr, type LoggedEvent, type MeasuredEvent } from './measured-event.ts'
import { decodeTcgLog } from './tcg-log.ts'

/**
 * A log, and what it replays to. Untrusted, until the registers of a verified quote hold `rtmrs`.
 */
export interface ReplayedEventLog {
  /**
   * `tcg`: the log of firmware (CCEL). `dstack`: dstack's JSON, of firmware and of dstack itself.
   */
  readonly format: 'tcg' | 'dstack'
  /** RTMR0 to RTMR3 after all events: 48 bytes each, zeros where there was none. */
  readonly rtmrs: readonly [rtmr0: Uint8Array, rtmr1: Uint8Array, rtmr2: Uint8Array, rtmr3: Uint8Array]
  /**
   * Every event that was extended into one of them, in the order of the log. Events that no
   * register holds are left out.
   */
  readonly events: readonly MeasuredEvent[]
}

/** CCEL areas have 64 to 256 KB. */
const maximumSize = 1_048_576

/**
 * Replays `log`: the bytes of a CCEL area (`/sys/firmware/acpi/tables/data/CCEL` on Linux), or
 * dstack's JSON array as bytes or text.
 *
 * Proves that the log is well formed and that events carry the digests of their own contents where
 * they should. Does *not* prove that any of it happened: compare `rtmrs` with a verified quote, or
 * use `rtmrReferenceValues`.
 *
 * ```ts
 * const { rtmrs, events } = await replayEventLog(ccel)
 * ```
 * @throws VerificationError `event-log-format`; `event-log-digest` when a runtime event of dstack
 *   does not have the digest that the log gives it
 * @throws TypeError when `log` is neither bytes nor text
 */
export async function replayEventLog(log: Uint8Array | string): Promise<ReplayedEventLog> {
  const { format, logged } = decodeLog(log)
  const events: MeasuredEvent[] = []
  for (const [i, event] of logged.entries()) events.push(await measure(event, i))
  const registers = [0, 1, 2, 3].map((rtmr) => events.filter((event) => event.rtmr === rtmr))
  const rtmrs: readonly Bytes[] = await Promise.all(
    registers.map((register) => extendRtmr(register.map(({ digest }) => digest))),
  )
  return Object.freeze({
    format,
    rtmrs: Object.freeze(rtmrs) as unknown as ReplayedEventLog['rtmrs'],
    events: Object.freeze(events),
  })
}

/** JSON begins with a bracket; the log of firmware begins with the number of a register. */
function decodeLog(log: unknown): Pick<ReplayedEventLog, 'format'> & { readonly logged: readonly LoggedEvent[] } {
  if (typeof log !== 'string' && !isBytes(log)) throw new TypeError('event log must be a Uint8Array or a string')
  if (log.length > maximumSize)
    throw new VerificationError('event-log-format', {
      subject: 'size of event log',
      expected: `at most ${maximumSize}`,
      found: `${log.length}`,
    })
  if (typeof log === 'string') return { format: 'dstack', logged: decodeDstackLog(log) }
  const bytes = copyBytes(log)
  if (!/^[\s[{]/.test(String.fromCharCode(bytes[0] ?? 0))) return { format: 'tcg', logged: decodeTcgLog(bytes) }
  return { format: 'dstack', logged: decodeDstackLog(decodeUtf8(bytes)) }
}

function decodeUtf8(bytes: Bytes): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
  } catch {
    throw new VerificationError('event-log-format', 'event log: invalid UTF-8')
  }
}

async function measure({ digest: given, preimage, ...event }: LoggedEvent, i: number): Promise<MeasuredEvent> {
  const computed = await hash('SHA-384', preimage)
  const digest = given ?? computed
  const dataIsMeasured = equalBytes(digest, computed)
  // Only runtime events have a name, and theirs is always computed: a printed name must be true.
  if (event.name !== undefined && !dataIsMeasured)
    throw new VerificationError('event-log-digest', {
      subject: `digest of event ${i} of the log`,
      expected: toHex(computed),
      found: toHex(digest),
    })
  return Object.freeze({ ...event, digest, dataIsMeasured })
}
