/**
 * Signatures of tokens by bare keys: whether algorithm, key and length go together, before anything
 * is verified.
 */
import type { AttestationErrorCode } from '../../core/codes.ts'
import type { CheckRecorder } from '../../core/record.ts'
import { ES512 } from '../../crypto/algorithms.ts'
import { isPointOf, requireCurve } from '../../crypto/curve.ts'
import type { SignatureRow } from '../../crypto/signatures.ts'
import type { CoseToken } from '../../encoding/cose-token.ts'
import { type PublicKey, signatureAlgorithm } from './anchors.ts'

/**
 * @throws VerificationError `cose-alg` for what is no algorithm of tokens: ES256, ES384 or ES512
 */
export function checkSignatureAlgorithm({ name, algorithm }: CoseToken, checks: CheckRecorder): void {
  checks.decodes('cose-alg', `${name}: alg`, {
    holds: signatureAlgorithm(algorithm) !== undefined,
    expected: '-7, -35 or -36',
    found: `${algorithm}`,
  })
}

/**
 * The row of a token's signature. A header says the algorithm, but the key decides: one curve, one
 * hash.
 * @param code what a signature that does not hold is called
 * @throws VerificationError `code`, `cose-signature-length`, or `unsupported` where the runtime
 *   does not have the key's curve
 */
export async function signatureOf(
  token: CoseToken,
  { algorithm, bytes: point }: PublicKey,
  { code, by }: { readonly code: AttestationErrorCode; readonly by: string },
  checks: CheckRecorder,
): Promise<SignatureRow> {
  const { name, proof, covered } = token
  checks.verifies(code, `${name}: alg`, {
    holds: token.algorithm === algorithm.cose,
    expected: `${algorithm.cose} (${algorithm.name}), as ${by} signs`,
    found: `${token.algorithm}`,
  })
  checks.verifies('cose-signature-length', `${name}: signature bytes`, {
    holds: proof.length === 2 * algorithm.key.coordinateSize,
    expected: `${2 * algorithm.key.coordinateSize}`,
    found: `${proof.length}`,
  })
  checks.verifies(code, by, {
    holds: isPointOf(algorithm.key, point),
    otherwise: `not a point of ${algorithm.key.name}`,
  })
  // Every runtime has the other two.
  if (algorithm === ES512) await requireCurve(point, algorithm)
  return {
    code,
    of: { name, signedBytes: covered, signature: proof, algorithm, isDer: false },
    by: { name: by, spki: point },
  }
}
