/**
 * Mistakes of callers: each is a `TypeError` before a byte of evidence is read, and nothing weakens
 * by omission.
 */
import { describe, expect, test } from 'vitest'
import * as snp from '../../../../src/formats/sev-snp.ts'

const evidence = new Uint8Array(1184)
const sound = {
  endorsements: { certificateChain: '' },
  referenceValues: { measurement: 'ab'.repeat(48) },
  reportData: new Uint8Array(64),
}

/** Name and message of what the verifier ends with. */
async function outcomeOf(options: unknown, bytes: unknown = evidence): Promise<string> {
  return snp.verifySevSnp(bytes as Uint8Array, options as snp.SevSnpOptions).then(
    () => 'accepted',
    (error: unknown) => `${(error as Error).name}: ${(error as Error).message}`,
  )
}

test('sound options get as far as the evidence', async () => {
  expect(await outcomeOf(sound)).toBe('VerificationError: version of the report: expected 2 to 5, found 0')
})

describe('what must be there', () => {
  test.each([
    ['endorsements', 'endorsements must be an object like { certificateChain, crl, vek }'],
    ['referenceValues', "referenceValues[0] must be like { measurement: '…' }"],
    ['reportData', 'reportData must be exactly 64 bytes (Uint8Array), or skipReportData'],
  ])('%s', async (name, message) => {
    const others = Object.fromEntries(Object.entries(sound).filter(([given]) => given !== name))
    expect(await outcomeOf(others)).toBe(`TypeError: ${message}`)
  })

  test('bytes as evidence', async () => {
    expect(await outcomeOf(sound, 'ab'.repeat(1184))).toBe('TypeError: evidence must be a Uint8Array')
  })
})

describe('what must be right', () => {
  const flags =
    'smtEnabled, tsmeEnabled, eccEnabled, raplDisabled, ciphertextHiding, aliasCheckComplete, iommuWriteSafe, tioEnabled'
  test.each<[string, object, string | RegExp]>([
    ['an option that there is not', { vmpls: 0 }, /^TypeError: option "vmpls" must be one of /],
    ['no reference value', { referenceValues: [] }, 'referenceValues must be at least one, or skipReferenceValues'],
    [
      'zeros',
      { referenceValues: { measurement: '00'.repeat(48) } },
      'referenceValues[0].measurement must be other than zero',
    ],
    [
      'any measurement',
      { referenceValues: { measurement: snp.anyValue } },
      'referenceValues[0].measurement must be 48 bytes (96 hex digits)',
    ],
    [
      'a register that there is not',
      { referenceValues: { measurement: 'ab'.repeat(48), mrTd: '' } },
      /^TypeError: referenceValues\[0\]\.mrTd must be one of measurement, /,
    ],
    [
      '32 bytes of report data',
      { reportData: new Uint8Array(32) },
      'reportData must be exactly 64 bytes (Uint8Array), or skipReportData',
    ],
    ['no product', { products: [] }, 'products must be a list of at least one'],
    ['an unknown product', { products: ['Venice'] }, 'products must be a list of Milan, Genoa, Turin'],
    ['a level that there is not', { vmpl: 4 }, 'vmpl must be 0 to 3, or a list of them'],
    ['the host as a level', { vmpl: 0xffff_ffff }, 'vmpl must be 0 to 3, or a list of them'],
    ['a platform of another size', { platforms: ['ab'.repeat(16)] }, 'platforms[0] must be 64 bytes (128 hex digits)'],
    ['a masked platform', { platforms: ['00'.repeat(64)] }, 'platforms[0] must be other than zero'],
    ['a flag that there is not', { platformInfo: { smt: true } }, `platformInfo.smt must be one of ${flags}`],
    [
      'a flag as text',
      { platformInfo: { smtEnabled: 'false' } },
      'platformInfo.smtEnabled must be true, false or anyValue',
    ],
    ['debug as true', { debug: true }, 'debug must be allowDebug'],
    ['migration as another symbol', { migration: snp.allowDebug }, 'migration must be allowMigration'],
    ['revocation as false', { revocation: false }, 'revocation must be skipRevocation'],
    [
      'a row without versions',
      { minimumTcb: { product: 'Genoa', model: 17 } },
      /^TypeError: minimumTcb\[0\] must be a row with one of /,
    ],
    ['a row of no product', { minimumTcb: { snp: 1 } }, 'minimumTcb[0].product must be one of Milan, Genoa, Turin'],
    [
      'FMC of Genoa',
      { minimumTcb: { product: 'Genoa', fmc: 1 } },
      'minimumTcb[0].fmc must be left out: only Turin has it',
    ],
    ['a version of two numbers', { minimumFirmware: [1, 55] }, 'minimumFirmware must be 3 numbers from 0 to 255'],
    ['no mitigations', { minimumMitigations: {} }, 'minimumMitigations must be { launch, current }, one or both'],
    ['no time', { now: new Date(NaN) }, 'now must be a Date or atEvidenceTime'],
    ['no anchors', { trustAnchors: [] }, 'trustAnchors must be certificates in DER'],
  ])('%s', async (_what, change, message) => {
    const outcome = await outcomeOf({ ...sound, ...change })
    if (typeof message === 'string') expect(outcome).toBe(`TypeError: ${message}`)
    else expect(outcome).toMatch(message)
  })

  test('what others put on Object.prototype is no option', async () => {
    const { prototype } = Object
    Object.defineProperty(prototype, 'debug', { value: 'yes', configurable: true, enumerable: true, writable: true })
    try {
      expect(await outcomeOf(sound)).toMatch(/^VerificationError: version of the report/)
    } finally {
      delete (prototype as { debug?: unknown }).debug
    }
  })
})

describe('Azure', () => {
  const azure = { endorsements: sound.endorsements, referenceValues: sound.referenceValues }
  const of = async (options: object, given: object = { hclReport: evidence }): Promise<string> =>
    snp.verifyAzureSevSnp(given as snp.AzureSevSnpEvidence, options as snp.AzureSevSnpOptions).then(
      () => 'accepted',
      (error: unknown) => `${(error as Error).name}: ${(error as Error).message}`,
    )
  test.each<[string, object, string]>([
    ['no virtual TPM', {}, 'vtpm must be { nonce, pcrs } or skipVtpm'],
    ['no nonce', { vtpm: {} }, 'vtpm.nonce must be 1 to 64 bytes (Uint8Array)'],
    [
      'a register that there is not',
      { vtpm: { nonce: new Uint8Array(8), pcrs: { 24: 'ab'.repeat(32) } } },
      'vtpm.pcrs.24 must be a register from 0 to 23',
    ],
    [
      'report data',
      { vtpm: snp.skipVtpm, reportData: new Uint8Array(64) },
      'reportData must be left out: it is the digest of the runtime data',
    ],
  ])('%s', async (_what, change, message) => {
    expect(await of({ ...azure, ...change })).toBe(`TypeError: ${message}`)
  })

  test('a report that is none', async () => {
    expect(await of({ ...azure, vtpm: snp.skipVtpm })).toMatch(
      /^VerificationError: HCL report: size: expected 1236 to 65536 bytes/,
    )
    expect(await of({ ...azure, vtpm: snp.skipVtpm }, { hclReport: 'text' })).toBe(
      'TypeError: hclReport must be a Uint8Array',
    )
  })
})
