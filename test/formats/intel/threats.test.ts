/**
 * The threats to SGX and TDX verification that the security specification lists, T-D1 to T-D52:
 * published holes of other verifiers, and what an attacker who owns a platform, a cache of
 * endorsements or the network can try. Each changes one thing; every signature is right unless it
 * is the thing.
 */
import { refusalOf } from '../../support/refusal.ts'
import { describe, expect, test } from 'vitest'
import { AppraisalError, VerificationError } from '../../../src/core/errors.ts'
import type { AttestationErrorCode } from '../../../src/core/codes.ts'
import { allowDebug, type SgxOptions, type TcbStatus, verifySgx } from '../../../src/formats/intel/sgx/index.ts'
import { allowMigration, type TdxOptions, verifyTdx } from '../../../src/formats/intel/tdx/index.ts'
import { concat, hex, pattern, unhex } from '../../attester/bytes.ts'
import { createSigner } from '../../attester/certificate.ts'
import {
  createIntelAttester,
  type DocumentJson,
  jsonDate,
  type LevelJson,
  measurements,
  pem,
  platform,
  reportData,
  serialNumbers,
  sgxOffsets,
  tdOffsets,
  u16,
  u32,
} from '../../attester/intel.ts'
import {
  attester,
  type Change,
  day,
  makeSgx,
  makeTdx,
  now,
  second,
  sgx,
  tdReferenceValues,
  tdx,
  without,
} from './made.ts'

/** That a change is refused with this code, and a message that says so. */
async function refuses(promise: Promise<unknown>, code: AttestationErrorCode, message: RegExp): Promise<void> {
  const refusal = await refusalOf(promise)
  expect({ code: refusal.code, message: refusal.message }).toEqual({
    code,
    message: expect.stringMatching(message) as string,
  })
  expect(refusal).toBeInstanceOf(code.startsWith('policy-') ? AppraisalError : VerificationError)
  const failed = refusal.checks.filter(({ outcome }) => outcome === 'fail')
  expect(failed.map(({ id }) => id)).toEqual([code])
}

const rogue = await createSigner('P-256')
const td = (offset: keyof typeof tdOffsets, bytes: ArrayLike<number>): Change => ({
  quote: { version: 5, body: [[tdOffsets[offset], bytes]] },
})
/** TD attributes with one more bit. */
const withBit = (bit: number): Change => {
  const attributes = unhex('0000001000000000')
  attributes[bit >> 3] = (attributes[bit >> 3] ?? 0) | (1 << (bit & 7))
  return td('tdAttributes', attributes)
}
const firstLevel =
  (change: (level: LevelJson) => object) =>
  (body: DocumentJson): object => ({
    ...body,
    tcbLevels: [change(body.tcbLevels[0] as LevelJson), ...body.tcbLevels.slice(1)],
  })

test('the evidence that every test here changes is accepted', async () => {
  expect(await tdx()).toMatchObject({ format: 'tdx', matched: 0, claims: { tcbStatus: 'UpToDate' } })
  expect(await sgx()).toMatchObject({ format: 'sgx', matched: 0, claims: { tcbStatus: 'UpToDate' } })
})

