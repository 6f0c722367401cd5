/**
 * Event logs, replayed: real logs against the quotes that they belong to, and one row for each
 * thing that makes a log none.
 */
import { describe, expect, test } from 'vitest'
import { VerificationError } from '../../../../../src/core/errors.ts'
import { replayEventLog } from '../../../../../src/formats/intel/tdx/events/event-log.ts'
import { concat, hex, pattern, unhex } from '../../../../attester/bytes.ts'
import type { Bytes } from '../../../../attester/der.ts'
import { findVectors } from '../../../../support/vectors.ts'
import {
  bootEvent,
  dstackLog,
  extended,
  le,
  runtimeDigest,
  runtimeEvent,
  runtimeType,
  sha384,
  tcgEvent,
  tcgHeader,
  utf8,
  without,
} from './logs.ts'

const zeros = '00'.repeat(48)

interface LogVector {
  readonly file: string
  readonly quote: string
  readonly events: number
  readonly endOffset?: number
  readonly replay: Readonly<Record<`rtmr${0 | 1 | 2 | 3}`, string>>
  readonly rtmr3Events?: readonly { readonly event: string; readonly payloadHex: string }[]
}

interface DigestExamples {
  readonly examples: readonly {
    readonly event: string
    readonly payloadHex: string
    readonly v1: { readonly sha384: string }
    readonly v2: { readonly sha384: string }
  }[]
  readonly rtmrAfterV1: string
}

const vectors = findVectors('intel')

describe.skipIf(!vectors.found)(vectors.found ? 'vectors' : vectors.skipLine, () => {
  const { read, manifest } = vectors.found ? vectors : { read: () => new Uint8Array(), manifest: { eventlogs: [] } }
  const logs = (manifest as { readonly eventlogs: readonly LogVector[] }).eventlogs
  const text = (file: string): string => new TextDecoder().decode(read(file))
  const logOf = (file: string): Bytes => {
    if (!file.endsWith('.json')) return read(file)
    const { event_log: log } = JSON.parse(text(file)) as { readonly event_log: unknown }
    return utf8(JSON.stringify(log, undefined, 1))
  }
  /** RTMR0 to RTMR3 stand one after another in the TD report of a quote of version 4. */
  const rtmrsOf = (quote: Bytes): string[] =>
    [0, 1, 2, 3].map((i) => hex(quote.subarray(48 + 328 + 48 * i, 48 + 376 + 48 * i)))

  test.each(logs)('$file replays to the registers of $quote', async ({ file, quote, replay }) => {
    const { rtmrs } = await replayEventLog(logOf(file))
    expect(rtmrs.map(hex)).toEqual([replay.rtmr0, replay.rtmr1, replay.rtmr2, replay.rtmr3])
    expect(rtmrs.map(hex)).toEqual(rtmrsOf(read(`quotes/${quote}.bin`)))
  })

  test('dstack: the events of RTMR3 with their payloads, each covered by its digest', async () => {
    for (const { file, rtmr3Events, events: count } of logs.filter(({ file }) => file.endsWith('.json'))) {
      const { format, events } = await replayEventLog(logOf(file))
      const runtime = events.filter(({ rtmr }) => rtmr === 3)
      expect([format, events.length]).toEqual(['dstack', count])
      expect(runtime.map(({ name, data }) => ({ event: name, payloadHex: hex(data) }))).toEqual(rtmr3Events)
      expect(runtime.every(({ dataIsMeasured }) => dataIsMeasured)).toBe(true)
    }
  })

  test('CCEL: the events that were extended; digests of separators cover their data, those of programs do not', async () => {
    const file = 'eventlogs/gcp-cos113-ccel.bin'
    const { format, events } = await replayEventLog(read(file))
    expect(format).toBe('tcg')
    expect(events.length).toBeLessThanOrEqual(logs.find((log) => log.file === file)?.events ?? 0)
    expect(events.length).toBeGreaterThan(35)
    const ofType = (type: number): boolean[] => [
      ...new Set(events.filter((event) => event.type === type).map(({ dataIsMeasured }) => dataIsMeasured)),
    ]
    expect([ofType(4), ofType(0x80000003)]).toEqual([[true], [false]])
  })

  test('CCEL: the log ends where its padding begins, and may end there', async () => {
    const file = 'eventlogs/gcp-cos113-ccel.bin'
    const end = logs.find((log) => log.file === file)?.endOffset
    const whole = await replayEventLog(read(file))
    expect(await replayEventLog(read(file).subarray(0, end))).toEqual(whole)
  })

  test('dstack: digests of both versions', async () => {
    const { examples, rtmrAfterV1 } = JSON.parse(text('eventlogs/dstack-digest-examples.json')) as DigestExamples
    for (const version of [1, 2] as const) {
      const log = examples.map(({ event, payloadHex, ...digests }) =>
        runtimeEvent(event, unhex(payloadHex), { digest: digests[`v${version}`].sha384, version }),
      )
      const { events, rtmrs } = await replayEventLog(dstackLog(...log))
      expect(events.map(({ name }) => name)).toEqual(examples.map(({ event }) => event))
      if (version === 1) expect(hex(rtmrs[3])).toBe(rtmrAfterV1)
    }
  })
})

