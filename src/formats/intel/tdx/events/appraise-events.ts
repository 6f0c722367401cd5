/**
 * Reference values given as events: what must have been measured, instead of the values that
 * registers end up with.
 */
import { type Bytes, copyBytes, equalBytes, isBytes, toHex } from '../../../../encoding/bytes.ts'
import { type CheckRecorder, recordChecks } from '../../../../core/record.ts'
import type { Check } from '../../../../core/check.ts'
import { type ReplayedEventLog, replayEventLog } from './event-log.ts'
import { type EventExpectations, type EventPolicy, readExpectations, type RegisterPolicy } from './expected-events.ts'
import type { MeasuredEvent, RtmrIndex } from './measured-event.ts'

/** Values that registers must hold, as the verifier of TDX quotes takes them: 48 bytes each. */
export type RtmrReferenceValues = { readonly [Register in `rtmr${RtmrIndex}`]?: Uint8Array }

/** Events before it were measured while dstack booted, events after it may be an application's. */
const endOfBoot = 'system-ready'

/**
 * Turns expectations about events into reference values: those of the registers that the
 * expectations are about, and of no others.
 *
 * Proves nothing about a quote by itself. When the registers of a verified quote hold these values,
 * then its log is this one, and it is as expected.
 *
 * ```ts
 * const { rtmr3 } = await rtmrReferenceValues(eventLog, { dstack: { composeHash: '3763bc34…' } })
 * await verifyTdx(quote, { endorsements, reportData: nonce, referenceValues: { mrTd, rtmr0, rtmr1, rtmr2, rtmr3 } })
 * ```
 * @param log see `replayEventLog`
 * @throws VerificationError `event-log-format`, `event-log-digest`
 * @throws AppraisalError `policy-event`, with every expectation that the log does not meet
 * @throws TypeError for a mistake in `expected`
 */
export async function rtmrReferenceValues(
  log: Uint8Array | string,
  expected: EventExpectations,
): Promise<RtmrReferenceValues> {
  const policy = await readExpectations(expected)
  const replayed = await replayEventLog(log)
  const checks = recordChecks()
  appraiseEvents(replayed, policy, checks)
  checks.conclude()
  return Object.freeze(Object.fromEntries(registersOf(policy).map((rtmr) => [`rtmr${rtmr}`, replayed.rtmrs[rtmr]])))
}

/**
 * Appraises the registers of a quote that was verified already: the log must replay to them, and
 * its events must be as expected. Registers that the log has no event of are compared only where
 * something is expected of them: a log may be of some registers only.
 *
 * ```ts
 * const { claims } = await verifyTdx(quote, tdxOptions)
 * const checks = await appraiseEventLog(eventLog, [claims.rtmr0, claims.rtmr1, claims.rtmr2, claims.rtmr3], expected)
 * ```
 * @param rtmrs RTMR0 to RTMR3 of the quote, 48 bytes each
 * @returns every check that was made
 * @throws VerificationError `event-log-format`, `event-log-digest`
 * @throws AppraisalError `policy-rtmr`, `policy-event`, with everything that is not as expected
 * @throws TypeError for a mistake in `rtmrs` or `expected`
 */
export async function appraiseEventLog(
  log: Uint8Array | string,
  rtmrs: readonly Uint8Array[],
  expected: EventExpectations,
): Promise<readonly Check[]> {
  if (!Array.isArray(rtmrs) || rtmrs.length !== 4 || !rtmrs.every((rtmr) => isBytes(rtmr) && rtmr.length === 48))
    throw new TypeError('rtmrs must be 4 values of 48 bytes (Uint8Array)')
  const quoted = rtmrs.map(copyBytes)
  const policy = await readExpectations(expected)
  const replayed = await replayEventLog(log)
  const checks = recordChecks()
  appraiseRegisters(replayed, quoted, registersOf(policy), checks)
  appraiseEvents(replayed, policy, checks)
  checks.conclude()
  return Object.freeze([...checks.made])
}

