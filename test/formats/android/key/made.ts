/**
 * Made evidence for the tests of this folder: a phone, the options that accept it, and what to
 * change in either.
 */
import { type AndroidKeyOptions, skipRevocation, verifyAndroidKey } from '../../../../src/formats/android/key/index.ts'
import {
  type AndroidAttesterOptions,
  challenge,
  createCredential,
  createPhone,
  packageName,
  signer,
  type WebAuthnOverrides,
} from '../../../attester/android.ts'
import { concat } from '../../../attester/bytes.ts'
import type { Signer } from '../../../attester/certificate.ts'

export const now = new Date('2026-06-01T12:00:00Z')

// Making keys is what costs time; which ones they are decides nothing.
const keys = new Map<string, Signer>()

type Bytes = Uint8Array<ArrayBuffer>

/** What a test changes. */
export interface Change {
  readonly phone?: Omit<AndroidAttesterOptions, 'now'>
  /** Rearranges the finished certificates, leaf first. */
  readonly certificates?: (certificates: readonly Bytes[]) => readonly Bytes[]
  /** Makes a WebAuthn attestation object. */
  readonly webauthn?: WebAuthnOverrides
  readonly options?: Readonly<Record<string, unknown>>
  /** Changes the finished evidence. */
  readonly evidence?: (evidence: Bytes) => Bytes
}

export interface Made {
  readonly evidence: Bytes
  readonly options: AndroidKeyOptions
}

/** Evidence and the options that accept it, save for what `change` says. */
export async function make({ phone, certificates, webauthn, options, evidence }: Change = {}): Promise<Made> {
  const plan = { now, keys, ...phone }
  const credential = webauthn && (await createCredential(plan, webauthn))
  const made = credential ?? (await chainOf(plan, certificates))
  return {
    evidence: evidence?.(made.evidence) ?? made.evidence,
    options: {
      freshness: { nonce: challenge },
      referenceValues: { packageName, signers: [signer] },
      endorsements: skipRevocation,
      trustAnchors: [made.root],
      now,
      ...(credential && {
        webauthn: {
          clientDataJSON: credential.clientDataJSON,
          rpId: 'veritee.example',
          origins: ['https://veritee.example'],
        },
      }),
      ...options,
    },
  }
}

/** DER, one after another. */
async function chainOf(
  plan: AndroidAttesterOptions,
  certificates: Change['certificates'],
): Promise<{ readonly evidence: Bytes; readonly root: Bytes }> {
  const phone = await createPhone(plan)
  return { evidence: concat(...(certificates?.(phone.certificates) ?? phone.certificates)), root: phone.root }
}

/** What becomes of made evidence. */
export async function verify(change: Change = {}): ReturnType<typeof verifyAndroidKey> {
  const { evidence, options } = await make(change)
  return verifyAndroidKey(evidence, options)
}
