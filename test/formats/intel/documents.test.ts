/**
 * TCB Info and QE identity: each rule of their shape, one change at a time, signed again after the
 * change. And the rules that make one status out of many.
 */
import { refusalOf } from '../../support/refusal.ts'
import { describe, expect, test } from 'vitest'
import { recordChecks } from '../../../src/core/record.ts'
import { checkValidity, decodeSignedJson } from '../../../src/formats/intel/collateral/signed-json.ts'
import {
  type ComponentTcbStatus,
  converge,
  type PlatformTcbStatus,
  relaunchStatus,
  type TcbStatus,
} from '../../../src/formats/intel/collateral/tcb-level.ts'
import type { DocumentJson, IdentityJson, LevelJson, TcbJson } from '../../attester/intel.ts'
import { sgx, tdx, without as omit } from './made.ts'

const without =
  (name: string) =>
  (body: object): object =>
    omit(body, name)
const withMember =
  (name: string, value: unknown) =>
  (body: object): object => ({ ...body, [name]: value })
const inLevel =
  (change: (level: LevelJson) => object) =>
  (body: DocumentJson): object => ({
    ...body,
    tcbLevels: [change(body.tcbLevels[0] as LevelJson), ...body.tcbLevels.slice(1)],
  })
const inTcb = (change: (tcb: TcbJson) => object) => inLevel((level) => ({ ...level, tcb: change(level.tcb) }))
const inIdentity =
  (change: (identity: IdentityJson) => object) =>
  (body: DocumentJson): object => ({
    ...body,
    tdxModuleIdentities: [change(body.tdxModuleIdentities[0] as IdentityJson)],
  })