describe('the quoting enclave', () => {
  test('T-D1 a QE identity of the right shape, signed by somebody else', async () => {
    await refuses(
      tdx({ endorsements: { qeIdentitySigner: rogue } }),
      'qe-identity-signature',
      /: signature does not match Intel's TCB signing key/,
    )
    await refuses(
      sgx({ endorsements: { qeIdentitySigner: rogue } }),
      'qe-identity-signature',
      /does not match Intel's TCB signing key/,
    )
    // With a chain of its own, from a root that has all the right names.
    const other = await createIntelAttester({ now })
    const endorsements = await other.endorsements()
    const items = { qeIdentity: endorsements.qeIdentity, qeIdentityIssuerChain: endorsements.qeIdentityIssuerChain }
    await refuses(tdx({ items }), 'root-mismatch', /SHA-256 of the root/)
    await refuses(
      tdx({ items: { qeIdentity: endorsements.qeIdentity } }),
      'qe-identity-signature',
      /does not match Intel's TCB signing key/,
    )
  })

  test('T-D2 the QE identity of the other TEE, or of another enclave of Intel', async () => {
    const id = (value: string) => ({ qeIdentity: (body: DocumentJson): object => ({ ...body, id: value }) })
    await refuses(tdx({ endorsements: id('QE') }), 'qe-identity-mismatch', /QE identity: expected TD_QE, found QE/)
    await refuses(sgx({ endorsements: id('TD_QE') }), 'qe-identity-mismatch', /QE identity: expected QE, found TD_QE/)
    await refuses(sgx({ endorsements: id('QVE') }), 'qe-identity-mismatch', /expected QE, found QVE/)
  })

  test('T-D3 MRSIGNER, ISVPRODID, MISCSELECT and ATTRIBUTES of the QE, under their masks', async () => {
    const qe = (offset: number, bytes: ArrayLike<number>): Change => ({ quote: { qeReport: [[offset, bytes]] } })
    await refuses(tdx(qe(sgxOffsets.mrSigner, pattern(32))), 'qe-identity-mismatch', /QE MRSIGNER: expected dc9e/)
    await refuses(tdx(qe(sgxOffsets.isvProdId, u16(1))), 'qe-identity-mismatch', /QE ISVPRODID: expected 2, found 1/)
    await refuses(
      tdx(qe(sgxOffsets.miscSelect, [1])),
      'qe-identity-mismatch',
      /QE MISCSELECT: expected 00000000, found 01000000/,
    )
    // DEBUG is under the mask, MODE64BIT is not.
    await refuses(
      tdx(qe(sgxOffsets.attributes, [0x13])),
      'qe-identity-mismatch',
      /QE ATTRIBUTES: expected 11.*found 13/,
    )
    await refuses(tdx(qe(sgxOffsets.attributes, [0x01])), 'qe-identity-mismatch', /QE ATTRIBUTES/)
    await expect(tdx(qe(sgxOffsets.attributes, [0x15]))).resolves.toBeDefined()
    // The order of bytes is that of the report.
    const misc = { qeIdentity: (body: DocumentJson): object => ({ ...body, miscselect: '0D0C0B0A' }) }
    await expect(tdx({ ...qe(sgxOffsets.miscSelect, unhex('0d0c0b0a')), endorsements: misc })).resolves.toBeDefined()
    await refuses(
      tdx({ ...qe(sgxOffsets.miscSelect, unhex('0a0b0c0d')), endorsements: misc }),
      'qe-identity-mismatch',
      /MISCSELECT/,
    )
  })

  test('T-D4 the ISVSVN of the QE decides its TCB level', async () => {
    const svn = (value: number): Change => ({ quote: { qeReport: [[sgxOffsets.isvSvn, u16(value)]] } })
    await refuses(tdx(svn(3)), 'tcb-not-supported', /QE ISVSVN 3 below every TCB level/)
    await refuses(tdx(svn(7)), 'policy-tcb-status', /found OutOfDate \(INTEL-SA-00477\)/)
    const { claims } = await tdx({ ...svn(7), options: { acceptedTcbStatuses: ['OutOfDate'] } })
    expect(claims).toMatchObject({ tcbStatus: 'OutOfDate', qeTcbStatus: 'OutOfDate', platformTcbStatus: 'UpToDate' })
    // 256 is above 8, not 0.
    await expect(tdx(svn(256))).resolves.toBeDefined()
    const revoked = (body: DocumentJson): object => ({
      ...body,
      tcbLevels: [
        { tcb: { isvsvn: 8 }, tcbDate: '2025-11-12T00:00:00Z', tcbStatus: 'Revoked', advisoryIDs: ['INTEL-SA-1'] },
      ],
    })
    await refuses(
      tdx({ endorsements: { qeIdentity: revoked } }),
      'tcb-revoked',
      /Revoked \(.*QE Revoked\) since 2025-11-12.*INTEL-SA-1/,
    )
  })

  const dated =
    (issue: number, next: number) =>
    (body: DocumentJson): object => ({
      ...body,
      issueDate: jsonDate(now.getTime() + issue),
      nextUpdate: jsonDate(now.getTime() + next),
    })
  const minutes = 60 * second

  test('T-D5 an expired QE identity, and an expired TCB Info', async () => {
    const old = dated(-30 * day, -6 * minutes)
    await refuses(
      tdx({ endorsements: { qeIdentity: old } }),
      'qe-identity-validity',
      /QE identity has expired: expected 2026-05-02.*found 2026-06-01/,
    )
    await refuses(tdx({ endorsements: { tcbInfo: old } }), 'tcb-info-validity', /TCB Info has expired/)
    // The skew is for all dates; at the very last moment it is still valid.
    await expect(
      tdx({ endorsements: { qeIdentity: dated(-day, -5 * minutes), tcbInfo: dated(-day, -5 * minutes) } }),
    ).resolves.toBeDefined()
    await expect(
      tdx({ endorsements: { qeIdentity: dated(-day, 0), tcbInfo: dated(-day, 0) }, options: { clockSkewSeconds: 0 } }),
    ).resolves.toBeDefined()
    await refuses(
      tdx({ endorsements: { tcbInfo: dated(-day, -second) }, options: { clockSkewSeconds: 0 } }),
      'tcb-info-validity',
      /has expired/,
    )
  })

  test('T-D6 a QE identity and a TCB Info from the future', async () => {
    const future = dated(6 * minutes, 30 * day)
    await refuses(tdx({ endorsements: { qeIdentity: future } }), 'qe-identity-validity', /QE identity is not valid yet/)
    await refuses(tdx({ endorsements: { tcbInfo: future } }), 'tcb-info-validity', /TCB Info is not valid yet/)
    await expect(
      tdx({ endorsements: { qeIdentity: dated(5 * minutes, day), tcbInfo: dated(5 * minutes, day) } }),
    ).resolves.toBeDefined()
  })

  test('T-D7 the vendor of the quoting enclave', async () => {
    for (let i = 0; i < 16; i++) {
      const header = [[12 + i, [0]]] as const
      await refuses(
        tdx({ quote: { header } }),
        'quote-format',
        /QE vendor: expected 939a7233f79c4ca9940a0db3957f0607, found/,
      )
    }
  })
})

describe('what the host may do', () => {
  test('T-D8 every one of the eight bits that let the host into a TD', async () => {
    for (let bit = 0; bit < 8; bit++) {
      const { evidence, options } = await makeTdx(withBit(bit))
      const refusal = await refusalOf(verifyTdx(evidence, options))
      expect(refusal.code).toBe('policy-debug')
      expect(refusal.message).toMatch(/debug mode: expected off, found TD attributes/)
      // Expecting these attributes is not enough, and allowing debug alone is not either.
      const tdAttributes = hex(evidence.slice(48 + 6 + 120, 48 + 6 + 128))
      const named = { ...options, referenceValues: { ...tdReferenceValues, tdAttributes } } as TdxOptions
      await refuses(verifyTdx(evidence, named), 'policy-debug', /found TD attributes/)
      await refuses(verifyTdx(evidence, { ...options, debug: allowDebug }), 'policy-measurements', /tdAttributes/)
      expect((await verifyTdx(evidence, { ...named, debug: allowDebug })).claims.debug).toBe(true)
    }
  })
})

