/**
 * With another, in both directions: oblivious HTTP as `rfc9458.ts` has it.
 */
import { describe, expect, test } from 'vitest'
import { createGatewayKey, decodeKeyConfig, encodeKeyConfig } from '../../src/channel/key-config.ts'
import { openRequest } from '../../src/channel/ohttp.ts'
import { gather, pieces, slowly, split, suites, toHex, utf8 } from './messages.ts'
import { peerOf } from './rfc9458.ts'
import { sealRequest } from './seal-request.ts'

const chunks = ['one', 'two', '', 'three'].map(utf8)
const whole = 'onetwothree'

describe.each(suites.flatMap((suite) => [true, false].map((chunked) => ({ ...suite, chunked }))))(
  'oblivious HTTP, $kem $aead, chunked: $chunked',
  ({ chunked, ...suite }) => {
    const peer = peerOf(suite, chunked)

    test('our client, their gateway', async () => {
      const gateway = await peer.gateway()
      const config = await decodeKeyConfig(encodeKeyConfig(7, suite, gateway.publicKey), suite)
      const sent = await sealRequest(config, slowly(utf8('what '), utf8('is it?')), { chunked })
      const { question, sealed } = await gateway.answer(await gather(sent.sealed), () => chunks)
      expect(toHex(question)).toBe(toHex(utf8('what is it?')))
      expect(toHex(await gather(sent.openResponse(pieces(...split(sealed, 5)))))).toBe(toHex(utf8(whole)))
    })

    test('their client, our gateway', async () => {
      const key = await createGatewayKey(7, suite)
      const sent = await peer.seal(key.config, chunks)
      const opened = await openRequest(() => key, pieces(...split(sent.sealed, 5)), { chunked })
      expect(toHex(await gather(opened.message))).toBe(toHex(utf8(whole)))
      const answer = await sent.open(await gather(opened.sealResponse(slowly(utf8('it '), utf8('works')))))
      expect(toHex(answer)).toBe(toHex(utf8('it works')))
    })
  },
)