describe('TCB Info of TDX', () => {
  test.each([
    ...[
      'id',
      'version',
      'issueDate',
      'nextUpdate',
      'fmspc',
      'pceId',
      'tcbType',
      'tcbEvaluationDataNumber',
      'tcbLevels',
    ].map((name) => [`without ${name}`, without(name), new RegExp(`${name}: expected .*, found nothing`)] as const),
    ['version 4', withMember('version', 4), /unknown version 4/],
    ['version as text', withMember('version', '3'), /version: expected integer, found string/],
    ['another id', withMember('id', 'tdx'), /unknown id "tdx"/],
    ['tcbType 1', withMember('tcbType', 1), /unknown tcbType/],
    ['a short FMSPC', withMember('fmspc', '00806F0500'), /fmspc must be 12 hexadecimal digits/],
    ['an FMSPC that is no number', withMember('fmspc', '00806F05000g'), /fmspc must be 12 hexadecimal digits/],
    ['a long PCE-ID', withMember('pceId', '000000'), /pceId must be 4 hexadecimal digits/],
    ['a date without a zone', withMember('issueDate', '2026-05-31T12:00:00'), /issueDate is no date/],
    ['a date with fractions', withMember('issueDate', '2026-05-31T12:00:00.5Z'), /issueDate is no date/],
    ['a day that does not exist', withMember('nextUpdate', '2027-02-30T12:00:00Z'), /nextUpdate is no date/],
    ['an hour that does not exist', withMember('nextUpdate', '2027-02-20T25:00:00Z'), /nextUpdate is no date/],
    ['a date of another calendar', withMember('nextUpdate', '31 May 2027'), /nextUpdate is no date/],
    [
      'a huge evaluation number',
      withMember('tcbEvaluationDataNumber', 2 ** 32),
      /tcbEvaluationDataNumber must be 0 to 4294967295/,
    ],
    ['no TDX module', without('tdxModule'), /tdx without a TDX module/],
    ['a TDX module that is text', withMember('tdxModule', 'Intel'), /tdxModule: expected object, found string/],
    [
      'a TDX module without signer',
      withMember('tdxModule', { attributes: '00'.repeat(8) }),
      /mrsigner: expected string, found nothing/,
    ],
    ['no levels', withMember('tcbLevels', []), /no TCB levels/],
    ['levels that are no list', withMember('tcbLevels', {}), /tcbLevels: expected array, found object/],
    ['a level that is a number', withMember('tcbLevels', [5]), /tcb: expected object, found nothing/],
    [
      'a level twice',
      (body: DocumentJson): object => ({ ...body, tcbLevels: [...body.tcbLevels, body.tcbLevels[0]] }),
      /a TCB level is there twice/,
    ],
    ['a level without date', inLevel(without('tcbDate')), /tcbDate: expected string, found nothing/],
    ['a level without status', inLevel(without('tcbStatus')), /tcbStatus: expected string, found nothing/],
    ['a status in other letters', inLevel(withMember('tcbStatus', 'uptodate')), /unknown tcbStatus "uptodate"/],
    [
      'a status of the whole',
      inLevel(withMember('tcbStatus', 'TDRelaunchAdvised')),
      /unknown tcbStatus "TDRelaunchAdvised"/,
    ],
    [
      'advisories that are text',
      inLevel(withMember('advisoryIDs', 'INTEL-SA-1')),
      /advisoryIDs: expected array, found string/,
    ],
    ['an advisory that is a number', inLevel(withMember('advisoryIDs', [1])), /advisoryIDs must hold texts/],
    [
      '15 components',
      inTcb((tcb) => ({ ...tcb, sgxtcbcomponents: tcb.sgxtcbcomponents.slice(1) })),
      /sgxtcbcomponents must be 16/,
    ],
    [
      '17 components',
      inTcb((tcb) => ({ ...tcb, tdxtcbcomponents: [...tcb.tdxtcbcomponents, { svn: 0 }] })),
      /tdxtcbcomponents must be 16/,
    ],
    [
      'a component of 256',
      inTcb((tcb) => ({ ...tcb, sgxtcbcomponents: Array(16).fill({ svn: 256 }) })),
      /svn must be 0 to 255/,
    ],
    [
      'a component that is text',
      inTcb((tcb) => ({ ...tcb, sgxtcbcomponents: Array(16).fill({ svn: '8' }) })),
      /svn: expected integer, found string/,
    ],
    [
      'a negative component',
      inTcb((tcb) => ({ ...tcb, sgxtcbcomponents: Array(16).fill({ svn: -1 }) })),
      /svn: expected integer, found number/,
    ],
    [
      'a component without a number',
      inTcb((tcb) => ({ ...tcb, sgxtcbcomponents: Array(16).fill(null) })),
      /svn: expected integer, found nothing/,
    ],
    ['a PCESVN of 65536', inTcb(withMember('pcesvn', 65_536)), /pcesvn must be 0 to 65535/],
    ['no PCESVN', inTcb(without('pcesvn')), /pcesvn: expected integer, found nothing/],
    [
      'identities that are no list',
      withMember('tdxModuleIdentities', {}),
      /tdxModuleIdentities: expected array, found object/,
    ],
    ['an identity that is null', withMember('tdxModuleIdentities', [null]), /tdxModuleIdentities must hold objects/],
    [
      'an identity twice',
      (body: DocumentJson): object => ({
        ...body,
        tdxModuleIdentities: [body.tdxModuleIdentities[0], { ...body.tdxModuleIdentities[0], id: 'tdx_01' }],
      }),
      /TDX module identity "tdx_01" is there twice/,
    ],
    ['an identity without id', inIdentity(without('id')), /id: expected string, found nothing/],
    [
      'an identity with a short signer',
      inIdentity(withMember('mrsigner', '00')),
      /mrsigner must be 96 hexadecimal digits/,
    ],
    [
      'an identity with long attributes',
      inIdentity(withMember('attributes', '00'.repeat(9))),
      /attributes must be 16 hexadecimal digits/,
    ],
    ['an identity without levels', inIdentity(withMember('tcbLevels', [])), /no TCB levels/],
    [
      'a level of an identity without version',
      inIdentity((identity) => ({ ...identity, tcbLevels: [{ ...identity.tcbLevels[0], tcb: {} }] })),
      /isvsvn: expected integer, found nothing/,
    ],
    [
      'a level of an identity that only platforms have',
      inIdentity((identity) => ({
        ...identity,
        tcbLevels: [{ ...identity.tcbLevels[0], tcbStatus: 'ConfigurationNeeded' }],
      })),
      /unknown tcbStatus "ConfigurationNeeded"/,
    ],
  ] as const)('%s', async (_what, tcbInfo, message) => {
    const refusal = await refusalOf(tdx({ endorsements: { tcbInfo } }))
    expect([refusal.code, refusal.message]).toEqual(['tcb-info-format', expect.stringMatching(message)])
    expect(refusal.message).toMatch(/^TCB Info: /)
  })

  test.each([
    ['members that nobody knows', withMember('somethingNew', { a: [1] })],
    [
      'levels in another order',
      (body: DocumentJson): object => ({ ...body, tcbLevels: [...body.tcbLevels].reverse() }),
    ],
    [
      'levels of an identity in another order',
      inIdentity((identity) => ({ ...identity, tcbLevels: [...identity.tcbLevels].reverse() })),
    ],
    ['an identity in other letters', inIdentity(withMember('id', 'tdx_01'))],
    ['FMSPC in small letters', (body: DocumentJson): object => ({ ...body, fmspc: body.fmspc.toLowerCase() })],
  ] as const)('accepted: %s', async (_what, tcbInfo) => {
    expect((await tdx({ endorsements: { tcbInfo } })).claims.tcbStatus).toBe('UpToDate')
  })

  test('for SGX it has no TDX module', async () => {
    const tcbInfo = withMember('tdxModule', { mrsigner: '00'.repeat(48), attributes: '00'.repeat(8) })
    expect((await refusalOf(sgx({ endorsements: { tcbInfo } }))).message).toBe('TCB Info: sgx with a TDX module')
    const identities = withMember('tdxModuleIdentities', [])
    expect((await refusalOf(sgx({ endorsements: { tcbInfo: identities } }))).message).toMatch(/^TCB Info: sgx without/)
  })
})

