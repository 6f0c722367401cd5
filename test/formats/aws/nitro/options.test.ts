/**
 * The caller's mistakes are TypeErrors before anything is verified, and whatever happens to options
 * and evidence afterwards has no effect.
 */
import { runInNewContext } from 'node:vm'
import { afterEach, describe, expect, test } from 'vitest'
import {
  allowDebug,
  allowSignedImages,
  type AppraisalError,
  atEvidenceTime,
  decodeNitroEvidence,
  type NitroOptions,
  skipFreshness,
  skipReferenceValues,
  verifyNitro,
} from '../../../../src/formats/aws/nitro/index.ts'
import { concat, hex, pattern } from '../../../attester/bytes.ts'
import { createNitroAttester, debugPcrs, testNonce } from '../../../attester/nitro.ts'
import { type Change, make, now, PCR0, pcrs } from './made.ts'

const zeros = '00'.repeat(48)
const { evidence, options, root } = await make()

/** What a call ends with: `valid`, a reason code, or `TypeError: message`. */
async function outcomeOf(bytes: unknown, given: unknown): Promise<string> {
  try {
    await verifyNitro(bytes as Uint8Array, given as NitroOptions)
    return 'valid'
  } catch (error) {
    return error instanceof TypeError ? `TypeError: ${error.message}` : (error as { code: string }).code
  }
}

const changed = (change: Record<string, unknown>): Record<string, unknown> => ({ ...options, ...change })
const without = (name: string): Record<string, unknown> =>
  Object.fromEntries(Object.entries(options).filter(([key]) => key !== name))

