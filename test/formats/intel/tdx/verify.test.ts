/**
 * `verifyTdx`: what it says of a good quote, what it is asked for, and what a caller cannot ask.
 */
import { refusalOf } from '../../../support/refusal.ts'
import { describe, expect, test } from 'vitest'
import { AppraisalError } from '../../../../src/core/errors.ts'
import {
  allowDebug,
  allowMigration,
  anyValue,
  type Check,
  decodeTdxEvidence,
  isAttestationResult,
  skipReferenceValues,
  skipReportData,
  type TdxOptions,
  verifyTdx,
} from '../../../../src/formats/intel/tdx/index.ts'
import { openMemory } from '../../../../src/crypto/memory.ts'
import type { EndorsementCache } from '../../../../src/x509/endorsement-cache.ts'
import { hex, pattern, unhex } from '../../../attester/bytes.ts'
import { measurements, platform, reportData, serialNumbers, tdOffsets } from '../../../attester/intel.ts'
import { attester, type Change, day, makeTdx, now, tdReferenceValues as values, tdx, without } from '../made.ts'

const v5 = (...body: readonly (readonly [number, ArrayLike<number>])[]): Change => ({ quote: { version: 5, body } })

test('what a result says', async () => {
  const result = await tdx({ quote: { version: 5 } })
  expect(isAttestationResult(result)).toBe(true)
  expect(result).toMatchObject({
    format: 'tdx',
    verifiedAt: now,
    timeSource: 'clock',
    attestedAt: undefined,
    clockOffsetSeconds: undefined,
    // TCB Info, QE identity and the lists: all of them end before any certificate.
    validUntil: new Date(now.getTime() + 29 * day),
    matched: 0,
    publicKey: undefined,
  })
  const { claims } = result
  expect(claims).toMatchObject({
    quoteVersion: 5,
    bodyType: 3,
    debug: false,
    tcbStatus: 'UpToDate',
    platformTcbStatus: 'UpToDate',
    tdxModuleTcbStatus: 'UpToDate',
    qeTcbStatus: 'UpToDate',
    launchTcbStatus: 'UpToDate',
    currentTcbStatus: 'UpToDate',
    tcbDate: new Date('2025-11-12T00:00:00Z'),
    advisoryIDs: [],
    currentAdvisoryIDs: [],
    tcbEvaluationDataNumber: { tcbInfo: 20, qeIdentity: 20 },
    pckSerialNumber: serialNumbers.pck,
    qeIsvSvn: 8,
    tcbInfoIssueDate: new Date(now.getTime() - day),
    qeIdentityIssueDate: new Date(now.getTime() - day),
  })
  expect(
    Object.fromEntries(Object.keys(values).map((name) => [name, hex(claims[name as keyof typeof values])])),
  ).toEqual(values)
  expect(hex(claims.reportData)).toBe(hex(reportData))
  for (const part of [result, claims, claims.platform, claims.tcbEvaluationDataNumber, result.checks])
    expect(Object.isFrozen(part)).toBe(true)
})

test('the earliest date decides how long a result is good', async () => {
  const soon = (days: number): Date => new Date(now.getTime() + days * day)
  expect((await tdx({ endorsements: { pckCrl: { nextUpdate: soon(3) } } })).validUntil).toEqual(soon(3))
  expect((await tdx({ endorsements: { rootCaCrl: { nextUpdate: soon(2) } } })).validUntil).toEqual(soon(2))
  expect((await tdx({ attester: { certificates: { pck: { notAfter: soon(1) } } } })).validUntil).toEqual(soon(1))
  expect((await tdx({ attester: { certificates: { signer: { notAfter: soon(1) } } } })).validUntil).toEqual(soon(1))
})

