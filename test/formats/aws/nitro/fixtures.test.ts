/**
 * Every fixture gets the verdict that its `expected.json` says, and the fixtures are what the
 * generator would write.
 */
import { refusalOf } from '../../../support/refusal.ts'
import { readdirSync, readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { nitroCases, usual } from '../../../../fixtures/cases.ts'
import { type Expected, optionsOf } from '../../../../fixtures/expected.ts'
import { skipReferenceValues, verifyNitro } from '../../../../src/formats/aws/nitro/index.ts'
import { verifyNitroTpm } from '../../../../src/formats/aws/nitro-tpm/index.ts'
import { createSigner } from '../../../attester/certificate.ts'
import { omit } from './made.ts'

const folder = new URL('../../../../fixtures/nitro/', import.meta.url)
const root = new Uint8Array(readFileSync(new URL('root.der', folder)))
const names = readdirSync(folder, { withFileTypes: true }).flatMap((entry) => (entry.isDirectory() ? [entry.name] : []))

function read(name: string): { evidence: Uint8Array<ArrayBuffer>; expected: Expected } {
  const evidence = new Uint8Array(readFileSync(new URL(`${name}/evidence.bin`, folder)))
  return { evidence, expected: JSON.parse(readFileSync(new URL(`${name}/expected.json`, folder), 'utf8')) as Expected }
}

describe('fixtures/nitro', () => {
  test.each(names)('%s', async (name) => {
    const { evidence, expected } = read(name)
    const verify = expected.format === 'nitro' ? verifyNitro : verifyNitroTpm
    const verified = verify(evidence, optionsOf(expected, root))
    if (expected.verdict === 'valid') {
      expect(await verified).toMatchObject({ format: expected.format })
      return
    }
    expect(await refusalOf(verified)).toMatchObject({ name: expected.verdict.error, code: expected.verdict.code })
  })

  test('are those of cases.ts, with the expectations written there', async () => {
    const cases = await nitroCases(await createSigner())
    expect(names).toEqual(cases.map(({ name }) => name).sort())
    const byDefault = await usual()
    for (const { name, expected } of cases) expect(read(name).expected).toEqual({ ...byDefault, ...expected })
  })

  test('none verifies under the root that is pinned', async () => {
    for (const name of names) {
      const { evidence, expected } = read(name)
      const options = omit(optionsOf(expected, root), 'trustAnchors')
      const refusal = await refusalOf(verifyNitro(evidence, { ...options, referenceValues: skipReferenceValues }))
      expect(refusal.name).toBe('VerificationError')
    }
  })

  test('valid verifies on any day before 2049 when its nonce is expected', async () => {
    const { evidence, expected } = read('valid')
    for (const day of ['2026-06-01', '2027-01-01', '2030-02-28', '2048-12-31']) {
      const { claims } = await verifyNitro(evidence, {
        ...optionsOf(expected, root),
        now: new Date(`${day}T00:00:00Z`),
      })
      expect(claims.moduleId).toMatch(/^i-/)
    }
  })
})