describe('TypeErrors', () => {
  const rows = (name: string, values: readonly unknown[]): [string, number, Record<string, unknown>][] =>
    values.map((value, i) => [name, i, changed({ [name]: value })])

  describe.each([
    [
      'T-N5 nothing to compare',
      [
        undefined,
        null,
        {},
        [],
        '',
        0,
        true,
        [{}],
        [undefined],
        [{ PCR0 }, {}],
        { name: 'v1' },
        new Map([['PCR0', PCR0]]),
        PCR0,
        () => PCR0,
        { Measurements: {} },
        { Measurements: { HashAlgorithm: 'Sha384 { ... }' } },
        { Measurements: null },
        { PCR0: undefined },
        { PCR0: null },
        { PCR0: '' },
        { PCR0: new Uint8Array() },
      ],
    ],
    ['T-N9 an empty list', [[], [[]]]],
    [
      'T-N6 registers that are none',
      ['pcr0', '0', 'PCR', 'PCR32', 'PCR00', 'PCR-1', 'PCR 0', 'PCR0 ', 'PCR1e0', 'constructor', '__proto__'].flatMap(
        (key) =>
          [
            JSON.parse(`{ "${key}": "${hex(PCR0)}" }`),
            JSON.parse(`{ "PCR0": "${hex(PCR0)}", "${key}": "${hex(PCR0)}" }`),
          ] as unknown[],
      ),
    ],
    [
      'T-N8 values of another length or alphabet',
      [
        hex(PCR0).slice(2),
        `${hex(PCR0)}00`,
        hex(PCR0).slice(1),
        `0x${hex(PCR0).slice(2)}`,
        ` ${hex(PCR0)}`,
        `${hex(PCR0)}\n`,
        'xy'.repeat(48),
        PCR0.subarray(1),
        concat(PCR0, [0]),
        PCR0.subarray(0, 32),
        [...PCR0],
        PCR0.buffer,
        384,
      ].map((value) => ({ PCR0: value })),
    ],
    [
      'T-N4 zeros',
      [
        { PCR0: zeros },
        { PCR0: new Uint8Array(48) },
        { PCR0, PCR1: zeros },
        { PCR0, PCR2: zeros },
        { PCR0, PCR4: `0x${zeros}` },
        [{ PCR0 }, { PCR8: zeros }],
        { Measurements: { HashAlgorithm: 'Sha384', PCR0: zeros } },
      ],
    ],
    [
      'H13 no image',
      [
        { PCR1: pcrs[1] },
        { PCR2: pcrs[2], PCR3: pcrs[3], PCR4: pcrs[4] },
        { PCR8: pattern(48) },
        { PCR16: pattern(48) },
        [{ PCR0 }, { PCR1: pcrs[1] }],
        { Measurements: { HashAlgorithm: 'Sha384', PCR8: hex(pattern(48)) } },
      ],
    ],
    [
      'another hash',
      [{ Measurements: { HashAlgorithm: 'Sha256 { ... }', PCR0: hex(PCR0) } }, { HashAlgorithm: 'Sha512', PCR0 }],
    ],
    [
      'registers beside printed ones',
      ['PCR0', 'PCR1', 'pcr0'].map((register) => ({
        [register]: PCR0,
        Measurements: { HashAlgorithm: 'Sha384', PCR0: hex(PCR0) },
      })),
    ],
    [
      'a name that is none',
      [
        { PCR0, name: '' },
        { PCR0, name: 1 },
        { PCR0, name: null },
      ],
    ],
  ] as const)('referenceValues: %s', (_what, values) => {
    test.each(rows('referenceValues', values))('%s #%i', async (_name, _i, given) => {
      expect(await outcomeOf(evidence, given)).toMatch(/^TypeError: referenceValues/)
    })
  })

  test.each([
    ...rows('freshness', [
      undefined,
      null,
      {},
      [],
      '',
      true,
      60,
      testNonce,
      new Map(),
      Symbol('skipFreshness'),
      skipReferenceValues,
    ]),
    ...rows(
      'freshness',
      [
        undefined,
        null,
        '',
        'abc',
        new Uint8Array(),
        new Uint8Array(1025),
        [1, 2],
        testNonce.buffer,
        new Uint16Array(4),
      ].map((nonce) => ({ nonce })),
    ),
    ...rows(
      'freshness',
      [undefined, null, 0, -1, NaN, Infinity, '60', 60n, new Date()].map((maxAgeSeconds) => ({ maxAgeSeconds })),
    ),
    ...rows('freshness', [
      { nonce: testNonce, maxAge: 60 },
      { nonce: testNonce, maxAgeSeconds: undefined },
      { nonce: testNonce, maxAgeSeconds: 0 },
      { nonce: undefined, maxAgeSeconds: 60 },
      { nonce: testNonce, maxAgeSeconds: 60, age: 60 },
      Object.create({ nonce: testNonce }),
      { Nonce: testNonce },
      { max_age: 60 },
    ]),
  ])('T-N5 %s #%i', async (_name, _i, given) => {
    expect(await outcomeOf(evidence, given)).toMatch(/^TypeError: (freshness|nonce|maxAgeSeconds)/)
  })

  test('T-N5 referenceValues and freshness must be there', async () => {
    expect(await outcomeOf(evidence, without('referenceValues'))).toMatch(/^TypeError: referenceValues/)
    expect(await outcomeOf(evidence, without('freshness'))).toMatch(/^TypeError: freshness/)
    expect(await outcomeOf(evidence, {})).toMatch(/^TypeError: /)
  })

  test('an age at evidence time would always be 0', async () => {
    expect(await outcomeOf(evidence, changed({ now: atEvidenceTime, freshness: { maxAgeSeconds: 60 } }))).toMatch(
      /^TypeError: now must be a Date with maxAgeSeconds/,
    )
  })

  test.each([
    ...['userData', 'publicKey'].flatMap((name) =>
      rows(name, [
        undefined,
        null,
        '',
        'text',
        new Uint8Array(),
        new Uint8Array(1025),
        [1],
        testNonce.buffer,
        new Uint16Array(4),
        new DataView(testNonce.buffer),
        {},
      ]),
    ),
    ...rows('signedImages', [true, false, null, 'allowSignedImages', allowDebug, Symbol('veritee.allowSignedImages')]),
    ...rows('debug', [true, false, null, 'allowDebug', 1, {}, Symbol('veritee.allowDebug'), skipFreshness]),
    ...rows('now', [
      new Date(NaN),
      null,
      0,
      now.getTime(),
      now.toISOString(),
      NaN,
      Infinity,
      {},
      { getTime: () => 0 },
      skipFreshness,
    ]),
    ...rows('clockSkewSeconds', [
      -1,
      -0.001,
      86_401,
      NaN,
      Infinity,
      null,
      '300',
      '',
      [],
      [5],
      true,
      5n,
      {},
      { valueOf: () => 5 },
      new Date(5),
    ]),
    ...rows('trustAnchors', [
      null,
      [],
      {},
      '',
      root,
      new Set([root]),
      { 0: root, length: 1 },
      [undefined],
      [''],
      [hex(root)],
      [new Uint8Array()],
      [root.subarray(1)],
      [root, evidence],
      [[...root]],
      [root.buffer.slice(1)],
    ]),
    ...rows('trace', [null, 'console', {}, []]),
    ...rows('endorsementCache', [null, {}, [], new WeakMap(), new Set(), true]),
  ])('T-V9 %s #%i', async (name, _i, given) => {
    expect(await outcomeOf(evidence, given)).toMatch(new RegExp(`^TypeError: ${name}`))
  })

  test.each([
    'nonce',
    'pcrs',
    'pcr0',
    'PCR0',
    'allowDebug',
    'trustAnchor',
    'maxAgeSeconds',
    'Debug',
    'constructor',
    'toString',
  ])('T-N6 unknown option %s', async (name) => {
    expect(await outcomeOf(evidence, changed({ [name]: undefined }))).toMatch(
      new RegExp(`^TypeError: option "${name}"`),
    )
  })

  test('T-V4 T-N6 __proto__ from JSON is an unknown option', async () => {
    const given = Object.assign(JSON.parse('{ "__proto__": { "debug": true } }') as object, {})
    Object.defineProperty(given, '__proto__', { value: {}, enumerable: true })
    Object.defineProperties(given, Object.getOwnPropertyDescriptors(options))
    expect(await outcomeOf(evidence, given)).toMatch(/^TypeError: option "__proto__"/)
  })

  test.each([undefined, null, [], '', 'options', 5, evidence, () => options])('options: %s', async (given) => {
    expect(await outcomeOf(evidence, given)).toMatch(/^TypeError: (options|referenceValues|option)/)
  })

  test('what an object inherits, or its class computes, would be left unread: refused', async () => {
    class Expectations {
      readonly referenceValues = { PCR0 }
      readonly freshness = skipFreshness
      get userData(): Uint8Array {
        return new Uint8Array([1])
      }
    }
    const inherited = (object: object): unknown => Object.assign(Object.create({ userData: [1] }) as object, object)
    for (const given of [new Expectations(), inherited(options)])
      expect(await outcomeOf(evidence, given)).toBe('TypeError: options must be a plain object')
    expect(await outcomeOf(evidence, changed({ referenceValues: inherited({ PCR0 }) }))).toBe(
      'TypeError: referenceValues[0] must be a plain object',
    )
  })

  test.each(
    [
      undefined,
      null,
      '',
      hex(evidence),
      [...evidence],
      evidence.buffer,
      new DataView(evidence.buffer),
      new Uint16Array(4),
      new Uint8ClampedArray(evidence),
      { length: 4 },
      Object.create(Uint8Array.prototype),
      new Blob([]),
    ].map((value) => [Object.prototype.toString.call(value), value] as const),
  )('evidence: %s', async (_what, bytes) => {
    expect(await outcomeOf(bytes, options)).toMatch(/^TypeError: evidence/)
    expect(() => decodeNitroEvidence(bytes as Uint8Array)).toThrow(new TypeError('evidence must be a Uint8Array'))
  })

  test('come before the evidence is looked at', async () => {
    expect(await outcomeOf(new Uint8Array(), {})).toMatch(/^TypeError: /)
  })

  test('left out is not the same as wrong', async () => {
    for (const name of ['clockSkewSeconds', 'trace', 'endorsementCache', 'debug', 'now'])
      expect(without(name)).not.toHaveProperty('nothing')
    expect(await outcomeOf(evidence, without('clockSkewSeconds'))).toBe('valid')
    expect(
      await outcomeOf(evidence, changed({ debug: undefined, clockSkewSeconds: undefined, trace: undefined })),
    ).toBe('valid')
  })
})