test('the checks of a success, in order', async () => {
  const made = await makeTdx({
    quote: { version: 5 },
    options: { minimumTcbEvaluationDataNumber: 1, platforms: [platform.ppid] },
  })
  const traced: Check[] = []
  const { checks } = await verifyTdx(made.evidence, { ...made.options, trace: (check) => traced.push(check) })
  expect(traced).toEqual(checks)
  const verified = checks.filter(({ stage }) => stage === 'verify').map(({ id }) => id)
  // Once per path: rules and dates. Then all signatures, from the root down to the quote, and what
  // the signed lists say.
  expect(verified.slice(verified.indexOf('cert-chain-signature'))).toEqual([
    'cert-chain-signature',
    'crl-signature',
    'crl-signature',
    'cert-chain-signature',
    'tcb-info-signature',
    'qe-identity-signature',
    'qe-report-signature',
    'attestation-key-binding',
    'quote-signature',
    'crl-revoked',
    'crl-revoked',
    'crl-revoked',
    'tcb-info-mismatch',
    'qe-identity-mismatch',
    'tcb-not-supported',
    'tdx-module-mismatch',
    'tcb-not-supported',
    'tcb-revoked',
    'tdx-module-mismatch',
    'tcb-not-supported',
    'tcb-revoked',
  ])
  expect(checks.filter(({ stage }) => stage === 'appraise').map(({ id, outcome }) => `${id} ${outcome}`)).toEqual([
    'policy-tcb-status pass',
    'policy-tcb-evaluation pass',
    'policy-tcb-evaluation pass',
    'policy-endorsement-age not-requested',
    'policy-platform pass',
    'policy-debug pass',
    'policy-migration pass',
    'policy-service-td pass',
    'policy-measurements pass',
    'policy-report-data pass',
  ])
  // The identity of a machine belongs into no trace.
  expect(JSON.stringify(checks)).not.toContain(platform.ppid)
})

test('every appraisal is made, and all that fail are reported together, the first one as the error', async () => {
  const refusal = await refusalOf(
    tdx({
      ...v5(
        [tdOffsets.teeTcbSvn, unhex('070106')],
        [tdOffsets.tdAttributes, unhex('0100003000000000')],
        [tdOffsets.mrServiceTd, pattern(48)],
        [tdOffsets.reportData, pattern(64)],
      ),
      options: { minimumTcbEvaluationDataNumber: 21, platforms: ['00'.repeat(15) + '01'] },
    }),
  )
  expect(refusal).toBeInstanceOf(AppraisalError)
  if (!(refusal instanceof AppraisalError)) throw refusal
  expect(refusal.failures.map(({ id }) => id)).toEqual([
    'policy-tcb-status',
    'policy-tcb-evaluation',
    'policy-platform',
    'policy-debug',
    'policy-migration',
    'policy-service-td',
    'policy-measurements',
    'policy-report-data',
  ])
  expect(refusal.code).toBe('policy-tcb-status')
})

test('nothing is appraised before everything is authentic', async () => {
  const { code, checks } = await refusalOf(
    tdx({
      quote: {
        body: [[tdOffsets.tdAttributes, [1]]],
        data: (data) => data.map((byte, i) => (i === 0 ? byte ^ 1 : byte)),
      },
    }),
  )
  expect(code).toBe('quote-signature')
  expect(checks.filter(({ stage }) => stage === 'appraise')).toEqual([])
})

test('what was skipped says so', async () => {
  const { matched, checks } = await tdx({
    ...v5([tdOffsets.tdAttributes, unhex('0100003000000000')], [tdOffsets.rtmr3, pattern(48)]),
    options: {
      referenceValues: skipReferenceValues,
      reportData: skipReportData,
      debug: allowDebug,
      migration: allowMigration,
    },
  })
  expect(matched).toBeUndefined()
  const outcomes = Object.fromEntries(checks.map(({ id, outcome }) => [id, outcome]))
  expect(outcomes).toMatchObject({
    'policy-measurements': 'skipped',
    'policy-report-data': 'skipped',
    'policy-debug': 'pass',
    'policy-tcb-evaluation': 'not-requested',
    'policy-platform': 'not-requested',
  })
})

