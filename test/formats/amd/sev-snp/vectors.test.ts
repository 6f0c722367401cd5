/**
 * Every case of the shared vectors: reports that AMD's hardware signed, the same with one thing changed,
 * and those of a made-up AMD with one defect each; Azure's wrapping; AMD's service. Verdict and reason
 * code are those of the manifest.
 */
import { expect, test } from 'vitest'
import { AppraisalError, AttestationError, VerificationError } from '../../../../src/core/errors.ts'
import { fetchAmdEndorsements } from '../../../../src/endorsements/index.ts'
import * as snp from '../../../../src/formats/sev-snp.ts'
import { findVectors } from '../../../support/vectors.ts'

type Bytes = Uint8Array<ArrayBuffer>

interface Expected {
  readonly verdict?: 'accept' | 'reject' | 'either'
  readonly stage?: 'verify' | 'appraise'
  readonly codes?: readonly string[]
  readonly claims?: Readonly<Record<string, unknown>>
}

interface Case {
  readonly id: string
  readonly evidence: string
  readonly endorsements: Readonly<Partial<Record<'vek' | 'intermediate' | 'ark' | 'crl', string>>>
  readonly trustAnchors: 'amd' | readonly string[]
  readonly at: string
  readonly options: Readonly<Record<string, unknown>>
  readonly expect: Expected
}

interface AzureCase extends Case {
  readonly hcl: string
  readonly quote?: { readonly message: string; readonly signature: string; readonly pcrs?: readonly string[] }
}

interface KdsCase {
  readonly id: string
  readonly evidence: string
  readonly product?: snp.SnpProduct
  readonly answers: Readonly<Record<string, false | { chain?: readonly string[]; file?: string; status?: number }>>
  readonly expect: Expected & {
    readonly vek?: string | null
    readonly crl?: string
    readonly chain?: readonly string[]
  }
}

const hex = (text: string): Bytes => new Uint8Array(Buffer.from(text, 'hex'))
const base64 = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64')
const pem = (bytes: Uint8Array): string =>
  `-----BEGIN CERTIFICATE-----\n${base64(bytes).replace(/(.{64})(?!$)/g, '$1\n')}\n-----END CERTIFICATE-----\n`

const symbols: Readonly<Record<string, symbol>> = {
  debug: snp.allowDebug,
  migration: snp.allowMigration,
  provisionalFirmware: snp.allowProvisionalFirmware,
  unknownBits: snp.allowUnknownBits,
  revocation: snp.skipRevocation,
}
const withAny = (values: object): object =>
  Object.fromEntries(
    Object.entries(values).map(([name, value]) => [name, value === 'any' ? snp.anyValue : (value as unknown)]),
  )

/** An option of the manifest as the verifiers take it. */
function optionOf(name: string, value: unknown): unknown {
  const symbol = symbols[name]
  if (symbol !== undefined) return symbol
  if (name === 'referenceValues') return value === 'skip' ? snp.skipReferenceValues : (value as object[]).map(withAny)
  if (name === 'reportData') return value === 'skip' ? snp.skipReportData : hex(value as string)
  if (name === 'guestPolicy' || name === 'platformInfo') return withAny(value as object)
  if (name === 'minimumMitigations')
    return Object.fromEntries(
      Object.entries(value as Record<string, string>).map(([bits, text]) => [bits, BigInt(text)]),
    )
  if (name !== 'vtpm') return value
  if (value === 'skip') return snp.skipVtpm
  const { nonce, ...others } = value as { readonly nonce: string }
  return { ...others, nonce: hex(nonce) }
}

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

const vectors = findVectors('sev-snp')
if (!vectors.found) {
  test.skip(vectors.skipLine)
} else {
  const { read } = vectors
  const { cases, azure, kds } = vectors.manifest as {
    readonly cases: readonly Case[]
    readonly azure: readonly AzureCase[]
    readonly kds: readonly KdsCase[]
  }

  const optionsOf = ({ endorsements, options, at, trustAnchors }: Case): Record<string, unknown> => {
    const { vek, intermediate, ark, crl } = endorsements
    const chain = [intermediate, ark].filter((file) => file !== undefined).map((file) => pem(read(file)))
    return {
      ...Object.fromEntries(Object.entries(options).map(([name, value]) => [name, optionOf(name, value)])),
      endorsements: {
        ...(vek !== undefined && { vek: base64(read(vek)) }),
        certificateChain: chain.join(''),
        ...(crl !== undefined && { crl: base64(read(crl)) }),
      },
      now: new Date(at),
      ...(trustAnchors !== 'amd' && { trustAnchors: trustAnchors.map(read) }),
    }
  }

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
