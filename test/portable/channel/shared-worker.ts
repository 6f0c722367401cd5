/**
 * A worker whose clients are made once, when it loads, and used by all its requests:
 * `/<client>/<what>`. Bundled with the enclave's address and root.
 */
import { attestedFetch, type AttestedFetch } from '../../../src/client/index.ts'
import { skipReferenceValues, verifyNitro } from '../../../src/formats/aws/nitro/index.ts'
import { fromBase64 } from './bytes.ts'
import { told } from './world.ts'

declare const ENCLAVE: string
declare const ROOT: string

const names = [
  'sequential',
  'concurrent',
  'joined',
  'disconnected',
  'refused',
  'streaming',
  'rotated',
  'closed',
] as const
const clients = new Map<string, AttestedFetch>(
  names.map((name) => [
    name,
    attestedFetch(ENCLAVE, {
      allowLoopbackHttp: true,
      evidencePath: `/evidence/${name}`,
      verify: (evidence, { nonce }) =>
        verifyNitro(evidence, {
          referenceValues: skipReferenceValues,
          freshness: { nonce },
          trustAnchors: [fromBase64(ROOT)],
        }),
    }),
  ]),
)

export default {
  async fetch(request: Request): Promise<Response> {
    const { pathname } = new URL(request.url)
    const [, name = '', what = ''] = pathname.split('/')
    const send = clients.get(name)
    if (send === undefined) return new Response('no such client', { status: 404 })
    try {
      switch (what) {
        case 'post':
          return new Response(await (await send('/', { method: 'POST', body: await request.text() })).text())
        case 'twice': {
          const both = [send('/', { method: 'POST', body: 'a' }), send('/', { method: 'POST', body: 'b' })]
          return new Response((await Promise.all(both.map(async (one) => (await one).text()))).join())
        }
        case 'get':
          return new Response(await (await send('/')).text())
        case 'pieces':
          return new Response((await send('/pieces')).body)
        case 'next':
          return new Response(await (await send('/next')).text())
        case 'reattest':
          return new Response((await send.reattest()).format)
        case 'state':
          return new Response(`${send.state} ${send.result?.format}`)
        case 'close':
          send.close()
          return new Response(send.state)
        default:
          return new Response('no such thing', { status: 404 })
      }
    } catch (error) {
      return new Response(told(error), { status: 502 })
    }
  },
}
