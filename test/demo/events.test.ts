/**
 * Events of firmware, boot loaders and dstack in words: of each type one that is sound, what is
 * damaged at every byte, and a real log.
 */
import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { wordsOfData } from '../../demo/page/formats/intel/event-data.ts'
import { describe as describeEvent, meaningOf } from '../../demo/page/formats/intel/view-events.ts'
import { evidenceIn } from '../../demo/page/json.ts'
import { logIn } from '../../demo/page/formats/intel/log.ts'
import { decodeTcgLog } from '../../src/formats/intel/tdx/events/tcg-log.ts'
import { findVectors } from '../support/vectors.ts'

const bytes = (...parts: (string | number[] | Uint8Array)[]): Uint8Array =>
  Uint8Array.from(
    Buffer.concat(parts.map((part) => (typeof part === 'string' ? Buffer.from(part, 'latin1') : Buffer.from(part)))),
  )
const hex = (digits: string): Uint8Array => Uint8Array.from(Buffer.from(digits, 'hex'))
const wide = (text: string): Uint8Array => Uint8Array.from(Buffer.from(text, 'utf16le'))
const le = (value: number | bigint, size: number): number[] =>
  Array.from({ length: size }, (_, i) => Number((BigInt(value) >> BigInt(8 * i)) & 0xffn))

const uefi = hex('61dfe48bca93d211aa0d00e098032b8c')
/** 00112233-4455-6677-8899-aabbccddeeff */
const guid = hex('33221100554477668899aabbccddeeff')
const guidText = '00112233-4455-6677-8899-aabbccddeeff'
const acpi = hex('71e86888f1e4d311bc220080c73c8881')

const node = (type: number, subtype: number, body: Uint8Array = bytes()): Uint8Array =>
  bytes([type, subtype], le(body.length + 4, 2), body)
const endOfPath = node(0x7f, 0xff)
const partition = node(4, 1, bytes(le(1, 4), le(0, 16), guid, [2, 2]))
const file = node(4, 4, wide('\\EFI\\BOOT\\BOOTX64.EFI\0'))
const path = bytes(node(3, 23, bytes(le(1, 12))), partition, file, endOfPath)
const image = (own: Uint8Array): Uint8Array => bytes(le(0x1000, 8), le(4096, 8), le(0, 8), le(own.length, 8), own)
const variable = (name: string, value: Uint8Array): Uint8Array =>
  bytes(uefi, le(name.length, 8), le(value.length, 8), wide(name), value)
const bootOption = bytes(le(1, 4), le(path.length, 2), wide('UEFI QEMU HARDDISK\0'), path)
const entry = (name: string): Uint8Array => bytes(guid, guid, le(0, 24), wide(name.padEnd(36, '\0')))
const table = (...entries: Uint8Array[]): Uint8Array =>
  bytes('EFI PART', le(0, 48), guid, le(2, 8), le(128, 4), le(128, 4), le(0, 4), le(entries.length, 8), ...entries)
const handedOn = bytes(le(2, 8), acpi, le(0x7ff0, 8), guid, le(0x8ff0, 8))
const tagged = (tag: number, value: Uint8Array): Uint8Array => bytes(le(tag, 4), le(value.length, 4), value)
const where = `\\EFI\\BOOT\\BOOTX64.EFI, partition 1 (${guidText}), NVMe`

