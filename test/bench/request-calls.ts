/**
 * `node request-calls.ts`: prints how many calls of WebCrypto a client makes for one sealed request
 * of 1 KiB, between the request and its answer. Those of the gateway, which runs in the same
 * process, are left out.
 */
import { countSubtleCalls } from '../support/subtle-calls.ts'

const { calls, underWay, uncounted } = countSubtleCalls()
// After that: the library takes these functions when it is loaded.
const { attestedFetch } = await import('../../src/client/index.ts')
const nitro = await import('../../src/formats/aws/nitro/index.ts')
const { createGateway } = await import('../../src/gateway/index.ts')
const { createNitroAttester } = await import('../attester/nitro.ts')

const origin = 'https://app.example'
const attester = await createNitroAttester({ now: new Date() })
const gateway = createGateway({
  origins: origin,
  attest: async ({ nonce, keyConfig }) => ({
    mediaType: 'application/cbor',
    evidence: await attester.document({ nonce, publicKey: keyConfig }),
    holdsKeyConfig: true,
  }),
  handler: async (request) => new Response(await request.text()),
})
const send = attestedFetch(origin, {
  verify: (evidence, { nonce }) =>
    nitro.verifyNitro(evidence, {
      referenceValues: nitro.skipReferenceValues,
      freshness: { nonce },
      trustAnchors: [attester.root],
    }),
  fetch: ((url: string, init: RequestInit) =>
    uncounted(async () => {
      const response = await gateway(new Request(url, init))
      return new Response(await response.arrayBuffer(), response)
    })) as typeof fetch,
})

const body = 'x'.repeat(1024)
let most = 0
for (let i = 0; i < 4; i++) {
  // Until the keys of the next request are made.
  do {
    await Promise.all(underWay)
    await new Promise((resolve) => setTimeout(resolve))
  } while (underWay.size > 0)
  calls.length = 0
  const answer = await (await send('/', { method: 'POST', body })).text()
  if (answer !== body) throw new Error('another answer')
  // The first one has the session made as well. Behind the last seal, the next keys are made already.
  if (i > 0) most = Math.max(most, calls.lastIndexOf('decrypt') + 1)
}
send.close()
console.log(most)
