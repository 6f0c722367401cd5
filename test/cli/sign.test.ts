/**
 * `veritee sign` and `veritee verify --reference`: measurements signed where the image is built,
 * believed where enclaves are verified.
 */
import { readFileSync, symlinkSync } from 'node:fs'
import { beforeAll, describe, expect, it } from 'vitest'
import { openReferenceValues } from '../../src/reference/index.ts'
import { type CorimSigner, createCorimSigner } from '../attester/corim.ts'
import { expected, file, nonce, pathOf, root, then, useCommand, veritee, written } from './run.ts'

useCommand()

const pem = (label: string, der: Uint8Array): string =>
  `-----BEGIN ${label}-----\n${(
    Buffer.from(der)
      .toString('base64')
      .match(/.{1,64}/g) ?? []
  ).join('\n')}\n-----END ${label}-----\n`

const product = ['--product', 'example.com/app']
let signer: CorimSigner
let ca: string
let identity: string[]
let measurements: string
beforeAll(async () => {
  signer = await createCorimSigner()
  const key = new Uint8Array(await crypto.subtle.exportKey('pkcs8', signer.key.privateKey))
  ca = written('ca.pem', pem('CERTIFICATE', signer.ca))
  identity = [
    ...['--key', written('build.key', pem('PRIVATE KEY', key))],
    ...['--cert', written('build.pem', pem('CERTIFICATE', signer.certificate))],
    ...['--chain', written('chain.pem', pem('CERTIFICATE', signer.authority))],
  ]
  const { PCR0, PCR1, PCR2 } = expected.referenceValues
  measurements = written(
    'measurements.json',
    JSON.stringify({ Measurements: { HashAlgorithm: 'Sha384 { ... }', PCR0, PCR1, PCR2 } }),
  )
})

/** Signs, and returns where to. */
function signed(name: string, ...more: readonly string[]): string {
  const output = written(name, '')
  const from = ['--from', '2026-06-01T00:00:00Z']
  const given = [
    'sign',
    measurements,
    ...identity,
    ...product,
    '--version',
    '7',
    '--valid',
    '90d',
    ...from,
    '-o',
    output,
    ...more,
  ]
  const { code, stderr } = veritee(given)
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
  return output
}

const verify = (corim: string, ...more: readonly string[]): ReturnType<typeof veritee> =>
  veritee(['verify', file, ...root, ...nonce, ...then, '--reference', corim, '--ca', ca, ...product, ...more])

describe('sign and verify', () => {
  it('registers of a trust domain, by the names that their verifier gives them', async () => {
    const build = { mrTd: 'ab'.repeat(48), rtmr0: 'cd'.repeat(48), rtmr1: '01'.repeat(48), rtmr2: '02'.repeat(48) }
    measurements = written('td.json', JSON.stringify(build))
    const corim = readFileSync(signed('td.corim', '--format', 'tdx', '--name', 'build 1'))
    const { referenceValues } = await openReferenceValues(corim, {
      environment: 'tdx',
      product: 'example.com/app',
      trustAnchors: [signer.ca],
      minimumVersion: 7,
      now: new Date('2026-06-02T00:00:00Z'),
    })
    const bytes = Object.entries(build).map(([name, digits]) => [name, new Uint8Array(Buffer.from(digits, 'hex'))])
    expect(referenceValues).toEqual([{ name: 'build 1', ...(Object.fromEntries(bytes) as object) }])
    measurements = pathOf('measurements.json')
  })

  it('what was signed is expected, under its name', () => {
    const corim = signed('app.corim', '--name', 'build 2026-06-01')
    const { code, stdout } = verify(corim)
    expect(code).toBe(0)
    expect(stdout).toMatch(/^ {2}matched +build 2026-06-01$/m)
    expect(stdout).toMatch(/^ {2}as signed +example.com\/app version 7 by CN=veritee test build, valid until/m)
    const json = JSON.parse(verify(corim, '--json', '--minimum-version', '7').stdout) as { reference: object }
    expect(json.reference).toEqual({
      id: 'example.com/app 7',
      product: 'example.com/app',
      version: 7,
      signers: ['CN=veritee test build'],
      validUntil: '2026-08-30T00:00:00.000Z',
    })
  })

  it('another build in the file: the enclave is not what was signed', () => {
    const other = written('other.json', JSON.stringify({ PCR0: 'ab'.repeat(48) }))
    const output = written('other.corim', '')
    expect(
      veritee([
        'sign',
        other,
        ...identity,
        ...product,
        '--version',
        '7',
        '--valid',
        '90d',
        '-o',
        output,
        '--from',
        '2026-06-01T00:00:00Z',
      ]).code,
    ).toBe(0)
    const { code, stdout } = verify(output)
    expect(code).toBe(3)
    expect(stdout).toContain('(policy-pcr)')
  })

  it.each([
    ['a changed byte', 'reference-signature', [], 0x01],
    ['an older version than one that was seen', 'reference-rollback', ['--minimum-version', '8'], 0],
    ['a later time', 'reference-validity', ['--at', '2026-10-01T00:00:00Z'], 0],
    ['another kind of evidence', 'reference-environment', ['--format', 'nitro-tpm'], 0],
  ])('%s: %s', (_, code, more, mask) => {
    const bytes = readFileSync(signed('changed.corim'))
    bytes[bytes.length - 1] = (bytes.at(-1) ?? 0) ^ mask
    const corim = written('changed.corim', bytes)
    const at = more.includes('--at') ? more : [...then, ...more]
    const outcome = veritee(['verify', file, ...root, ...nonce, ...at, '--reference', corim, '--ca', ca, ...product])
    expect(outcome.code).toBe(2)
    expect(outcome.stderr).toContain(`(${code})`)
  })

  it('a CA that nobody trusts', async () => {
    const other = written('other-ca.der', (await createCorimSigner()).ca)
    const corim = signed('untrusted.corim')
    const { code, stderr } = veritee([
      'verify',
      file,
      ...root,
      ...nonce,
      ...then,
      '--reference',
      corim,
      '--ca',
      other,
      ...product,
    ])
    expect(code).toBe(2)
    expect(stderr).toMatch(/\((?:reference-untrusted|cert-chain-signature)\)/)
  })

  it('a revoked build, though it is signed', () => {
    const { code, stderr } = verify(signed('revoked.corim'), '--revoked', measurements)
    expect(code).toBe(2)
    expect(stderr).toContain('(reference-revoked)')
  })
})

