/**
 * `veritee verify`: its exit codes, every way to give evidence and expectations, and what people
 * get to read.
 */
import { createHash } from 'node:crypto'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { createNitroAttester } from '../attester/nitro.ts'
import { toHex } from '../../src/encoding/bytes.ts'
import { findVectors } from '../support/vectors.ts'
import {
  anything,
  evidence,
  expected,
  file,
  lastLine,
  nonce,
  pcr0,
  repository,
  root,
  then,
  useCommand,
  veritee,
  written,
} from './run.ts'

useCommand()

const { PCR0, PCR1, PCR2 } = expected.referenceValues

describe('verify', () => {
  it('exits with 0 and a checklist that ends in the verdict', () => {
    const outcome = veritee(['verify', file, ...root, ...pcr0, ...nonce, ...then])
    expect(outcome.stderr).toBe('')
    expect(outcome.stdout).toMatch(/^ {2}✓ Each certificate is signed by its issuer$/m)
    expect(outcome.stdout).toMatch(/^ {2}✓ Runs the expected image$/m)
    expect(outcome.stdout).toMatch(/^ {2}· Carries the expected user data +not requested$/m)
    expect(outcome.stdout).toMatch(/^ {2}module +i-0123456789abcdef0-enc0123456789abcdef$/m)
    expect(outcome.stdout).toMatch(/^ {2}clock +0 s behind the time of verification$/m)
    expect(outcome.stdout).not.toContain('✗')
    expect(lastLine(outcome)).toBe('VERIFIED: nitro; under a root that you named')
    expect(outcome.code).toBe(0)
  })

  it('exits with 2 when the evidence is not authentic, and goes no further', () => {
    const outcome = veritee(['verify', file, ...pcr0, ...nonce, ...then])
    expect(outcome.stdout).toMatch(
      /^ {2}✗ Root certificate is the pinned one of the vendor +root-mismatch\n {6}SHA-256 of the root\n {6}expected {2}641a0321[0-9a-f]{56}\n {6}found {5}[0-9a-f]{64}$/m,
    )
    expect(outcome.stdout).toContain('name its root\nwith --root FILE.')
    expect(outcome.stdout).not.toContain('Is it as expected?')
    expect(lastLine(outcome)).toBe('REFUSED: not authentic (root-mismatch)')
    expect(outcome.code).toBe(2)
  })

  it('exits with 3 when it is not as expected, and shows all that differs side by side', () => {
    const outcome = veritee(
      ['verify', file, ...root, '--pcr0', PCR1, '--pcr2', PCR2, '--nonce', '00ff', ...then],
      evidence,
    )
    expect(outcome.stdout).toContain(
      [
        `      PCR0  expected ${PCR1.slice(0, 48)}`,
        `                     ${PCR1.slice(48)}`,
        `            found    ${PCR0.slice(0, 48)}`,
        `                     ${PCR0.slice(48)}`,
        '      PCR2  as expected',
      ].join('\n'),
    )
    expect(outcome.stdout).toContain(`      expected  00ff\n      found     ${expected.freshness.nonce}\n`)
    expect(lastLine(outcome)).toBe('REFUSED: authentic, but not what you expect (policy-pcr, policy-nonce)')
    expect(outcome.code).toBe(3)
  })

  it.each([
    ['binary', evidence],
    ['hexadecimal', toHex(evidence)],
    ['hexadecimal in lines', `${toHex(evidence).toUpperCase().replace(/.{64}/g, '$&\r\n')}\n`],
    ['base64', evidence.toString('base64')],
    ['base64 in lines', evidence.toString('base64').replace(/.{76}/g, '$&\n')],
    ['base64url', evidence.toString('base64url')],
    ['base64url with padding', evidence.toString('base64').replaceAll('+', '-').replaceAll('/', '_')],
  ])('reads %s from standard input', (_form, input) => {
    expect(veritee(['verify', '-', ...root, ...pcr0, ...nonce, ...then], input)).toMatchObject({ code: 0, stderr: '' })
  })

  it('takes what nitro-cli printed, any of several files, and names the one that matched', () => {
    const measurements = (value: string): string =>
      JSON.stringify({
        EifVersion: 4,
        Measurements: { HashAlgorithm: 'Sha384 { ... }', PCR0: value },
        IsSigned: false,
      })
    const right = written('right.json', measurements(PCR0))
    const wrong = written('wrong.json', measurements(PCR2))
    const both = veritee(['verify', file, ...root, '--measurements', wrong, '--measurements', right, ...nonce, ...then])
    expect(both.stdout).toContain(`matched     ${right}`)
    expect(both.code).toBe(0)
    const neither = veritee(['verify', file, ...root, '--measurements', wrong, ...nonce, ...then])
    expect(neither.stdout).toContain(`measurements of ${wrong}`)
    expect(neither.code).toBe(3)
  })

  it('compares user data and public key, given as hexadecimal or as a file', () => {
    const key = '808182838485868788898a8b8c8d8e8f909192939495969798999a9b9c9d9e9f'
    const path = written('key.bin', Buffer.from(key, 'hex'))
    for (const value of [key, `@${path}`]) {
      expect(veritee(['verify', file, ...root, ...pcr0, ...nonce, ...then, '--public-key', value]).code).toBe(0)
    }
    const { code, stdout } = veritee(['verify', file, ...root, ...pcr0, ...nonce, ...then, '--user-data', 'ff'])
    expect(stdout).toMatch(/✗ Carries the expected user data +policy-user-data\n {6}expected {2}ff\n/)
    expect(code).toBe(3)
  })

  it('judges age at the time that --at names', () => {
    const at = ['--at', '2026-06-01T00:04:00Z']
    expect(veritee(['verify', file, ...root, ...pcr0, '--max-age', '5m', ...at]).code).toBe(0)
    expect(veritee(['verify', file, ...root, ...pcr0, ...nonce, '--max-age', '5m', ...at]).code).toBe(0)
    const both = veritee(['verify', file, ...root, ...pcr0, ...nonce, '--max-age', '3m', ...at])
    expect(both.stdout).toContain('(policy-freshness')
    expect(both.code).toBe(3)
    const late = veritee(['verify', file, ...root, ...pcr0, '--max-age', '3m', ...at])
    expect(late.stdout).toContain('age in seconds\n      expected  -300 to 180\n      found     240')
    expect(lastLine(late)).toBe('REFUSED: authentic, but not what you expect (policy-freshness)')
    expect(late.code).toBe(3)
  })

  it('takes --skew for both clocks', () => {
    const early = ['--at', '2026-05-31T23:50:00Z', '--skip-freshness']
    expect(lastLine(veritee(['verify', file, ...root, ...pcr0, ...early]))).toContain('policy-freshness')
    expect(veritee(['verify', file, ...root, ...pcr0, ...early, '--skew', '10m']).code).toBe(0)
  })

  it('says in the verdict what was skipped, and that the past is the past', () => {
    const skipped = ['verify', file, ...root, '--skip-reference-values', '--skip-freshness']
    const archive = veritee([...skipped, '--at', 'evidence'])
    expect(archive.stdout).toMatch(/! Runs the expected image +SKIPPED/)
    expect(archive.stdout.trimEnd().split('\n').slice(-2).join(' ')).toBe(
      'VERIFIED: nitro; as of 2026-06-01T00:00:00.000Z, not now; whatever code it runs; under a root that you named',
    )
    expect(archive.code).toBe(0)
    expect(veritee([...skipped, ...then]).stdout.replaceAll('\n', ' ')).toContain(
      'VERIFIED: nitro; whatever code it runs; however old it is; under a root that you named',
    )
  })

  it('refuses a debug enclave until it is allowed by name, and then says so', () => {
    const args = ['verify', 'fixtures/nitro/debug/evidence.bin', ...root, ...anything]
    const refused = veritee(args)
    expect(refused.stdout).toMatch(/✗ Is not in debug mode +policy-debug\n {6}expected {2}off\n {6}found {5}on\n/)
    expect(refused.code).toBe(3)
    const allowed = veritee([...args, '--allow-debug'])
    expect(allowed.stdout).toMatch(/! Is not in debug mode +ALLOWED\n/)
    expect(allowed.stdout).toContain('IN DEBUG MODE')
    expect(allowed.code).toBe(0)
    // Allowed is not claimed of an enclave that has no need of it.
    expect(veritee(['verify', file, ...root, ...anything, '--allow-debug']).stdout).toMatch(
      /✓ Is not in debug mode\n[^]*(?<!DEBUG MODE)$/,
    )
  })

  it('takes an instance for an instance only when asked to by name, even where a register fits', async () => {
    // Whoever runs an instance extends its PCR8 with the hash of a certificate, and has what an
    // enclave signed with it would have.
    const certificate = createHash('sha384').update('certificate of somebody else').digest()
    const pcr8 = createHash('sha384').update(Buffer.alloc(48)).update(certificate).digest()
    const attester = await createNitroAttester({ now: new Date('2026-06-01T00:00:00Z'), kind: 'tpm' })
    const pem = written('instance.der', attester.root)
    const document = await attester.document({ pcrs: { 8: pcr8 } })
    const args = ['verify', '-', '--root', pem, '--pcr8', pcr8.toString('hex'), '--skip-freshness', ...then]
    for (const format of [[], ['--format', 'auto'], ['--format', 'nitro']]) {
      const refused = veritee([...args, '--allow-signed-images', ...format], document)
      expect(refused.stdout).toContain('name it with --format.')
      expect(lastLine(refused)).toContain('(policy-kind')
      expect(refused.code).toBe(3)
    }
    const named = veritee([...args, '--format', 'nitro-tpm'], document)
    expect(named.stdout).toContain('VERIFIED: nitro-tpm')
    expect(named.code).toBe(0)
  })

  it.each([
    ['a document that breaks off', evidence.subarray(0, 1000), 'outer-cbor'],
    ['something else', Buffer.from('\u0000\u0001 no evidence'), 'format-unknown'],
    ['hexadecimal of something else', '00ff00', 'format-unknown'],
  ])('exits with 2 for %s', (_what, input, code) => {
    const outcome = veritee(['verify', '-', ...anything], input)
    expect(lastLine(outcome)).toBe(`REFUSED: not authentic (${code})`)
    expect(outcome.stderr).toBe('')
    expect(outcome.code).toBe(2)
  })

  it('verifies a document that AWS signed', ({ skip }) => {
    const vectors = findVectors('nitro')
    if (!vectors.found) {
      skip(vectors.skipLine)
      return
    }
    const path = join(vectors.directory, 'real/2021-03-17_us-east-2_prod_anjuna-security.cbor')
    const image = '2d151586641b790f3b1b92b8f89678c3aa86e73dd97969c892124be9d2b7fdc62b58a55cd9ee8216f6f5689cebf590ad'
    const archived = ['verify', path, '--pcr0', image, '--skip-freshness']
    const past = veritee([...archived, '--at', 'evidence'])
    expect(lastLine(past)).toBe('VERIFIED: nitro; as of 2021-03-17T22:01:55.685Z, not now')
    expect(past.code).toBe(0)
    const fresh = veritee(['verify', path, '--pcr0', image, '--max-age', '5m', '--at', '2021-03-17T22:02:00Z'])
    expect(lastLine(fresh)).toBe('VERIFIED: nitro')
    const later = veritee([...archived, '--at', '2026-06-01T00:00:00Z'])
    expect(later.stdout).toContain(
      'cabundle[1] has expired\n      expected  2021-03-14T08:48:08.000Z to 2021-04-03T09:48:08.000Z',
    )
    expect(later.code).toBe(2)
  })

  it('runs where the current folder is another one', () => {
    expect(
      veritee(['verify', join(repository, file), ...anything, '--root', join(repository, root[1] ?? '')]).code,
    ).toBe(0)
  })
})
