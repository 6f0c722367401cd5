/**
 * What is expected of the demo's enclave, by the page and by the worker of the gate alike.
 */
import type { AttestedFetchOptions } from '../../src/client/index.ts'
import { verifyNitro } from '../../src/formats/aws/nitro/index.ts'

/**
 * Pinned when this page was built: the measurements of the demo's image, and the root of its
 * vendor.
 */
declare const PINNED: { readonly measurements: Readonly<Record<`PCR${number}`, string>>; readonly root: string }

/** The client's options, with an attacker of that name in between. */
export function optionsFor(attack: string): AttestedFetchOptions {
  const base = `/send/enclave/${attack}`
  return {
    verify: (evidence, { nonce }) =>
      verifyNitro(evidence, {
        referenceValues: PINNED.measurements,
        freshness: { nonce },
        trustAnchors: [Uint8Array.from(atob(PINNED.root), (character) => character.charCodeAt(0))],
      }),
    evidencePath: `${base}/attestation`,
    gatewayPath: `${base}/gateway`,
    // A busy machine is no attack: the deadline is short only where an attacker lets the answer
    // stall.
    attestSeconds: 600,
    responseSeconds: 600,
    idleSeconds: attack === 'stalled' ? 3 : 600,
    allowLoopbackHttp: true,
  }
}
