/**
 * Android key attestation: from a chain of certificates to a result that only a key inside the
 * secure hardware of an expected phone can produce.
 */
import { type CheckRecorder, recordChecks } from '../../../core/record.ts'
import { type AttestationResult, attestationResult } from '../../../core/result.ts'
import { iso } from '../../../core/time.ts'
import { type SignatureRow, startSignatures } from '../../../crypto/signatures.ts'
import { copyBytes, equalBytes } from '../../../encoding/bytes.ts'
import type { Certificate } from '../../../x509/certificate.ts'
import { copyEvidence } from '../../options.ts'
import { type AndroidChain, chainRows, checkChain, checkDates, levelsSaid } from '../chain.ts'
import { appraise } from './appraise.ts'
import {
  type AndroidKeyClaims,
  certificatesIssued,
  decodeEvidence,
  type DecodedEvidence,
  keyDescriptionOf,
} from './evidence.ts'
import type { KeyDescription } from './key-description.ts'
import { type AndroidKeyOptions, type AndroidKeyPolicy, readAndroidKeyOptions } from './options.ts'
import { decodeStatusList, refuseListed } from './status-list.ts'
import { checkClientData, checkCredential, type ClientData, statementRow } from './webauthn.ts'

/** What {@link verifyAndroidKey} returns. */
export type AndroidKeyResult = AttestationResult<'android-key', AndroidKeyClaims>

/** Nothing in the evidence says how long a phone stays as it is. */
const day = 86_400_000

/**
 * Verifies an attestation of a key in Android's key store.
 *
 * Proves: Google's root vouches for the hardware of this phone; the key was made inside it
 * (`claims.securityLevel`) for your challenge; the phone had booted what its maker signed and was
 * locked; its certificates are not in Google's status list. Android adds which application asked.
 * `publicKey` is that key (SubjectPublicKeyInfo, DER): a signature by it comes from this phone.
 *
 * Does not prove: who holds the phone, that Android was not attacked while it ran (the hardware
 * knows how it booted, and no more), nor that the application is what it says: Android vouches for
 * that, not the hardware.
 *
 * @param evidence certificates in PEM, or one after another in DER, leaf first, root last; with
 *   `webauthn` an attestation object. At most 65,536 bytes. Copied before anything is awaited
 * @throws VerificationError when the evidence is not authentic: `code` says which check failed
 * @throws AppraisalError when it is authentic, but not what you expect: `failures` lists everything
 *   that differs
 * @throws TypeError when the options are wrong
 * @example
 * ```ts
 * const nonce = crypto.getRandomValues(new Uint8Array(32)) // your app gives it to setAttestationChallenge
 * const { publicKey } = await verifyAndroidKey(chain, {
 *   freshness: { nonce },
 *   referenceValues: { packageName: 'com.example.app', signers: ['ffdcc4…'] },
 *   endorsements: await fetchAndroidStatus({ baseUrl: androidAttestationUrl, fetch: globalThis.fetch }),
 * })
 * ```
 */
