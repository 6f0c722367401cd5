/**
 * Measuring sound images: what comes out, the ways to hand an image over, progress, and how a
 * measuring ends early.
 */
import { afterEach, describe, expect, test, vi } from 'vitest'
import type { NitroReferenceValues } from '../../../src/formats/aws/nitro/index.ts'
import { type EifImage, measureEif, type MeasureEifOptions, VerificationError } from '../../../src/reference/index.ts'
import { hex } from '../../attester/bytes.ts'
import { makeEif, noise, pcrsOf, section, type SectionPlan, soundSections } from '../../attester/eif.ts'
import { type Fate, now, sound, streamOf } from '../made.ts'

const [kernel, cmdline, metadata, boot, application] = soundSections as [
  SectionPlan,
  SectionPlan,
  SectionPlan,
  SectionPlan,
  SectionPlan,
]
const more = section('ramdisk', noise(700, 4))

afterEach(() => {
  vi.useRealTimers()
})

describe('registers', () => {
  test.each([
    ['as nitro-cli writes it', soundSections],
    ['three ramdisks', [...soundSections, more]],
    ['no application', [kernel, cmdline, metadata, boot]],
    ['no ramdisk', [kernel, cmdline, metadata]],
    ['command line first', [cmdline, kernel, metadata, boot, application]],
    ['command line between the ramdisks', [kernel, boot, cmdline, application, metadata]],
    // PCR1 goes on after it has parted from PCR0.
    ['command line last', [kernel, metadata, boot, application, more, cmdline]],
    ['metadata between the ramdisks', [kernel, cmdline, boot, metadata, application]],
    ['empty ramdisks', [kernel, cmdline, metadata, section('ramdisk', ''), section('ramdisk', ''), more]],
    ['data that fills blocks', [kernel, cmdline, boot, application].map(filled).concat(metadata)],
    [
      '32 sections',
      [kernel, cmdline, metadata, ...Array.from({ length: 29 }, (_, i) => section('ramdisk', noise(i, i)))],
    ],
  ])('%s', async (_what, sections) => {
    const { measurements } = await measureEif(makeEif({ sections }), { now })
    const expected = await pcrsOf(sections)
    expect(measurements).toEqual({
      HashAlgorithm: 'Sha384 { ... }',
      PCR0: hex(expected.PCR0),
      PCR1: hex(expected.PCR1),
      PCR2: hex(expected.PCR2),
    })
  })

  test('without an application PCR2 is the constant that real documents have', async () => {
    const { measurements } = await measureEif(makeEif({ sections: [kernel, cmdline, metadata, boot] }), { now })
    expect(measurements.PCR2).toBe(
      '21b9efbc184807662e966d34f390821309eeac6802309798826296bf3e8bec7c10edb30948c90ba67310f7b964fc500a',
    )
    expect(measurements.PCR1).toBe(measurements.PCR0)
  })

  test('header fields, metadata and the order of unmeasured sections change no register', async () => {
    const other = makeEif({ flags: 1, sections: [kernel, cmdline, boot, application, section('metadata', '{}')] })
    expect((await measureEif(other, { now })).measurements).toEqual((await measureEif(sound, { now })).measurements)
  })
})

