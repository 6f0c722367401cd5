/**
 * Expectations about events: what meets them, what does not, and what is no expectation.
 */
import { describe, expect, test } from 'vitest'
import { AppraisalError, AttestationError } from '../../../../../src/core/errors.ts'
import { appraiseEventLog, rtmrReferenceValues } from '../../../../../src/formats/intel/tdx/events/appraise-events.ts'
import {
  allowOtherEvents,
  type EventExpectations,
} from '../../../../../src/formats/intel/tdx/events/expected-events.ts'
import { concat, hex, pattern, unhex } from '../../../../attester/bytes.ts'
import type { Bytes } from '../../../../attester/der.ts'
import { findVectors } from '../../../../support/vectors.ts'
import {
  bootEvent,
  type DstackEvent,
  dstackLog,
  extended,
  runtimeDigest,
  runtimeEvent,
  sha384,
  tcgEvent,
  tcgHeader,
  utf8,
  without,
} from './logs.ts'

const commandLine = 'console=ttyS0 root=/dev/vda'
const utf16 = (text: string): Bytes => new Uint8Array(Buffer.from(`${text}\0`, 'utf16le'))
const [kernel, ramDisk, separator] = [pattern(48, 7), utf8('initial RAM disk'), new Uint8Array(4)]

/** Firmware in RTMR0, kernel in RTMR1, command line and RAM disk in RTMR2, nothing in RTMR3. */
const log = concat(
  tcgHeader(),
  tcgEvent({ register: 1, data: separator }),
  tcgEvent({ register: 2, digests: [[0x0c, kernel]] }),
  tcgEvent({ register: 2, data: utf8('Exit Boot Services Invocation') }),
  tcgEvent({ register: 3, digests: [[0x0c, sha384(utf16(commandLine))]], data: utf8('LOADED_IMAGE::LoadOptions') }),
  tcgEvent({ register: 3, data: ramDisk }),
)
const rtmr0 = extended(sha384(separator))
const rtmr1 = extended(kernel, sha384(utf8('Exit Boot Services Invocation')))
const rtmr2 = extended(sha384(utf16(commandLine)), sha384(ramDisk))
const rtmr3 = new Uint8Array(48)
const rtmrs = [rtmr0, rtmr1, rtmr2, rtmr3]

const expected = {
  rtmr1: [{ digest: kernel }, { text: 'Exit Boot Services Invocation' }],
  rtmr2: [{ commandLine }, { data: ramDisk }],
  rtmr3: [],
} as const satisfies EventExpectations

/** `code: message` of every check that failed; other errors, and acceptance, fail the test. */
async function failuresOf(outcome: Promise<unknown>): Promise<string[]> {
  const error: unknown = await outcome.then(
    () => 'accepted',
    (error: unknown) => error,
  )
  expect(error).toBeInstanceOf(AppraisalError)
  const { failures, code, message } = error as AppraisalError
  expect(failures[0]).toMatchObject({ id: code, summary: message, stage: 'appraise', outcome: 'fail' })
  return failures.map(({ id, summary }) => `${id}: ${summary}`)
}

const payloads = { appId: pattern(20, 1), composeHash: pattern(32, 2), keyProvider: utf8('{"name":"kms"}') }
const boot: readonly DstackEvent[] = [
  runtimeEvent('system-preparing', new Uint8Array()),
  runtimeEvent('app-id', payloads.appId),
  runtimeEvent('compose-hash', payloads.composeHash),
  runtimeEvent('instance-id', pattern(20, 3)),
  runtimeEvent('boot-mr-done', new Uint8Array()),
  runtimeEvent('key-provider', payloads.keyProvider),
]
const ready = runtimeEvent('system-ready', new Uint8Array())
const runtimeLog = dstackLog(bootEvent(0, separator), ...boot, ready, runtimeEvent('greeting', utf8('hello')))

