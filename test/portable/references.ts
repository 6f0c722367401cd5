/**
 * Signed reference values in every runtime: a file opens for its CA and verifies an enclave;
 * changed, under another CA, rolled back or expired, it does not.
 */
import { skipFreshness, verifyNitro } from '../../src/formats/aws/nitro/index.ts'
import {
  openReferenceValues,
  type OpenReferenceValuesOptions,
  type SignedReferenceValues,
  signReferenceValues,
} from '../../src/reference/index.ts'
import type { Row } from './model.ts'
import { rowOf } from './rows.ts'

/** The files of fixtures/reference, and an enclave that runs what they say. */
export interface ReferenceFiles {
  readonly valid: Uint8Array
  readonly older: Uint8Array
  readonly expired: Uint8Array
  readonly ca: Uint8Array
  readonly otherCa: Uint8Array
  readonly evidence: Uint8Array
  readonly root: Uint8Array
}

/** What each row must say. */
export const expectedReferences: Readonly<Record<string, readonly string[]>> = {
  opens: ['valid'],
  'verifies an enclave': ['valid'],
  'another CA': ['reference-untrusted', 'cert-chain-signature'],
  'an old version': ['reference-rollback'],
  expired: ['reference-validity'],
  'another product': ['reference-product'],
  'too few signers': ['reference-threshold'],
  'another environment': ['reference-environment'],
  'a revoked build': ['reference-revoked'],
  'no key to sign with': ['TypeError'],
}

const now = new Date('2026-06-02T00:00:00Z')

export async function referenceRows({
  valid,
  older,
  expired,
  ca,
  otherCa,
  evidence,
  root,
}: ReferenceFiles): Promise<Row[]> {
  const openAs = (file: Uint8Array, change: Partial<OpenReferenceValuesOptions> = {}): Promise<SignedReferenceValues> =>
    openReferenceValues(file, {
      environment: 'nitro',
      product: 'example.com/app',
      trustAnchors: [ca],
      minimumVersion: 7,
      now,
      ...change,
    })
  // Rows want the checks of a verification; opening has none.
  const open = async (...given: Parameters<typeof openAs>): Promise<unknown> => ({
    checks: [],
    ...(await openAs(...given)),
  })
  const rows = [
    await rowOf('opens', () => open(valid)),
    await rowOf('verifies an enclave', async () => {
      const { referenceValues } = await openAs(valid)
      return verifyNitro(evidence, { referenceValues, freshness: skipFreshness, trustAnchors: [root], now })
    }),
    await rowOf('another CA', () => open(valid, { trustAnchors: [otherCa] })),
    await rowOf('an old version', () => open(older)),
    await rowOf('expired', () => open(expired)),
    await rowOf('another product', () => open(valid, { product: 'example.com/other' })),
    await rowOf('too few signers', () => open(valid, { trustAnchors: [ca, otherCa], threshold: 2 })),
    await rowOf('another environment', () => open(valid, { environment: 'nitro-tpm' })),
    await rowOf('a revoked build', async () => {
      const { referenceValues } = await openAs(valid)
      return open(valid, { revoked: [{ PCR0: referenceValues[0]?.PCR0 as Uint8Array }] })
    }),
    await rowOf('no key to sign with', () => signReferenceValues({ PCR0: '11'.repeat(48) }, {} as never)),
  ]
  for (let i = 0; i < valid.length; i++) {
    const changed = valid.slice()
    changed[i] = (changed[i] ?? 0) ^ 1
    rows.push(await rowOf(`byte ${i} changed`, () => open(changed)))
  }
  return rows
}
