/**
 * `veritee verify`, `inspect` and `endorsements` for reports of SEV-SNP: every fixture, what is
 * asked on the command line, what people and machines get to read, and mistakes.
 */
import { readdirSync, readFileSync } from 'node:fs'
import { afterEach, describe, expect, it } from 'vitest'
import type { ExpectedSnp } from '../../fixtures/expected-snp.ts'
import { snpCases } from '../../fixtures/snp-cases.ts'
import { createAmdAttester, readAmdKeys, type StoredAmdKeys } from '../attester/amd.ts'
import { createVirtualTpm, hclReport } from '../attester/azure.ts'
import { type Reply, type Service, startService } from '../endorsements/intel-service.ts'
import { file as nitroFile, lastLine, pathOf, repository, useCommand, veritee, veriteeBeside, written } from './run.ts'

useCommand()

const folder = 'fixtures/sev-snp'
const read = (path: string): Buffer => readFileSync(`${repository}${path}`)
const json = (path: string): unknown => JSON.parse(read(path).toString())
const cases = readdirSync(`${repository}${folder}`, { withFileTypes: true })
  .filter((entry) => entry.isDirectory())
  .map(({ name }) => name)
const expectedOf = (name: string): ExpectedSnp => json(`${folder}/${name}/expected.json`) as ExpectedSnp
const rootOf = (name: string): string =>
  `${folder}/ark-${(snpCases.find((entry) => entry.name === name)?.amd?.product ?? 'Genoa').toLowerCase()}.pem`

/** What every verification of a fixture names. */
const filesOf = (name: string): string[] => [
  ...[`${folder}/${name}/evidence.bin`, '--endorsements', `${folder}/${name}/endorsements.json`],
  ...['--root', rootOf(name), '--at', expectedOf(name).now],
]
const flagsOf = (option: string, flags: Readonly<Record<string, unknown>> = {}): string[] =>
  Object.entries(flags).flatMap(([name, value]) => [
    option,
    `${name}=${value === 'anyValue' ? 'any' : value === true ? 'on' : 'off'}`,
  ])

/** `expected.json` as people would type it. */
function argumentsOf(name: string): string[] {
  const expected = expectedOf(name)
  const { referenceValues, reportData, products = [], platforms = [], cspIds = [], minimumTcb = [] } = expected
  const builds = referenceValues === 'skipReferenceValues' ? [] : [referenceValues].flat()
  return [
    ...filesOf(name),
    ...['--format', 'sev-snp', '--report-data', reportData, '--skew', `${expected.clockSkewSeconds}s`],
    ...builds.flatMap((build, i) => [
      '--measurements',
      written(
        `build-${i}.json`,
        JSON.stringify(build, (_key, value: unknown) => (value === 'anyValue' ? 'any' : value)),
      ),
    ]),
    ...products.flatMap((product) => ['--processor', product]),
    ...platforms.flatMap((platform) => ['--platform', platform]),
    ...cspIds.flatMap((id) => ['--csp', id]),
    ...minimumTcb.flatMap(({ product, ...parts }) => [
      '--minimum-tcb',
      [product, ...Object.entries(parts).map(([part, value]) => `${part}=${value}`)].join(','),
    ]),
    ...flagsOf('--guest-policy', expected.guestPolicy),
    ...flagsOf('--platform-info', expected.platformInfo),
    ...(expected.debug === undefined ? [] : ['--allow-debug']),
    ...(expected.migration === undefined ? [] : ['--allow-migration']),
    ...(expected.provisionalFirmware === undefined ? [] : ['--allow-provisional-firmware']),
  ]
}

describe('fixtures of reports on the command line', () => {
  it.each(cases)('%s', (name) => {
    const { verdict, product } = expectedOf(name)
    const { code, stdout, stderr } = veritee(['verify', ...argumentsOf(name)])
    expect(stderr).toBe('')
    expect(stdout.split('\n').filter((line) => line.length > 80)).toEqual([])
    // Every check has a sentence of its own.
    expect(stdout).not.toMatch(/^ {2}[✓·!✗] [a-z-]+( |$)/m)
    if (verdict === 'valid') {
      expect(stdout.replaceAll('\n', ' ')).toMatch(/VERIFIED: sev-snp(;| $)/)
      if (product !== undefined) expect(stdout).toContain(`AMD ${product}`)
      expect(code).toBe(0)
    } else {
      expect(stdout).toMatch(new RegExp(`^REFUSED: .*\\(${verdict.code}(, |\\)\n$)`, 'm'))
      expect(code).toBe({ VerificationError: 2, AppraisalError: 3 }[verdict.error])
    }
  })
})

const { reportData, referenceValues } = expectedOf('valid')
const chip = read(`${folder}/valid/evidence.bin`).subarray(0x1a0, 0x1e0).toString('hex')
const { measurement = '' } = referenceValues as Readonly<Record<string, string>>
const good = [...filesOf('valid'), '--measurement', measurement, '--report-data', reportData]