describe('H11 products and several signers', () => {
  it('another product than the one that was signed: refused', () => {
    const corim = signed('product.corim')
    const outcome = veritee([
      ...['verify', file, ...root, ...nonce, ...then, '--reference', corim, '--ca', ca],
      ...['--product', 'example.com/other'],
    ])
    expect(outcome.code).toBe(2)
    expect(outcome.stderr).toContain('product: expected example.com/other, found example.com/app (reference-product)')
  })

  it('two CAs sign the same for themselves, and both are required', async () => {
    const second = await createCorimSigner({ organization: 'auditor' })
    const key = new Uint8Array(await crypto.subtle.exportKey('pkcs8', second.key.privateKey))
    const secondCa = written('auditor-ca.pem', pem('CERTIFICATE', second.ca))
    const [first, other] = [signed('first.corim', '--name', 'a'), written('second.corim', '')]
    const given = [
      ...['--key', written('auditor.key', pem('PRIVATE KEY', key))],
      ...['--cert', written('auditor.pem', pem('CERTIFICATE', second.certificate))],
      ...['--chain', written('auditor-chain.pem', pem('CERTIFICATE', second.authority))],
    ]
    const sign = (version: string): ReturnType<typeof veritee> =>
      veritee([
        ...['sign', measurements, ...given, ...product, '--name', 'a', '--version', version, '--valid', '90d'],
        ...['--from', '2026-06-01T00:00:00Z', '-o', other],
      ])
    expect(sign('7').code).toBe(0)
    const both = ['--reference', other, '--ca', secondCa, '--threshold', '2']
    const { code, stdout } = verify(first, ...both)
    expect(code).toBe(0)
    expect(stdout.replace(/\s+/g, ' ')).toContain(
      'as signed example.com/app version 7 by CN=veritee test build and CN=auditor build, valid until',
    )
    expect(JSON.parse(verify(first, ...both, '--json').stdout)).toMatchObject({
      reference: { product: 'example.com/app', signers: ['CN=veritee test build', 'CN=auditor build'] },
    })

    const alone = verify(first, ...both.slice(2))
    expect(alone.code).toBe(2)
    expect(alone.stderr).toContain('expected at least 2, found 1 (reference-threshold)')
    const twice = verify(first, '--reference', first, ...both.slice(2))
    expect(twice.code).toBe(2)
    expect(twice.stderr).toContain('expected at least 2, found 1 (reference-threshold)')

    expect(sign('8').code).toBe(0)
    const apart = verify(first, ...both)
    expect(apart.code).toBe(2)
    expect(apart.stderr).toContain(`${other}: expected what ${first} says, found others (reference-mismatch)`)

    const forged = readFileSync(other)
    forged[forged.length - 1] = (forged.at(-1) ?? 0) ^ 1
    const outcome = verify(first, '--reference', written('forged.corim', forged), ...both.slice(2))
    expect(outcome.code).toBe(2)
    expect(outcome.stderr).toMatch(/forged\.corim: signature of the CoRIM: .* \(reference-signature\)/)
  })

  it('a threshold that the CAs cannot meet is a mistake on the command line', () => {
    const corim = signed('threshold.corim')
    for (const threshold of ['0', '2']) {
      const { code, stdout, stderr } = verify(corim, '--threshold', threshold)
      expect({ code, stdout }).toEqual({ code: 1, stdout: '' })
      expect(stderr).toContain('--threshold must be 1 to 1, the authorities in --ca')
    }
  })
})

