/**
 * `veritee ear`: what was verified, written for others; and what others have signed.
 */
import { existsSync, readFileSync } from 'node:fs'
import { beforeAll, describe, expect, it } from 'vitest'
import { file, lastLine, nonce, pathOf, pcr0, root, then, useCommand, veritee, written } from './run.ts'

useCommand()

const pem = (label: string, der: ArrayBuffer): string =>
  `-----BEGIN ${label}-----\n${Buffer.from(der)
    .toString('base64')
    .replace(/(.{64})(?!$)/g, '$1\n')}\n-----END ${label}-----\n`

let key: string
let publicKey: string
let otherKey: string
beforeAll(async () => {
  const make = (): Promise<CryptoKeyPair> =>
    crypto.subtle.generateKey({ name: 'ECDSA', namedCurve: 'P-256' }, true, ['sign', 'verify'])
  const [own, other] = await Promise.all([make(), make()])
  key = written('ear.key', pem('PRIVATE KEY', await crypto.subtle.exportKey('pkcs8', own.privateKey)))
  publicKey = written('ear.pub', pem('PUBLIC KEY', await crypto.subtle.exportKey('spki', own.publicKey)))
  otherKey = written('other.pub', pem('PUBLIC KEY', await crypto.subtle.exportKey('spki', other.publicKey)))
})

const evidence = [file, ...root, ...nonce, ...then, ...pcr0]
const about = ['--developer', 'https://example.com', '--policy', 'https://example.com/policy/7']
const sign = (output: string, ...more: readonly string[]): ReturnType<typeof veritee> =>
  veritee(['ear', 'sign', ...evidence, ...about, '-o', output, ...more])
const verify = (token: string, ...more: readonly string[]): ReturnType<typeof veritee> =>
  veritee(['ear', 'verify', token, ...then, ...more])

describe('sign and verify', () => {
  it('a token answers the nonce of the evidence, and says what was found', () => {
    const output = pathOf('enclave.jwt')
    const signed = sign(output, '--key', key, '--kid', 'k1')
    expect(signed).toEqual({
      code: 0,
      stdout: `${output}: nitro affirming; signed with ES256, until 2026-06-01T00:05:00.000Z\n`,
      stderr: '',
    })
    const outcome = verify(output, '--key', otherKey, '--key', publicKey, ...nonce, '--submodule', 'nitro')
    expect(outcome.code).toBe(0)
    expect(outcome.stdout).toMatch(/^ {2}✓ It is signed by one of the keys that you named$/m)
    expect(outcome.stdout).toMatch(/^ {2}verifier +https:\/\/example\.com, veritee \d/m)
    expect(outcome.stdout).toMatch(/^ {2}nitro +affirming, hardware 2, executables 3, runtime-opaque 2$/m)
    expect(lastLine(outcome)).toBe('VERIFIED: ear')
    const json = JSON.parse(verify(output, '--key', publicKey, ...nonce, '--json').stdout) as {
      format: string
      verdict: string
    }
    expect(json).toMatchObject({
      verdict: 'verified',
      format: 'ear',
      claims: { profile: 'tag:ietf.org,2026:rats/ear#04' },
    })
  })

  it('without a key, plain claims', () => {
    const output = pathOf('claims.json')
    const { code, stdout } = sign(output, '--label', 'nitro=vault', '--expires', '1m', '--build', 'shop 1', '--json')
    expect(code).toBe(0)
    const claims = JSON.parse(readFileSync(output, 'utf8')) as object
    expect(JSON.parse(stdout)).toEqual({ output, signed: false, claims })
    expect(claims).toMatchObject({
      exp: Date.parse('2026-06-01T00:01:00Z') / 1000,
      ear_verifier_id: { developer: 'https://example.com', build: 'shop 1' },
      submods: { vault: { ear_status: 'affirming', ear_appraisal_policy_ids: ['https://example.com/policy/7'] } },
    })
  })

  it('a token from standard input; without a nonce the verdict says so', () => {
    const output = pathOf('stdin.jwt')
    expect(sign(output, '--key', key).code).toBe(0)
    const args = ['ear', 'verify', '-', ...then, '--key', publicKey, '--skip-freshness']
    expect(lastLine(veritee(args, readFileSync(output)))).toBe('VERIFIED: ear; however old it is, and for anyone')
  })
})