describe('reference values', () => {
  test('of registers that something is expected of, and of no others', async () => {
    const values = await rtmrReferenceValues(log, expected)
    expect(Object.fromEntries(Object.entries(values).map(([name, value]) => [name, hex(value)]))).toEqual({
      rtmr1: hex(rtmr1),
      rtmr2: hex(rtmr2),
      rtmr3: hex(rtmr3),
    })
    expect(Object.isFrozen(values)).toBe(true)
  })

  test('digests and data may be hexadecimal', async () => {
    const hexadecimal: EventExpectations = {
      rtmr1: [{ digest: hex(kernel).toUpperCase() }, { data: hex(utf8('Exit Boot Services Invocation')) }],
    }
    expect(await rtmrReferenceValues(log, hexadecimal)).toEqual({ rtmr1 })
  })

  test('of dstack, whatever the application adds after it', async () => {
    for (const { version, digests } of [
      { version: 1, digests: boot },
      { version: 2, digests: boot.map((event): DstackEvent => ({ ...without(event, 'digest'), version: 2 })) },
    ]) {
      const values = await rtmrReferenceValues(dstackLog(...digests, ready), { dstack: payloads })
      expect([version, Object.keys(values)]).toEqual([version, ['rtmr3']])
    }
    const { rtmr3: found } = await rtmrReferenceValues(runtimeLog, { dstack: { composeHash: payloads.composeHash } })
    const names = [...boot, ready]
    const runtime = names.map(({ event, event_payload }) =>
      runtimeDigest(event as string, unhex(event_payload as string)),
    )
    expect(hex(found ?? rtmr0)).toBe(hex(extended(...runtime, runtimeDigest('greeting', utf8('hello')))))
  })

  test('expected events among others', async () => {
    const { rtmr1: found } = await rtmrReferenceValues(log, {
      rtmr1: { events: [{ digest: kernel }], others: allowOtherEvents },
    })
    expect(found).toEqual(rtmr1)
  })

  test('changing the expectations while the log is replayed changes nothing', async () => {
    const digest = new Uint8Array(kernel)
    const pending = rtmrReferenceValues(log, { rtmr1: [{ digest }, ...expected.rtmr1.slice(1)] })
    digest.fill(0)
    expect(await pending).toEqual({ rtmr1 })
  })
})

describe('appraisal of the registers of a quote', () => {
  test('every check that was made', async () => {
    const checks = await appraiseEventLog(log, rtmrs, expected)
    expect(checks.map(({ id, stage, outcome }) => `${stage} ${id} ${outcome}`)).toEqual([
      ...Array.from({ length: 4 }, () => 'appraise policy-rtmr pass'),
      ...Array.from({ length: 3 }, () => 'appraise policy-event pass'),
    ])
  })

  test.each([0, 1, 2, 3])('RTMR%i of the quote is not what the log replays to', async (i) => {
    const others = rtmrs.map((rtmr, k) => (k === i ? pattern(48, 9) : rtmr))
    expect(await failuresOf(appraiseEventLog(log, others, expected))).toEqual([
      `policy-rtmr: RTMR${i} as replayed: expected ${hex(rtmrs[i] ?? rtmr0)}, found ${hex(pattern(48, 9))}`,
    ])
  })

  test('a register that the log has no event of is compared only where something is expected of it', async () => {
    const others = [rtmr0, rtmr1, rtmr2, pattern(48, 9)]
    const checks = await appraiseEventLog(log, others, without(expected, 'rtmr3'))
    expect(checks.find(({ outcome }) => outcome === 'not-requested')).toMatchObject({
      id: 'policy-rtmr',
      summary: 'no event of RTMR3 in the log, none expected',
    })
    expect(await failuresOf(appraiseEventLog(log, others, expected))).toHaveLength(1)
  })

  test('everything that is wrong is reported', async () => {
    const outcome = appraiseEventLog(log, [rtmr0, rtmr1, rtmr2, pattern(48)], { ...expected, rtmr1: [] })
    expect((await failuresOf(outcome)).map((failure) => failure.slice(0, 34))).toEqual([
      'policy-rtmr: RTMR3 as replayed: ex',
      'policy-event: event 0 of RTMR1, 0 ',
    ])
  })

  test.each([
    ['nothing', undefined],
    ['three registers', rtmrs.slice(1)],
    ['a short one', [...rtmrs.slice(1), new Uint8Array(32)]],
    ['text', rtmrs.map(hex)],
  ])('a caller who gives %s', async (_, wrong) => {
    await expect(appraiseEventLog(log, wrong as never, expected)).rejects.toThrow(
      new TypeError('rtmrs must be 4 values of 48 bytes (Uint8Array)'),
    )
  })
})

