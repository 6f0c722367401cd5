/**
 * PSA tokens: from the bytes of a token to a result that only an authentic, fresh, expected device
 * can produce.
 */
import { appraiseNonce } from '../../../appraisal/freshness.ts'
import { type CheckRecorder, recordChecks, stopwatch } from '../../../core/record.ts'
import { type AttestationResult, attestationResult } from '../../../core/result.ts'
import { HS256, HS384, HS512, type MacAlgorithm, verifyMac } from '../../../crypto/mac.ts'
import { startSignatures } from '../../../crypto/signatures.ts'
import type { CoseToken } from '../../../encoding/cose-token.ts'
import { copyEvidence } from '../../options.ts'
import { type AnchorKey, findAnchor, type SecretKey } from '../anchors.ts'
import { appraiseLifecycle } from '../lifecycle.ts'
import { undated, validUntilOf } from '../options.ts'
import { appraiseReferences } from '../reference-values.ts'
import { checkSignatureAlgorithm, signatureOf } from '../signature.ts'
import { decodePsa, type PsaClaims } from './evidence.ts'
import { type PsaOptions, readPsaOptions } from './options.ts'

/** What {@link verifyPsa} returns. */
export type PsaResult = AttestationResult<'psa', PsaClaims>

/**
 * Verifies a PSA attestation token (RFC 9783), as Trusted Firmware-M on Arm TrustZone makes it, or
 * one of the two generations before.
 *
 * Proves: the key or secret that you registered for this device is over this token; the device is
 * in a lifecycle state that you accept, booted the firmware that one of `referenceValues` lists,
 * and answers your nonce.
 *
 * Does not prove:
 * - that there is any hardware. No vendor's root vouches for a device's key: it is genuine because
 *   its maker told you so. Boards whose maker forgot to provision a key sign with one that is
 *   published: such keys are a `TypeError` here unless `testKeys` allows them.
 * - anything of the application: a token names what booted, and no more. To bind a key, put its
 *   hash into the nonce.
 * - when: a token has no date. Without a nonce it may be of any age.
 * - with a secret as trust anchor: to anyone but you. Its holders, you included, can make such
 *   tokens, so keep it on servers.
 *
 * @param evidence a COSE_Sign1 under CBOR tag 18, or a COSE_Mac0 under tag 17, at most 65,536
 *   bytes. Copied before anything is awaited
 * @throws VerificationError when the token is not authentic: `code` says which check failed.
 *   `cose-mac-refused` is a MAC where the trust anchor is a public key; `unsupported` says that the
 *   runtime does not have P-521
 * @throws AppraisalError when it is authentic, but not what you expect: `failures` lists everything
 *   that differs
 * @throws TypeError when the options are wrong
 * @example
 * ```ts
 * const nonce = crypto.getRandomValues(new Uint8Array(32))
 * const token = await fetchToken(nonce) // your way of asking your device
 * const { claims } = await verifyPsa(token, {
 *   trustAnchors: [{ implementationId: '61636d65…', instanceId: '01ceeb…', key: jwk }],
 *   referenceValues: { softwareComponents: [{ type: 'BL', measurement: '29d9…', signerId: 'b6b7…' }] },
 *   freshness: { nonce },
 * })
 * ```
 */
export async function verifyPsa(evidence: Uint8Array, options: PsaOptions): Promise<PsaResult> {
  // 0. The caller's own mistakes: TypeError, before a byte of evidence is read. Evidence and
  // options are copies from here on.
  const bytes = copyEvidence(evidence)
  const policy = readPsaOptions(options)
  const checks = recordChecks(policy.trace)

  // 1. Evidence: shape and bounds. Nothing below is trusted yet.
  const { token, claims } = decodePsa(bytes, checks)

  // 2. The key that the caller has registered for this device.
  const anchor = findAnchor(claims, policy.anchors, policy.now, checks)

  // 3. Authenticity: that key is over exactly these bytes.
  await authenticate(token, anchor.key, checks)

  // 4. Appraisal: the token is true. Is it what the caller expects? Failures are kept, so that all
  // of them are reported.
  appraiseNonce({ found: claims.nonce, expected: policy.nonce, skipped: undated }, checks)
  appraiseLifecycle(claims, policy.lifecycles, checks)
  const about = { code: 'policy-measurements', subject: 'firmware', now: policy.now } as const
  const matched = appraiseReferences(about, claims, policy.references, checks)

  // 5. Only here does a result exist, and only if no appraisal failed.
  return attestationResult('psa', claims, checks, {
    clock: policy,
    timestamp: undefined,
    validUntil: validUntilOf(policy, anchor, matched),
    matched: matched?.label,
    publicKey: undefined,
  })
}

/**
 * What the caller registered decides whether this must be a signature or a MAC, before anything
 * that the token says of itself: otherwise an attacker would take the public key for a secret, and
 * make MACs.
 * @throws VerificationError
 */
async function authenticate(token: CoseToken, key: AnchorKey, checks: CheckRecorder): Promise<void> {
  if (key.kind === 'mac') {
    checks.verifies('cose-tag', 'token: tag', {
      holds: token.kind === 'mac',
      expected: '17 (COSE_Mac0): the trust anchor is a secret',
      found: token.kind === 'mac' ? '17' : '18',
    })
    await authenticateMac(token, key, checks)
    return
  }
  checks.verifies('cose-mac-refused', 'token is signed', {
    holds: token.kind === 'signature',
    otherwise: 'it has a MAC, and the trust anchor is a public key: what anyone knows is no secret',
  })
  checkSignatureAlgorithm(token, checks)
  const row = await signatureOf(token, key, { code: 'cose-signature', by: 'the trust anchor' }, checks)
  await startSignatures([row]).settle(checks)
}

async function authenticateMac(token: CoseToken, key: SecretKey, checks: CheckRecorder): Promise<void> {
  const { algorithm, proof, covered } = token
  const row = [HS256, HS384, HS512].find(({ cose }) => cose === algorithm)
  checks.verifies('cose-alg', 'token: alg', { holds: row !== undefined, expected: '5, 6 or 7', found: `${algorithm}` })
  const { size } = row as MacAlgorithm
  checks.verifies('cose-signature-length', 'token: bytes of the MAC', {
    holds: proof.length === size,
    expected: `${size}`,
    found: `${proof.length}`,
  })
  const startedAt = stopwatch()
  checks.verifies('cose-mac', 'token: MAC', {
    holds: await verifyMac(row as MacAlgorithm, key.bytes, proof, covered),
    otherwise: 'does not match the secret of the trust anchor',
    startedAt,
  })
}
