/**
 * The attacks and mistakes that T-S1 to T-S30 list, one test or more each, on reports of a made-up
 * AMD: everything but the one thing is right, signatures included.
 */
import { describe, expect, test } from 'vitest'
import { readFileSync } from 'node:fs'
import {
  advisoriesAsOf,
  allowDebug,
  allowMigration,
  allowProvisionalFirmware,
  allowUnknownBits,
  anyValue,
  AppraisalError,
  skipReportData,
  verifySevSnp,
} from '../../../../src/formats/sev-snp.ts'
import {
  amdExtension,
  at,
  certificateTable,
  createAmdAttester,
  extensionOf,
  guest,
  nameOf,
  pem,
  type ReportPatch,
  spl,
  tableGuids,
  tcbBytes,
  u32,
  u64,
} from '../../../attester/amd.ts'
import { concat, hex, pattern, unhex } from '../../../attester/bytes.ts'
import { element, octetString } from '../../../attester/der.ts'
import { type Change, day, keys, makeSnp, now, otherKeys, refusalOf, snp, soundAttester, without } from './made.ts'

const fields = (...patches: readonly ReportPatch[]): Change => ({ report: { fields: patches } })
const tcb = (change: Partial<typeof guest.tcb>): Uint8Array => tcbBytes('Genoa', { ...guest.tcb, ...change })

/** What it is refused with, `code: message`; for an appraisal, that nothing else failed. */
async function refusal(change: Change): Promise<string> {
  const error = await refusalOf(snp(change))
  if (error instanceof AppraisalError) expect(error.failures.map(({ id }) => id)).toEqual([error.code])
  return `${error.code}: ${error.message}`
}

test('the guest that is changed below is accepted as it is, of every product and by both kinds of keys', async () => {
  for (const product of ['Milan', 'Genoa', 'Turin'] as const)
    for (const kind of ['VCEK', 'VLEK'] as const) {
      const { claims, matched } = await snp({ amd: { product, kind } })
      expect([claims.product, claims.signingKey, matched]).toEqual([product, kind, 'release'])
    }
})

describe('T-S1 the TCB and the chip are those of the key, not what the report says of itself', () => {
  const parts = ['bootloader', 'tee', 'snp', 'microcode'] as const

  test.each(parts)('%s above that of the key', async (part) => {
    const more = tcb({ [part]: guest.tcb[part] + 1 })
    const change = fields([at.reportedTcb, more], [at.currentTcb, more], [at.committedTcb, more])
    expect(await refusal(change)).toMatch(
      new RegExp(
        `^vek-tcb-mismatch: TCB of the VCEK: expected .*${part} ${guest.tcb[part] + 1}.*, found .*${part} ${guest.tcb[part]}`,
      ),
    )
  })

  test.each(parts)('%s below that of the key', async (part) => {
    expect(await refusal(fields([at.reportedTcb, tcb({ [part]: guest.tcb[part] - 1 })]))).toMatch(/^vek-tcb-mismatch: /)
  })

  test('a part that no product uses is not zero in the certificate', async () => {
    for (const part of ['spl4', 'spl5', 'spl6', 'spl7'])
      expect(await refusal({ amd: { vek: { tcb: { [part]: spl(1) } } } })).toMatch(
        /^vek-tcb-mismatch: .*, and parts that are not in use$/,
      )
  })

  test('the last byte alone is equal: 256 more', async () => {
    const long = element(0x02, Uint8Array.of(1, guest.tcb.snp))
    expect(await refusal({ amd: { vek: { tcb: { snp: long } } } })).toMatch(
      /^vek-cert-format: VCEK has a malformed SPL of snp: expected an INTEGER of 0 to 255, found 0202011b$/,
    )
  })

  test('another chip: in the certificate, in the report, in one bit, beyond the 8 bytes of Turin', async () => {
    const message = 'vek-chip-id-mismatch: chip of the VCEK: expected that of the report, found another'
    const oneBit = guest.chipId.map((byte, i) => (i === 63 ? byte ^ 1 : byte))
    expect(await refusal({ amd: { vek: { hwId: pattern(64, 3) } } })).toBe(message)
    expect(await refusal(fields([at.chipId, oneBit]))).toBe(message)
    expect(await refusal({ amd: { product: 'Turin' }, ...fields([at.chipId + 8, [1]]) })).toBe(message)
    expect(await refusal({ amd: { vek: { hwId: guest.chipId.subarray(0, 8) } } })).toBe(message)
  })

  test('a chip id that looks like DER is compared as it is', async () => {
    const hwId = concat([0x04, 62], pattern(62))
    await expect(snp({ amd: { vek: { hwId } }, ...fields([at.chipId, hwId]) })).resolves.toBeDefined()
    // An OCTET STRING around the id is not the id.
    expect(await refusal({ amd: { vek: { hwId: octetString(guest.chipId) } } })).toMatch(/^vek-chip-id-mismatch/)
  })
})

