/**
 * `tsmSource` over files that behave as the kernel's do, up to a gateway and a client that verifies.
 */
import { readdir } from 'node:fs/promises'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Attestation, type AttestRequest, tsmSource, type TsmSourceOptions } from '../../src/attesters/index.ts'
import { createClient } from '../../src/client/attested-fetch.ts'
import { keyHashInReportData } from '../../src/client/index.ts'
import { platform } from '../../src/client/runtime.ts'
import { type SevSnpEndorsements, verifySevSnp } from '../../src/formats/sev-snp.ts'
import { createGateway } from '../../src/gateway/index.ts'
import { at } from '../attester/amd.ts'
import { now, referenceValues, soundAttester } from '../formats/amd/sev-snp/made.ts'
import { echo } from '../gateway/bench.ts'
import { createFakeClock } from '../gateway/fake-clock.ts'
import { serveLoopback } from '../gateway/loopback.ts'
import { makeFolder, removeFolder } from '../portable/cleanup.ts'
import { createKernel, type KernelOptions } from './kernel.ts'

const request: AttestRequest = {
  nonce: new Uint8Array(32).fill(1),
  keyConfig: new Uint8Array(40).fill(2),
  keyConfigDigest: new Uint8Array(32).fill(3),
  reportData: new Uint8Array(64).fill(4),
}
/** Evidence that shows what it is for. */
const evidenceFor = (reportData: Uint8Array): Uint8Array => Uint8Array.from([9, ...reportData])

let root: string
beforeAll(async () => {
  root = await makeFolder()
})
afterAll(() => removeFolder(root))

const on = (kernel: Partial<KernelOptions>, options: TsmSourceOptions = {}): Promise<Attestation> =>
  tsmSource({ root, files: createKernel({ provider: 'tdx_guest', evidenceFor, ...kernel }).files, ...options })(request)

describe('evidence', () => {
  test('is for the report data, and leaves no folder behind', async () => {
    const kernel = createKernel({ provider: 'tdx_guest', evidenceFor })
    const made = await tsmSource({ root, files: kernel.files })(request)
    expect(made).toEqual({
      mediaType: 'application/octet-stream',
      evidence: evidenceFor(request.reportData),
      endorsements: undefined,
    })
    expect(kernel.written).toEqual(['inblob: 64 bytes'])
    expect(await readdir(root)).toEqual([])
  })

  test('of SEV-SNP has the certificate table behind it; of others what the host adds stays beside', async () => {
    const auxiliary = new Uint8Array([7, 8])
    const snp = await on({ provider: 'sev_guest', auxiliary }, { privilegeLevel: 1 })
    expect(snp.evidence).toEqual(Uint8Array.from([...evidenceFor(request.reportData), 7, 8]))
    const tdx = await on({ auxiliary }, { endorsements: (parts) => ({ ...parts, evidence: parts.evidence.length }) })
    expect(tdx.evidence).toEqual(evidenceFor(request.reportData))
    expect(tdx.endorsements).toEqual({ provider: 'tdx_guest', evidence: 65, auxiliary })
  })

  test('is made again when another process wrote meanwhile, and given up in the end', async () => {
    let others = 2
    const again = await on({ meanwhile: (write) => (others-- > 0 ? write('inblob') : undefined) })
    expect(again.evidence).toEqual(evidenceFor(request.reportData))
    await expect(on({ meanwhile: (write) => write('inblob') })).rejects.toThrow(
      /was changed 8 times by another process$/,
    )
    expect(await readdir(root)).toEqual([])
  })

  test('whose report data got lost on the way is none', async () => {
    await expect(on({ loses: 'privlevel' }, { privilegeLevel: 0 })).rejects.toThrow(
      /^generation in \S+: expected 2, found 1: not written$/,
    )
    await expect(on({ loses: 'inblob' })).rejects.toThrow('EINVAL')
    await expect(on({ evidenceFor: () => new Uint8Array() })).rejects.toThrow(/^outblob in \S+ is empty$/)
    expect(await readdir(root)).toEqual([])
  })

  test('of another kind of machine is none, and there are no such files here', async () => {
    await expect(on({}, { provider: 'sev_guest' })).rejects.toThrow(
      new RegExp(`^provider in ${root}: expected sev_guest, found tdx_guest$`),
    )
    await expect(tsmSource({ root: `${root}/none` })(request)).rejects.toThrow(/^\S+ cannot be used: needs Linux 6\.7/)
  })

  test.each<[string, unknown, string]>([
    ['an unknown option', { path: '/' }, 'option "path" must be one of'],
    ['a path that is none', { root: 'tsm' }, 'root must be a path'],
    ['no name', { provider: '' }, 'provider must be a name'],
    ['a level that there is not', { privilegeLevel: 4 }, 'privilegeLevel must be 0 to 3'],
    ['endorsements that are no function', { endorsements: {} }, 'endorsements must be a function'],
  ])('%s is a TypeError', (_, options, message) => {
    const error = expect.objectContaining({
      name: 'TypeError',
      message: expect.stringContaining(message) as string,
    }) as Error
    expect(() => tsmSource(options as TsmSourceOptions)).toThrow(error)
  })
})

test('a client verifies what a guest on SEV-SNP serves, and a relayed report is refused', async () => {
  const amd = await soundAttester()
  const report = (reportData: Uint8Array): Promise<Uint8Array> => amd.report({ fields: [[at.reportData, reportData]] })
  for (const [evidence, outcome] of [
    [report, 'card 4711'],
    [() => report(new Uint8Array(64)), 'policy-report-data'],
  ] as const) {
    const { files } = createKernel({ provider: 'sev_guest', evidenceFor: evidence })
    const attest = tsmSource({ root, provider: 'sev_guest', files, endorsements: () => amd.endorsements })
    const wall = (): number => now.getTime()
    const server = await serveLoopback((origins) =>
      createGateway({ origins, attest, handler: echo, clock: { ...createFakeClock(), wall } }),
    )
    try {
      const send = createClient(
        server.origin,
        {
          binding: keyHashInReportData,
          allowLoopbackHttp: true,
          verify: (found, { reportData, endorsements }) =>
            verifySevSnp(found, {
              endorsements: endorsements as SevSnpEndorsements,
              referenceValues,
              reportData: reportData ?? new Uint8Array(64),
              trustAnchors: [amd.ark],
              now,
            }),
        },
        { ...platform, now: wall },
      )
      const sent = send('/pay', { method: 'POST', body: 'card 4711' }).then(
        (response) => response.text(),
        (error: unknown) => (error as { code?: string }).code,
      )
      expect(await sent).toBe(outcome)
    } finally {
      await server.close()
    }
  }
})