describe('the result', () => {
  test('says what the image consists of', async () => {
    const result = await measureEif(sound, { now })
    expect(result).toEqual({
      measurements: result.measurements,
      architecture: 'x86_64',
      version: 4,
      size: sound.length,
      sections: [
        { type: 'kernel', offset: 548, size: 3001 },
        { type: 'cmdline', offset: 3561, size: cmdline.data.length },
        { type: 'metadata', offset: 3573 + cmdline.data.length, size: metadata.data.length },
        { type: 'ramdisk', offset: sound.length - 2513 - 1513, size: 1501 },
        { type: 'ramdisk', offset: sound.length - 2513, size: 2501 },
      ],
      unauthenticatedMetadata: { ImageName: 'veritee-test', ImageVersion: '1', DockerInfo: {} },
    })
  })

  test('is frozen', async () => {
    const result = await measureEif(sound, { now })
    for (const part of [result, result.measurements, result.sections, result.sections[0]]) {
      expect(Object.isFrozen(part)).toBe(true)
    }
  })

  test.each([2, 3])('version %i, without metadata, for aarch64', async (version) => {
    const result = await measureEif(makeEif({ version, flags: 1, sections: [kernel, cmdline, boot, application] }), {
      now,
    })
    expect(result).toMatchObject({ version, architecture: 'aarch64' })
    expect(Object.keys(result)).toEqual(['measurements', 'architecture', 'version', 'size', 'sections'])
  })

  test('goes into a verifier as it is, and inside what nitro-cli prints', async () => {
    const { measurements } = await measureEif(sound, { now })
    const asTheyAre: NitroReferenceValues = measurements
    const printed: NitroReferenceValues = { Measurements: measurements }
    expect(JSON.parse(JSON.stringify(printed))).toEqual({ Measurements: asTheyAre })
  })
})

describe('ways to hand an image over', () => {
  const larger = makeEif({ sections: [kernel, cmdline, metadata, boot, section('ramdisk', noise(2_500_000, 9))] })
  const offset = (image: Uint8Array): Uint8Array => {
    const whole = new Uint8Array(image.length + 10)
    whole.set(image, 5)
    return whole.subarray(5, -5)
  }
  const shared = (image: Uint8Array): Uint8Array => {
    const memory = new Uint8Array(new SharedArrayBuffer(image.length))
    memory.set(image)
    return memory
  }
  const ways: readonly (readonly [string, (image: Uint8Array<ArrayBuffer>) => EifImage])[] = [
    ['a view', offset],
    ['a Node Buffer', (image) => Buffer.from(image)],
    ['shared memory', shared],
    ['a Blob', (image) => new Blob([image])],
    ['a File', (image) => new File([image.subarray(0, 700), image.subarray(700)], 'app.eif')],
    ['a slice of a Blob', (image) => new Blob(['abc', image, 'def']).slice(3, 3 + image.length)],
    ['a stream of bytes with chunks of its own', (image) => new Blob([image]).stream()],
    ['one chunk', (image) => streamOf(image)],
    ['odd chunks', (image) => streamOf(image, [1, 547, 3, 0, 11, 4093, 65_537, 1_100_001])],
    ['the stream of a Response', (image) => new Response(image).body as ReadableStream<Uint8Array>],
  ]

  test.each(ways)('%s', async (_what, way) => {
    for (const image of [sound, larger]) {
      expect(await measureEif(way(image), { now })).toEqual(await measureEif(image, { now }))
    }
  })

  test('a Blob whose stream is not one of bytes is read in slices, and that stream not at all', async () => {
    const blob = new Blob([larger])
    const fate = { pulled: 0, cancelled: false }
    vi.spyOn(blob, 'stream').mockReturnValue(streamOf(larger, [1000], fate) as ReturnType<Blob['stream']>)
    const slice = vi.spyOn(blob, 'slice')
    expect(await measureEif(blob, { now })).toEqual(await measureEif(larger, { now }))
    expect(fate).toEqual({ pulled: 0, cancelled: true })
    expect(slice.mock.calls.map(([from = 0, to = 0]) => to - from)).toEqual(Array(10).fill(1 << 18))
  })

  test('a stream of bytes fills our memory, whatever it fills at a time', async () => {
    const lengths = [1, 547, 3, 70_000, 1 << 20]
    const buffers = new Set<ArrayBufferLike>()
    let at = 0
    let pulls = 0
    const stream = new ReadableStream({
      type: 'bytes',
      pull(controller) {
        const view = controller.byobRequest?.view as Uint8Array
        buffers.add(view.buffer)
        const part = larger.subarray(at, at + Math.min(view.byteLength, lengths[pulls++ % lengths.length] ?? 1))
        at += part.length
        if (part.length === 0) controller.close()
        view.set(part)
        controller.byobRequest?.respond(part.length)
      },
    })
    expect(await measureEif(stream, { now })).toEqual(await measureEif(larger, { now }))
    expect(stream.locked).toBe(false)
    expect(buffers.size).toBe(pulls)
  })

  test('chunks of one byte', async () => {
    expect(await measureEif(streamOf(sound, [1]), { now })).toEqual(await measureEif(sound, { now }))
  })

  test.each([
    ['nothing', undefined],
    ['null', null],
    ['a text', 'app.eif'],
    ['an ArrayBuffer', sound.buffer],
    ['numbers', [...sound]],
    ['a view of other numbers', new Uint16Array(600)],
    ['a Response', new Response(sound)],
  ])('%s is a TypeError', async (_what, image) => {
    await expect(measureEif(image as unknown as EifImage, { now })).rejects.toThrow(TypeError)
    await expect(measureEif(image as unknown as EifImage, { now })).rejects.toThrow(
      'image must be a Blob, a ReadableStream or a Uint8Array',
    )
  })

  test('a stream that somebody else reads is a TypeError', async () => {
    const stream = streamOf(sound)
    stream.getReader()
    await expect(measureEif(stream, { now })).rejects.toThrow(
      new TypeError('image must be a stream without another reader'),
    )
  })

  test.each([['text'], [undefined], [[46, 101]]])('a chunk that is %j is a TypeError', async (chunk) => {
    const fate = { pulled: 0, cancelled: false }
    await expect(measureEif(streamOfValues([sound, chunk], fate), { now })).rejects.toThrow(
      'chunks of the image must be Uint8Arrays',
    )
    expect(fate.cancelled).toBe(true)
  })
})