describe('T-S2 minimums are for what is reported and for what is committed', () => {
  const row = (parts: object): Change => ({ options: { minimumTcb: { product: 'Genoa', ...parts } } })
  const allowed = { provisionalFirmware: allowProvisionalFirmware }

  test('reported below', async () => {
    expect(await refusal(row({ microcode: 0x59 }))).toMatch(
      /^policy-tcb: TCB, reported and committed: expected at least microcode 89, found reported: .*microcode 88; committed: .*microcode 88$/,
    )
  })

  test('committed below: the host could go back', async () => {
    const change = fields([at.committedTcb, tcb({ snp: 26 })])
    const options = { ...row({ snp: 27 }).options, ...allowed }
    expect(await refusal({ ...change, options })).toMatch(/^policy-tcb: .*committed: bootloader 10, tee 2, snp 26/)
    await expect(snp({ ...change, options: { ...row({ snp: 26 }).options, ...allowed } })).resolves.toBeDefined()
  })

  test('reported below, committed above: the host reports an older TCB on purpose', async () => {
    const change: Change = { amd: { vek: { tcb: { snp: spl(26) } } }, ...fields([at.reportedTcb, tcb({ snp: 26 })]) }
    expect(await refusal({ ...change, ...row({ snp: 27 }) })).toMatch(/^policy-tcb: .*found reported: .*snp 26/)
    await expect(snp(change)).resolves.toBeDefined()
  })

  test('every part by itself, never as one number', async () => {
    // As one number, microcode above would outweigh everything below it.
    expect(await refusal(row({ microcode: 1, bootloader: 11 }))).toMatch(/^policy-tcb: /)
  })

  test('rows that match must all hold, and one must match', async () => {
    const rows = (...minimumTcb: readonly object[]): Change => ({ options: { minimumTcb } })
    const sound = { product: 'Genoa', snp: 1 }
    expect(await refusal(rows(sound, { product: 'Genoa', model: 0x11, stepping: 1, snp: 28 }))).toMatch(/^policy-tcb: /)
    await expect(snp(rows(sound, { product: 'Genoa', model: 0xa0, snp: 28 }))).resolves.toBeDefined()
    expect(await refusal(rows({ product: 'Turin', snp: 1 }))).toBe(
      'policy-tcb: TCB, reported and committed: expected a row for this platform, found none for Genoa, model 17, stepping 1',
    )
  })

  test('version 2 matches rows without model and stepping only', async () => {
    const version2 = { amd: { product: 'Milan' }, report: { version: 2 } } as const
    const options = { products: ['Milan'], platformInfo: { aliasCheckComplete: anyValue } }
    const ask = (row: object): Change => ({
      ...version2,
      options: { ...options, minimumTcb: { product: 'Milan', ...row } },
    })
    await expect(snp(ask({ snp: 27 }))).resolves.toBeDefined()
    expect(await refusal(ask({ snp: 27, model: 1 }))).toMatch(/found none for Milan, which does not say its model$/)
  })

  test('at launch, of firmware, of mitigations, of the guest', async () => {
    const launched = fields([at.launchTcb, tcb({ snp: 20 })])
    expect(await refusal({ ...launched, options: { minimumLaunchTcb: { product: 'Genoa', snp: 21 } } })).toMatch(
      /^policy-tcb: TCB at launch: expected at least snp 21, found launch: .*snp 20/,
    )
    expect(await refusal({ options: { minimumFirmware: [1, 55, 55] } })).toBe(
      'policy-firmware: committed firmware: expected at least 1.55.55, found 1.55.54',
    )
    await expect(snp({ options: { minimumFirmware: [1, 55, 54] } })).resolves.toBeDefined()
    expect(await refusal({ options: { minimumMitigations: { current: 4n } } })).toBe(
      'policy-mitigations: mitigations: expected bits 0x0 at launch, 0x4 now, found 0x3 at launch, 0x3 now',
    )
    expect(await refusal({ options: { minimumMitigations: { launch: 7 } } })).toMatch(/^policy-mitigations: /)
    await expect(snp({ options: { minimumMitigations: { launch: 2, current: 3n } } })).resolves.toBeDefined()
    // Below version 5 there are none.
    expect(await refusal({ report: { version: 4 }, options: { minimumMitigations: { current: 1 } } })).toMatch(
      /^policy-mitigations: .*found 0x0 at launch, 0x0 now$/,
    )
    expect(await refusal({ ...fields([at.guestSvn, u32(3)]), options: { minimumGuestSvn: 4 } })).toBe(
      'policy-guest-svn: GUEST_SVN: expected at least 4, found 3',
    )
    await expect(snp({ ...fields([at.guestSvn, u32(4)]), options: { minimumGuestSvn: 4 } })).resolves.toBeDefined()
  })

  test('the host can still go back: provisional firmware', async () => {
    for (const change of [
      fields([at.committedTcb, tcb({ microcode: 1 })]),
      fields([at.committedVersion, [53, 55, 1]]),
    ]) {
      expect(await refusal(change)).toMatch(
        /^policy-provisional-firmware: firmware: expected committed, found provisional: 1\.55\.54 .* runs, 1\.55\.5[34] .* is committed$/,
      )
      await expect(snp({ ...change, options: allowed })).resolves.toBeDefined()
    }
  })
})

