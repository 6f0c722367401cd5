/**
 * Every vector of phones: chains of real devices, the same with one thing changed, WebAuthn, App
 * Attest. Verdict and reason codes are those of the manifest.
 */
import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { AppraisalError, AttestationError, VerificationError } from '../../../src/core/errors.ts'
import { decodePem } from '../../../src/encoding/pem.ts'
import {
  allowDebug,
  type AndroidKeyOptions,
  type AndroidKeyResult,
  decodeAndroidKeyEvidence,
  type KeyPurpose,
  skipFreshness,
  skipReferenceValues,
  skipRevocation,
  verifyAndroidKey,
} from '../../../src/formats/android/key/index.ts'
import { purposeNumbers } from '../../../src/formats/android/key/options.ts'
import {
  decodeAppAttestEvidence,
  verifyAppAttest,
  verifyAppAttestAssertion,
} from '../../../src/formats/apple/app-attest/index.ts'
import { detectFormat } from '../../../src/index.ts'
import { findVectors } from '../../support/vectors.ts'

type Bytes = Uint8Array<ArrayBuffer>

interface Verdict {
  readonly expected?: 'accept' | 'reject'
  readonly stage?: string
  readonly codes?: readonly string[]
  readonly now?: string
}

interface Facts {
  readonly expired?: readonly number[]
  readonly attestationVersion?: number
  readonly keymintVersion?: number
  readonly challenge?: string
  readonly provisioning?: string
  readonly verifiedBootKey?: string
  readonly environment?: string
}

