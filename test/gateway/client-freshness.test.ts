/**
 * H04: evidence of a client must answer the nonce of its own offer. The gateway compares that
 * itself, so no way of verifying can leave it out.
 */
import { createHash } from 'node:crypto'
import { beforeAll, describe, expect, test } from 'vitest'
import { atEvidenceTime, skipFreshness, skipReferenceValues, verifyNitro } from '../../src/formats/aws/nitro/index.ts'
import type { NitroOptions } from '../../src/formats/aws/nitro/index.ts'
import { skipReferenceValues as skipTdValues, skipReportData, verifyTdx } from '../../src/formats/intel/tdx/index.ts'
import { reportDataOf, type VerifyClient } from '../../src/gateway/index.ts'
import type { AttestationResult } from '../../src/core/result.ts'
import { createIntelAttester, type IntelAttester, tdOffsets } from '../attester/intel.ts'
import { createNitroAttester, type NitroAttester } from '../attester/nitro.ts'
import { type Bench, createBench, question } from './bench.ts'
import { readKeyConfig } from './sealing-client.ts'

type Bytes = Uint8Array<ArrayBuffer>

const now = new Date('2026-06-01T00:00:00Z')
const empty = new Uint8Array()
const base64url = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64url')
let nitro: NitroAttester
let intel: IntelAttester

beforeAll(async () => {
  ;[nitro, intel] = await Promise.all([createNitroAttester({ now }), createIntelAttester({ now })])
})

/** A secret of a client, and the nonce that it stands for. */
function createSecret(): { readonly secret: Bytes; readonly nonce: Bytes } {
  const secret = crypto.getRandomValues(new Uint8Array(32))
  return { secret, nonce: new Uint8Array(createHash('sha256').update(secret).digest()) }
}

const reportDataFor = (nonce: Bytes): Promise<Bytes> => reportDataOf({ role: 'client', nonce, keyConfig: empty })
const documentFor = async (nonce: Bytes): Promise<Bytes> =>
  nitro.document({ nonce, userData: await reportDataFor(nonce) })
const quoteFor = async (nonce: Bytes): Promise<Bytes> =>
  intel.quote({ body: [[tdOffsets.reportData, await reportDataFor(nonce)]] })

const verifyingNitro =
  (freshness: NitroOptions['freshness'], more: Partial<NitroOptions> = {}): VerifyClient =>
  ({ evidence }) =>
    verifyNitro(evidence, {
      referenceValues: skipReferenceValues,
      freshness,
      trustAnchors: [nitro.root],
      now,
      ...more,
    })

/** As an operator might write it who has no use for report data. */
const verifyingTdx: VerifyClient = async ({ evidence }) =>
  verifyTdx(evidence, {
    referenceValues: skipTdValues,
    reportData: skipReportData,
    endorsements: await intel.endorsements(),
    trustAnchors: [intel.root],
    now,
  })

/** Gives the same verdict for ever, once it has one. */
function remembering(verify: VerifyClient): VerifyClient {
  let known: Promise<AttestationResult> | undefined
  return (offer) => (known ??= verify(offer))
}

async function answerTo(bench: Bench, nonce: Bytes, evidence: Bytes): Promise<Response> {
  return bench.gateway(question({ nonce: base64url(nonce), role: 'client', evidence: base64url(evidence) }))
}

async function expectRefused(bench: Bench, nonce: Bytes, evidence: Bytes): Promise<void> {
  const response = await answerTo(bench, nonce, evidence)
  expect([response.status, await response.text()]).toEqual([403, 'The client has not proven what it is.'])
  expect(bench.counted.at(-1)).toBe('attestations client-refused')
  // The verifier was content.
  expect(bench.errors).toEqual([])
}

/** Evidence for this offer, evidence for another, and a verifier that does not care. */
interface Way {
  readonly name: string
  readonly verifyClient: () => VerifyClient
  readonly evidenceFor: (nonce: Bytes) => Promise<Bytes>
}

const ways: readonly Way[] = [
  { name: 'Nitro, freshness skipped', verifyClient: () => verifyingNitro(skipFreshness), evidenceFor: documentFor },
  {
    name: 'Nitro, by age',
    verifyClient: () => verifyingNitro({ maxAgeSeconds: 3600 }),
    evidenceFor: documentFor,
  },
  { name: 'TDX, report data skipped', verifyClient: () => verifyingTdx, evidenceFor: quoteFor },
]

