/**
 * A fake private-AI provider: one TD with a dstack application, whose report data vouches for an
 * Ed25519 key, which signed the key configuration of a gateway of oblivious HTTP. Everything is
 * right, save for what a test changes.
 */
import { createGatewayKey, type GatewayKey } from '../../src/channel/key-config.ts'
import { decodeRequest, encodeResponse } from '../../src/channel/binary-http.ts'
import { openRequest } from '../../src/channel/ohttp.ts'
import type { Pieces } from '../../src/channel/pieces.ts'
import type { AttestedProviderOptions, ProviderReportOptions } from '../../src/ai/index.ts'
import { skipReferenceValues, verifyTdx } from '../../src/formats/intel/tdx/index.ts'
import { concat, hex, unhex } from './bytes.ts'
import type { Bytes } from './der.ts'
import { createDstackGuest, type DstackGuest, type DstackPlan, sha } from './dstack.ts'
import { createIntelAttester, type IntelAttester } from './intel.ts'

export const providerOrigin = 'https://provider.example'
export const model = 'example/model'
export const nonce: Bytes = new Uint8Array(32).map((_, i) => i + 1)

/** A profile in the shape of what the fake provider serves. */
export const soundProfile = {
  profile: 'veritee.provider/1',
  name: 'example',
  revision: 1,
  asOf: '2026-06-01',
  origin: providerOrigin,
  documents: {
    report: {
      method: 'GET',
      path: '/v1/attestation/{model}',
      query: { nonce: { nonce: 'hex' }, form: 'full' },
      authorization: 'bearer',
      maximumBytes: 2_097_152,
    },
  },
  components: {
    gateway: {
      in: '#report/gateway',
      evidence: { format: 'tdx', at: '/quote', as: 'hex' },
      eventLog: { at: '/event_log', as: 'json-text' },
      dstack: { appCompose: '/app_compose', appCertificate: '/app_cert', mrConfig: 1 },
      reportData: [
        {
          sha256: [
            { at: '/signing_key', as: 'hex', size: 32 },
            { at: '/tls', as: 'hex', size: 32 },
          ],
        },
        { nonce: 'raw' },
      ],
      nonces: [{ at: '/nonce', as: 'hex' }],
      constants: { '/algorithm': 'ed25519' },
      gpus: { list: '/gpus!/list', nonce: [{ nonce: 'raw' }] },
      notAfter: { at: '#report/not_after', as: 'unix' },
    },
  },
  channel: {
    kind: 'ohttp',
    component: 'gateway',
    key: { at: '#report/config', as: 'hex', form: 'single' },
    vouched: { by: 'ed25519', key: '/signing_key', signature: { at: '#report/signature', as: 'hex' } },
    endpoint: '/ohttp',
    chunked: true,
  },
  unproven: [{ id: 'gpu-machine', why: 'a nonce is all that GPU and CPU share' }],
} as const

/** What a report is made of. Changes are made before whatever is bound to it. */
export interface ReportPlan {
  readonly dstack?: Partial<DstackPlan>
  /** What the quote answers; default: what was asked. */
  readonly nonce?: Bytes
  /** Changes report data of the quote. */
  readonly reportData?: (sound: Bytes) => Uint8Array
  /** Changes the report when all is made; may return a promise. */
  readonly report?: (report: Record<string, Record<string, unknown>>) => unknown
  /** Changes its text. */
  readonly text?: (text: string) => string
  /** What the GPUs answer; default: what was asked. */
  readonly gpuNonce?: Bytes
}

export interface FakeProvider {
  readonly attester: IntelAttester
  readonly key: GatewayKey
  /** The Ed25519 key pair, and the bytes of its public half. */
  readonly signer: { readonly pair: CryptoKeyPair; readonly bytes: Bytes }
  /** As the provider serves it: without a length, with two pairs. */
  readonly config: Bytes
  readonly guest: (plan?: Partial<DstackPlan>) => Promise<DstackGuest>
  readonly report: (asked: Uint8Array, plan?: ReportPlan) => Promise<string>
  /** Options that accept it. */
  readonly options: () => Promise<ProviderReportOptions>
  /** The same for `attestedProvider`, which has a nonce and a clock of its own. */
  readonly clientOptions: () => Promise<AttestedProviderOptions>
  /** Report and gateway, over a network that a test owns. */
  readonly respond: (request: Request, plan?: ReportPlan) => Promise<Response>
  /** What came out of seals. */
  readonly opened: {
    readonly path: string
    readonly headers: Readonly<Record<string, string>>
    readonly body: string
  }[]
  /** Answers a request that was opened. Default: an echo. */
  answer: (
    path: string,
    body: string,
  ) => {
    readonly headers?: Readonly<Record<string, string>>
    readonly pieces: AsyncIterable<string> | Iterable<string>
  }
}

/** A pair of an own, in place of the provider's. */
export async function ed25519(): Promise<FakeProvider['signer']> {
  const pair = await crypto.subtle.generateKey('Ed25519', true, ['sign', 'verify'])
  return { pair, bytes: new Uint8Array(await crypto.subtle.exportKey('raw', pair.publicKey)) }
}

