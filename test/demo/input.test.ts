/**
 * What visitors paste, and what the page makes of it: bytes, builds, times, the address. And what
 * it says of bytes and lengths of time.
 */
import { describe, expect, test } from 'vitest'
import { fromCertificate, fromPasted, toBase64, toHex } from '../../demo/page/bytes.ts'
import { type NitroPolicy as Policy, policyOf, readBuilds } from '../../demo/page/formats/aws/policy.ts'
import { evidenceIn } from '../../demo/page/json.ts'
import type { Problem } from '../../demo/page/policy.ts'
import { shareOf } from '../../demo/page/formats/aws/reference.ts'
import { readAs } from '../../demo/page/read-as.ts'
import { emptyState, fromFragment, type State, toFragment } from '../../demo/page/state.ts'
import { duration, moment } from '../../demo/page/time.ts'
import { position } from '../../demo/page/view-chain.ts'
import { ranges } from '../../demo/page/formats/aws/view-pcrs.ts'

const encode = (text: string): Uint8Array<ArrayBuffer> => new Uint8Array(new TextEncoder().encode(text))
const digits = 'ab'.repeat(48)

describe('bytes', () => {
  test.each([
    ['8444a1', '8444a1'],
    ['0x8444A1', '8444a1'],
    ['84:44:a1', '8444a1'],
    [' 84 44\na1 ', '8444a1'],
    ['"hEShATgi"', '8444a1013822'],
    ['hEShATgi', '8444a1013822'],
    ['hESh ATgi\n', '8444a1013822'],
    ['_-8=', 'ffef'],
    ['_-8', 'ffef'],
    ['/+8=', 'ffef'],
  ])('%j', (text, expected) => {
    expect(toHex(fromPasted(text) ?? new Uint8Array(0))).toBe(expected)
  })

  test.each(['', '   ', 'Hello, enclave!', 'abcde', '{"a":1}', '84444'])('%j is neither', (text) => {
    expect(fromPasted(text)).toBeUndefined()
  })

  test('files and answers: bytes, text that stands for bytes, JSON with such text in it', () => {
    const document = new Uint8Array([0x84, 0x44, 0xa1, 0x01])
    const wanted = toHex(document)
    for (const content of [
      document,
      encode(wanted),
      encode(toBase64(document)),
      encode(JSON.stringify({ id: 'a', attestation_document: toBase64(document) })),
    ])
      expect(evidenceIn(content)).toEqual({ evidence: wanted })
    for (const text of ['{"broken', '{}', 'Hello, enclave!'])
      expect(evidenceIn(encode(text))).toEqual({ evidence: text })
  })

  test('certificates: PEM and DER, nothing else', () => {
    expect(fromCertificate('-----BEGIN CERTIFICATE-----\nMAA=\n-----END CERTIFICATE-----\n')).toEqual(
      new Uint8Array([0x30, 0]),
    )
    expect(fromCertificate('3000')).toEqual(new Uint8Array([0x30, 0]))
    expect(fromCertificate('8444')).toBeUndefined()
  })
})