describe('revocation', () => {
  test('T-D9 a PCK certificate, its CA and the TCB signer that are revoked', async () => {
    await refuses(
      tdx({ endorsements: { pckCrl: { revoked: ['01', serialNumbers.pck] } } }),
      'crl-revoked',
      /PCK certificate: revoked since.*pckCrl/,
    )
    await refuses(
      tdx({ endorsements: { rootCaCrl: { revoked: [serialNumbers.platform] } } }),
      'crl-revoked',
      /CA of the PCK: revoked since.*rootCaCrl/,
    )
    await refuses(
      tdx({ endorsements: { rootCaCrl: { revoked: [serialNumbers.signer] } } }),
      'crl-revoked',
      /signer of tcbInfoIssuerChain: revoked since/,
    )
    // A second signer is looked up as well.
    const other = await createIntelAttester({
      now,
      keys: new Map(attester.keys),
      certificates: { signer: { serialNumber: '77' } },
    })
    const items = { qeIdentityIssuerChain: pem(other.certificates.signer, attester.root) }
    await expect(tdx({ items })).resolves.toBeDefined()
    await refuses(
      tdx({ items, endorsements: { rootCaCrl: { revoked: ['77'] } } }),
      'crl-revoked',
      /signer of qeIdentityIssuerChain/,
    )
    // The serial numbers of others say nothing.
    await expect(
      tdx({
        endorsements: {
          pckCrl: { revoked: ['01', serialNumbers.platform] },
          rootCaCrl: { revoked: [serialNumbers.pck] },
        },
      }),
    ).resolves.toBeDefined()
  })

  test('T-D10 the registers that say which system runs cannot be left out of reference values', async () => {
    for (const register of ['mrTd', 'rtmr0', 'rtmr1', 'rtmr2'] as const) {
      const { evidence, options } = await makeTdx()
      const rest = without(tdReferenceValues, register)
      await expect(verifyTdx(evidence, { ...options, referenceValues: rest as never })).rejects.toThrow(
        new TypeError(`referenceValues[0].${register} must be 48 bytes (96 hex digits)`),
      )
      await refuses(tdx(td(register, pattern(48, 99))), 'policy-measurements', new RegExp(`${register} 636465`))
    }
    await refuses(tdx(td('rtmr3', pattern(48, 99))), 'policy-measurements', /rtmr3 636465/)
  })

  describe('T-D11 lists', () => {
    const crls = ['pckCrl', 'rootCaCrl'] as const
    test.each(crls)('%s: signature', async (crl) => {
      const keyIdentifier = unhex('00')
      await refuses(
        tdx({ endorsements: { [crl]: { signer: rogue, keyIdentifier } } }),
        'crl-issuer',
        /names another key/,
      )
      const flipped = (der: Uint8Array): Uint8Array => der.map((byte, i) => (i === der.length - 1 ? byte ^ 1 : byte))
      await refuses(
        tdx({ endorsements: { [crl]: { der: flipped } } }),
        'crl-signature',
        new RegExp(`${crl}: signature does not match`),
      )
    })
    test.each(crls)('%s: issuer and key identifier', async (crl) => {
      await refuses(
        tdx({ endorsements: { [crl]: { issuer: [{ CN: ['Somebody'] }] } } }),
        'crl-issuer',
        new RegExp(`${crl} is not of`),
      )
      await refuses(tdx({ endorsements: { [crl]: { keyIdentifier: pattern(20) } } }), 'crl-issuer', /names another key/)
    })
    test.each(crls)('%s: thisUpdate and nextUpdate', async (crl) => {
      const late = { nextUpdate: new Date(now.getTime() - 301 * second) }
      const early = { thisUpdate: new Date(now.getTime() + 301 * second) }
      await refuses(tdx({ endorsements: { [crl]: late } }), 'crl-validity', new RegExp(`validity of ${crl}`))
      await refuses(tdx({ endorsements: { [crl]: early } }), 'crl-validity', new RegExp(`validity of ${crl}`))
      await expect(
        tdx({ endorsements: { [crl]: { nextUpdate: new Date(now.getTime() - 300 * second) } } }),
      ).resolves.toBeDefined()
    })
    test('of the other CA, and one in the place of the other', async () => {
      const processor = await createIntelAttester({ now, ca: 'processor', keys: new Map(attester.keys) })
      const { pckCrl: other } = await processor.endorsements()
      await refuses(tdx({ items: { pckCrl: other } }), 'crl-issuer', /pckCrl is not of CA of the PCK/)
      const { pckCrl, rootCaCrl } = await attester.endorsements()
      await refuses(tdx({ items: { pckCrl: rootCaCrl } }), 'crl-issuer', /pckCrl is not of/)
      await refuses(tdx({ items: { rootCaCrl: pckCrl } }), 'crl-issuer', /rootCaCrl is not of/)
    })
    test.each(crls)('%s: an empty list is a list; no list, no text, no DER are not', async (crl) => {
      await expect(tdx({ endorsements: { [crl]: { revoked: [] } } })).resolves.toBeDefined()
      for (const nothing of [undefined, '', null, 5, [], {}, new Uint8Array(5)])
        await refuses(
          tdx({ items: { [crl]: nothing } }),
          'endorsement-missing',
          new RegExp(`endorsements.${crl}: expected text`),
        )
      for (const text of ['!', 'AAAA=', 'SGVsbG8=', 'MAA=', btoa('<html>404</html>'), '-----BEGIN X509 CRL-----'])
        await refuses(tdx({ items: { [crl]: text } }), 'crl-parse', new RegExp(crl))
    })
  })
})

