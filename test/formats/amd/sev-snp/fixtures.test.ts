/**
 * Every fixture of SEV-SNP gets the verdict that its `expected.json` says, and the fixtures are
 * what the generator would write.
 */
import { readdirSync, readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { type ExpectedSnp, snpOptionsOf } from '../../../../fixtures/expected-snp.ts'
import { snpCases, usualSnp } from '../../../../fixtures/snp-cases.ts'
import { detectFormat, verifyEvidence } from '../../../../src/index.ts'
import { describeCertificate } from '../../../../src/inspect/index.ts'
import {
  AppraisalError,
  type SevSnpEndorsements,
  type SevSnpOptions,
  verifySevSnp,
} from '../../../../src/formats/sev-snp.ts'
import { refusalOf } from '../../../support/refusal.ts'

const folder = new URL('../../../../fixtures/sev-snp/', import.meta.url)
const read = (name: string): Uint8Array<ArrayBuffer> => new Uint8Array(readFileSync(new URL(name, folder)))
const json = (name: string): unknown => JSON.parse(readFileSync(new URL(name, folder), 'utf8'))
const names = readdirSync(folder, { withFileTypes: true }).flatMap((entry) => (entry.isDirectory() ? [entry.name] : []))
const expectedOf = (name: string): ExpectedSnp => json(`${name}/expected.json`) as ExpectedSnp
const endorsementsOf = (name: string): SevSnpEndorsements => json(`${name}/endorsements.json`) as SevSnpEndorsements

/** The root of the product that the evidence is of. */
const rootOf = (name: string): Uint8Array<ArrayBuffer> => {
  const product = snpCases.find((entry) => entry.name === name)?.amd?.product ?? 'Genoa'
  return read(`ark-${product.toLowerCase()}.der`)
}
const optionsOf = (name: string, root?: Uint8Array): SevSnpOptions =>
  snpOptionsOf(expectedOf(name), endorsementsOf(name), root)

describe('fixtures/sev-snp', () => {
  test.each(names)('%s', async (name) => {
    const { verdict, product, advisories } = expectedOf(name)
    const verified = verifySevSnp(read(`${name}/evidence.bin`), optionsOf(name, rootOf(name)))
    if (verdict === 'valid') {
      const { format, claims } = await verified
      expect(format).toBe('sev-snp')
      if (product !== undefined) expect(claims.product).toBe(product)
      if (advisories !== undefined) expect(claims.advisories).toEqual(advisories)
      return
    }
    const refusal = await refusalOf(verified)
    expect(refusal).toMatchObject({ name: verdict.error, code: verdict.code })
    // For one reason each.
    if (refusal instanceof AppraisalError) expect(refusal.failures).toHaveLength(1)
  })

  test('are those of snp-cases.ts, with the expectations written there', () => {
    expect(names).toEqual(snpCases.map(({ name }) => name).sort())
    for (const { name, expected } of snpCases)
      expect(expectedOf(name)).toEqual(JSON.parse(JSON.stringify({ ...usualSnp, ...expected })))
  })

  test('are told apart from quotes, but for a version that is not known', () => {
    for (const name of names)
      expect(detectFormat(read(`${name}/evidence.bin`))).toBe(name === 'unknown-version' ? undefined : 'sev-snp')
  })

  test('verifyEvidence takes them with options of their name', async () => {
    const evidence = read('valid/evidence.bin')
    const options = optionsOf('valid', rootOf('valid'))
    await expect(verifyEvidence(evidence, { 'sev-snp': options })).resolves.toMatchObject({ format: 'sev-snp' })
    expect(await refusalOf(verifyEvidence(evidence, { sgx: options as never }))).toMatchObject({
      code: 'format-refused',
      message: 'the evidence is of format sev-snp, which the options have no entry for',
    })
  })

  test('none verifies under the roots that are pinned, and the roots are made up', async () => {
    for (const name of names) {
      const refusal = await refusalOf(verifySevSnp(read(`${name}/evidence.bin`), optionsOf(name)))
      expect(refusal.name).toBe('VerificationError')
      expect([
        'root-mismatch',
        'cert-table',
        'endorsement-missing',
        'report-reserved',
        'report-signing-key',
        'report-version',
      ]).toContain(refusal.code)
    }
    for (const product of ['milan', 'genoa', 'turin'])
      expect(describeCertificate(read(`ark-${product}.der`)).subject).toContain('Advanced Micro Devices')
  })

  test('valid verifies on any day before 2049', async () => {
    for (const date of ['2026-06-01', '2030-02-28', '2048-12-31']) {
      const { matched } = await verifySevSnp(read('valid/evidence.bin'), {
        ...optionsOf('valid', rootOf('valid')),
        now: new Date(`${date}T00:00:00Z`),
      })
      expect(matched).toBe('release')
    }
  })
})