describe('builds', () => {
  test.each([
    ['nothing', '', []],
    ['a value alone is PCR0', digits, [{ PCR0: digits }]],
    [
      'lines',
      `PCR0 ${digits}\npcr1: ${digits.toUpperCase()}\n"PCR2": "${digits}",`,
      [{ PCR0: digits, PCR1: digits, PCR2: digits }],
    ],
    [
      'what nitro-cli printed',
      JSON.stringify({ Measurements: { HashAlgorithm: 'Sha384 { ... }', PCR0: digits } }),
      [{ PCR0: digits }],
    ],
    [
      'several',
      JSON.stringify([
        { name: 'blue', PCR0: digits },
        { PCR0: digits, PCR8: digits },
      ]),
      [
        { name: 'blue', PCR0: digits },
        { PCR0: digits, PCR8: digits },
      ],
    ],
    [
      'H13 all registers of a document, zeros from PCR5 on',
      `PCR0 ${digits}\nPCR4 ${digits}\nPCR5 ${'00'.repeat(48)}\nPCR8 ${'00'.repeat(48)}`,
      [{ PCR0: digits, PCR4: digits, PCR5: '00'.repeat(48), PCR8: '00'.repeat(48) }],
    ],
    ['a name that could end a string is none', JSON.stringify({ name: "x'", PCR0: digits }), [{ PCR0: digits }]],
  ])('%s', (_, text, expected) => {
    expect(readBuilds(text)).toEqual(expected)
  })

  test.each([
    ['PCR0 abab', 'PCR0 needs 96 hexadecimal digits, this has 4 characters.'],
    [`PCR0 ${'00'.repeat(48)}`, 'PCR0 is all zeros. No sound image measures to that: debug enclaves do.'],
    [`PCR0 ${digits}\nPCR2 ${'00'.repeat(48)}`, 'PCR2 is all zeros. No sound image measures to that'],
    [`PCR0 ${digits}\nPCR4 ${'00'.repeat(48)}`, 'PCR4 is all zeros: leave it out. It names the instance.'],
    [`PCR1 ${digits}`, 'PCR0 is missing. It alone covers the image;'],
    [`PCR8 ${digits}`, 'PCR0 is missing. It alone covers the image;'],
    [`PCR0 ${digits}\nPCR0 ${digits}`, 'PCR0 is there twice.'],
    [`PCR32 ${digits}`, '“PCR32” is no register: PCR0 to PCR31 are.'],
    ['{"PCR0": ', 'This begins like JSON, but is not complete JSON.'],
    ['{}', 'There is no register in this.'],
    [JSON.stringify({ Measurements: { HashAlgorithm: 'Sha256', PCR0: digits } }), 'Measurements must be SHA-384.'],
  ])('%j', (text, message) => {
    expect(() => readBuilds(text)).toThrow(message)
  })

  test('H13 where debug enclaves are accepted, zeros stand for their image', () => {
    const zero = '00'.repeat(48)
    expect(readBuilds(`PCR0 ${zero}\nPCR1 ${zero}\nPCR4 ${digits}`, 'debug')).toEqual([
      { PCR0: zero, PCR1: zero, PCR4: digits },
    ])
    expect(readBuilds(`PCR3 ${digits}`, 'debug')).toEqual([{ PCR3: digits }])
    expect(() => readBuilds(`PCR4 ${zero}`, 'debug')).toThrow('PCR4 is all zeros: leave it out. It names the instance.')
  })
})

describe('measurements of an instance', () => {
  const zero = '00'.repeat(48)
  test('PCR4 or PCR7 say what runs there, and zeros say that a register must be zero', () => {
    expect(readBuilds(`PCR4 ${digits}\nPCR12 ${zero}`, 'instance')).toEqual([{ PCR4: digits, PCR12: zero }])
    expect(readBuilds(`{"PCR7": "${digits}"}`, 'instance')).toEqual([{ PCR7: digits }])
  })

  test.each([
    [`PCR0 ${digits}`, 'Name PCR4 (the image), or PCR7 (Secure Boot)'],
    [`PCR4 ${zero}`, 'PCR4 is all zeros. No boot of an instance leaves it so.'],
  ])('%j', (text, message) => {
    expect(() => readBuilds(text, 'instance')).toThrow(message)
  })

  test('what the page offers to copy is what it takes', () => {
    const { problems } = policyOf({ ...emptyState, allowed: 'instance', reference: `PCR4 ${digits}` }, 'nitro-tpm')
    expect(problems).toEqual([])
  })
})

describe('policy', () => {
  const of = (state: Partial<State>): { policy: Policy; problems: readonly Problem[] } =>
    policyOf({ ...emptyState, ...state })

  test.each<[Partial<State>, keyof State, RegExp]>([
    [{ freshness: 'nonce' }, 'nonce', /^Enter the nonce/],
    [{ freshness: 'nonce', nonce: 'xyz!' }, 'nonce', /hexadecimal or base64/],
    [{ freshness: 'age', age: '0' }, 'age', /from 1 to/],
    [{ freshness: 'age', at: 'evidence' }, 'age', /has no age/],
    [{ at: '?' }, 'at', /with its zone/],
    [{ at: '2026-06-01T12:00:00' }, 'at', /with its zone/],
    [{ at: '2026-13-01T12:00:00Z' }, 'at', /with its zone/],
    [{ root: '' }, 'root', /PEM, or as DER/],
    [{ userData: 'x' }, 'userData', /hexadecimal or base64/],
    [{ publicKey: '00'.repeat(1025) }, 'publicKey', /longer than 1024/],
    [{ skew: '-1' }, 'skew', /from 0 to 86400/],
    [{ skew: 'Infinity' }, 'skew', /from 0 to 86400/],
    [{ reference: 'x' }, 'reference', /96 hexadecimal/],
  ])('%j', (state, field, text) => {
    const { problems } = of(state)
    expect(problems).toEqual([{ field, text: expect.stringMatching(text) as string }])
  })

  test('an empty form asks for authenticity only, by the clock and under AWS', () => {
    expect(of({})).toEqual({
      problems: [],
      policy: {
        builds: [],
        freshness: undefined,
        isInstance: false,
        signed: undefined,
        at: 'clock',
        root: 'pinned',
        userData: undefined,
        publicKey: undefined,
        debug: false,
        skewSeconds: 300,
      },
    })
  })
})

