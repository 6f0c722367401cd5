/**
 * Expectations about events, checked and copied: what must have been measured into which register,
 * as digests.
 */
import { hash } from '../../../../crypto/digest.ts'
import { type Bytes, concatBytes, copyBytes, fromHex, isBytes } from '../../../../encoding/bytes.ts'
import { snapshotOf } from '../../../../core/options.ts'
import { digestSize, type RtmrIndex } from './measured-event.ts'

/**
 * Pass it as `others` to accept events that are not listed. Sound only where the code that measures
 * them is itself pinned: code that you do not know can measure the events that you expect, after
 * its own.
 */
export const allowOtherEvents: unique symbol = /* @__PURE__ */ Symbol.for('veritee.allowOtherEvents')

/**
 * One event, by what was measured. Bytes are a `Uint8Array` or hexadecimal.
 * - `digest`: the 48 bytes that were extended: the Authenticode hash (SHA-384) of a kernel or boot
 *   loader, say.
 * - `data`: the bytes that were hashed: an initial RAM disk, four zeros for a separator.
 * - `text`: the same, as UTF-8: what GRUB says, `Exit Boot Services Invocation`.
 * - `commandLine`: a kernel command line as Linux measures it that was started by EFI (its load
 *   options): UTF-16LE, with a zero at the end.
 */
export type ExpectedEvent =
  | { readonly digest: Uint8Array | string }
  | { readonly data: Uint8Array | string }
  | { readonly text: string }
  | { readonly commandLine: string }

/**
 * All events of a register: exactly these, in this order, and none for a register that must be
 * untouched. With {@link allowOtherEvents}: each of these, in any order, among others.
 */
export type ExpectedRegister =
  readonly ExpectedEvent[] | { readonly events: readonly ExpectedEvent[]; readonly others: typeof allowOtherEvents }

/**
 * What dstack measured into RTMR3 while it booted, before any application ran: each exactly once.
 * Bytes are a `Uint8Array` or hexadecimal.
 *
 * dstack itself is not measured there: pin MRTD and RTMR0 to RTMR2 as well, or an operator's own
 * system can claim any application.
 */
export interface ExpectedDstackEvents {
  readonly appId?: Uint8Array | string
  /** SHA-256 of the app-compose file. */
  readonly composeHash?: Uint8Array | string
  readonly instanceId?: Uint8Array | string
  /** The bytes of the JSON that names the key provider. */
  readonly keyProvider?: Uint8Array | string
  readonly osImageHash?: Uint8Array | string
  readonly rootfsHash?: Uint8Array | string
}

/**
 * Expectations about the events of a log. At least one; a register without any is neither compared
 * nor vouched for.
 */
export interface EventExpectations {
  readonly rtmr0?: ExpectedRegister
  readonly rtmr1?: ExpectedRegister
  readonly rtmr2?: ExpectedRegister
  readonly rtmr3?: ExpectedRegister
  readonly dstack?: ExpectedDstackEvents
}

/** {@link ExpectedRegister}, as digests. */
export interface RegisterPolicy {
  readonly rtmr: RtmrIndex
  readonly digests: readonly Bytes[]
  readonly allowsOthers: boolean
}

/** {@link EventExpectations}, checked, copied and complete. */
export interface EventPolicy {
  readonly registers: readonly RegisterPolicy[]
  /** Payloads by the names of events; empty when nothing of dstack is expected. */
  readonly dstack: ReadonlyMap<string, Bytes>
}

const registerNames = ['rtmr0', 'rtmr1', 'rtmr2', 'rtmr3'] as const
/** dstack, `dstack-util`: the names that it measures under. */
const dstackNames: Readonly<Record<keyof ExpectedDstackEvents, string>> = {
  appId: 'app-id',
  composeHash: 'compose-hash',
  instanceId: 'instance-id',
  keyProvider: 'key-provider',
  osImageHash: 'os-image-hash',
  rootfsHash: 'rootfs-hash',
}

