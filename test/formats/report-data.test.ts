/**
 * Report data by the conventions of common attesters, against real certificates and logs where the
 * vectors have them.
 */
import { refusalOf } from '../support/refusal.ts'
import { describe, expect, test } from 'vitest'
import { decodeTdxEvidence } from '../../src/formats/intel/tdx/index.ts'
import {
  azureReportData,
  constellationReportData,
  dstackReportData,
  hashReportData,
  openEnclaveReportData,
  paddedReportData,
  secretVmReportData,
  sha256ReportData,
  sha384ReportData,
  sha512ReportData,
  tinfoilReportData,
} from '../../src/formats/report-data.ts'
import { concat, hex, pattern } from '../attester/bytes.ts'
import { at } from '../attester/amd.ts'
import { snp } from './amd/sev-snp/made.ts'
import { makeTdx, tdx } from './intel/made.ts'
import { verifyTdx } from '../../src/formats/intel/tdx/index.ts'

const text = (value: string): Uint8Array => new TextEncoder().encode(value)
const digest = async (algorithm: string, data: Uint8Array): Promise<string> =>
  hex(new Uint8Array(await crypto.subtle.digest(algorithm, new Uint8Array(data))))

test('each makes the whole 64 bytes', async () => {
  const key = pattern(32)
  const expected = {
    padded: hex(key) + '00'.repeat(32),
    sha256: (await digest('SHA-256', key)) + '00'.repeat(32),
    sha384: (await digest('SHA-384', key)) + '00'.repeat(16),
    sha512: await digest('SHA-512', concat(key, text('now'))),
    dstack: await digest('SHA-512', concat(text('ratls-cert:'), key)),
    openEnclave: (await digest('SHA-256', text('-----BEGIN PUBLIC KEY-----\nx\n\0'))) + '00'.repeat(32),
    tinfoil: (await digest('SHA-256', text('spki'))) + hex(key),
    hash256: (await digest('SHA-256', key)) + '00'.repeat(32),
    hash384: (await digest('SHA-384', key)) + '00'.repeat(16),
    hash512: await digest('SHA-512', key),
    azure: (await digest('SHA-256', text('{"keys":[]}'))) + '00'.repeat(32),
    constellation: await digest('SHA-512', text('-----BEGIN PUBLIC KEY-----\nx\n')),
    secretVm: (await digest('SHA-256', text('spki'))) + hex(key),
  }
  expect({
    padded: hex(paddedReportData(key)),
    sha256: hex(await sha256ReportData(key)),
    sha384: hex(await sha384ReportData(key)),
    sha512: hex(await sha512ReportData(key, text('now'))),
    dstack: hex(await dstackReportData('ratls-cert', key)),
    openEnclave: hex(await openEnclaveReportData('-----BEGIN PUBLIC KEY-----\nx\n')),
    tinfoil: hex(await tinfoilReportData(text('spki'), key)),
    hash256: hex(await hashReportData('SHA-256', key)),
    hash384: hex(await hashReportData('SHA-384', key)),
    hash512: hex(await hashReportData('SHA-512', key)),
    azure: hex(await azureReportData(text('{"keys":[]}'))),
    constellation: hex(await constellationReportData('-----BEGIN PUBLIC KEY-----\nx\n')),
    secretVm: hex(await secretVmReportData(text('spki'), key)),
  }).toEqual(expected)
  for (const value of Object.values(expected)) expect(value).toHaveLength(128)
})

test('a quote that was made for it is accepted, and for no other', async () => {
  const mine = await sha256ReportData(pattern(91))
  const { evidence, options } = await makeTdx({ quote: { body: [[520, mine]] }, options: { reportData: mine } })
  expect(hex(decodeTdxEvidence(evidence).reportData)).toBe(hex(mine))
  await expect(verifyTdx(evidence, options)).resolves.toBeDefined()
  const { code } = await refusalOf(verifyTdx(evidence, { ...options, reportData: await sha256ReportData(pattern(92)) }))
  expect(code).toBe('policy-report-data')
  // The first half alone is not enough.
  const half = await refusalOf(tdx({ quote: { body: [[520 + 63, [1]]] } }))
  expect([half.code, half.message]).toEqual([
    'policy-report-data',
    expect.stringMatching(/report data: expected 090a.*found 090a/),
  ])
})

