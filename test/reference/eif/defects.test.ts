/**
 * Every rule about the structure of an image, broken alone: the checksum is right, and so is
 * everything else.
 */
import { describe, expect, test } from 'vitest'
import { measureEif } from '../../../src/reference/index.ts'
import { concat, withByte } from '../../attester/bytes.ts'
import { type EifPlan, makeEif, section, type SectionPlan, soundSections } from '../../attester/eif.ts'
import { now, refusedImage, sound, streamOf } from '../made.ts'

type Row = readonly [rule: string, plan: Partial<EifPlan>, refusal: string | RegExp]

const [kernel, cmdline, metadata, boot] = soundSections as [
  SectionPlan,
  SectionPlan,
  SectionPlan,
  SectionPlan,
  SectionPlan,
]
/** The sections with something else about one of them. */
const change = (index: number, defect: Partial<SectionPlan>): Partial<EifPlan> => ({
  sections: soundSections.map((entry, i) => (i === index ? { ...entry, ...defect } : entry)),
})
const of = (...sections: SectionPlan[]): Partial<EifPlan> => ({ sections })
const byte = (at: number, value: number): Partial<EifPlan> => ({
  header: (header) => withByte(header, at, () => value),
})
const signature = section('signature', Uint8Array.of(0x80))

const rows: readonly Row[] = [
  ['magic', byte(0, 0x2f), 'eif-magic: magic: expected 2e656966, found 2f656966'],
  ['version 0', { version: 0 }, 'eif-version: version: expected 2, 3 or 4, found 0'],
  ['version 1', { version: 1 }, 'eif-version: version: expected 2, 3 or 4, found 1'],
  ['version 5', { version: 5 }, 'eif-version: version: expected 2, 3 or 4, found 5'],
  ['version 0x0104', { version: 0x104 }, 'eif-version: version: expected 2, 3 or 4, found 260'],
  ['reserved flag', { flags: 2 }, 'eif-header: flags: expected 0 or 1, found 2'],
  ['highest flag', { flags: 0x8001 }, 'eif-header: flags: expected 0 or 1, found 32769'],
  ['first reserved field', byte(25, 1), 'eif-header: reserved field at 24: expected 0, found 1'],
  ['second reserved field', byte(543 - 3, 1), 'eif-header: reserved field at 540: expected 0, found 16777216'],
  ['one section', of(kernel), 'eif-header: num_sections: expected 2 to 32, found 1'],
  ['33 sections', { count: 33 }, 'eif-header: num_sections: expected 2 to 32, found 33'],
  ['an offset in a table entry that is not used', byte(0x1c + 8 * 5 + 7, 1), /^eif-header: table entry .* found 1$/],
  ['a size in a table entry that is not used', byte(0x11c + 8 * 31 + 7, 9), /^eif-header: table entry .* found 9$/],

  // The table and the file tell two stories.
  [
    'table: offset',
    change(3, { tableOffset: 548 }),
    /^eif-section-offset: offset of section 3 .* expected \d+, found 548$/,
  ],
  [
    'table: first offset',
    change(0, { tableOffset: 549 }),
    /^eif-section-offset: .*section 0.* expected 548, found 549$/,
  ],
  ['table: offset above 2^53', change(1, { tableOffset: 2n ** 63n }), /^eif-section-offset: offset of section 1 /],
  [
    'table: size',
    change(0, { tableSize: 3000 }),
    'eif-section-size: size of section 0 in the table: expected 3001, found 3000',
  ],
  [
    'a gap between two sections',
    {
      ...change(1, { tableOffset: 548 + 12 + 3001 + 1 }),
      body: (body) => concat(body.subarray(0, 3013), [0], body.subarray(3013)),
    },
    /^eif-section-offset: offset of section 1 in the table: expected 3561, found 3562$/,
  ],
  [
    'sections that the table lacks',
    { count: 4, header: (header) => clear(header, 4) },
    /^eif-trailing: file: expected \d+ bytes, found more$/,
  ],
  [
    'a section that the file lacks',
    { count: 6, header: (header) => set(header, 5, sound.length, 7) },
    'eif-truncated: header of section 5: expected 12 bytes, found 0',
  ],

  // Section headers.
  ['section type 0', change(2, { type: 0 }), 'eif-section-type: type of section 2: expected 1 to 5, found 0'],
  ['section type 6', change(2, { type: 6 }), 'eif-section-type: type of section 2: expected 1 to 5, found 6'],
  [
    'section type 0x0101',
    change(0, { type: 0x101 }),
    'eif-section-type: type of section 0: expected 1 to 5, found 257',
  ],
  ['section flags', change(4, { flags: 0x8000 }), 'eif-section-flags: flags of section 4: expected 0, found 32768'],
  [
    'section size',
    change(0, { size: 3002 }),
    'eif-section-size: size of section 0 in the table: expected 3002, found 3001',
  ],
  ['both sizes too small', change(3, { size: 1500, tableSize: 1500 }), /^eif-section-offset: offset of section 4 /],
  [
    'both sizes beyond the file',
    change(4, { size: 2502, tableSize: 2502 }),
    'eif-truncated: data of section 4 (ramdisk): expected 2502 bytes, found 2501',
  ],
  [
    'both sizes far beyond the file',
    change(4, { size: 2 ** 52, tableSize: 2 ** 52 }),
    /^eif-truncated: data of section 4 \(ramdisk\): expected 4503599627370496 bytes, found 2501$/,
  ],
  [
    'both sizes above 2^53',
    change(4, { size: 2n ** 53n, tableSize: 2n ** 53n }),
    /^eif-section-size: size of section 4: expected less than 2\^53, found 9007199254740992$/,
  ],
  [
    'sizes above 2^53 that are equal as doubles',
    change(4, { size: 2n ** 53n + 1n, tableSize: 2n ** 53n }),
    /^eif-section-size: size of section 4: expected less than 2\^53/,
  ],
  [
    'the largest size',
    change(0, { size: 2n ** 64n - 1n, tableSize: 2n ** 64n - 1n }),
    /^eif-section-size: size of section 0: expected less than 2\^53/,
  ],

  // Which sections there are.
  ['no kernel', of(cmdline, metadata), 'eif-sections: kernel sections: expected 1, found 0'],
  ['no command line', of(kernel, metadata, boot), 'eif-sections: cmdline sections: expected 1, found 0'],
  ['no metadata in version 4', of(kernel, cmdline, boot), 'eif-sections: metadata sections: expected 1, found 0'],
  ['two kernels', of(kernel, cmdline, metadata, kernel), 'eif-sections: kernel sections: expected 1, found more'],
  [
    'two command lines',
    of(kernel, cmdline, metadata, cmdline),
    'eif-sections: cmdline sections: expected 1, found more',
  ],
  [
    'two metadata sections',
    of(kernel, metadata, cmdline, metadata),
    'eif-sections: metadata sections: expected 1, found more',
  ],
  [
    'two signatures',
    of(...soundSections, signature, signature),
    'eif-sections: signature sections: expected 1, found more',
  ],
  ['a ramdisk before the kernel', of(cmdline, boot, kernel, metadata), 'eif-sections: ramdisk before the kernel'],
  [
    'a signature in version 2',
    { version: 2, sections: [kernel, cmdline, signature] },
    'eif-sections: signature section: expected version 3 or later, found version 2',
  ],
  [
    'metadata in version 3',
    { version: 3 },
    'eif-sections: metadata section: expected version 4 or later, found version 3',
  ],
  [
    'a signature section that is too large',
    of(...soundSections, section('signature', new Uint8Array(32_769))),
    'eif-section-size: data of section 5 (signature): expected at most 32768 bytes, found 32769',
  ],
  [
    'a metadata section that is too large',
    change(2, { data: new Uint8Array((1 << 20) + 1) }),
    'eif-section-size: data of section 2 (metadata): expected at most 1048576 bytes, found 1048577',
  ],

  ['checksum', { crc: (crc) => crc ^ 1 }, /^eif-crc: crc32: expected [\da-f]{8}, found [\da-f]{8}$/],
  ['no checksum', { crc: () => 0 }, /^eif-crc: crc32: expected [\da-f]{8}, found 00000000$/],

  ['metadata that is no JSON', change(2, { data: text('{') }), 'eif-metadata: metadata must be a JSON object'],
  ['metadata that is empty', change(2, { data: text('') }), 'eif-metadata: metadata must be a JSON object'],
  ['metadata that is an array', change(2, { data: text('[]') }), 'eif-metadata: metadata must be a JSON object'],
  ['metadata that is null', change(2, { data: text('null') }), 'eif-metadata: metadata must be a JSON object'],
  [
    'metadata with a byte order mark',
    change(2, { data: text('\ufeff{}') }),
    'eif-metadata: metadata must be a JSON object',
  ],
  [
    'metadata that is not UTF-8',
    change(2, { data: Uint8Array.of(0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d) }),
    'eif-metadata: metadata must be a JSON object',
  ],
  [
    'metadata nested without end',
    change(2, { data: text(`{"a":${'['.repeat(1_000_000)}`) }),
    'eif-metadata: metadata must be a JSON object',
  ],

  [
    'a byte too many',
    { file: (file) => concat(file, [0]) },
    `eif-trailing: file: expected ${sound.length} bytes, found more`,
  ],
]