describe('T-S3 report data is required, whole', () => {
  test.each([
    ['nothing', undefined],
    ['32 bytes: no prefix is compared', guest.reportData.subarray(0, 32)],
    ['65 bytes', concat(guest.reportData, [0])],
    ['text', hex(guest.reportData)],
  ])('%s', async (_what, reportData) => {
    const { evidence, options } = await makeSnp({ options: { reportData } })
    await expect(verifySevSnp(evidence, options)).rejects.toThrow(
      new TypeError('reportData must be exactly 64 bytes (Uint8Array), or skipReportData'),
    )
  })

  test('another nonce, in one bit of the last byte', async () => {
    const other = guest.reportData.map((byte, i) => (i === 63 ? byte ^ 1 : byte))
    expect(await refusal(fields([at.reportData, other]))).toMatch(/^policy-report-data: report data: expected 090a/)
  })

  test('it is skipped by name only, and the record says so', async () => {
    const { checks } = await snp({ options: { reportData: skipReportData } })
    expect(checks.find(({ id }) => id === 'policy-report-data')?.outcome).toBe('skipped')
  })
})

test('T-S4 every result says what no report covers', async () => {
  const { claims } = await snp()
  expect(claims.notCovered.length).toBeGreaterThanOrEqual(6)
  const text = claims.notCovered.join(' ')
  for (const word of ['no date', 'Where', 'after launch', 'ACPI', 'HOST_DATA', 'Battering RAM', 'side channels'])
    expect(text).toContain(word)
  expect(Object.isFrozen(claims.notCovered)).toBe(true)
})

describe('T-S5 ARK and ASK of the evidence are never used', () => {
  test('those of a stranger in the table change nothing', async () => {
    const stranger = await createAmdAttester({ now, keys: otherKeys })
    const table = certificateTable(
      [tableGuids.ARK, stranger.ark],
      [tableGuids.ASK, stranger.intermediate],
      [tableGuids.VCEK, (await soundAttester()).vek],
    )
    await expect(snp({ table, items: { vek: undefined } })).resolves.toBeDefined()
  })

  test('a whole chain of a stranger in the table is no chain', async () => {
    const stranger = await createAmdAttester({ now, keys: otherKeys })
    const table = certificateTable(
      [tableGuids.VCEK, stranger.vek],
      [tableGuids.ASK, stranger.intermediate],
      [tableGuids.ARK, stranger.ark],
    )
    const signed: Change = { report: { signedBy: otherKeys.vek.privateKey }, table, items: { vek: undefined } }
    expect(await refusal(signed)).toMatch(/^cert-chain-signature: VCEK: signature does not match ASK/)
    expect(await refusal({ ...signed, items: { vek: undefined, certificateChain: undefined } })).toMatch(
      /^endorsement-missing: no endorsements\.certificateChain/,
    )
  })

  test('a VCEK of the caller goes before that of the table', async () => {
    const table = certificateTable([tableGuids.VCEK, new Uint8Array(32)])
    await expect(snp({ table })).resolves.toBeDefined()
  })

  test('PEM in the table, as some hosts deliver it', async () => {
    const { vek } = await soundAttester()
    const bytes = (text: string): Uint8Array => new TextEncoder().encode(text)
    const table = (text: string): Uint8Array => certificateTable([tableGuids.VCEK, bytes(text)])
    await expect(snp({ table: table(pem(vek)), items: { vek: undefined } })).resolves.toBeDefined()
    expect(await refusal({ table: table(pem(vek) + pem(vek)), items: { vek: undefined } })).toBe(
      'endorsement-format: VCEK of the certificate table: expected one certificate, found 2',
    )
  })
})

describe('T-S6 bits that are not known are refused', () => {
  test.each([26n, 40n, 63n])('bit %i of the guest policy', async (bit) => {
    const change = fields([at.policy, u64(0x30000n | (1n << bit))])
    expect(await refusal(change)).toBe(
      `policy-guest-policy: guest policy: expected unknown bits none, found unknown bits 0x${(1n << bit).toString(16)}`,
    )
    await expect(snp({ ...change, options: { unknownBits: allowUnknownBits } })).resolves.toBeDefined()
  })

  test.each([8n, 32n, 63n])('bit %i of the platform info', async (bit) => {
    const change = fields([at.platformInfo, u64(0x25n | (1n << bit))])
    expect(await refusal(change)).toMatch(/^policy-platform-info: platform info: expected unknown bits none, found /)
    await expect(snp({ ...change, options: { unknownBits: allowUnknownBits } })).resolves.toBeDefined()
  })

  test('bit 6 of the platform info is known: every genuine Turin sets it', async () => {
    const { claims } = await snp(fields([at.platformInfo, u64(0x65n)]))
    expect(claims.platformInfo.iommuWriteSafe).toBe(true)
  })
})

