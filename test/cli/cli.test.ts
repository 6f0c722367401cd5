/**
 * The command line: every exit code, every way to give evidence, and what people and machines get to read.
 */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createNitroAttester } from '../attester/nitro.ts'
import { toHex } from '../../src/encoding/bytes.ts'
import { findVectors } from '../support/vectors.ts'
import { bundleCommand, veritee } from './run.ts'

const file = 'fixtures/nitro/valid/evidence.bin'
const root = ['--root', 'fixtures/nitro/root.pem']
const evidence = readFileSync(new URL(`../../${file}`, import.meta.url))
const expected = JSON.parse(
  readFileSync(new URL('../../fixtures/nitro/valid/expected.json', import.meta.url), 'utf8'),
) as {
  freshness: { nonce: string }
  referenceValues: { PCR0: string; PCR1: string; PCR2: string }
}
const pcr0 = ['--pcr0', expected.referenceValues.PCR0]
const nonce = ['--nonce', expected.freshness.nonce]
const folder = mkdtempSync(join(tmpdir(), 'veritee-cli-'))

beforeAll(bundleCommand)
afterAll(() => {
  rmSync(folder, { recursive: true, force: true })
})

function written(name: string, content: string | Uint8Array): string {
  const path = join(folder, name)
  writeFileSync(path, content)
  return path
}

