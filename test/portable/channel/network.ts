/**
 * The channel over a real network, with the `fetch` that the runtime has. What the server saw on
 * its side is part of each row.
 */
import { attestedFetch, type AttestedFetch, type AttestedFetchOptions } from '../../../src/client/index.ts'
import { skipReferenceValues, verifyNitro } from '../../../src/formats/aws/nitro/index.ts'
import type { NitroOptions } from '../../../src/formats/aws/nitro/index.ts'
import { fromBase64, pattern, streamOf, sumOf } from './bytes.ts'
import { findFeatures } from './features.ts'
import type { ChannelReport, ChannelRow, NetworkInput } from './model.ts'
import { card, told } from './world.ts'

export async function runSuite({ origin, root }: NetworkInput): Promise<ChannelReport> {
  const rows: ChannelRow[] = []
  const control = (what: string): Promise<Response> => fetch(`${origin}/control/${what}`, { method: 'POST' })
  const client = (other: Partial<AttestedFetchOptions> = {}, policy: Partial<NitroOptions> = {}): AttestedFetch =>
    attestedFetch(origin, {
      allowLoopbackHttp: true,
      // The clock is the real one, and a busy machine is no attack.
      attestSeconds: 3600,
      responseSeconds: 3600,
      idleSeconds: 3600,
      verify: (evidence, { nonce }) =>
        verifyNitro(evidence, {
          referenceValues: skipReferenceValues,
          freshness: { nonce },
          trustAnchors: [fromBase64(root)],
          ...policy,
        }),
      ...other,
    })
  async function row(name: string, work: () => Promise<unknown>): Promise<void> {
    const result = await work().catch(told)
    const arrived: unknown = await (await control('arrived')).json()
    rows.push({ name, outcome: { result, arrived } })
  }
  const post = (body: BodyInit): RequestInit => ({ method: 'POST', body, duplex: 'half' }) as RequestInit

  const states: string[] = []
  const send = client({ onState: ({ state }) => states.push(state) })
  await row('GET', async () => (await send('/account')).text())
  await row('POST', async () => (await send('/pay', post(card))).text())
  await row('404 of the app', async () => {
    const response = await send('/missing')
    return [response.status, response.headers.get('x-app'), await response.text()]
  })
  await row('16 KiB up', async () => (await send('/sum', post(pattern(16_384)))).text())
  await row('1 MiB up', async () => (await send('/sum', post(pattern(1_048_576)))).text())
  await row('1 MiB up, as a stream', async () => {
    const pieces = Array.from({ length: 16 }, (_, i) => pattern(1_048_576).slice(i * 65_536, (i + 1) * 65_536))
    return (await send('/sum', post(streamOf(pieces)))).text()
  })
  await row('1 MiB down', async () => sumOf(new Uint8Array(await (await send('/mebibyte')).arrayBuffer())))
  await row('an answer in pieces, each before the next is made', async () => {
    const { body } = await send('/pieces')
    const reader = (body as ReadableStream<Uint8Array>).getReader()
    const texts: string[] = []
    for (;;) {
      const { done, value } = await reader.read()
      if (done) return texts
      texts.push(new TextDecoder().decode(value))
      await (await send('/next', post(''))).text()
    }
  })
  await row('abort in the answer', async () => {
    const stop = new AbortController()
    const reason = new Error('enough')
    const { body } = await send('/pieces', { signal: stop.signal })
    const reader = (body as ReadableStream<Uint8Array>).getReader()
    await reader.read()
    stop.abort(reason)
    return reader.read().then(
      () => 'read on',
      (error: unknown) => (error === reason ? 'the reason' : told(error)),
    )
  })
  await row('8 at the same time', async () => {
    const all = Array.from({ length: 8 }, async (_, i) => (await send('/', post(`${i}`))).text())
    return Promise.all(all)
  })
  await control('rotate')
  await row('GET after a rotation of keys', async () => [await (await send('/account')).text(), ...states.splice(0)])
  await control('rotate')
  await row('POST after a rotation of keys', async () => {
    const first = await send('/pay', post(card)).then(() => 'answered', told)
    return [first, await (await send('/pay', post(card))).text(), ...states.splice(0)]
  })
  await row('another build', () => client({}, { referenceValues: { PCR0: 'ab'.repeat(48) } })('/pay', post(card)))
  for (const status of [302, 307]) {
    await row(`evidence that has moved: ${status}`, () =>
      client({ evidencePath: `/moved/${status}/evidence` })('/pay', post(card)),
    )
    await row(`a gateway that has moved: ${status}`, () =>
      client({ gatewayPath: `/moved/${status}/gateway` })('/pay', post(card)),
    )
  }
  await row('no gateway', () => client({ gatewayPath: '/nothing' })('/pay', post(card)))
  return { features: await findFeatures(), rows }
}