describe('accepted', () => {
  test.each([
    hex(PCR0),
    hex(PCR0).toUpperCase(),
    `0x${hex(PCR0)}`,
    `0X${hex(PCR0).toUpperCase()}`,
    PCR0,
    Buffer.from(PCR0),
  ])('T-N7 %s is the same value', async (value) => {
    expect(await outcomeOf(evidence, changed({ referenceValues: { PCR0: value } }))).toBe('valid')
    expect(await outcomeOf(evidence, changed({ referenceValues: [{ PCR0, PCR1: value }] }))).toBe('policy-pcr')
  })

  /** Bytes of other kinds with the same content. */
  const kinds: [string, (bytes: Uint8Array) => Uint8Array][] = [
    ['a Buffer, from a pool', (bytes) => Buffer.concat([bytes])],
    ['a part of a larger buffer', (bytes) => concat([1, 2, 3], bytes, [4]).subarray(3, -1)],
    [
      'T-V12 a Uint8Array of another realm',
      (bytes) =>
        (runInNewContext('(numbers) => Uint8Array.from(numbers)') as (numbers: number[]) => Uint8Array)([...bytes]),
    ],
    ['a subclass', (bytes) => new (class Sub extends Uint8Array {})(bytes)],
    [
      'T-V7 shared memory',
      (bytes) => {
        const shared = new Uint8Array(new SharedArrayBuffer(bytes.length))
        shared.set(bytes)
        return shared
      },
    ],
  ]
  test.each(kinds)('%s', async (_what, as) => {
    const given = changed({
      freshness: { nonce: as(testNonce) },
      referenceValues: { PCR0: as(PCR0) },
      trustAnchors: [as(root)],
    })
    expect(await outcomeOf(as(evidence), given)).toBe('valid')
    expect(decodeNitroEvidence(as(evidence)).moduleId).toMatch(/^i-/)
  })

  test('T-V12 a Date of another realm', async () => {
    const foreign = runInNewContext(`new Date(${now.getTime()})`) as Date
    expect(foreign instanceof Date).toBe(false)
    // Handled or refused, never taken for another time.
    expect(await outcomeOf(evidence, changed({ now: foreign }))).toMatch(/^(valid$|TypeError: now)/)
    expect(await outcomeOf(evidence, changed({ now: Object.create(Date.prototype) as Date }))).toMatch(/^TypeError: /)
  })

  test('options without a prototype, and frozen ones', async () => {
    expect(await outcomeOf(evidence, Object.assign(Object.create(null), options))).toBe('valid')
    expect(await outcomeOf(evidence, Object.freeze({ ...options }))).toBe('valid')
  })

  test('several trust anchors', async () => {
    const { root: other } = await createNitroAttester({ now })
    expect(await outcomeOf(evidence, changed({ trustAnchors: [other, root] }))).toBe('valid')
    expect(await outcomeOf(evidence, changed({ trustAnchors: [other] }))).toBe('root-mismatch')
    expect(await outcomeOf(evidence, changed({ trustAnchors: [concat(root, [0])] }))).toMatch(
      /^(root-mismatch$|TypeError: trustAnchors)/,
    )
  })

  test('one cache, and the same trace, for two at once', async () => {
    const given = changed({ endorsementCache: new Map(), trace: () => undefined })
    expect(await Promise.all([outcomeOf(evidence, given), outcomeOf(evidence, given)])).toEqual(['valid', 'valid'])
  })
})

