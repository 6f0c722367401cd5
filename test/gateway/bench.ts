/**
 * A gateway on a bench: called directly, without a network, with a clock that stands still and
 * counters that can be read.
 */
import { type Attest, createGateway, type Gateway, type GatewayOptions, type Handler } from '../../src/gateway/index.ts'
import { settle } from '../support/settle.ts'
import { createFakeClock, type FakeClock } from './fake-clock.ts'
import { type Envelope, openResponse, type Opened, readKeyConfig, seal, type Sealed } from './sealing-client.ts'

export { settle }

export const origin = 'https://app.example'
export const paths = { attestation: '/.well-known/attestation', data: '/.well-known/ohttp-gateway' } as const

export const defaultSuite = { kem: 'P-256', aead: 'AES-128-GCM' } as const

export interface Bench {
  readonly gateway: Gateway
  readonly clock: FakeClock
  /** What was counted: `requests answered`, `attestations malformed`, … */
  readonly counted: string[]
  /** What `onError` got. */
  readonly errors: unknown[]
  /** The key configuration that the gateway attests now. */
  keyConfig(): Promise<Uint8Array<ArrayBuffer>>
  seal(envelope?: Envelope): Promise<Sealed>
  /** Seals, sends, and opens the answer. */
  ask(envelope?: Envelope): Promise<Opened>
  /** Seals and sends; for answers in the clear. */
  send(envelope?: Envelope): Promise<Response>
}

/** Evidence that anybody can make: the key configuration, in the clear. */
export const attestNothing: Attest = ({ keyConfig }) => ({
  mediaType: 'application/x-test',
  evidence: keyConfig,
})

export const echo: Handler = (request) => new Response(request.body, { headers: { 'x-method': request.method } })

export function createBench(options: Partial<GatewayOptions> = {}): Bench {
  const clock = createFakeClock()
  const counted: string[] = []
  const errors: unknown[] = []
  const gateway = createGateway({
    origins: origin,
    attest: attestNothing,
    handler: echo,
    clock,
    onError: (error) => void errors.push(error),
    meter: {
      createCounter: (name) => ({
        add: (_, attributes) =>
          void counted.push(`${name.replace('veritee.gateway.', '')} ${attributes?.outcome ?? ''}`),
      }),
    },
    ...options,
  })
  const keyConfig = async (): Promise<Uint8Array<ArrayBuffer>> => readKeyConfig(await gateway(question()))
  const sealed = async (envelope: Envelope = {}): Promise<Sealed> =>
    seal(envelope.keyConfig ?? (await keyConfig()), options.suite ?? defaultSuite, origin + paths.data, envelope)
  return {
    gateway,
    clock,
    counted,
    errors,
    keyConfig,
    seal: sealed,
    async ask(envelope) {
      const sent = await sealed(envelope)
      return openResponse(sent, await gateway(sent.request))
    },
    async send(envelope) {
      return gateway((await sealed(envelope)).request)
    },
  }
}

/** A request for evidence. */
export function question(body: unknown = { nonce: nonceText() }, init: RequestInit = {}): Request {
  return new Request(`${origin}${paths.attestation}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: typeof body === 'string' ? body : JSON.stringify(body),
    ...init,
  })
}

export function nonceText(nonce: Uint8Array = crypto.getRandomValues(new Uint8Array(32))): string {
  return Buffer.from(nonce).toString('base64url')
}

/** Waits until `holds`, however long that takes; the test's own time limit ends it. */
export async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await settle(1)
}
