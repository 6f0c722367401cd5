/**
 * `verifySgx`: what it says of a good quote, and its own reference values. What it shares with
 * `verifyTdx` is tested in `../dcap` and `../tdx`.
 */
import { refusalOf } from '../../../support/refusal.ts'
import { describe, expect, test } from 'vitest'
import { AppraisalError } from '../../../../src/core/errors.ts'
import {
  isAttestationResult,
  type SgxOptions,
  skipReferenceValues,
  skipReportData,
  verifySgx,
} from '../../../../src/formats/intel/sgx/index.ts'
import { hex, pattern, unhex } from '../../../attester/bytes.ts'
import { measurements, reportData, sgxOffsets, u16 } from '../../../attester/intel.ts'
import { type Change, makeSgx, sgx } from '../made.ts'

const signer = {
  mrSigner: measurements.mrSigner,
  isvProdId: measurements.isvProdId,
  minimumIsvSvn: measurements.isvSvn,
}
const accepting = (referenceValues: unknown): Change => ({ options: { referenceValues } })
const refused = async (change: Change): Promise<string> => {
  const { code, message } = await refusalOf(sgx(change))
  return `${code}: ${message}`
}

test('what a result says', async () => {
  const result = await sgx()
  expect(isAttestationResult(result)).toBe(true)
  expect(result).toMatchObject({
    format: 'sgx',
    matched: 0,
    attestedAt: undefined,
    publicKey: undefined,
    timeSource: 'clock',
  })
  expect(result.claims).toMatchObject({
    quoteVersion: 3,
    bodyType: 1,
    debug: false,
    isvProdId: 7,
    isvSvn: 3,
    tcbStatus: 'UpToDate',
    tdxModuleTcbStatus: undefined,
    currentTcbStatus: undefined,
  })
  expect(hex(result.claims.mrEnclave)).toBe(measurements.mrEnclave)
  expect(hex(result.claims.reportData)).toBe(hex(reportData))
  expect(Object.isFrozen(result.claims)).toBe(true)
})

test('every appraisal is made, and all that fail are reported together', async () => {
  const refusal = await refusalOf(
    sgx({
      quote: {
        body: [
          [sgxOffsets.attributes, [7]],
          [sgxOffsets.mrEnclave, pattern(32)],
          [sgxOffsets.reportData, pattern(64)],
        ],
        qeReport: [[sgxOffsets.isvSvn, u16(4)]],
      },
      options: { minimumTcbEvaluationDataNumber: 21, platforms: ['01'.repeat(16)] },
    }),
  )
  if (!(refusal instanceof AppraisalError)) throw refusal
  expect(refusal.failures.map(({ id }) => id)).toEqual([
    'policy-tcb-status',
    'policy-tcb-evaluation',
    'policy-platform',
    'policy-debug',
    'policy-measurements',
    'policy-report-data',
  ])
})

