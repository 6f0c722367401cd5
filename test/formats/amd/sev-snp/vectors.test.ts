/**
 * Every case of the shared vectors: reports that AMD's hardware signed, the same with one thing
 * changed, and those of a made-up AMD with one defect each; Azure's wrapping; AMD's service.
 * Verdict and reason code are those of the manifest.
 */
import { expect, test } from 'vitest'
import { AppraisalError, AttestationError, VerificationError } from '../../../../src/core/errors.ts'
import { fetchAmdEndorsements } from '../../../../src/endorsements/index.ts'
import * as snp from '../../../../src/formats/sev-snp.ts'
import { base64, type Expected, hex, openSnpVectors, pem } from './snp-vectors.ts'

/** What became of it: the result, or the error, of which nothing but ours may leave. */
async function outcomeOf<T>(work: Promise<T>): Promise<T | AttestationError> {
  return work.catch((error: unknown) => {
    if (error instanceof AttestationError) return error
    throw error
  })
}

/** Verdict, class and code as the manifest has them. */
function judge(expected: Expected, outcome: unknown): void {
  const { verdict, stage, codes } = expected
  if (verdict === 'either') return
  if (verdict === 'accept') {
    if (outcome instanceof Error) throw outcome
    return
  }
  expect(outcome).toBeInstanceOf(AttestationError)
  const error = outcome as AttestationError
  const isAppraisal = stage === undefined ? error.code.startsWith('policy-') : stage === 'appraise'
  expect(error).toBeInstanceOf(isAppraisal ? AppraisalError : VerificationError)
  const found = error instanceof AppraisalError ? error.failures.map(({ id }) => id) : [error.code]
  if (codes !== undefined) expect(codes).toEqual(expect.arrayContaining([...new Set(found)]))
}

const vectors = openSnpVectors()
if (typeof vectors === 'string') {
  test.skip(vectors)
} else {
  const { read, cases, azure, kds, optionsOf } = vectors

  test('the manifest has what these tests rely on', () => {
    expect([cases.length, azure.length, kds.length]).toEqual([983, 94, 38])
    expect(cases.filter(({ expect: { verdict } }) => verdict === 'accept')).toHaveLength(98)
  })

  test.each(cases.map((vector) => [vector.id, vector] as const))('%s', async (_id, vector) => {
    const options = optionsOf(vector) as unknown as snp.SevSnpOptions
    const outcome = await outcomeOf(snp.verifySevSnp(read(vector.evidence), options))
    judge(vector.expect, outcome)
    if (outcome instanceof Error) return
    const claims = outcome.claims as unknown as Readonly<Record<string, unknown>>
    for (const [name, value] of Object.entries(vector.expect.claims ?? {})) {
      const found = claims[name]
      expect(found instanceof Uint8Array ? Buffer.from(found).toString('hex') : found).toEqual(value)
    }
    expect(outcome.claims.notCovered.length).toBeGreaterThan(3)
  })

  test.each(azure.map((vector) => [vector.id, vector] as const))('%s', async (_id, vector) => {
    const { hcl, quote } = vector
    const evidence = {
      hclReport: read(hcl),
      ...(quote && {
        quote: {
          message: read(quote.message),
          signature: read(quote.signature),
          ...(quote.pcrs && { pcrs: quote.pcrs.map(hex) }),
        },
      }),
    }
    const options = optionsOf(vector) as unknown as snp.AzureSevSnpOptions
    judge(vector.expect, await outcomeOf(snp.verifyAzureSevSnp(evidence, options)))
  })

  test.each(kds.map((vector) => [vector.id, vector] as const))('%s', async (_id, vector) => {
    const { answers, product, expect: expected } = vector
    const asked: string[] = []
    const fetch = (url: string): Promise<Response> => {
      const path = url.slice('https://kds.test'.length)
      asked.push(path)
      const answer = answers[path]
      if (answer === undefined || answer === false) return Promise.resolve(new Response('', { status: 404 }))
      if (answer.status !== undefined) return Promise.resolve(new Response('', { status: answer.status }))
      if (answer.chain !== undefined)
        return Promise.resolve(new Response(answer.chain.map((file) => pem(read(file))).join('')))
      return Promise.resolve(new Response(read(answer.file as string)))
    }
    const request = { evidence: read(vector.evidence), baseUrl: 'https://kds.test', fetch, ...(product && { product }) }
    const outcome = await outcomeOf(fetchAmdEndorsements(request))
    judge(expected, outcome)
    if (outcome instanceof Error) return
    expect([...asked].sort()).toEqual(Object.keys(answers).sort())
    expect(outcome).toEqual({
      ...(typeof expected.vek === 'string' && { vek: base64(read(expected.vek)) }),
      certificateChain: expected.chain?.map((file) => pem(read(file))).join(''),
      crl: base64(read(expected.crl as string)),
    })
  })
}