describe('the address', () => {
  test('holds everything, the document as base64url', () => {
    const state: State = {
      evidence: 'hEShATgi',
      format: 'nitro',
      reference: `PCR0 ${digits}`,
      corim: 'zA',
      ca: 'dd',
      product: 'example.com/app',
      freshness: 'nonce',
      nonce: 'ff00',
      age: '60',
      at: '2026-06-01T12:00:00Z',
      root: 'fixture',
      collateral: '{"tcbInfo":"{}"}',
      log: '[]',
      reportData: 'cc',
      tcb: 'OutOfDate,SWHardeningNeeded',
      minimumTcb: 'snp 27',
      allowed: 'Milan,alias',
      anchors: '[]',
      firmware: '{}',
      clientData: 'ee',
      patchLevel: '202605',
      page: 'a.example https://a.example',
      second: true,
      userData: 'aa',
      publicKey: 'bb',
      debug: true,
      skew: '5',
    }
    expect(fromFragment(toFragment(state))).toEqual(state)
    expect(toFragment({ ...emptyState, evidence: '8444a1013822' })).toBe('evidence=hEShATgi')
    expect(toFragment({ ...emptyState, corim: 'd2:84:44' })).toBe('corim=0oRE')
    expect(toFragment({ ...emptyState, corim: 'no!' })).toBe('corim=no%21')
    expect(toFragment(emptyState)).toBe('')
  })

  test('what nobody wrote this way is an empty form, never an error', () => {
    for (const fragment of ['', 'sample=unknown', '%', 'freshness=whatever&debug=yes', 'x'.repeat(10_000)])
      expect(fromFragment(fragment)).toEqual(emptyState)
  })

  test('a text that is longer than any document stays out of it', () => {
    for (const field of ['evidence', 'corim', 'ca', 'reference'] as const)
      expect(toFragment({ ...emptyState, [field]: '00'.repeat(30_000) })).toBe('')
    for (const field of ['collateral', 'log'] as const) {
      expect(toFragment({ ...emptyState, [field]: 'x'.repeat(120_001) })).toBe('')
      expect(fromFragment(toFragment({ ...emptyState, [field]: `{${'x'.repeat(40_001)}` }))[field]).toHaveLength(40_002)
    }
    expect(toFragment({ ...emptyState, log: '00 00 00' })).toBe('log=AAAA')
  })
})

test('an empty image has a progress too', () => {
  expect([shareOf(0, 0), shareOf(0, 4), shareOf(3, 4)]).toEqual([1, 0, 0.75])
})

describe('words', () => {
  test.each([
    [0, 'less than a second'],
    [1999, 'a second'],
    [2000, '2 seconds'],
    [-119_000, '119 seconds'],
    [120_000, '2 minutes'],
    [47 * 3_600_000, '47 hours'],
    [3 * 365.25 * 86_400_000, '3 years'],
  ])('%d ms: %s', (milliseconds, expected) => {
    expect(duration(milliseconds)).toBe(expected)
  })

  test('moments are in UTC', () => {
    expect(moment(new Date('2026-06-01T00:05:00+01:00'))).toBe('31 May 2026, 23:05 UTC')
    expect(moment(new Date(NaN))).toBe('no date')
  })

  test('runs of registers', () => {
    expect(ranges([5, 6, 7, 9, 11, 12])).toBe('PCR5 to PCR7, PCR9, PCR11 to PCR12')
  })

  test('the scale of validity has now in the middle and ends at its edges', () => {
    expect([position(0), position(1e18), position(-1e18)]).toEqual([50, 100, 0])
    expect(position(3_600_000)).toBeGreaterThan(position(60_000))
  })

  test.each([
    ['68656c6c6f', 'text', 'hello'],
    ['7b2261223a317d', 'JSON', '{\n  "a": 1\n}'],
    ['ff'.repeat(32), 'as long as a SHA-256 digest, an X25519 or an Ed25519 key', undefined],
    [`04${'ff'.repeat(96)}`, 'P-384 public key (uncompressed point)', undefined],
    [`3059301306072a8648ce3d020106082a8648ce3d030107034200${'ff'.repeat(65)}`, 'P-256 public key (SPKI)', undefined],
    // A direction mark could make a page show another text than is there.
    [toHex(encode('abc\u202edef')), undefined, undefined],
  ])('%s reads as %s', (bytes, kind, shown) => {
    const reading = readAs(fromPasted(bytes) ?? new Uint8Array(0))
    expect([reading?.kind, reading?.text]).toEqual([kind, shown])
  })
})
