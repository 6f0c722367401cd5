/**
 * The open vectors of private-AI providers: every case of the manifest, with its verdict and one of
 * its codes.
 */
import { expect, describe, test } from 'vitest'
import { readProviderProfile, refusalOf, verifyProviderReport, verifyReceipt } from '../../src/ai/index.ts'
import { AppraisalError, AttestationError } from '../../src/core/errors.ts'
import { selectKeyConfig } from '../../src/client/index.ts'
import type { Suite } from '../../src/channel/suite.ts'
import { composeHash, composeImages, normalizeAppCompose } from '../../src/dstack/index.ts'
import { skipReferenceValues, skipReportData, verifyTdx } from '../../src/formats/intel/tdx/index.ts'
import { hex, unhex } from '../attester/bytes.ts'
import { findVectors } from '../support/vectors.ts'

interface Case {
  readonly id: string
  readonly kind: string
  readonly expect: {
    readonly verdict: 'accept' | 'reject' | 'type-error' | 'either'
    readonly codes?: readonly string[]
    readonly channel?: object
    readonly dstack?: Readonly<Record<string, object>>
    readonly gpus?: Readonly<Record<string, number>>
    readonly keyConfig?: string
    readonly hash?: string
    readonly normalized?: string
    readonly images?: readonly object[]
    readonly code?: string | null
  }
  readonly text?: string
  readonly model?: string
  readonly keysetDigest?: string
  readonly [member: string]: unknown
}

const vectors = findVectors('private-ai')
if (!vectors.found) test.skip(vectors.skipLine, () => undefined)
else {
  const { read, manifest } = vectors
  const textOf = (file: unknown): string => new TextDecoder().decode(read(String(file)))
  const jsonOf = (file: unknown): never => JSON.parse(textOf(file)) as never

  const report = async (one: Case): Promise<void> => {
    const now = new Date(String(one.at))
    const documents = Object.fromEntries(
      Object.entries(one.documents as object).map(([name, file]) => [name, textOf(file)]),
    )
    const options = one.options as { readonly unproven: readonly string[] }
    const found = await verifyProviderReport(jsonOf(one.profile), documents, {
      nonce: unhex(String(one.nonce)),
      parameters: one.parameters as Record<string, string>,
      now,
      verify: (evidence) =>
        verifyTdx(evidence, {
          endorsements: jsonOf(one.endorsements),
          referenceValues: skipReferenceValues,
          reportData: skipReportData,
          clockSkewSeconds: 0,
          now,
          trustAnchors: [read(String(one.root))],
          ...(one.tdx as object),
        }),
      verifyGpus: (list) =>
        Promise.resolve(
          (list as { evidence: string }[]).map(({ evidence }) => ({
            nonce: new Uint8Array(Buffer.from(evidence, 'base64').subarray(4, 36)),
          })),
        ),
      ...options,
    })
    const { channel, dstack = {}, gpus = {} } = one.expect
    expect(found.channel && { ...found.channel, key: hex(found.channel.key) }).toEqual(channel)
    expect([...found.unproven].sort()).toEqual([...options.unproven].sort())
    for (const [name, claims] of Object.entries(dstack)) expect(found.components[name]?.dstack).toMatchObject(claims)
    for (const [name, count] of Object.entries(gpus)) expect(found.components[name]?.gpus).toHaveLength(count)
    for (const { result } of Object.values(found.components)) expect(result.format).toBe('tdx')
  }
  const bytesOf = (text: unknown): Uint8Array => new TextEncoder().encode(String(text))
  const runs: Readonly<Record<string, (one: Case) => Promise<void>>> = {
    report,
    profile: (one) => Promise.resolve(void readProviderProfile(one.profile)),
    'key-config': async (one) => {
      const found = await selectKeyConfig(unhex(String(one.bytes)), one.suite as Suite, one.form as 'list')
      expect(hex(found)).toBe(one.expect.keyConfig)
    },
    compose: async ({ text, value, expect: { normalized, hash, images } }) => {
      const own = text ?? normalizeAppCompose(value as object)
      if (normalized !== undefined) expect(own).toBe(normalized)
      expect(await composeHash(own)).toBe(hash)
      if (images !== undefined) expect(composeImages(own)).toEqual(images)
    },
    receipt: (one) =>
      verifyReceipt(one.receiptKind as 'aci-1', one.receipt, {
        key: unhex(String(one.key)),
        requestBody: bytesOf(one.requestBody),
        responseBody: bytesOf(one.responseBody),
        ...(one.model !== undefined && { model: one.model }),
        ...(one.keysetDigest !== undefined && { keysetDigest: one.keysetDigest }),
      }),
    refusal: (one) => {
      const own = new AppraisalError('policy-measurements', 'mrTd')
      const cycle = new Error('a')
      cycle.cause = cycle
      const shapes: Readonly<Record<string, unknown>> = {
        self: own,
        cause: new Error('Connection error.', { cause: own }),
        'cause.cause': new Error('x', { cause: new Error('y', { cause: own }) }),
        lastError: Object.assign(new Error('Failed after 3 attempts'), { lastError: own }),
        plain: new Error('x'),
        fake: { name: 'AppraisalError', code: 'policy-measurements', message: 'x' },
        cycle,
        text: 'AppraisalError',
      }
      expect(refusalOf(shapes[String(one.shape)])?.code ?? null).toBe(one.expect.code)
      return Promise.resolve()
    },
  }

  describe('vectors of private-AI providers', () => {
    test.each((manifest as { readonly cases: readonly Case[] }).cases.map((one) => [one.id, one] as const))(
      '%s',
      async (_id, one) => {
        const { verdict, codes = [] } = one.expect
        const error: unknown = await (async () => runs[one.kind]?.(one))().then(
          () => undefined,
          (thrown: unknown) => thrown,
        )
        if (
          error !== undefined &&
          (verdict === 'accept' || (verdict === 'either' && !(error instanceof AttestationError)))
        )
          throw new Error('must be accepted', { cause: error })
        if (verdict === 'type-error') expect(error).toBeInstanceOf(TypeError)
        if (verdict !== 'reject') return
        expect(error).toBeInstanceOf(AttestationError)
        const { code, checks } = error as AttestationError
        const failed = [code, ...checks.filter(({ outcome }) => outcome === 'fail').map(({ id }) => id)]
        expect(
          failed.some((id) => codes.includes(id)),
          `${failed.join(' ')} against ${codes.join(' ')}`,
        ).toBe(true)
      },
    )
  })
}