describe('progress', () => {
  const mib = 1 << 20
  const larger = makeEif({ sections: [kernel, cmdline, metadata, boot, section('ramdisk', noise(3.5 * mib, 9))] })

  test.each([
    ['bytes', larger, larger.length],
    ['a Blob', new Blob([larger]), larger.length],
    ['a stream', streamOf(larger, [65_536]), undefined],
    ['a stream of small chunks', streamOf(larger, [1009]), undefined],
  ] as const)('%s: from 0, ever upwards, about once per MiB, to the size', async (_what, image, total) => {
    const calls: (readonly [number, number | undefined])[] = []
    const { size } = await measureEif(image, { now, onProgress: (...call) => calls.push(call) })
    const read = calls.map(([bytes]) => bytes)
    expect([read[0], read.at(-1)]).toEqual([0, size])
    expect(read).toEqual([...new Set(read)].sort((a, b) => a - b))
    expect(calls.length).toBeLessThanOrEqual(6)
    expect(calls.length).toBeGreaterThanOrEqual(4)
    expect(new Set(calls.map(([, bytes]) => bytes))).toEqual(new Set([total]))
  })

  test('a small image: start and end', async () => {
    const onProgress = vi.fn()
    await measureEif(sound, { now, onProgress })
    expect(onProgress.mock.calls).toEqual([
      [0, sound.length],
      [sound.length, sound.length],
    ])
  })

  test('what onProgress throws ends it, and lets go of the stream', async () => {
    const fate = { pulled: 0, cancelled: false }
    const stop = new Error('stop')
    const stream = streamOf(larger, [65_536], fate)
    const onProgress = (bytes: number): void => {
      if (bytes > 0) throw stop
    }
    await expect(measureEif(stream, { now, onProgress })).rejects.toBe(stop)
    expect([fate.cancelled, stream.locked]).toEqual([true, false])
  })

  test('other events happen between the pieces of an image in memory', async () => {
    let ticks = 0
    const tick = (): void => {
      ticks++
      timer = setImmediate(tick)
    }
    let timer = setImmediate(tick)
    await measureEif(larger, { now })
    clearImmediate(timer)
    expect(ticks).toBeGreaterThanOrEqual(3)
  })
})