const sound: readonly (readonly [title: string, type: number, data: Uint8Array, words: string])[] = [
  ['EV_POST_CODE, text', 0x1, bytes('ACPI DATA'), 'Part of the firmware: ACPI DATA'],
  ['EV_POST_CODE, place', 0x1, bytes(le(0xffe00000, 8), le(4096, 8)), 'Code of the firmware: 4096 bytes at 0xffe00000'],
  ['EV_SEPARATOR', 0x4, bytes(le(0, 4)), 'End of what the firmware measures'],
  ['EV_EVENT_TAG, kernel', 0x6, tagged(0x8f3b22ed, wide('quiet ro\0')), 'Command line of the kernel: quiet ro'],
  [
    'EV_EVENT_TAG, initrd',
    0x6,
    tagged(0x8f3b22ec, bytes('Linux initrd\0')),
    'Initial file system of the kernel: Linux initrd',
  ],
  ['EV_S_CRTM_VERSION, text', 0x8, wide('2024.02-1\0'), 'Version of the firmware: 2024.02-1'],
  ['EV_S_CRTM_VERSION, GUID', 0x8, guid, `Version of the firmware: ${guidText}`],
  ['EV_S_CRTM_VERSION, none', 0x8, bytes([0, 0]), 'Version of the firmware: not named'],
  ['EV_IPL, GRUB', 0xd, bytes('grub_cmd: linux /vmlinuz quiet\0'), 'Command of GRUB: linux /vmlinuz quiet'],
  [
    'EV_IPL, a menu of GRUB',
    0xd,
    bytes('grub_cmd: menuentry A {\n\tlinux /a\n}\0'),
    'Command of GRUB: menuentry A { linux /a }',
  ],
  ['EV_IPL, kernel', 0xd, bytes('kernel_cmdline: /vmlinuz quiet\0'), 'Command line of the kernel: /vmlinuz quiet'],
  [
    'EV_IPL, file',
    0xd,
    bytes('(hd0,gpt1)/boot/grub/grub.cfg\0'),
    'File that the boot loader read: (hd0,gpt1)/boot/grub/grub.cfg',
  ],
  ['EV_IPL, shim', 0xd, bytes('MokList\0'), 'Boot loader: MokList'],
  [
    'EV_EFI_VARIABLE_BOOT, order',
    0x80000002,
    variable('BootOrder', bytes(le(1, 2), le(0x1a, 2))),
    'Variable BootOrder (what is tried first), of UEFI: Boot0001, Boot001A',
  ],
  [
    'EV_EFI_VARIABLE_BOOT, option',
    0x80000002,
    variable('Boot0001', bootOption),
    `Variable Boot0001, of UEFI: UEFI QEMU HARDDISK, ${where}`,
  ],
  ['EV_EFI_BOOT_SERVICES_APPLICATION', 0x80000003, image(path), `Starts the program ${where}: 4096 bytes`],
  ['EV_EFI_BOOT_SERVICES_APPLICATION, no path', 0x80000003, image(endOfPath), 'Starts the program: 4096 bytes'],
  [
    'EV_EFI_BOOT_SERVICES_DRIVER',
    0x80000004,
    image(bytes(node(4, 7, guid), node(4, 6, guid), endOfPath)),
    `Loads the driver the firmware’s file ${guidText}, firmware volume ${guidText}: 4096 bytes`,
  ],
  [
    'EV_EFI_RUNTIME_SERVICES_DRIVER',
    0x80000005,
    image(file),
    'Loads the driver, which stays \\EFI\\BOOT\\BOOTX64.EFI: 4096 bytes',
  ],
  [
    'EV_EFI_GPT_EVENT',
    0x80000006,
    table(entry('EFI-SYSTEM'), entry('\0'), entry('ROOT-A')),
    `Disk ${guidText}: EFI-SYSTEM, partition 2, ROOT-A`,
  ],
  ['EV_EFI_GPT_EVENT, empty', 0x80000006, table(), `Disk ${guidText}: no partition`],
  [
    'EV_EFI_PLATFORM_FIRMWARE_BLOB',
    0x80000008,
    bytes(le(0x1000, 8), le(16, 8)),
    'Code of the firmware: 16 bytes at 0x1000',
  ],
  [
    'EV_EFI_PLATFORM_FIRMWARE_BLOB2',
    0x8000000a,
    bytes([2], 'Fv', le(0x1000, 8), le(16, 8)),
    'Code of the firmware: 16 bytes at 0x1000 (Fv)',
  ],
  ['EV_EFI_HANDOFF_TABLES', 0x80000009, handedOn, `Tables for the system: ACPI, ${guidText}`],
  [
    'EV_EFI_HANDOFF_TABLES2',
    0x8000000b,
    bytes([8], 'TdxTable', handedOn),
    `Tables for the system: ACPI, ${guidText} (TdxTable)`,
  ],
]

