/**
 * `veritee verify` and `veritee inspect` for tokens of Arm: what is asked on the command line, what
 * people and machines get to read, and mistakes.
 */
import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import type { ExpectedToken } from '../../fixtures/expected-token.ts'
import { hex } from '../attester/bytes.ts'
import { lastLine, repository, useCommand, veritee, written } from './run.ts'

useCommand()

const expectedOf = (path: string): ExpectedToken =>
  JSON.parse(readFileSync(`${repository}fixtures/${path}/expected.json`, 'utf8')) as ExpectedToken
const { trustAnchors, freshness, referenceValues, platform } = expectedOf('cca/valid')
const device = expectedOf('psa/valid')
const file = (name: string): string => `fixtures/${name}/evidence.bin`
const json = (name: string, value: unknown): string => written(name, JSON.stringify(value))
const nonceOf = (given: ExpectedToken['freshness']): string[] => [
  '--nonce',
  given === 'skipFreshness' ? '' : given.nonce,
]
const { rim = '' } = referenceValues as { readonly rim?: string }

const anchor = ['--anchor', json('anchor.json', trustAnchors)]
const nonce = nonceOf(freshness)
const realm = ['--rim', rim]
const firmware = ['--firmware', json('firmware.json', platform)]
const good = ['verify', file('cca/valid'), ...anchor, ...nonce, ...realm, ...firmware]
const boot = ['--measurements', json('boot.json', device.referenceValues)]
const psa = [
  'verify',
  file('psa/valid'),
  '--anchor',
  json('device.json', device.trustAnchors),
  ...nonceOf(device.freshness),
]

