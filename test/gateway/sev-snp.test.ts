/**
 * `attestedFetch` and the gateway of a guest on SEV-SNP, over real connections: its evidence has
 * one field for nonce and key, and its endorsements travel beside it.
 */
import { afterAll, describe, expect, test } from 'vitest'
import { createClient } from '../../src/client/attested-fetch.ts'
import { type AttestedFetch, type AttestedFetchOptions, keyHashInReportData } from '../../src/client/index.ts'
import { platform } from '../../src/client/runtime.ts'
import { type SevSnpEndorsements, skipReportData, verifySevSnp } from '../../src/formats/sev-snp.ts'
import { type Attest, createGateway } from '../../src/gateway/index.ts'
import { at, type ReportPatch } from '../attester/amd.ts'
import { now, referenceValues, soundAttester } from '../formats/amd/sev-snp/made.ts'
import { refusalOf } from '../support/refusal.ts'
import { echo } from './bench.ts'
import { createFakeClock } from './fake-clock.ts'
import { type Loopback, serveLoopback } from './loopback.ts'

const open: Loopback[] = []
afterAll(async () => {
  await Promise.all(open.map((server) => server.close()))
})

const amd = await soundAttester()
const wall = (): number => now.getTime()

/**
 * What the guest does: a report for the report data that the gateway computed, and what AMD says of
 * its key.
 */
const attest =
  (...fields: readonly ReportPatch[]): Attest =>
  async ({ reportData }) => ({
    mediaType: 'application/octet-stream',
    evidence: await amd.report({ fields: [[at.reportData, reportData], ...fields] }),
    endorsements: amd.endorsements,
  })

const verify: AttestedFetchOptions['verify'] = (evidence, { reportData, endorsements }) =>
  verifySevSnp(evidence, {
    endorsements: endorsements as SevSnpEndorsements,
    referenceValues,
    reportData: reportData ?? new Uint8Array(64),
    trustAnchors: [amd.ark],
    now,
  })

async function clientOf(own: Attest, options: Partial<AttestedFetchOptions> = {}): Promise<AttestedFetch> {
  const server = await serveLoopback((origins) =>
    createGateway({ origins, attest: own, handler: echo, clock: { ...createFakeClock(), wall } }),
  )
  open.push(server)
  return createClient(
    server.origin,
    { verify, binding: keyHashInReportData, allowLoopbackHttp: true, ...options },
    { ...platform, now: wall },
  )
}

describe('keyHashInReportData', () => {
  test('a request and its response, under a key that the report vouches for', async () => {
    const send = await clientOf(attest())
    const response = await send('/pay', { method: 'POST', body: 'card 4711' })
    expect([response.status, await response.text()]).toEqual([200, 'card 4711'])
    expect(send.result).toMatchObject({ format: 'sev-snp', matched: 'release', claims: { product: 'Genoa' } })
  })

  test('a report for another key or nonce: nothing is sent', async () => {
    const send = await clientOf(attest([at.reportData, new Uint8Array(64).fill(7)]))
    const refusal = await refusalOf(send('/pay', { method: 'POST', body: 'card 4711' }))
    expect(refusal).toMatchObject({ name: 'AppraisalError', code: 'policy-report-data' })
    expect(send.result).toBeUndefined()
  })

  test('a verifier that was told to skip it does not help: the channel compares by itself', async () => {
    const send = await clientOf(attest([at.reportData, new Uint8Array(64).fill(7)]), {
      verify: (evidence, { endorsements }) =>
        verifySevSnp(evidence, {
          endorsements: endorsements as SevSnpEndorsements,
          referenceValues,
          reportData: skipReportData,
          trustAnchors: [amd.ark],
          now,
        }),
    })
    const refusal = await refusalOf(send('/pay', { method: 'POST', body: 'card 4711' }))
    expect(refusal.code).toBe('client-freshness')
    expect(send.result).toBeUndefined()
  })

  test('a guest that is not the expected one: nothing is sent', async () => {
    const send = await clientOf(attest([at.measurement, new Uint8Array(48).fill(7)]))
    expect((await refusalOf(send('/', { method: 'POST', body: 'x' }))).code).toBe('policy-measurements')
  })
})