describe('reference values', () => {
  test('any one must match, and says which', async () => {
    const other = { ...values, mrTd: 'ab'.repeat(48) }
    const matchedBy = async (referenceValues: unknown): Promise<unknown> =>
      (await tdx({ options: { referenceValues } })).matched
    expect(await matchedBy([other, values])).toBe(1)
    expect(await matchedBy([other, { ...values, name: 'release 2' }])).toBe('release 2')
    const { code, message } = await refusalOf(tdx({ options: { referenceValues: [other] } }))
    expect([code, message]).toEqual([
      'policy-measurements',
      expect.stringMatching(/expected mrTd abab(.|\n)*found mrTd 0102/),
    ])
  })

  test.each(['rtmr3', 'mrConfigId', 'mrOwner', 'mrOwnerConfig'] as const)(
    '%s must be zero unless it is named',
    async (register) => {
      const body = [[tdOffsets[register], pattern(48, 50)]] as const
      expect((await refusalOf(tdx({ quote: { body } }))).message).toMatch(new RegExp(`found (.|\n)*${register} 3233`))
      for (const value of [pattern(48, 50), hex(pattern(48, 50)).toUpperCase(), `0x${hex(pattern(48, 50))}`, anyValue])
        await expect(
          tdx({ quote: { body }, options: { referenceValues: { ...values, [register]: value } } }),
        ).resolves.toBeDefined()
      // Named is named: then zero is wrong.
      const { code } = await refusalOf(
        tdx({ options: { referenceValues: { ...values, [register]: pattern(48, 50) } } }),
      )
      expect(code).toBe('policy-measurements')
    },
  )

  test.each(['xfam', 'mrSeam'] as const)('%s may be anything unless it is named', async (register) => {
    const size = register === 'xfam' ? 8 : 48
    const body = [[tdOffsets[register], pattern(size, 60)]] as const
    await expect(tdx({ quote: { body } })).resolves.toBeDefined()
    await expect(
      tdx({ quote: { body }, options: { referenceValues: { ...values, [register]: pattern(size, 60) } } }),
    ).resolves.toBeDefined()
    expect(
      (await refusalOf(tdx({ options: { referenceValues: { ...values, [register]: pattern(size, 60) } } }))).code,
    ).toBe('policy-measurements')
  })

  test('a register that the caller compares himself', async () => {
    const referenceValues = { ...values, rtmr0: anyValue }
    await expect(
      tdx({ quote: { body: [[tdOffsets.rtmr0, pattern(48)]] }, options: { referenceValues } }),
    ).resolves.toBeDefined()
    expect(
      (await refusalOf(tdx({ quote: { body: [[tdOffsets.rtmr1, pattern(48)]] }, options: { referenceValues } }))).code,
    ).toBe('policy-measurements')
  })
})

describe('service TDs', () => {
  test.each(['mrServiceTd', 'initialServiceTdHash', 'currentServiceTdHash'] as const)(
    '%s must be zero, or named',
    async (field) => {
      const quote = { version: 5, bodyType: 4, body: [[tdOffsets[field], pattern(48, 3)]] as const }
      const { code, message } = await refusalOf(tdx({ quote }))
      expect([code, message]).toEqual(['policy-service-td', `service TDs: expected none, found ${hex(pattern(48, 3))}`])
      await expect(tdx({ quote, options: { serviceTds: [pattern(48), hex(pattern(48, 3))] } })).resolves.toBeDefined()
      const other = await refusalOf(tdx({ quote, options: { serviceTds: [pattern(48)] } }))
      expect(other.code).toBe('policy-service-td')
    },
  )
})

describe('platforms', () => {
  test('by PPID or by platform instance ID', async () => {
    for (const id of [platform.ppid, unhex(platform.platformInstanceId), platform.ppid.toUpperCase()])
      await expect(tdx({ options: { platforms: ['01'.repeat(16), id] } })).resolves.toBeDefined()
    const { code, message } = await refusalOf(tdx({ options: { platforms: ['01'.repeat(16)] } }))
    expect([code, message]).toEqual(['policy-platform', 'platform: expected one of 1, found another'])
    const processor = { attester: { ca: 'processor' as const } }
    await expect(tdx({ ...processor, options: { platforms: [platform.ppid] } })).resolves.toBeDefined()
    expect((await refusalOf(tdx({ ...processor, options: { platforms: [platform.platformInstanceId] } }))).code).toBe(
      'policy-platform',
    )
  })
})

