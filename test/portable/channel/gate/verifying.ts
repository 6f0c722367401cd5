/**
 * The policy of pages and workers here.
 */
import { attestedFetch, type AttestedFetch } from '../../../../src/client/index.ts'
import { skipReferenceValues, verifyNitro } from '../../../../src/formats/aws/nitro/index.ts'
import { fromBase64 } from '../bytes.ts'
import type { Settings } from './model.ts'

export function clientOf({ enclave, root, build }: Settings): AttestedFetch {
  return attestedFetch(enclave, {
    allowLoopbackHttp: true,
    verify: (evidence, { nonce }) =>
      verifyNitro(evidence, {
        referenceValues: build === undefined ? skipReferenceValues : { PCR0: build },
        freshness: { nonce },
        trustAnchors: [fromBase64(root)],
      }),
  })
}
