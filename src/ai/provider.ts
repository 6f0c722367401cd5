/**
 * A provider's profile as options of `attestedFetch`: asks, verifies, and finds the key in what was
 * verified.
 */
import type { Challenge } from '../client/binding.ts'
import type { SealedChannel } from '../client/channel-kind.ts'
import type { AttestedFetchOptions } from '../client/options.ts'
import { knownOptions, requireOption } from '../core/options.ts'
import { VerificationError } from '../core/errors.ts'
import { compileProfile } from '../profiles/profile.ts'
import type { ProviderReportOptions } from '../profiles/report-options.ts'
import { type ProviderReport, verifyProviderReport } from '../profiles/report.ts'
import type { ProviderProfile } from '../profiles/types.ts'
import { type ProviderContext, providerSource, type ProviderSourceOptions } from './source.ts'

/** Options of {@link attestedProvider}. */
export interface AttestedProviderOptions
  extends Omit<ProviderReportOptions, 'nonce' | 'suite' | 'now'>, ProviderSourceOptions {
  /**
   * For profiles whose channel is not oblivious HTTP: one of that kind, such as `ehbp` of
   * `veritee/ai/ehbp`. Default: oblivious HTTP.
   */
  readonly channel?: SealedChannel
  /** Called with each report that was verified: for a user interface. Default: none. */
  readonly onReport?: (report: ProviderReport) => void
}

const sourceNames = ['parameters', 'headers', 'origin'] as const
const reportNames = ['parameters', 'verify', 'verifyGpus', 'accept', 'unproven'] as const
const maximumEvidence = 8_388_608

/**
 * What a client needs to talk to a provider: evidence source, verifier, binding, and how requests
 * are sealed. That is oblivious HTTP; channels of other kinds have entry points of their own.
 *
 * ```ts
 * const send = attestedFetch('https://provider.example', {
 *   ...attestedProvider(profile, {
 *     parameters: { model },
 *     headers: { authorization: `Bearer ${apiKey}` },
 *     verify: (evidence, { reportData }) => verifyTdx(evidence, { endorsements, referenceValues, reportData: reportData! }),
 *     verifyGpus: skipGpus,
 *     accept: { gateway: { appComposes: [hash], osImages: [image], keyProviders: [kms] } },
 *     unproven: ['gpu-machine'],
 *   }),
 *   relay: 'https://relay.example/ohttp',
 * })
 * ```
 * @throws TypeError for a caller's mistake, and for a profile without a channel, or with one of
 *   another kind
 */
export function attestedProvider(
  profile: ProviderProfile | object,
  options: AttestedProviderOptions,
): Pick<
  AttestedFetchOptions,
  'evidenceSource' | 'verify' | 'binding' | 'channel' | 'suite' | 'gatewayPath' | 'maximumEvidenceBytes'
> {
  const { channel } = compileProfile(profile).profile
  const own = knownOptions<AttestedProviderOptions>(options, [
    ...new Set([...sourceNames, ...reportNames, 'channel', 'onReport'] as const),
  ])
  const { onReport, channel: sealing } = own
  if (channel.kind === 'none') throw new TypeError(`profile must have a channel: ${channel.why}`)
  const kind = sealing === undefined ? 'ohttp' : sealing.kind
  requireOption('channel', `one of the kind ${channel.kind}`, kind === channel.kind)
  requireOption('onReport', 'a function', onReport === undefined || typeof onReport === 'function')
  const pick = <Name extends keyof AttestedProviderOptions>(
    names: readonly Name[],
  ): Pick<AttestedProviderOptions, Name> =>
    Object.fromEntries(names.flatMap((name) => (Object.hasOwn(own, name) ? [[name, own[name]]] : []))) as never
  /** Reports of attestations under way, by what their source handed on. */
  const reports = new WeakMap<object, ProviderReport>()
  const contextOf = ({ context }: Challenge): ProviderContext => context as ProviderContext

  return {
    evidenceSource: providerSource(profile, pick(sourceNames)),
    async verify(_evidence, challenge) {
      const context = contextOf(challenge)
      const { nonce, suite } = challenge
      const report = await verifyProviderReport(profile, context.documents, {
        ...pick(reportNames),
        nonce,
        ...(suite && { suite }),
      })
      reports.set(context, report)
      const { result } = report.components[channel.component] as {
        readonly result: Awaited<ReturnType<ProviderReportOptions['verify']>>
      }
      onReport?.(report)
      return result
    },
    binding(_result, challenge) {
      const key = reports.get(contextOf(challenge))?.channel?.key
      if (key === undefined) throw new VerificationError('client-key', 'no verified report holds a key')
      return key.slice()
    },
    ...(sealing === undefined
      ? { suite: { kem: 'X25519', aead: 'AES-128-GCM' }, gatewayPath: channel.endpoint ?? '/ohttp' }
      : { channel: sealing }),
    maximumEvidenceBytes: maximumEvidence,
  }
}
