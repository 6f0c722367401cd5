/**
 * `veritee collateral`, the same command as `veritee endorsements`: from a quote to what Intel says
 * of its platform, over a service on loopback, and on to a verdict.
 */
import { readFileSync } from 'node:fs'
import { afterEach, describe, expect, it } from 'vitest'
import type { DcapEndorsements } from '../../src/formats/intel/tdx/index.ts'
import { type Reply, type Service, startService } from '../endorsements/intel-service.ts'
import { file as nitroFile, pathOf, repository, useCommand, veritee, veriteeBeside, written } from './run.ts'

useCommand()

const quote = 'fixtures/tdx/valid/evidence.bin'
const bytesOfQuote = readFileSync(`${repository}${quote}`)
const fmspc = '00806f050000'
const published = JSON.parse(
  readFileSync(`${repository}fixtures/tdx/valid/endorsements.json`, 'utf8'),
) as DcapEndorsements

const v4 = '/certification/v4'
const tcb = `/tdx${v4}/tcb?fmspc=${fmspc}`
const identity = `/tdx${v4}/qe/identity`
/** What Intel's service answers. */
const replies = {
  [tcb]: {
    headers: { 'TCB-Info-Issuer-Chain': encodeURIComponent(published.tcbInfoIssuerChain) },
    body: published.tcbInfo,
  },
  [identity]: {
    headers: { 'SGX-Enclave-Identity-Issuer-Chain': encodeURIComponent(published.qeIdentityIssuerChain) },
    body: published.qeIdentity,
  },
  [`/sgx${v4}/pckcrl?ca=platform&encoding=der`]: { body: Buffer.from(published.pckCrl, 'base64') },
  [`/sgx${v4}/rootcacrl`]: { body: Buffer.from(published.rootCaCrl, 'base64') },
} satisfies Readonly<Record<string, Reply>>

const running: Service[] = []
afterEach(async () => {
  for (const service of running.splice(0)) await service.close()
})

async function start(change: Readonly<Record<string, Reply>> = {}): Promise<Service> {
  const service = await startService({ ...replies, ...change })
  running.push(service)
  return service
}

describe('fetched', () => {
  /** However slow the machine is. */
  const patiently = ['--timeout', '1h']

  it('prints what the verifiers take, for the platform that the quote names', async () => {
    const { url, asked } = await start()
    const { code, stdout, stderr } = await veriteeBeside(['collateral', quote, '--from', url, ...patiently])
    expect([code, stderr]).toEqual([0, ''])
    expect(JSON.parse(stdout)).toEqual(published)
    expect([...asked].sort()).toEqual(Object.keys(replies).sort())
  })

  it('writes a file that veritee verify takes as it is', async () => {
    const { url } = await start()
    const output = pathOf('collateral.json')
    const { code, stdout } = await veriteeBeside([
      'collateral',
      quote,
      '--from',
      `${url}/sgx${v4}/`,
      '-o',
      output,
      ...patiently,
    ])
    expect([code, stdout]).toEqual([
      0,
      `${output}: collateral of tdx for FMSPC ${fmspc}, platform CA. Not verified: veritee verify does that.\n`,
    ])
    const verdict = veritee([
      ...['verify', quote, '--collateral', output, '--root', 'fixtures/tdx/root.pem'],
      ...['--skip-reference-values', '--skip-report-data', '--at', '2026-06-01T00:00:00Z'],
    ])
    expect([verdict.code, verdict.stderr]).toEqual([0, ''])
  })

  it('--early asks for what Intel knew first', async () => {
    const { url, asked } = await start({
      [`${tcb}&update=early`]: replies[tcb],
      [`${identity}?update=early`]: replies[identity],
    })
    expect((await veriteeBeside(['collateral', quote, '--from', url, '--early', ...patiently])).code).toBe(0)
    expect(asked.filter((path) => path.endsWith('update=early'))).toHaveLength(2)
  })

  it('asks for the list of the CA that certified the platform', async () => {
    const { url, asked } = await start()
    await veriteeBeside(['collateral', 'fixtures/tdx/valid-processor-ca/evidence.bin', '--from', url, ...patiently])
    expect(asked).toContain(`/sgx${v4}/pckcrl?ca=processor&encoding=der`)
  })

  it('asks for what a quote of SGX needs', async () => {
    const { url, asked } = await start()
    // The service of this test knows no SGX; what it was asked for tells.
    await veriteeBeside(['collateral', 'fixtures/sgx/valid/evidence.bin', '--from', url, ...patiently])
    expect(asked).toContain(`/sgx${v4}/tcb?fmspc=${fmspc}`)
  })
})

