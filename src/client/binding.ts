/**
 * Where in the evidence the key is. One of these is part of the policy; every other field of the
 * evidence is ignored.
 */
import { keyConfigDigest, reportDataIn } from '../channel/binding.ts'
import type { Suite } from '../channel/suite.ts'
import { type Bytes, equalBytes, isBytes, toHex } from '../encoding/bytes.ts'
import { VerificationError } from '../core/errors.ts'
import type { AttestationResult } from '../core/result.ts'

/** What the evidence was asked for, and what came with it. All bytes are copies. */
export interface Challenge {
  /**
   * The 32 bytes that the evidence must answer: `freshness: { nonce }` for formats with a nonce.
   */
  readonly nonce: Bytes
  /** The key configuration that came beside the evidence; `undefined` when it is inside. */
  readonly keyConfig: Bytes | undefined
  /**
   * The 64 bytes that report data must be, for formats that have nothing else; `undefined` when no
   * key configuration came, and with an evidence source of the caller's, whose rule it is.
   */
  readonly reportData: Bytes | undefined
  /** The one suite of the client. */
  readonly suite?: Suite
  /** The media type that the wrapper gave; it proves nothing. */
  readonly mediaType: string
  /** What came for the verifier beside the evidence, as parsed from JSON; unverified. */
  readonly endorsements: unknown
  /** What the caller's own evidence source handed on: the documents that it got, say. */
  readonly context?: unknown
}

/** The challenge where report data decides: nothing without a key configuration gets here. */
export interface ReportDataChallenge extends Challenge {
  readonly keyConfig: Bytes
  readonly reportData: Bytes
}

/**
 * Finds the key configuration (`application/ohttp-keys`) in verified evidence.
 * @throws VerificationError `client-key` when the evidence does not vouch for one
 */
export type KeyBinding = (result: AttestationResult, challenge: Challenge) => Bytes | Promise<Bytes>

/** The type of {@link keyHashInReportData}, by which `verify` gets a {@link ReportDataChallenge}. */
export interface ReportDataBinding extends KeyBinding {
  readonly reads: 'reportData'
}

/** The evidence holds the key configuration itself in its public key: Nitro. */
export const keyInPublicKey: KeyBinding = ({ publicKey }) => {
  if (publicKey === undefined) throw refused('public key of the evidence', 'a key configuration', 'none')
  return publicKey
}

/**
 * The user data of the evidence is the SHA-256 of the key configuration, 32 bytes, exactly: Nitro,
 * when the public key has another use.
 */
export const keyHashInUserData: KeyBinding = async ({ claims }, { keyConfig }) => {
  const { userData } = claims as { readonly userData?: unknown }
  if (keyConfig === undefined) throw refused('key configuration', 'one beside the evidence', 'none')
  const digest = await keyConfigDigest(keyConfig)
  if (!isBytes(userData) || !equalBytes(userData, digest))
    throw refused('user data', toHex(digest), isBytes(userData) ? toHex(userData) : 'none')
  return keyConfig
}

/**
 * The report data of the evidence (64 bytes: TDX, SGX, SEV-SNP, the challenge of a CCA realm) is
 * that of the challenge, exactly: a digest of role, nonce and key configuration (`reportDataOf` of
 * `veritee/gateway`). Give `challenge.reportData` to the verifier as well, so that its own checks
 * are whole. Evidence without a key configuration beside it is refused before `verify` gets it.
 */
export const keyHashInReportData: ReportDataBinding = /* @__PURE__ */ Object.assign<
  KeyBinding,
  { reads: 'reportData' }
>(
  ({ claims }, challenge) => {
    requireReportData(challenge)
    const { keyConfig, reportData } = challenge
    const found = reportDataIn(claims)
    if (!isBytes(found) || !equalBytes(found, reportData))
      throw refused('report data', toHex(reportData), isBytes(found) ? toHex(found) : 'none')
    return keyConfig
  },
  { reads: 'reportData' },
)

/** Whether a binding needs what {@link requireReportData} requires. */
export const readsReportData = (binding: KeyBinding): boolean =>
  (binding as Partial<ReportDataBinding>).reads === 'reportData'

/** @throws VerificationError `client-key` where no key configuration came */
export function requireReportData(challenge: Challenge): asserts challenge is ReportDataChallenge {
  if (challenge.keyConfig === undefined || challenge.reportData === undefined)
    throw refused('key configuration', 'one beside the evidence', 'none')
}

function refused(subject: string, expected: string, found: string): VerificationError {
  return new VerificationError('client-key', { subject, expected, found })
}