describe('how a measuring ends early', () => {
  const broken = makeEif({ sections: soundSections, version: 5 })

  test('a refused image: the stream is cancelled, not read on, and free', async () => {
    const fate = { pulled: 0, cancelled: false }
    const stream = streamOf(broken, [600], fate)
    await expect(measureEif(stream, { now })).rejects.toThrow(VerificationError)
    expect({ ...fate, locked: stream.locked }).toEqual({ pulled: 1, cancelled: true, locked: false })
  })

  test('an accepted image: the stream has been read to its end, and is free', async () => {
    const fate = { pulled: 0, cancelled: false }
    const stream = streamOf(sound, [600], fate)
    await measureEif(stream, { now })
    expect({ ...fate, locked: stream.locked }).toEqual({
      pulled: Math.ceil(sound.length / 600),
      cancelled: false,
      locked: false,
    })
  })

  test('a stream that fails: image-read, with the cause', async () => {
    const cause = new Error('connection lost')
    let pulls = 0
    const stream = new ReadableStream<Uint8Array>({
      pull(controller) {
        if (pulls++ === 0) controller.enqueue(sound.slice(0, 1000))
        else controller.error(cause)
      },
    })
    await expect(measureEif(stream, { now })).rejects.toMatchObject({
      name: 'VerificationError',
      code: 'image-read',
      message: 'image cannot be read: Error: connection lost',
      cause,
    })
    expect(stream.locked).toBe(false)
  })

  test.each([
    ['of bytes', (gone: Error) => new ReadableStream({ type: 'bytes', pull: () => Promise.reject(gone) })],
    ['of chunks', () => streamOf(sound)],
  ])('a Blob that cannot be read any more, where its stream is one %s: image-read', async (_what, stream) => {
    const gone = new DOMException('the file has changed', 'NotReadableError')
    const blob = new Blob([sound])
    const slice = { arrayBuffer: () => Promise.reject(gone) } as unknown as Blob
    vi.spyOn(blob, 'stream').mockReturnValue(stream(gone) as ReturnType<Blob['stream']>)
    vi.spyOn(blob, 'slice').mockReturnValue(slice)
    await expect(measureEif(blob, { now })).rejects.toMatchObject({ code: 'image-read', cause: gone })
  })

  test('a stream that does not want to be cancelled cannot hold it up', async () => {
    for (const cancel of [() => new Promise<void>(() => undefined), () => Promise.reject(new Error('no'))]) {
      const stream = new ReadableStream<Uint8Array>({
        start: (controller) => {
          controller.enqueue(broken)
        },
        cancel,
      })
      await expect(measureEif(stream, { now })).rejects.toMatchObject({ code: 'eif-version' })
    }
  })

  const reason = new Error('changed my mind')

  test('a signal that is aborted already: nothing is read', async () => {
    const fate = { pulled: 0, cancelled: false }
    const signal = AbortSignal.abort(reason)
    for (const image of [sound, new Blob([sound]), streamOf(sound, [600], fate)]) {
      await expect(measureEif(image, { now, signal })).rejects.toBe(reason)
    }
    expect(fate).toEqual({ pulled: 0, cancelled: true })
  })

  test('a signal while a stream keeps us waiting', async () => {
    const fate = { pulled: 0, cancelled: false }
    const controller = new AbortController()
    const stream = new ReadableStream<Uint8Array>(
      {
        start: (stalled) => {
          stalled.enqueue(sound.slice(0, 700))
        },
        pull: () => {
          controller.abort(reason)
        },
        cancel: () => {
          fate.cancelled = true
        },
      },
      { highWaterMark: 0 },
    )
    await expect(measureEif(stream, { now, signal: controller.signal })).rejects.toBe(reason)
    expect([fate.cancelled, stream.locked]).toEqual([true, false])
  })

  test.each([
    ['bytes', (image: Uint8Array<ArrayBuffer>) => image],
    ['a Blob', (image: Uint8Array<ArrayBuffer>) => new Blob([image])],
    ['a stream', (image: Uint8Array<ArrayBuffer>) => streamOf(image, [65_536])],
  ])('a signal from an event between two pieces: %s', async (_what, way) => {
    const image = makeEif({ sections: [kernel, cmdline, metadata, boot, section('ramdisk', noise(6 << 20, 9))] })
    const controller = new AbortController()
    const seen: number[] = []
    const onProgress = (bytes: number): void => {
      seen.push(bytes)
      if (seen.length === 3)
        setImmediate(() => {
          controller.abort(reason)
        })
    }
    await expect(measureEif(way(image), { now, onProgress, signal: controller.signal })).rejects.toBe(reason)
    expect(seen.length).toBeLessThan(6)
  })

  test('a stream that fails because of the same signal, as a fetch does: the reason of the signal', async () => {
    const controller = new AbortController()
    const stream = new ReadableStream<Uint8Array>({
      start(failing) {
        controller.signal.addEventListener('abort', () => {
          failing.error(new Error('aborted by the fetch'))
        })
      },
      pull() {
        controller.abort(reason)
      },
    })
    await expect(measureEif(stream, { now, signal: controller.signal })).rejects.toBe(reason)
  })

  test('an image that must end too early, by its size, is not read on', async () => {
    const image = makeEif({ sections: [kernel, cmdline, metadata, boot, section('ramdisk', noise(3 << 20, 9))] })
    const onProgress = vi.fn()
    const cut = measureEif(image.subarray(0, -1), { now, onProgress })
    await expect(cut).rejects.toMatchObject({ code: 'eif-truncated' })
    expect(onProgress).toHaveBeenCalledOnce()
  })

  test('the listener on the signal is taken off again', async () => {
    const { signal } = new AbortController()
    const [add, remove] = [vi.spyOn(signal, 'addEventListener'), vi.spyOn(signal, 'removeEventListener')]
    await measureEif(streamOf(sound), { now, signal })
    expect(remove.mock.calls).toEqual(add.mock.calls)
    expect(add).toHaveBeenCalledOnce()
  })
})