describe('H13 registers', () => {
  const all = (registers: Readonly<Record<number, Uint8Array>>): Record<string, string> =>
    Object.fromEntries(Object.entries(registers).map(([register, value]) => [`PCR${register}`, hex(value)]))

  test('all 16 that a document prints, zeros included, and what nitro-cli prints', async () => {
    expect(Object.keys(all(pcrs))).toHaveLength(16)
    expect(await outcomeOf(evidence, changed({ referenceValues: all(pcrs) }))).toBe('valid')
    const printed = { Measurements: { HashAlgorithm: 'Sha384 { ... }', ...all(pcrs) } }
    expect(await outcomeOf(evidence, changed({ referenceValues: printed }))).toBe('valid')
    const { claims } = await verifyNitro(evidence, options)
    const values = Object.fromEntries(Object.entries(claims.pcrs))
    expect(await outcomeOf(evidence, changed({ referenceValues: values }))).toBe('valid')
  })

  test.each([3, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 31])('zeros say that PCR%i must be zero', async (register) => {
    const expecting = { referenceValues: { PCR0, [`PCR${register}`]: zeros } }
    const other = await make({ document: { pcrs: { ...pcrs, [register]: pattern(48) } } })
    expect(await outcomeOf(other.evidence, changed(expecting))).toBe('policy-pcr')
    // A register that is not there is not zero either.
    const isPrinted = register > 4 && register < 16
    expect(await outcomeOf(evidence, changed(expecting))).toBe(isPrinted ? 'valid' : 'policy-pcr')
  })

  test.each([
    [
      'PCR0',
      /^TypeError: referenceValues\[0\] must be registers other than zero: leave out PCR0 where you expect nothing of it$/,
    ],
    ['PCR4', /^TypeError: referenceValues\[0\] must be registers other than zero: leave out PCR4/],
  ])('zeros in %s are named', async (register, message) => {
    expect(await outcomeOf(evidence, changed({ referenceValues: { PCR0, [register]: zeros } }))).toMatch(message)
  })

  test('without PCR0 the message says what is missing', async () => {
    expect(await outcomeOf(evidence, changed({ referenceValues: [{ PCR0 }, { PCR1: pcrs[1] }] }))).toBe(
      'TypeError: referenceValues[1] must name PCR0, which alone covers the image (or PCR8, with signedImages: allowSignedImages)',
    )
  })

  test('PCR8 in the place of PCR0, by name', async () => {
    const PCR8 = pattern(48, 8)
    const signed = await make({ document: { pcrs: { ...pcrs, 8: PCR8 } } })
    const given = (referenceValues: unknown): Record<string, unknown> =>
      changed({ referenceValues, signedImages: allowSignedImages })
    expect(await outcomeOf(signed.evidence, given({ PCR8 }))).toBe('valid')
    expect(await outcomeOf(signed.evidence, given([{ PCR0: 'ab'.repeat(48) }, { PCR8, PCR3: pcrs[3] }]))).toBe('valid')
    expect(await outcomeOf(signed.evidence, given({ PCR0 }))).toBe('valid')
    expect(await outcomeOf(evidence, given({ PCR8 }))).toBe('policy-pcr')
    expect(await outcomeOf(signed.evidence, given({ PCR8: 'ab'.repeat(48) }))).toBe('policy-pcr')
    // Every image that nobody signed has zeros there.
    const refused = /^TypeError: referenceValues\[0\] must name PCR0/
    expect(await outcomeOf(evidence, given({ PCR8: zeros, PCR1: pcrs[1] }))).toMatch(refused)
    expect(await outcomeOf(evidence, given({ PCR1: pcrs[1], PCR3: pcrs[3] }))).toMatch(refused)
    expect(await outcomeOf(signed.evidence, changed({ referenceValues: { PCR8 } }))).toMatch(refused)
  })

  test('where debug enclaves are allowed, the zeros that they have for an image are a value', async () => {
    const debugged = await make({ document: { pcrs: await debugPcrs() } })
    const registers = all(await debugPcrs())
    const given = (referenceValues: unknown): Record<string, unknown> => changed({ referenceValues, debug: allowDebug })
    expect(await outcomeOf(debugged.evidence, given(registers))).toBe('valid')
    expect(await outcomeOf(debugged.evidence, given({ PCR3: pcrs[3] }))).toBe('valid')
    expect(await outcomeOf(evidence, given(registers))).toBe('policy-pcr')
    expect(await outcomeOf(debugged.evidence, changed({ referenceValues: registers }))).toMatch(
      /^TypeError: referenceValues\[0\] must be registers other than zero: leave out PCR0/,
    )
    // Zeros alone would be any debug enclave, and any instance without a role.
    expect(await outcomeOf(debugged.evidence, given({ PCR0: zeros, PCR1: zeros }))).toMatch(
      /^TypeError: referenceValues\[0\] must be registers other than zero$/,
    )
    expect(await outcomeOf(debugged.evidence, given({ PCR0: zeros, PCR3: zeros }))).toMatch(
      /^TypeError: referenceValues\[0\] must be registers other than zero$/,
    )
  })
})