describe('events that are not as expected', () => {
  const other = pattern(48, 9)
  test.each<readonly [rule: string, expected: EventExpectations, message: string]>([
    [
      'another event in the place of one',
      { rtmr1: [{ digest: other }, { text: 'Exit Boot Services Invocation' }] },
      `event 0 of RTMR1, 2 expected in all: expected ${hex(other)}, found ${hex(kernel)}`,
    ],
    [
      'one event more',
      { rtmr1: [{ digest: kernel }] },
      `event 1 of RTMR1, 1 expected in all: expected no more events, found ${hex(sha384(utf8('Exit Boot Services Invocation')))}`,
    ],
    [
      'one event less',
      { rtmr0: [{ data: separator }, { data: separator }] },
      `event 1 of RTMR0, 2 expected in all: expected ${hex(sha384(separator))}, found no more events`,
    ],
    [
      'another order',
      { rtmr2: [{ data: ramDisk }, { commandLine }] },
      `event 0 of RTMR2, 2 expected in all: expected ${hex(sha384(ramDisk))}`,
    ],
    ['events in an untouched register', { rtmr0: [] }, 'event 0 of RTMR0, 0 expected in all: expected no more events'],
    [
      'another command line',
      { rtmr2: { events: [{ commandLine: `${commandLine} debug` }], others: allowOtherEvents } },
      `event of RTMR2: expected ${hex(sha384(utf16(`${commandLine} debug`)))}, found none of 2 events`,
    ],
    [
      'an event of another register',
      { rtmr2: { events: [{ digest: kernel }], others: allowOtherEvents } },
      `event of RTMR2: expected ${hex(kernel)}, found none of 2 events`,
    ],
  ])('%s', async (_, expectations, message) => {
    const [failure, ...more] = await failuresOf(rtmrReferenceValues(log, expectations))
    expect(failure).toContain(`policy-event: ${message}`)
    expect(more).toEqual([])
  })

  test.each<readonly [rule: string, events: readonly unknown[], message: string]>([
    [
      'another compose hash',
      [...boot.slice(0, 2), runtimeEvent('compose-hash', pattern(32, 8)), ready],
      `event compose-hash: expected ${hex(payloads.composeHash)}, found ${hex(pattern(32, 8))}`,
    ],
    ['no compose hash', [...boot.slice(0, 2), ready], 'event compose-hash: expected '],
    [
      'the compose hash twice',
      [...boot, runtimeEvent('compose-hash', pattern(32, 8)), ready],
      `event compose-hash: expected ${hex(payloads.composeHash)}, found 2 events of that name`,
    ],
    [
      'the same compose hash twice',
      [...boot, runtimeEvent('compose-hash', payloads.composeHash), ready],
      `event compose-hash: expected ${hex(payloads.composeHash)}, found 2 events of that name`,
    ],
    [
      'a compose hash that an application added',
      [...boot.slice(0, 2), ready, runtimeEvent('compose-hash', payloads.composeHash)],
      `event compose-hash: expected ${hex(payloads.composeHash)}, found none`,
    ],
    [
      'an application that says system-ready once more',
      [...boot.slice(0, 2), ready, runtimeEvent('compose-hash', payloads.composeHash), ready],
      `event compose-hash: expected ${hex(payloads.composeHash)}, found none`,
    ],
    [
      'a firmware event that is called so',
      [...boot.slice(0, 2), bootEvent(1, payloads.composeHash, { event: 'compose-hash' }), ready],
      `event compose-hash: expected ${hex(payloads.composeHash)}, found none`,
    ],
  ])('%s', async (_, events, message) => {
    const expectations = { dstack: { composeHash: payloads.composeHash } }
    const [failure, ...more] = await failuresOf(rtmrReferenceValues(dstackLog(...events), expectations))
    expect(failure).toContain(`policy-event: ${message}`)
    expect(more).toEqual([])
  })

  test('a log in which the end of the boot cannot be seen', async () => {
    const failures = await failuresOf(rtmrReferenceValues(dstackLog(...boot), { dstack: { appId: payloads.appId } }))
    expect(failures).toEqual([
      'policy-event: event system-ready: expected in the log, found none',
      `policy-event: event app-id: expected ${hex(payloads.appId)}, found none`,
    ])
  })

  test("events of dstack in a log of firmware's alone", async () => {
    expect(await failuresOf(rtmrReferenceValues(log, { dstack: { appId: payloads.appId } }))).toHaveLength(2)
  })

  test('a log that is none is refused as such', async () => {
    const error: unknown = await rtmrReferenceValues('{}', expected).catch((error: unknown) => error)
    expect(error).toBeInstanceOf(AttestationError)
    expect(error).toMatchObject({ name: 'VerificationError', code: 'event-log-format' })
  })
})

