/**
 * `veritee verify` and `veritee inspect` for Intel's quotes: what is asked on the command line,
 * what people and machines get to read, and mistakes.
 */
import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import type { ExpectedQuote } from '../../fixtures/expected-quote.ts'
import { openIntelVectors } from '../formats/intel/intel-vectors.ts'
import { file as nitroFile, lastLine, nonce, pcr0, repository, useCommand, veritee, written } from './run.ts'

useCommand()

const read = (path: string): Buffer => readFileSync(`${repository}fixtures/${path}`)
const expectedOf = (path: string): ExpectedQuote =>
  JSON.parse(read(`${path}/expected.json`).toString()) as ExpectedQuote
const filesOf = (path: string): string[] => [
  ...[`fixtures/${path}/evidence.bin`, '--collateral', `fixtures/${path}/endorsements.json`],
  ...['--root', `fixtures/${path.split('/')[0]}/root.pem`, '--at', '2026-06-01T00:00:00Z'],
]
const { reportData, referenceValues } = expectedOf('tdx/valid')
const { mrTd = '', rtmr0 = '', rtmr1 = '', rtmr2 = '' } = referenceValues as Record<string, string>
const { mrEnclave = '' } = expectedOf('sgx/valid').referenceValues as Record<string, string>
const td = filesOf('tdx/valid')
const enclave = filesOf('sgx/valid')
const bound = ['--report-data', reportData]
const registers = ['--mrtd', mrTd, '--rtmr0', rtmr0, '--rtmr1', rtmr1, '--rtmr2', rtmr2]
const anything = ['--skip-reference-values', '--skip-report-data']
const root = 'under a root that you named'