/** @throws TypeError for every mistake that a caller can make */
export async function readExpectations(expected: EventExpectations): Promise<EventPolicy> {
  const own = ownOf(expected, 'expectations', [...registerNames, 'dstack'])
  if (Object.keys(own).length === 0)
    throw new TypeError('expectations must name at least one of rtmr0 to rtmr3, dstack')
  const registers: RegisterPolicy[] = []
  for (const [i, name] of registerNames.entries())
    if (Object.hasOwn(own, name)) registers.push(await readRegister(own[name], name, i as RtmrIndex))
  return { registers, dstack: Object.hasOwn(own, 'dstack') ? readDstack(own['dstack']) : new Map() }
}

async function readRegister(register: unknown, name: string, rtmr: RtmrIndex): Promise<RegisterPolicy> {
  const allowsOthers = !Array.isArray(register)
  const own = allowsOthers ? ownOf(register, name, ['events', 'others']) : { events: register as unknown }
  const { events } = own
  if (!Array.isArray(events)) throw new TypeError(`${name} must be an array of events, or { events, others }`)
  if (allowsOthers && own['others'] !== allowOtherEvents) throw new TypeError(`${name}.others must be allowOtherEvents`)
  // No event in particular, among any others: that is no expectation.
  if (allowsOthers && events.length === 0) throw new TypeError(`${name}.events must not be empty`)
  const digests: Bytes[] = []
  for (const [i, event] of events.entries()) digests.push(await digestOf(event, `${name}[${i}]`))
  return { rtmr, digests, allowsOthers }
}

async function digestOf(event: unknown, name: string): Promise<Bytes> {
  const own = ownOf(event, name, ['digest', 'data', 'text', 'commandLine'])
  const [[kind, value] = [], more] = Object.entries(own)
  if (kind === undefined || more !== undefined)
    throw new TypeError(`${name} must have one of digest, data, text, commandLine`)
  const label = `${name}.${kind}`
  if (kind === 'digest') {
    const digest = readBytes(value, label)
    if (digest.length !== digestSize) throw new TypeError(`${label} must have ${digestSize} bytes`)
    return digest
  }
  if (kind === 'data') return hash('SHA-384', readBytes(value, label))
  if (typeof value !== 'string' || value === '') throw new TypeError(`${label} must be text`)
  if (kind === 'text') return hash('SHA-384', new TextEncoder().encode(value))
  const units = Array.from({ length: value.length + 1 }, (_, i) => value.charCodeAt(i) || 0)
  return hash('SHA-384', concatBytes(units.flatMap((unit) => [unit & 0xff, unit >> 8])))
}

function readDstack(events: unknown): ReadonlyMap<string, Bytes> {
  const payloads = new Map<string, Bytes>()
  for (const [name, value] of Object.entries(ownOf(events, 'dstack', Object.keys(dstackNames))))
    payloads.set(dstackNames[name as keyof ExpectedDstackEvents], readBytes(value, `dstack.${name}`))
  if (payloads.size === 0)
    throw new TypeError(`dstack must name at least one of ${Object.keys(dstackNames).join(', ')}`)
  return payloads
}

/** At least one byte: an empty expectation would be met by an event that says nothing. */
function readBytes(value: unknown, name: string): Bytes {
  const bytes = typeof value === 'string' ? fromHex(value, name) : isBytes(value) ? copyBytes(value) : undefined
  if (bytes === undefined || bytes.length === 0)
    throw new TypeError(`${name} must be at least one byte (Uint8Array or hexadecimal)`)
  return bytes
}

/** A misspelt expectation must not go unchecked. */
function ownOf(value: unknown, name: string, known: readonly string[]): Readonly<Record<string, unknown>> {
  const own = snapshotOf<Record<string, unknown>>(value, name)
  const unknown = Object.keys(own).find((key) => !known.includes(key))
  if (unknown !== undefined)
    throw new TypeError(`${name}: ${JSON.stringify(unknown)} must be one of ${known.join(', ')}`)
  return own
}