describe('the endorsement cache', () => {
  /** Evidence with its endorsements, and a cache that has seen them. */
  async function warm(): Promise<{
    readonly evidence: Uint8Array
    readonly options: TdxOptions
    readonly endorsementCache: EndorsementCache
  }> {
    const { evidence, options } = await makeTdx()
    const endorsementCache: EndorsementCache = new Map()
    await verifyTdx(evidence, { ...options, endorsementCache })
    return { evidence, options: { ...options, endorsementCache }, endorsementCache }
  }
  /**
   * A text with one character near its end changed: there stands the signature, of documents as of
   * lists.
   */
  const changed = (text: string): string => {
    const at = text.length - 8
    return text.slice(0, at) + (text[at] === 'a' ? 'b' : 'a') + text.slice(at + 1)
  }

  test('remembers both chains, both lists and both documents, and no more the second time', async () => {
    const { evidence, options, endorsementCache } = await warm()
    expect(endorsementCache.size).toBe(6)
    const { endorsements } = options
    expect([...endorsementCache.keys()].slice(1)).toEqual(
      (['tcbInfoIssuerChain', 'tcbInfo', 'qeIdentity', 'rootCaCrl', 'pckCrl'] as const).map(
        (name) => endorsements[name],
      ),
    )
    await expect(verifyTdx(evidence, options)).resolves.toBeDefined()
    expect(endorsementCache.size).toBe(6)
  })

  test('the checks of a warm verification are those of a cold one', async () => {
    const { evidence, options } = await makeTdx()
    const endorsementCache: EndorsementCache = new Map()
    const [cold, again] = [
      await verifyTdx(evidence, { ...options, endorsementCache }),
      await verifyTdx(evidence, { ...options, endorsementCache }),
    ]
    const told = ({ checks }: typeof cold): unknown => checks.map((check) => without(check, 'startedAt', 'durationMs'))
    expect(told(again)).toEqual(told(cold))
  })

  test('spares no rule: what was revoked since is refused', async () => {
    const { options } = await warm()
    const { evidence, options: later } = await makeTdx({
      endorsements: { rootCaCrl: { revoked: [serialNumbers.platform] } },
    })
    const { code } = await refusalOf(verifyTdx(evidence, { ...options, endorsements: later.endorsements }))
    expect(code).toBe('crl-revoked')
  })

  test('spares no rule: what has expired since is refused', async () => {
    const { evidence, options } = await warm()
    const late = new Date(now.getTime() + 30 * day)
    expect((await refusalOf(verifyTdx(evidence, { ...options, now: late }))).code).toMatch(/-validity$/)
  })

  test.each([
    ['tcbInfo', 'tcb-info-signature'],
    ['qeIdentity', 'qe-identity-signature'],
    ['rootCaCrl', 'crl-signature'],
    ['pckCrl', 'crl-signature'],
  ] as const)('%s with another signature is not what it remembers', async (name, code) => {
    const { evidence, options, endorsementCache } = await warm()
    const endorsements = { ...options.endorsements, [name]: changed(options.endorsements[name]) }
    expect((await refusalOf(verifyTdx(evidence, { ...options, endorsements }))).code).toBe(code)
    expect(endorsementCache.size).toBe(6)
  })

  test.each(['tcbInfo', 'qeIdentity'] as const)(
    '%s that says something else is not what it remembers',
    async (name) => {
      const { evidence, options } = await warm()
      const endorsements = {
        ...options.endorsements,
        [name]: options.endorsements[name].replace('"tcbEvaluationDataNumber":20', '"tcbEvaluationDataNumber":21'),
      }
      expect(endorsements[name]).not.toBe(options.endorsements[name])
      expect((await refusalOf(verifyTdx(evidence, { ...options, endorsements }))).code).toMatch(/-signature$/)
    },
  )

  test('a document that it remembers from another signer is checked', async () => {
    const { options, endorsementCache } = await warm()
    const { evidence, options: other } = await makeTdx({ attester: { keys: new Map() } })
    await expect(verifyTdx(evidence, other)).resolves.toBeDefined()
    const endorsements = { ...other.endorsements, tcbInfo: options.endorsements.tcbInfo }
    const { code } = await refusalOf(verifyTdx(evidence, { ...other, endorsements, endorsementCache }))
    expect(code).toBe('tcb-info-signature')
  })

  test('what others write to it vouches for nothing: entries that were moved, entries of their own', async () => {
    const { evidence, options, endorsementCache } = await warm()
    const forged = changed(options.endorsements.tcbInfo)
    const endorsements = { ...options.endorsements, tcbInfo: forged }
    for (const entry of [...endorsementCache.values(), {}, Promise.resolve(), undefined]) {
      endorsementCache.set(forged, entry as never)
      const { code } = await refusalOf(verifyTdx(evidence, { ...options, endorsements }))
      expect(code).toBe('tcb-info-signature')
    }
  })

  test('nothing that it gave away leads to what it remembers', async () => {
    const { evidence, options, endorsementCache } = await warm()
    const told = await verifyTdx(evidence, options)
    const before = JSON.stringify(told)
    let changes = 0
    const spoil = (value: unknown): void => {
      if (ArrayBuffer.isView(value)) changes += new Uint8Array(value.buffer).fill(0xee).length
      else if (typeof value === 'object' && value !== null) Object.values(value).forEach(spoil)
    }
    spoil(told.claims)
    spoil([...endorsementCache])
    expect(changes).toBeGreaterThan(500)
    const again = await verifyTdx(evidence, options)
    const plain = (text: string): string => text.replace(/"(startedAt|durationMs)":[\d.e-]+/g, '')
    expect(plain(JSON.stringify(again))).toBe(plain(before))
  })

  test('what it remembers is frozen, all the way down', async () => {
    const { options, endorsementCache } = await warm()
    const memory = openMemory(endorsementCache)
    const { tcbInfo, qeIdentity, rootCaCrl, pckCrl, tcbInfoIssuerChain } = options.endorsements
    const documents = [
      memory.recall(tcbInfo, 'TCB Info'),
      memory.recall(qeIdentity, 'QE identity'),
      memory.recall(rootCaCrl, 'rootCaCrl'),
      memory.recall(pckCrl, 'pckCrl'),
      memory.recall(tcbInfoIssuerChain, 'chain of signer of tcbInfoIssuerChain'),
      memory.recall([...endorsementCache.keys()][0] as string, 'chain of PCK certificate'),
    ]
    let seen = 0
    const look = (value: unknown): void => {
      if (typeof value !== 'object' || value === null || ArrayBuffer.isView(value)) return
      seen++
      if (!(value instanceof Map)) expect(Object.isFrozen(value)).toBe(true)
      for (const inner of value instanceof Map ? value.values() : Object.values(value)) look(inner)
    }
    documents.forEach(look)
    expect(documents).not.toContain(undefined)
    expect(seen).toBeGreaterThan(50)
  })

  test('a text that was read as one thing is not recalled as another', async () => {
    const { evidence, options } = await warm()
    const { rootCaCrl, pckCrl } = options.endorsements
    const endorsements = { ...options.endorsements, rootCaCrl: pckCrl, pckCrl: rootCaCrl }
    expect((await refusalOf(verifyTdx(evidence, { ...options, endorsements }))).code).toBe('crl-issuer')
  })

  test('remembers nothing of what Intel published when the quote was refused', async () => {
    const { evidence, options } = await makeTdx()
    const endorsementCache: EndorsementCache = new Map()
    const broken = evidence.map((byte, i) => (i === 700 ? byte ^ 1 : byte))
    await refusalOf(verifyTdx(broken, { ...options, endorsementCache }))
    expect(endorsementCache.size).toBe(0)
  })

  test('the exact text counts: the same with white space around it is another', async () => {
    const { evidence, options, endorsementCache } = await warm()
    const tcbInfo = ` ${options.endorsements.tcbInfo}${' '.repeat(1000)}`
    await verifyTdx(evidence, { ...options, endorsements: { ...options.endorsements, tcbInfo } })
    expect(endorsementCache.size).toBe(7)
    expect([...endorsementCache.keys()]).toContain(tcbInfo)
  })

  test('remembers no text above 64 KiB, so that it stays small', async () => {
    const note = 'x'.repeat(65_536)
    const { evidence, options } = await makeTdx({ endorsements: { tcbInfo: (body) => ({ ...body, note }) } })
    expect(options.endorsements.tcbInfo.length).toBeGreaterThan(65_536)
    const endorsementCache: EndorsementCache = new Map()
    await verifyTdx(evidence, { ...options, endorsementCache })
    expect(endorsementCache.size).toBe(5)
    await expect(verifyTdx(evidence, { ...options, endorsementCache })).resolves.toBeDefined()
  })
})