describe('verify', () => {
  it('exits with 0 and a checklist that ends in the verdict', () => {
    const { code, stdout, stderr } = veritee(['verify', file, ...root, ...pcr0, ...nonce])
    expect(stderr).toBe('')
    expect(stdout).toMatch(/✓ Root certificate is a pinned one\n/)
    expect(stdout).toMatch(/· User data as expected +not requested\n/)
    expect(stdout).toMatch(/\nVERIFIED: nitro\n {2}module +i-0123456789abcdef0-enc0123456789abcdef\n/)
    expect(stdout).not.toContain('✗')
    expect(code).toBe(0)
  })

  it('exits with 2 when the evidence is not authentic, and says what was not looked at', () => {
    const { code, stdout } = veritee(['verify', file, ...pcr0, ...nonce])
    expect(stdout).toContain(
      '✗ Root certificate is a pinned one\n    root-mismatch: SHA-256 of the root\n    expected  641a0321',
    )
    expect(stdout).toContain('REFUSED: not authentic\n  failed: root-mismatch; nothing after it was looked at')
    expect(stdout).not.toContain('As expected?')
    expect(code).toBe(2)
  })

  it('exits with 3 when it is not as expected, and lists all that differs side by side', () => {
    const other = expected.referenceValues.PCR1
    const { code, stdout } = veritee(['verify', file, ...root, '--pcr0', other, '--nonce', '00ff'])
    expect(stdout).toContain(`expected  PCR0\n              ${other.slice(0, 64)}\n              ${other.slice(64)}\n`)
    expect(stdout).toContain(`found     PCR0\n              ${expected.referenceValues.PCR0.slice(0, 64)}\n`)
    expect(stdout).toContain('✗ Answers the nonce')
    expect(stdout).toContain('REFUSED: authentic, but not what you expect\n  failed: policy-pcr, policy-nonce')
    expect(code).toBe(3)
  })

  it.each([
    ['binary', evidence],
    ['hexadecimal with line breaks', toHex(evidence).replace(/.{64}/g, '$&\n')],
    ['base64', evidence.toString('base64')],
    ['base64url', evidence.toString('base64url')],
  ])('reads %s from standard input', (_form, input) => {
    expect(veritee(['verify', '-', ...root, ...pcr0, ...nonce], input)).toMatchObject({ code: 0, stderr: '' })
  })

  it('takes what nitro-cli printed, and any of several files', () => {
    const measurements = (PCR0: string): string =>
      JSON.stringify({ Measurements: { HashAlgorithm: 'Sha384 { ... }', PCR0 } })
    const right = written('right.json', measurements(expected.referenceValues.PCR0))
    const wrong = written('wrong.json', measurements(expected.referenceValues.PCR2))
    const both = veritee(['verify', file, ...root, '--measurements', wrong, '--measurements', right, ...nonce])
    expect(both.stdout).toContain(`matched       ${right}`)
    expect(both.code).toBe(0)
    expect(veritee(['verify', file, ...root, '--measurements', wrong, ...nonce]).code).toBe(3)
  })

  it('compares user data and public key, given as hexadecimal or as a file', () => {
    const key = '808182838485868788898a8b8c8d8e8f909192939495969798999a9b9c9d9e9f'
    const path = written('key.bin', Buffer.from(key, 'hex'))
    for (const value of [key, `@${path}`]) {
      expect(veritee(['verify', file, ...root, ...pcr0, ...nonce, '--public-key', value]).code).toBe(0)
    }
    const { code, stdout } = veritee(['verify', file, ...root, ...pcr0, ...nonce, '--user-data', 'ff'])
    expect(stdout).toContain('✗ User data as expected')
    expect(code).toBe(3)
  })

  it('judges age at the time that --at names', () => {
    const at = ['--at', '2026-06-01T00:04:00Z']
    expect(veritee(['verify', file, ...root, ...pcr0, '--max-age', '5m', ...at]).code).toBe(0)
    const late = veritee(['verify', file, ...root, ...pcr0, '--max-age', '3m', ...at])
    expect(late.stdout).toContain('policy-freshness: age in seconds\n    expected  -300 to 180\n    found     240')
    expect(late.code).toBe(3)
  })

  it('says loudly what was skipped, and that the past is the past', () => {
    const { code, stdout } = veritee([
      'verify',
      file,
      ...root,
      '--skip-reference-values',
      '--skip-freshness',
      '--at',
      'evidence',
    ])
    expect(stdout).toMatch(/! Runs the expected image +SKIPPED/)
    expect(stdout).toContain('VERIFIED: nitro, as of its own time: this says nothing about now')
    expect(stdout).toContain('SKIPPED       policy-pcr, policy-freshness')
    expect(code).toBe(0)
  })

  it('refuses a debug enclave until it is allowed by name', () => {
    const debug = 'fixtures/nitro/debug/evidence.bin'
    const args = ['verify', debug, ...root, '--skip-reference-values', '--skip-freshness', '--at', 'evidence']
    expect(veritee(args)).toMatchObject({ code: 3 })
    expect(veritee([...args, '--allow-debug'])).toMatchObject({ code: 0 })
  })

  it('prints one JSON document on success and on failure', () => {
    const good = veritee(['verify', file, ...root, ...pcr0, ...nonce, '--json'])
    expect(JSON.parse(good.stdout)).toMatchObject({
      verdict: 'verified',
      format: 'nitro',
      timeSource: 'clock',
      matched: 0,
      claims: {
        moduleId: 'i-0123456789abcdef0-enc0123456789abcdef',
        pcrs: { PCR0: expected.referenceValues.PCR0 },
        debug: false,
      },
    })
    const bad = veritee(['verify', file, ...root, ...pcr0, '--nonce', '00', '--json'])
    expect(JSON.parse(bad.stdout)).toMatchObject({
      verdict: 'refused',
      error: 'AppraisalError',
      code: 'policy-nonce',
      failures: ['policy-nonce'],
    })
    expect([good.code, bad.code]).toEqual([0, 3])
  })

  it('verifies a document that AWS signed', ({ skip }) => {
    const vectors = findVectors('nitro')
    if (!vectors.found) {
      skip(vectors.skipLine)
      return
    }
    const path = join(vectors.directory, 'real/2021-03-17_us-east-2_prod_anjuna-security.cbor')
    const image = '2d151586641b790f3b1b92b8f89678c3aa86e73dd97969c892124be9d2b7fdc62b58a55cd9ee8216f6f5689cebf590ad'
    expect(veritee(['verify', path, '--pcr0', image, '--skip-freshness', '--at', 'evidence']).code).toBe(0)
    const now = veritee(['verify', path, '--pcr0', image, '--skip-freshness'])
    expect(now.stdout).toContain(
      'cert-validity: cabundle[1] has expired\n    expected  2021-03-14T08:48:08.000Z to 2021-04-03T09:48:08.000Z',
    )
    expect(now.code).toBe(2)
  })
})