describe('verify', () => {
  it('exits with 0 and a checklist that ends in the verdict', () => {
    const outcome = veritee(good)
    expect(outcome.stderr).toBe('')
    expect(outcome.stdout).toMatch(/^ {2}✓ The platform vouches for the key of the realm$/m)
    expect(outcome.stdout).toMatch(/^ {2}✓ Is the expected realm$/m)
    expect(outcome.stdout).toMatch(/^ {2}✓ Runs on the expected firmware$/m)
    expect(outcome.stdout).toMatch(/^ {2}lifecycle {3}secured \(0x3003\)$/m)
    expect(outcome.stdout).toMatch(/^ {2}firmware {4}as in .+firmware\.json$/m)
    expect(outcome.stdout).toMatch(/^ {2}RPV {9}zero$/m)
    expect(lastLine(outcome)).toBe('VERIFIED: cca')
    expect(outcome.code).toBe(0)
  })

  it('shows measurements that differ side by side, and firmware line by line', () => {
    const other = veritee([...good.slice(0, 6), '--rim', 'ab'.repeat(32), ...firmware])
    expect(other.stdout).toMatch(/✗ Is the expected realm +policy-measurements\n {6}realm as in command line, 1 of 1\n/)
    expect(other.stdout).toMatch(/^ {6}RIM +expected (ab){16}$/m)
    expect(other.stdout).toMatch(/^ {6}REM0 +as expected$/m)
    expect(other.code).toBe(3)
    const below = veritee(['verify', file('cca/other-firmware'), ...anchor, ...nonce, ...realm, ...firmware])
    expect(below.stdout).toMatch(/✗ Runs on the expected firmware +policy-platform\n/)
    expect(below.stdout).toMatch(/^ {16}"RMM 2\.0\.0":$/m)
    expect(below.stdout).not.toContain('\\u{a}')
  })

  it('takes REMs and a personalization value, by value and as any', () => {
    const rems = (expectedOf('cca/valid-rems').referenceValues as { readonly rems: readonly string[] }).rems
    const named = rems.flatMap((value, i) => [`--rem${i}`, value])
    expect(veritee(['verify', file('cca/valid-rems'), ...anchor, ...nonce, ...realm, ...firmware, ...named]).code).toBe(
      0,
    )
    expect(veritee(['verify', file('cca/valid-rems'), ...anchor, ...nonce, ...realm, ...firmware]).code).toBe(3)
    const any = [0, 1, 2, 3].flatMap((i) => [`--rem${i}`, 'any'])
    expect(veritee(['verify', file('cca/valid-rems'), ...anchor, ...nonce, ...realm, ...firmware, ...any]).code).toBe(0)
    const value = hex(Uint8Array.from({ length: 64 }, (_, i) => i))
    const passed = ['verify', file('cca/valid-any'), ...anchor, ...nonce, ...realm, ...firmware]
    expect(veritee([...passed, '--personalization-value', value]).code).toBe(0)
    expect(veritee([...passed, '--personalization-value', 'any']).code).toBe(0)
    expect(veritee(passed).code).toBe(3)
  })

  it('names everything that the verdict leaves open', () => {
    const open = ['--skip-freshness', '--skip-reference-values', '--skip-firmware']
    const skipped = veritee(['verify', file('cca/valid'), ...anchor, ...open])
    expect(skipped.stdout.replace(/\s+/g, ' ')).toMatch(
      /VERIFIED: cca; whatever code it runs; whatever firmware is below; however old it is $/,
    )
    const debug = ['verify', file('cca/debug'), ...anchor, ...nonce, ...realm, ...firmware]
    expect(veritee(debug).stdout.replace(/\s+/g, ' ')).toContain('If that is what you want: --accept-lifecycle.')
    const accepted = veritee([...debug, '--accept-lifecycle', 'non-rot-debug'])
    expect(lastLine(accepted)).toBe('VERIFIED: cca; platform non-rot-debug (0x4000)')
  })

  it('takes trust anchors as trustee writes them', () => {
    const [own] = trustAnchors
    const trustee = [{ 'instance-id': own?.instanceId, 'implementation-id': own?.implementationId, pkey: own?.key }]
    const outcome = veritee([
      ...good.slice(0, 2),
      '--anchor',
      json('trustee.json', trustee),
      ...nonce,
      ...realm,
      ...firmware,
    ])
    expect(lastLine(outcome)).toBe('VERIFIED: cca')
  })

  it('takes PSA tokens, and MACs with a secret', () => {
    const outcome = veritee([...psa, ...boot])
    expect(outcome.stdout).toMatch(/^ {2}✓ Runs the expected firmware$/m)
    expect(outcome.stdout).toMatch(/^ {2}certified {3}1234567890123-12345$/m)
    expect(lastLine(outcome)).toBe('VERIFIED: psa')
    const secret = ['--anchor', json('secret.json', expectedOf('psa/valid-mac').trustAnchors)]
    const withMac = ['verify', file('psa/valid-mac'), ...nonceOf(device.freshness), ...boot]
    expect(lastLine(veritee([...withMac, ...secret]))).toBe('VERIFIED: psa')
    const refused = veritee([...withMac, '--anchor', json('device.json', device.trustAnchors)])
    expect(refused.stdout.replace(/\s+/g, ' ')).toContain('verify them on a server')
    expect(refused.code).toBe(2)
  })

  it('says the same to machines', () => {
    const { code, stdout } = veritee([...good, '--json'])
    expect(JSON.parse(stdout)).toMatchObject({
      verdict: 'verified',
      format: 'cca',
      matched: 'command line',
      attestedAt: null,
      publicKey: null,
      claims: { wrapper: 907, realm: { rim }, platform: { lifecycleState: 'secured' } },
    })
    expect(code).toBe(0)
    const cut = veritee(
      [...good, '--json'].map((arg) => (arg === good[1] ? '-' : arg)),
      Uint8Array.of(0xd9, 0x03, 0x8b, 0xa2),
    )
    expect(JSON.parse(cut.stdout)).toMatchObject({ verdict: 'refused', code: 'outer-cbor', format: 'cca' })
    expect(cut.code).toBe(2)
  })
})

