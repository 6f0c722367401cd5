/**
 * `veritee measure`: the same numbers as nitro-cli for images, roles, instances and certificates,
 * in its form or for people; nothing for broken images.
 */
import { describe, expect, it } from 'vitest'
import { createEifSigner, signedSections } from '../attester/eif-signer.ts'
import { makeEif, pcrsOf, soundSections } from '../attester/eif.ts'
import { findVectors } from '../support/vectors.ts'
import { lastLine, useCommand, veritee, written } from './run.ts'

useCommand()

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex')
const measured = async (): Promise<Record<string, string>> =>
  Object.fromEntries(Object.entries(await pcrsOf(soundSections)).map(([name, value]) => [name, hex(value)]))
const now = new Date('2026-06-01T00:00:00Z')
const at = ['--at', '2026-06-01T00:00:00Z']
const role = ['--role-arn', 'arn:aws:iam::123456789012:role/Webserver']
const PCR3 = '78fce75db17cd4e0a3fb8dad3ad128ca5e77edbb2b2c7f75329dccd99aa5f6ef4fc1f1a452e315b9e98f9e312e6921e6'
const instance = ['--instance-id', 'i-0123456789abcdef0']

interface EifVector {
  readonly file: string
  readonly expected: string
  readonly reason?: string
  readonly pcrs?: Readonly<Record<string, string>>
}
const vectors = findVectors('nitro')
if (!vectors.found) console.log(vectors.skipLine)
const images = vectors.found ? (vectors.manifest as { readonly eif: readonly EifVector[] }).eif : []

/** Images that are sound but for their signature, which nitro-cli looks at when it runs them. */
const signatureReasons: Readonly<Record<string, string>> = {
  'eif/signed-by-other-key.eif': 'eif-signature',
  'eif/signed-expired-cert.eif': 'cert-validity',
}

describe('images', () => {
  it.skipIf(!vectors.found).each(images.map((vector) => [vector.file, vector] as const))('%s', (path, vector) => {
    if (!vectors.found) return
    const { code, stdout, stderr } = veritee(['measure', `${vectors.directory}/${path}`, '--json', ...at])
    if (vector.pcrs !== undefined && vector.expected === 'valid') {
      expect(JSON.parse(stdout)).toEqual({
        Measurements: { HashAlgorithm: 'Sha384 { ... }', ...vector.pcrs },
      })
      expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
      return
    }
    expect(code).toBe(2)
    expect(stderr).toContain(`(${vector.reason ?? signatureReasons[path]})`)
    expect(stdout).not.toContain('"PCR0"')
  })

  it('for people: what it is, and its registers', async () => {
    const image = written('app.eif', makeEif({ sections: soundSections }))
    const { code, stdout } = veritee(['measure', image])
    expect(code).toBe(0)
    expect(stdout).toMatch(/^image +\S*app\.eif$/m)
    expect(stdout).toMatch(/^is +EIF version 4 for x86_64, \d+ bytes$/m)
    expect(stdout).toMatch(/^sections +kernel, cmdline, metadata, ramdisk, ramdisk$/m)
    expect(stdout).toMatch(/^signed +no$/m)
    const { PCR0 = '' } = await measured()
    expect(stdout).toContain(`PCR0 ${PCR0.slice(0, 48)}\n     ${PCR0.slice(48)}`)
  })

  it('one that is signed has PCR8, which must be that of --signing-cert', async () => {
    const signer = await createEifSigner(now)
    const other = await createEifSigner(now)
    const image = written('signed.eif', makeEif({ sections: await signedSections(signer) }))
    const own = written('own.der', signer.certificate)
    const foreign = written('foreign.der', other.certificate)
    const { Measurements } = JSON.parse(veritee(['measure', image, '--json', ...at]).stdout) as {
      Measurements: Record<string, string>
    }
    expect(JSON.parse(veritee(['measure', '--signing-cert', own, '--json']).stdout)).toEqual({
      Measurements: { HashAlgorithm: 'Sha384 { ... }', PCR8: Measurements.PCR8 },
    })
    expect(veritee(['measure', image, '--signing-cert', own, ...at]).code).toBe(0)
    const refused = veritee(['measure', image, '--signing-cert', foreign, ...at])
    expect(refused.code).toBe(1)
    expect(refused.stderr).toContain('the image was signed with another certificate than --signing-cert')
    const late = veritee(['measure', image, '--at', '2026-07-01T00:00:00Z'])
    expect(late.code).toBe(2)
    expect(late.stderr).toContain('(cert-validity)')
  })

  it('one byte changed: nothing is printed but why', () => {
    const image = makeEif({ sections: soundSections })
    image[2000] = (image[2000] ?? 0) ^ 1
    const { code, stdout, stderr } = veritee(['measure', written('changed.eif', image), '--json'])
    expect(code).toBe(2)
    expect(stderr).toMatch(/^veritee: crc32: expected [0-9a-f]{8}, found [0-9a-f]{8} \(eif-crc\)$/m)
    expect(JSON.parse(stdout)).toMatchObject({ verdict: 'refused', code: 'eif-crc' })
  })
})

describe('where it runs', () => {
  it('role and instance', () => {
    const { Measurements } = JSON.parse(veritee(['measure', ...role, ...instance, '--json']).stdout) as {
      Measurements: Record<string, string>
    }
    expect(Object.keys(Measurements)).toEqual(['HashAlgorithm', 'PCR3', 'PCR4'])
    expect(Measurements.PCR3).toBe(PCR3)
    const outcome = veritee(['measure', ...role])
    expect(lastLine(outcome)).toContain(PCR3.slice(48))
  })
})

describe('usage', () => {
  it.each([
    [[], 'measure takes an image, --role-arn, --instance-id, --signing-cert or --snp'],
    [['a.eif', 'b.eif'], 'measure takes at most one image, not 2'],
    [['no-such.eif'], 'cannot read no-such.eif'],
    [['--role-arn', 'Webserver'], '--role-arn must be that of an IAM role'],
    [['--instance-id', 'web-1'], '--instance-id must be that of an instance'],
    [['--signing-cert', 'package.json'], 'package.json'],
    [[...role, '--at', 'yesterday'], '--at must be a time with its zone'],
  ])('%j', (args, message) => {
    const { code, stdout, stderr } = veritee(['measure', ...args])
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' })
    expect(stderr).toContain(message)
  })
})