describe('reference values', () => {
  test('the code', async () => {
    expect(await refused(accepting({ mrEnclave: pattern(32) }))).toMatch(
      /^policy-measurements: .*expected mrEnclave 0001/,
    )
    expect(
      (await sgx(accepting([{ mrEnclave: pattern(32) }, { mrEnclave: measurements.mrEnclave, name: 'v2' }]))).matched,
    ).toBe('v2')
  })

  test('the signer, product and version', async () => {
    expect((await sgx(accepting(signer))).matched).toBe(0)
    expect((await sgx(accepting({ ...signer, minimumIsvSvn: 0 }))).matched).toBe(0)
    expect(await refused(accepting({ ...signer, minimumIsvSvn: 4 }))).toMatch(
      /policy-measurements: .*expected (.|\n)*isvSvn at least 0004, found (.|\n)*isvSvn 0003/,
    )
    expect(await refused(accepting({ ...signer, isvProdId: 8 }))).toMatch(
      /isvProdId 0008(.|\n)*found (.|\n)*isvProdId 0007/,
    )
    expect(await refused(accepting({ ...signer, mrSigner: pattern(32) }))).toMatch(/policy-measurements/)
    // 256 is later than 255.
    await expect(
      sgx({ ...accepting({ ...signer, minimumIsvSvn: 255 }), quote: { body: [[sgxOffsets.isvSvn, u16(256)]] } }),
    ).resolves.toBeDefined()
    await expect(sgx(accepting([{ mrEnclave: pattern(32) }, signer]))).resolves.toMatchObject({ matched: 1 })
  })

  test.each(['configId', 'isvFamilyId', 'isvExtProdId'] as const)(
    '%s must be zero unless it is named',
    async (field) => {
      const value = pattern(field === 'configId' ? 64 : 16, 1)
      const quote = { body: [[sgxOffsets[field], value]] as const }
      for (const reference of [{ mrEnclave: measurements.mrEnclave }, signer]) {
        expect(await refused({ ...accepting(reference), quote })).toMatch(
          new RegExp(`policy-measurements: (.|\n)*${field} 0102`),
        )
        await expect(sgx({ ...accepting({ ...reference, [field]: hex(value) }), quote })).resolves.toBeDefined()
        expect(await refused(accepting({ ...reference, [field]: value }))).toMatch(/policy-measurements/)
      }
    },
  )

  describe('H13 code and signer, and how the enclave was started', () => {
    const both = { mrEnclave: measurements.mrEnclave, mrSigner: measurements.mrSigner }
    const code = { mrEnclave: measurements.mrEnclave }

    test('both must be as named, and with them product and version', async () => {
      for (const values of [both, { ...both, isvProdId: 7 }, { ...both, minimumIsvSvn: 3 }, { ...code, ...signer }])
        expect((await sgx(accepting(values))).matched).toBe(0)
      for (const [wrong, shown] of [
        [{ ...both, mrEnclave: pattern(32) }, 'mrEnclave 0001'],
        [{ ...both, mrSigner: pattern(32) }, 'mrSigner 0001'],
        [{ ...both, isvProdId: 8 }, 'isvProdId 0008'],
        [{ ...both, minimumIsvSvn: 4 }, 'isvSvn at least 0004'],
        [{ ...code, isvProdId: 8 }, 'isvProdId 0008'],
      ] as const)
        expect(await refused(accepting(wrong))).toMatch(
          new RegExp(`^policy-measurements: (.|\n)*expected (.|\n)*${shown}`),
        )
    })

    test.each([
      ['miscSelect', sgxOffsets.miscSelect, '01000000', '00000000'],
      ['xfrm', sgxOffsets.attributes + 8, 'e700000000000000', '0700000000000000'],
    ] as const)('%s: any, unless it is named', async (field, offset, found, other) => {
      const quote = { body: [[offset, unhex(found)]] as const }
      for (const reference of [code, signer, both]) {
        await expect(sgx({ ...accepting(reference), quote })).resolves.toBeDefined()
        await expect(sgx({ ...accepting({ ...reference, [field]: found }), quote })).resolves.toBeDefined()
        await expect(sgx({ ...accepting({ ...reference, [field]: unhex(found) }), quote })).resolves.toBeDefined()
        expect(await refused({ ...accepting({ ...reference, [field]: other }), quote })).toMatch(
          new RegExp(`policy-measurements: (.|\n)*${field} ${other}(.|\n)*found (.|\n)*${field} ${found}`),
        )
      }
    })

    test('the provisioning key: any, unless it is named', async () => {
      // INIT, MODE64BIT, PROVISIONKEY.
      const quote = { body: [[sgxOffsets.attributes, [0x15]]] as const }
      for (const reference of [code, signer]) {
        await expect(sgx({ ...accepting(reference), quote })).resolves.toBeDefined()
        await expect(sgx({ ...accepting({ ...reference, provisionKey: true }), quote })).resolves.toBeDefined()
        await expect(sgx(accepting({ ...reference, provisionKey: false }))).resolves.toBeDefined()
        expect(await refused({ ...accepting({ ...reference, provisionKey: false }), quote })).toMatch(
          /policy-measurements: (.|\n)*provisionKey 00(.|\n)*found (.|\n)*provisionKey 01/,
        )
        expect(await refused(accepting({ ...reference, provisionKey: true }))).toMatch(/policy-measurements/)
      }
    })

    test('configSvn must be zero unless it is named, and then exactly that', async () => {
      const quote = { body: [[sgxOffsets.configSvn, u16(258)]] as const }
      for (const reference of [code, signer]) {
        expect(await refused({ ...accepting(reference), quote })).toMatch(
          /policy-measurements: (.|\n)*configSvn 0000(.|\n)*found (.|\n)*configSvn 0102/,
        )
        await expect(sgx({ ...accepting({ ...reference, configSvn: 258 }), quote })).resolves.toBeDefined()
        for (const configSvn of [257, 259])
          expect(await refused({ ...accepting({ ...reference, configSvn }), quote })).toMatch(/policy-measurements/)
      }
    })
  })

  test('none, by name', async () => {
    const { checks, matched } = await sgx({
      options: { referenceValues: skipReferenceValues, reportData: skipReportData },
    })
    expect(matched).toBeUndefined()
    expect(checks.filter(({ outcome }) => outcome === 'skipped').map(({ id }) => id)).toEqual([
      'policy-measurements',
      'policy-report-data',
    ])
  })
})