describe('dates of certificates', () => {
  test.each([
    ['pck', 'PCK certificate'],
    ['platform', 'CA of the PCK'],
    ['signer', 'signer of tcbInfoIssuerChain'],
    ['root', 'root of the PCK'],
  ] as const)('%s', async (id, name) => {
    const ended = new Date(now.getTime() - 301_000)
    const begins = new Date(now.getTime() + 301_000)
    const expired = await refusalOf(tdx({ attester: { certificates: { [id]: { notAfter: ended } } } }))
    expect([expired.code, expired.message]).toEqual(['cert-validity', expect.stringMatching(`${name} has expired`)])
    const future = await refusalOf(tdx({ attester: { certificates: { [id]: { notBefore: begins } } } }))
    expect([future.code, future.message]).toEqual(['cert-validity', expect.stringMatching(`${name} is not valid yet`)])
  })
})

describe('certificates', () => {
  const rogue = { id: 'rogue' }
  test.each(['platform', 'pck', 'signer'] as const)('%s signed by somebody else', async (id) => {
    const signedBy = attester.keys.get('attestation')
    const { code, message } = await refusalOf(tdx({ attester: { certificates: { [id]: { ...rogue, signedBy } } } }))
    expect(code).toBe('cert-chain-signature')
    expect(message).toMatch(/: signature does not match /)
  })

  test('the intermediate names another issuer', async () => {
    const issuer = [{ CN: ['Somebody'] }]
    const { code } = await refusalOf(tdx({ attester: { certificates: { platform: { issuer } } } }))
    expect(['cert-chain-name', 'root-mismatch']).toContain(code)
  })
})