describe('not to be had: exit code 2, and nothing is written', () => {
  it.each<readonly [what: string, change: Readonly<Record<string, Reply>>, problem: string]>([
    ['status 404', { [tcb]: { status: 404 } }, 'expected 200, found 404 (endorsement-fetch)'],
    ['no issuer chain', { [tcb]: { body: published.tcbInfo } }, '(endorsement-format)'],
    ['no list', { [`/sgx${v4}/rootcacrl`]: { body: 'none' } }, '(endorsement-format)'],
  ])('%s', async (_what, change, problem) => {
    const { url } = await start(change)
    const output = pathOf('never.json')
    const { code, stdout, stderr } = await veriteeBeside(['collateral', quote, '--from', url, '-o', output])
    expect([code, stdout]).toEqual([2, ''])
    expect(stderr).toContain(problem)
    expect(() => readFileSync(output)).toThrow('ENOENT')
  })

  it('a service that does not answer in time', async () => {
    const { url } = await start({ [tcb]: () => undefined })
    const { code, stderr } = await veriteeBeside(['collateral', quote, '--from', url, '--timeout', '0.2001s'])
    expect([code, stderr]).toEqual([
      2,
      'veritee: the service: expected its answers within 0.2001 s, found none (endorsement-fetch)\n',
    ])
  })

  it('nobody there', async () => {
    const { url, close } = await startService({})
    await close()
    const { code, stderr } = await veriteeBeside(['collateral', quote, '--from', url])
    expect(code).toBe(2)
    expect(stderr).toMatch(/found fetch failed: .*ECONNREFUSED.* \(endorsement-fetch\)/)
  })

  it.each<readonly [what: string, bytes: Uint8Array, code: string]>([
    ['a quote that is cut', bytesOfQuote.subarray(0, 700), 'quote-format'],
    ['a quote that is cut early', bytesOfQuote.subarray(0, 100), 'format-unknown'],
    ['no evidence at all', Buffer.from('x\u0001\u0002junk'), 'format-unknown'],
  ])('%s', (_what, bytes, expected) => {
    const { code, stderr } = veritee(['collateral', written('no-quote.bin', bytes)])
    expect(code).toBe(2)
    expect(stderr).toContain(`(${expected})`)
  })
})

describe('usage: exit code 1', () => {
  it.each<readonly [args: readonly string[], problem: string]>([
    [[], 'endorsements takes one file, or - for standard input'],
    [[nitroFile], 'endorsements are asked for quotes of TDX and SGX and for reports of SEV-SNP: this is nitro'],
    [[quote, '--from', 'ftp://example.org'], '--from must be an http(s) URL'],
    [[quote, '--timeout', '0s'], '--timeout must be more than 0s, and 1h at most'],
    [[quote, '--timeout', '100d'], '--timeout must be more than 0s, and 1h at most'],
    [[quote, '--timeout', '60'], '--timeout must be a number with its unit'],
    [[quote, '--output'], "Option '-o, --output <value>' argument missing"],
  ])('%j', (args, problem) => {
    const { code, stdout, stderr } = veritee(['collateral', ...args])
    expect([code, stdout]).toEqual([1, ''])
    expect(stderr).toContain(problem)
  })

  it('a quote that names its platform without certificates', () => {
    const bytes = Buffer.from(bytesOfQuote)
    // Version 4: behind the authentication data of the QE stands the type of what follows.
    bytes.writeUInt16LE(1, 1220 + bytes.readUInt16LE(1218))
    const { code, stderr } = veritee(['collateral', written('type-1.bin', bytes)])
    expect(code).toBe(1)
    expect(stderr).toContain('certification data of type 1')
  })

  it('does not write over what standard input comes from', async () => {
    const { url } = await start()
    const own = written('input.bin', bytesOfQuote)
    const { code, stderr } = await veriteeBeside(['collateral', '-', '--from', url, '-o', own], own)
    expect([code, stderr]).toEqual([1, expect.stringContaining(`-o ${own} would overwrite what it is read from`)])
    expect(readFileSync(own)).toEqual(bytesOfQuote)
  })

  it('does not write over the quote', async () => {
    const { url } = await start()
    const own = written('own.bin', bytesOfQuote)
    const { code, stderr } = await veriteeBeside(['collateral', own, '--from', url, '-o', own])
    expect([code, stderr]).toEqual([1, `veritee: -o ${own} would overwrite ${own}\nveritee: see \`veritee --help\`\n`])
    expect(readFileSync(own)).toEqual(bytesOfQuote)
  })
})
