/**
 * Apple App Attest: from an attestation to a result that only a key in the Secure Enclave of a
 * genuine device, made by an expected application, can produce; and assertions by such a key after
 * that.
 *
 * Source: Apple, "Validating apps that connect to your server", and "Attestation object validation
 * guide".
 */
import { type CheckRecorder, recordChecks } from '../../../core/record.ts'
import { type AttestationResult, attestationResult } from '../../../core/result.ts'
import { ES256 } from '../../../crypto/algorithms.ts'
import { hash } from '../../../crypto/digest.ts'
import { startSignatures } from '../../../crypto/signatures.ts'
import { type Bytes, concatBytes, copyBytes, equalBytes, toHex } from '../../../encoding/bytes.ts'
import { childrenOf, contentOf, context, decodeDer, OCTET_STRING } from '../../../encoding/der.ts'
import { malformed } from '../../../encoding/reader.ts'
import { type Certificate, decodeCertificate } from '../../../x509/certificate.ts'
import { checkDates, checkRules, signatureRows } from '../../../x509/path.ts'
import type { TrustAnchor } from '../../../x509/trust-anchor.ts'
import { copyEvidence } from '../../options.ts'
import { isEcKey } from '../../webauthn.ts'
import { appAttestProfile } from '../profile.ts'
import { appraiseApplication, appraiseEnvironment } from './appraise.ts'
import {
  type AppAttestClaims,
  claimsOf,
  decodeAssertion,
  type DecodedAttestation,
  decodeAttestation,
} from './evidence.ts'
import {
  type AppAttestAssertionOptions,
  type AppAttestOptions,
  type AppAttestPolicy,
  readAppAttestOptions,
  readAssertionOptions,
} from './options.ts'

/** What {@link verifyAppAttest} returns. */
export type AppAttestResult = AttestationResult<'app-attest', AppAttestClaims>

/** What {@link verifyAppAttestAssertion} returns. */
export type AppAttestAssertionResult = AttestationResult<'app-attest-assertion', { readonly counter: number }>

/** Nothing in the evidence says how long a phone stays as it is. */
const day = 86_400_000

/** The extension with the nonce, 1.2.840.113635.100.8.2: the content of its OBJECT IDENTIFIER. */
const NONCE = '2a864886f763640802'

/**
 * Verifies an attestation of App Attest.
 *
 * Proves: an instance of one of your applications, on a genuine device of Apple's, made the key
 * `publicKey` (SubjectPublicKeyInfo, DER) in its Secure Enclave, for these client data. A
 * later signature by it comes from that instance: `verifyAppAttestAssertion`. To bind another key,
 * put it in the client data.
 *
 * Does not prove: who holds the device, or that its system is not modified. The receipt, and with
 * it Apple's measure of risk, is not verified.
 *
 * @param evidence the attestation object, at most 65,536 bytes. Copied before anything is awaited
 * @throws VerificationError when it is not authentic: `code` says which check failed
 * @throws AppraisalError when it is authentic, but not what you expect: `failures` lists everything
 *   that differs
 * @throws TypeError when the options are wrong
 * @example
 * ```ts
 * const { publicKey } = await verifyAppAttest(attestation, {
 *   clientData: challenge, // 32 random bytes of yours, whose SHA-256 the app gave to attestKey
 *   referenceValues: { appId: 'ABCDE12345.com.example.app' },
 * })
 * ```
 */
export async function verifyAppAttest(evidence: Uint8Array, options: AppAttestOptions): Promise<AppAttestResult> {
  // 0. The caller's own mistakes: TypeError, before a byte of evidence is read. Evidence and
  // options are copies from here on.
  const bytes = copyEvidence(evidence)
  const policy = readAppAttestOptions(options)
  const { clock } = policy
  const checks = recordChecks(policy.trace)

  // 1. Evidence: shape and bounds. Nothing below is trusted yet.
  const attestation = decodeAttestation(bytes, checks)
  const [ca, leaf] = checks.decodes('cert-parse', '2 X.509 v3 certificates', () => readCertificates(attestation))

  // 2. Authenticity: a path from Apple's root to the leaf, valid now.
  const anchor = checkIssuer(ca, policy.anchors, checks)
  const path = checkRules([ca, leaf], appAttestProfile(), checks)
  const { tbs, signature, name } = ca
  const algorithm = appAttestProfile().ca.signatures[0]
  const signatures = startSignatures([
    {
      code: 'cert-chain-signature',
      of: { name, signedBytes: tbs, signature, algorithm, isDer: true },
      by: { name: 'the root', spki: anchor.spki },
      group: 'certificates signed',
    },
    ...signatureRows(path, appAttestProfile()),
  ])
  const digests = await digestsOf(attestation, leaf, policy)
  await signatures.settle(checks)
  checkDates(path, clock, 'dates of the certificates', checks)

  // 3. The leaf is for this key and these client data.
  checkNonce(leaf, digests.nonce, checks)
  checkKey(attestation, { spki: leaf.spki, digest: digests.key }, policy, checks)

  // 4. Appraisal: failures are kept, so that all of them are reported.
  const { authenticator, environment } = attestation
  appraiseEnvironment(environment, policy.debug, checks)
  const matched = await appraiseApplication(authenticator.rpIdHash, policy.applications, checks)

  // 5. Only here does a result exist, and only if no appraisal failed.
  return attestationResult('app-attest', Object.freeze(claimsOf(attestation)), checks, {
    clock,
    timestamp: undefined,
    validUntil: Math.min(path.notAfter, clock.now + day),
    matched,
    publicKey: copyBytes(leaf.spki),
  })
}

