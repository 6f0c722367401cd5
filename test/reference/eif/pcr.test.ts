/**
 * PCR3, PCR4 and PCR8 from what an operator knows, and what is refused because it cannot be what
 * they mean.
 */
import { afterEach, describe, expect, test, vi } from 'vitest'
import type * as reference from '../../../src/reference/index.ts'
import { pcr3OfRole, pcr4OfInstance, pcr8OfCertificate } from '../../../src/reference/index.ts'
import { hex } from '../../attester/bytes.ts'
import { extendZero } from '../../attester/eif.ts'
import { createEifSigner, pemOf } from '../../attester/eif-signer.ts'
import { instanceId, productionPcrs, sha384 } from '../../attester/nitro.ts'
import { now } from '../made.ts'

const text = (value: string): Promise<string> => extendZero(new TextEncoder().encode(value)).then(hex)

afterEach(() => {
  vi.unstubAllGlobals()
})

test('without WebCrypto: unsupported, which is not the caller’s mistake', async () => {
  const { certificate } = await createEifSigner(now)
  vi.stubGlobal('crypto', undefined)
  vi.resetModules()
  const fresh: typeof reference = await import('../../../src/reference/index.ts')
  for (const register of [fresh.pcr4OfInstance(instanceId), fresh.pcr8OfCertificate(certificate)]) {
    await expect(register).rejects.toMatchObject({ name: 'VerificationError', code: 'unsupported' })
  }
})

describe('PCR3', () => {
  test('the example of the AWS guide', async () => {
    expect(await pcr3OfRole('arn:aws:iam::123456789012:role/Webserver')).toBe(
      '78fce75db17cd4e0a3fb8dad3ad128ca5e77edbb2b2c7f75329dccd99aa5f6ef4fc1f1a452e315b9e98f9e312e6921e6',
    )
  })

  test.each([
    'arn:aws-cn:iam::123456789012:role/a',
    'arn:aws-us-gov:iam::123456789012:role/division/team/Some_Role+=,.@-9',
    'arn:aws:iam::123456789012:role/aws-service-role/ec2.amazonaws.com/AWSServiceRoleForEC2',
    `arn:aws:iam::123456789012:role/${'a'.repeat(64)}`,
  ])('%s', async (arn) => {
    expect(await pcr3OfRole(arn)).toBe(await text(arn))
  })

  test.each([
    ['nothing', ''],
    ['a name alone', 'Webserver'],
    ['an instance profile', 'arn:aws:iam::123456789012:instance-profile/Webserver'],
    ['a session', 'arn:aws:sts::123456789012:assumed-role/Webserver/i-0123456789abcdef0'],
    ['a user', 'arn:aws:iam::123456789012:user/Webserver'],
    ['an account of 11 digits', 'arn:aws:iam::12345678901:role/Webserver'],
    ['a region', 'arn:aws:iam:us-east-1:123456789012:role/Webserver'],
    ['no name', 'arn:aws:iam::123456789012:role/'],
    ['a path without a name', 'arn:aws:iam::123456789012:role/path/'],
    ['a name of 65 characters', `arn:aws:iam::123456789012:role/${'a'.repeat(65)}`],
    ['a space in the name', 'arn:aws:iam::123456789012:role/Web server'],
    ['a line break behind', 'arn:aws:iam::123456789012:role/Webserver\n'],
    ['a letter beyond ASCII', 'arn:aws:iam::123456789012:role/Wébserver'],
    ['a path that is too long', `arn:aws:iam::123456789012:role/${'a'.repeat(600)}/b`],
    ['no text', 1],
    ['an array that reads like it', ['arn:aws:iam::123456789012:role/Webserver']],
  ])('refuses %s', async (_what, arn) => {
    await expect(pcr3OfRole(arn as string)).rejects.toThrow(TypeError)
    await expect(pcr3OfRole(arn as string)).rejects.toThrow('arn must be that of an IAM role')
  })
})

describe('PCR4', () => {
  test('is what a Nitro document has', async () => {
    expect(await pcr4OfInstance(instanceId)).toBe(hex((await productionPcrs())[4] as Uint8Array))
    expect(await pcr4OfInstance('i-1a2b3c4d')).toBe(await text('i-1a2b3c4d'))
  })

  test.each([
    ['nothing', ''],
    ['a module id', 'i-0123456789abcdef0-enc0123456789abcdef'],
    ['upper case', 'i-0123456789ABCDEF0'],
    ['16 digits', 'i-0123456789abcdef'],
    ['another resource', 'vol-0123456789abcdef0'],
    ['a space in front', ' i-0123456789abcdef0'],
    ['a line break behind', 'i-0123456789abcdef0\n'],
    ['no text', undefined],
  ])('refuses %s', async (_what, id) => {
    await expect(pcr4OfInstance(id as string)).rejects.toThrow(TypeError)
    await expect(pcr4OfInstance(id as string)).rejects.toThrow('id must be that of an instance')
  })
})

describe('PCR8', async () => {
  const { certificate } = await createEifSigner(now)
  const expected = hex(await extendZero(await sha384(certificate)))
  const pem = pemOf(certificate)

  test('of DER, of PEM, of PEM with text around it', async () => {
    expect(await pcr8OfCertificate(certificate)).toBe(expected)
    expect(await pcr8OfCertificate(pem)).toBe(expected)
    expect(await pcr8OfCertificate(`subject=CN = image signer\n\n${pem.replaceAll('\n', '\r\n')}`)).toBe(expected)
  })

  test.each(['P-256', 'P-384', 'P-521'] as const)('of X.509 v1 with a key on %s', async (curve) => {
    const v1 = await createEifSigner(now, { curve, v1: true })
    expect(await pcr8OfCertificate(v1.certificate)).toBe(hex(await extendZero(await sha384(v1.certificate))))
  })

  test.each([
    ['no bytes', new Uint8Array(), /^certificate: .*needs 1 bytes/],
    ['PEM in bytes', new TextEncoder().encode(pem), /^certificate: /],
    ['a byte too many', new Uint8Array([...certificate, 0]), /^certificate: 1 bytes left over/],
    ['no text', '', /no PEM block labelled CERTIFICATE/],
    ['two certificates', pem + pem, /^certificate: PEM must hold 1 certificate, found 2/],
    ['a key', pem.replaceAll('CERTIFICATE', 'EC PRIVATE KEY'), /labelled "EC PRIVATE KEY", expected CERTIFICATE/],
    ['a number', 1, /^certificate must be DER, or PEM as text/],
  ])('refuses %s', async (_what, input, message) => {
    await expect(pcr8OfCertificate(input as string)).rejects.toThrow(TypeError)
    await expect(pcr8OfCertificate(input as string)).rejects.toThrow(message)
  })
})