describe('no expectation', () => {
  test.each<readonly [rule: string, expectations: unknown, message: string]>([
    ['nothing', undefined, 'expectations must be a plain object'],
    ['an array', [], 'expectations must be a plain object'],
    ['no register', {}, 'expectations must name at least one of rtmr0 to rtmr3, dstack'],
    ['a misspelt register', { rtmr4: [] }, 'expectations: "rtmr4" must be one of rtmr0, rtmr1, rtmr2, rtmr3, dstack'],
    ['a register that is there but undefined', { rtmr0: undefined }, 'rtmr0 must be a plain object'],
    ['a register as value', { rtmr0: new Uint8Array(48) }, 'rtmr0 must be a plain object'],
    ['others without saying so', { rtmr0: { events: [{ text: 'a' }] } }, 'rtmr0.others must be allowOtherEvents'],
    [
      'others by a look-alike',
      { rtmr0: { events: [{ text: 'a' }], others: true } },
      'rtmr0.others must be allowOtherEvents',
    ],
    ['anything at all', { rtmr0: { events: [], others: allowOtherEvents } }, 'rtmr0.events must not be empty'],
    ['no events', { rtmr0: { others: allowOtherEvents } }, 'rtmr0 must be an array of events, or { events, others }'],
    ['an event as text', { rtmr0: ['a'] }, 'rtmr0[0] must be a plain object'],
    ['an event without content', { rtmr0: [{}] }, 'rtmr0[0] must have one of digest, data, text, commandLine'],
    ['an event of two contents', { rtmr0: [{ text: 'a', data: '00' }] }, 'rtmr0[0] must have one of digest'],
    ['an event of unknown content', { rtmr0: [{ txt: 'a' }] }, 'rtmr0[0]: "txt" must be one of digest, data, text'],
    ['a digest of another size', { rtmr0: [{ text: 'a' }, { digest: '00' }] }, 'rtmr0[1].digest must have 48 bytes'],
    ['a digest that is no hexadecimal', { rtmr0: [{ digest: 'x' }] }, 'rtmr0[0].digest must be hexadecimal'],
    ['no data', { rtmr0: [{ data: new Uint8Array() }] }, 'rtmr0[0].data must be at least one byte'],
    ['data that is no bytes', { rtmr0: [{ data: [1] }] }, 'rtmr0[0].data must be at least one byte'],
    ['no text', { rtmr0: [{ text: '' }] }, 'rtmr0[0].text must be text'],
    ['a number as command line', { rtmr0: [{ commandLine: 1 }] }, 'rtmr0[0].commandLine must be text'],
    ['nothing of dstack', { dstack: {} }, 'dstack must name at least one of appId, composeHash'],
    ['dstack that is there but undefined', { dstack: undefined }, 'dstack must be a plain object'],
    ['a misspelt name of dstack', { dstack: { appid: '00' } }, 'dstack: "appid" must be one of appId, composeHash'],
    ['an empty compose hash', { dstack: { composeHash: '' } }, 'dstack.composeHash must be at least one byte'],
    ['a wildcard', { dstack: { appId: 'any' } }, 'dstack.appId must be hexadecimal'],
  ])('%s', async (_, expectations, message) => {
    for (const appraise of [
      () => rtmrReferenceValues(log, expectations as never),
      () => appraiseEventLog(log, rtmrs, expectations as never),
    ]) {
      const error: unknown = await appraise().catch((error: unknown) => error)
      expect(error).toBeInstanceOf(TypeError)
      expect((error as TypeError).message).toContain(message)
    }
  })
})