interface Vector extends Verdict {
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

const hex = (text: string): Bytes => new Uint8Array(Buffer.from(text, 'hex'))
const base64 = (text: string): Bytes => new Uint8Array(Buffer.from(text, 'base64'))
const kinds = ['evidence', 'webauthn attestation', 'app attest']
/** What else says the same, by the stage at which the manifest's own reader refuses. */
const alike: Readonly<Record<string, readonly string[]>> = {
  shape: ['cert-parse'],
  path: ['cert-algorithm', 'cert-chain-signature'],
}

const vectors = findVectors('android')
if (!vectors.found) {
  test.skip(vectors.skipLine)
} else {
  const { read, directory } = vectors
  const { vectors: all } = vectors.manifest as { readonly vectors: readonly Vector[] }
  const text = (file: string): string => readFileSync(`${directory}/${file}`, 'utf8')
  const json = (file: string): Readonly<Record<string, string>> => JSON.parse(text(file)) as Record<string, string>
  const judged = all.filter(({ kind }) => kinds.includes(kind))

  const anchorsOf = ({ trustAnchor }: Vector): { trustAnchors?: readonly Bytes[] } => {
    if (trustAnchor === undefined || trustAnchor === 'google only') return {}
    if (!trustAnchor.endsWith('.pem')) return { trustAnchors: [read(trustAnchor)] }
    return { trustAnchors: decodePem(text(trustAnchor), 'CERTIFICATE', { name: trustAnchor, code: 'cert-parse' }) }
  }
  const purposeOf = (wanted: number): KeyPurpose =>
    Object.entries(purposeNumbers).find(([, known]) => known === wanted)?.[0] as KeyPurpose

  function androidOptions(vector: Vector, now: Date): Omit<AndroidKeyOptions, 'freshness'> {
    const { policy = {}, statusList } = vector
    const { packageName, signatureDigest, minVersion, purposes, verifiedBootKeys } = policy
    return {
      now,
      ...anchorsOf(vector),
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

  /** Evidence with what verifies it. */
  function subjectOf(vector: Vector, now: Date): { readonly bytes: Bytes; readonly verify: () => Promise<unknown> } {
    const { kind, file, challenge } = vector
    if (kind === 'app attest') {
      const own = json(file)
      const bytes = base64(own.attestation as string)
      const appId = vector.appId ?? own.appId ?? ''
      const isDevelopment = vector.development ?? vector.facts?.environment === 'development'
      return {
        bytes,
        verify: async () => {
          const { keyId, assertion } = own
          const result = await verifyAppAttest(bytes, {
            clientData: base64(own.attestationClientData as string),
            referenceValues: { appId },
            ...(keyId !== undefined && { keyId: base64(keyId) }),
            ...(isDevelopment && { debug: allowDebug }),
            now,
            ...anchorsOf(vector),
          })
          if (typeof assertion !== 'string') return result
          return verifyAppAttestAssertion(base64(assertion), {
            publicKey: result.publicKey as Uint8Array,
            clientData: base64(own.assertionClientData as string),
            referenceValues: { appId },
            previousCounter: vector.previousCounter ?? 0,
          })
        },
      }
    }
    if (kind === 'evidence') {
      const bytes = read(file)
      const freshness = challenge === undefined ? skipFreshness : { nonce: hex(challenge) }
      return { bytes, verify: () => verifyAndroidKey(bytes, { ...androidOptions(vector, now), freshness }) }
    }
    const own = json(file)
    const bytes = base64(own.attestationObject as string)
    const clientDataJSON = base64(own.clientDataJSON as string)
    const client = JSON.parse(new TextDecoder().decode(clientDataJSON)) as { challenge: string; origin: string }
    const webauthn = {
      clientDataJSON,
      rpId: vector.rpId ?? new URL(client.origin).hostname,
      origins: [vector.origin ?? client.origin],
    }
    const freshness = { nonce: base64(client.challenge) }
    return { bytes, verify: () => verifyAndroidKey(bytes, { ...androidOptions(vector, now), freshness, webauthn }) }
  }

  const cases = judged.flatMap((vector) =>
    [vector, ...(vector.alsoAt === undefined ? [] : [vector.alsoAt])].map(
      (at) => [`${vector.file}${at === vector ? '' : ' later'}`, vector, at] as const,
    ),
  )

  describe('vectors of phones', () => {
    test('are all there', () => {
      expect(cases.length).toBeGreaterThanOrEqual(172)
      expect(cases.filter(([, , { expected }]) => expected === 'accept').length).toBeGreaterThanOrEqual(50)
    })

    test.each(cases)('%s', async (_name, vector, at) => {
      const now = new Date(at.now ?? vector.now ?? '2026-11-23T00:00:00Z')
      const { bytes, verify } = subjectOf(vector, now)
      const outcome = await verify().catch((error: unknown) => error)
      if (outcome instanceof Error && !(outcome instanceof AttestationError)) throw outcome
      if (at.expected === 'accept') {
        if (outcome instanceof Error) throw outcome
        expect(detectFormat(bytes)).toBe(vector.kind === 'app attest' ? 'app-attest' : 'android-key')
        if (vector.kind === 'evidence') holdFacts(outcome as AndroidKeyResult, vector.facts ?? {})
        return
      }
      expect(outcome).toBeInstanceOf(AttestationError)
      const error = outcome as AttestationError
      const found = error instanceof AppraisalError ? error.failures.map(({ id }) => id) : [error.code]
      // Where the manifest lists several, any of them says it; nothing fails beside.
      expect([...(at.codes ?? []), ...(alike[at.stage ?? ''] ?? [])]).toContain(found[0])
      expect(error).toBeInstanceOf(error.code.startsWith('policy-') ? AppraisalError : VerificationError)
    })

    test.each(judged.map((vector) => [vector.file, vector] as const))(
      '%s: reading leaves nothing else',
      (_, vector) => {
        const { bytes } = subjectOf(vector, new Date(0))
        for (const decode of [decodeAndroidKeyEvidence, decodeAppAttestEvidence]) {
          try {
            decode(bytes)
          } catch (error) {
            expect(error).toBeInstanceOf(VerificationError)
          }
        }
      },
    )
  })

  function holdFacts({ claims }: AndroidKeyResult, facts: Facts): void {
    const found: Required<Omit<Facts, 'environment'>> = {
      expired: claims.expiredCertificates,
      attestationVersion: claims.attestationVersion,
      keymintVersion: claims.keyMintVersion,
      challenge: Buffer.from(claims.challenge).toString('hex'),
      provisioning: claims.provisioning,
      verifiedBootKey: Buffer.from(claims.rootOfTrust.verifiedBootKey).toString('hex'),
    }
    const names = Object.keys(found) as (keyof typeof found)[]
    const said = names.filter((name) => facts[name] !== undefined)
    expect(said.map((name) => [name, found[name]])).toEqual(said.map((name) => [name, facts[name]]))
  }
}
