/**
 * The vectors: small images with expected PCRs, broken ones with their reason, and the registers of
 * real enclaves.
 */
import { describe, expect, test } from 'vitest'
import { measureEif, pcr4OfInstance, pcr8OfCertificate } from '../../src/reference/index.ts'
import { findVectors } from '../support/vectors.ts'
import { now, refusedImage } from './made.ts'

/** What the manifest says of an image. */
interface ImageVector {
  readonly file: string
  readonly expected: 'valid' | 'invalid' | 'policy' | 'valid-structure'
  readonly reason?: string
  readonly arch?: string
  readonly signed?: boolean
  readonly signature_valid?: boolean
  readonly signer_cert_not_after?: string
  readonly pcrs?: Readonly<Record<string, string>>
  readonly size: number
}

interface DocumentVector {
  readonly file: string
  readonly kind?: string
  readonly module_id?: string
  readonly pcrs_nonzero?: Readonly<Record<string, string>>
}

const vectors = findVectors('nitro')
if (!vectors.found) {
  test.skip(vectors.skipLine)
} else {
  const { eif, documents } = vectors.manifest as {
    readonly eif: readonly ImageVector[]
    readonly documents: readonly DocumentVector[]
  }
  const named = (vectorsOf: readonly ImageVector[]): [string, ImageVector][] => vectorsOf.map((v) => [v.file, v])

  test('the manifest has what these tests rely on', () => {
    expect(eif).toHaveLength(22)
    expect(eif.filter(({ expected }) => expected === 'valid-structure').map(({ file }) => file)).toEqual([
      'eif/signed-by-other-key.eif',
      'eif/signed-expired-cert.eif',
    ])
  })

  describe('sound images', () => {
    test.each(named(eif.filter(({ expected }) => expected === 'valid')))('%s', async (file, vector) => {
      const { measurements, architecture, size, signature, sections } = await measureEif(vectors.read(file), { now })
      expect(measurements).toEqual({ HashAlgorithm: 'Sha384 { ... }', ...vector.pcrs })
      expect([architecture, size, signature !== undefined]).toEqual([vector.arch, vector.size, vector.signed])
      expect(sections.at(-1)).toMatchObject({ offset: vector.size - 12 - (sections.at(-1)?.size ?? 0) })
      if (signature === undefined) return
      expect(signature.notAfter).toEqual(new Date(vector.signer_cert_not_after ?? ''))
      expect(await pcr8OfCertificate(signature.certificate)).toBe(vector.pcrs?.PCR8)
    })
  })

  describe('broken images', () => {
    const broken = eif.filter(({ expected }) => expected === 'invalid' || expected === 'policy')
    test.each(named(broken))('%s', async (file, { reason }) => {
      expect(reason).toBeDefined()
      expect(await refusedImage(vectors.read(file))).toMatch(new RegExp(`^${reason}: .*expected .*, found `))
    })
  })

  test('an image that another key signed is refused', async () => {
    expect(await refusedImage(vectors.read('eif/signed-by-other-key.eif'))).toBe(
      'eif-signature: PCR0 is not signed with the key of the certificate',
    )
  })

  test('an image with an expired certificate is refused now, and measured as of then', async () => {
    const image = vectors.read('eif/signed-expired-cert.eif')
    expect(await refusedImage(image)).toMatch(
      /^cert-validity: signing certificate has expired: .* 2021-01-01.* found 2026/,
    )
    const { measurements } = await measureEif(image, { now: new Date('2020-06-01') })
    const { pcrs } = eif.find(({ file }) => file === 'eif/signed-expired-cert.eif') as ImageVector
    expect(measurements).toEqual({ HashAlgorithm: 'Sha384 { ... }', ...pcrs })
  })

  test('PCR4 of real enclaves is that of their instance', async () => {
    const enclaves = documents.filter(({ file, kind }) => file.startsWith('real/') && kind === 'enclave')
    expect(enclaves).toHaveLength(49)
    for (const { module_id = '', pcrs_nonzero } of enclaves) {
      expect(await pcr4OfInstance(module_id.replace(/-enc.*/, ''))).toBe(pcrs_nonzero?.[4])
    }
  })
}
