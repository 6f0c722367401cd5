/**
 * Every fixture of CCA and PSA gets the verdict that its `expected.json` says, and the fixtures are
 * what the generator would write.
 */
import { readdirSync, readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { type ExpectedToken, tokenOptionsOf } from '../../../fixtures/expected-token.ts'
import { ccaCases, psaCases, usualToken } from '../../../fixtures/token-cases.ts'
import { decodeCcaEvidence, verifyCca } from '../../../src/formats/arm/cca/index.ts'
import { decodePsaEvidence, verifyPsa } from '../../../src/formats/arm/psa/index.ts'
import { detectFormat } from '../../../src/index.ts'
import { refusalOf, stranger } from './made.ts'

describe.each(['cca', 'psa'] as const)('fixtures/%s', (format) => {
  const folder = new URL(`../../../fixtures/${format}/`, import.meta.url)
  const names = readdirSync(folder, { withFileTypes: true }).flatMap((entry) =>
    entry.isDirectory() ? [entry.name] : [],
  )
  const verify = format === 'cca' ? verifyCca : verifyPsa
  const decode = format === 'cca' ? decodeCcaEvidence : decodePsaEvidence
  const read = (name: string): { evidence: Uint8Array<ArrayBuffer>; expected: ExpectedToken } => ({
    evidence: new Uint8Array(readFileSync(new URL(`${name}/evidence.bin`, folder))),
    expected: JSON.parse(readFileSync(new URL(`${name}/expected.json`, folder), 'utf8')) as ExpectedToken,
  })

  test.each(names)('%s', async (name) => {
    const { evidence, expected } = read(name)
    const verified = verify(evidence, tokenOptionsOf(expected))
    if (expected.verdict === 'valid') {
      expect(await verified).toMatchObject({ format })
      expect(detectFormat(evidence)).toBe(format)
      expect(() => decode(evidence)).not.toThrow()
      return
    }
    expect(await refusalOf(verified)).toMatchObject({ name: expected.verdict.error, code: expected.verdict.code })
  })

  test('are those of token-cases.ts, with the expectations written there', () => {
    const key = read('valid').expected.trustAnchors[0]?.key ?? {}
    const cases = format === 'cca' ? ccaCases(stranger) : psaCases(stranger, key)
    expect(names).toEqual(cases.map(({ name }) => name).sort())
    for (const { name, expected } of cases)
      expect(read(name).expected).toEqual({ ...usualToken(format, key), ...expected })
  })
})