describe('options', () => {
  test.each([
    ['no object', 1, 'options must be a plain object'],
    ['null', null, 'options must be a plain object'],
    [
      'a misspelt one',
      { onprogress: () => undefined },
      'option "onprogress" must be one of onProgress, now, signal, createHash',
    ],
    ['now as a number', { now: 0 }, 'now must be a Date'],
    ['now as no date', { now: new Date(NaN) }, 'now must be a Date'],
    ['onProgress as a number', { onProgress: 1 }, 'onProgress must be a function'],
    ['signal as an object', { signal: {} }, 'signal must be an AbortSignal'],
    ['signal as null', { signal: null }, 'signal must be an AbortSignal'],
  ])('%s is a TypeError, before the stream is touched', async (_what, options, message) => {
    const fate: Fate = { pulled: 0, cancelled: false }
    const stream = streamOf(sound, [600], fate)
    await expect(measureEif(stream, options as MeasureEifOptions)).rejects.toThrow(new TypeError(message))
    expect({ ...fate, locked: stream.locked }).toEqual({ pulled: 0, cancelled: false, locked: false })
  })

  test('none are needed', async () => {
    expect((await measureEif(sound)).size).toBe(sound.length)
  })
})

/** A section whose data ends with a block of SHA-384. */
function filled(entry: SectionPlan): SectionPlan {
  return { ...entry, data: noise(1280, entry.data.length) }
}

/** A stream of whatever these are. */
function streamOfValues(values: readonly unknown[], fate: Fate): ReadableStream<Uint8Array> {
  const left = [...values]
  return new ReadableStream<Uint8Array>(
    {
      pull(controller) {
        if (left.length === 0) controller.close()
        else controller.enqueue(left.shift() as Uint8Array)
      },
      cancel() {
        fate.cancelled = true
      },
    },
    { highWaterMark: 0 },
  )
}