describe('H13 a nonce and an age together', () => {
  const both = (maxAgeSeconds: number): Record<string, unknown> => ({ nonce: testNonce, maxAgeSeconds })
  const aged = (seconds: number, freshness: unknown): Record<string, unknown> =>
    changed({ now: new Date(now.getTime() + seconds * 1000), freshness })

  test('both must hold', async () => {
    const { evidence: stranger } = await make({ document: { nonce: pattern(32, 1) } })
    const { evidence: silent } = await make({ document: { nonce: null } })
    expect(await outcomeOf(evidence, aged(60, both(60)))).toBe('valid')
    expect(await outcomeOf(evidence, aged(61, both(60)))).toBe('policy-freshness')
    expect(await outcomeOf(stranger, aged(60, both(60)))).toBe('policy-nonce')
    expect(await outcomeOf(silent, aged(60, both(60)))).toBe('policy-nonce')
    // Each of the two alone is fine with what the other one refuses.
    expect(await outcomeOf(evidence, aged(61, { nonce: testNonce }))).toBe('valid')
    expect(await outcomeOf(stranger, aged(60, { maxAgeSeconds: 60 }))).toBe('valid')
  })

  test('both are reported', async () => {
    const { evidence: stranger } = await make({ document: { nonce: pattern(32, 1) } })
    const error = await verifyNitro(stranger, aged(61, both(60)) as unknown as NitroOptions).catch(
      (caught: unknown) => caught,
    )
    expect((error as AppraisalError).failures.map(({ id }) => id)).toEqual(['policy-nonce', 'policy-freshness'])
  })

  test('an age at evidence time would always be 0, with a nonce too', async () => {
    expect(await outcomeOf(evidence, changed({ now: atEvidenceTime, freshness: both(60) }))).toBe(
      'TypeError: now must be a Date with maxAgeSeconds',
    )
  })
})

