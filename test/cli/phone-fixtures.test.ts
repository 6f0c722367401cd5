/**
 * Every fixture of phones through the command: the exit code is the class of the error, the verdict
 * names its code, and nothing is wider than a terminal.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import type { ExpectedAndroidKey, ExpectedAppAttest, ExpectedPhone } from '../../fixtures/expected-phone.ts'
import { repository, useCommand, veritee, written } from './run.ts'

useCommand()

const cases = ['android-key', 'app-attest'].flatMap((format) =>
  readdirSync(`${repository}fixtures/${format}`, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => `fixtures/${format}/${name}`),
)

describe('fixtures of phones on the command line', () => {
  it('are there', () => {
    expect(cases).toEqual(expect.arrayContaining(['fixtures/android-key/valid', 'fixtures/app-attest/valid']))
  })

  it.each(cases)('%s', (path) => {
    const expected = JSON.parse(readFileSync(`${repository}${path}/expected.json`, 'utf8')) as ExpectedPhone
    const own = expected.format === 'android-key' ? androidArguments(expected, path) : appleArguments(expected)
    const { code, stdout, stderr } = veritee([
      ...['verify', `${path}/evidence.bin`, '--root', `fixtures/${expected.format}/root.pem`],
      ...['--at', expected.now, '--skew', `${expected.clockSkewSeconds}s`],
      ...(expected.debug === undefined ? [] : ['--allow-debug']),
      ...(expected.referenceValues === 'skipReferenceValues' ? ['--skip-reference-values'] : []),
      ...own,
    ])
    const { verdict } = expected
    expect(stderr).toBe('')
    expect(stdout.split('\n').filter((line) => line.length > 80)).toEqual([])
    // Every check has a sentence of its own.
    expect(stdout).not.toMatch(/^ {2}[✓·!✗] [a-z-]+( |$)/m)
    if (verdict === 'valid') {
      expect(stdout).toMatch(new RegExp(`^VERIFIED: ${expected.format}; `, 'm'))
      expect(code).toBe(0)
    } else {
      expect(stdout.replaceAll('\n', ' ')).toMatch(new RegExp(`REFUSED: .*\\(${verdict.code}(, |\\) $)`))
      expect(code).toBe({ VerificationError: 2, AppraisalError: 3 }[verdict.error])
    }
  })

  it.each(cases)('%s, inspected', (path) => {
    const { code, stdout } = veritee(['inspect', `${path}/evidence.bin`])
    expect(stdout.split('\n').filter((line) => line.length > 80)).toEqual([])
    expect(stdout).toMatch(/^UNVERIFIED/)
    expect(stdout).toMatch(/challenge {2}|^environment /m)
    expect(code).toBe(0)
    const { code: again, stdout: json } = veritee(['inspect', `${path}/evidence.bin`, '--json'])
    expect(again).toBe(0)
    expect(JSON.parse(json)).toMatchObject({ verdict: 'unverified' })
  })

  it('say what weakens a verdict', () => {
    const skip = ['--skip-freshness', '--skip-reference-values', '--skip-revocation', '--allow-debug']
    const path = 'fixtures/android-key/valid-unlocked-allowed'
    const root = ['--root', 'fixtures/android-key/root.pem', '--at', '2026-06-01T00:00:00Z']
    const { stdout } = veritee(['verify', `${path}/evidence.bin`, '--format', 'android-key', ...root, ...skip])
    expect(stdout.replaceAll('\n', ' ')).toContain(
      'VERIFIED: android-key; device UNLOCKED, boot unverified; whatever application; whenever it was made; revocation not checked; under a root that you named',
    )
  })

  it.each([
    [['--nonce', '00', '--skip-freshness'], /say how fresh it must be/],
    [['--nonce', '00'], /say what is revoked/],
    [['--nonce', '00', '--skip-revocation'], /say which application/],
    [['--nonce', '00', '--skip-revocation', '--package', 'a'], /--package and --signer belong together/],
    [
      ['--nonce', '00', '--skip-revocation', '--package', 'a', '--signer', '00'],
      /the registers|--signer must be 32 bytes/,
    ],
    [['--skip-freshness', '--skip-revocation', '--skip-reference-values', '--at', 'evidence'], /no date of its own/],
    [['--skip-freshness', '--skip-revocation', '--skip-reference-values', '--rp-id', 'a'], /belong together/],
    [
      ['--skip-freshness', '--skip-revocation', '--skip-reference-values', '--security-level', 'x'],
      /--security-level must be tee or strongbox/,
    ],
    [['--skip-freshness', '--skip-revocation', '--skip-reference-values', '--pcr0', '00'], /is about/],
  ])('usage: %o', (args, message) => {
    const { code, stderr } = veritee([
      'verify',
      'fixtures/android-key/valid/evidence.bin',
      '--format',
      'android-key',
      ...args,
    ])
    expect(stderr).toMatch(message)
    expect(code).toBe(1)
  })

  it.each([
    [['--app-id', 'A.b'], /--client-data/],
    [['--client-data', '00'], /say which application/],
    [['--client-data', '00', '--app-id', 'A'], /--app-id must be team and bundle/],
    [['--client-data', '00', '--app-id', 'A.b', '--key-id', '00'], /--key-id must be 32 bytes/],
  ])('usage of App Attest: %o', (args, message) => {
    const { code, stderr } = veritee([
      'verify',
      'fixtures/app-attest/valid/evidence.bin',
      '--format',
      'app-attest',
      ...args,
    ])
    expect(stderr).toMatch(message)
    expect(code).toBe(1)
  })
})

/** `expected.json` as people would type it. */
function androidArguments(expected: ExpectedAndroidKey, path: string): string[] {
  const { freshness, referenceValues, endorsements, webauthn, securityLevel, verifiedBootKeys = [] } = expected
  const { minimumOsPatchLevel, purposes = [] } = expected
  const data = `${path}/client-data.json`
  return [
    ...(freshness === 'skipFreshness' ? ['--skip-freshness'] : ['--nonce', freshness.nonce]),
    ...(endorsements === 'skipRevocation'
      ? ['--skip-revocation']
      : ['--status-list', written('status.json', endorsements.statusList)]),
    ...(referenceValues === 'skipReferenceValues'
      ? []
      : [
          ...referenceValues.packageName.flatMap((name) => ['--package', name]),
          ...referenceValues.signers.flatMap((signer) => ['--signer', signer]),
        ]),
    ...(securityLevel === undefined ? [] : ['--security-level', securityLevel]),
    ...verifiedBootKeys.flatMap((key) => ['--verified-boot-key', key]),
    ...(minimumOsPatchLevel === undefined ? [] : ['--minimum-os-patch', `${minimumOsPatchLevel}`]),
    ...purposes.flatMap((purpose) => ['--purpose', purpose]),
    ...(webauthn !== undefined && existsSync(`${repository}${data}`)
      ? [
          '--client-data',
          `@${data}`,
          '--rp-id',
          webauthn.rpId,
          ...webauthn.origins.flatMap((origin) => ['--origin', origin]),
        ]
      : []),
  ]
}

function appleArguments({ clientData, referenceValues, keyId }: ExpectedAppAttest): string[] {
  return [
    ...['--client-data', clientData],
    ...(referenceValues === 'skipReferenceValues' ? [] : referenceValues.flatMap(({ appId }) => ['--app-id', appId])),
    ...(keyId === undefined ? [] : ['--key-id', keyId]),
  ]
}