function readCertificates({ ca, leaf }: DecodedAttestation): readonly [ca: Certificate, leaf: Certificate] {
  return [decodeCertificate(ca, 'x5c[1]'), decodeCertificate(leaf, 'x5c[0]')]
}

/** The anchor that the CA names. @throws VerificationError `root-mismatch` */
function checkIssuer({ issuer }: Certificate, anchors: readonly TrustAnchor[], checks: CheckRecorder): TrustAnchor {
  const anchor = anchors.find(({ subject }) => equalBytes(subject, issuer))
  checks.verifies('root-mismatch', 'issuer of x5c[1]', {
    holds: anchor !== undefined,
    otherwise: 'not a trusted root',
  })
  return anchor as TrustAnchor
}

/** What the leaf's extension must hold, and what its key must be called. */
async function digestsOf(
  { authenticatorData }: DecodedAttestation,
  { spki }: Certificate,
  { clientData }: AppAttestPolicy,
): Promise<{ readonly nonce: Bytes; readonly key: Bytes }> {
  // A point of P-256, uncompressed, ends its SubjectPublicKeyInfo.
  const [nonce, key] = await Promise.all([nonceOf(authenticatorData, clientData), hash('SHA-256', spki.subarray(-65))])
  return { nonce, key }
}

async function nonceOf(authenticatorData: Bytes, clientData: Bytes): Promise<Bytes> {
  return hash('SHA-256', concatBytes(authenticatorData, await hash('SHA-256', clientData)))
}

/** `SEQUENCE { [1] { OCTET STRING } }`. @throws VerificationError `app-attest-nonce` */
function checkNonce({ extensions }: Certificate, expected: Bytes, checks: CheckRecorder): void {
  const source = { name: 'nonce of x5c[0]', code: 'app-attest-nonce' } as const
  const found = checks.verifies(source.code, 'extension with the nonce', () => {
    const extension = extensions.get(NONCE)
    if (extension === undefined) throw malformed(source, 'there is none')
    const [wrapper] = childrenOf(decodeDer(extension.value, source), source, 'extension', [context(1)])
    const [nonce, more] = wrapper.children
    if (nonce?.tag !== OCTET_STRING || more !== undefined) throw malformed(source, 'must be one OCTET STRING')
    return contentOf(nonce)
  })
  checks.verifies(source.code, 'nonce of authenticator data and client data', {
    holds: equalBytes(found, expected),
    expected: toHex(expected),
    found: toHex(found),
  })
}

/** @throws VerificationError `app-attest-key`, `app-attest-counter` */
function checkKey(
  { authenticator }: DecodedAttestation,
  { spki, digest }: { readonly spki: Bytes; readonly digest: Bytes },
  { keyId }: AppAttestPolicy,
  checks: CheckRecorder,
): void {
  const { credentialId, credentialKey, counter } = authenticator
  checks.verifies('app-attest-key', "credential id, SHA-256 of the leaf's key", {
    holds: equalBytes(credentialId, digest),
    expected: toHex(digest),
    found: toHex(credentialId),
  })
  checks.verifies('app-attest-key', 'credential key', {
    holds: isEcKey(credentialKey, spki, ES256),
    otherwise: 'another',
  })
  if (keyId !== undefined)
    checks.verifies('app-attest-key', 'key id', {
      holds: equalBytes(keyId, digest),
      expected: toHex(keyId),
      found: toHex(digest),
    })
  checks.verifies('app-attest-counter', 'counter of an attestation', {
    holds: counter === 0,
    expected: '0',
    found: `${counter}`,
  })
}

/**
 * Verifies an assertion by a key that was attested before.
 *
 * Proves: the instance of your application that holds this key signed these client data, after
 * whatever it signed with `previousCounter`. Keep `claims.counter` for the next one, in one step
 * with this verdict: who verifies two copies at once accepts both.
 *
 * @param evidence the assertion object, at most 65,536 bytes. Copied before anything is awaited
 * @throws VerificationError when it is not authentic, or not newer: `code` says which check failed
 * @throws AppraisalError `policy-application` when it is of another application
 * @throws TypeError when the options are wrong
 */
export async function verifyAppAttestAssertion(
  evidence: Uint8Array,
  options: AppAttestAssertionOptions,
): Promise<AppAttestAssertionResult> {
  // 0. The caller's own mistakes: TypeError, before a byte of evidence is read.
  const bytes = copyEvidence(evidence)
  const policy = readAssertionOptions(options)
  const { clock, publicKey, clientData, previousCounter } = policy
  const checks = recordChecks(policy.trace)

  // 1. Evidence: shape and bounds.
  const { signature, authenticatorData, rpIdHash, counter } = decodeAssertion(bytes, checks)

  // 2. Authenticity. The phone signs a digest as if it were the message, so that it is hashed once
  // more.
  await startSignatures([
    {
      code: 'app-attest-signature',
      of: {
        name: 'assertion',
        signedBytes: await nonceOf(authenticatorData, clientData),
        signature,
        algorithm: ES256,
        isDer: true,
      },
      by: { name: 'the attested key', spki: publicKey },
    },
  ]).settle(checks)
  checks.verifies('app-attest-counter', 'counter of an assertion', {
    holds: counter > previousCounter,
    expected: `above ${previousCounter}`,
    found: `${counter}`,
  })

  // 3. Appraisal.
  const matched = await appraiseApplication(rpIdHash, policy.applications, checks)

  // 4. Only here does a result exist, and only if no appraisal failed.
  return attestationResult('app-attest-assertion', Object.freeze({ counter }), checks, {
    clock,
    timestamp: undefined,
    validUntil: clock.now + day,
    matched,
    publicKey,
  })
}