describe('firmware and boot loaders', () => {
  test.each(sound)('%s', (_, type, data, words) => {
    expect(describeEvent({ name: undefined, type, data })).toBe(words)
  })

  test.each(sound)('%s, damaged: digits, text or other words, never an error', (_, type, data) => {
    const changed = [0, 1, 0x7f, 0x80, 0xff].flatMap((byte) =>
      Array.from(data, (_was, at) => data.map((was, i) => (i === at ? byte : was))),
    )
    for (const hostile of [...Array.from(data, (_was, i) => data.slice(0, i)), bytes(data, [7]), ...changed]) {
      const said = describeEvent({ name: undefined, type, data: hostile })
      expect(said.length).toBeLessThan(600)
      // Nothing that could turn a line around, or end it.
      expect(said).toMatch(/^[\u0020-\u007e’…]*$/)
    }
  })

  test('lengths that lie are noticed, and long texts are cut', () => {
    const endless = Array.from({ length: 65 }, () => node(3, 5))
    for (const [type, data] of [
      [0x80000003, image(bytes(...endless, endOfPath))],
      [0x80000003, image(bytes([4, 4, 2, 0]))],
      [0x80000003, image(bytes(endOfPath, file))],
      [0x80000003, bytes(le(0, 24), le(2n ** 64n - 1n, 8), file)],
      [0x80000006, table(entry('A')).map((byte, i) => (i === 92 ? 2 : byte))],
      [0x80000009, bytes(le(65, 8), ...Array.from({ length: 65 }, () => bytes(guid, le(0, 8))))],
      [0x80000009, bytes(le(1, 8), guid, le(0, 8), [0])],
      [0x6, tagged(0x1, wide('unknown\0'))],
    ] as const)
      expect(wordsOfData(type, data)).toBeUndefined()
    expect(wordsOfData(0xd, bytes(`grub_cmd: ${'x'.repeat(4000)}`))).toMatch(
      /^Command of GRUB: x{170,} … \(\d+ characters\)$/,
    )
    expect(wordsOfData(0xd, bytes('x'.repeat(4097)))).toBeUndefined()
  })

  const vectors = findVectors('intel')
  test.skipIf(!vectors.found)('a real log: every event of the firmware has words', () => {
    if (!vectors.found) return
    const events = decodeTcgLog(new Uint8Array(vectors.read('eventlogs/gcp-cos113-ccel.bin')))
    const said = events.map(describeEvent)
    expect(events.length).toBeGreaterThan(20)
    // Digits would be what has no words.
    for (const words of said) expect(words).not.toMatch(/^[\da-f]{8,}/)
    expect(
      said.filter((words) => words.startsWith('Starts the program \\EFI\\BOOT\\BOOTX64.EFI, partition 12')).length,
    ).toBe(1)
    expect(said.some((words) => /^Disk [\da-f-]{36}: STATE, KERN-A, ROOT-A/.test(words))).toBe(true)
  })
})

describe('dstack', () => {
  const said = (name: string, payload: string | Uint8Array): string =>
    describeEvent({ name, type: 0x08000001, data: bytes(payload) })

  test('each event has its name, its payload and what it means', () => {
    for (const name of ['app-id', 'compose-hash', 'instance-id', 'os-image-hash', 'rootfs-hash']) {
      expect(said(name, 'ABCD')).toBe(`${name}: 41424344`)
      expect(meaningOf(name)).toMatch(/^[A-Z].*\.$/)
    }
    for (const name of ['system-preparing', 'boot-mr-done', 'system-ready']) {
      expect(said(name, '')).toBe(name)
      expect(meaningOf(name)).toMatch(/^[A-Z].*\.$/)
    }
    // What an application measures itself has no meaning here.
    for (const name of ['my-event', '__proto__', 'constructor', undefined]) expect(meaningOf(name)).toBeUndefined()
  })

  test('where keys come from', () => {
    expect(said('key-provider', '{"name":"kms","id":"3059301306"}')).toBe('key-provider: kms, 3059301306')
    expect(said('key-provider', '{"name":"none","id":""}')).toBe('key-provider: none')
    expect(said('key-provider', JSON.stringify({ name: 'kms', id: 'a'.repeat(1000) }))).toMatch(
      /… \(1000 characters\)$/,
    )
    for (const other of ['{}', '[]', 'null', '5', '{"name":5,"id":"x"}', '{"name":'])
      expect(said('key-provider', other)).toBe(`key-provider: ${other}`)
  })

  test('the log comes alone, under event_log, and in the answer of GetQuote', () => {
    const log = [{ imr: 3, event_type: 134217729, digest: 'ab', event: 'app-id', event_payload: '4142' }]
    const text = JSON.stringify(log)
    for (const given of [text, JSON.stringify({ event_log: log }), JSON.stringify({ event_log: text })])
      expect(logIn(given)).toBe(text)
    const quoted = { quote: 'ab'.repeat(600), event_log: text, report_data: 'cd'.repeat(64), vm_config: '{}' }
    expect(evidenceIn(new TextEncoder().encode(JSON.stringify(quoted)))).toEqual({
      evidence: 'ab'.repeat(600),
      log: text,
    })
    const real = readFileSync(new URL('../../fixtures/tdx/valid-events/event-log.json', import.meta.url), 'utf8')
    expect(logIn(`{"event_log": ${real}}`)).toBe(JSON.stringify(JSON.parse(real)))
  })
})