describe('inspect', () => {
  it('says UNVERIFIED before and after, and shows what is there', () => {
    const { code, stdout } = veritee(['inspect', file])
    const lines = stdout.trimEnd().split('\n')
    expect(lines[0]).toMatch(/^UNVERIFIED/)
    expect(lines.at(-1)).toMatch(/^UNVERIFIED/)
    expect(stdout).toContain('CN=veritee fixture root\\, NOT AWS')
    expect(stdout).toMatch(/PCR5 +\(all zero\)/)
    expect(stdout).toContain('= "hash of a certificate, say"')
    expect(code).toBe(0)
  })

  it('is JSON that says so too with --json', () => {
    expect(JSON.parse(veritee(['inspect', file, '--json']).stdout)).toMatchObject({
      verdict: 'unverified',
      kind: 'enclave',
    })
  })

  it('exits with 2 and the reason when the bytes are no document', () => {
    const { code, stderr, stdout } = veritee(['inspect', '-'], Buffer.from([0x84, 0x44]))
    expect(stderr).toBe('veritee: COSE_Sign1: protected header at 2 needs 4 bytes, found 0 (outer-cbor)\n')
    expect(stdout).toBe('')
    expect(code).toBe(2)
  })

  it('does not let evidence write to the terminal', async () => {
    const attester = await createNitroAttester({ now: new Date('2026-06-01T00:00:00Z') })
    const document = await attester.document({ moduleId: 'i-0\u001b[2J\u202eenc' })
    for (const args of [
      ['inspect', '-'],
      ['verify', '-', ...root, '--skip-reference-values', '--skip-freshness', '--at', 'evidence'],
      ['inspect', '-', '--json'],
    ]) {
      // eslint-disable-next-line no-control-regex
      expect(veritee(args, document).stdout).not.toMatch(/[\u001b\u202e]/)
    }
    expect(veritee(['inspect', '-'], document).stdout).toContain('i-0\\u{1b}[2J\\u{202e}enc')
  })
})

describe('usage', () => {
  it.each([
    [[], 1, ''],
    [['frobnicate'], 1, 'unknown command "frobnicate"; commands are verify, inspect'],
    [['verify'], 1, 'verify takes one file'],
    [['verify', file], 1, 'say what must run there: --pcr0 HEX'],
    [['verify', file, ...pcr0], 1, 'say how fresh it must be: --nonce HEX'],
    [['verify', file, ...pcr0, ...nonce, '--skip-freshness'], 1, 'say how fresh it must be'],
    [['verify', file, ...pcr0, '--skip-reference-values', ...nonce], 1, 'say what must run there'],
    [['verify', file, '--pcr0', 'abcd', ...nonce], 1, 'referenceValues[0].PCR0 must be 48 bytes (96 hex digits)'],
    [['verify', file, '--pcr0', '00'.repeat(48), ...nonce], 1, 'registers other than zero'],
    [['verify', file, '--pcr32', 'ab', ...nonce], 1, "Unknown option '--pcr32'"],
    [['verify', file, ...pcr0, '--nonce', 'xyz'], 1, '--nonce must be hexadecimal'],
    [['verify', file, ...pcr0, '--max-age', '5 minutes'], 1, '--max-age must be a number with s, m, h or d, like 5m'],
    [['verify', file, ...pcr0, ...nonce, '--at', '2026-06-01'], 1, '--at must be `evidence`, or a time with its zone'],
    [
      ['verify', file, ...pcr0, '--max-age', '5m', '--at', 'evidence'],
      1,
      'freshness must be { nonce } or skipFreshness at evidence time',
    ],
    [['verify', file, ...pcr0, ...nonce, '--format', 'tdx'], 1, '--format must be nitro, nitro-tpm or auto'],
    [['verify', 'no/such/file', ...pcr0, ...nonce], 1, 'cannot read no/such/file: ENOENT'],
    [['verify', file, ...pcr0, ...nonce, '--root', 'package.json'], 1, 'no PEM block labelled CERTIFICATE'],
    [['verify', file, '--measurements', 'README.md', ...nonce], 1, 'README.md is not JSON'],
    [['verify', 'package.json', ...pcr0, ...nonce], 1, 'package.json is text, but neither hexadecimal nor base64'],
  ])('%j exits with %i', (args, code, message) => {
    const outcome = veritee(args)
    expect(outcome.stderr).toContain(message)
    expect(outcome.code).toBe(code)
  })

  it('refuses input that is larger than any evidence', () => {
    const { code, stderr } = veritee(['inspect', '-'], Buffer.alloc(200_000, 0x84))
    expect(stderr).toContain('standard input is larger than 131072 bytes')
    expect(code).toBe(1)
  })

  it('explains itself', () => {
    expect(veritee(['--help'])).toMatchObject({ code: 0, stderr: '' })
    expect(veritee(['verify', '--help']).stdout).toContain('--skip-reference-values')
    expect(veritee(['--version']).stdout).toMatch(/^\d+\.\d+\.\d+\n$/)
  })
})