const sound = await makeTdx()
describe('mistakes of the caller', () => {
  const mistakes: readonly (readonly [string, Record<string, unknown>, string])[] = [
    ['endorsements: none', { endorsements: undefined }, 'endorsements must be an object'],
    ['endorsements: null', { endorsements: null }, 'endorsements must be an object'],
    ['endorsements: text', { endorsements: '{}' }, 'endorsements must be an object'],
    ['reportData: none', { reportData: undefined }, 'reportData must be exactly 64 bytes'],
    ['reportData: 32 bytes', { reportData: pattern(32) }, 'reportData must be exactly 64 bytes'],
    ['reportData: 65 bytes', { reportData: pattern(65) }, 'reportData must be exactly 64 bytes'],
    ['reportData: text', { reportData: '00'.repeat(64) }, 'reportData must be exactly 64 bytes'],
    ['reportData: false', { reportData: false }, 'reportData must be exactly 64 bytes'],
    ['reportData: another symbol', { reportData: skipReferenceValues }, 'reportData must be exactly 64 bytes'],
    [
      'acceptedTcbStatuses: unknown',
      { acceptedTcbStatuses: ['Fine'] },
      'acceptedTcbStatuses must be a list of UpToDate',
    ],
    ['acceptedTcbStatuses: revoked', { acceptedTcbStatuses: ['Revoked'] }, 'acceptedTcbStatuses must be a list of'],
    ['acceptedTcbStatuses: a wildcard', { acceptedTcbStatuses: ['*'] }, 'acceptedTcbStatuses must be a list of'],
    ['acceptedTcbStatuses: true', { acceptedTcbStatuses: true }, 'acceptedTcbStatuses must be a list of'],
    ['acceptedTcbStatuses: null', { acceptedTcbStatuses: null }, 'acceptedTcbStatuses must be a list of'],
    ['acceptedTcbStatuses: a hole', { acceptedTcbStatuses: new Array(1) }, 'acceptedTcbStatuses must be a list of'],
    ['minimum: 0', { minimumTcbEvaluationDataNumber: 0 }, 'minimumTcbEvaluationDataNumber must be a positive integer'],
    [
      'minimum: text',
      { minimumTcbEvaluationDataNumber: '17' },
      'minimumTcbEvaluationDataNumber must be a positive integer',
    ],
    [
      'minimum: NaN',
      { minimumTcbEvaluationDataNumber: NaN },
      'minimumTcbEvaluationDataNumber must be a positive integer',
    ],
    ['platforms: none', { platforms: [] }, 'platforms must be a list of at least one'],
    ['platforms: one', { platforms: platform.ppid }, 'platforms must be a list of at least one'],
    ['platforms: short', { platforms: ['00'] }, 'platforms[0] must be 16 bytes (32 hex digits)'],
    ['platforms: zero', { platforms: ['00'.repeat(16)] }, 'platforms[0] must be other than zero'],
    ['platforms: a number', { platforms: [5] }, 'platforms[0] must be 16 bytes'],
    ['debug: true', { debug: true }, 'debug must be allowDebug'],
    ['migration: true', { migration: true }, 'migration must be allowMigration'],
    ['serviceTds: one', { serviceTds: 'ab'.repeat(48) }, 'serviceTds must be a list'],
    ['serviceTds: short', { serviceTds: ['ab'] }, 'serviceTds[0] must be 48 bytes (96 hex digits)'],
    ['now: archive', { now: Symbol.for('veritee.atEvidenceTime') }, 'now must be a Date'],
    ['now: no date', { now: new Date(NaN) }, 'now must be a Date'],
    ['now: a number', { now: 5 }, 'now must be a Date'],
    ['skew: negative', { clockSkewSeconds: -1 }, 'clockSkewSeconds must be 0 to 86400'],
    ['anchors: none', { trustAnchors: [] }, 'trustAnchors must be certificates in DER'],
    ['freshness, which quotes do not have', { freshness: { nonce: pattern(32) } }, 'option "freshness" must be one of'],
    ['an option misspelt', { acceptedTCBStatuses: [] }, 'option "acceptedTCBStatuses" must be one of'],
    ['reference values: none', { referenceValues: undefined }, 'referenceValues[0] must be like { mrTd'],
    ['reference values: an empty list', { referenceValues: [] }, 'referenceValues must be at least one'],
    ['reference values: an empty object', { referenceValues: {} }, 'referenceValues[0].mrTd must be 48 bytes'],
    ['reference values: text', { referenceValues: measurements.mrTd }, 'referenceValues[0] must be like { mrTd'],
    [
      'reference values: unknown',
      { referenceValues: { ...values, rtmr4: values.rtmr0 } },
      'referenceValues[0].rtmr4 must be one of mrTd',
    ],
    [
      'reference values: undefined',
      { referenceValues: { ...values, mrOwner: undefined } },
      'referenceValues[0].mrOwner must be 48 bytes',
    ],
    [
      'reference values: short',
      { referenceValues: { ...values, mrTd: '00' } },
      'referenceValues[0].mrTd must be 48 bytes (96 hex digits)',
    ],
    [
      'reference values: no hex',
      { referenceValues: { ...values, mrTd: '*' } },
      'referenceValues[0].mrTd must be hexadecimal',
    ],
    [
      'reference values: long attributes',
      { referenceValues: { ...values, tdAttributes: '00'.repeat(9) } },
      'referenceValues[0].tdAttributes must be 8 bytes',
    ],
    ['reference values: no name', { referenceValues: { ...values, name: '' } }, 'referenceValues[0].name must be text'],
    [
      'reference values: nothing but zeros and anything',
      { referenceValues: { mrTd: anyValue, rtmr0: anyValue, rtmr1: '00'.repeat(48), rtmr2: anyValue } },
      'referenceValues[0] must be one measurement or more that is not zero',
    ],
    [
      'reference values: whatever, with attributes',
      {
        referenceValues: {
          mrTd: anyValue,
          rtmr0: anyValue,
          rtmr1: anyValue,
          rtmr2: anyValue,
          rtmr3: anyValue,
          mrConfigId: pattern(48),
        },
      },
      'referenceValues[0] must be one measurement or more that is not zero',
    ],
  ]
  test.each(mistakes)('%s', async (_what, wrong, message) => {
    const options = { ...sound.options, ...wrong }
    const mistake = await verifyTdx(sound.evidence, options).catch((error: unknown) => error)
    expect(mistake).toBeInstanceOf(TypeError)
    expect((mistake as Error).message).toContain(message)
  })

  test.each([undefined, null, 5, 'options', []])('options: %j', async (options) => {
    await expect(verifyTdx(sound.evidence, options as never)).rejects.toThrow(TypeError)
  })

  test.each([undefined, null, 'BAAC', new ArrayBuffer(8), [4, 0]])('evidence: %j', async (evidence) => {
    await expect(verifyTdx(evidence as never, sound.options)).rejects.toThrow(
      new TypeError('evidence must be a Uint8Array'),
    )
  })

  test('nothing of the evidence is read before the options are right', async () => {
    await expect(verifyTdx(new Uint8Array(5), {} as never)).rejects.toThrow(TypeError)
  })
})

test('Object.prototype decides nothing', async () => {
  const polluted = Object.prototype as unknown as Record<string, unknown>
  const { evidence, options } = await makeTdx({ quote: { body: [[tdOffsets.tdAttributes, [1]]] } })
  polluted.debug = allowDebug
  polluted.platforms = [platform.ppid]
  try {
    expect((await refusalOf(verifyTdx(evidence, options))).code).toBe('policy-debug')
    expect(decodeTdxEvidence(evidence).debug).toBe(true)
  } finally {
    delete polluted.debug
    delete polluted.platforms
  }
})