describe.each(ways)('H04 $name', ({ verifyClient, evidenceFor }) => {
  test('evidence for another offer is refused', async () => {
    const bench = createBench({ verifyClient: verifyClient() })
    await expectRefused(bench, createSecret().nonce, await evidenceFor(createSecret().nonce))
  })

  test('evidence for this offer is accepted, and the client is answered', async () => {
    const bench = createBench({ verifyClient: verifyClient() })
    const { secret, nonce } = createSecret()
    const keyConfig = await readKeyConfig(await answerTo(bench, nonce, await evidenceFor(nonce)))
    const opened = await bench.ask({ keyConfig, headers: [['veritee-client-secret', base64url(secret)]] })
    expect(opened.status).toBe(200)
  })

  test('a verdict that was remembered is refused for another offer', async () => {
    const bench = createBench({ verifyClient: remembering(verifyClient()) })
    const first = createSecret()
    expect((await answerTo(bench, first.nonce, await evidenceFor(first.nonce))).status).toBe(200)
    const second = createSecret()
    await expectRefused(bench, second.nonce, await evidenceFor(second.nonce))
  })
})

describe('H04 what is no answer to an offer', () => {
  const skipping = (): VerifyClient => verifyingNitro(skipFreshness)

  test.each<[string, (nonce: Bytes) => Uint8Array | null]>([
    ['no nonce', () => null],
    ['an empty nonce', () => empty],
    ['half of the nonce', (nonce) => nonce.slice(0, 16)],
    ['more than the nonce', (nonce) => new Uint8Array([...nonce, 0])],
    ['the nonce as text', (nonce) => new TextEncoder().encode(base64url(nonce))],
    ['one other bit', (nonce) => nonce.map((byte, i) => (i === 31 ? byte ^ 1 : byte))],
  ])('a document with %s', async (_, change) => {
    const { nonce } = createSecret()
    const evidence = await nitro.document({ nonce: change(nonce), userData: await reportDataFor(nonce) })
    await expectRefused(createBench({ verifyClient: skipping() }), nonce, evidence)
  })

  test.each<[string, (nonce: Bytes) => Promise<Uint8Array>]>([
    ['of a server', (nonce) => reportDataOf({ role: 'server', nonce, keyConfig: empty })],
    ['that is the nonce', (nonce) => Promise.resolve(new Uint8Array([...nonce, ...new Uint8Array(32)]))],
    ['of zeros', () => Promise.resolve(new Uint8Array(64))],
  ])('a quote with report data %s', async (_, change) => {
    const { nonce } = createSecret()
    const evidence = await intel.quote({ body: [[tdOffsets.reportData, await change(nonce)]] })
    await expectRefused(createBench({ verifyClient: verifyingTdx }), nonce, evidence)
  })

  test('evidence in archive mode, which proves the past only', async () => {
    const { nonce } = createSecret()
    const verifyClient = verifyingNitro({ nonce }, { now: atEvidenceTime })
    await expectRefused(createBench({ verifyClient }), nonce, await documentFor(nonce))
  })

  test('a verdict that was remembered for longer than it is valid', async () => {
    const { secret, nonce } = createSecret()
    const bench = createBench({
      verifyClient: remembering(verifyingNitro({ nonce })),
      keys: { rotateEverySeconds: 3600, overlapSeconds: 0 },
    })
    const evidence = await documentFor(nonce)
    const headers = [['veritee-client-secret', base64url(secret)]] as const
    // The leaf is valid for three hours from a minute before; each hour has a key of its own, which
    // does not know the nonce yet.
    for (const hours of [0, 1, 2]) {
      const keyConfig = await readKeyConfig(await answerTo(bench, nonce, evidence))
      expect([hours, (await bench.ask({ keyConfig, headers })).status]).toEqual([hours, 200])
      bench.clock.advance(3_600_000)
    }
    const keyConfig = await readKeyConfig(await answerTo(bench, nonce, evidence))
    expect((await bench.ask({ keyConfig, headers })).status).toBe(403)
  })
})
