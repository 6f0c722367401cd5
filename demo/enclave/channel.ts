/**
 * The enclave of the demo behind a gateway, and whoever stands in between:
 * `…/NAME-OF-THE-ATTACK/attestation`, `…/gateway` and `…/plain`.
 */
import { createGateway, type Gateway } from '../../src/gateway/index.ts'
import { createGatewayKey } from '../../src/channel/key-config.ts'
import { type Bytes, fromBase64, toBase64Url } from '../page/bytes.ts'
import { type ChannelAttackName, channelAttacks } from '../send/attacks.ts'
import { type Attester, positionOf } from './attester.ts'
import { firstOf, flipped, forwarded, stalled, text } from './between.ts'

export const channelPath = 'send/enclave/'

const paths: Readonly<Record<string, string>> = {
  attestation: '/.well-known/attestation',
  gateway: '/.well-known/ohttp-gateway',
}

/** @param origins what the page may call this server */
export function createChannel(
  attester: Attester,
  origins: readonly string[],
): (path: string, request: Request) => Promise<Response> {
  const gateway = createGateway({
    origins,
    // Pages behind a gate are on another origin than their enclave.
    allowOrigins: origins,
    attest: async ({ nonce, keyConfig }) => ({
      mediaType: 'application/cbor',
      evidence: await attester.attestKey('honest', nonce, keyConfig, new Date()),
      holdsKeyConfig: true,
    }),
    handler: pay,
    onError: (error) => {
      console.error(error)
    },
  })
  return async (path, request) => {
    const [name = '', endpoint = ''] = path.split('/')
    const attack = channelAttacks.find((known) => known.name === name)
    if (attack === undefined) return text(404, 'there is no such attack')
    // Where a page sends that trusts the address bar.
    if (endpoint === 'plain') return text(200, 'paid')
    const target = paths[endpoint]
    if (target === undefined) return text(404, 'attestation, gateway or plain')
    const forward = forwarded(request, new URL(target, request.url))
    const answer = await between(attack.name, forward, { isAttestation: endpoint === 'attestation', gateway, attester })
    // An attacker lets the page read what it answers, as the gateway does.
    const origin = request.headers.get('origin') ?? ''
    if (origins.includes(origin)) answer.headers.set('access-control-allow-origin', origin)
    return answer
  }
}

/**
 * The app: it has the card number, and nobody else has. Its answer comes in pieces, as that of a
 * language model does.
 */
async function pay(request: Request): Promise<Response> {
  const { card = '' } = (await request.json()) as { card?: string }
  const digits = card.replace(/\D/g, '')
  const pieces = [
    `I read ${digits.length} digits, `,
    `the last of them ${digits.slice(-4)}. `,
    'Nobody else did. ',
    'Payment ',
    'accepted.',
  ]
  const encoder = new TextEncoder()
  const stream = new ReadableStream<Uint8Array>({
    async pull(controller) {
      const piece = pieces.shift()
      if (piece === undefined) {
        controller.close()
        return
      }
      await new Promise((resolve) => setTimeout(resolve, 120))
      controller.enqueue(encoder.encode(piece))
    },
  })
  return new Response(stream, { headers: { 'content-type': 'text/plain; charset=utf-8' } })
}

interface Genuine {
  readonly isAttestation: boolean
  readonly gateway: Gateway
  readonly attester: Attester
}

async function between(
  attack: ChannelAttackName,
  request: Request,
  { isAttestation, gateway, attester }: Genuine,
): Promise<Response> {
  if (isAttestation) {
    if (request.method === 'OPTIONS') return gateway(request)
    if (attack === 'no-evidence') return text(503, 'attestation is down today, please go on without it')
    if (attack === 'swapped-key') return swapKey(request, gateway)
    if (attack === 'replayed' || attack === 'other-build' || attack === 'debug')
      return ownEvidence(attack, request, attester)
    return gateway(request)
  }
  if (request.method === 'OPTIONS') return gateway(request)
  if (attack === 'redirect') return new Response(null, { status: 307, headers: { location: '/send/elsewhere' } })
  if (attack === 'plaintext') return text(200, 'paid')
  const response = await gateway(request)
  const { body } = response
  if (body === null || attack === 'none') return response
  const changed =
    attack === 'tampered'
      ? flipped(body)
      : attack === 'truncated'
        ? firstOf(body, 4)
        : attack === 'stalled'
          ? stalled(body)
          : body
  return new Response(changed, response)
}

/** Genuine evidence, and other bytes where its key was. The signature covers them. */
async function swapKey(request: Request, gateway: Gateway): Promise<Response> {
  const response = await gateway(request)
  const [mediaType, evidence, kind] = (await response.json()) as [string, string, number]
  const document = fromBase64(evidence) as Bytes
  const { config } = await createGatewayKey(0, { kem: 'P-256', aead: 'AES-128-GCM' })
  // The configuration begins with its length and key identifier; the genuine one is where the same
  // algorithms stand around a point.
  const name = positionOf(new TextEncoder().encode('public_key'), document)
  document.set(config, positionOf(config.subarray(0, 2), document, name))
  return cmw([mediaType, toBase64Url(document), kind])
}

/** A genuine document that the attacker may have: for its own key, or from before. */
async function ownEvidence(
  attack: 'replayed' | 'other-build' | 'debug',
  request: Request,
  { attestKey }: Attester,
): Promise<Response> {
  const { nonce = '' } = (await request.json()) as { nonce?: string }
  const asked = fromBase64(nonce) ?? new Uint8Array()
  const { config } = await createGatewayKey(0, { kem: 'P-256', aead: 'AES-128-GCM' })
  const document =
    attack === 'replayed'
      ? await attestKey('honest', crypto.getRandomValues(new Uint8Array(32)), config, new Date(Date.now() - 60_000))
      : await attestKey(attack, asked, config, new Date())
  return cmw(['application/cbor', toBase64Url(document), 4])
}

const cmw = (value: unknown): Response =>
  new Response(JSON.stringify(value), { headers: { 'content-type': 'application/cmw+json' } })