describe('T-V8 read once', () => {
  /** Counts how often each property is read, all the way down. */
  function counted(value: unknown, path: string, reads: Map<string, number>): unknown {
    if (
      typeof value !== 'object' ||
      value === null ||
      ArrayBuffer.isView(value) ||
      value instanceof Date ||
      value instanceof Map
    )
      return value
    const copy = Array.isArray(value) ? [] : {}
    for (const [key, inner] of Object.entries(value)) {
      const name = `${path}.${key}`
      const made = counted(inner, name, reads)
      Object.defineProperty(copy, key, {
        enumerable: true,
        get: () => {
          reads.set(name, (reads.get(name) ?? 0) + 1)
          return made
        },
      })
    }
    return copy
  }

  test('every property of the options, and of what is in them', async () => {
    const reads = new Map<string, number>()
    const given = counted(
      changed({
        referenceValues: [
          { PCR0, name: 'v1' },
          { Measurements: { HashAlgorithm: 'Sha384', PCR0: hex(PCR0), PCR1: hex(pcrs[1] as Uint8Array) } },
        ],
        endorsementCache: new Map(),
        debug: allowDebug,
      }),
      'options',
      reads,
    )
    expect(await outcomeOf(evidence, given)).toBe('valid')
    expect([...reads].filter(([, times]) => times !== 1)).toEqual([])
    expect([...reads.keys()]).toEqual(
      expect.arrayContaining([
        'options.freshness.nonce',
        'options.referenceValues.0.PCR0',
        'options.trustAnchors.0',
        'options.now',
      ]),
    )
  })

  test('a getter that changes its mind', async () => {
    let asked = 0
    const given = Object.defineProperty(without('referenceValues'), 'referenceValues', {
      enumerable: true,
      get: () => (asked++ === 0 ? { PCR0: 'ab'.repeat(48) } : skipReferenceValues),
    })
    expect(await outcomeOf(evidence, given)).toBe('policy-pcr')
  })

  test('a Proxy', async () => {
    const seen: string[] = []
    const given = new Proxy(options, {
      get: (target, key) => {
        if (typeof key === 'string') seen.push(key)
        return Reflect.get(target, key) as unknown
      },
    })
    expect(await outcomeOf(evidence, given)).toBe('valid')
    expect(seen.sort()).toEqual(Object.keys(options).sort())
  })
})