describe('sound logs', () => {
  const [first, second] = [utf8('first'), utf8('second')]

  test('registers are extended in the order of the log, each by its own events', async () => {
    const log = concat(
      tcgHeader(),
      tcgEvent({ register: 2, data: first }),
      tcgEvent({ register: 4, data: first }),
      tcgEvent({ register: 2, data: second }),
    )
    const { rtmrs, events } = await replayEventLog(log)
    const once = hex(extended(sha384(first)))
    const twice = hex(extended(sha384(first), sha384(second)))
    expect(rtmrs.map(hex)).toEqual([zeros, twice, zeros, once])
    expect(events.map(({ rtmr }) => rtmr)).toEqual([1, 3, 1])
  })

  test('a log without events leaves every register at zero', async () => {
    for (const log of [tcgHeader(), '[]', utf8('[]'), utf8(' \n[ ]')]) {
      const { rtmrs, events } = await replayEventLog(log)
      expect([rtmrs.map(hex), events]).toEqual([[zeros, zeros, zeros, zeros], []])
    }
  })

  test('EV_NO_ACTION is not extended, and register 0 is MRTD: both are left out', async () => {
    const log = concat(tcgHeader(), tcgEvent({ register: 0 }), tcgEvent({ register: 1, type: 3 }))
    expect((await replayEventLog(log)).events).toEqual([])
  })

  test('of several digests, the one of SHA-384 counts', async () => {
    const digest = sha384(first)
    const sha256 = pattern(32)
    for (const digests of [
      [
        [0x0b, sha256],
        [0x0c, digest],
      ],
      [
        [0x0c, digest],
        [0x0b, sha256],
      ],
    ] as const) {
      const header = tcgHeader({
        algorithms: [
          [0x0b, 32],
          [0x0c, 48],
        ],
      })
      const { rtmrs } = await replayEventLog(concat(header, tcgEvent({ register: 1, digests })))
      expect(hex(rtmrs[0])).toBe(hex(extended(digest)))
    }
  })

  test.each([
    ['FF', 0xff, 100],
    ['00', 0, 100],
    ['three bytes of 00', 0, 3],
    ['one byte of FF', 0xff, 1],
  ])('padding of %s', async (_, byte, length) => {
    const log = concat(tcgHeader(), tcgEvent({ register: 1 }), new Uint8Array(length).fill(byte))
    expect((await replayEventLog(log)).events).toHaveLength(1)
  })

  test('data that its digest does not cover is said to be so', async () => {
    const tcg = concat(
      tcgHeader(),
      tcgEvent({ register: 1, digests: [[0x0c, pattern(48)]] }),
      tcgEvent({ register: 1 }),
    )
    const dstack = dstackLog(bootEvent(0, first, { event_payload: '' }), bootEvent(0, first))
    for (const log of [tcg, dstack])
      expect((await replayEventLog(log)).events.map(({ dataIsMeasured }) => dataIsMeasured)).toEqual([false, true])
  })

  test('runtime events without digest: it is computed', async () => {
    const event = without(runtimeEvent('app-id', first), 'digest')
    for (const stripped of [event, { ...event, digest: '' }]) {
      const { rtmrs, events } = await replayEventLog(dstackLog(stripped))
      expect(hex(rtmrs[3])).toBe(hex(extended(runtimeDigest('app-id', first))))
      expect(events[0]).toMatchObject({ name: 'app-id', data: first, dataIsMeasured: true, type: runtimeType, rtmr: 3 })
    }
  })

  test('only runtime events have names: what firmware events are called nothing vouches for', async () => {
    const { events } = await replayEventLog(dstackLog(bootEvent(0, first, { event: 'app-id' })))
    expect(events[0]?.name).toBeUndefined()
  })

  test('changing the log while it is replayed changes nothing', async () => {
    const log = concat(tcgHeader(), tcgEvent({ register: 1, data: first }))
    const pending = replayEventLog(log)
    log.fill(0xff)
    expect(hex((await pending).rtmrs[0])).toBe(hex(extended(sha384(first))))
  })

  test('what comes out is frozen', async () => {
    const replayed = await replayEventLog(dstackLog(runtimeEvent('a', first)))
    expect([replayed, replayed.rtmrs, replayed.events, replayed.events[0]].every(Object.isFrozen)).toBe(true)
  })
})