function registersOf({ registers, dstack }: EventPolicy): readonly RtmrIndex[] {
  return [...new Set([...registers.map(({ rtmr }) => rtmr), ...(dstack.size > 0 ? [3 as const] : [])])]
}

function appraiseRegisters(
  { rtmrs, events }: ReplayedEventLog,
  quoted: readonly Bytes[],
  expected: readonly RtmrIndex[],
  checks: CheckRecorder,
): void {
  const logged = new Set(events.map(({ rtmr }) => rtmr))
  for (const [i, replayed] of rtmrs.entries()) {
    const rtmr = i as RtmrIndex
    const found = quoted[rtmr] as Bytes
    if (!logged.has(rtmr) && !expected.includes(rtmr)) {
      checks.omit('policy-rtmr', 'not-requested', `no event of RTMR${rtmr} in the log, none expected`)
      continue
    }
    const holds = equalBytes(replayed, found)
    checks.appraises('policy-rtmr', `RTMR${rtmr} as replayed`, {
      holds,
      expected: toHex(replayed),
      found: toHex(found),
    })
  }
}

function appraiseEvents({ events }: ReplayedEventLog, { registers, dstack }: EventPolicy, checks: CheckRecorder): void {
  for (const register of registers) {
    const found = events.filter(({ rtmr }) => rtmr === register.rtmr).map(({ digest }) => toHex(digest))
    if (register.allowsOthers) appraiseAmong(register, found, checks)
    else appraiseSequence(register, found, checks)
  }
  if (dstack.size > 0) appraiseDstack(events, dstack, checks)
}

/** Exactly these events. The first difference is enough: what follows it says nothing new. */
function appraiseSequence({ rtmr, digests }: RegisterPolicy, found: readonly string[], checks: CheckRecorder): void {
  const wanted = digests.map(toHex)
  const length = Math.max(wanted.length, found.length)
  const at = Array.from({ length }, (_, i) => i).find((i) => wanted[i] !== found[i])
  if (at === undefined) {
    checks.appraises('policy-event', `events of RTMR${rtmr}`, {
      holds: true,
      expected: `${length}`,
      found: `${length}`,
    })
    return
  }
  const subject = `event ${at} of RTMR${rtmr}, ${wanted.length} expected in all`
  checks.appraises('policy-event', subject, {
    holds: false,
    expected: wanted[at] ?? 'no more events',
    found: found[at] ?? 'no more events',
  })
}

/** Each of these events, among others. */
function appraiseAmong({ rtmr, digests }: RegisterPolicy, found: readonly string[], checks: CheckRecorder): void {
  const measured = new Set(found)
  for (const digest of digests.map(toHex)) {
    const holds = measured.has(digest)
    const actual = holds ? digest : `none of ${found.length} events`
    checks.appraises('policy-event', `event of RTMR${rtmr}`, { holds, expected: digest, found: actual })
  }
}

/**
 * Each exactly once before the first `system-ready`. The decoder made sure that the digests of
 * these events are those of their names and payloads.
 */
function appraiseDstack(
  events: readonly MeasuredEvent[],
  expected: ReadonlyMap<string, Bytes>,
  checks: CheckRecorder,
): void {
  const end = events.findIndex(({ name }) => name === endOfBoot)
  checks.appraises('policy-event', `event ${endOfBoot}`, {
    holds: end >= 0,
    expected: 'in the log',
    found: end < 0 ? 'none' : 'in the log',
  })
  const boot = events.slice(0, Math.max(end, 0))
  for (const [name, payload] of expected) {
    const found = boot.filter((event) => event.name === name).map(({ data }) => toHex(data))
    const wanted = toHex(payload)
    const holds = found.length === 1 && found[0] === wanted
    const actual = found.length > 1 ? `${found.length} events of that name` : (found[0] ?? 'none')
    checks.appraises('policy-event', `event ${name}`, { holds, expected: wanted, found: actual })
  }
}