test('a report that was made for it is accepted, and for no other', async () => {
  const mine = await tinfoilReportData(pattern(91), pattern(32))
  const made = { report: { fields: [[at.reportData, mine]] as const } }
  await expect(snp({ ...made, options: { reportData: mine } })).resolves.toBeDefined()
  const other = await tinfoilReportData(pattern(91), pattern(32, 1))
  expect(await refusalOf(snp({ ...made, options: { reportData: other } }))).toMatchObject({
    code: 'policy-report-data',
    message: expect.stringMatching(/^report data: expected /) as string,
  })
})

describe('mistakes', () => {
  test.each([
    ['padded: 31 bytes', () => paddedReportData(pattern(31)), 'data must be 32 to 64 bytes'],
    ['padded: 65 bytes', () => paddedReportData(pattern(65)), 'data must be 32 to 64 bytes'],
    ['padded: text', () => paddedReportData('00' as never), 'data must be bytes (Uint8Array), at least one'],
    ['sha256: nothing', () => sha256ReportData(undefined as never), 'data must be bytes'],
    ['sha256: no bytes', () => sha256ReportData(new Uint8Array()), 'data must be bytes'],
    ['sha384: a list', () => sha384ReportData([1] as never), 'data must be bytes'],
    ['sha512: no parts', () => sha512ReportData(), 'parts must be at least one'],
    ['sha512: an empty part', () => sha512ReportData(pattern(1), new Uint8Array()), 'parts[1] must be bytes'],
    ['dstack: a tag with a colon', () => dstackReportData('a:b', pattern(1)), 'tag must be a text without a colon'],
    ['dstack: no tag', () => dstackReportData('', pattern(1)), 'tag must be a text without a colon'],
    ['dstack: no content', () => dstackReportData('app-data', new Uint8Array()), 'content must be bytes'],
    ['open enclave: DER', () => openEnclaveReportData('MFkw'), 'pem must be PEM of a public key'],
    ['tinfoil: a short key', () => tinfoilReportData(pattern(91), pattern(31)), 'hpkeKey must be 32 bytes'],
    ['tinfoil: no TLS key', () => tinfoilReportData(new Uint8Array(), pattern(32)), 'tlsSpki must be bytes'],
    [
      'hash: SHA-1',
      () => hashReportData('SHA-1' as never, pattern(1)),
      'algorithm must be SHA-256, SHA-384 or SHA-512',
    ],
    ['hash: no data', () => hashReportData('SHA-256', new Uint8Array()), 'data must be bytes'],
    ['azure: text', () => azureReportData('{}' as never), 'runtimeData must be bytes'],
    ['constellation: DER', () => constellationReportData('MFkw'), 'pem must be PEM of a public key'],
    ['secretvm: a short nonce', () => secretVmReportData(pattern(91), pattern(31)), 'gpuNonce must be 32 bytes'],
    ['secretvm: no TLS key', () => secretVmReportData(new Uint8Array(), pattern(32)), 'tlsSpki must be bytes'],
  ] as const)('%s', async (_what, make, message) => {
    const mistake = await (async () => make())().catch((error: unknown) => error)
    expect(mistake).toBeInstanceOf(TypeError)
    expect((mistake as Error).message).toContain(message)
  })
})

test('what is changed while the hash is awaited has no effect', async () => {
  const data = pattern(32)
  const pending = sha256ReportData(data)
  data.fill(0)
  expect(hex(await pending)).toBe((await digest('SHA-256', pattern(32))) + '00'.repeat(32))
})