describe('refused', () => {
  const event = tcgEvent({ register: 1 })
  const good = runtimeEvent('app-id', utf8('x'))
  const many = Array.from({ length: 4097 }, () => event)

  const tcg: readonly (readonly [rule: string, log: Uint8Array, message: string])[] = [
    ['no bytes', new Uint8Array(), 'register of the header at 0 needs 4 bytes'],
    ['more than 1 MB', new Uint8Array((1 << 20) + 1), 'size of event log: expected at most 1048576'],
    ['a first event of another type', tcgHeader({ type: 4 }), 'must begin with an EV_NO_ACTION event'],
    ['a first event with a digest', tcgHeader({ digest: pattern(20, 1) }), 'must begin with an EV_NO_ACTION event'],
    ['the signature of older logs', tcgHeader({ signature: 'Spec ID Event02\0' }), 'is no "Spec ID Event03"'],
    ['no SHA-384', tcgHeader({ algorithms: [[0x0b, 32]] }), 'has no SHA-384 digests of 48 bytes'],
    ['SHA-384 of another size', tcgHeader({ algorithms: [[0x0c, 32]] }), 'has no SHA-384 digests of 48 bytes'],
    [
      'an algorithm that is there twice',
      tcgHeader({
        algorithms: [
          [0x0c, 48],
          [0x0c, 48],
        ],
      }),
      'algorithm 0xc is there twice',
    ],
    ['a bomb of algorithms', tcgHeader({ count: 0xffffffff }), '4294967295 algorithms, at most 16'],
    ['more algorithms than there are', tcgHeader({ count: 3 }), 'event log header: '],
    [
      'a header with something left over',
      tcgHeader({ extra: Uint8Array.of(1) }),
      'event log header: 1 bytes left over',
    ],
    ['a register that there is not', concat(tcgHeader(), tcgEvent({ register: 5 })), 'register 5 at'],
    ['no digest', concat(tcgHeader(), tcgEvent({ register: 1, digests: [] })), '0 digests at'],
    ['a bomb of digests', concat(tcgHeader(), tcgEvent({ register: 1, count: 0xffffffff })), '4294967295 digests at'],
    [
      'a digest of an algorithm that was not announced',
      concat(tcgHeader(), tcgEvent({ register: 1, digests: [[0x0b, pattern(48)]] })),
      'digest of algorithm 0xb at',
    ],
    [
      'two digests of one algorithm',
      concat(
        tcgHeader({
          algorithms: [
            [0x0b, 32],
            [0x0c, 48],
          ],
        }),
        tcgEvent({
          register: 1,
          digests: [
            [0x0c, pattern(48)],
            [0x0c, pattern(48)],
          ],
        }),
      ),
      'digest of algorithm 0xc at',
    ],
    ['a bomb of data', concat(tcgHeader(), tcgEvent({ register: 1, size: 0xffffffff })), 'event data at'],
    ['more than 4096 events', concat(tcgHeader(), ...many), 'more than 4096 events'],
    ['something behind padding of FF', concat(tcgHeader(), le(4, 0xffffffff), event), 'begin as padding and are none'],
    ['something behind padding of 00', concat(tcgHeader(), new Uint8Array(12), event), 'begin as padding and are none'],
    ['bytes that are no log', utf8('event log'), 'header'],
  ]

  const json: readonly (readonly [rule: string, log: Uint8Array | string, message: string])[] = [
    ['no JSON', '[{]', 'event log: not JSON'],
    ['no JSON, nested deep', '['.repeat(1 << 20), 'event log: '],
    ['an object', '{}', 'must be an array of events'],
    ['invalid UTF-8', concat(utf8('["'), [0xff], utf8('"]')), 'event log: invalid UTF-8'],
    ['text of more than 1 MB', ' '.repeat((1 << 20) + 1), 'size of event log: expected at most 1048576'],
    ['more than 4096 events', dstackLog(...Array.from({ length: 4097 }, () => 0)), 'more than 4096 events'],
    ['an event that is no object', '[1]', 'event 0 of the log: must be an object'],
    ['an event that is an array', '[[]]', 'event 0 of the log: must be an object'],
    ['an event that is null', '[null]', 'event 0 of the log: must be an object'],
    ['an unknown member', dstackLog(good, { ...good, extra: 1 }), 'event 1 of the log: unknown member "extra"'],
    ['a register that there is not', dstackLog({ ...good, imr: 4 }), 'imr must be 0 to 3'],
    ['a register as text', dstackLog({ ...good, imr: '3' }), 'imr must be 0 to 3'],
    ['a type above 32 bits', dstackLog({ ...good, event_type: 2 ** 32 }), 'event_type must be an unsigned integer'],
    ['a negative type', dstackLog({ ...good, event_type: -1 }), 'event_type must be an unsigned integer'],
    ['a fraction as type', dstackLog({ ...good, event_type: 0.5 }), 'event_type must be an unsigned integer'],
    ['a type as text', dstackLog({ ...good, event_type: '4' }), 'event_type must be an unsigned integer'],
    ['no name', dstackLog({ ...good, event: undefined }), 'event must be Unicode text'],
    ['a name with half a character', dstackLog({ ...good, event: '\ud800' }), 'event must be Unicode text'],
    ['an unknown version', dstackLog({ ...good, version: 3 }), 'version must be 1 or 2'],
    [
      'a payload that is no hexadecimal',
      dstackLog({ ...good, event_payload: 'x' }),
      'event_payload must be hexadecimal',
    ],
    ['a payload with 0x', dstackLog({ ...good, event_payload: '0x00' }), 'event_payload must be hexadecimal'],
    ['no payload', dstackLog({ ...good, event_payload: undefined }), 'event_payload must be hexadecimal'],
    ['a digest that is no text', dstackLog({ ...good, digest: 1 }), 'digest must be hexadecimal'],
    ['a digest of another size', dstackLog({ ...good, digest: '00' }), 'digest must have 48 bytes'],
    [
      'a firmware event without digest',
      dstackLog(bootEvent(0, utf8('x'), { digest: '' })),
      'digest must have 48 bytes',
    ],
    ['a runtime event outside RTMR3', dstackLog({ ...good, imr: 2 }), 'type 0x8000001 in RTMR2'],
    [
      'another event in RTMR3, which would hide its content',
      dstackLog({ ...good, event_type: 4 }),
      'type 0x4 in RTMR3',
    ],
  ]

  test.each([...tcg, ...json])('%s', async (_, log, message) => {
    const error: unknown = await replayEventLog(log).catch((error: unknown) => error)
    expect(error).toBeInstanceOf(VerificationError)
    expect(error).toMatchObject({ code: 'event-log-format', message: expect.stringContaining(message) as unknown })
  })

  test.each([
    ['its name', { event: 'app-ie' }],
    ['its payload', { event_payload: '79' }],
    ['its version', { version: 2 }],
  ])('a runtime event whose digest is not that of %s', async (_, change) => {
    await expect(replayEventLog(dstackLog(good, { ...good, ...change }))).rejects.toMatchObject({
      name: 'VerificationError',
      code: 'event-log-digest',
      message: expect.stringMatching(
        /^digest of event 1 of the log: expected [0-9a-f]{96}, found [0-9a-f]{96}$/,
      ) as unknown,
    })
  })

  test('a caller who gives something else', async () => {
    for (const log of [undefined, null, 1, [], {}])
      await expect(replayEventLog(log as never)).rejects.toThrow(
        new TypeError('event log must be a Uint8Array or a string'),
      )
  })

  test('every truncation of a log is refused, but between its events', async () => {
    const log = concat(tcgHeader(), tcgEvent({ register: 1, data: utf8('ab') }), tcgEvent({ register: 2 }))
    const ends = [tcgHeader().length, log.length - event.length, log.length]
    for (let length = 0; length <= log.length; length++) {
      const outcome = await replayEventLog(log.subarray(0, length)).then(
        () => 'replayed',
        (error: unknown) => (error instanceof VerificationError ? error.code : error),
      )
      const isEnd = ends.includes(length)
      expect([length, outcome]).toEqual([length, isEnd ? 'replayed' : 'event-log-format'])
    }
  })

  test('every bit flipped once: refused, or replayed to other values, or in what no digest covers', async () => {
    const log = concat(tcgHeader(), tcgEvent({ register: 1, data: utf8('ab') }))
    const { rtmrs } = await replayEventLog(log)
    const start = tcgHeader().length
    for (let bit = 8 * start; bit < 8 * log.length; bit++) {
      const flipped = new Uint8Array(log)
      flipped[bit >> 3] = (flipped[bit >> 3] ?? 0) ^ (1 << (bit & 7))
      const outcome = await replayEventLog(flipped).catch((error: unknown) => error)
      if (outcome instanceof VerificationError) continue
      const { rtmrs: found, events } = outcome as Awaited<ReturnType<typeof replayEventLog>>
      const isSame = found.map(hex).join('') === rtmrs.map(hex).join('')
      // The type is not extended, and neither is data; but data that was changed is not said to be
      // measured.
      const isType = bit >> 3 >= start + 4 && bit >> 3 < start + 8
      expect([bit, isSame && !isType && events[0]?.dataIsMeasured === true]).toEqual([bit, false])
    }
  })
})