describe('verify, TDX', () => {
  it('exits with 0 and a checklist that ends in the verdict', () => {
    const outcome = veritee(['verify', ...td, ...registers, ...bound])
    expect(outcome.stderr).toBe('')
    expect(outcome.stdout).toMatch(/^ {2}✓ Quote is signed by the quoting enclave$/m)
    expect(outcome.stdout).toMatch(/^ {2}✓ Nothing is revoked$/m)
    expect(outcome.stdout).toMatch(/^ {2}· Runs on an accepted machine +not requested$/m)
    expect(outcome.stdout).toMatch(
      /^ {2}TCB status +UpToDate \(platform UpToDate, TDX module UpToDate, QE UpToDate\)$/m,
    )
    expect(outcome.stdout).toMatch(/^ {2}advisories +none listed$/m)
    // Each question once, however many certificates there are.
    expect(outcome.stdout.match(/Each certificate is signed by its issuer/g)).toHaveLength(1)
    expect(lastLine(outcome)).toBe(`VERIFIED: tdx; ${root}`)
    expect(outcome.code).toBe(0)
  })

  it('shows registers that differ side by side', () => {
    const outcome = veritee([
      'verify',
      ...td,
      ...registers.slice(0, -1),
      'ab'.repeat(48),
      ...bound,
      '--xfam',
      '00'.repeat(8),
    ])
    expect(outcome.stdout).toMatch(
      /✗ Runs the expected image +policy-measurements\n {6}measurements of command line, 1 of 1\n/,
    )
    expect(outcome.stdout).toMatch(/^ {6}mrTd {10}as expected$/m)
    expect(outcome.stdout).toMatch(/^ {6}rtmr2 {9}expected (ab){24}$/m)
    expect(outcome.stdout).toMatch(new RegExp(`^ {20}found    ${rtmr2.slice(0, 48)}$`, 'm'))
    expect(outcome.code).toBe(3)
  })

  it('takes what was measured, by an event log, in the place of registers', () => {
    const path = 'tdx/valid-events'
    const { events } = expectedOf(path)
    const log = ['--event-log', `fixtures/${path}/event-log.json`]
    const expectation = (content: unknown): string[] => [
      '--events',
      written('expected-events.json', JSON.stringify(content)),
    ]
    const others = ['--mrtd', mrTd, '--rtmr0', 'any', '--rtmr1', rtmr1, '--rtmr2', rtmr2, ...bound]
    const accepted = veritee(['verify', ...filesOf(path), ...log, ...expectation(events), ...others])
    expect(lastLine(accepted)).toBe(`VERIFIED: tdx; ${root}`)
    // The log is as expected, but not that of the quote.
    const elsewhere = veritee(['verify', ...td, ...log, ...expectation(events), ...others])
    expect(elsewhere.stdout).toMatch(/^ {6}rtmr3 +expected [0-9a-f]{48}$/m)
    expect(elsewhere.code).toBe(3)
    const another = { dstack: { composeHash: 'ab'.repeat(32) } }
    const refused = veritee(['verify', ...filesOf(path), ...log, ...expectation(another), ...others])
    expect(refused.stderr).toContain('event compose-hash: expected abab')
    expect(refused.code).toBe(3)
    const some = { rtmr3: { events: [{ digest: 'ab'.repeat(48) }], others: 'allowOtherEvents' } }
    expect(veritee(['verify', ...filesOf(path), ...log, ...expectation(some), ...others]).stderr).toContain(
      '(policy-event)',
    )
  })

  it('says what would accept a state of the platform, and that it was accepted', () => {
    const path = filesOf('tdx/out-of-date')
    const refused = veritee(['verify', ...path, ...registers, ...bound])
    expect(refused.stdout.replace(/\s+/g, ' ')).toContain(
      'expected UpToDate found OutOfDate (INTEL-SA-01103); to accept it, --accept-tcb-status OutOfDate',
    )
    expect(refused.code).toBe(3)
    const accepted = veritee(['verify', ...path, ...registers, ...bound, '--accept-tcb-status', 'OutOfDate'])
    expect(lastLine(accepted)).toBe(`VERIFIED: tdx; platform OutOfDate; ${root}`)
    expect(accepted.stdout).toMatch(/^ {2}advisories +INTEL-SA-01103$/m)
  })

  it('names everything that the verdict leaves open', () => {
    const skipped = veritee(['verify', ...td, ...anything])
    expect(skipped.stdout.trimEnd().split('\n').slice(-2).join(' ')).toBe(
      `VERIFIED: tdx; whatever code it runs; whatever it was made for; ${root}`,
    )
    const attributes = ['--td-attributes', '0000003000000000']
    const migratable = veritee([
      'verify',
      ...filesOf('tdx/migratable'),
      ...registers,
      ...bound,
      ...attributes,
      '--allow-migration',
    ])
    expect(migratable.stdout).toMatch(/! Cannot be moved to another machine +ALLOWED/)
    expect(lastLine(migratable)).toContain('can be moved to another machine')
    const debug = veritee(['verify', ...filesOf('tdx/debug'), ...anything, '--allow-debug'])
    expect(debug.stdout).toMatch(/! Is not in debug mode +ALLOWED/)
    expect(debug.stdout).toContain('IN DEBUG MODE')
  })

  it('says what to do about collateral', () => {
    const late = veritee(['verify', ...filesOf('tdx/wrong-rtmr').slice(0, -1), '2026-08-01T00:00:00Z', ...anything])
    expect(late.stdout.replace(/\s+/g, ' ')).toContain('Fetch the collateral anew')
    expect(late.code).toBe(2)
    const { code, stdout } = veritee(['verify', ...filesOf('tdx/no-crl'), ...anything])
    expect(stdout).toMatch(/✗ Collateral is complete +endorsement-missing|endorsements\.pckCrl/)
    expect(code).toBe(2)
  })

  it('says the same to machines', () => {
    const { code, stdout } = veritee(['verify', ...td, ...registers, ...bound, '--json'])
    expect(JSON.parse(stdout)).toMatchObject({
      verdict: 'verified',
      format: 'tdx',
      matched: 'command line',
      attestedAt: null,
      clockOffsetSeconds: null,
      claims: { mrTd, tcbStatus: 'UpToDate', advisoryIDs: [], platform: { fmspc: '00806f050000' } },
    })
    expect(code).toBe(0)
    const refused = veritee(['verify', ...filesOf('tdx/out-of-date'), ...anything, '--json'])
    expect(JSON.parse(refused.stdout)).toMatchObject({
      verdict: 'refused',
      format: 'tdx',
      code: 'policy-tcb-status',
      failures: ['policy-tcb-status'],
      skipped: ['policy-measurements', 'policy-report-data'],
    })
  })
})