describe('verify', () => {
  it('exits with 0 and a checklist that ends in the verdict', () => {
    const outcome = veritee(['verify', ...good])
    expect(outcome.stderr).toBe('')
    expect(outcome.stdout).toMatch(/^ {2}✓ Report is signed by that key$/m)
    expect(outcome.stdout).toMatch(/^ {2}✓ Nothing is revoked$/m)
    expect(outcome.stdout).toMatch(/^ {2}· TCB is not below the minimum +not requested$/m)
    expect(outcome.stdout).toMatch(/^ {2}processor +AMD Genoa, model 0x11, stepping 1$/m)
    expect(outcome.stdout).toMatch(/^ {2}reported +boot loader 10, TEE 2, SNP 27, microcode 88$/m)
    expect(outcome.stdout).toMatch(/^ {2}advisories +AMD-SB-3016: the IOMMU can hold back writes$/m)
    expect(outcome.code).toBe(0)
    expect(lastLine(outcome)).toBe('VERIFIED: sev-snp; under a root that you named')
  })

  it('tells the format from the evidence, and reads hexadecimal', () => {
    const text = written('report.txt', read(`${folder}/valid/evidence.bin`).toString('hex'))
    expect(veritee(['verify', text, ...good.slice(1)]).code).toBe(0)
  })

  it('says what makes a verdict weak', () => {
    const milan = veritee([
      ...[
        'verify',
        ...filesOf('valid-version-2'),
        '--skip-reference-values',
        '--skip-report-data',
        '--skip-revocation',
      ],
      ...['--processor', 'Milan', '--platform-info', 'aliasCheckComplete=any'],
    ])
    expect(milan.stdout.trimEnd().split('\n').slice(-3).join(' ')).toContain(
      'VERIFIED: sev-snp; whatever code it runs; its owner can forge it; without revocation; whatever it was made for; under a root that you named',
    )
  })

  it('prints JSON, with 64 bits as hexadecimal', () => {
    const { stdout, code } = veritee(['verify', ...good, '--json'])
    expect(code).toBe(0)
    expect(JSON.parse(stdout)).toMatchObject({
      verdict: 'verified',
      format: 'sev-snp',
      claims: { product: 'Genoa', policy: { raw: '0x30000', smtAllowed: true }, launchMitVector: '0x3' },
    })
  })

  it('takes every option that the library has', () => {
    const { code, stdout } = veritee([
      ...['verify', ...filesOf('valid-id-block'), '--report-data', reportData, '--measurement', measurement],
      ...['--id-key-digest', 'any', '--image-id', 'any', '--processor', 'Genoa', '--vmpl', '0', '--vmpl', '1'],
      ...['--minimum-tcb', 'Genoa,model=0x11,stepping=1,bootloader=10,tee=2,snp=27,microcode=0x56'],
      ...['--minimum-launch-tcb', 'Genoa,snp=1', '--minimum-firmware', '1.55.54', '--minimum-guest-svn', '7'],
      ...['--minimum-mitigations', 'launch=0x3', '--minimum-mitigations', 'current=1', '--minimum-abi', '0.0'],
      ...['--guest-policy', 'smtAllowed=on', '--platform-info', 'eccEnabled=on', '--allow-unknown-bits'],
      ...['--csp', 'CN=other', '--platform', chip],
    ])
    expect(stdout).not.toContain('not requested')
    // A VCEK is of no cloud; everything else is as asked.
    expect(stdout).toContain('REFUSED: authentic, but not what you expect (policy-csp)')
    expect(code).toBe(3)
  })

  it.each<readonly [args: readonly string[], message: string]>([
    [
      filesOf('valid').slice(0, 1),
      'say what AMD says of the key: --endorsements FILE, as veritee endorsements prints it',
    ],
    [filesOf('valid'), 'say what it was made for: --report-data HEX or --skip-report-data'],
    [[...filesOf('valid'), '--skip-report-data'], 'say what must run there: --measurement HEX'],
    [[...good, '--at', 'evidence'], '--at is given more than once'],
    [
      [...good.slice(0, 3), '--at', 'evidence', '--skip-report-data', '--measurement', measurement],
      'a report has no date of its own: --at needs a time',
    ],
    [[...good, '--measurement', 'ab'], '--measurement is given more than once'],
    [
      [...filesOf('valid'), '--report-data', '00', '--measurement', measurement],
      '--report-data must be exactly 64 bytes',
    ],
    [
      [...filesOf('valid'), '--report-data', reportData, '--measurement', 'ab'],
      '--measurement must be 48 bytes (96 hex digits)',
    ],
    [[...good, '--processor', 'Rome'], '--processor must be a list of Milan, Genoa, Turin'],
    [[...good, '--vmpl', '4'], '--vmpl must be 0 to 3, or a list of them'],
    [[...good, '--guest-policy', 'smtAllowed'], '--guest-policy must be NAME=VALUE'],
    [[...good, '--guest-policy', 'smtAllowed=yes'], '--guest-policy must be NAME=on, NAME=off or NAME=any'],
    [[...good, '--guest-policy', 'smt=on'], 'must be one of smtAllowed, singleSocket'],
    [
      [...good, '--platform-info', 'eccEnabled=on', '--platform-info', 'eccEnabled=off'],
      '--platform-info names eccEnabled twice',
    ],
    [[...good, '--minimum-tcb', 'Genoa'], '--minimum-tcb must be a row with one of fmc'],
    [[...good, '--minimum-tcb', 'Genoa,snp=1,snp=2'], '--minimum-tcb names snp twice'],
    [[...good, '--minimum-tcb', 'Genoa,snp'], '--minimum-tcb must be like Genoa,model=0x11,stepping=1,snp=27'],
    [[...good, '--minimum-firmware', '1.55'], '--minimum-firmware must be 3 numbers with points between them'],
    [[...good, '--minimum-mitigations', 'current=x'], '--minimum-mitigations must be launch=BITS or current=BITS'],
    [[...good, '--format', 'tdx'], '--measurement is about sev-snp, but --format says tdx'],
    [[...good, '--mrtd', 'ab'], '--mrtd is about tdx, but another option is about sev-snp'],
  ])('mistakes: %j', (args, message) => {
    const { code, stdout, stderr } = veritee(['verify', ...args])
    expect(stderr).toContain(message)
    expect(stderr).not.toContain('    at ')
    expect([stdout, code]).toEqual(['', 1])
  })
})