const sound = await makeSgx()
describe('mistakes of the caller', () => {
  const shape = 'referenceValues[0] must be { mrEnclave } or { mrSigner, isvProdId, minimumIsvSvn }, or all of them'
  test.each([
    ['none', undefined, 'referenceValues[0] must be like { mrEnclave'],
    ['an empty list', [], 'referenceValues must be at least one'],
    ['an empty object', {}, shape],
    ['a signer alone', { mrSigner: signer.mrSigner }, shape],
    ['a signer without a version', { mrSigner: signer.mrSigner, isvProdId: 7 }, shape],
    ['a signer without a product', { mrSigner: signer.mrSigner, minimumIsvSvn: 3 }, shape],
    [
      'unknown',
      { mrEnclave: measurements.mrEnclave, mrtd: '00' },
      'referenceValues[0]: "mrtd" must be one of name, minimumIsvSvn, mrEnclave, mrSigner,',
    ],
    [
      'a zero signer beside code',
      { mrEnclave: measurements.mrEnclave, mrSigner: '00'.repeat(32) },
      'referenceValues[0].mrSigner must be other than zero',
    ],
    [
      'a short miscSelect',
      { ...signer, miscSelect: '00' },
      'referenceValues[0].miscSelect must be 4 bytes (8 hex digits)',
    ],
    ['a long xfrm', { ...signer, xfrm: '00'.repeat(16) }, 'referenceValues[0].xfrm must be 8 bytes (16 hex digits)'],
    [
      'a provisioning key as text',
      { ...signer, provisionKey: 'no' },
      'referenceValues[0].provisionKey must be true or false',
    ],
    ['a provisioning key of nothing', { ...signer, provisionKey: undefined }, 'provisionKey must be true or false'],
    ['a configSvn as text', { ...signer, configSvn: '1' }, 'referenceValues[0].configSvn must be 0 to 65535'],
    ['a configId of nothing', { ...signer, configId: undefined }, 'referenceValues[0].configId must be 64 bytes'],
    ['short', { mrEnclave: '00' }, 'referenceValues[0].mrEnclave must be 32 bytes (64 hex digits)'],
    ['zero', { mrEnclave: new Uint8Array(32) }, 'referenceValues[0].mrEnclave must be other than zero'],
    ['a zero signer', { ...signer, mrSigner: '00'.repeat(32) }, 'referenceValues[0].mrSigner must be other than zero'],
    ['a negative version', { ...signer, minimumIsvSvn: -1 }, 'referenceValues[0].minimumIsvSvn must be 0 to 65535'],
    ['a version as text', { ...signer, minimumIsvSvn: '3' }, 'referenceValues[0].minimumIsvSvn must be 0 to 65535'],
    ['no version', { ...signer, minimumIsvSvn: undefined }, 'referenceValues[0].minimumIsvSvn must be 0 to 65535'],
    ['a product above 65535', { ...signer, isvProdId: 65_536 }, 'referenceValues[0].isvProdId must be 0 to 65535'],
    ['a short configId', { ...signer, configId: '00' }, 'referenceValues[0].configId must be 64 bytes'],
    ['a name that is no text', { ...signer, name: 5 }, 'referenceValues[0].name must be text'],
  ] as const)('reference values: %s', async (_what, referenceValues, message) => {
    const options = { ...sound.options, referenceValues } as unknown as SgxOptions
    const mistake = await verifySgx(sound.evidence, options).catch((error: unknown) => error)
    expect(mistake).toBeInstanceOf(TypeError)
    expect((mistake as Error).message).toContain(message)
  })

  test.each(['migration', 'serviceTds', 'freshness', 'userData'])('%s is no option', async (name) => {
    const options = { ...sound.options, [name]: [] }
    await expect(verifySgx(sound.evidence, options)).rejects.toThrow(new RegExp(`^option "${name}" must be one of`))
  })
})
