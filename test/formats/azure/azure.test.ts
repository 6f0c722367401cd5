/**
 * Azure's confidential VMs, on both kinds of machines: the wrapper, the runtime data that the
 * hardware vouches for, and the quote of the virtual TPM; each broken alone and everything else
 * right, signatures included. Genuine ones are among the vectors of SEV-SNP.
 */
import { describe, expect, test } from 'vitest'
import {
  AppraisalError,
  type AzureTdxOptions,
  readHclReport,
  skipVtpm,
  verifyAzureSevSnp,
  verifyAzureTdx,
} from '../../../src/formats/azure/index.ts'
import { detectFormat, verifyEvidence } from '../../../src/index.ts'
import { at } from '../../attester/amd.ts'
import {
  createVirtualTpm,
  type HclOverrides,
  hclReport,
  type QuoteOverrides,
  registers,
  runtimeDigest,
} from '../../attester/azure.ts'
import { concat, hex, pattern, withByte } from '../../attester/bytes.ts'
import { tdOffsets } from '../../attester/intel.ts'
import { refusalOf } from '../../support/refusal.ts'
import { makeSnp, without } from '../amd/sev-snp/made.ts'
import { makeTdx } from '../intel/made.ts'

const tpm = await createVirtualTpm()
const stranger = await createVirtualTpm()
const nonce = pattern(32, 5)
const usualVtpm = { nonce, pcrs: { 4: hex(registers[4] as Uint8Array) } }

interface Change {
  readonly runtime?: (value: Record<string, unknown>) => object
  /** Replaces the runtime data as bytes, before the hardware vouches for it. */
  readonly runtimeData?: Uint8Array
  readonly hcl?: Partial<HclOverrides>
  readonly quote?: QuoteOverrides | 'none'
  readonly pcrs?: readonly Uint8Array[] | 'none'
  /** Report data of the hardware's report; default the digest of the runtime data. */
  readonly reportData?: Uint8Array
  readonly options?: Readonly<Record<string, unknown>>
  readonly quotedBy?: typeof tpm
}

/** What both kinds have in common: the quote, and what the report data must be. */
async function parts(change: Change): Promise<{ runtimeData: Uint8Array; reportData: Uint8Array; quote: object }> {
  const runtimeData = change.runtimeData ?? tpm.runtimeData(change.runtime)
  const { pcrs, ...quote } = await (change.quotedBy ?? tpm).quote(change.quote === 'none' ? {} : change.quote)
  const given = change.pcrs ?? pcrs
  return {
    runtimeData,
    reportData: change.reportData ?? (await runtimeDigest(runtimeData)),
    quote: change.quote === 'none' ? {} : { quote: { ...quote, ...(given !== 'none' && { pcrs: given }) } },
  }
}

async function snp(change: Change = {}): ReturnType<typeof verifyAzureSevSnp> {
  const { runtimeData, reportData, quote } = await parts(change)
  const { evidence, options } = await makeSnp({ report: { fields: [[at.reportData, reportData]] } })
  return verifyAzureSevSnp(
    { hclReport: hclReport({ type: 2, report: evidence, runtimeData, ...change.hcl }), ...quote },
    { ...without(options, 'reportData'), vtpm: usualVtpm, ...change.options },
  )
}

async function tdx(change: Change = {}): ReturnType<typeof verifyAzureTdx> {
  const { runtimeData, reportData, quote } = await parts(change)
  const { evidence, options } = await makeTdx({ quote: { body: [[tdOffsets.reportData, reportData]] } })
  return verifyAzureTdx(
    {
      hclReport: hclReport({ type: 4, report: new Uint8Array(1024), runtimeData, ...change.hcl }),
      tdxQuote: evidence,
      ...quote,
    },
    { ...without(options, 'reportData'), vtpm: usualVtpm, ...change.options },
  )
}

