/**
 * The enclave's end of the channel. What clients ask goes to one of two endpoints: evidence, or a
 * sealed request.
 */
import { refuse } from './answers.ts'
import { forPagesOf } from './cross-origin.ts'
import { createEvidenceEndpoint } from './evidence.ts'
import { createKeyRing } from './key-ring.ts'
import { type GatewayOptions, readGatewayOptions } from './options.ts'
import { createSealedEndpoint } from './sealed.ts'
import { createTelemetry } from './telemetry.ts'

/** A fetch handler, as Deno, Bun and workerd take it. Never rejects. */
export type Gateway = (request: Request) => Promise<Response>

/**
 * Makes a gateway: a fetch handler that runs inside the enclave, beside the app or around it, and
 * gives the app only requests that were sealed for a key that evidence vouches for. Keys are made
 * when the first client asks and never leave this closure.
 *
 * It proves nothing by itself: clients must verify the evidence. Everything that is not sealed is
 * refused, with fixed words.
 * @example
 * ```ts
 * const gateway = createGateway({
 *   origins: 'https://enclave.example',
 *   attest: async ({ nonce, keyConfig }) => ({
 *     mediaType: 'application/cbor',
 *     evidence: await nsm.attest({ nonce, publicKey: keyConfig }),
 *     holdsKeyConfig: true,
 *   }),
 *   handler: (request) => new Response(`hello, ${new URL(request.url).pathname}`),
 * })
 * Deno.serve(gateway)
 * ```
 * @throws TypeError when an option is missing, unknown or wrong
 */
export function createGateway(options: GatewayOptions): Gateway {
  const policy = readGatewayOptions(options)
  const telemetry = createTelemetry(policy.tracer, policy.meter)
  const ring = createKeyRing(policy.keys, policy.suite, policy.clock, () => {
    telemetry.count('rotations', 'answered')
  })
  const endpoints = new Map([
    [policy.evidencePath, forPagesOf(policy.allowOrigins, createEvidenceEndpoint(policy, ring, telemetry))],
    [policy.gatewayPath, forPagesOf(policy.allowOrigins, createSealedEndpoint(policy, ring, telemetry))],
  ])
  return async (request) => {
    const endpoint = endpoints.get(new URL(request.url).pathname)
    return endpoint === undefined ? refuse('not-found') : endpoint(request)
  }
}
