/**
 * Phones by `node-app-attest` and `@simplewebauthn/server`, on the open vectors: where one of both
 * says otherwise than ours, the reason is listed here, one line each.
 *
 * - `@simplewebauthn/server` knows a root by the text of its certificate, so that a chain that leaves
 *   its root out has none: WebAuthn allows it, and phones of 2026 do it.
 * - Both read the host's clock, or none: `node-app-attest` looks at no dates, and is asked about
 *   Apple's own attestations only, because its root is fixed.
 */
import { SettingsService, verifyRegistrationResponse } from '@simplewebauthn/server'
import { verifyAttestation } from 'node-app-attest'
import { describe, expect, test, vi } from 'vitest'
import { AttestationError } from '../../src/core/errors.ts'
import { type AndroidKeyOptions, verifyAndroidKey } from '../../src/formats/android/key/index.ts'
import { type AppAttestOptions, verifyAppAttest } from '../../src/formats/apple/app-attest/index.ts'
import { type PhoneCase, phoneCases, phoneQuestionOf, timeOf } from '../formats/android/phone-vectors.ts'
import { findVectors } from '../support/vectors.ts'

const withoutRoot = 'a chain without its root has none to the other library'
const differences: Readonly<Record<string, string>> = {
  'made/ok-webauthn-remote-without-root.json': withoutRoot,
}

/** Whether it accepts. What ours throws beside refusals is thrown. */
async function accepts(verdict: Promise<unknown>): Promise<boolean> {
  try {
    await verdict
    return true
  } catch (error) {
    if (error instanceof AttestationError) return false
    throw error
  }
}

const base64 = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64')
const base64Url = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64url')

/** As the other library writes certificates: it compares the text. */
function pemOf(der: Uint8Array): string {
  const lines = base64(der).match(/.{1,64}/g) ?? []
  return `-----BEGIN CERTIFICATE-----\n${lines.join('\n')}\n-----END CERTIFICATE-----\n`
}

function theyAttest(evidence: Uint8Array, { clientData, referenceValues, keyId, debug }: AppAttestOptions): boolean {
  const { appId } = referenceValues as { readonly appId: string }
  const at = appId.indexOf('.')
  try {
    verifyAttestation({
      attestation: Buffer.from(evidence),
      challenge: Buffer.from(clientData),
      keyId: base64(keyId ?? new Uint8Array()),
      teamIdentifier: appId.slice(0, at),
      bundleIdentifier: appId.slice(at + 1),
      allowDevelopmentEnvironment: debug !== undefined,
    })
    return true
  } catch {
    return false
  }
}

async function theyRegister(evidence: Uint8Array, { webauthn, trustAnchors }: AndroidKeyOptions): Promise<boolean> {
  const { clientDataJSON, rpId, origins } = webauthn as NonNullable<typeof webauthn>
  const { challenge } = JSON.parse(new TextDecoder().decode(clientDataJSON)) as { readonly challenge: string }
  if (trustAnchors !== undefined)
    SettingsService.setRootCertificates({ identifier: 'android-key', certificates: trustAnchors.map(pemOf) })
  try {
    const { verified } = await verifyRegistrationResponse({
      // The credential's id is not looked at.
      response: {
        id: 'AA',
        rawId: 'AA',
        type: 'public-key',
        clientExtensionResults: {},
        response: { attestationObject: base64Url(evidence), clientDataJSON: base64Url(clientDataJSON) },
      },
      expectedChallenge: challenge,
      expectedOrigin: [...origins],
      expectedRPID: rpId,
      requireUserVerification: false,
      supportedAlgorithmIDs: [-7, -35, -257],
    })
    return verified
  } catch {
    return false
  }
}

const vectors = findVectors('android')
if (!vectors.found) test.skip(vectors.skipLine)
else {
  const questionOf = ([, vector, at]: PhoneCase): ReturnType<typeof phoneQuestionOf> =>
    phoneQuestionOf(vectors, vector, timeOf(vector, at))
  const cases = phoneCases(vectors)
  const ofApple = cases.filter(([, { kind, trustAnchor }]) => kind === 'app attest' && trustAnchor === undefined)
  const ofPages = cases.filter(([, { kind }]) => kind === 'webauthn attestation')

  describe('App Attest by node-app-attest', () => {
    test("there are Apple's own", () => {
      expect(ofApple.length).toBeGreaterThanOrEqual(4)
    })

    test.each(ofApple)('%s', async (...own) => {
      const { evidence, options, format } = questionOf(own)
      if (format !== 'app-attest') throw new Error('another format')
      const { claims } = await verifyAppAttest(evidence, options)
      expect(theyAttest(evidence, { keyId: claims.keyId, ...options })).toBe(true)
      const other = { ...options, clientData: new Uint8Array(32), keyId: claims.keyId }
      expect(theyAttest(evidence, other)).toBe(false)
      expect(await accepts(verifyAppAttest(evidence, other))).toBe(false)
    })
  })

  describe('WebAuthn by @simplewebauthn/server', () => {
    test('some are accepted by both', () => {
      expect(ofPages.filter(([, , { expected }]) => expected === 'accept').length).toBeGreaterThan(2)
    })

    test.each(ofPages)('%s', async (...own) => {
      const [name, vector, at] = own
      const { evidence, options, format } = questionOf(own)
      if (format !== 'android-key') throw new Error('another format')
      const isOurs = await accepts(verifyAndroidKey(evidence, options))
      // The other one reads the clock of the machine.
      vi.setSystemTime(timeOf(vector, at))
      const isTheirs = await theyRegister(evidence, options).finally(() => {
        vi.useRealTimers()
      })
      expect(isOurs !== isTheirs).toBe(Object.hasOwn(differences, name))
    })
  })
}