describe('T-S7 names are those of AMD, all six attributes', () => {
  const country = (name: Uint8Array): Uint8Array => unhex(hex(name).replace('13025553', '13025541'))

  test('another country in issuer and subject of the ARK', async () => {
    const tbs = (given: Uint8Array[]): Uint8Array[] =>
      given.map((field, i) => (i === 3 || i === 5 ? country(field) : field))
    expect(await refusal({ amd: { ark: { tbs } } })).toMatch(
      /^cert-chain-name: subject of ARK: expected OU=Engineering, C=US, .*, CN=ARK-Genoa, found 30/,
    )
  })

  test('another country in the subject of the ASK', async () => {
    const tbs = (given: Uint8Array[]): Uint8Array[] => given.map((field, i) => (i === 5 ? country(field) : field))
    expect(await refusal({ amd: { intermediate: { tbs } } })).toMatch(
      /^cert-chain-name: subject of ASK: expected OU=Engineering, C=US, /,
    )
  })
})

test('T-S8 distribution points of lists are not followed, whatever they say', async () => {
  const extensions = (given: Uint8Array[]): Uint8Array[] => [
    ...given,
    extensionOf('2.5.29.31', octetString(pattern(4))),
  ]
  await expect(snp({ amd: { intermediate: { extensions } } })).resolves.toBeDefined()
})

test('T-S9 the ASK is that of the product', async () => {
  const tbs = (given: Uint8Array[]): Uint8Array[] => given.map((field, i) => (i === 5 ? nameOf('SEV-Milan') : field))
  expect(await refusal({ amd: { intermediate: { tbs } } })).toMatch(
    /^cert-chain-name: subject of ASK: expected .*, CN=SEV-Genoa, found 30/,
  )
})

describe('T-S10 processors without a known root are refused', () => {
  test.each([
    [0x19, 0x20],
    [0x19, 0x50],
    [0x19, 0xb0],
    [0x1a, 0x20],
    [0x1a, 0x50],
    [0x17, 0x31],
    [0, 0],
  ])('family %i, model %i', async (family, model) => {
    const found = `family 0x${family.toString(16)}, model 0x${model.toString(16)}`
    expect(await refusal(fields([at.cpu, [family, model, 1]]))).toBe(
      `report-product: processor: expected Milan, Genoa, Turin, found ${found}`,
    )
  })

  test('a processor of another line than the certificates', async () => {
    expect(await refusal(fields([at.cpu, [0x19, 1, 1]]))).toBe(
      'vek-product-mismatch: product of the processor and of the certificates: expected Genoa, found Milan',
    )
    expect(await refusal({ amd: { vek: { productName: 'Milan-B0' } } })).toBe(
      'vek-product-mismatch: product of the VCEK: expected Genoa, found Milan-B0',
    )
  })

  test('a root of a name that is not known, though the caller trusts it', async () => {
    const tbs = (given: Uint8Array[]): Uint8Array[] =>
      given.map((field, i) => (i === 3 || i === 5 ? nameOf('ARK-Venice') : field))
    expect(await refusal({ amd: { ark: { tbs } } })).toMatch(/^cert-chain-name: name of the ARK: /)
  })
})

describe('T-S11 the list is that of this root', () => {
  test('signed by another key, of the same name', async () => {
    expect(await refusal({ amd: { crl: { signedBy: otherKeys.ark.privateKey } } })).toMatch(
      /^crl-signature: CRL of the ARK: signature does not match ARK/,
    )
    expect(await refusal({ amd: { crl: { signedBy: keys.ask.privateKey } } })).toMatch(/^crl-signature: /)
  })

  test('of another product', async () => {
    expect(await refusal({ amd: { crl: { issuer: 'Milan' } } })).toBe('crl-issuer: CRL of the ARK is not of ARK')
  })
})

test('T-S12 an ASK that the root revoked', async () => {
  expect(await refusal({ amd: { crl: { revoked: ['05', '010001'] } } })).toMatch(
    /^crl-revoked: ASK: revoked since 2026-05-02T12:00:00\.000Z by CRL of the ARK, serial number 0203010001$/,
  )
  // The serial number 0 of every VCEK in the list of the ARK is nobody's.
  await expect(snp({ amd: { crl: { revoked: ['00', '010002'] } } })).resolves.toBeDefined()
})

test('T-S13 the stepping in the name of a product means nothing', async () => {
  for (const productName of ['Genoa', 'Genoa-B0', 'Genoa-A1'])
    await expect(snp({ amd: { vek: { productName } } })).resolves.toBeDefined()
  for (const productName of ['Genoa-', 'Genoa-B', 'Genoa-B00', 'Genoa B0', 'genoa', 'GenoaX', ''])
    expect(await refusal({ amd: { vek: { productName } } })).toMatch(/^vek-(product-mismatch|cert-format): /)
  await expect(snp(fields([at.cpu, [0x19, 0x11, 7]]))).resolves.toBeDefined()
})

