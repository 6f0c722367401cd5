/**
 * What a launch measures, against a second computation that is written from AMD's and QEMU's texts;
 * every rule of the firmware's format, broken alone; what callers get wrong.
 */
import { createHash } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { measureSnp, type MeasureSnpOptions } from '../../../src/reference/index.ts'
import { startLaunchDigest, digestOfPage } from '../../../src/reference/snp/launch-digest.ts'
import { guids, makeOvmf, type OvmfParts, soundSections } from '../../attester/ovmf.ts'
import { one, refusedFirmware, streamOf } from './made.ts'

const hash = (name: string, ...parts: readonly Uint8Array[]): Buffer =>
  parts.reduce((state, part) => state.update(part), createHash(name)).digest()
const bytes = (length: number, seed: number): Uint8Array<ArrayBuffer> =>
  Uint8Array.from({ length }, (_, i) => (i * seed) & 255)

type Page = readonly [type: number, gpa: number, contents?: Uint8Array]

/** AMD 56860, SNP_LAUNCH_UPDATE: PAGE_INFO, written apart from `src`. */
function chain(pages: readonly Page[]): string {
  const digest = pages.reduce<Buffer>((current, [type, gpa, contents]) => {
    const tail = Buffer.alloc(16)
    tail.writeUInt16LE(0x70, 0)
    tail[2] = type
    tail.writeBigUInt64LE(BigInt(gpa), 8)
    return hash('sha384', current, contents ?? Buffer.alloc(48), tail)
  }, Buffer.alloc(48))
  return digest.toString('hex')
}

describe('the digest', () => {
  test('pages of all types, in order', () => {
    const digest = startLaunchDigest()
    const page = bytes(4096, 3)
    digest.add('normal', 0xfffff000, digestOfPage(page))
    digest.add('zero', 0x800000)
    digest.add('unmeasured', 0x801000)
    digest.add('secrets', 0x802000)
    digest.add('cpuid', 0x803000)
    digest.add('vmsa', 0xfffffffff000, digestOfPage(page))
    const contents = hash('sha384', page)
    const pages = [
      [1, 0xfffff000, contents],
      [3, 0x800000],
      [4, 0x801000],
      [5, 0x802000],
      [6, 0x803000],
      [2, 0xfffffffff000, contents],
    ] as const
    expect(Buffer.from(digest.value).toString('hex')).toBe(chain(pages))
  })

  test('what is measured is what is said: every input changes it', async () => {
    const kernel = bytes(5000, 5)
    const base: MeasureSnpOptions = { vcpus: 2, vcpuType: 'EPYC-v4', kernel, initrd: bytes(100, 3), append: 'quiet' }
    const firmware = makeOvmf()
    const other = firmware.slice()
    other[0] = (other[0] as number) ^ 1
    const variants: readonly (readonly [string, Uint8Array<ArrayBuffer>, MeasureSnpOptions])[] = [
      ['base', firmware, base],
      ['firmware', other, base],
      ['vcpus', firmware, { ...base, vcpus: 3 }],
      ['vcpuType', firmware, { ...base, vcpuType: 'EPYC-Rome' }],
      ['guestFeatures', firmware, { ...base, guestFeatures: 0x21 }],
      ['guestFeatures above 2^53', firmware, { ...base, guestFeatures: (1n << 63n) | 1n }],
      ['kernel', firmware, { ...base, kernel: bytes(5001, 5) }],
      ['initrd', firmware, { ...base, initrd: bytes(101, 3) }],
      ['append', firmware, { ...base, append: 'quiet ' }],
      ['ec2', firmware, { vcpus: 2, vmm: 'ec2', kernel }],
      ['gce', firmware, { vcpus: 2, vmm: 'gce', kernel }],
    ]
    const values = await Promise.all(
      variants.map(async ([, image, options]) => (await measureSnp(image, options)).measurement),
    )
    expect(new Set(values).size).toBe(variants.length)
    expect(values[0]).toMatch(/^[0-9a-f]{96}$/)
  })

  test('the result names what was measured, and is frozen', async () => {
    const kernel = bytes(5000, 5)
    const measured = await measureSnp(makeOvmf(), { ...one, kernel, append: 'a' })
    expect(measured).toMatchObject({
      vmm: 'qemu',
      vcpus: 1,
      firmwareSize: 8192,
      kernelHashes: {
        kernel: hash('sha256', kernel).toString('hex'),
        initrd: hash('sha256').toString('hex'),
        commandLine: hash('sha256', Buffer.from('a\0')).toString('hex'),
      },
    })
    expect(Object.isFrozen(measured)).toBe(true)
    expect(Object.isFrozen(measured.kernelHashes)).toBe(true)
    expect((await measureSnp(makeOvmf(), one)).kernelHashes).toBeUndefined()
  })

  test('progress of each image, and an end when it is asked for', async () => {
    const seen: string[] = []
    const kernel = bytes(3_000_000, 5)
    await measureSnp(makeOvmf(), { ...one, kernel, onProgress: (read, total) => seen.push(`${read}/${total}`) })
    expect(seen[0]).toBe('0/8192')
    expect(seen.at(-1)).toBe('3000000/3000000')
    const abort = new AbortController()
    const reason = new Error('enough')
    const ended = measureSnp(makeOvmf(), { ...one, kernel: streamOf(kernel, [4096]), signal: abort.signal })
    abort.abort(reason)
    await expect(ended).rejects.toBe(reason)
  })
})

