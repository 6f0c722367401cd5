/**
 * The shared vectors of phones: what each is asked with.
 */
import { readFileSync } from 'node:fs'
import { decodePem } from '../../../src/encoding/pem.ts'
import {
  allowDebug,
  type AndroidKeyOptions,
  type KeyPurpose,
  skipFreshness,
  skipReferenceValues,
  skipRevocation,
} from '../../../src/formats/android/key/index.ts'
import { purposeNumbers } from '../../../src/formats/android/key/options.ts'
import type { AppAttestAssertionOptions, AppAttestOptions } from '../../../src/formats/apple/app-attest/index.ts'
import type { Vectors } from '../../support/vectors.ts'

type Bytes = Uint8Array<ArrayBuffer>

export interface Verdict {
  readonly expected?: 'accept' | 'reject'
  readonly stage?: string
  readonly codes?: readonly string[]
  readonly now?: string
}

export interface Facts {
  readonly expired?: readonly number[]
  readonly attestationVersion?: number
  readonly keymintVersion?: number
  readonly challenge?: string
  readonly provisioning?: string
  readonly verifiedBootKey?: string
  readonly environment?: string
}

export interface PhoneVector extends Verdict {
  readonly file: string
  readonly kind: string
  readonly alsoAt?: Verdict
  readonly challenge?: string
  readonly trustAnchor?: string
  readonly statusList?: string
  readonly rpId?: string
  readonly origin?: string
  readonly appId?: string
  readonly development?: boolean
  readonly previousCounter?: number
  readonly facts?: Facts
  readonly policy?: {
    readonly packageName?: string
    readonly signatureDigest?: string
    readonly minVersion?: number
    readonly minSecurityLevel?: number
    readonly minOsPatchLevel?: number
    readonly minVendorPatchLevel?: number
    readonly minBootPatchLevel?: number
    readonly purposes?: readonly number[]
    readonly verifiedBootKeys?: readonly string[]
    readonly debug?: boolean
  }
}

/** An assertion by the key of an attestation. */
export interface AskedAssertion {
  readonly evidence: Bytes
  /** All but the key. */
  readonly options: Omit<AppAttestAssertionOptions, 'publicKey'>
}

/** What a verifier is asked. */
export type PhoneQuestion = { readonly evidence: Bytes } & (
  | { readonly format: 'android-key'; readonly options: AndroidKeyOptions; readonly assertion?: undefined }
  | {
      readonly format: 'app-attest'
      readonly options: AppAttestOptions
      readonly assertion: AskedAssertion | undefined
    }
)

/** One vector at one time. */
export type PhoneCase = readonly [name: string, vector: PhoneVector, at: Verdict]

type Found = Extract<Vectors, { readonly found: true }>

const kinds = ['evidence', 'webauthn attestation', 'app attest']
const hex = (text: string): Bytes => new Uint8Array(Buffer.from(text, 'hex'))
const base64 = (text: string): Bytes => new Uint8Array(Buffer.from(text, 'base64'))

/** Those that a verifier judges. */
export function judgedPhones({ manifest }: Found): readonly PhoneVector[] {
  return (manifest as { readonly vectors: readonly PhoneVector[] }).vectors.filter(({ kind }) => kinds.includes(kind))
}

/** Each of them, at each time that the manifest has a verdict for. */
export function phoneCases(vectors: Found): readonly PhoneCase[] {
  return judgedPhones(vectors).flatMap((vector) =>
    [vector, ...(vector.alsoAt === undefined ? [] : [vector.alsoAt])].map((at): PhoneCase => [
      `${vector.file}${at === vector ? '' : ' later'}`,
      vector,
      at,
    ]),
  )
}

/** When a case is judged. */
export const timeOf = (vector: PhoneVector, at: Verdict): Date =>
  new Date(at.now ?? vector.now ?? '2026-11-23T00:00:00Z')