describe('T-V7 what is changed while a verification is under way has no effect', () => {
  test.each([false, true])('evidence, shared: %s', async (isShared) => {
    const memory = isShared ? new SharedArrayBuffer(evidence.length) : new ArrayBuffer(evidence.length)
    const bytes = new Uint8Array(memory)
    bytes.set(evidence)
    const good = outcomeOf(bytes, options)
    bytes.fill(0)
    expect(await good).toBe('valid')
    bytes[0] = 1
    const bad = outcomeOf(bytes, options)
    bytes.set(evidence)
    expect(await bad).not.toBe('valid')
  })

  test('at every await of a verification', async () => {
    const bytes = evidence.slice()
    let steps = 0
    const given = changed({ trace: () => bytes.fill(steps++) })
    const { claims } = await verifyNitro(bytes, given as unknown as NitroOptions)
    expect(steps).toBeGreaterThan(10)
    expect(hex(claims.nonce as Uint8Array)).toBe(hex(testNonce))
  })

  test('nonce, reference values, anchors, bindings', async () => {
    const { evidence: bound } = await make({ document: { userData: pattern(4), publicKey: pattern(4) } })
    const parts = {
      nonce: testNonce.slice(),
      PCR0: PCR0.slice(),
      root: root.slice(),
      userData: pattern(4),
      publicKey: pattern(4),
    }
    const given = (): Record<string, unknown> => ({
      freshness: { nonce: parts.nonce },
      referenceValues: [{ PCR0: parts.PCR0 }],
      trustAnchors: [parts.root],
      userData: parts.userData,
      publicKey: parts.publicKey,
      now,
    })
    for (const part of Object.values(parts)) {
      const good = outcomeOf(bound, given())
      part[part.length - 1] = (part.at(-1) as number) ^ 1
      expect(await good).toBe('valid')
      const bad = outcomeOf(bound, given())
      part[part.length - 1] = (part.at(-1) as number) ^ 1
      expect(await bad).not.toBe('valid')
    }
  })

  test('the options object and the lists in it', async () => {
    const given = changed({ referenceValues: [{ PCR0: 'ab'.repeat(48) }], trustAnchors: [root], now: new Date(now) })
    const refused = outcomeOf(evidence, given)
    ;(given.referenceValues as unknown[]).push({ PCR0 })
    given.referenceValues = skipReferenceValues
    expect(await refused).toBe('policy-pcr')
    const fine = changed({ trustAnchors: [root], now: new Date(now) })
    const accepted = outcomeOf(evidence, fine)
    ;(fine.trustAnchors as unknown[]).length = 0
    ;(fine.now as Date).setTime(0)
    expect(await accepted).toBe('valid')
  })

  test('the result does not hang on the caller’s bytes', async () => {
    const bytes = evidence.slice()
    const { claims } = await verifyNitro(bytes, options)
    bytes.fill(0)
    expect(hex(claims.nonce as Uint8Array)).toBe(hex(testNonce))
  })
})