describe('T-S14 keys of clouds, and dates', () => {
  const vlek = { amd: { kind: 'VLEK' } } as const
  const cloud = 'CN=cc-us-east-2.example.com'

  test('the cloud is that of the certificate', async () => {
    const { claims } = await snp({ ...vlek, options: { cspIds: [cloud] } })
    expect([claims.cspId, claims.chipId, claims.product]).toEqual([cloud, undefined, 'Genoa'])
    expect(await refusal({ ...vlek, options: { cspIds: ['CN=other'] } })).toBe(
      `policy-csp: cloud provider: expected CN=other, found ${cloud}`,
    )
    expect(await refusal({ options: { cspIds: [cloud] } })).toBe(
      `policy-csp: cloud provider: expected ${cloud}, found none: the report is signed by a VCEK`,
    )
  })

  test('a VLEK with the extensions of a VCEK, and the other way round', async () => {
    expect(await refusal({ amd: { kind: 'VLEK', vek: { hwId: guest.chipId } } })).toBe(
      'vek-cert-format: VLEK has the extension 2b060104019c780104, which is none of a VLEK of Genoa',
    )
    expect(await refusal({ amd: { vek: { cspId: cloud } } })).toMatch(/^vek-cert-format: VCEK has the extension /)
    expect(await refusal({ amd: { kind: 'VLEK', vek: { cspId: undefined } } })).toBe(
      'vek-cert-format: VLEK has no cspID',
    )
    expect(await refusal({ amd: { vek: { hwId: undefined } } })).toBe('vek-cert-format: VCEK has no hwID')
  })

  test('a certificate that is not valid yet, or not any more; the skew is 300 s', async () => {
    const late = { notAfter: new Date(now.getTime() - 301_000) }
    const early = { notBefore: new Date(now.getTime() + 301_000) }
    for (const which of ['ark', 'intermediate', 'vek'] as const) {
      expect(await refusal({ amd: { [which]: late } })).toMatch(/^cert-validity: (ARK|ASK|VCEK) has expired: /)
      expect(await refusal({ amd: { [which]: early } })).toMatch(/^cert-validity: (ARK|ASK|VCEK) is not valid yet: /)
    }
    // AMD dates certificates back by a day; ours may be younger than the report.
    await expect(snp({ amd: { vek: { notBefore: new Date(now.getTime() + 299_000) } } })).resolves.toBeDefined()
  })

  test('a list that is not current', async () => {
    expect(await refusal({ amd: { crl: { nextUpdate: new Date(now.getTime() - 301_000) } } })).toMatch(
      /^crl-validity: /,
    )
    expect(await refusal({ amd: { crl: { thisUpdate: new Date(now.getTime() + 301_000) } } })).toMatch(
      /^crl-validity: /,
    )
  })

  test('the result is valid until the first of them is not', async () => {
    const { validUntil } = await snp({ amd: { crl: { nextUpdate: new Date(now.getTime() + day) } } })
    expect(validUntil).toEqual(new Date(now.getTime() + day))
  })
})

test('T-S15 a guest that the host may debug', async () => {
  const change = fields([at.policy, u64(0xb0000n)])
  expect(await refusal(change)).toBe('policy-debug: debug mode: expected off, found on: the host may read the memory')
  const { claims } = await snp({ ...change, options: { debug: allowDebug } })
  expect(claims.debug).toBe(true)
})

test('T-S16 a guest that an agent may move, by its policy or because it has one', async () => {
  for (const change of [fields([at.policy, u64(0x70000n)]), fields([at.reportIdMa, pattern(32)])]) {
    expect(await refusal(change)).toBe('policy-migration: migration: expected off, found on')
    await expect(snp({ ...change, options: { migration: allowMigration } })).resolves.toBeDefined()
  }
})

describe('T-S17 what the host may do, and what it does: flags', () => {
  const policyBits = {
    smtAllowed: 16n,
    singleSocket: 20n,
    memAes256Xts: 22n,
    raplDisabled: 23n,
    ciphertextHiding: 24n,
    pageSwapDisabled: 25n,
  } as const
  const platformBits = {
    smtEnabled: 0n,
    tsmeEnabled: 1n,
    eccEnabled: 2n,
    raplDisabled: 3n,
    ciphertextHiding: 4n,
    iommuWriteSafe: 6n,
    tioEnabled: 7n,
  } as const

  test.each(Object.entries(policyBits))('%s of the guest policy', async (flag, bit) => {
    const raw = (isSet: boolean): Change => fields([at.policy, u64(0x20000n | (isSet ? 1n << bit : 0n))])
    for (const isSet of [true, false]) {
      await expect(snp({ ...raw(isSet), options: { guestPolicy: { [flag]: isSet } } })).resolves.toBeDefined()
      await expect(snp({ ...raw(isSet), options: { guestPolicy: { [flag]: anyValue } } })).resolves.toBeDefined()
      expect(await refusal({ ...raw(isSet), options: { guestPolicy: { [flag]: !isSet } } })).toMatch(
        new RegExp(`^policy-guest-policy: guest policy: expected ${flag} ${!isSet}, found ${flag} ${isSet}$`),
      )
    }
  })

  test.each(Object.entries(platformBits))('%s of the platform info', async (flag, bit) => {
    const raw = (isSet: boolean): Change => fields([at.platformInfo, u64(0x20n | (isSet ? 1n << bit : 0n))])
    for (const isSet of [true, false]) {
      await expect(snp({ ...raw(isSet), options: { platformInfo: { [flag]: isSet } } })).resolves.toBeDefined()
      expect(await refusal({ ...raw(isSet), options: { platformInfo: { [flag]: !isSet } } })).toMatch(
        new RegExp(`^policy-platform-info: platform info: expected ${flag} ${!isSet}, found ${flag} ${isSet}$`),
      )
    }
  })

  test('CXL is refused unless it may be any', async () => {
    const change = fields([at.policy, u64(0x230000n)])
    expect(await refusal(change)).toBe(
      'policy-guest-policy: guest policy: expected cxlAllowed false, found cxlAllowed true',
    )
    await expect(snp({ ...change, options: { guestPolicy: { cxlAllowed: anyValue } } })).resolves.toBeDefined()
  })
})