describe('mistakes', () => {
  it.each<readonly [readonly string[], string]>([
    [['verify', file('cca/valid'), '--format', 'cca'], 'say what it must answer: --nonce HEX or --skip-freshness'],
    [['verify', file('cca/valid'), '--format', 'cca', ...nonce], 'say whose keys you trust: --anchor FILE'],
    [
      ['verify', file('cca/valid'), ...anchor, ...nonce, '--format', 'cca'],
      'say what must run there: --rim HEX, --measurements FILE',
    ],
    [
      ['verify', file('cca/valid'), ...anchor, ...nonce, ...realm],
      'say what must run below the realm: --firmware FILE or --skip-firmware',
    ],
    [[...good, '--skip-firmware'], 'only one of them'],
    [[...good, '--skip-reference-values'], 'only one of them'],
    [[...good, '--rem0', '00'.repeat(32)], '--rem0 to --rem3 belong together'],
    [
      [...good, ...[0, 1, 2].flatMap((i) => [`--rem${i}`, 'any']), '--rem3', '00'.repeat(32)],
      'must all be `any`, or none of them',
    ],
    [[...good.slice(0, 6), ...firmware, '--rem0', 'any'], '--rim is required'],
    [[...good.slice(0, 6), '--rim', '00'.repeat(32), ...firmware], '--rim must be a measurement: zero is none'],
    [[...good.slice(0, 6), '--rim', 'xyz', ...firmware], '--rim must be hexadecimal'],
    [[...good.slice(0, 4), '--nonce', 'ab'.repeat(32), ...realm, ...firmware], '--nonce must be 64 bytes'],
    [[...good, '--accept-lifecycle', 'debug'], '--accept-lifecycle must be a list of non-rot-debug'],
    [[...good, '--root', 'fixtures/nitro/root.pem'], '--root is about certificates and dates: a token has none'],
    [[...good, '--skew', '5m'], '--skew is about certificates and dates'],
    [[...good, '--at', 'evidence'], 'a token has no date of its own: --at needs a time'],
    [[...good, '--max-age', '5m'], '--max-age is about nitro and nitro-tpm, but another option is about cca'],
    [[...good, '--mrtd', 'any'], 'but another option is about'],
    [[...psa, ...boot, '--rim', rim], '--format says'],
    [
      [...good.slice(0, 2), '--anchor', 'package.json', ...nonce, ...realm, ...firmware],
      '--anchor package.json: trustAnchors[0].name must be one of',
    ],
    [[...good.slice(0, 2), '--anchor', 'README.md', ...nonce, ...realm, ...firmware], 'README.md is not JSON'],
    [
      [...good.slice(0, 2), '--anchor', json('number.json', 1), ...nonce, ...realm, ...firmware],
      'must be a JSON object, or a list of some',
    ],
    [
      [...good.slice(0, 8), '--firmware', 'package.json'],
      '--firmware package.json: platform[0].version must be one of',
    ],
  ])('%j', (args, message) => {
    const given = args[0] === 'verify' && message === '--format says' ? [...args, '--format', 'psa'] : args
    const { code, stderr, stdout } = veritee(given)
    expect(stderr).toContain(message)
    expect(stdout).toBe('')
    expect(code).toBe(1)
  })

  it('allow published keys by name only', () => {
    const key = {
      kty: 'EC',
      crv: 'P-256',
      x: 'eeupDov0UKZ1FXatRZmwet-TjaO7C9F9ADbtSaLQ_D8',
      y: 'v836iVa1aL_bhnPmSNi1jZKZVbFKJsMIDzQRfZcdaGQ',
    }
    const both = json('published.json', [
      ...trustAnchors,
      { implementationId: '00'.repeat(32), instanceId: '01'.repeat(33), key },
    ])
    const args = [...good.slice(0, 2), '--anchor', both, ...nonce, ...realm, ...firmware]
    const refused = veritee(args)
    expect(refused.stderr).toContain('this one is published, for tests (--allow-test-keys)')
    expect(refused.code).toBe(1)
    expect(lastLine(veritee([...args, '--allow-test-keys']))).toBe('VERIFIED: cca')
  })
})

describe('inspect', () => {
  it('shows a token without a reason to believe it', () => {
    const { code, stdout } = veritee(['inspect', file('cca/other-key')])
    expect(stdout).toMatch(/^UNVERIFIED/)
    expect(stdout).toMatch(/^kind +Arm CCA token, tag 907$/m)
    expect(stdout).toMatch(/^service +"whatever\.com"$/m)
    expect(stdout.split('\n').filter((line) => line.length > 80)).toEqual([])
    expect(code).toBe(0)
    expect(veritee(['inspect', file('cca/valid-legacy')]).stdout).toMatch(/^realm +without a profile \(RMM 1\.0\)$/m)
  })

  it('shows PSA tokens, and JSON', () => {
    expect(veritee(['inspect', file('psa/valid-profile-1')]).stdout).toMatch(/^kind +PSA token, claims of profile-1$/m)
    const { stdout } = veritee(['inspect', file('psa/valid'), '--json'])
    expect(JSON.parse(stdout)).toMatchObject({
      verdict: 'unverified',
      format: 'psa',
      generation: 'rfc-9783',
      clientId: 1,
    })
  })

  it('knows no event log', () => {
    const { code, stderr } = veritee(['inspect', file('cca/valid'), '--event-log', 'package.json'])
    expect(stderr).toContain('--event-log is about TDX quotes')
    expect(code).toBe(1)
  })
})
