/**
 * Apple's certificates of App Attest, as data: a root on P-384 that phones do not send, one CA
 * below it, and a leaf on P-256 for each key.
 */
import { ecdsaP384Sha256, ES384, p256, p384 } from '../../crypto/algorithms.ts'
import type { PathProfile } from '../../x509/profile.ts'
import { pinned, type TrustAnchor } from '../../x509/trust-anchor.ts'

/** What phones send: the CA first. */
export const appAttestProfile = (): PathProfile => {
  const ca = { signatures: [ES384], key: p384, isCa: true, isRemembered: false } as const
  return { root: ca, ca, leaf: { signatures: [ecdsaP384Sha256], key: p256, isCa: false, isRemembered: false } }
}

/**
 * CN=Apple App Attestation Root CA, O=Apple Inc., ST=California; until 2045. From
 * https://www.apple.com/certificateauthority/private/.
 */
export const appleRoots = (): readonly TrustAnchor[] => [
  pinned(
    'MFIxJjAkBgNVBAMMHUFwcGxlIEFwcCBBdHRlc3RhdGlvbiBSb290IENBMRMwEQYDVQQKDApBcHBsZSBJbmMuMRMwEQYDVQQIDApDYWxpZm9ybmlh',
    'MHYwEAYHKoZIzj0CAQYFK4EEACIDYgAERTHhmLW07ATaFQIEVwTtT4dyctdhNbJhFs/Ii2FdCgAHGbpphY3+d8qjuDngIN3WVhQUBHAoMeQ/cLiP1sOUtgjqK9auYen1mMEvRq9Sk3Jm5X8U62H+xTD3FE9TgS41',
  ),
]