describe('firmware that breaks one rule', () => {
  const section = (index: number, ...values: readonly [number, number, number]): OvmfParts => ({
    sections: soundSections.map((sound, i) => (i === index ? values : sound)),
  })
  const cases: readonly (readonly [string, OvmfParts, string])[] = [
    ['no footer', { footer: guids.reset }, `footer of the table: expected ${guids.footer}, found ${guids.reset}`],
    ['a table shorter than its footer', { tableLength: 17 }, 'length of the table: expected 18 to 8160, found 17'],
    [
      'a table that begins before the file',
      { tableLength: 8161 },
      'length of the table: expected 18 to 8160, found 8161',
    ],
    [
      'an entry cut by the table',
      { tableLength: 18 + 7 },
      'table: expected an entry of 18 bytes or more at its beginning, found 7 bytes',
    ],
    [
      'an entry that leaves the table',
      { tableLength: 18 + 20 },
      `length of entry ${guids.reset}: expected 18 to 20, found 22`,
    ],
    [
      'an entry twice',
      { entries: [[guids.reset, new Uint8Array(4)]] },
      `table: expected each entry once, found ${guids.reset} twice`,
    ],
    [
      'an entry of another size',
      { entries: [[guids.reset, new Uint8Array(5)]], resetEip: undefined },
      'entry SEV_ES_RESET_BLOCK: expected 4 bytes, found 5',
    ],
    ['metadata outside', { offset: 8193, sections: [] }, 'offset of the metadata: expected 16 to 8192, found 8193'],
    [
      'metadata too near the end',
      { offset: 15, sections: [] },
      'offset of the metadata: expected 16 to 8192, found 15',
    ],
    [
      'another signature',
      { descriptor: { signature: 'ASEW' } },
      'signature of the metadata: expected 41534556 (ASEV), found 41534557',
    ],
    ['another version', { descriptor: { version: 2 } }, 'version of the metadata: expected 1, found 2'],
    [
      'a length that does not fit the count',
      { descriptor: { length: 77 } },
      'length of the metadata: expected 76, inside the file, found 77',
    ],
    [
      'a count beyond the file',
      { descriptor: { count: 200, length: 2416 } },
      'length of the metadata: expected 2416, inside the file, found 2416',
    ],
    [
      'a section of an unknown type',
      section(0, 0x800000, 0x1000, 5),
      'type of section 0: expected 1, 2, 3, 4 or 16, found 5',
    ],
    [
      'a section between pages',
      section(1, 0x800800, 0x1000, 2),
      'section 1: expected whole pages, found 4096 bytes at 0x800800',
    ],
    [
      'a section of half a page',
      section(1, 0x800000, 0x800, 2),
      'section 1: expected whole pages, found 2048 bytes at 0x800000',
    ],
    ['an empty section', section(1, 0x800000, 0, 2), 'section 1: expected whole pages, found 0 bytes at 0x800000'],
    [
      'too many pages',
      section(0, 0x800000, 0x1000_0000, 1),
      'sections: expected at most 268435456 bytes in all, found 268439552 and more',
    ],
  ]
  // A footer in the right place is needed before the table can be read.
  test.each(cases)('%s', async (_what, parts, message) => {
    expect(await refusedFirmware(makeOvmf(parts))).toBe(`ovmf-format: firmware: ${message}`)
  })

  test('a size that is not whole pages, none, or too many', async () => {
    const expected = 'ovmf-format: firmware: size: expected whole pages of 4096 bytes, at most 67108864, found'
    expect(await refusedFirmware(makeOvmf().subarray(1))).toBe(`${expected} 8191 bytes`)
    expect(await refusedFirmware(new Uint8Array())).toBe(`${expected} 0 bytes`)
    const page = new Uint8Array(1_048_576)
    const endless = new ReadableStream<Uint8Array>({
      pull: (controller) => {
        controller.enqueue(page)
      },
    })
    expect(await refusedFirmware(endless)).toBe(
      'ovmf-format: firmware: size: expected at most 67108864 bytes, found more',
    )
  })

  const kernel = bytes(10, 1)
  const withKernel: readonly (readonly [string, OvmfParts, string])[] = [
    [
      'no page for hashes',
      { sections: soundSections.slice(0, 4) },
      'kernel hashes section: expected one of one page, for a kernel, found 0 of 0 bytes',
    ],
    [
      'two of them',
      { sections: [...soundSections, [0x811000, 0x1000, 0x10]] },
      'kernel hashes section: expected one of one page, for a kernel, found 2 of 4096 bytes',
    ],
    [
      'a page of two',
      section(4, 0x810000, 0x2000, 0x10),
      'kernel hashes section: expected one of one page, for a kernel, found 1 of 8192 bytes',
    ],
    ['no table', { hashTable: undefined }, 'entry SEV_HASH_TABLE_RV: expected one, for a kernel, found none'],
    [
      'a table before the page',
      { hashTable: [0x80ff00, 0x400] },
      'hash table: expected 176 bytes or more inside the page at 0x810000, found 1024 bytes at 0x80ff00',
    ],
    [
      'a table beyond the page',
      { hashTable: [0x810f51, 0x400] },
      'hash table: expected 176 bytes or more inside the page at 0x810000, found 1024 bytes at 0x810f51',
    ],
    [
      'a table too small',
      { hashTable: [0x810c00, 175] },
      'hash table: expected 176 bytes or more inside the page at 0x810000, found 175 bytes at 0x810c00',
    ],
  ]
  test.each(withKernel)('%s, for a kernel', async (_what, parts, message) => {
    expect(await refusedFirmware(makeOvmf(parts), { ...one, kernel })).toBe(`ovmf-format: firmware: ${message}`)
    await expect(measureSnp(makeOvmf(parts), one)).resolves.toHaveProperty('measurement')
  })

  test('no reset block, for two processors', async () => {
    const firmware = makeOvmf({ resetEip: undefined })
    await expect(measureSnp(firmware, one)).resolves.toHaveProperty('measurement')
    expect(await refusedFirmware(firmware, { ...one, vcpus: 2 })).toBe(
      'ovmf-format: firmware: entry SEV_ES_RESET_BLOCK: expected one, for more than one processor, found none',
    )
  })

  test('every byte of the tables flipped: a measurement or a refusal, nothing else', async () => {
    const firmware = makeOvmf()
    for (let at = 8192 - 2048; at < 8192; at++) {
      const flipped = firmware.slice()
      flipped[at] = (flipped[at] as number) ^ 0xff
      const outcome = await measureSnp(flipped, { ...one, kernel }).then(
        ({ measurement }) => measurement,
        (error: unknown) => (error as { readonly code: string }).code,
      )
      expect(outcome).toMatch(/^(?:[0-9a-f]{96}|ovmf-format)$/)
    }
  })
})

