/**
 * All signatures of a document, checked at once: those of the path, and the one over the document.
 */
import { ES384 } from '../../crypto/algorithms.ts'
import { verifySignature } from '../../crypto/signature.ts'
import { signedBytes } from '../../encoding/cose.ts'
import { type CheckRecorder, stopwatch } from '../../core/record.ts'
import type { EndorsementCache } from '../../x509/endorsement-cache.ts'
import { type CertificationPath, startSignatures } from '../../x509/path.ts'
import type { NsmDocument } from './evidence.ts'

/** @throws VerificationError `cert-chain-signature`, then `cose-signature` */
export async function verifySignatures(
  { sign1 }: NsmDocument,
  path: CertificationPath,
  cache: EndorsementCache | undefined,
  checks: CheckRecorder,
): Promise<void> {
  const startedAt = stopwatch()
  const chain = startSignatures(path, ES384, cache)
  const own = verifySignature(ES384, chain.keys.at(-1), sign1.signature, signedBytes(sign1))
  await chain.settle(checks)
  checks.judge('verify', 'cose-signature', 'signed by the leaf key', await own, 'true', 'false', startedAt)
}