describe('QE identity', () => {
  test.each([
    ...[
      'id',
      'version',
      'issueDate',
      'nextUpdate',
      'tcbEvaluationDataNumber',
      'miscselect',
      'miscselectMask',
      'attributes',
      'attributesMask',
      'mrsigner',
      'isvprodid',
      'tcbLevels',
    ].map((name) => [`without ${name}`, without(name), new RegExp(`${name}: expected .*, found nothing`)] as const),
    ['version 1', withMember('version', 1), /unknown version 1/],
    ['a long miscselect', withMember('miscselect', '0000000000'), /miscselect must be 8 hexadecimal digits/],
    ['a short mask', withMember('attributesMask', 'FF'), /attributesMask must be 32 hexadecimal digits/],
    ['an ISVPRODID of 65536', withMember('isvprodid', 65_536), /isvprodid must be 0 to 65535/],
    ['an ISVSVN of 65536', inTcb(withMember('isvsvn', 65_536)), /isvsvn must be 0 to 65535/],
    ['no levels', withMember('tcbLevels', []), /no TCB levels/],
    [
      'a level twice',
      (body: DocumentJson): object => ({ ...body, tcbLevels: [body.tcbLevels[0], body.tcbLevels[0]] }),
      /a TCB level is there twice/,
    ],
  ] as const)('%s', async (_what, qeIdentity, message) => {
    const refusal = await refusalOf(tdx({ endorsements: { qeIdentity } }))
    expect([refusal.code, refusal.message]).toEqual(['qe-identity-format', expect.stringMatching(message)])
  })
})

describe('the outer object', () => {
  const signature = 'ab'.repeat(64)
  const source = { name: 'document', code: 'tcb-info-format' } as const
  const decoded = (text: string): string | undefined => {
    const { signedBytes } = decodeSignedJson(text, 'tcbInfo', source)
    return new TextDecoder().decode(signedBytes)
  }
  test.each([
    `{"tcbInfo":{"a":1},"signature":"${signature}"}`,
    `{"signature":"${signature.toUpperCase()}","tcbInfo":{"a":1}}`,
    `\r\n{ "tcbInfo" :\t{"a":1} , "signature" : "${signature}" }\n`,
  ])('accepted: %j', (text) => {
    expect(decoded(text)).toBe('{"a":1}')
  })

  test.each([
    '',
    '{}',
    'null',
    `{"tcbInfo":{"a":1}}`,
    `{"tcbInfo":{"a":1},"signature":"${signature}00"}`,
    `{"tcbInfo":{"a":1},"signature":"${signature.slice(1)}"}`,
    `{"tcbInfo":{"a":1},"signature":"${signature.slice(1)}g"}`,
    `{"tcbInfo":[],"signature":"${signature}"}`,
    `{"tcbInfo":"{}","signature":"${signature}"}`,
    `{"enclaveIdentity":{"a":1},"signature":"${signature}"}`,
    `{"tcbInfo":{"a":1},"signature":"${signature}","signature":"${signature}"}`,
    `{"a":1,"tcbInfo":{"a":1},"signature":"${signature}"}`,
    `{"tcbInfo":{"a":1},"signature":"${signature}"}x`,
    `\uFEFF{"tcbInfo":{"a":1},"signature":"${signature}"}`,
    `[{"tcbInfo":{"a":1},"signature":"${signature}"}]`,
  ])('refused: %j', (text) => {
    expect(() => decoded(text)).toThrow('document: not {"tcbInfo":{…},"signature":"…"}')
  })

  test('hostile text takes time in proportion', () => {
    for (const part of ['}', '} ', '{', '"signature":"', ' ', ',"tcbInfo":{']) {
      const text = `{"tcbInfo":{${part.repeat(1_000_000 / part.length)}`
      expect(() => decoded(text)).toThrow('document: not')
    }
  })
})

