/**
 * The RTMRs as the event log replays to them, each with its events. A log is not signed: whatever
 * stands in it is true only where the register of an authentic quote holds what it replays to.
 */
import type { MeasuredEvent } from '../../../../src/formats/intel/tdx/events/index.ts'
import { printable } from '../../../../src/inspect/index.ts'
import { isZero, toHex } from '../../bytes.ts'
import { type Child, h, hex } from '../../dom.ts'
import { evidenceSection } from '../../view-section.ts'
import { wordsOfData } from './event-data.ts'
import type { QuoteOutcome } from './outcome.ts'
import { shortened, utf16 } from './reader.ts'
import { logMatches } from './verdict.ts'

/** TCG PC Client Platform Firmware Profile, table "Events"; and dstack's own. */
const types: Readonly<Record<number, string>> = {
  0x0: 'EV_PREBOOT_CERT',
  0x1: 'EV_POST_CODE',
  0x4: 'EV_SEPARATOR',
  0x5: 'EV_ACTION',
  0x6: 'EV_EVENT_TAG',
  0x7: 'EV_S_CRTM_CONTENTS',
  0x8: 'EV_S_CRTM_VERSION',
  0x9: 'EV_CPU_MICROCODE',
  0xa: 'EV_PLATFORM_CONFIG_FLAGS',
  0xb: 'EV_TABLE_OF_DEVICES',
  0xc: 'EV_COMPACT_HASH',
  0xd: 'EV_IPL',
  0xe: 'EV_IPL_PARTITION_DATA',
  0x08000001: 'dstack event',
  0x80000001: 'EV_EFI_VARIABLE_DRIVER_CONFIG',
  0x80000002: 'EV_EFI_VARIABLE_BOOT',
  0x80000003: 'EV_EFI_BOOT_SERVICES_APPLICATION',
  0x80000004: 'EV_EFI_BOOT_SERVICES_DRIVER',
  0x80000005: 'EV_EFI_RUNTIME_SERVICES_DRIVER',
  0x80000006: 'EV_EFI_GPT_EVENT',
  0x80000007: 'EV_EFI_ACTION',
  0x80000008: 'EV_EFI_PLATFORM_FIRMWARE_BLOB',
  0x80000009: 'EV_EFI_HANDOFF_TABLES',
  0x8000000a: 'EV_EFI_PLATFORM_FIRMWARE_BLOB2',
  0x8000000b: 'EV_EFI_HANDOFF_TABLES2',
  0x8000000c: 'EV_EFI_VARIABLE_BOOT2',
  0x800000e0: 'EV_EFI_VARIABLE_AUTHORITY',
}

/** `EV_SEPARATOR`, or the number of a type that has no name here. */
export const typeOf = (type: number): string => types[type] ?? `0x${type.toString(16).padStart(8, '0')}`

const longest = 128
/** Payloads that are digests and identifiers, whatever they may read as. */
const binary = ['app-id', 'compose-hash', 'instance-id', 'os-image-hash', 'rootfs-hash']

/** What dstack measures, by the names of its events. */
const meanings: ReadonlyMap<string, string> = new Map([
  ['system-preparing', 'The system begins to set itself up.'],
  ['app-id', 'Which application this is: the same over all its versions.'],
  ['compose-hash', 'SHA-256 of the application’s compose file and settings.'],
  ['instance-id', 'Which instance of the application this is.'],
  ['boot-mr-done', 'All that identifies the application has been measured.'],
  ['mr-kms', 'The key service that gives the application its keys.'],
  ['os-image-hash', 'The image of the operating system.'],
  ['rootfs-hash', 'The root file system.'],
  ['key-provider', 'Where the application’s keys come from.'],
  ['storage-fs', 'The file system of its storage.'],
  ['system-ready', 'The system is set up: what comes later is the application’s.'],
  ['gpu-attestation', 'What the graphics processors said of themselves.'],
])

/** @returns `undefined` for events that applications measure themselves */
export const meaningOf = (name: string | undefined): string | undefined => meanings.get(name ?? '')

/** `{ "name": "kms", "id": "…" }`, in a line; `undefined` for anything else. */
function keyProvider(payload: Uint8Array): string | undefined {
  let value: unknown
  try {
    value = JSON.parse(new TextDecoder().decode(payload.slice(0, 4096)))
  } catch {
    return undefined
  }
  const { name, id } = Object(value) as { readonly name?: unknown; readonly id?: unknown }
  if (typeof name !== 'string' || typeof id !== 'string' || payload.length > 4096) return undefined
  return [name, id]
    .filter((part) => part !== '')
    .map(shortened)
    .join(', ')
}