/** Evidence with the options of its verifier. */
export function phoneQuestionOf({ read, directory }: Found, vector: PhoneVector, now: Date): PhoneQuestion {
  const text = (file: string): string => readFileSync(`${directory}/${file}`, 'utf8')
  const { kind, file, challenge, trustAnchor } = vector
  const own = kind === 'evidence' ? {} : (JSON.parse(text(file)) as Readonly<Record<string, string>>)
  const anchors = (name: string): readonly Bytes[] =>
    name.endsWith('.pem') ? decodePem(text(name), 'CERTIFICATE', { name, code: 'cert-parse' }) : [read(name)]
  const trustAnchors =
    trustAnchor === undefined || trustAnchor === 'google only' ? {} : { trustAnchors: anchors(trustAnchor) }

  if (kind === 'app attest') {
    const isDevelopment = vector.development ?? vector.facts?.environment === 'development'
    const referenceValues = { appId: vector.appId ?? own.appId ?? '' }
    const { keyId, assertion } = own
    return {
      format: 'app-attest',
      evidence: base64(own.attestation as string),
      options: {
        clientData: base64(own.attestationClientData as string),
        referenceValues,
        ...(keyId !== undefined && { keyId: base64(keyId) }),
        ...(isDevelopment && { debug: allowDebug }),
        now,
        ...trustAnchors,
      },
      assertion:
        typeof assertion === 'string'
          ? {
              evidence: base64(assertion),
              options: {
                clientData: base64(own.assertionClientData as string),
                referenceValues,
                previousCounter: vector.previousCounter ?? 0,
              },
            }
          : undefined,
    }
  }
  const options = { ...androidOptions(vector, text), now, ...trustAnchors }
  if (kind === 'evidence') {
    const freshness = challenge === undefined ? skipFreshness : { nonce: hex(challenge) }
    return { format: 'android-key', evidence: read(file), options: { ...options, freshness } }
  }
  const clientDataJSON = base64(own.clientDataJSON as string)
  const client = JSON.parse(new TextDecoder().decode(clientDataJSON)) as { challenge: string; origin: string }
  const webauthn = {
    clientDataJSON,
    rpId: vector.rpId ?? new URL(client.origin).hostname,
    origins: [vector.origin ?? client.origin],
  }
  const freshness = { nonce: base64(client.challenge) }
  const evidence = base64(own.attestationObject as string)
  return { format: 'android-key', evidence, options: { ...options, freshness, webauthn } }
}

function androidOptions(
  { policy = {}, statusList }: PhoneVector,
  text: (file: string) => string,
): Omit<AndroidKeyOptions, 'freshness'> {
  const { packageName, signatureDigest, minVersion, purposes, verifiedBootKeys } = policy
  return {
    endorsements: statusList === undefined ? skipRevocation : { statusList: text(statusList) },
    referenceValues:
      packageName === undefined
        ? skipReferenceValues
        : {
            packageName,
            signers: [signatureDigest ?? '00'.repeat(32)],
            ...(minVersion !== undefined && { minimumVersion: minVersion }),
          },
    ...(policy.minSecurityLevel === 2 && { securityLevel: 'strongbox' }),
    ...(policy.minOsPatchLevel !== undefined && { minimumOsPatchLevel: policy.minOsPatchLevel }),
    ...(policy.minVendorPatchLevel !== undefined && { minimumVendorPatchLevel: policy.minVendorPatchLevel }),
    ...(policy.minBootPatchLevel !== undefined && { minimumBootPatchLevel: policy.minBootPatchLevel }),
    ...(purposes !== undefined && { purposes: purposes.map(purposeOf) }),
    ...(verifiedBootKeys !== undefined && { verifiedBootKeys }),
    ...(policy.debug === true && { debug: allowDebug }),
  }
}

const purposeOf = (wanted: number): KeyPurpose =>
  Object.entries(purposeNumbers).find(([, known]) => known === wanted)?.[0] as KeyPurpose