describe('quotes and TCB', () => {
  test('T-D12 a valid SGX quote of version 3, and of 4 and 5', async () => {
    for (const version of [3, 4, 5])
      expect((await sgx({ quote: { version } })).claims).toMatchObject({
        quoteVersion: version,
        bodyType: 1,
        isvSvn: 3,
      })
  })

  test('T-D13 a valid TDX quote of version 4', async () => {
    const { claims } = await tdx()
    expect(claims).toMatchObject({ quoteVersion: 4, bodyType: 2, teeTcbSvn2: undefined, currentTcbStatus: undefined })
  })

  test('T-D14 valid TDX quotes of version 5, of each body type', async () => {
    for (const bodyType of [2, 3, 4])
      expect((await tdx({ quote: { version: 5, bodyType } })).claims).toMatchObject({
        quoteVersion: 5,
        bodyType,
        currentTcbStatus: bodyType === 2 ? undefined : 'UpToDate',
      })
  })

  test('T-D15 debug enclaves and TDs', async () => {
    await refuses(
      sgx({ quote: { body: [[sgxOffsets.attributes, [7]]] } }),
      'policy-debug',
      /expected off, found attributes 07/,
    )
    const debug = { quote: { body: [[sgxOffsets.attributes, [7]]] as const }, options: { debug: allowDebug } }
    expect((await sgx(debug)).claims.debug).toBe(true)
    expect((await sgx()).claims.debug).toBe(false)
  })

  test('T-D16 quotes that end anywhere before their end', async () => {
    for (const [{ evidence, options }, verify] of [
      [await makeTdx(), verifyTdx],
      [await makeSgx(), verifySgx],
    ] as const) {
      for (let length = 0; length < evidence.length; length += length < 1300 ? 1 : 97) {
        const refusal = await refusalOf(verify(evidence.slice(0, length), options as TdxOptions & SgxOptions))
        expect(refusal.code, `${length} bytes`).toBe('quote-format')
      }
    }
  })

  test('T-D17 garbage', async () => {
    const { options } = await makeTdx()
    const texts = [
      '{"quote":"BAAC"}',
      'BAACAIEAAAAAAAAAk5pyM/ecTKmUCg2z',
      '040002008100000000000000939a7233f79c4ca9940a0db3957f0607',
    ]
    const hints = [/looks like JSON/, /looks like base64/, /looks like hexadecimal/]
    for (const [i, text] of texts.entries())
      await refuses(verifyTdx(new TextEncoder().encode(text), options), 'quote-format', hints[i] ?? /never/)
    for (const [bytes, hint] of [
      [new Uint8Array(0), /bytes of quote: expected 1 to 65536, found 0/],
      [new Uint8Array(65_537), /expected 1 to 65536, found 65537/],
      [new Uint8Array(1), /version at 0 needs 2 bytes, found 1/],
      [new Uint8Array(1184), /looks like a report of AMD/],
      [concat([0x81], new Uint8Array(1023)), /TDREPORT/],
      [new Uint8Array(432), /SGX report/],
      [unhex('8444a1013822a0'), /COSE/],
      [pattern(5000, 77), /quote version: expected 3, 4 or 5/],
    ] as const)
      await refuses(verifyTdx(bytes, options), 'quote-format', hint)
  })

  test('T-D18 other versions, EPID by name', async () => {
    for (const version of [0, 6, 7, 0x0300, 0xffff])
      await refuses(
        tdx({ quote: { header: [[0, u16(version)]] } }),
        'quote-format',
        new RegExp(`expected 3, 4 or 5, found ${version}`),
      )
    for (const version of [1, 2])
      await refuses(
        sgx({ quote: { header: [[0, u16(version)]] } }),
        'quote-version-epid',
        new RegExp(`found EPID \\(version ${version}\\), which is not supported`),
      )
    // A body of another version.
    await refuses(tdx({ quote: { header: [[0, u16(5)]] } }), 'quote-format', /no body has type/)
    await refuses(
      tdx({ quote: { header: [[0, u16(3)]] } }),
      'quote-format',
      /TEE type of version 3: expected 0, found 0x81/,
    )
    await refuses(
      tdx({ quote: { header: [[4, u32(0x82)]] } }),
      'quote-format',
      /TEE type of version 4: expected 0 or 0x81, found 0x82/,
    )
  })

  test('T-D19 other types of attestation keys', async () => {
    for (const type of [0, 1, 3, 4, 0x0200])
      await refuses(
        tdx({ quote: { header: [[2, u16(type)]] } }),
        'quote-format',
        new RegExp(`attestation key type: expected 2 .*found ${type}`),
      )
  })

  test('T-D20 a platform below every level is not "out of date", it is refused', async () => {
    const high = ({ tcbLevels: [level], ...body }: DocumentJson): object => ({
      ...body,
      tcbLevels: [{ ...level, tcb: { ...level?.tcb, pcesvn: 14 } }],
    })
    const acceptedTcbStatuses: TcbStatus[] = ['OutOfDate', 'OutOfDateConfigurationNeeded']
    await refuses(
      tdx({ endorsements: { tcbInfo: high }, options: { acceptedTcbStatuses } }),
      'tcb-not-supported',
      /security versions of the platform below every TCB level/,
    )
  })

  test('T-D21 a revoked platform, whatever is accepted', async () => {
    const revoked = firstLevel((level) => ({ ...level, tcbStatus: 'Revoked', advisoryIDs: ['INTEL-SA-00001'] }))
    await refuses(
      tdx({ endorsements: { tcbInfo: revoked } }),
      'tcb-revoked',
      /anything but Revoked, found Revoked \(platform Revoked.*INTEL-SA-00001/,
    )
    const { evidence, options } = await makeTdx()
    await expect(verifyTdx(evidence, { ...options, acceptedTcbStatuses: ['Revoked' as TcbStatus] })).rejects.toThrow(
      TypeError,
    )
  })

  test('T-D22 an outdated platform', async () => {
    const old = firstLevel((level) => ({ ...level, tcbStatus: 'OutOfDate', advisoryIDs: ['INTEL-SA-00001'] }))
    await refuses(
      tdx({ endorsements: { tcbInfo: old } }),
      'policy-tcb-status',
      /TCB status: expected UpToDate, found OutOfDate \(INTEL-SA-00001\); to accept it, pass acceptedTcbStatuses: \['OutOfDate'\]/,
    )
    expect(
      (await tdx({ endorsements: { tcbInfo: old }, options: { acceptedTcbStatuses: ['OutOfDate'] } })).claims.tcbStatus,
    ).toBe('OutOfDate')
  })

  test('T-D23 each SGX component counts', async () => {
    for (let i = 0; i < 16; i++) {
      const raise = firstLevel((level) => ({
        ...level,
        tcb: {
          ...level.tcb,
          sgxtcbcomponents: level.tcb.sgxtcbcomponents.map(({ svn }, j) => ({
            svn: svn + (i === j ? 1 : 0),
          })),
        },
      }))
      await refuses(
        sgx({ endorsements: { tcbInfo: raise } }),
        'policy-tcb-status',
        /found OutOfDate \(INTEL-SA-01103\)/,
      )
    }
  })

  test('T-D24 each TDX component counts, the first two only for modules of version 0', async () => {
    const raise = (i: number) =>
      firstLevel((level) => ({
        ...level,
        tcb: {
          ...level.tcb,
          tdxtcbcomponents: level.tcb.tdxtcbcomponents.map(({ svn }, j) => ({
            svn: svn + (i === j ? 20 : 0),
          })),
        },
      }))
    const accept = { acceptedTcbStatuses: ['OutOfDate'] }
    for (let i = 0; i < 16; i++) {
      const { claims } = await tdx({ endorsements: { tcbInfo: raise(i) }, options: accept })
      expect(claims.platformTcbStatus, `component ${i}`).toBe(i < 2 ? 'UpToDate' : 'OutOfDate')
    }
    for (const i of [0, 1, 2]) {
      const quote = { body: [[tdOffsets.teeTcbSvn, unhex('0b000800')]] as const }
      const { claims } = await tdx({ quote, endorsements: { tcbInfo: raise(i) }, options: accept })
      expect(claims, `component ${i}`).toMatchObject({ platformTcbStatus: 'OutOfDate', tdxModuleTcbStatus: undefined })
    }
  })

  test('T-D25 PCESVN counts', async () => {
    const raise = firstLevel((level) => ({ ...level, tcb: { ...level.tcb, pcesvn: platform.pceSvn + 1 } }))
    await refuses(sgx({ endorsements: { tcbInfo: raise } }), 'policy-tcb-status', /found OutOfDate/)
  })

  test('T-D26 TCB Info for TDX whose levels lack TDX components', async () => {
    const none = firstLevel((level) => ({ ...level, tcb: without(level.tcb, 'tdxtcbcomponents') }))
    await refuses(
      tdx({ endorsements: { tcbInfo: none } }),
      'tcb-info-format',
      /tdxtcbcomponents: expected array, found nothing/,
    )
    const short = firstLevel((level) => ({ ...level, tcb: { ...level.tcb, tdxtcbcomponents: [] } }))
    await refuses(tdx({ endorsements: { tcbInfo: short } }), 'tcb-info-format', /tdxtcbcomponents must be 16/)
  })

  test('T-D27 a TDX module of which TCB Info says nothing', async () => {
    const none = (body: DocumentJson): object => ({ ...body, tdxModuleIdentities: [] })
    const missing = (body: object): object => without(body, 'tdxModuleIdentities')
    for (const tcbInfo of [none, missing])
      await refuses(tdx({ endorsements: { tcbInfo } }), 'tdx-module-mismatch', /TCB Info says nothing of TDX_01/)
    // The identifier is hexadecimal.
    const body = [[tdOffsets.teeTcbSvn, unhex('0b1008')]] as const
    await refuses(tdx({ quote: { body } }), 'tdx-module-mismatch', /nothing of TDX_10/)
    // Of the module that runs now, too.
    await refuses(tdx(td('teeTcbSvn2', unhex('0b0208'))), 'tdx-module-mismatch', /nothing of TDX_02/)
  })

  test('T-D28 a TDX module that is not the one of TCB Info', async () => {
    await refuses(
      tdx(td('mrSignerSeam', pattern(48))),
      'tdx-module-mismatch',
      /MRSIGNERSEAM: expected 0000.*found 0001/,
    )
    await refuses(
      tdx(td('seamAttributes', [1])),
      'tdx-module-mismatch',
      /SEAM attributes: expected 0000000000000000, found 0100/,
    )
    const attributes = (body: DocumentJson): object => ({
      ...body,
      tdxModuleIdentities: [{ ...body.tdxModuleIdentities[0], attributes: '0100000000000000' }],
    })
    await refuses(
      tdx({ ...td('seamAttributes', [1]), endorsements: { tcbInfo: attributes } }),
      'tdx-module-mismatch',
      /SEAM attributes: expected zero/,
    )
    await refuses(
      tdx(td('teeTcbSvn', unhex('040108'))),
      'tcb-not-supported',
      /ISVSVN 4 of TDX_01 below every TCB level/,
    )
  })

  test('T-D29 a TD that may be migrated (bit 29)', async () => {
    const { evidence, options } = await makeTdx(withBit(29))
    const named = {
      ...options,
      referenceValues: { ...tdReferenceValues, tdAttributes: '0000003000000000' },
    } as TdxOptions
    await refuses(verifyTdx(evidence, named), 'policy-migration', /migration: expected off, found on/)
    await expect(verifyTdx(evidence, { ...named, migration: allowMigration })).resolves.toBeDefined()
    await refuses(
      verifyTdx(evidence, { ...options, migration: allowMigration }),
      'policy-measurements',
      /tdAttributes 0000003000000000/,
    )
  })

  test.each([
    ['T-D30 protection keys (bit 30)', 30, '0000005000000000'],
    ['T-D31 key locker (bit 31)', 31, '0000009000000000'],
    ['performance monitoring (bit 63)', 63, '0000001000000080'],
    ['a bit that has no meaning yet (bit 40)', 40, '0000001000010000'],
  ] as const)('%s is refused unless the reference values say so', async (_what, bit, tdAttributes) => {
    await refuses(tdx(withBit(bit)), 'policy-measurements', new RegExp(`found (?:.|\n)*tdAttributes ${tdAttributes}`))
    await expect(
      tdx({ ...withBit(bit), options: { referenceValues: { ...tdReferenceValues, tdAttributes } } }),
    ).resolves.toBeDefined()
  })

  test('T-D32 SEPT_VE_DISABLE must be set unless the reference values say otherwise', async () => {
    await refuses(
      tdx(td('tdAttributes', new Uint8Array(8))),
      'policy-measurements',
      /found (?:.|\n)*tdAttributes 0000000000000000/,
    )
    const referenceValues = { ...tdReferenceValues, tdAttributes: new Uint8Array(8) }
    await expect(tdx({ ...td('tdAttributes', new Uint8Array(8)), options: { referenceValues } })).resolves.toBeDefined()
  })

  test('T-D33 TCB Info of another FMSPC, or of another PCE', async () => {
    await refuses(
      tdx({ endorsements: { tcbInfo: (body) => ({ ...body, fmspc: '90C06F000000' }) } }),
      'tcb-info-mismatch',
      /FMSPC of TCB Info: expected 00806f050000, found 90c06f000000/,
    )
    await refuses(
      tdx({ endorsements: { tcbInfo: (body) => ({ ...body, pceId: '0001' }) } }),
      'tcb-info-mismatch',
      /PCE-ID of TCB Info: expected 0000, found 0001/,
    )
  })

  test('T-D34 chains that are none', async () => {
    const { pck, platform: ca, processor, root, signer } = attester.certificates
    const chain = (...certificates: Uint8Array[]): Change => ({
      quote: { certificationData: new TextEncoder().encode(pem(...certificates)) },
    })
    const unrelated = /issuer of PCK certificate is not CA of the PCK/
    await refuses(tdx(chain(pck, processor, root)), 'cert-chain-name', unrelated)
    await refuses(tdx(chain(pck)), 'cert-path', /certificates in the chain of PCK certificate: expected 3, found 1/)
    await refuses(tdx(chain(pck, ca)), 'cert-path', /expected 3, found 2/)
    await refuses(tdx(chain(pck, ca, root, root)), 'cert-path', /expected 3, found 4/)
    await refuses(tdx(chain(pck, ca, ca)), 'root-mismatch', /SHA-256 of the root/)
    await refuses(tdx(chain(signer, ca, root)), 'cert-chain-name', unrelated)
    await refuses(
      tdx({ quote: { certificationData: new TextEncoder().encode('no PEM') } }),
      'cert-parse',
      /PCK certificate: no PEM block/,
    )
    await refuses(
      tdx({ quote: { certificationData: new Uint8Array(0) } }),
      'cert-parse',
      /PCK certificate: no PEM block/,
    )
    // Endorsements may be a megabyte, certificates may not: an endorsement cache spreads them into
    // text.
    await refuses(
      tdx({ items: { tcbInfoIssuerChain: pem(new Uint8Array(16_385), root) } }),
      'cert-parse',
      /signer of tcbInfoIssuerChain: at most 16384 bytes, found 16385/,
    )
    await refuses(
      tdx({ items: { tcbInfoIssuerChain: pem(pck, ca, root) } }),
      'cert-path',
      /signer of tcbInfoIssuerChain: expected 2, found 3/,
    )
    await refuses(
      tdx({ items: { qeIdentityIssuerChain: pem(signer) } }),
      'cert-path',
      /signer of qeIdentityIssuerChain: expected 2, found 1/,
    )
    // In any order: some platforms have the root in the middle.
    for (const order of [
      [root, ca, pck],
      [pck, root, ca],
      [ca, root, pck],
    ])
      await expect(tdx(chain(...order))).resolves.toBeDefined()
  })

  test('T-D35 a CA in the place of an end entity, and an end entity in the place of another', async () => {
    const { platform: ca, root } = attester.certificates
    await refuses(
      tdx({ items: { tcbInfoIssuerChain: pem(ca, root) } }),
      'cert-extension',
      /signer of tcbInfoIssuerChain must not be a CA/,
    )
    const misnamed = (id: 'pck' | 'signer', commonName: string): Change => ({
      attester: { certificates: { [id]: { subject: [{ CN: [commonName] }] } } },
    })
    await refuses(
      tdx(misnamed('pck', 'Intel SGX TCB Signing')),
      'cert-path',
      /common name of PCK certificate: expected Intel SGX PCK Certificate, found Intel SGX TCB Signing/,
    )
    await refuses(
      tdx(misnamed('signer', 'Intel SGX PCK Certificate')),
      'cert-path',
      /common name of signer of tcbInfoIssuerChain: expected Intel SGX TCB Signing/,
    )
  })

  test('T-D36 an attestation key that the quoting enclave does not report', async () => {
    await refuses(
      tdx({ quote: { qeReport: [[sgxOffsets.reportData, pattern(32)]] } }),
      'attestation-key-binding',
      /attestation key in the report data of the QE/,
    )
    await refuses(
      tdx({ quote: { qeAuthData: pattern(32), data: (data) => withFlip(data, 64 + 64 + 6 + 384 + 64 + 2) } }),
      'attestation-key-binding',
      /attestation key/,
    )
    for (const length of [0, 1, 1000])
      await expect(tdx({ quote: { qeAuthData: pattern(length) } })).resolves.toBeDefined()
  })

  test('T-D37 a QE report that the platform did not sign', async () => {
    await refuses(
      tdx({ quote: { qeReportSigner: rogue } }),
      'qe-report-signature',
      /QE report: signature does not match the PCK/,
    )
    await refuses(
      tdx({ quote: { data: (data) => withFlip(data, 64 + 64 + 6 + 258) } }),
      'qe-report-signature',
      /QE report: signature does not match the PCK/,
    )
  })

  test('T-D38 a quote that its attestation key did not sign', async () => {
    await refuses(
      tdx({ quote: { quoteSigner: rogue } }),
      'quote-signature',
      /quote: signature does not match its attestation key/,
    )
    for (const at of [28, 48 + 136, 48 + 520])
      await refuses(
        tdx({ quote: { quote: (quote) => withFlip(quote, at) } }),
        'quote-signature',
        /quote: signature does not match/,
      )
    await refuses(
      tdx({ quote: { data: (data) => concat(new Uint8Array(64), data.subarray(64)) } }),
      'quote-signature',
      /quote: signature does not match/,
    )
  })

  test('T-D39 a status that is not known makes the document unusable, matched or not', async () => {
    const unknown =
      (i: number) =>
      (body: DocumentJson): object => ({
        ...body,
        tcbLevels: body.tcbLevels.map((level, j) => (i === j ? { ...level, tcbStatus: 'Splendid' } : level)),
      })
    for (const i of [0, 1]) {
      await refuses(tdx({ endorsements: { tcbInfo: unknown(i) } }), 'tcb-info-format', /unknown tcbStatus "Splendid"/)
      await refuses(
        tdx({ endorsements: { qeIdentity: unknown(i) } }),
        'qe-identity-format',
        /unknown tcbStatus "Splendid"/,
      )
    }
    // What only platforms can be, a quoting enclave cannot.
    const hardening = (body: DocumentJson): object => ({
      ...body,
      tcbLevels: [{ ...body.tcbLevels[0], tcbStatus: 'SWHardeningNeeded' }],
    })
    await refuses(
      tdx({ endorsements: { qeIdentity: hardening } }),
      'qe-identity-format',
      /unknown tcbStatus "SWHardeningNeeded"/,
    )
  })

  test('T-D40 certification data without a chain needs one from outside', async () => {
    for (const certificationDataType of [1, 2, 3, 4]) {
      const quote = { certificationDataType, certificationData: pattern(404) }
      await refuses(
        sgx({ quote }),
        'pck-chain-missing',
        new RegExp(`type ${certificationDataType}.*pckCertificateChain must be given`),
      )
      await expect(sgx({ quote, items: { pckCertificateChain: attester.pckChain } })).resolves.toBeDefined()
      await refuses(
        sgx({ quote, items: { pckCertificateChain: attester.signerChain } }),
        'cert-path',
        /expected 3, found 2/,
      )
      await refuses(
        sgx({ quote, items: { pckCertificateChain: 5 } }),
        'endorsement-missing',
        /endorsements.pckCertificateChain/,
      )
    }
    for (const certificationDataType of [0, 6, 7, 0xffff])
      await refuses(
        sgx({ quote: { certificationDataType } }),
        'quote-format',
        /certification data type: expected 1 to 5/,
      )
    // A chain inside is the one that counts.
    await expect(sgx({ items: { pckCertificateChain: 'nonsense' } })).resolves.toBeDefined()
  })
})

describe('documents', () => {
  test('T-D41 JSON that was parsed and written again', async () => {
    const pretty = (document: string): string => JSON.stringify(JSON.parse(document), null, 2)
    const spaced = (document: string): string => document.replace('"version":', '"version": ')
    for (const rewrite of [pretty, spaced]) {
      await refuses(tdx({ endorsements: { tcbInfoDocument: rewrite } }), 'tcb-info-signature', /every byte as served/)
      await refuses(
        tdx({ endorsements: { qeIdentityDocument: rewrite } }),
        'qe-identity-signature',
        /every byte as served/,
      )
    }
    // What is signed with spaces is right with spaces, and what is not signed may have some.
    const spacious = (text: string): string => text.replaceAll(',', ' ,\n').replaceAll(':{', ' : {')
    await expect(tdx({ endorsements: { tcbInfoText: spacious, qeIdentityText: spacious } })).resolves.toBeDefined()
    const outside = (document: string): string => ` ${document.replace(',"signature":', ' ,\n "signature" : ')}\n`
    await expect(tdx({ endorsements: { tcbInfoDocument: outside } })).resolves.toBeDefined()
    const swapped = (document: string): string => document.replace(/^\{(.*),("signature":"[0-9a-f]+")\}$/, '{$2,$1}')
    await expect(tdx({ endorsements: { tcbInfoDocument: swapped } })).resolves.toBeDefined()
  })

  test('T-D42 a byte order mark', async () => {
    await refuses(
      tdx({ endorsements: { tcbInfoDocument: (document) => `\uFEFF${document}` } }),
      'tcb-info-format',
      /TCB Info: not \{"tcbInfo":/,
    )
    await refuses(
      tdx({ endorsements: { qeIdentityText: (text) => `{\uFEFF${text.slice(1)}` } }),
      'qe-identity-format',
      /not JSON/,
    )
  })

  test('T-D43 a name that is there twice', async () => {
    const twice = (text: string): string => text.replace('{', '{"fmspc":"90C06F000000",')
    await refuses(tdx({ endorsements: { tcbInfoText: twice } }), 'tcb-info-format', /a name is there twice/)
    const escaped = (text: string): string => text.replace('{', '{"\\u0069d":"QE",')
    await refuses(tdx({ endorsements: { qeIdentityText: escaped } }), 'qe-identity-format', /a name is there twice/)
    // Two bodies, of which one is signed.
    const other = '"tcbInfo":{"id":"TDX"},'
    const second = (document: string): string => document.replace('"tcbInfo":', `${other}"tcbInfo":`)
    await refuses(tdx({ endorsements: { tcbInfoDocument: second } }), 'tcb-info-format', /not JSON/)
    const third = (document: string): string => document.replace('"signature"', `${other}"signature"`)
    await refuses(tdx({ endorsements: { tcbInfoDocument: third } }), 'tcb-info-format', /not JSON/)
  })

  test('T-D44 endorsements of another platform', async () => {
    // Everything of another platform of the same vendor: genuine, and about another kind of
    // processor.
    const other = await attester.endorsements({ tcbInfo: (body) => ({ ...body, fmspc: 'b0c06f000000' }) })
    await refuses(tdx({ items: { ...other } }), 'tcb-info-mismatch', /FMSPC/)
  })

  test('T-D45 TCB Info of the other TEE, and the older layout for TDX', async () => {
    const { tcbInfo: sgxInfo } = await attester.endorsements({ tee: 'sgx' })
    const { tcbInfo: tdxInfo } = await attester.endorsements({ tee: 'tdx' })
    await refuses(tdx({ items: { tcbInfo: sgxInfo } }), 'tcb-info-mismatch', /TEE of TCB Info: expected tdx, found sgx/)
    await refuses(sgx({ items: { tcbInfo: tdxInfo } }), 'tcb-info-mismatch', /TEE of TCB Info: expected sgx, found tdx/)
    await refuses(
      tdx({ endorsements: { tcbInfo: versionTwo } }),
      'tcb-info-mismatch',
      /TEE of TCB Info: expected tdx, found sgx/,
    )
    await expect(sgx({ endorsements: { tcbInfo: versionTwo } })).resolves.toBeDefined()
  })

  test('T-D46 lengths that lie', async () => {
    const lengthAt = 48 + 584
    for (const length of [0, 1, 0x7fffffff, 0x80000000, 0xffffffff])
      await refuses(
        tdx({
          quote: { quote: (quote) => concat(quote.subarray(0, lengthAt), u32(length), quote.subarray(lengthAt + 4)) },
        }),
        'quote-format',
        /needs|bytes after the quote/,
      )
    const inner = (offset: number, bytes: Uint8Array): Change => ({
      quote: { data: (data) => concat(data.subarray(0, offset), bytes, data.subarray(offset + bytes.length)) },
    })
    for (const length of [0, 0xffffffff]) {
      // The outer certification data, then the certification data inside it.
      await refuses(tdx(inner(130, u32(length))), 'quote-format', /needs/)
      await refuses(tdx(inner(134 + 384 + 64 + 2 + 32 + 2, u32(length))), 'quote-format', /needs|left over/)
    }
    await refuses(
      tdx(inner(134 + 384 + 64, u16(0xffff))),
      'quote-format',
      /QE authentication data at .* needs 65535 bytes/,
    )
  })

  test('T-D47 bytes after the quote, and inside its signature data', async () => {
    for (const length of [1, 70, 3065])
      await expect(tdx({ quote: { quote: (quote) => concat(quote, new Uint8Array(length)) } })).resolves.toBeDefined()
    await refuses(
      tdx({ quote: { quote: (quote) => concat(quote, [0, 0, 1]) } }),
      'quote-format',
      /3 bytes after the quote that are not all zero/,
    )
    await refuses(
      tdx({ quote: { data: (data) => concat(data, [0]) } }),
      'quote-format',
      /1 bytes left over in the signature data/,
    )
    await refuses(
      sgx({ quote: { data: (data) => concat(data, [0]) } }),
      'quote-format',
      /1 bytes left over in the signature data/,
    )
  })

  test('T-D48 endorsements from before a TCB recovery', async () => {
    const minimum = (value: number): Change => ({ options: { minimumTcbEvaluationDataNumber: value } })
    await expect(tdx(minimum(20))).resolves.toBeDefined()
    await refuses(
      tdx(minimum(21)),
      'policy-tcb-evaluation',
      /expected at least 21, found 20 of TCB Info, 20 of QE identity/,
    )
    // The lower of the two counts.
    const newer = (body: DocumentJson): object => ({ ...body, tcbEvaluationDataNumber: 21 })
    await refuses(
      tdx({ ...minimum(21), endorsements: { tcbInfo: newer } }),
      'policy-tcb-evaluation',
      /found 21 of TCB Info, 20 of QE identity/,
    )
    await expect(tdx({ ...minimum(21), endorsements: { tcbInfo: newer, qeIdentity: newer } })).resolves.toBeDefined()
  })

  test('T-D49 advisories come with the result, sorted, each once, of all parts', async () => {
    const accept = { acceptedTcbStatuses: ['OutOfDate'] }
    const body = [[tdOffsets.teeTcbSvn, unhex('060106')]] as const
    const { claims } = await tdx({ quote: { body, qeReport: [[sgxOffsets.isvSvn, u16(5)]] }, options: accept })
    expect(claims.advisoryIDs).toEqual(['INTEL-SA-00477', 'INTEL-SA-01103', 'INTEL-SA-01192', 'INTEL-SA-01245'])
    expect(claims.tcbDate).toEqual(new Date('2023-02-15T00:00:00Z'))
    expect(Object.isFrozen(claims.advisoryIDs)).toBe(true)
  })

  test('T-D50 states of the platform are accepted by name only, at launch and now', async () => {
    const states = [
      'SWHardeningNeeded',
      'ConfigurationNeeded',
      'ConfigurationAndSWHardeningNeeded',
      'OutOfDate',
      'OutOfDateConfigurationNeeded',
    ]
    for (const tcbStatus of states) {
      const tcbInfo = firstLevel((level) => ({ ...level, tcbStatus }))
      await refuses(
        tdx({ endorsements: { tcbInfo } }),
        'policy-tcb-status',
        new RegExp(`expected UpToDate, found ${tcbStatus} `),
      )
      await expect(
        tdx({ endorsements: { tcbInfo }, options: { acceptedTcbStatuses: [tcbStatus] } }),
      ).resolves.toBeDefined()
      const others = states.filter((state) => state !== tcbStatus)
      await refuses(
        tdx({ endorsements: { tcbInfo }, options: { acceptedTcbStatuses: others } }),
        'policy-tcb-status',
        new RegExp(`found ${tcbStatus} `),
      )
    }
    // Worse since launch: Intel's status is that of launch.
    const worse = td('teeTcbSvn2', unhex('070108'))
    await refuses(
      tdx(worse),
      'policy-tcb-status',
      /found UpToDate at launch, OutOfDate now \(INTEL-SA-01192, INTEL-SA-01245\)/,
    )
    expect((await tdx({ ...worse, options: { acceptedTcbStatuses: ['OutOfDate'] } })).claims).toMatchObject({
      tcbStatus: 'UpToDate',
      launchTcbStatus: 'UpToDate',
      currentTcbStatus: 'OutOfDate',
      advisoryIDs: [],
      currentAdvisoryIDs: ['INTEL-SA-01192', 'INTEL-SA-01245'],
    })
    // Better since launch: it should be launched again.
    const better = td('teeTcbSvn', unhex('070108'))
    await refuses(
      tdx(better),
      'policy-tcb-status',
      /found TDRelaunchAdvised at launch, UpToDate now.*\['TDRelaunchAdvised'\]/,
    )
    await expect(tdx({ ...better, options: { acceptedTcbStatuses: ['TDRelaunchAdvised'] } })).resolves.toBeDefined()
    await refuses(
      tdx({ ...better, options: { acceptedTcbStatuses: ['OutOfDate'] } }),
      'policy-tcb-status',
      /TDRelaunchAdvised/,
    )
  })
})

describe('anchors and expectations', () => {
  test('T-D51 a root with every name of the right one', async () => {
    const other = await createIntelAttester({ now })
    const evidence = await other.quote()
    const { options } = await makeTdx()
    await refuses(
      verifyTdx(evidence, { ...options, endorsements: await other.endorsements() }),
      'root-mismatch',
      /SHA-256 of the root/,
    )
    // Both trusted is not enough: platform and endorsements must be under one root.
    const both = { ...options, trustAnchors: [attester.root, other.root] }
    await expect(verifyTdx(evidence, { ...both, endorsements: await other.endorsements() })).resolves.toBeDefined()
    const { tcbInfo, tcbInfoIssuerChain, qeIdentity, qeIdentityIssuerChain } = await attester.endorsements()
    const mixed = { ...(await other.endorsements()), tcbInfo, tcbInfoIssuerChain, qeIdentity, qeIdentityIssuerChain }
    await refuses(
      verifyTdx(evidence, { ...both, endorsements: mixed }),
      'cert-path',
      /root of the PCK and root of tcbInfoIssuerChain: expected the same root, found two roots/,
    )
    // Without anchors of the caller's, Intel's own are what counts.
    const pinned = without(options, 'trustAnchors') as TdxOptions
    await refuses(verifyTdx((await makeTdx()).evidence, pinned), 'root-mismatch', /expected 44a0196b.* or fc64f807/)
  })

  test('T-D52 what is changed while a verification is under way has no effect', async () => {
    const { evidence, options } = await makeTdx()
    const expected = new Uint8Array(reportData)
    const endorsements = { ...options.endorsements }
    const referenceValues = { ...tdReferenceValues, mrTd: unhex(measurements.mrTd) }
    const acceptedTcbStatuses: TcbStatus[] = []
    const serviceTds: Uint8Array[] = []
    const given = { ...options, endorsements, referenceValues, reportData: expected, acceptedTcbStatuses, serviceTds }
    const pending = verifyTdx(evidence, given)
    evidence.fill(0)
    expected.fill(0)
    referenceValues.mrTd.fill(0)
    endorsements.tcbInfo = ''
    acceptedTcbStatuses.push('OutOfDate')
    serviceTds.push(new Uint8Array(48))
    const { claims } = await pending
    expect(hex(claims.mrTd)).toBe(measurements.mrTd)
    expect(hex(claims.reportData)).toBe(hex(reportData))
    expect(Object.isFrozen(claims) && Object.isFrozen(claims.platform)).toBe(true)
  })
})

function withFlip(bytes: Uint8Array, at: number): Uint8Array<ArrayBuffer> {
  const copy = new Uint8Array(bytes)
  copy[at] = (copy[at] ?? 0) ^ 1
  return copy
}

/** The deprecated layout of TCB Info. */
function versionTwo(body: DocumentJson): object {
  return {
    ...without(body, 'id', 'tdxModule', 'tdxModuleIdentities'),
    version: 2,
    tcbLevels: body.tcbLevels.map(({ tcb, ...level }) => ({
      ...level,
      tcb: {
        pcesvn: tcb.pcesvn,
        ...Object.fromEntries(
          tcb.sgxtcbcomponents.map(({ svn }, i) => [`sgxtcbcomp${String(i + 1).padStart(2, '0')}svn`, svn]),
        ),
      },
    })),
  }
}