test('what the defects are made in is sound', async () => {
  expect((await measureEif(makeEif({ sections: soundSections }), { now })).size).toBe(sound.length)
})

describe('each rule, broken alone', () => {
  test.each(rows)('%s', async (_rule, plan, refusal) => {
    const image = makeEif({ sections: soundSections, ...plan })
    const found = await refusedImage(image)
    if (typeof refusal === 'string') expect(found).toBe(refusal)
    else expect(found).toMatch(refusal)
    // What is refused does not depend on how the image is handed over.
    await expect(measureEif(streamOf(image), { now })).rejects.toMatchObject({ code: found.split(':')[0] })
  })
})

test('an image that ends too early is refused wherever it ends', async () => {
  for (let length = 0; length < sound.length; length += length < 700 ? 1 : 97) {
    expect(await refusedImage(sound.slice(0, length)), `${length} bytes`).toMatch(
      /^eif-truncated: .*expected \d+ bytes, found \d+$/,
    )
    await expect(measureEif(streamOf(sound.slice(0, length)), { now })).rejects.toMatchObject({ code: 'eif-truncated' })
  }
})

test('a bit that is changed anywhere is noticed', async () => {
  for (let at = 0; at < sound.length; at += at < 600 ? 1 : 61) {
    expect(await refusedImage(withByte(sound, at, (value) => value ^ (1 << (at % 8)))), `byte ${at}`).toMatch(/^eif-/)
  }
})

function text(value: string): Uint8Array {
  return new TextEncoder().encode(value)
}

/** Takes a section out of the table. */
function clear(header: Uint8Array, index: number): Uint8Array<ArrayBuffer> {
  return set(header, index, 0, 0)
}

/** Puts a section into the table. */
function set(header: Uint8Array, index: number, offset: number, size: number): Uint8Array<ArrayBuffer> {
  const copy = new Uint8Array(header)
  const view = new DataView(copy.buffer)
  view.setBigUint64(0x1c + 8 * index, BigInt(offset))
  view.setBigUint64(0x11c + 8 * index, BigInt(size))
  return copy
}