describe.each([
  ['verifyAzureSevSnp', 'sev-snp', snp],
  ['verifyAzureTdx', 'tdx', tdx],
] as const)('%s', (_name, format, run) => {
  /** What it is refused with, `code: message`; for an appraisal, that nothing else failed. */
  async function refusal(change: Change): Promise<string> {
    const error = await refusalOf(run(change))
    if (error instanceof AppraisalError) expect(error.failures.map(({ id }) => id)).toEqual([error.code])
    return `${error.code}: ${error.message}`
  }

  test('a machine that is as it should be', async () => {
    const result = await run()
    expect(result.format).toBe(format)
    const ids = result.checks.map(({ id }) => id)
    for (const id of [
      'hcl-format',
      'hcl-runtime-data',
      'vtpm-quote-signature',
      'vtpm-pcr-digest',
      'policy-nonce',
      'policy-pcr',
    ])
      expect(ids).toContain(id)
    // The wrapper, the hardware, what it vouches for, the quote, then the appraisal.
    const order = ['hcl-format', 'hcl-runtime-data', 'vtpm-quote-format', 'policy-nonce', 'policy-measurements']
    expect(ids.filter((id) => order.includes(id))).toEqual(order)
  })

  test('without registers, and without the virtual TPM, where the caller says so', async () => {
    const { checks } = await run({ pcrs: 'none', options: { vtpm: { nonce } } })
    expect(checks.find(({ id }) => id === 'policy-pcr')?.outcome).toBe('not-requested')
    const skipped = await run({ quote: 'none', options: { vtpm: skipVtpm } })
    expect(skipped.checks.find(({ id }) => id === 'policy-nonce')?.outcome).toBe('skipped')
  })

  test('older firmware says that the key encrypts', async () => {
    const runtime = (value: Record<string, unknown>): object => ({
      ...value,
      keys: (value.keys as object[]).map((key) => ({ ...key, key_ops: ['encrypt'] })),
    })
    await expect(run({ runtime })).resolves.toBeDefined()
  })

  describe('hcl-format', () => {
    const u32 = (n: number): number[] => [n & 255, (n >> 8) & 255, (n >> 16) & 255, n >>> 24]
    test.each<[what: string, hcl: Partial<HclOverrides>, text: RegExp]>([
      ['another signature', { patches: [[0, [0x49]]] }, /signature: expected 48434c41 \(HCLA\), found 49434c41$/],
      ['another version', { patches: [[4, u32(3)]] }, /version: expected 1 or 2, found 3$/],
      ['another size', { patches: [[8, u32(7)]] }, /size: expected \d+, found 7$/],
      ['another request', { patches: [[12, u32(1)]] }, /request type: expected 2, found 1$/],
      ['a status', { patches: [[16, u32(1)]] }, /status: expected 0, found 1$/],
      ['something reserved', { patches: [[31, [1]]] }, /reserved bytes: expected zero, found 0{22}01$/],
      [
        'another size of the runtime part',
        { patches: [[0x4c0, u32(20)]] },
        /size of the runtime part: expected \d+, found 20$/,
      ],
      ['another version of it', { patches: [[0x4c4, u32(2)]] }, /version of the runtime part: expected 1, found 2$/],
      [
        'the other kind of machine',
        { patches: [[0x4c8, u32(format === 'tdx' ? 2 : 4)]] },
        /report type: expected \d, found \d$/,
      ],
      ['another hash', { patches: [[0x4cc, u32(2)]] }, /hash type: expected 1, found 2$/],
      [
        'more runtime data than there is',
        { patches: [[0x4d0, u32(60_000)]] },
        /size of the runtime data: expected at most \d+, found 60000$/,
      ],
      [
        'something behind it',
        { patches: [[2599, [1]]] },
        /bytes behind the runtime data: expected zero, found others$/,
      ],
      ['too long', { size: 65_537 }, /size: expected 1236 to 65536 bytes, found 65537$/],
    ])('%s', async (_what, hcl, text) => {
      const found = await refusal({ hcl })
      expect(found).toMatch(/^hcl-format: HCL report: /)
      expect(found).toMatch(text)
    })

    const withKey =
      (change: object) =>
      (value: Record<string, unknown>): object => ({
        ...value,
        keys: [{ ...(value.keys as object[])[0], ...change }],
      })
    test.each<[what: string, runtime: (value: Record<string, unknown>) => object, text: string]>([
      ['no keys', () => ({}), 'runtime data: expected an object with keys, found none'],
      ['a list', () => [], 'runtime data: expected an object with keys, found none'],
      ['no attestation key', withKey({ kid: 'HCLEkPub' }), 'keys named HCLAkPub: expected 1, found 0'],
      [
        'two of them',
        (value) => ({ ...value, keys: [...(value.keys as object[]), (value.keys as object[])[0]] }),
        'keys named HCLAkPub: expected 1, found 2',
      ],
      [
        'another kind of key',
        withKey({ kty: 'EC' }),
        'HCLAkPub: expected an RSA key with exponent AQAB, for signing, found ',
      ],
      [
        'another exponent',
        withKey({ e: 'Aw' }),
        'HCLAkPub: expected an RSA key with exponent AQAB, for signing, found ',
      ],
      [
        'another use',
        withKey({ key_ops: ['wrapKey'] }),
        'HCLAkPub: expected an RSA key with exponent AQAB, for signing, found ',
      ],
      [
        'a short modulus',
        withKey({ n: 'AQAB' }),
        'modulus of HCLAkPub: expected 256 bytes in base64url, found 3 bytes',
      ],
      ['no modulus', withKey({ n: 7 }), 'modulus of HCLAkPub: expected 256 bytes in base64url, found 0 bytes'],
      [
        'user data of another size',
        (value) => ({ ...value, 'user-data': '00' }),
        'user-data: expected 64 bytes in hexadecimal, found "00"',
      ],
    ])('runtime data: %s', async (_what, runtime, text) => {
      const found = await refusal({ runtime })
      expect(found.startsWith(`hcl-format: HCL report: ${text}`), found).toBe(true)
    })

    test('runtime data: no JSON, a member twice, no UTF-8', async () => {
      const utf8 = (text: string): Uint8Array => new TextEncoder().encode(text)
      for (const runtimeData of [utf8('keys'), utf8('{"keys":[],"keys":[]}'), Uint8Array.of(0x22, 0xff, 0x22)])
        expect(await refusal({ runtimeData })).toMatch(/^hcl-format: /)
    })
  })

  test('hcl-runtime-data: the hardware vouches for other runtime data, or for more than its digest', async () => {
    const own = await runtimeDigest(tpm.runtimeData())
    for (const reportData of [
      await runtimeDigest(stranger.runtimeData()),
      withByte(own, 63, () => 1),
      withByte(own, 0, (byte) => byte ^ 1),
    ])
      expect(await refusal({ reportData })).toMatch(
        /^hcl-runtime-data: report data is the digest of the runtime data: expected [0-9a-f]{64}0{64}, found /,
      )
  })

  test('vtpm-quote-format: no quote, or no quote of a TPM', async () => {
    expect(await refusal({ quote: 'none' })).toBe(
      'vtpm-quote-format: no quote of the virtual TPM beside the report (skipVtpm goes without)',
    )
    expect(await refusal({ quote: { message: (given) => withByte(given, 0, () => 0) } })).toMatch(
      /^vtpm-quote-format: TPM quote: magic: /,
    )
    expect(await refusal({ quote: { message: (given) => concat(given, [0]) } })).toMatch(/^vtpm-quote-format: /)
  })

  test('vtpm-quote-signature: by the TPM of another machine, changed, or cut', async () => {
    expect(await refusal({ quotedBy: stranger })).toBe(
      'vtpm-quote-signature: quote signed by the attestation key of the TPM: signature does not match',
    )
    expect(await refusal({ quote: { signature: (given) => withByte(given, 255, (byte) => byte ^ 1) } })).toMatch(
      /^vtpm-quote-signature/,
    )
    expect(await refusal({ quote: { signature: (given) => given.slice(1) } })).toMatch(/^vtpm-quote-signature/)
  })

  test('vtpm-pcr-digest: other registers than the quote covers', async () => {
    const pcrs = registers.map((value, i) => (i === 4 ? pattern(32, 77) : value))
    expect(await refusal({ pcrs })).toMatch(/^vtpm-pcr-digest: digest of the quoted registers: /)
    expect(await refusal({ pcrs: registers.slice(0, 23) })).toBe(
      'vtpm-pcr-digest: registers beside the quote: expected 24 of 32 bytes, found 23',
    )
  })

  test('policy-nonce: another one, or a part of it', async () => {
    for (const other of [pattern(32, 6), nonce.slice(0, 31), concat(nonce, [0])])
      expect(await refusal({ quote: { nonce: other } })).toMatch(/^policy-nonce: nonce of the quote: expected 0506/)
  })

  test('policy-pcr: another value, a register that the quote does not cover, no registers', async () => {
    const vtpm = (pcrs: object): Change => ({ options: { vtpm: { nonce, pcrs } } })
    expect(await refusal(vtpm({ 4: 'ab'.repeat(32) }))).toBe(
      `policy-pcr: registers of the virtual TPM: expected PCR 4 ${'ab'.repeat(32)}, found PCR 4 ${hex(registers[4] as Uint8Array)}`,
    )
    await expect(run(vtpm({ 4: ['ab'.repeat(32), hex(registers[4] as Uint8Array)] }))).resolves.toBeDefined()
    expect(await refusal(vtpm({ 9: hex(registers[9] as Uint8Array) }))).toMatch(
      /found PCR 9 is not covered by the quote$/,
    )
    expect(await refusal({ pcrs: 'none' })).toMatch(/^policy-pcr: .*found no registers beside the quote$/)
  })

  test('what the hardware says is appraised as well, and all failures are told', async () => {
    const error = await refusalOf(
      run({
        quote: { nonce: pattern(32, 6) },
        options: {
          referenceValues:
            format === 'tdx'
              ? { mrTd: 'ab'.repeat(48), rtmr0: 'ab'.repeat(48), rtmr1: 'ab'.repeat(48), rtmr2: 'ab'.repeat(48) }
              : { measurement: 'ab'.repeat(48) },
        },
      }),
    )
    const failures = error instanceof AppraisalError ? error.failures : []
    expect(failures.map(({ id }) => id)).toEqual(['policy-nonce', 'policy-measurements'])
  })

  test.each<[what: string, options: object, message: string | RegExp]>([
    ['no vtpm', { vtpm: undefined }, 'vtpm must be { nonce, pcrs } or skipVtpm'],
    ['no nonce', { vtpm: {} }, 'vtpm.nonce must be 1 to 64 bytes (Uint8Array)'],
    ['an empty nonce', { vtpm: { nonce: new Uint8Array() } }, 'vtpm.nonce must be 1 to 64 bytes (Uint8Array)'],
    ['a long nonce', { vtpm: { nonce: new Uint8Array(65) } }, 'vtpm.nonce must be 1 to 64 bytes (Uint8Array)'],
    ['register 24', { vtpm: { nonce, pcrs: { 24: '00' } } }, 'vtpm.pcrs.24 must be a register from 0 to 23'],
    ['a short value', { vtpm: { nonce, pcrs: { 0: 'ab' } } }, /^vtpm\.pcrs\.0 must be 32 bytes/],
    ['no value', { vtpm: { nonce, pcrs: { 0: [] } } }, 'vtpm.pcrs.0 must be one value or more'],
    ['something unknown', { vtpm: { nonce, pcr: {} } }, 'vtpm must be { nonce, pcrs } or skipVtpm'],
    [
      'report data',
      { reportData: new Uint8Array(64) },
      'reportData must be left out: it is the digest of the runtime data',
    ],
  ])('mistakes: %s', async (_what, options, message) => {
    await expect(run({ options: { ...options } })).rejects.toThrow(TypeError)
    await expect(run({ options: { ...options } })).rejects.toThrow(message)
  })
})

