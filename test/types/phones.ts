/**
 * The types of `veritee/android-key` and `veritee/app-attest`: what callers must say, and what they
 * get. Nothing here runs; see `nitro.ts`.
 */
import { expectTypeOf } from 'vitest'
import * as android from '../../src/formats/android/key/index.ts'
import * as apple from '../../src/formats/apple/app-attest/index.ts'

export async function ofAndroid(evidence: Uint8Array): Promise<void> {
  const sound: android.AndroidKeyOptions = {
    freshness: { nonce: evidence },
    referenceValues: { packageName: 'com.example', signers: ['00'] },
    endorsements: { statusList: '{}' },
  }
  const result = await android.verifyAndroidKey(evidence, sound)
  expectTypeOf(result).toEqualTypeOf<android.AndroidKeyResult>()
  expectTypeOf(result.format).toEqualTypeOf<'android-key'>()
  expectTypeOf(result.claims.securityLevel).toEqualTypeOf<'tee' | 'strongbox'>()
  expectTypeOf(result.claims.provisioning).toEqualTypeOf<'factory' | 'remote'>()
  expectTypeOf(result.claims.hardwareEnforced).toEqualTypeOf<android.AuthorizationList>()
  const skipped: android.AndroidKeyOptions = {
    freshness: android.skipFreshness,
    referenceValues: android.skipReferenceValues,
    endorsements: android.skipRevocation,
    debug: android.allowDebug,
  }
  await android.verifyAndroidKey(evidence, skipped)
  // @ts-expect-error an age: evidence has no date
  await android.verifyAndroidKey(evidence, { ...sound, freshness: { maxAgeSeconds: 1 } })
  // @ts-expect-error no list, and no word for that
  await android.verifyAndroidKey(evidence, { freshness: sound.freshness, referenceValues: sound.referenceValues })
  // @ts-expect-error software keeps no key that is worth anything
  await android.verifyAndroidKey(evidence, { ...sound, securityLevel: 'software' })
  // @ts-expect-error any truth is no symbol
  await android.verifyAndroidKey(evidence, { ...sound, debug: true })
}

export async function ofApple(evidence: Uint8Array): Promise<void> {
  const sound: apple.AppAttestOptions = { clientData: evidence, referenceValues: { appId: 'A.b' } }
  const result = await apple.verifyAppAttest(evidence, sound)
  expectTypeOf(result).toEqualTypeOf<apple.AppAttestResult>()
  expectTypeOf(result.claims.environment).toEqualTypeOf<'production' | 'development'>()
  const { publicKey } = result
  if (publicKey === undefined) return
  const assertion = await apple.verifyAppAttestAssertion(evidence, { ...sound, publicKey, previousCounter: 0 })
  expectTypeOf(assertion.format).toEqualTypeOf<'app-attest-assertion'>()
  expectTypeOf(assertion.claims).toEqualTypeOf<{ readonly counter: number }>()
  // @ts-expect-error the counter decides
  await apple.verifyAppAttestAssertion(evidence, { ...sound, publicKey })
  // @ts-expect-error a nonce has no place of its own: it is in the client data
  await apple.verifyAppAttest(evidence, { ...sound, freshness: { nonce: evidence } })
}
