/**
 * One case of the vectors of private-AI providers: what the library says of it, and whether that is
 * what the case expects. Knows no test runner and no file system, so that it runs in every runtime.
 */
import { readProviderProfile, refusalOf, verifyProviderReport, verifyReceipt } from '../../src/ai/index.ts'
import { AppraisalError, AttestationError } from '../../src/core/errors.ts'
import { selectKeyConfig } from '../../src/client/index.ts'
import type { Suite } from '../../src/channel/suite.ts'
import { composeHash, composeImages, normalizeAppCompose } from '../../src/dstack/index.ts'
import { skipReferenceValues, skipReportData, verifyTdx } from '../../src/formats/intel/tdx/index.ts'
import { fromBase64, fromHex, toHex } from '../../src/encoding/bytes.ts'

export interface Case {
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
  readonly [member: string]: unknown
}

/** Files of the manifest, by their names. */
export interface Files {
  readonly textOf: (file: string) => string
  readonly bytesOf: (file: string) => Uint8Array
}

/** What the library said: plain JSON. */
export interface Outcome {
  readonly verdict: 'accept' | 'reject' | 'type-error' | 'other'
  /** Of the refusal, then of all checks that failed. */
  readonly codes: readonly string[]
  readonly message: string
  /** What was found, in the words of the case's `expect`. */
  readonly found: Readonly<Record<string, unknown>>
}

/** Never rejects: what was thrown, whatever it was, is the outcome. */
export async function outcomeOf(one: Case, files: Files): Promise<Outcome> {
  try {
    const run = runs[one.kind]
    if (run === undefined) throw new Error(`no such kind of case: ${one.kind}`)
    return { verdict: 'accept', codes: [], message: '', found: await run(one, files) }
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error)
    if (error instanceof AttestationError) {
      const failed = error.checks.filter(({ outcome }) => outcome === 'fail').map(({ id }) => id)
      return { verdict: 'reject', codes: [error.code, ...failed], message, found: {} }
    }
    return { verdict: error instanceof TypeError ? 'type-error' : 'other', codes: [], message, found: {} }
  }
}

/** What is not as the case expects; empty when all is. */
export function unexpectedIn({ expect: wanted }: Case, { verdict, codes, message, found }: Outcome): string[] {
  const said = `${verdict} ${codes.join(' ')} ${message}`
  if (verdict === 'other') return [said]
  if (wanted.verdict !== 'either' && wanted.verdict !== verdict) return [`expected ${wanted.verdict}, found ${said}`]
  if (wanted.verdict === 'either' && verdict === 'type-error') return [said]
  if (verdict === 'reject' && wanted.verdict === 'reject')
    return codes.some((code) => wanted.codes?.includes(code)) ? [] : [`expected ${String(wanted.codes)}, found ${said}`]
  if (verdict !== 'accept') return []
  if ('channel' in found && wanted.channel === undefined && found.channel !== undefined) return ['a channel']
  return Object.entries(wanted)
    .filter(([name]) => !['verdict', 'codes', 'note'].includes(name))
    .filter(([name, value]) => !contains(found[name], value))
    .map(([name, value]) => `${name}: expected ${JSON.stringify(value)}, found ${JSON.stringify(found[name])}`)
}

/** Whether all that is expected is there. */
function contains(found: unknown, expected: unknown): boolean {
  if (Array.isArray(expected))
    return (
      Array.isArray(found) &&
      found.length === expected.length &&
      expected.every((inner, i) => contains((found as unknown[])[i], inner))
    )
  if (typeof expected !== 'object' || expected === null) return found === expected
  return Object.entries(expected).every(([name, inner]) =>
    contains((Object(found) as Readonly<Record<string, unknown>>)[name], inner),
  )
}

type Run = (one: Case, files: Files) => Promise<Readonly<Record<string, unknown>>>

const utf8 = (text: unknown): Uint8Array => new TextEncoder().encode(String(text))

const runs: Readonly<Record<string, Run>> = {
  async report(one, { textOf, bytesOf }) {
    const now = new Date(String(one.at))
    const documents = Object.fromEntries(
      Object.entries(one.documents as Record<string, string>).map(([name, file]) => [name, textOf(file)]),
    )
    const options = one.options as { readonly unproven: readonly string[] }
    const report = await verifyProviderReport(JSON.parse(textOf(String(one.profile))) as object, documents, {
      nonce: fromHex(String(one.nonce)),
      parameters: one.parameters as Record<string, string>,
      now,
      verify: (evidence) =>
        verifyTdx(evidence, {
          endorsements: JSON.parse(textOf(String(one.endorsements))) as never,
          referenceValues: skipReferenceValues,
          reportData: skipReportData,
          clockSkewSeconds: 0,
          now,
          trustAnchors: [bytesOf(String(one.root))],
          ...(one.tdx as object),
        }),
      verifyGpus: (list) =>
        Promise.resolve(
          (list as { evidence: string }[]).map(({ evidence }) => ({ nonce: fromBase64(evidence).subarray(4, 36) })),
        ),
      ...options,
    })
    const { channel, components, unproven } = report
    const lists = Object.entries(components).map(([name, { gpus }]) => [name, gpus?.length] as const)
    if (Object.values(components).some(({ result }) => result.format !== 'tdx')) throw new Error('another format')
    if ([...unproven].sort().join() !== [...options.unproven].sort().join())
      throw new Error(`unproven: ${String(unproven)}`)
    return {
      channel: channel && { ...channel, key: toHex(channel.key) },
      dstack: Object.fromEntries(Object.entries(components).map(([name, { dstack }]) => [name, dstack])),
      gpus: Object.fromEntries(lists),
    }
  },
  profile: (one) => Promise.resolve({ profile: readProviderProfile(one.profile).name }),
  'key-config': async (one) => ({
    keyConfig: toHex(
      await selectKeyConfig(fromHex(String(one.bytes)), one.suite as Suite, one.form as 'single' | 'list'),
    ),
  }),
  async compose({ text, value, expect: { images } }) {
    const own = typeof text === 'string' ? text : normalizeAppCompose(value as object)
    return { normalized: own, hash: await composeHash(own), ...(images && { images: composeImages(own) }) }
  },
  async receipt(one) {
    await verifyReceipt(one.receiptKind as 'aci-1', one.receipt, {
      key: fromHex(String(one.key)),
      requestBody: utf8(one.requestBody),
      responseBody: utf8(one.responseBody),
      ...(one.model !== undefined && { model: one.model as string }),
      ...(one.keysetDigest !== undefined && { keysetDigest: one.keysetDigest as string }),
    })
    return {}
  },
  refusal(one) {
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
    return Promise.resolve({ code: refusalOf(shapes[String(one.shape)])?.code ?? null })
  },
}
