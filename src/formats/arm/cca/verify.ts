/**
 * Arm CCA: from the bytes of a CCA token to a result that only an authentic, fresh, expected realm
 * can produce.
 */
import { appraiseNonce } from '../../../appraisal/freshness.ts'
import { type CheckRecorder, recordChecks, stopwatch } from '../../../core/record.ts'
import { type AttestationResult, attestationResult } from '../../../core/result.ts'
import { type DigestAlgorithm, hash } from '../../../crypto/digest.ts'
import { startSignatures } from '../../../crypto/signatures.ts'
import { type Bytes, equalBytes, toHex } from '../../../encoding/bytes.ts'
import type { Matched } from '../../../appraisal/reference-values.ts'
import { copyEvidence } from '../../options.ts'
import { type Anchor, findAnchor, type PublicKey } from '../anchors.ts'
import { appraiseLifecycle } from '../lifecycle.ts'
import { undated, validUntilOf } from '../options.ts'
import { appraiseReferences } from '../reference-values.ts'
import { signatureOf } from '../signature.ts'
import { type CcaPlatformClaims, type CcaRealmClaims, decodeCca, type DecodedCca } from './evidence.ts'
import { type CcaOptions, readCcaOptions } from './options.ts'

/** What a verified CCA token says. */
export interface CcaClaims {
  /** The tag of the collection: RMM 1.0, or RMM 2.0. */
  readonly wrapper: 399 | 907
  readonly platform: CcaPlatformClaims & {
    /**
     * The reference value of the platform that matched: its name, else its index; `undefined` when
     * they were skipped.
     */
    readonly matched: Matched | undefined
  }
  readonly realm: CcaRealmClaims
}

/** What {@link verifyCca} returns. */
export type CcaResult = AttestationResult<'cca', CcaClaims>

/**
 * Verifies a token of a realm on Arm CCA (Confidential Compute Architecture).
 *
 * Proves: the key that you registered for this platform signed the platform token; the platform
 * vouches for the key that signed the realm token; the platform is in a lifecycle state and runs
 * firmware that you accept; the realm began as one of `referenceValues` and answers your nonce.
 *
 * Does not prove:
 * - that there is any hardware. No vendor's root vouches for a platform's key: it is genuine
 *   because its maker told you so. All public tokens are signed by published test keys or by
 *   emulators; those keys are a `TypeError` here unless `testKeys` allows them.
 * - what the realm does now. The RIM measures what it began with; REMs are extended by the realm
 *   itself, and are worth what the code in the RIM is worth.
 * - that the personalization value is anyone's word but the host's: the host chooses it, and
 *   nothing measures it.
 * - when: a token has no date. Without a nonce it may be of any age.
 * - who holds the other end of a connection. `result.publicKey` is `undefined`, because the realm's
 *   key signs tokens and nothing else: put your channel's key into the 64 bytes of the challenge.
 *
 * @param evidence a collection of a platform token and a realm token under CBOR tag 399 or 907, at
 *   most 65,536 bytes. Copied before anything is awaited
 * @throws VerificationError when the token is not authentic: `code` says which check failed, the
 *   message of which of the two tokens; `unsupported` where the runtime does not have P-521 and the
 *   token needs it
 * @throws AppraisalError when it is authentic, but not what you expect: `failures` lists everything
 *   that differs
 * @throws TypeError when the options are wrong
 * @example
 * ```ts
 * const nonce = crypto.getRandomValues(new Uint8Array(64))
 * const token = await fetchToken(nonce) // your way of asking your realm
 * const { claims } = await verifyCca(token, {
 *   trustAnchors: [{ implementationId: '7f45…', instanceId: '0107…', key: jwk }],
 *   referenceValues: { rim: '1569…' },
 *   platform: { softwareComponents: [{ type: 'RSE_BL2', measurement: 'ce2f…', signerId: 'ffdc…' }] },
 *   freshness: { nonce },
 * })
 * ```
 */
export async function verifyCca(evidence: Uint8Array, options: CcaOptions): Promise<CcaResult> {
  // 0. The caller's own mistakes: TypeError, before a byte of evidence is read. Evidence and
  // options are copies from here on.
  const bytes = copyEvidence(evidence)
  const policy = readCcaOptions(options)
  const checks = recordChecks(policy.trace)

  // 1. Evidence: shape and bounds of both tokens. Nothing below is trusted yet.
  const decoded = decodeCca(bytes, checks)
  const { wrapper, platform, realm } = decoded

  // 2. The key that the caller has registered for this platform.
  const anchor = findAnchor(platform, policy.anchors, policy.now, checks)

  // 3. Authenticity: that key signed the platform token, which names the realm's key, which signed
  // the realm token.
  await authenticate(decoded, anchor, checks)

  // 4. Appraisal: both tokens are true. Are they what the caller expects? Failures are kept, so
  // that all of them are reported.
  appraiseNonce({ found: realm.challenge, expected: policy.nonce, skipped: undated }, checks)
  appraiseLifecycle(platform, policy.lifecycles, checks)
  const about = { code: 'policy-measurements', subject: 'realm', now: policy.now } as const
  const matched = appraiseReferences(about, realm, policy.realms, checks)
  const below = { code: 'policy-platform', subject: 'firmware', now: policy.now } as const
  const matchedPlatform = appraiseReferences(below, platform, policy.platforms, checks)

  // 5. Only here does a result exist, and only if no appraisal failed.
  const claims = Object.freeze({
    wrapper,
    platform: Object.freeze({ ...platform, matched: matchedPlatform?.label }),
    realm,
  })
  return attestationResult('cca', claims, checks, {
    clock: policy,
    timestamp: undefined,
    validUntil: validUntilOf(policy, anchor, matched, matchedPlatform),
    matched: matched?.label,
    publicKey: undefined,
  })
}

/**
 * Three links, judged from the anchor on; WebCrypto works on all of them together. @throws
 * VerificationError
 */
async function authenticate(
  { tokens, realm, binding, keyContent, realmKey }: DecodedCca,
  anchor: Anchor,
  checks: CheckRecorder,
): Promise<void> {
  // Anchors of realms are public keys: the options take no others.
  const platformKey = anchor.key as PublicKey
  const rows = [
    await signatureOf(tokens.platform, platformKey, { code: 'platform-signature', by: 'the trust anchor' }, checks),
    await signatureOf(tokens.realm, realmKey, { code: 'realm-signature', by: 'the realm key' }, checks),
  ]
  const signatures = startSignatures(rows)
  const startedAt = stopwatch()
  const keyHash = hash(realm.publicKeyHashAlgorithm.toUpperCase() as DigestAlgorithm, keyContent)
  // Whatever the signatures say first: a rejection must be waited for.
  keyHash.catch(() => undefined)
  await signatures.settle(checks, 'realm-signature')
  checkBinding(binding, await keyHash, startedAt, checks)
  await signatures.settle(checks)
}

/** The platform vouches for this very key: the bytes inside the claim, exactly as received. */
function checkBinding(binding: Bytes, keyHash: Bytes, startedAt: number, checks: CheckRecorder): void {
  checks.verifies('attestation-key-binding', 'hash of the realm key in the platform token', {
    holds: equalBytes(binding, keyHash),
    expected: toHex(keyHash),
    found: toHex(binding),
    startedAt,
  })
}
