/**
 * Quotes on the demo page, without a page: what visitors enter, the verdict on every fixture, and
 * the words for all of it.
 */
import { readdirSync, readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { placeOf } from '../../demo/page/files.ts'
import { emptyState, type State } from '../../demo/page/state.ts'
import { quoteOutcomeOf } from '../../demo/page/formats/intel/outcome.ts'
import { acceptable, quotePolicyOf, readQuoteBuilds, replay } from '../../demo/page/formats/intel/policy.ts'
import { advisoriesIn, statusWords } from '../../demo/page/formats/intel/tcb.ts'
import { quoteVerdictOf } from '../../demo/page/formats/intel/verdict.ts'
import { describe as describeEvent, typeOf } from '../../demo/page/formats/intel/view-events.ts'
import { intelCodes, stagesOf, wordsOf } from '../../demo/page/formats/intel/words.ts'
import { familyOf } from '../../demo/page/formats/table.ts'
import { stateOfFixture } from '../../demo/fixture-states.ts'
import { meansAt, rootFile } from './support.ts'
import type { ExpectedQuote } from '../../fixtures/expected-quote.ts'
import { platformStatuses } from '../../src/formats/intel/collateral/tcb-level.ts'

const folder = new URL('../../fixtures/', import.meta.url)
const file = (path: string): Uint8Array<ArrayBuffer> => new Uint8Array(readFileSync(new URL(path, folder)))
const text = (path: string): string => new TextDecoder().decode(file(path))
const cases = (['tdx', 'sgx'] as const).flatMap((kind) =>
  readdirSync(new URL(kind, folder), { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => `${kind}/${name}`),
)
const clock = new Date('2026-06-01T00:00:00Z')
const digits = 'ab'.repeat(48)
const short = 'cd'.repeat(32)
const encode = (content: string): Uint8Array<ArrayBuffer> => new Uint8Array(new TextEncoder().encode(content))

const means = meansAt(clock, rootFile)

test('quotes are met with their family', () => {
  for (const path of cases) {
    const found = familyOf(file(`${path}/evidence.bin`))
    expect({ path, found }).toMatchObject({ path, found: { sniff: { vendor: 'Intel' } } })
  }
  expect(familyOf(new Uint8Array(0))).toBeUndefined()
})

test.each([
  ['collateral', text('tdx/valid/endorsements.json')],
  ['collateral', '{"pckCrl": "", "tcbInfo": ""}'],
  ['log', text('tdx/valid-events/event-log.json')],
  ['reference', '{ "mrTd": "00" }'],
  ['reference', '[{"name": "a", "mrEnclave": "00"}]'],
  ['reference', '{"Measurements": {}}'],
  ['evidence', '[]'],
  ['evidence', '{"quote": "0400"}'],
])('a file of %s goes where it belongs', (kind, content) => {
  expect(placeOf(encode(content.slice(0, 512)))).toBe(kind)
})

test('so does the log of a firmware', () => {
  const head = new Uint8Array(64)
  head[4] = 3
  head.set(encode('Spec ID Event03'), 32)
  expect(placeOf(head)).toBe('log')
})

describe('measurements', () => {
  test.each([
    ['tdx', '', []],
    [
      'tdx',
      `MRTD ${digits}\nrtmr0: any\nRTMR1=0x${digits.toUpperCase()}\n"rtmr2": "${digits}",`,
      [{ mrTd: digits, rtmr0: 'any', rtmr1: digits, rtmr2: digits }],
    ],
    [
      'tdx',
      JSON.stringify([
        {
          name: 'blue',
          mrTd: digits,
          rtmr0: 'anyValue',
          rtmr1: 'any',
          rtmr2: digits,
          tdAttributes: '0000001000000000',
        },
      ]),
      [{ name: 'blue', mrTd: digits, rtmr0: 'any', rtmr1: 'any', rtmr2: digits, tdAttributes: '0000001000000000' }],
    ],
    ['sgx', short, [{ mrEnclave: short }]],
    [
      'sgx',
      `MRSIGNER ${short}\nISV_PROD_ID 1\nminimum isv svn: 2`,
      [{ mrSigner: short, isvProdId: 1, minimumIsvSvn: 2 }],
    ],
    ['sgx', JSON.stringify({ name: "x'", mrEnclave: short }), [{ mrEnclave: short }]],
    [
      'sgx',
      `MRENCLAVE ${short}\nMRSIGNER ${short}\nMISCSELECT 00000000\nXFRM 0700000000000000\nPROVISIONKEY false\nCONFIGSVN 1`,
      [
        {
          mrEnclave: short,
          mrSigner: short,
          miscSelect: '00000000',
          xfrm: '0700000000000000',
          provisionKey: false,
          configSvn: 1,
        },
      ],
    ],
  ] as const)('%s %j', (kind, entered, builds) => {
    expect(readQuoteBuilds(entered, kind)).toEqual(builds)
  })

  test.each([
    ['tdx', `MRTD ${digits}`, /^Name rtmr0, rtmr1, rtmr2 as well/],
    ['tdx', 'MRTD abab', /^mrTd needs 96 hexadecimal digits, this has 4 characters\.$/],
    ['tdx', `MRTD ${digits}\nmrtd ${digits}`, /^mrTd is there twice/],
    ['tdx', `MRENCLAVE ${short}`, /^“MRENCLAVE” is no register of TDX/],
    ['tdx', '{"__proto__": 1, "constructor": 2}', /^“__proto__” is no register/],
    ['tdx', '{"mrTd": ', /^This is no complete JSON/],
    ['tdx', '[null]', /^A build is a JSON object/],
    ['sgx', `MRENCLAVE any`, /^mrEnclave needs 64 hexadecimal digits/],
    ['sgx', `MRENCLAVE ${short}\nPROVISIONKEY on`, /^provisionKey must be true or false/],
    ['sgx', `MRSIGNER ${short}`, /^Name mrEnclave, or all of mrSigner, isvProdId and minimumIsvSvn/],
    ['sgx', `MRSIGNER ${short}\nISVPRODID 1`, /^Name mrEnclave, or all of/],
    ['sgx', `MRSIGNER ${short}\nISVPRODID 65536\nMINIMUMISVSVN 1`, /^isvProdId must be a number from 0 to 65535/],
  ] as const)('%s %j', (kind, entered, message) => {
    expect(() => readQuoteBuilds(entered, kind)).toThrow(message)
  })
})

describe('policy', () => {
  const problemsOf = async (state: Partial<State>): Promise<readonly { field: string; text: string }[]> =>
    (await quotePolicyOf({ ...emptyState, ...state }, 'tdx')).problems

  test.each([
    [{ collateral: '[]' }, 'collateral', /^Collateral is one JSON object/],
    [{ collateral: 'null' }, 'collateral', /^Collateral is one JSON object/],
    [{ log: '-' }, 'log', /^An event log is/],
    [{ reportData: 'abab' }, 'reportData', /this has 2\.$/],
    [{ reportData: '00'.repeat(65) }, 'reportData', /this has 65\.$/],
    [{ at: 'evidence' }, 'at', /^A quote has no time of its own/],
    [{ skew: 'x' }, 'skew', /from 0 to 86400/],
  ] as const)('%j', async (state, field, message) => {
    expect(await problemsOf(state)).toEqual([{ field, text: expect.stringMatching(message) as string }])
  })

  test('what only documents have does not matter', async () => {
    expect(await problemsOf({ nonce: 'xyz!', freshness: 'nonce', corim: '!', userData: '?' })).toEqual([])
  })

  test('report data is filled up with zeros; from an address no unknown status comes', async () => {
    const { policy } = await quotePolicyOf(
      { ...emptyState, reportData: 'ff'.repeat(32), tcb: 'OutOfDate,Revoked,UpToDate,x' },
      'sgx',
    )
    expect(policy.reportData).toHaveLength(64)
    expect(policy.reportData?.slice(31, 33)).toEqual(new Uint8Array([0xff, 0]))
    expect(policy.accepted).toEqual(['OutOfDate'])
  })
})

/** What the page would take some other way: options that its form does not have. */
const beyond = ['tdx/another-machine', 'tdx/old-evaluation', 'tdx/old-root-crl', 'tdx/sgx-for-tdx', 'sgx/tdx-for-sgx']

describe.each(cases.filter((path) => !beyond.includes(path)))('%s', (path) => {
  const kind = path.startsWith('tdx') ? 'tdx' : 'sgx'
  const expected = JSON.parse(text(`${path}/expected.json`)) as ExpectedQuote
  const log = readdirSync(new URL(path, folder)).includes('event-log.json') ? text(`${path}/event-log.json`) : ''
  const state = stateOfFixture(kind, expected, {
    evidence: file(`${path}/evidence.bin`),
    endorsements: text(`${path}/endorsements.json`),
    log,
  })

  test('its verdict, in words', async () => {
    const { policy, problems } = await quotePolicyOf(state, kind)
    expect(problems).toEqual([])
    const outcome = await quoteOutcomeOf(file(`${path}/evidence.bin`), policy, means)
    const verdict = quoteVerdictOf(outcome)
    expect(verdict.code).toBe(expected.verdict === 'valid' ? 'valid' : expected.verdict.code)
    expect(verdict.headline).toMatch(/^[A-Z].*\.$/)
    expect(verdict.detail).not.toBe('')
    expect(verdict.headline).not.toContain('is what you expect it to be')
    expect(verdict.facts.some(({ state: fact }) => fact === 'no')).toBe(
      expected.verdict !== 'valid' &&
        !/-validity$|^endorsement-missing$|^policy-(?:migration|service-td)$/.test(verdict.code),
    )
    // The state of an authentic quote's platform is known whatever else was wrong, unless the
    // documents that tell it do not go together.
    expect(outcome.tcb !== undefined).toBe(
      expected.verdict === 'valid' ||
        (expected.verdict.error === 'AppraisalError' && verdict.code !== 'policy-tcb-evaluation'),
    )
    const plan = stagesOf(kind).flatMap(({ plan: ids }) => ids)
    for (const { id } of outcome.checks) expect(plan).toContain(wordsOf(id).part ?? id)
  })
})

test('the state that is refused is named, with the way to accept it', async () => {
  const expected = JSON.parse(text('tdx/worse-since-launch/expected.json')) as ExpectedQuote
  const evidence = file('tdx/worse-since-launch/evidence.bin')
  const state = stateOfFixture('tdx', expected, {
    evidence,
    endorsements: text('tdx/worse-since-launch/endorsements.json'),
    log: '',
  })
  const { policy } = await quotePolicyOf(state, 'tdx')
  const outcome = await quoteOutcomeOf(evidence, policy, means)
  const { headline, detail, actions } = quoteVerdictOf(outcome)
  expect(headline).toBe('Genuine, but its platform lacks security updates.')
  expect(detail).toMatch(/^OutOfDate: The platform lacks security updates: attacks on it are known\. The operator must/)
  expect(actions).toEqual([{ label: 'Accept OutOfDate, to look at the rest', change: { tcb: 'OutOfDate' } }])
  expect(outcome.checks.find(({ id }) => id === 'policy-tcb-status')?.actual).not.toContain('acceptedTcbStatuses')
})

test('a log is replayed, or is a problem of its field', async () => {
  expect(await replay(undefined)).toBeUndefined()
  expect(await replay(text('tdx/valid-events/event-log.json'))).toMatchObject({ format: 'dstack' })
  for (const garbage of ['[{"imr": 99}]', '[', '{}', new Uint8Array(100), new Uint8Array([1])])
    expect(await replay(garbage)).toMatchObject({
      field: 'log',
      text: expect.stringMatching(/^The event log was refused: /) as string,
    })
})

describe('words', () => {
  test('for every status: what it means, and what to do', () => {
    expect(Object.keys(statusWords).sort()).toEqual([...new Set([...platformStatuses, ...acceptable])].sort())
    for (const { short: headline, means, remedy } of Object.values(statusWords)) {
      expect(headline).toMatch(/^(?:its|it|the) .*[a-z]$/)
      expect(means).toMatch(/^[A-Z].*\.$/)
      expect(remedy).toMatch(/^[A-Z].*\.$/)
    }
  })

  test('for every check that is made of a quote', () => {
    for (const code of intelCodes) {
      const { fails, holds, part } = wordsOf(code)
      expect({ code, fails }).toEqual({ code, fails: expect.stringMatching(/^[A-Z].*\.$/) as string })
      expect(holds).not.toMatch(/\.$/)
      expect(part === undefined || holds === '').toBe(true)
    }
    for (const code of stagesOf('tdx').flatMap(({ plan }) => plan)) expect(wordsOf(code).holds).not.toBe('')
  })

  test('advisories', () => {
    expect(advisoriesIn('INTEL-SA-00615, INTEL-SA-00334', 'x INTEL-SA-00615')).toEqual([
      'INTEL-SA-00334',
      'INTEL-SA-00615',
    ])
  })

  test.each([
    ['compose-hash', '41424344', 'compose-hash: 41424344'],
    ['key-provider', '7b7d', 'key-provider: {}'],
    [undefined, '4100420043004400', 'ABCD'],
    [undefined, '', ''],
    [undefined, 'e280ae41', 'e280ae41'],
    [undefined, '00'.repeat(200), `${'00'.repeat(128)} … (200 bytes)`],
  ])('an event %s with %s', (name, data, said) => {
    expect(describeEvent({ name, data: Uint8Array.from(Buffer.from(data, 'hex')), type: 0x5 })).toBe(said)
  })

  test('types of events', () => {
    expect([typeOf(4), typeOf(0x08000001), typeOf(0x12345678)]).toEqual(['EV_SEPARATOR', 'dstack event', '0x12345678'])
  })

  const uefi = '61dfe48bca93d211aa0d00e098032b8c'
  const security = 'cbb219d73a3d9645a3bcdad00e67656f'
  /** UEFI_VARIABLE_DATA. */
  function variable(guid: string, name: string, value: string): Uint8Array {
    const lengths = Buffer.alloc(16)
    lengths.writeBigUInt64LE(BigInt(name.length), 0)
    lengths.writeBigUInt64LE(BigInt(value.length / 2), 8)
    const parts = [Buffer.from(guid, 'hex'), lengths, Buffer.from(name, 'utf16le'), Buffer.from(value, 'hex')]
    return Uint8Array.from(Buffer.concat(parts))
  }
  const saidOf = (type: number, data: Uint8Array): string => describeEvent({ name: undefined, type, data })

  test('variables of UEFI', () => {
    const driver = 0x80000001
    expect(saidOf(driver, variable(uefi, 'SecureBoot', '01'))).toBe(
      'Variable SecureBoot (whether only signed programs start), of UEFI: on',
    )
    expect(saidOf(driver, variable(uefi, 'SecureBoot', '00'))).toMatch(/: off$/)
    expect(saidOf(driver, variable(uefi, 'SecureBoot', '02'))).toMatch(/: 1 bytes$/)
    expect(saidOf(driver, variable(security, 'dbx', ''))).toBe(
      'Variable dbx (what may not start), of UEFI’s image security: empty',
    )
    // A name means what it means with its vendor only.
    expect(saidOf(driver, variable('00'.repeat(16), 'SecureBoot', '01'))).toBe(
      'Variable SecureBoot, 00000000-0000-0000-0000-000000000000: 1 bytes',
    )
    expect(saidOf(driver, variable(uefi, '__proto__', '01'))).toBe('Variable __proto__, of UEFI: 1 bytes')
  })

  test('the end of what the firmware measures', () => {
    expect(saidOf(4, new Uint8Array(4))).toBe('End of what the firmware measures')
    expect(saidOf(4, new Uint8Array(4).fill(255))).toBe('End of what the firmware measures')
    expect(saidOf(4, Uint8Array.of(1, 0, 0, 0))).toBe('The firmware reports an error')
    expect(saidOf(4, Uint8Array.of(2, 0, 0, 0))).toBe('02000000')
  })

  test('a variable that is none is shown as the digits that it is, and never at length', () => {
    const sound = variable(uefi, 'SecureBoot', '01')
    const changed = (at: number, byte: number): Uint8Array => sound.map((was, i) => (i === at ? byte : was))
    const hostile = [
      ...Array.from(sound, (_, i) => sound.slice(0, i)),
      Uint8Array.from([...sound, 0]),
      ...[16, 23, 24, 31].flatMap((at) => [changed(at, 255), changed(at, 11)]),
      changed(16, 0),
      // A name that is no text: a control character, and one that turns the line around.
      changed(32, 7),
      variable(uefi, '\u202eSecureBoot', '01'),
      variable(uefi, 'x'.repeat(65), '01'),
    ]
    for (const data of hostile) {
      const said = saidOf(0x80000001, data)
      expect(said).not.toMatch(/^Variable/)
      expect(said).toMatch(/^[\da-f]*(?: … \(\d+ bytes\))?$/)
    }
    expect(saidOf(0x80000001, variable(uefi, 'x'.repeat(64), '00'.repeat(100_000)))).toBe(
      `Variable ${'x'.repeat(64)}, of UEFI: 100000 bytes`,
    )
  })
})