test('T-S18 the firmware ABI that the guest demands', async () => {
  const change = fields([at.policy, u64(0x30137n)])
  await expect(snp({ ...change, options: { guestPolicy: { minimumAbi: [1, 55] } } })).resolves.toBeDefined()
  for (const minimumAbi of [
    [1, 56],
    [2, 0],
  ])
    expect(await refusal({ ...change, options: { guestPolicy: { minimumAbi } } })).toBe(
      `policy-guest-policy: guest policy: expected minimum ABI at least ${minimumAbi.join('.')}, found minimum ABI 1.55`,
    )
})

describe('T-S19 who asked', () => {
  test.each([1, 2, 3])('VMPL %i', async (vmpl) => {
    const change = fields([at.vmpl, u32(vmpl)])
    expect(await refusal(change)).toBe(`policy-vmpl: VMPL that asked for the report: expected 0, found ${vmpl}`)
    await expect(snp({ ...change, options: { vmpl } })).resolves.toBeDefined()
    await expect(snp({ ...change, options: { vmpl: [0, vmpl] } })).resolves.toBeDefined()
  })

  test('the host can never be meant', async () => {
    const change = fields([at.vmpl, u32(0xffff_ffff)])
    expect(await refusal({ ...change, options: { vmpl: [0, 1, 2, 3] } })).toBe(
      'policy-vmpl: VMPL that asked for the report: expected 0 or 1 or 2 or 3, found the host, not the guest',
    )
    const { evidence, options } = await makeSnp({ ...change, options: { vmpl: 0xffff_ffff } })
    await expect(verifySevSnp(evidence, options)).rejects.toThrow(TypeError)
  })
})

describe('T-S20 the kind of key is that of the certificate', () => {
  test('none, and numbers that are reserved', async () => {
    for (const kind of [2, 3, 4, 5, 6, 7])
      expect(await refusal(fields([at.keyInfo, u32(kind << 2)]))).toBe(
        `report-signing-key: key that signed the report: expected VCEK or VLEK, not masked, found ${kind}`,
      )
  })

  test('a VCEK that the report calls a VLEK, and the other way round', async () => {
    expect(await refusal(fields([at.keyInfo, u32(4)]))).toMatch(
      /^cert-chain-name: subject of ASVK: expected .*CN=SEV-VLEK-Genoa/,
    )
    expect(await refusal({ amd: { kind: 'VLEK' }, ...fields([at.keyInfo, u32(0)]) })).toMatch(
      /^cert-chain-name: subject of ASK: expected .*CN=SEV-Genoa/,
    )
  })
})

describe('T-S21 a masked key or chip', () => {
  test('MASK_CHIP_KEY on a report that is signed all the same', async () => {
    expect(await refusal(fields([at.keyInfo, u32(2)]))).toBe(
      'report-signing-key: key that signed the report: expected VCEK or VLEK, not masked, found VCEK, masked: the report is not signed',
    )
  })

  test('zeros in the place of a signature', async () => {
    const zeros = new Uint8Array(144)
    expect(await refusal({ report: { after: [[at.signature, zeros]] } })).toMatch(/^report-signature: /)
  })

  test('a chip id of zeros, in report and certificate', async () => {
    const none = new Uint8Array(64)
    expect(await refusal({ amd: { vek: { hwId: none } }, ...fields([at.chipId, none]) })).toMatch(
      /^vek-chip-id-mismatch: /,
    )
  })
})

test('T-S22 the keys of the ID block are compared whether or not there is an author', async () => {
  const change = fields([at.keyInfo, u32(1)], [at.authorKeyDigest, pattern(48, 4)], [at.idKeyDigest, pattern(48, 3)])
  expect(await refusal(change)).toMatch(/^policy-measurements: /)
  const build = { measurement: guest.measurement, idKeyDigest: pattern(48, 3) }
  expect(await refusal({ ...change, options: { referenceValues: build } })).toMatch(/^policy-measurements: /)
  const { claims } = await snp({
    ...change,
    options: { referenceValues: { ...build, authorKeyDigest: pattern(48, 4) } },
  })
  expect(claims.authorKeyEnabled).toBe(true)
})