const vectors = findVectors('intel')

describe.skipIf(!vectors.found)(vectors.found ? 'vectors' : vectors.skipLine, () => {
  const read = vectors.found ? vectors.read : (): Bytes => new Uint8Array()
  const quote = (name: string): Bytes[] => {
    const bytes = read(`quotes/${name}.bin`)
    return [0, 1, 2, 3].map((i) => bytes.slice(48 + 328 + 48 * i, 48 + 376 + 48 * i))
  }

  test('dstack: application, compose hash and what the boot loader said, against the quote', async () => {
    const text = new TextDecoder().decode(read('eventlogs/dstack-verifier.json'))
    const { event_log } = JSON.parse(text) as { readonly event_log: readonly DstackEvent[] }
    const digests = event_log.filter(({ imr }) => imr === 1).map(({ digest }) => ({ digest: digest as string }))
    const [kernelImage, ...rest] = digests
    expect(rest).toHaveLength(4)
    const checks = await appraiseEventLog(JSON.stringify(event_log), quote('tdx4-90c06f-dstack-verifier'), {
      rtmr1: [
        kernelImage ?? { digest: '' },
        { text: 'Calling EFI Application from Boot Option' },
        { data: separator },
        { text: 'Exit Boot Services Invocation' },
        { text: 'Exit Boot Services Returned with Success' },
      ],
      dstack: {
        appId: '3763bc34552cf3a27ff71ad5f7a90471562a1a2d',
        composeHash: '3763bc34552cf3a27ff71ad5f7a90471562a1a2df552dfc1998cba2d60da27e7',
        instanceId: 'c3714eb66990eace777b4e664c16e09375dec4c9',
        keyProvider: utf8(`{"name":"local-sgx","id":"${keyProviderId(event_log)}"}`),
      },
    })
    expect(checks.every(({ outcome }) => outcome === 'pass')).toBe(true)
  })

  test('CCEL: RTMR3 untouched, against the quote', async () => {
    const checks = await appraiseEventLog(read('eventlogs/gcp-cos113-ccel.bin'), quote('tdx4-00806f05-gcp-cos113'), {
      rtmr3: [],
      rtmr0: { events: [{ data: separator }], others: allowOtherEvents },
    })
    expect(checks.map(({ outcome }) => outcome)).toEqual(Array.from({ length: 6 }, () => 'pass'))
  })
})

/** As the log has it; the provider's identity is that of one machine. */
function keyProviderId(log: readonly DstackEvent[]): string {
  const { event_payload } = log.find(({ event }) => event === 'key-provider') ?? {}
  const { id } = JSON.parse(new TextDecoder().decode(unhex(event_payload as string))) as { readonly id: string }
  return id
}