describe('verify, SGX', () => {
  it('takes an enclave by its code, or by who signed it', () => {
    expect(lastLine(veritee(['verify', ...enclave, '--mrenclave', mrEnclave, ...bound]))).toBe(`VERIFIED: sgx; ${root}`)
    const { mrSigner = '' } = expectedOf('sgx/valid-signer').referenceValues as Record<string, string>
    const signer = ['--mrsigner', mrSigner, '--isv-prod-id', '7', '--minimum-isv-svn']
    const signed = veritee(['verify', ...enclave, ...signer, '3', ...bound])
    expect(signed.stdout).toMatch(/^ {2}product +7, version 3$/m)
    expect(signed.code).toBe(0)
    const old = veritee(['verify', ...enclave, ...signer, '4', ...bound])
    expect(old.stdout).toMatch(/^ {6}isvSvn +expected at least 0004\n +found {4}0003$/m)
    expect(old.code).toBe(3)
  })

  it('H13 takes code and signer together, and how the enclave was started', () => {
    const { mrSigner = '' } = expectedOf('sgx/valid-signer').referenceValues as Record<string, string>
    const both = ['verify', ...enclave, ...bound, '--mrenclave', mrEnclave, '--mrsigner', mrSigner]
    const settings = ['--misc-select', '00000000', '--xfrm', '0700000000000000', '--provision-key', 'off']
    expect(veritee([...both, ...settings, '--config-svn', '0']).code).toBe(0)
    for (const [option, value, line] of [
      ['--misc-select', '01000000', /miscSelect +expected 01000000/],
      ['--xfrm', 'e700000000000000', /xfrm +expected e700000000000000/],
      ['--provision-key', 'on', /provisionKey +expected 01/],
      ['--config-svn', '1', /configSvn +expected 0001/],
    ] as const) {
      const other = veritee([...both, option, value])
      expect(other.stdout).toMatch(line)
      expect(other.code).toBe(3)
    }
    const stranger = veritee([...both.slice(0, -1), 'ab'.repeat(32)])
    expect(stranger.stdout).toMatch(/mrSigner +expected (ab)+/)
    expect(stranger.code).toBe(3)
  })

  it('H12 refuses collateral that is older than asked for', () => {
    expect(veritee(['verify', ...enclave, ...anything, '--max-collateral-age', '2d']).code).toBe(0)
    const old = veritee(['verify', ...enclave, ...anything, '--max-collateral-age', '12h'])
    expect(old.stdout).toMatch(/✗ Collateral is recent +policy-endorsement-age/)
    expect(old.stdout).toContain('Fetch the collateral anew')
    expect(old.code).toBe(3)
    const root = veritee(['verify', ...enclave, ...anything, '--max-root-crl-age', '12h'])
    expect(root.stdout).toContain('age of rootCaCrl in seconds')
    expect(root.code).toBe(3)
    const apart = ['--max-collateral-age', '12h', '--max-root-crl-age', '400d']
    const others = veritee(['verify', ...enclave, ...anything, ...apart])
    expect(others.stdout).not.toContain('age of rootCaCrl in seconds: expected')
    expect(others.code).toBe(3)
  })

  it('says of EPID what it is', () => {
    const { code, stdout } = veritee(['verify', ...filesOf('sgx/epid'), ...anything])
    expect(stdout).toContain('EPID (version 2), which is not supported')
    expect(stdout).toContain('EPID attestation was retired by Intel.')
    expect(code).toBe(2)
  })
})