export const signWith = async ({ pair }: FakeProvider['signer'], data: Bytes): Promise<Bytes> =>
  new Uint8Array(await crypto.subtle.sign('Ed25519', pair.privateKey, data))

/** @param given hardware of the caller's */
export async function createProvider(now: Date, given?: IntelAttester): Promise<FakeProvider> {
  const attester = given ?? (await createIntelAttester({ now }))
  const endorsements = await attester.endorsements()
  const key = await createGatewayKey(7, { kem: 'X25519', aead: 'AES-128-GCM' })
  const signer = await ed25519()
  const config = concat(key.config.subarray(2, -6), unhex('00080001000100010003'))
  const tls = new Uint8Array(32).fill(0x77)
  const guest: FakeProvider['guest'] = (plan = {}) => createDstackGuest({ now, ...plan })

  const report: FakeProvider['report'] = async (asked, plan = {}) => {
    const { eventLog, appCompose, appCertificate, mrConfigId, rtmrs } = await guest(plan.dstack)
    const answered = plan.nonce ?? new Uint8Array(asked)
    const sound = concat(await sha('SHA-256', concat(signer.bytes, tls)), answered)
    const quote = await attester.quote({
      body: [
        [184, mrConfigId],
        ...rtmrs.map((rtmr, i) => [328 + 48 * i, rtmr] as const),
        [520, plan.reportData?.(sound) ?? sound],
      ],
    })
    const gpuNonce = hex(plan.gpuNonce ?? answered)
    const made = {
      gateway: {
        quote: hex(quote),
        event_log: eventLog,
        app_compose: appCompose,
        app_cert: appCertificate,
        signing_key: hex(signer.bytes),
        tls: hex(tls),
        nonce: hex(answered),
        algorithm: 'ed25519',
        gpus: JSON.stringify({ list: [{ nonce: gpuNonce }, { nonce: gpuNonce }] }),
      },
      config: hex(config),
      signature: hex(await signWith(signer, config)),
      not_after: Math.floor(now.getTime() / 1000) + 60,
    }
    const changed = (await plan.report?.(made as unknown as Record<string, Record<string, unknown>>)) ?? made
    const text = JSON.stringify(changed)
    return plan.text?.(text) ?? text
  }

  const provider: FakeProvider = {
    attester,
    key,
    signer,
    config,
    guest,
    report,
    opened: [],
    answer: (path, body) => ({ pieces: [`${path} ${body}`] }),
    async options() {
      return {
        nonce,
        parameters: { model },
        unproven: ['gpu-machine'],
        accept: { gateway: (await guest()).accept },
        now,
        verify: (evidence, { reportData }) =>
          verifyTdx(evidence, {
            endorsements,
            referenceValues: skipReferenceValues,
            reportData: reportData as Bytes,
            trustAnchors: [attester.root],
            now,
          }),
        verifyGpus: (list) =>
          Promise.resolve((list as { nonce: string }[]).map((gpu) => ({ nonce: unhex(gpu.nonce) }))),
      }
    },
    async clientOptions() {
      const { parameters, unproven, accept, verify, verifyGpus } = await provider.options()
      return {
        parameters,
        unproven,
        accept,
        verify,
        verifyGpus,
        headers: { authorization: 'Bearer caller' },
      } as AttestedProviderOptions
    },
    async respond(request, plan) {
      const url = new URL(request.url)
      if (request.method === 'GET' && url.pathname === `/v1/attestation/${encodeURIComponent(model)}`)
        return new Response(await report(unhex(url.searchParams.get('nonce') ?? ''), plan))
      if (request.method !== 'POST' || url.pathname !== '/ohttp') return new Response('no', { status: 404 })
      return open(provider, request)
    },
  }
  return provider
}

/** Read by hand: streams of WebKit cannot be iterated. */
async function* piecesOf(stream: ReadableStream<Bytes>): AsyncGenerator<Bytes> {
  const reader = stream.getReader()
  for (;;) {
    const { done, value } = await reader.read()
    if (done) return
    yield value
  }
}

/** The gateway's end. */
async function open(provider: FakeProvider, request: Request): Promise<Response> {
  const { key } = provider
  const { message, sealResponse } = await openRequest(
    (id) => (id === key.keyId ? key : undefined),
    piecesOf(request.body as ReadableStream<Bytes>),
  )
  const { head, body } = await decodeRequest(message)
  let text = ''
  const decoder = new TextDecoder()
  for await (const piece of body) text += decoder.decode(piece, { stream: true })
  provider.opened.push({ path: head.path, headers: Object.fromEntries(head.headers), body: text })
  const { headers = {}, pieces } = provider.answer(head.path, text)
  async function* bytes(): AsyncGenerator<Bytes> {
    for await (const piece of pieces) yield new TextEncoder().encode(piece)
  }
  const sealed: Pieces = sealResponse(encodeResponse({ status: 200, headers: Object.entries(headers) }, bytes()))
  const stream = new ReadableStream<Uint8Array>({
    async pull(controller) {
      const { done, value } = await sealed.next()
      if (done === true) controller.close()
      else controller.enqueue(value)
    },
  })
  return new Response(stream, { headers: { 'content-type': 'message/ohttp-chunked-res' } })
}