/** Documents and options of every kind of verdict; `left` names an option to leave out. */
const far = new Date('2036-01-01T00:00:00Z')
const verdicts: readonly (readonly [expected: RegExp, change: Change, left?: string])[] = [
  [/^valid$/, {}],
  [/^root-mismatch$/, {}, 'trustAnchors'],
  [/^policy-pcr$/, { options: { referenceValues: { PCR0: 'ab'.repeat(48) } } }],
  [/^policy-debug$/, { document: { pcrs: await debugPcrs() }, options: { referenceValues: skipReferenceValues } }],
  [/^policy-nonce$/, { document: { nonce: pattern(32, 1) } }],
  [/^policy-freshness$/, { options: { freshness: { maxAgeSeconds: 1 }, now: new Date(now.getTime() + 2000) } }],
  [
    /^policy-freshness$/,
    { document: { timestamp: now.getTime() + 301_000 }, options: { freshness: skipFreshness } },
    'clockSkewSeconds',
  ],
  [/^cert-validity$/, { options: { freshness: skipFreshness, now: far } }],
  [/^payload-field-size$/, { document: { userData: new Uint8Array(1025) } }],
  [/^payload-field-size$/, { document: { fields: { module_id: Uint8Array.of(0x60) } } }],
  [/^payload-field-missing$/, { document: { fields: { certificate: undefined } } }],
  [/^cose-signature$/, { document: { signature: () => new Uint8Array(96) } }],
  [/^TypeError: referenceValues/, { options: { referenceValues: {} } }],
  [/^TypeError: referenceValues/, {}, 'referenceValues'],
  [/^TypeError: freshness/, {}, 'freshness'],
  [/^TypeError: freshness/, { options: { freshness: {} } }],
]
const everyVerdict = await Promise.all(
  verdicts.map(async ([expected, change, left]) => {
    const { evidence: bytes, options: given } = await make(change)
    return { expected, bytes, given: Object.fromEntries(Object.entries(given).filter(([key]) => key !== left)) }
  }),
)

describe('T-V4 T-V10 a polluted Object.prototype changes no verdict', () => {
  const undo: (() => void)[] = []
  function pollute(target: object, key: string, value: unknown): void {
    Object.defineProperty(target, key, { value, enumerable: true, configurable: true, writable: true })
    undo.push(() => Reflect.deleteProperty(target, key))
  }
  function clean(): void {
    for (const step of undo.splice(0)) step()
  }
  afterEach(clean)

  test.each([
    ['trustAnchors', [root]],
    ['referenceValues', skipReferenceValues],
    ['freshness', skipFreshness],
    ['debug', allowDebug],
    ['now', now],
    ['clockSkewSeconds', 86_400],
    ['endorsementCache', new Map()],
    ['trace', () => undefined],
    ['userData', pattern(4)],
    ['publicKey', pattern(4)],
    ['nonce', testNonce],
    ['maxAgeSeconds', 1e9],
    ['PCR0', hex(PCR0)],
    ['Measurements', { HashAlgorithm: 'Sha384', PCR0: hex(PCR0) }],
    ['HashAlgorithm', 'Sha384'],
    ['name', 'polluted'],
    ['size', 5],
    ['length', 5],
    ['tag', 1],
    ['critical', false],
    ['deterministic', false],
    ['at', 0],
    ['0', new Uint8Array(48)],
    ['certificate', root],
    ['hash', 'SHA-1'],
  ] as [string, unknown][])('%s', async (key, value) => {
    const outcomes: string[] = []
    pollute(Object.prototype, key, value)
    try {
      for (const { bytes, given } of everyVerdict) outcomes.push(await outcomeOf(bytes, given))
    } finally {
      clean()
    }
    const wrong = everyVerdict.flatMap(({ expected }, i) =>
      expected.test(outcomes[i] as string) ? [] : [`${expected.source}: ${outcomes[i]}`],
    )
    expect(wrong).toEqual([])
  })

  test('an enumerable property on Array.prototype', async () => {
    const outcomes: string[] = []
    pollute(Array.prototype, 'more', 'x')
    for (const { bytes, given } of everyVerdict) outcomes.push(await outcomeOf(bytes, given))
    clean()
    everyVerdict.forEach(({ expected }, i) => {
      expect(outcomes[i]).toMatch(expected)
    })
  })
})