/** What an event says of itself, for people: at most some hundred characters. */
export function describe({ name, data, type }: Pick<MeasuredEvent, 'name' | 'data' | 'type'>): string {
  const words = name === undefined ? wordsOfData(type, data) : undefined
  if (words !== undefined) return printable(words)
  const provider = name === 'key-provider' ? keyProvider(data) : undefined
  if (provider !== undefined) return printable(`key-provider: ${provider}`)
  const shown = data.slice(0, longest)
  const more = data.length > longest ? ` … (${data.length} bytes)` : ''
  const text = binary.includes(name ?? '')
    ? undefined
    : (fromUtf8(shown) ?? (shown.length < 4 ? undefined : utf16(shown)))
  const said = data.length === 0 ? '' : (text ?? toHex(shown)) + more
  return printable([name, said].filter((part) => part !== undefined && part !== '').join(': '))
}

function fromUtf8(bytes: Uint8Array): string | undefined {
  const text = new TextDecoder().decode(bytes).replace(/\0$/, '')
  return /^[^\p{C}\ufffd]+$/u.test(text) ? text : undefined
}

const pills = {
  yes: ['match', 'match'],
  no: ['mismatch', 'mismatch'],
  open: ['unknown', 'not logged'],
} as const
const says = {
  yes: 'The quote holds exactly what these events replay to.',
  no: 'The quote holds something else than these events replay to: they are not what happened.',
  open: 'The log has no event of this register, but the quote holds a value: how it came about is not known.',
} as const

export function eventsView(outcome: QuoteOutcome): Child {
  const {
    evidence,
    isAuthentic,
    policy: { replayed },
  } = outcome
  if (replayed === undefined || evidence === undefined || !('mrTd' in evidence)) return undefined
  const matches = logMatches(outcome)
  const quoted = [evidence.rtmr0, evidence.rtmr1, evidence.rtmr2, evidence.rtmr3]
  const isTrue = isAuthentic && !matches.includes('no')
  const kind = replayed.format === 'tcg' ? 'of the firmware' : 'of dstack'
  return evidenceSection(
    'events',
    'Event log',
    isTrue ? 'Vouched for by the registers' : undefined,
    h(
      'p',
      { class: 'note first' },
      `The log ${kind}, ${replayed.events.length} events, replayed. It is not signed: it is true where a register matches.`,
    ),
    ...matches.map((match, i) => {
      const events = replayed.events.flatMap((event, index) => (event.rtmr === i ? [{ event, index }] : []))
      const value = replayed.rtmrs[i]
      const isEmpty = match === 'yes' && events.length === 0
      return h(
        'section',
        { class: 'rtmr', 'aria-label': `RTMR${i}` },
        h(
          'h4',
          {},
          `RTMR${i} `,
          h('span', { class: `pill ${isEmpty ? 'zero' : pills[match][0]}` }, isEmpty ? 'untouched' : pills[match][1]),
        ),
        h('p', { class: 'quiet' }, isEmpty ? 'Zero in the quote, and no event in the log.' : says[match]),
        match === 'no' && differing(toHex(value ?? new Uint8Array()), toHex(quoted[i] ?? new Uint8Array())),
        events.length > 0 && eventTable(events, i),
      )
    }),
  )
}

function differing(replayed: string, quoted: string): HTMLElement {
  return h(
    'dl',
    { class: 'compare' },
    h('div', {}, h('dt', {}, 'Replayed'), h('dd', {}, hex(replayed))),
    h('div', { class: 'differs' }, h('dt', {}, 'In the quote'), h('dd', {}, hex(quoted))),
  )
}

function eventTable(
  events: readonly { readonly event: MeasuredEvent; readonly index: number }[],
  rtmr: number,
): HTMLElement {
  const table = h(
    'table',
    { class: 'pcrs events' },
    h('thead', {}, h('tr', {}, ...['Event', 'Description', 'Digest'].map((title) => h('th', { scope: 'col' }, title)))),
    h('tbody', {}, ...events.map(eventRow)),
  )
  return h(
    'details',
    { class: 'more', open: events.length <= 20 },
    h('summary', {}, `${events.length} ${events.length === 1 ? 'event' : 'events'} of RTMR${rtmr}`),
    table,
  )
}

function eventRow({ event, index }: { readonly event: MeasuredEvent; readonly index: number }): HTMLElement {
  const { type, digest, data, dataIsMeasured } = event
  const said = describe(event)
  const meaning = meaningOf(event.name)
  return h(
    'tr',
    {},
    h('th', { scope: 'row' }, h('b', {}, `${index}`), h('span', {}, typeOf(type))),
    h(
      'td',
      {},
      said === '' ? h('span', { class: 'quiet' }, 'Nothing') : h('span', { class: 'mono' }, said),
      meaning !== undefined && h('span', { class: 'quiet' }, ` ${meaning}`),
      !dataIsMeasured &&
        h(
          'span',
          { class: 'quiet' },
          data.length === 0
            ? ' The log does not say what was measured.'
            : ' A comment of the log: the digest is of something else.',
        ),
    ),
    h('td', {}, isZero(digest) ? h('span', { class: 'quiet' }, 'zero') : hex(toHex(digest))),
  )
}
