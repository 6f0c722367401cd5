/**
 * All signatures of a document, checked at once: those of the path, and the one over the document.
 */
import { ES384 } from '../../crypto/algorithms.ts'
import { verifySignature } from '../../crypto/signature.ts'
import { signedBytes } from '../../encoding/cose.ts'
import { VerificationError } from '../../errors.ts'
import { type CheckRecorder, stopwatch } from '../../trace.ts'
import type { IssuerMemory } from '../../x509/endorsement-cache.ts'
import { type CertificationPath, startSignatures } from '../../x509/path.ts'
import type { NsmDocument } from './evidence.ts'

/** @throws VerificationError `cert-chain-signature`, then `cose-signature` */
export async function verifySignatures(
  { sign1 }: NsmDocument,
  path: CertificationPath,
  cache: IssuerMemory | undefined,
  checks: CheckRecorder,
): Promise<void> {
  const startedAt = stopwatch()
  const chain = startSignatures(path, ES384, cache)
  const own = verifySignature(ES384, chain.leafKey, sign1.signature, signedBytes(sign1))
  await chain.settle(checks)
  const signed = await own
  checks.run(
    'verify',
    'cose-signature',
    'the key of the leaf certificate signed exactly these bytes',
    () => {
      if (!signed)
        throw new VerificationError('cose-signature', 'the document is not signed by the key of its leaf certificate')
    },
    startedAt,
  )
}