describe('inspect', () => {
  it('shows a report with its table, and says that nothing is checked', () => {
    const { stdout, stderr, code } = veritee(['inspect', `${folder}/valid-extended/evidence.bin`])
    expect([stderr, code]).toEqual(['', 0])
    expect(stdout.split('\n').filter((line) => line.length > 80)).toEqual([])
    expect(stdout).toMatch(/^UNVERIFIED/)
    expect(stdout).toMatch(/^kind +report of AMD SEV-SNP, version 5, to be signed by a VCEK$/m)
    expect(stdout).toMatch(/^processor +Genoa \(family 0x19, model 0x11, stepping 1\)$/m)
    expect(stdout).toMatch(/^reported TCB +boot loader 10, TEE 2, SNP 27, microcode 88$/m)
    expect(stdout).toMatch(/VCEK/)
  })

  it('of version 2: the layout of the TCB is not known', () => {
    const { stdout } = veritee(['inspect', `${folder}/valid-version-2/evidence.bin`])
    expect(stdout).toMatch(/^processor +the report does not say$/m)
    expect(stdout).toMatch(/^reported TCB +0a02000000001b58$/m)
  })

  it('prints JSON', () => {
    const { stdout } = veritee(['inspect', `${folder}/debug/evidence.bin`, '--json'])
    expect(JSON.parse(stdout)).toMatchObject({ verdict: 'unverified', format: 'sev-snp', policy: { debug: true } })
  })

  it('takes the report out of the wrapping of Azure', async () => {
    const tpm = await createVirtualTpm()
    const hcl = hclReport({ type: 2, report: read(`${folder}/valid/evidence.bin`), runtimeData: tpm.runtimeData() })
    expect(veritee(['inspect', written('hcl.bin', hcl)]).stdout).toMatch(/^kind +report of AMD SEV-SNP, version 5/m)
    const tdx = hclReport({ type: 4, report: new Uint8Array(1024), runtimeData: tpm.runtimeData() })
    expect(veritee(['inspect', written('tdx.bin', tdx)])).toMatchObject({
      code: 2,
      stderr: 'veritee: the evidence is inside azure-tdx: nothing is shown of it (format-refused)\n',
    })
    const refused = veritee(['verify', written('hcl.bin', hcl), ...good.slice(1)])
    expect([refused.code, lastLine(refused)]).toEqual([2, 'REFUSED: not authentic (cert-table)'])
  })

  it('has no event log', () => {
    const { code, stderr } = veritee(['inspect', `${folder}/valid/evidence.bin`, '--event-log', nitroFile])
    expect([code, stderr]).toEqual([
      1,
      expect.stringContaining('--event-log is about TDX: this is a report of SEV-SNP'),
    ])
  })
})

const running: Service[] = []
afterEach(async () => {
  for (const service of running.splice(0)) await service.close()
})