describe('T-S23 the numbers of the signature', () => {
  const n = BigInt(`0x${'f'.repeat(48)}c7634d81f4372ddf581a0db248b0a77aecec196accc52973`)
  const number = (bytes: Uint8Array): bigint => BigInt(`0x${hex(bytes.slice().reverse())}`)
  const littleEndian = (value: bigint): Uint8Array => unhex(value.toString(16).padStart(96, '0')).reverse()

  test('big-endian, swapped, zero, or not below the order', async () => {
    const { amd } = await makeSnp()
    const report = await amd.report()
    const [r, s] = [report.slice(0x2a0, 0x2d0), report.slice(0x2e8, 0x318)]
    const zero = new Uint8Array(48)
    for (const [first, second] of [
      [r.slice().reverse(), s.slice().reverse()],
      [s, r],
      [zero, s],
      [r, zero],
      [littleEndian(n), s],
      [r, littleEndian(n)],
      [new Uint8Array(48).fill(0xff), s],
    ] as const) {
      const { evidence, options } = await makeSnp()
      evidence.set(report)
      evidence.set(first, 0x2a0)
      evidence.set(second, 0x2e8)
      const error = await refusalOf(verifySevSnp(evidence, options))
      expect(`${error.code}: ${error.message}`).toMatch(/^report-signature: report: signature does not match VCEK/)
    }
  })

  test('n - s is the other valid form: bytes of a report are no identifier', async () => {
    const { evidence, options } = await makeSnp()
    evidence.set(littleEndian(n - number(evidence.slice(0x2e8, 0x318))), 0x2e8)
    await expect(verifySevSnp(evidence, options)).resolves.toBeDefined()
  })

  test('what is behind the numbers is zero', async () => {
    for (const offset of [0x2d0, 0x2e7, 0x318, 0x32f, 0x330, 0x49f])
      expect(await refusal({ report: { after: [[offset, [1]]] } })).toMatch(
        /^report-reserved: reserved bytes of the report at /,
      )
  })

  test('another algorithm', async () => {
    for (const algorithm of [0, 2, 0x101])
      expect(await refusal(fields([at.algorithm, u32(algorithm)]))).toMatch(/^report-algorithm: /)
  })
})

describe('T-S24 versions', () => {
  test('2 to 5, and what each of them has', async () => {
    for (const version of [2, 3, 4, 5]) {
      const options = version === 2 ? { platformInfo: { aliasCheckComplete: anyValue } } : {}
      const { claims } = await snp({ report: { version }, options })
      expect(claims.cpu === undefined).toBe(version === 2)
      expect(claims.launchMitVector === undefined).toBe(version < 5)
      expect(claims.product).toBe('Genoa')
    }
  })

  test.each([0, 1, 6, 0x102])('%i is not known', async (version) => {
    expect(await refusal(fields([at.version, u32(version)]))).toBe(
      `report-version: version of the report: expected 2 to 5, found ${version}`,
    )
  })

  test('what a version does not have is reserved', async () => {
    const [cpu, vectors] = [[at.cpu, [0x19]] as ReportPatch, [at.launchMitVector, [1]] as ReportPatch]
    expect(await refusal({ report: { version: 2, fields: [cpu] } })).toMatch(/^report-reserved: .* at 0x188: /)
    for (const version of [2, 3, 4])
      expect(await refusal({ report: { version, fields: [vectors] } })).toMatch(/^report-reserved: .* at 0x1f8: /)
  })
})

describe('T-S25 the TCB of Turin', () => {
  const turin = { amd: { product: 'Turin' } } as const

  test('has an FMC, and its bytes in other places', async () => {
    const { claims } = await snp({
      ...turin,
      options: { minimumTcb: { product: 'Turin', fmc: 1, bootloader: 10, snp: 27 } },
    })
    expect(claims.reportedTcb).toEqual(guest.tcb)
    expect(await refusal({ ...turin, options: { minimumTcb: { product: 'Turin', fmc: 2 } } })).toMatch(/^policy-tcb: /)
  })

  test('in the layout of Genoa', async () => {
    const wrong = tcbBytes('Genoa')
    const all = fields([at.reportedTcb, wrong], [at.currentTcb, wrong], [at.committedTcb, wrong], [at.launchTcb, wrong])
    expect(await refusal({ ...turin, ...all })).toMatch(/^vek-tcb-mismatch: /)
  })

  test('another version of the structure, or without FMC', async () => {
    expect(await refusal({ amd: { product: 'Turin', vek: { structVersion: spl(0) } } })).toBe(
      'vek-cert-format: VCEK has another structVersion: expected 1, found 0',
    )
    const without = { extensions: (given: Uint8Array[]) => given.filter((one) => !hex(one).includes('9c78010309')) }
    expect(await refusal({ amd: { product: 'Turin', vek: without } })).toBe('vek-cert-format: VCEK has no SPL of fmc')
    const added = { extensions: (given: Uint8Array[]) => [...given, amdExtension('3.9', spl(1))] }
    expect(await refusal({ amd: { vek: added } })).toMatch(
      /^vek-cert-format: VCEK has the extension 2b060104019c78010309/,
    )
  })
})