describe('what the options are about', () => {
  it.each([
    [[...td, ...registers], 'say what it was made for: --report-data HEX or --skip-report-data'],
    [[...td, ...bound], 'say what must run there: --mrtd HEX'],
    [[...enclave, ...bound], 'say what must run there: --mrenclave HEX'],
    [[td[0] ?? ''], 'say what Intel says of the platform: --endorsements FILE'],
    [[...td, ...bound, '--mrtd', mrTd], '--rtmr0 must be 48 bytes'],
    [[...td, ...registers, '--report-data', 'abcd'], '--report-data must be exactly 64 bytes'],
    [
      [...td, ...registers, ...bound, '--mrenclave', mrEnclave],
      '--mrenclave is about sgx, but another option is about tdx',
    ],
    [
      [...td, ...registers, ...bound, ...nonce],
      '--nonce is about nitro and nitro-tpm and cca and psa and android-key, but another option is about',
    ],
    [[...td, ...registers, ...bound, '--format', 'sgx'], 'is about tdx, but --format says sgx'],
    [[...td, ...anything, '--allow-migration', '--format', 'nitro'], 'is about tdx and sgx, but --format says nitro'],
    [[...td.slice(0, -1), 'evidence', ...anything], 'a quote has no date of its own: --at needs a time'],
    [
      [...td, ...anything, '--accept-tcb-status', 'Fine'],
      '--accept-tcb-status must be a list of UpToDate, SWHardeningNeeded',
    ],
    [[...td, ...anything, '--minimum-tcb-evaluation', '0'], '--minimum-tcb-evaluation must be a positive integer'],
    [[...td, ...anything, '--minimum-tcb-evaluation', 'x'], '--minimum-tcb-evaluation must be a whole number'],
    [[...td, ...anything, '--max-collateral-age', '30'], '--max-collateral-age must be a number with its unit'],
    [[...td, ...anything, '--max-root-crl-age', '0d'], '--max-root-crl-age must be more than 0s'],
    [[...enclave, ...bound, '--mrenclave', 'ab', '--provision-key', 'yes'], '--provision-key must be on or off'],
    [[...enclave, ...bound, '--mrenclave', mrEnclave, '--xfrm', 'ab'], '--xfrm must be 8 bytes'],
    [[...td, ...anything, '--platform', 'ab'], '--platform must be 16 bytes'],
    [[...td, ...anything, '--service-td', 'ab'], '--service-td must be 48 bytes'],
    [
      [...td, ...bound, ...registers, '--event-log', 'package.json'],
      '--event-log FILE and --events FILE belong together',
    ],
    [
      [...td, ...anything, '--event-log', 'package.json', '--events', 'package.json'],
      '--events is a reference value: it cannot go with --skip-reference-values',
    ],
    [[...enclave, ...bound, '--isv-prod-id', '1'], 'must be { mrEnclave } or { mrSigner, isvProdId, minimumIsvSvn }'],
    [[...enclave, ...bound, '--mrsigner', 'ab', '--isv-prod-id', 'x'], '--isv-prod-id must be a whole number'],
    [[...td, ...bound, '--measurements', 'package.json'], 'package.json: version must be one of mrTd, rtmr0'],
    [[...td.slice(0, 2), 'README.md', ...anything], 'README.md is not JSON'],
  ])('%j', (args, message) => {
    const { code, stdout, stderr } = veritee(['verify', ...args])
    expect(stderr).toContain(message)
    expect(stderr).not.toContain('    at ')
    expect(stdout).toBe('')
    expect(code).toBe(1)
  })

  it('expectations of one kind are never asked of another', () => {
    const document = veritee(['verify', nitroFile, ...td.slice(1), ...anything])
    expect(lastLine(document)).toBe('REFUSED: not authentic (format-refused)')
    expect(document.stdout).toContain('the evidence is of format nitro, the options are about tdx and sgx')
    expect(document.code).toBe(2)
    expect(lastLine(veritee(['verify', td[0] ?? '', ...pcr0, ...nonce]))).toBe(
      'REFUSED: not authentic (format-refused)',
    )
    expect(veritee(['verify', enclave[0] ?? '', ...td.slice(1), ...registers, ...bound]).stdout).toContain(
      '(quote-tee)',
    )
    const noise = veritee(['verify', '-', ...td.slice(1), ...anything], Buffer.from('\u0000\u0001 no evidence'))
    expect(lastLine(noise)).toBe('REFUSED: not authentic (format-unknown)')
  })
})