describe('refused', () => {
  it('evidence that is not as expected: there is nothing to report', () => {
    const output = pathOf('refused.jwt')
    const other = evidence.map((arg) => (arg === pcr0[1] ? 'ab'.repeat(48) : arg))
    const outcome = veritee(['ear', 'sign', ...other, ...about, '--key', key, '-o', output])
    expect([outcome.code, lastLine(outcome)]).toEqual([3, 'REFUSED: authentic, but not what you expect (policy-pcr)'])
    expect(existsSync(output)).toBe(false)
  })

  it.each<[string, () => readonly string[], number, string]>([
    ['another key', () => ['--key', otherKey, ...nonce], 2, 'REFUSED: not authentic (ear-signature)'],
    [
      'another nonce',
      () => ['--key', publicKey, '--nonce', 'ab'.repeat(32)],
      3,
      'REFUSED: authentic, but not what you expect (policy-nonce)',
    ],
    [
      'a submodule that is not there',
      () => ['--key', publicKey, ...nonce, '--submodule', 'cvm'],
      3,
      'REFUSED: authentic, but not what you expect (policy-ear-status)',
    ],
    [
      'another dialect',
      () => ['--key', publicKey, ...nonce, '--profile', 'veraison'],
      2,
      'REFUSED: not authentic (ear-profile)',
    ],
  ])('%s', (what, args, code, verdict) => {
    const output = pathOf(`${what.replaceAll(' ', '-')}.jwt`)
    expect(sign(output, '--key', key).code).toBe(0)
    const outcome = verify(output, ...args())
    expect([outcome.code, lastLine(outcome)]).toEqual([code, verdict])
  })

  it('what is no token', () => {
    const outcome = verify(written('no.jwt', 'x'), '--key', publicKey, ...nonce)
    expect([outcome.code, lastLine(outcome)]).toEqual([2, 'REFUSED: not authentic (ear-format)'])
  })
})

describe('usage', () => {
  it.each<[string, () => readonly string[], RegExp]>([
    ['no verb', () => ['ear'], /^veritee: ear takes sign or verify, and then a file$/m],
    ['another verb', () => ['ear', 'make'], /^veritee: ear takes sign or verify, and then a file$/m],
    [
      'no file',
      () => ['ear', 'verify', '--key', publicKey, ...nonce],
      /^veritee: ear verify takes one file, or - for standard input, not 0$/m,
    ],
    ['no key', () => ['ear', 'verify', 'x', ...nonce], /^veritee: say whose results you trust: --key FILE/m],
    [
      'no freshness',
      () => ['ear', 'verify', 'x', '--key', publicKey],
      /^veritee: say which nonce it must answer: --nonce HEX, or --skip-freshness; one of them is required$/m,
    ],
    [
      'a nonce of four bytes',
      () => ['ear', 'verify', 'x', '--key', publicKey, '--nonce', 'abababab'],
      /cannot read x|--nonce must be 8 to 64 bytes/,
    ],
    [
      'a key that is none',
      () => ['ear', 'verify', 'x', '--key', file, ...nonce],
      /^veritee: .*evidence\.bin: no PEM block labelled PUBLIC KEY$/m,
    ],
    [
      'a private key to verify with',
      () => ['ear', 'verify', 'x', '--key', key, ...nonce],
      /PEM block is labelled "PRIVATE KEY", expected PUBLIC KEY$/m,
    ],
    [
      'an unknown dialect',
      () => ['ear', 'verify', 'x', '--key', publicKey, ...nonce, '--profile', 'toString'],
      /^veritee: --profile must be ietf-04, ietf-03, veraison, trustee$/m,
    ],
    ['no output', () => ['ear', 'sign', ...evidence, ...about], /^veritee: say where to write it: -o FILE$/m],
    [
      'no developer',
      () => ['ear', 'sign', ...evidence, '--policy', 'p', '-o', pathOf('x')],
      /^veritee: say who says so: --developer NAME$/m,
    ],
    [
      'no policy',
      () => ['ear', 'sign', ...evidence, '--developer', 'd', '-o', pathOf('x')],
      /^veritee: say what it was verified against, .*: --policy ID$/m,
    ],
    [
      'a key id without a key',
      () => ['ear', 'sign', ...evidence, ...about, '--kid', 'k', '-o', pathOf('x')],
      /^veritee: --kid is about --key FILE$/m,
    ],
    [
      'a public key to sign with',
      () => ['ear', 'sign', ...evidence, ...about, '--key', publicKey, '-o', pathOf('x')],
      /must be a private key in PEM on P-256 or P-384/,
    ],
    [
      'a label for nothing',
      () => ['ear', 'sign', ...evidence, ...about, '--label', 'x', '-o', pathOf('x')],
      /^veritee: --label must be FORMAT=LABEL/m,
    ],
    [
      'a label twice',
      () => ['ear', 'sign', ...evidence, ...about, '--label', 'nitro=a', '--label', 'nitro=b', '-o', pathOf('x')],
      /^veritee: --label must be FORMAT=LABEL/m,
    ],
    [
      'two days',
      () => ['ear', 'sign', ...evidence, ...about, '--expires', '2d', '-o', pathOf('x')],
      /^veritee: --expires, in seconds, must be 1 to 86400$/m,
    ],
    [
      'an archive',
      () => ['ear', 'sign', file, ...root, ...nonce, ...pcr0, '--at', 'evidence', ...about, '-o', pathOf('x')],
      /^veritee: a result of an archive \(--at evidence\) is none of now$/m,
    ],
  ])('%s', (_, args, message) => {
    const { code, stderr } = veritee(args())
    expect(code).toBe(1)
    expect(stderr).toMatch(message)
  })

  it('the key is not written over', () => {
    const { code, stderr } = sign(key, '--key', key)
    expect(code).toBe(1)
    expect(stderr).toMatch(/would overwrite/)
  })

  it('help', () => {
    expect(veritee(['ear', '--help']).stdout).toMatch(/^veritee ear sign FILE\|- OPTIONS$/m)
  })
})