describe('mistakes of callers', () => {
  const kernel = bytes(10, 1)
  test.each<[string, unknown, string]>([
    ['no options', undefined, 'options must be a plain object'],
    [
      'an unknown one',
      { ...one, cpus: 1 },
      'option "cpus" must be one of vcpus, vcpuType, vcpuSignature, guestFeatures, vmm, kernel, initrd, append, createHash, onProgress, signal',
    ],
    ['no processors', { ...one, vcpus: 0 }, 'vcpus must be 1 to 4096'],
    ['half a processor', { ...one, vcpus: 1.5 }, 'vcpus must be 1 to 4096'],
    ['too many', { ...one, vcpus: 4097 }, 'vcpus must be 1 to 4096'],
    ['processors as text', { ...one, vcpus: '1' }, 'vcpus must be 1 to 4096'],
    ['no type', { vcpus: 1 }, 'vcpuType or vcpuSignature must be given, one of them'],
    ['type and signature', { ...one, vcpuSignature: 1 }, 'vcpuType or vcpuSignature must be given, one of them'],
    [
      'an unknown type',
      { vcpus: 1, vcpuType: 'EPYC-Milan-v9' },
      'vcpuType must be one of EPYC, EPYC-v1, EPYC-v2, EPYC-IBPB, EPYC-v3, EPYC-v4, EPYC-Rome, EPYC-Rome-v1, EPYC-Rome-v2, EPYC-Rome-v3, EPYC-Milan, EPYC-Milan-v1, EPYC-Milan-v2, EPYC-Genoa, EPYC-Genoa-v1, EPYC-Turin',
    ],
    ['a signature of 33 bits', { vcpus: 1, vcpuSignature: 2 ** 32 }, 'vcpuSignature must be 32 bits'],
    [
      'a type for EC2',
      { ...one, vmm: 'ec2' },
      'vcpuType and vcpuSignature must be left out with vmm ec2, which measures neither',
    ],
    ['an unknown monitor', { ...one, vmm: 'xen' }, 'vmm must be qemu, ec2 or gce'],
    [
      'negative features',
      { ...one, guestFeatures: -1n },
      'guestFeatures must be 64 bits, as a bigint or a whole number below 2^53',
    ],
    [
      'features of 65 bits',
      { ...one, guestFeatures: 1n << 64n },
      'guestFeatures must be 64 bits, as a bigint or a whole number below 2^53',
    ],
    [
      'features beyond 2^53',
      { ...one, guestFeatures: 2 ** 53 },
      'guestFeatures must be 64 bits, as a bigint or a whole number below 2^53',
    ],
    ['an initrd alone', { ...one, initrd: kernel }, 'initrd must be given with kernel only'],
    ['a command line alone', { ...one, append: 'quiet' }, 'append must be given with kernel only'],
    ['a NUL', { ...one, kernel, append: 'a\0' }, 'append must be a text without NUL and lone surrogates'],
    ['half a character', { ...one, kernel, append: '\ud800' }, 'append must be a text without NUL and lone surrogates'],
    ['progress', { ...one, onProgress: 1 }, 'onProgress must be a function'],
    ['a signal', { ...one, signal: {} }, 'signal must be an AbortSignal'],
    [
      'a kernel as a path',
      { ...one, kernel: '/boot/vmlinuz' },
      'image must be a Blob, a ReadableStream or a Uint8Array',
    ],
  ])('%s', async (_what, options, message) => {
    await expect(measureSnp(makeOvmf(), options as MeasureSnpOptions)).rejects.toThrow(new TypeError(message))
  })

  test('firmware that is no image', async () => {
    await expect(measureSnp('ovmf.fd' as never, one)).rejects.toThrow(
      new TypeError('image must be a Blob, a ReadableStream or a Uint8Array'),
    )
  })
})
