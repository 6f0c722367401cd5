/**
 * Every fixture of TDX and SGX gets the verdict that its `expected.json` says, and the fixtures are
 * what the generator would write.
 */
import { refusalOf } from '../../support/refusal.ts'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { type ExpectedQuote, quoteOptionsOf } from '../../../fixtures/expected-quote.ts'
import { sgxCases, tdxCases, usualQuote } from '../../../fixtures/quote-cases.ts'
import { describeCertificate } from '../../../src/inspect/index.ts'
import { type DcapEndorsements, verifySgx } from '../../../src/formats/intel/sgx/index.ts'
import { verifyTdx } from '../../../src/formats/intel/tdx/index.ts'
import { rtmrReferenceValues } from '../../../src/formats/intel/tdx/events/index.ts'
import { hex } from '../../attester/bytes.ts'
import { createSigner } from '../../attester/certificate.ts'

const stranger = await createSigner('P-256')

describe.each([
  ['tdx', verifyTdx, tdxCases(stranger)],
  ['sgx', verifySgx, sgxCases(stranger)],
] as const)('fixtures/%s', (format, verify, cases) => {
  const folder = new URL(`../../../fixtures/${format}/`, import.meta.url)
  const root = new Uint8Array(readFileSync(new URL('root.der', folder)))
  const names = readdirSync(folder, { withFileTypes: true }).flatMap((entry) =>
    entry.isDirectory() ? [entry.name] : [],
  )
  const json = (name: string): unknown => JSON.parse(readFileSync(new URL(name, folder), 'utf8'))
  const expectedOf = (name: string): ExpectedQuote => json(`${name}/expected.json`) as ExpectedQuote
  const evidenceOf = (name: string): Uint8Array => new Uint8Array(readFileSync(new URL(`${name}/evidence.bin`, folder)))
  const optionsOf = (name: string, anchor?: Uint8Array): ReturnType<typeof quoteOptionsOf> =>
    quoteOptionsOf(expectedOf(name), json(`${name}/endorsements.json`) as DcapEndorsements, anchor)

  test.each(names)('%s', async (name) => {
    const { verdict, tcbStatus = 'UpToDate' } = expectedOf(name)
    const verified = verify(evidenceOf(name), optionsOf(name, root))
    if (verdict === 'valid') {
      expect(await verified).toMatchObject({ format, claims: { tcbStatus } })
      return
    }
    expect(await refusalOf(verified)).toMatchObject({ name: verdict.error, code: verdict.code })
  })

  test('are those of quote-cases.ts, with the expectations written there', () => {
    expect(names).toEqual(cases.map(({ name }) => name).sort())
    for (const { name, expected } of cases)
      expect(expectedOf(name)).toEqual(JSON.parse(JSON.stringify({ ...usualQuote(format), ...expected })))
  })

  test('none verifies under the roots that are pinned, and the root says what it is', async () => {
    for (const name of names) {
      const refusal = await refusalOf(verify(evidenceOf(name), optionsOf(name)))
      expect(refusal.name).toBe('VerificationError')
      expect([
        'root-mismatch',
        'quote-format',
        'quote-tee',
        'quote-version-epid',
        'pck-chain-missing',
        'endorsement-missing',
        'crl-extension',
        'tcb-info-format',
      ]).toContain(refusal.code)
    }
    expect(describeCertificate(root).subject).toContain('NOT Intel')
  })

  test('valid verifies on any day before 2049', async () => {
    for (const day of ['2026-06-01', '2030-02-28', '2048-12-31']) {
      const { matched } = await verify(evidenceOf('valid'), {
        ...optionsOf('valid', root),
        now: new Date(`${day}T00:00:00Z`),
      })
      expect(matched).toBe('release')
    }
  })

  test('event logs replay to the expected registers', async () => {
    for (const name of names) {
      const log = new URL(`${name}/event-log.json`, folder)
      const { events, referenceValues } = expectedOf(name)
      expect(existsSync(log)).toBe(events !== undefined)
      if (events === undefined) continue
      const replayed = await rtmrReferenceValues(readFileSync(log, 'utf8'), events)
      const registers = Object.entries(replayed).map(([register, value]) => [register, hex(value)])
      expect(referenceValues).toMatchObject(Object.fromEntries(registers))
    }
  })
})
