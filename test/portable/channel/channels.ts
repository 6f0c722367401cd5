/**
 * Channels beside oblivious HTTP, for any runtime: the real algorithms of its WebCrypto on one end,
 * and another implementation on the other.
 */
import { aciE2ee } from '../../../src/ai/aci-e2ee/index.ts'
import { chutesE2e } from '../../../src/ai/chutes-e2e/index.ts'
import { attestationByNonce, keyExchange, nonceAsText } from '../../../src/ai/key-exchange/index.ts'
import { attestedFetch, type AttestedFetchOptions } from '../../../src/client/index.ts'
import { createAciPeer } from '../../ai/peers/aci-e2ee.ts'
import { base64, type Bytes, eventStream, hex, utf8 } from '../../ai/peers/bytes.ts'
import { createChutesPeer } from '../../ai/peers/chutes-e2e.ts'
import { createKeyExchangePeer } from '../../ai/peers/key-exchange.ts'
import { holds } from './bytes.ts'
import type { Device } from './device.ts'
import { card, origin, secret, told } from './world.ts'

type Serve = (request: Request) => Response | Promise<Response>
type Options = Pick<AttestedFetchOptions, 'evidenceSource' | 'verify' | 'binding' | 'channel'>

export function channelCases(device: Device): readonly (readonly [name: string, run: () => Promise<unknown>])[] {
  return [false, true].flatMap((isStream) =>
    Object.entries({ 'aci-e2ee-2': aci, 'chutes-e2e-1': chutes, 'key-exchange-1': exchanged }).map(
      ([kind, make]) =>
        [`channel ${kind}${isStream ? ', a stream' : ''}`, () => outcome(isStream, ...make(device))] as const,
    ),
  )
}

/** One request: what came of it, what left, and whether it could be read on the way. */
async function outcome(isStream: boolean, options: Options, serve: Serve): Promise<unknown> {
  const sent: string[] = []
  let leaked = false
  const send = attestedFetch(origin, {
    ...options,
    fetch: async (input, init = {}) => {
      const { pathname, href } = new URL(input as string)
      const { method = 'GET', headers } = init
      const body = init.body == null ? new Uint8Array() : new Uint8Array(await new Response(init.body).arrayBuffer())
      sent.push(`${method} ${pathname.replace(/[0-9a-f]{64}/, 'nonce')}`)
      leaked ||= holds(body, secret)
      return serve(new Request(href, { method, headers: new Headers(headers), ...(body.length > 0 && { body }) }))
    },
  })
  const ask = async (): Promise<string> => {
    const body = JSON.stringify({ model: 'm', messages: [{ role: 'user', content: card }], stream: isStream })
    return (await send('/v1/chat', { method: 'POST', body })).text()
  }
  const result = await ask().catch(told)
  send.close()
  return { result, sent, leaked }
}

const isStreamed = (body: unknown): boolean => (body as { readonly stream: boolean }).stream

function aci(device: Device): [Options, Serve] {
  const peer = createAciPeer()
  return [
    {
      evidenceSource: async ({ nonce }) => ({ evidence: await device.document({ nonce, publicKey: peer.publicKey }) }),
      verify: device.verifying(),
      channel: aciE2ee({ unproven: ['headers', 'fields', 'answers', 'order'] }),
    },
    async (request) => {
      const { body, seal } = peer.open(request.headers, await request.text(), Date.now())
      const said = (body as { readonly messages: readonly [{ readonly content: string }] }).messages[0].content
      if (!isStreamed(body))
        return Response.json({
          choices: [{ message: { content: seal('choices.0.message.content', '', `echo ${said}`) } }],
        })
      const delta = seal('choices.0.delta.content', '', `echo ${said}`)
      return eventStream([JSON.stringify({ choices: [{ delta: { content: delta } }] }), '[DONE]'])
    },
  ]
}

function chutes(device: Device): [Options, Serve] {
  const peer = createChutesPeer()
  const digest = async (): Promise<Bytes> => new Uint8Array(await crypto.subtle.digest('SHA-256', peer.publicKey))
  return [
    {
      evidenceSource: async ({ nonce }) => ({ evidence: await device.document({ nonce, userData: await digest() }) }),
      verify: device.verifying(),
      async binding({ claims }) {
        const { userData } = claims as { readonly userData: Uint8Array }
        if (hex(userData) !== hex(await digest())) throw new Error('another key')
        return peer.publicKey
      },
      channel: chutesE2e({ chute: 'chute', instance: 'instance', unproven: ['headers', 'order'] }),
    },
    async (request) => {
      if (request.method === 'GET') {
        const instance = { instance_id: 'instance', e2e_pubkey: base64(peer.publicKey), nonces: ['n1'] }
        return Response.json({ instances: [instance], nonce_expires_in: 55 })
      }
      const { body, seal, stream } = await peer.open(new Uint8Array(await request.arrayBuffer()))
      const said = JSON.stringify({ echo: body.messages })
      if (!isStreamed(body))
        return new Response(await seal(said), { headers: { 'content-type': 'application/octet-stream' } })
      const sealed = stream()
      const events = [{ e2e_init: sealed.init }, { e2e: sealed.seal(`data: ${said}`) }]
      return eventStream([...events.map((one) => JSON.stringify(one)), '[DONE]'])
    },
  ]
}

function exchanged(device: Device): [Options, Serve] {
  const peer = createKeyExchangePeer()
  return [
    {
      evidenceSource: attestationByNonce({ origin }),
      verify: (evidence, challenge) =>
        device.verifying()(evidence, { ...challenge, nonce: nonceAsText(challenge.nonce) }),
      channel: keyExchange({ origin, unproven: ['headers', 'order'] }),
    },
    async (request) => {
      const { pathname } = new URL(request.url)
      if (request.method === 'GET') {
        const document = await device.document({ nonce: utf8(pathname.slice(13)), publicKey: peer.publicKey })
        return Response.json({ attestation_document: base64(document) })
      }
      const asked = await request.text()
      if (pathname === '/key_exchange') return new Response(peer.exchange(asked))
      const id = request.headers.get('x-session-id') ?? ''
      const body = JSON.parse(peer.open(id, asked)) as { readonly messages: unknown }
      const said = peer.seal(id, JSON.stringify({ echo: body.messages }))
      return isStreamed(body) ? eventStream([said, '[DONE]']) : Response.json({ encrypted: said })
    },
  ]
}