test('validity: both ends belong to it, and the skew is for both', () => {
  const validity = { issueDate: 10_000, nextUpdate: 20_000 }
  const at = (now: number, skewMs: number): string => {
    try {
      checkValidity(validity, { code: 'tcb-info-validity', subject: 'TCB Info' }, { now, skewMs }, recordChecks())
      return 'valid'
    } catch (error) {
      return (error as Error).message.replace(/:.*/, '')
    }
  }
  expect([10_000, 20_000].map((now) => at(now, 0))).toEqual(['valid', 'valid'])
  expect([9_999, 20_001].map((now) => at(now, 0))).toEqual(['TCB Info is not valid yet', 'TCB Info has expired'])
  expect([9_000, 21_000].map((now) => at(now, 1000))).toEqual(['valid', 'valid'])
  expect([8_999, 21_001].map((now) => at(now, 1000))).toEqual(['TCB Info is not valid yet', 'TCB Info has expired'])
})

describe('one status out of several', () => {
  const platforms: PlatformTcbStatus[] = [
    'UpToDate',
    'SWHardeningNeeded',
    'ConfigurationNeeded',
    'ConfigurationAndSWHardeningNeeded',
    'OutOfDate',
    'OutOfDateConfigurationNeeded',
    'Revoked',
  ]
  /** Intel's table: what an outdated part makes of each. */
  const outdated: PlatformTcbStatus[] = [
    'OutOfDate',
    'OutOfDate',
    'OutOfDateConfigurationNeeded',
    'OutOfDateConfigurationNeeded',
    'OutOfDate',
    'OutOfDateConfigurationNeeded',
    'Revoked',
  ]
  const components: ComponentTcbStatus[] = ['UpToDate', 'OutOfDate', 'Revoked']

  test.each(platforms)('%s with every pair of parts', (platform) => {
    for (const module of components) {
      for (const qe of components) {
        const expected =
          module === 'Revoked' || qe === 'Revoked'
            ? 'Revoked'
            : module === 'OutOfDate' || qe === 'OutOfDate'
              ? outdated[platforms.indexOf(platform)]
              : platform
        expect(converge(platform, [module, qe])).toBe(expected)
      }
    }
  })

  test.each([
    ['UpToDate', 'UpToDate', 'UpToDate'],
    ['UpToDate', 'OutOfDate', 'UpToDate'],
    ['OutOfDate', 'OutOfDate', 'OutOfDate'],
    ['OutOfDate', 'OutOfDateConfigurationNeeded', 'OutOfDate'],
    ['OutOfDate', 'UpToDate', 'TDRelaunchAdvised'],
    ['OutOfDate', 'SWHardeningNeeded', 'TDRelaunchAdvised'],
    ['OutOfDate', 'ConfigurationNeeded', 'TDRelaunchAdvisedConfigurationNeeded'],
    ['OutOfDate', 'ConfigurationAndSWHardeningNeeded', 'TDRelaunchAdvisedConfigurationNeeded'],
    ['OutOfDateConfigurationNeeded', 'UpToDate', 'TDRelaunchAdvisedConfigurationNeeded'],
    ['ConfigurationNeeded', 'UpToDate', 'ConfigurationNeeded'],
  ] as [TcbStatus, TcbStatus, TcbStatus][])('launched %s, now %s: %s', (launch, current, expected) => {
    expect(relaunchStatus(launch, current)).toBe(expected)
  })
})