describe('usage', () => {
  const sign = (...args: readonly string[]): ReturnType<typeof veritee> => veritee(['sign', measurements, ...args])
  const rest = (): string[] => [...identity, ...product, '--version', '1', '--valid', '90d', '-o', 'out.corim']

  it.each<[() => ReturnType<typeof veritee>, string]>([
    [() => veritee(['sign']), 'sign takes the measurements of 1 to 64 builds, not 0'],
    [() => sign(), 'say where to write it: -o FILE'],
    [() => sign('-o', 'x'), 'say the key to sign with: --key FILE'],
    [() => sign('-o', 'x', ...identity.slice(0, 2)), 'say the certificate of the key: --cert FILE'],
    [() => sign('-o', 'x', ...identity), 'say for how long it shall be valid: --valid 90d'],
    [
      () => sign('-o', 'x', ...identity, '--valid', '90d'),
      'say what the measurements are of, as clients will demand it: --product NAME',
    ],
    [
      () => sign('-o', 'x', ...identity, ...product, '--valid', '90d'),
      'say its version, greater than that of the last one: --version N',
    ],
    [() => sign(...rest(), '--from', 'today'), '--from must be a time with its zone'],
    [() => sign(...rest(), '--name', 'a', '--name', 'b'), '--name is given 2 times for 1 files'],
    [() => sign(...rest(), '--format', 'x'), '--format must be nitro, nitro-tpm, tdx, sgx, sev-snp, cca or psa'],
    [() => sign(...rest(), '--format', 'tdx'), 'measurements.json.Measurements must be one of mrTd, rtmr0'],
    [() => sign(...rest().map((arg) => (arg === '1' ? '1.5' : arg))), '--version must be a whole number'],
    [() => sign('--key', 'package.json', ...rest().slice(2)), 'package.json must be a private key in PEM'],
    [() => verify('x', '--minimum-version', '-1'), "'--minimum-version"],
    [() => verify('x', '--threshold', '1.5'), '--threshold must be a whole number'],
    [
      () => veritee(['verify', file, ...nonce, '--reference', 'x', '--ca', ca]),
      '--reference needs --product NAME: what must run there, as its signers call it',
    ],
    [
      () => veritee(['verify', file, ...nonce, ...product, '--skip-reference-values']),
      '--product is about signed reference values',
    ],
    [
      () => veritee(['verify', file, ...nonce, '--threshold', '2', '--skip-reference-values']),
      '--threshold is about signed reference values',
    ],
    [() => veritee(['sign', measurements, measurements, ...rest()]), 'must be one that no other build has'],
    [
      () => sign(...rest().map((arg) => (arg === 'example.com/app' ? 'a\nb' : arg))),
      '--product must be text without control characters',
    ],
    [() => veritee(['verify', file, ...nonce, '--reference', 'x']), '--reference needs --ca FILE'],
    [
      () => veritee(['verify', file, ...nonce, '--ca', 'x', '--skip-reference-values']),
      '--ca is about signed reference values',
    ],
    [() => verify('x', '--pcr0', 'ab'.repeat(48)), 'only one of them'],
  ])('case %#: %s', (run, message) => {
    const { code, stdout, stderr } = run()
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' })
    expect(stderr).toContain(message)
  })

  it('nothing that was read is overwritten, by whatever name it goes', () => {
    const [, key = ''] = identity
    const before = readFileSync(key, 'utf8')
    const link = `${key}.link`
    symlinkSync(key, link)
    for (const output of [key, link, measurements]) {
      const { code, stderr } = sign(...rest().slice(0, -1), output)
      expect(code).toBe(1)
      expect(stderr).toContain(`-o ${output} would overwrite ${output === measurements ? measurements : key}`)
    }
    expect(readFileSync(key, 'utf8')).toBe(before)
  })

  it('several certificates where one is meant: the others would be left out without a word', () => {
    const both = written('both.pem', pem('CERTIFICATE', signer.certificate) + pem('CERTIFICATE', signer.authority))
    const { code, stderr } = sign(...identity.slice(0, 2), '--cert', both, ...rest().slice(6))
    expect(code).toBe(1)
    expect(stderr).toContain('--cert takes one certificate')
    const measured = veritee(['measure', '--signing-cert', both])
    expect(measured.code).toBe(1)
    expect(measured.stderr).toContain('--signing-cert takes one certificate')
  })

  it('a certificate that is none is a mistake, not a forgery', () => {
    const none = written('none.der', new Uint8Array([0x30, 0]))
    const { code, stderr } = sign(...identity.slice(0, 2), '--cert', none, ...rest().slice(6))
    expect(code).toBe(1)
    expect(stderr).toContain('--cert: chain[0]')
  })

  it('the key of another certificate', async () => {
    const other = await createCorimSigner()
    const key = new Uint8Array(await crypto.subtle.exportKey('pkcs8', other.key.privateKey))
    const { code, stderr } = sign('--key', written('other.key', pem('PRIVATE KEY', key)), ...rest().slice(2))
    expect(code).toBe(1)
    expect(stderr).toContain('key must be the key of chain[0]')
  })
})