describe('endorsements', () => {
  const patiently = ['--timeout', '1h']
  const given = json(`${folder}/valid/endorsements.json`) as { vek: string; certificateChain: string; crl: string }
  const tcb = 'blSPL=10&teeSPL=2&snpSPL=27&ucodeSPL=88'
  async function start(product: string, change: Readonly<Record<string, Reply>> = {}): Promise<Service> {
    const service = await startService({
      [`/vcek/v1/${product}/cert_chain`]: { body: given.certificateChain },
      [`/vcek/v1/${product}/crl`]: { body: Buffer.from(given.crl, 'base64') },
      [`/vcek/v1/${product}/${chip}?${tcb}`]: { body: Buffer.from(given.vek, 'base64') },
      ...change,
    })
    running.push(service)
    return service
  }

  it('prints what veritee verify takes', async () => {
    const { url, asked } = await start('Genoa')
    const output = pathOf('amd.json')
    const { code, stdout, stderr } = await veriteeBeside([
      ...['endorsements', `${folder}/valid/evidence.bin`, '--from', url, '-o', output],
      ...patiently,
    ])
    expect([code, stderr]).toEqual([0, ''])
    expect(stdout).toBe(`${output}: endorsements of a VCEK of Genoa. Not verified: veritee verify does that.\n`)
    expect(asked).toHaveLength(3)
    const arguments_ = good.map((argument) => (argument.endsWith('endorsements.json') ? output : argument))
    expect(veritee(['verify', ...arguments_]).code).toBe(0)
  })

  it('does not ask for a certificate that the evidence brings', async () => {
    const { url, asked } = await start('Genoa')
    const { code, stdout } = await veriteeBeside([
      ...['endorsements', `${folder}/valid-extended/evidence.bin`, '--from', url],
      ...patiently,
    ])
    expect(code).toBe(0)
    expect(Object.keys(JSON.parse(stdout) as object)).toEqual(['certificateChain', 'crl'])
    expect(asked).toHaveLength(2)
  })

  it('needs the processor of a report of version 2', async () => {
    const { url } = await start('Milan')
    const path = `${folder}/valid-version-2/evidence.bin`
    const { code, stderr } = await veriteeBeside(['endorsements', path, '--from', url])
    expect([code, stderr]).toEqual([
      1,
      expect.stringContaining('--processor must be given for a report of version 2, which does not say it'),
    ])
    const named = await veriteeBeside(['endorsements', path, '--from', url, '--processor', 'Milan', ...patiently])
    expect(named.code).toBe(0)
  })

  it('says how long to wait where the service is asked too often', async () => {
    const { url } = await start('Genoa', {
      [`/vcek/v1/Genoa/${chip}?${tcb}`]: { status: 429, headers: { 'retry-after': '10' } },
    })
    const { code, stderr } = await veriteeBeside(['endorsements', `${folder}/valid/evidence.bin`, '--from', url])
    expect(code).toBe(2)
    expect(stderr).toMatch(/429.*10.*\(endorsement-fetch\)/s)
  })

  it.each<readonly [args: readonly string[], problem: string]>([
    [[`${folder}/valid/evidence.bin`, '--early'], '--early is about quotes of Intel: this is a report of SEV-SNP'],
    [
      ['fixtures/tdx/valid/evidence.bin', '--processor', 'Genoa'],
      '--processor is about reports of SEV-SNP: this is tdx',
    ],
    [[`${folder}/valid/evidence.bin`, '--processor', 'Rome'], '--processor must be Milan, Genoa, Turin'],
  ])('mistakes: %j', (args, problem) => {
    const { code, stdout, stderr } = veritee(['endorsements', ...args])
    expect([code, stdout]).toEqual([1, ''])
    expect(stderr).toContain(problem)
  })

  it('of a key of a cloud cannot be had', async () => {
    const { fixture } = json(`${folder}/pki.json`) as { fixture: StoredAmdKeys }
    const now = new Date(expectedOf('valid').now)
    const amd = await createAmdAttester({ now, keys: await readAmdKeys(fixture), kind: 'VLEK' })
    const { code, stderr } = veritee(['endorsements', written('vlek.bin', await amd.report())])
    expect([code, stderr]).toEqual([2, expect.stringContaining('a VLEK cannot be asked for')])
  })
})

describe('quotes of Intel', () => {
  const quote = ['fixtures/tdx/valid/evidence.bin', '--root', 'fixtures/tdx/root.pem', '--at', '2026-06-01T00:00:00Z']
  const skips = ['--skip-reference-values', '--skip-report-data']
  const file = 'fixtures/tdx/valid/endorsements.json'

  it('take --endorsements too, but not both names of it', () => {
    expect(veritee(['verify', ...quote, ...skips, '--endorsements', file]).code).toBe(0)
    const both = veritee(['verify', ...quote, ...skips, '--endorsements', file, '--collateral', file])
    expect([both.code, both.stderr]).toEqual([
      1,
      expect.stringContaining('--endorsements and --collateral are one option: give one of them'),
    ])
  })
})