describe('T-S26 what is reserved is zero, and versions do not contradict each other', () => {
  test.each([0x04c, 0x04f, 0x18b, 0x19f, 0x1eb, 0x1ef, 0x208, 0x29f])('byte %i of the report', async (offset) => {
    expect(await refusal(fields([offset, [0x80]]))).toMatch(/^report-reserved: reserved bytes of the report at 0x/)
  })

  test('bits of KEY_INFO, and bit 17 of the policy, which is one', async () => {
    expect(await refusal(fields([at.keyInfo, u32(0x20)]))).toBe(
      'report-reserved: KEY_INFO of the report: expected bits 31 to 5 clear, found 0x20',
    )
    expect(await refusal(fields([at.policy, u64(0x10000n)]))).toBe(
      'report-reserved: guest policy of the report: expected bit 17 set, found 0x10000',
    )
  })

  test.each([at.currentTcb, at.committedTcb, at.launchTcb])('of the TCB at %i', async (offset) => {
    expect(await refusal(fields([offset + 3, [1]]))).toMatch(
      /^report-reserved: reserved bytes of the TCB versions of Genoa: expected zero, found /,
    )
  })

  test('reported or committed above what runs', async () => {
    const lower = tcb({ snp: 26 })
    for (const change of [
      fields([at.currentTcb, lower], [at.committedTcb, lower]),
      fields([at.committedTcb, tcb({ microcode: 0x59 })]),
      fields([at.committedVersion, [55, 55, 1]]),
    ])
      expect(await refusal(change)).toMatch(
        /^report-tcb: reported and committed versions: expected at most those that run: /,
      )
    // A guest that was moved brings the TCB of its launch along: there is no order.
    await expect(snp(fields([at.launchTcb, tcb({ snp: 99 })]))).resolves.toBeDefined()
  })
})

test('T-S27 memory is checked for aliases, or the caller says that it need not be', async () => {
  const change = fields([at.platformInfo, u64(0x5n)])
  expect(await refusal(change)).toBe(
    'policy-platform-info: platform info: expected aliasCheckComplete true, found aliasCheckComplete false',
  )
  const { claims } = await snp({ ...change, options: { platformInfo: { aliasCheckComplete: anyValue } } })
  expect(claims.advisories).toContain('AMD-SB-3015')
})

test('T-S28 Milan must be named, and the result says why', async () => {
  const milan: Change = { amd: { product: 'Milan' } }
  expect(await refusal({ ...milan, options: { products: ['Genoa', 'Turin'] } })).toBe(
    "policy-product: product: expected Genoa or Turin, found Milan (its owner can forge reports; to accept that, pass products: ['Milan'])",
  )
  const { evidence, options } = await makeSnp(milan)
  expect((await refusalOf(verifySevSnp(evidence, without(options, 'products')))).code).toBe('policy-product')
  expect((await snp(milan)).claims.advisories[0]).toBe('milan-root-seed')
  expect(await refusal({ options: { products: ['Turin'] } })).toBe(
    'policy-product: product: expected Turin, found Genoa',
  )
})

test('T-S29 what a device between processor and memory can do is written where callers read', async () => {
  const source = readFileSync(new URL('../../../../src/formats/amd/sev-snp/verify.ts', import.meta.url), 'utf8')
  expect(source).toMatch(
    /A(?:\s|\*)+device(?:\s|\*)+between(?:\s|\*)+processor(?:\s|\*)+and(?:\s|\*)+memory(?:\s|\*)+can(?:\s|\*)+do(?:\s|\*)+the(?:\s|\*)+same/,
  )
  expect((await snp()).claims.notCovered.join(' ')).toContain('Devices between processor and memory')
  expect(advisoriesAsOf).toMatch(/^20\d\d-\d\d-\d\d$/)
})

describe('T-S30 machines that are known', () => {
  const machines = (...platforms: readonly unknown[]): Change => ({ options: { platforms } })

  test('one of them', async () => {
    await expect(snp(machines(hex(pattern(64)), guest.chipId))).resolves.toBeDefined()
    await expect(snp({ amd: { product: 'Turin' }, ...machines(guest.chipId.subarray(0, 8)) })).resolves.toBeDefined()
  })

  test('none of them: the identity of the machine is in no message', async () => {
    const message = await refusal(machines(pattern(64)))
    expect(message).toBe('policy-platform: platform: expected one of 1, found another')
    // The first 8 bytes say which machine it is on Turin only.
    const { evidence, options } = await makeSnp(machines(guest.chipId.subarray(0, 8)))
    expect((await refusalOf(verifySevSnp(evidence, options))).code).toBe('policy-platform')
  })

  test('the key of a cloud vouches for no machine', async () => {
    expect(
      await refusal({ amd: { kind: 'VLEK' }, ...machines(guest.chipId), ...fields([at.chipId, guest.chipId]) }),
    ).toBe('policy-platform: platform: expected one of 1, found a VLEK, which does not vouch for the chip')
  })
})