export async function verifyAndroidKey(evidence: Uint8Array, options: AndroidKeyOptions): Promise<AndroidKeyResult> {
  // 0. The caller's own mistakes: TypeError, before a byte of evidence is read. Evidence and
  // options are copies from here on.
  const bytes = copyEvidence(evidence)
  const policy = readAndroidKeyOptions(options)
  const { webauthn, clock, memory } = policy
  const checks = recordChecks(policy.trace)

  // 1. Evidence: shape and bounds. Nothing below is trusted yet.
  const decoded = decodeEvidence(bytes, webauthn !== undefined, checks)
  const chain = await checkChain(decoded.certificates, policy.roots, webauthn !== undefined, checks)
  const { certificates } = chain
  const [leaf] = certificates

  // 2. Authenticity: all signatures start together, root first; the leaf's key signs for WebAuthn.
  const clientData = decoded.statement && webauthn && (await checkClientData(decoded.statement, webauthn, checks))
  const rows = [...chainRows(chain, memory, checks), ...statementRows(decoded, clientData, leaf, checks)]
  const signatures = startSignatures(rows, memory)
  await signatures.settle(checks, 'webauthn-signature')
  const expires = checkDates(chain, clock, checks)
  checkStatus(certificates, policy, checks)
  await signatures.settle(checks)

  // 3. What the hardware says of the key.
  const description = checks.verifies('key-description', 'key description', () => keyDescriptionOf(leaf))
  if (clientData !== undefined)
    checks.verifies('webauthn-client-data', 'attestation challenge', {
      holds: equalBytes(description.attestationChallenge, clientData.digest),
      otherwise: 'it is not the digest of the client data',
    })

  // 4. Appraisal: failures are kept, so that all of them are reported.
  const { level } = chain.shape
  const matched = appraise(
    {
      description,
      challenge: clientData?.challenge ?? description.attestationChallenge,
      levelsSaid: levelsSaid(chain),
      mustSayLevel: level.isRequired,
    },
    policy,
    checks,
  )

  // 5. Only here does a result exist, and only if no appraisal failed.
  return attestationResult('android-key', claimsOf(chain, description, policy), checks, {
    clock,
    timestamp: undefined,
    validUntil: Math.min(expires, policy.status?.validUntil ?? expires, clock.now + day),
    matched,
    publicKey: copyBytes(leaf.spki),
  })
}

/**
 * The signature of a WebAuthn statement, by a key that is the credential's.
 * @throws VerificationError `webauthn-key`
 */
function statementRows(
  { statement }: DecodedEvidence,
  clientData: ClientData | undefined,
  leaf: Certificate,
  checks: CheckRecorder,
): readonly SignatureRow[] {
  if (statement === undefined || clientData === undefined) return []
  checkCredential(statement, leaf, checks)
  return [statementRow(statement, clientData, leaf)]
}

/**
 * Every certificate counts, the leaf too.
 * @throws VerificationError `endorsement-format`, `status-expired`, `status-revoked`
 */
function checkStatus(
  certificates: readonly Certificate[],
  { status, clock }: AndroidKeyPolicy,
  checks: CheckRecorder,
): void {
  if (status === undefined) {
    checks.omit('status-revoked', 'skipped', 'revocation skipped')
    return
  }
  const { list, validUntil } = status
  checks.verifies('status-expired', 'status list', {
    holds: clock.now <= validUntil,
    expected: `used until ${iso(validUntil)}`,
    found: iso(clock.now),
  })
  const listed = checks.decodes('endorsement-format', 'status list', () => decodeStatusList(list))
  checks.verifies('status-revoked', `${certificates.length} certificates, not in the status list`, () => {
    refuseListed(certificates, listed)
  })
}

/** What is said of an expected phone: appraisal has seen to root of trust and level. */
function claimsOf(
  { certificates, shape }: AndroidChain,
  description: KeyDescription,
  { clock }: AndroidKeyPolicy,
): AndroidKeyClaims {
  const { attestationVersion, keyMintVersion, uniqueId, hardwareEnforced, softwareEnforced } = description
  const { osVersion, osPatchLevel, vendorPatchLevel, bootPatchLevel } = hardwareEnforced
  return Object.freeze({
    provisioning: shape.provisioning,
    attestationVersion,
    keyMintVersion,
    securityLevel: description.keyMintSecurityLevel as AndroidKeyClaims['securityLevel'],
    challenge: description.attestationChallenge,
    uniqueId,
    rootOfTrust: hardwareEnforced.rootOfTrust as AndroidKeyClaims['rootOfTrust'],
    application: softwareEnforced.application,
    osVersion,
    osPatchLevel,
    vendorPatchLevel,
    bootPatchLevel,
    hardwareEnforced,
    softwareEnforced,
    expiredCertificates: Object.freeze(
      certificates.flatMap(({ notAfter }, i) => (i > 0 && clock.now > notAfter ? [i] : [])),
    ),
    certificatesIssued: certificatesIssued(certificates[1]),
  })
}
