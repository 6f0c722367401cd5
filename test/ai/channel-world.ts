/**
 * A client over a channel, a provider whose report vouches for its key, and a network that keeps
 * what leaves. The attacks are the same for all channels.
 */
import { attestedProvider, type AttestedProviderOptions } from '../../src/ai/index.ts'
import type { SealedChannel } from '../../src/client/channel-kind.ts'
import { createClient } from '../../src/client/attested-fetch.ts'
import type { AttestedFetch } from '../../src/client/index.ts'
import { platform } from '../../src/client/runtime.ts'
import { concat, hex } from '../attester/bytes.ts'
import type { Bytes } from '../attester/der.ts'
import { composeOf, sha } from '../attester/dstack.ts'
import { createProvider, model, providerOrigin, type ReportPlan, soundProfile } from '../attester/provider.ts'

export const now = new Date('2026-06-01T12:00:00Z')
const tls = new Uint8Array(32).fill(0x77)

/** The key of the channel, and how a profile says it. */
export interface ChannelKey {
  readonly kind: string
  readonly form: 'x25519' | 'ml-kem-768'
  readonly bytes: Bytes
}

export interface ChannelWorld {
  readonly send: AttestedFetch
  readonly sent: { readonly url: string; readonly method: string; readonly headers: Headers; readonly body: Bytes }[]
}

export interface ChannelWorldOptions {
  readonly channel: SealedChannel
  readonly report?: ReportPlan
  /** The service's end, for all that asks for no evidence. */
  readonly answer: (request: Request) => Response | Promise<Response>
}

/** Worlds of one key. */
export async function channelWorlds(key: ChannelKey): Promise<{
  readonly connect: (options: ChannelWorldOptions) => ChannelWorld
  readonly attacks: readonly (readonly [name: string, report: ReportPlan, code: string])[]
}> {
  const provider = await createProvider(now)
  const options: AttestedProviderOptions = await provider.clientOptions()
  const digest = await sha('SHA-256', concat(key.bytes, tls))
  const [{ gateway }] = [soundProfile.components]
  const profile = {
    ...soundProfile,
    components: {
      gateway: {
        ...gateway,
        reportData: [
          {
            sha256: [
              { at: '/signing_key', as: 'hex', size: key.bytes.length },
              { at: '/tls', as: 'hex', size: 32 },
            ],
          },
          { nonce: 'raw' },
        ],
      },
    },
    channel: {
      kind: key.kind,
      component: 'gateway',
      key: { at: '/signing_key', as: 'hex', form: key.form },
      vouched: { by: 'report-data' },
    },
  }
  /** The report of an enclave whose key this is. */
  const plan = (over: ReportPlan = {}, members: object = {}): ReportPlan => ({
    reportData: (sound) => concat(digest, sound.subarray(32)),
    report: (report) => ({
      ...report,
      not_after: 253_402_300_799,
      gateway: { ...report.gateway, signing_key: hex(key.bytes), ...members },
    }),
    ...over,
  })
  const swapped = hex(key.bytes.map((byte, i) => (i === 0 ? byte ^ 1 : byte)))

  return {
    attacks: [
      ['a relayed report, of another nonce', plan({ nonce: new Uint8Array(32).fill(1) }), 'report-nonce'],
      ['a swapped key', plan({}, { signing_key: swapped }), 'policy-report-data'],
      ['a key that is not in report data', plan({ reportData: (sound) => sound }), 'policy-report-data'],
      ['another application', plan({ dstack: { appCompose: composeOf('other/app:1') } }), 'policy-compose'],
      ['GPUs of another nonce', plan({ gpuNonce: new Uint8Array(32).fill(1) }), 'policy-gpu'],
    ],
    connect({ channel, report = plan(), answer }) {
      const sent: ChannelWorld['sent'] = []
      const network = async (input: unknown, init: RequestInit = {}): Promise<Response> => {
        const { method = 'GET' } = init
        const headers = new Headers(init.headers)
        const body = init.body == null ? new Uint8Array() : new Uint8Array(await new Response(init.body).arrayBuffer())
        sent.push({ url: input as string, method, headers, body })
        const request = new Request(input as string, { method, headers, ...(body.length > 0 && { body }) })
        return request.url.includes('/v1/attestation/') ? provider.respond(request, report) : answer(request)
      }
      const own = { parameters: { model }, headers: { authorization: 'Bearer caller' }, channel }
      const send = createClient(providerOrigin, attestedProvider(profile, { ...options, ...own }), {
        ...platform,
        fetch: network,
        now: () => now.getTime(),
      })
      return { send, sent }
    },
  }
}

/** What left, but for questions for evidence. */
export const sealedOf = ({ sent }: ChannelWorld): ChannelWorld['sent'] =>
  sent.filter(({ url }) => !url.includes('/v1/attestation/'))

/** A stream of events, in pieces that cut through lines. */
export function eventStream(events: readonly string[], pieceSize = 7): Response {
  const bytes = new TextEncoder().encode(events.map((data) => `data: ${data}\n\n`).join(''))
  const body = new ReadableStream<Uint8Array>({
    start(controller) {
      for (let at = 0; at < bytes.length; at += pieceSize) controller.enqueue(bytes.subarray(at, at + pieceSize))
      controller.close()
    },
  })
  return new Response(body, { headers: { 'content-type': 'text/event-stream; charset=utf-8' } })
}