describe('inspect', () => {
  it('shows a TD, with its event log', () => {
    const path = 'fixtures/tdx/valid-events'
    const { code, stdout } = veritee(['inspect', `${path}/evidence.bin`, '--event-log', `${path}/event-log.json`])
    expect(stdout).toMatch(/^UNVERIFIED: /)
    expect(stdout).toMatch(/^kind +Intel TDX quote, version 4 \(TDX 1\.0\)$/m)
    expect(stdout).toMatch(/^platform +FMSPC 00806f050000, platform CA, scalable memory$/m)
    expect(stdout).toMatch(/^ {2}RTMR3 {2}replays to what the quote has$/m)
    expect(stdout).toMatch(/^ {2}RTMR3 {2}0x08000001 started: "by the application"$/m)
    expect(stdout).toMatch(/^ {2}root +CN=veritee fixture root\\?, NOT Intel/m)
    expect(stdout).toMatch(/^ {2}PCK +CN=Intel SGX PCK Certificate/m)
    expect(stdout.split('\n').filter((line) => line.length > 80)).toEqual([])
    expect(code).toBe(0)
    const elsewhere = veritee(['inspect', td[0] ?? '', '--event-log', `${path}/event-log.json`])
    expect(elsewhere.stdout).toMatch(/^ {2}RTMR3 {2}replays to something ELSE than the quote has$/m)
  })

  it('shows an enclave, and what is in debug mode', () => {
    const { stdout } = veritee(['inspect', enclave[0] ?? ''])
    expect(stdout).toMatch(/^kind +Intel SGX quote, version 3 \(SGX enclave\)$/m)
    expect(stdout).toMatch(/^product +7, version 3$/m)
    expect(veritee(['inspect', 'fixtures/sgx/debug/evidence.bin']).stdout).toContain('In DEBUG MODE')
    expect(veritee(['inspect', 'fixtures/sgx/no-chain/evidence.bin']).stdout).toContain('No certificates: ')
    const log = ['--event-log', 'fixtures/tdx/valid-events/event-log.json']
    expect(veritee(['inspect', enclave[0] ?? '', ...log]).stderr).toContain('--event-log is about TDX')
    expect(veritee(['inspect', nitroFile, ...log]).stderr).toContain('--event-log is about TDX')
  })

  it('gives it all to machines', () => {
    const { code, stdout } = veritee(['inspect', td[0] ?? '', '--json'])
    expect(JSON.parse(stdout)).toMatchObject({
      verdict: 'unverified',
      format: 'tdx',
      mrTd,
      quoteVersion: 4,
      platform: { ca: 'platform' },
      chain: [{ place: 'root' }, { place: 'CA' }, { place: 'PCK' }],
      eventLog: null,
    })
    expect(code).toBe(0)
  })

  it('shows every real quote', ({ skip }) => {
    const vectors = openIntelVectors()
    if (typeof vectors === 'string') {
      skip(vectors)
      return
    }
    for (const name of [
      'tdx4-90c06f-dstack-verifier',
      'tdx5-90c06f-go-tdx-guest',
      'sgx3-00606a-signal-cds2',
      'sgx3-certtype3-oasis',
    ]) {
      const { code, stdout } = veritee(['inspect', '-'], vectors.quote(name))
      expect(stdout).toMatch(/^kind +Intel (TDX|SGX) quote/m)
      expect(stdout.split('\n').filter((line) => line.length > 80)).toEqual([])
      expect(code).toBe(0)
    }
  })
})