describe('apart', () => {
  test('readHclReport takes it apart, and believes nothing', async () => {
    const runtimeData = tpm.runtimeData()
    const { evidence } = await makeSnp()
    const read = readHclReport(hclReport({ type: 2, report: evidence, runtimeData }))
    expect(read).toEqual({ report: evidence, runtimeData })
    expect(() => readHclReport('48434c41' as never)).toThrow(new TypeError('hclReport must be a Uint8Array'))
  })

  test('detectFormat names the carrier, and verifyEvidence says which function takes it', async () => {
    const { evidence, options } = await makeSnp()
    const runtimeData = tpm.runtimeData()
    const wrapped = hclReport({ type: 2, report: evidence, runtimeData })
    expect(detectFormat(wrapped)).toBe('azure-sev-snp')
    expect(detectFormat(hclReport({ type: 4, report: new Uint8Array(1024), runtimeData }))).toBe('azure-tdx')
    expect(await refusalOf(verifyEvidence(wrapped, { 'sev-snp': options }))).toMatchObject({
      code: 'format-refused',
      message:
        'the evidence is inside azure-sev-snp: verifyAzureSevSnp of veritee/azure takes it, with what belongs to it',
    })
  })

  test('evidence that is no bytes', async () => {
    const runtimeData = tpm.runtimeData()
    const { options } = await makeTdx()
    const own = { ...options, vtpm: skipVtpm } as unknown as AzureTdxOptions
    const hcl = hclReport({ type: 4, report: new Uint8Array(1024), runtimeData })
    await expect(verifyAzureTdx({ hclReport: 'x' as never, tdxQuote: hcl }, own)).rejects.toThrow(
      'hclReport must be a Uint8Array',
    )
    await expect(verifyAzureTdx({ hclReport: hcl, tdxQuote: 'x' as never }, own)).rejects.toThrow(
      'tdxQuote must be a Uint8Array',
    )
    await expect(
      verifyAzureTdx({ hclReport: hcl, tdxQuote: hcl, quote: { message: 'x' } as never }, own),
    ).rejects.toThrow('quote must be { message, signature, pcrs }, bytes')
    const pcrs = { message: hcl, signature: hcl, pcrs: [] }
    await expect(verifyAzureTdx({ hclReport: hcl, tdxQuote: hcl, quote: pcrs }, own)).rejects.toThrow(
      'quote.pcrs must be 24 registers of 32 bytes',
    )
  })
})
