/**
 * The types of `veritee/cca` and `veritee/psa`. Nothing here runs; see `nitro.ts`.
 */
import { expectTypeOf } from 'vitest'
import {
  anyValue,
  type AttestationResult,
  type CcaClaims,
  type CcaEvidence,
  type CcaOptions,
  type CcaResult,
  dangerouslyAllowTestKeys,
  decodeCcaEvidence,
  skipFreshness,
  skipPlatformReferenceValues,
  skipReferenceValues,
  verifyCca,
} from '../../src/formats/arm/cca/index.ts'
import {
  decodePsaEvidence,
  type PsaClaims,
  type PsaEvidence,
  type PsaOptions,
  type PsaResult,
  verifyPsa,
} from '../../src/formats/arm/psa/index.ts'
import { atEvidenceTime } from '../../src/index.ts'

declare const bytes: Uint8Array
const ids = { implementationId: 'ab', instanceId: bytes }
const trustAnchors = [{ ...ids, key: { kty: 'EC' } }]
const firmware = { softwareComponents: [{ measurement: bytes, signerId: 'ab' }] }

/** The functions, by their whole signature. */
export function signatures(): void {
  expectTypeOf(verifyCca).toEqualTypeOf<(evidence: Uint8Array, options: CcaOptions) => Promise<CcaResult>>()
  expectTypeOf(verifyPsa).toEqualTypeOf<(evidence: Uint8Array, options: PsaOptions) => Promise<PsaResult>>()
  expectTypeOf(decodeCcaEvidence).toEqualTypeOf<(evidence: Uint8Array) => CcaEvidence>()
  expectTypeOf(decodePsaEvidence).toEqualTypeOf<(evidence: Uint8Array) => PsaEvidence>()
  expectTypeOf<CcaResult>().toEqualTypeOf<AttestationResult<'cca', CcaClaims>>()
  expectTypeOf<PsaResult>().toEqualTypeOf<AttestationResult<'psa', PsaClaims>>()
}

/** What must be said, and what there is not. */
export function options(): void {
  const cca = { trustAnchors, referenceValues: { rim: 'ab' }, platform: firmware, freshness: { nonce: bytes } }
  void verifyCca(bytes, cca)
  void verifyCca(bytes, {
    trustAnchors,
    referenceValues: [{ rim: bytes, rems: anyValue, personalizationValue: anyValue }],
    platform: { ...firmware, config: { value: 'ab', mask: 'ff' } },
    freshness: skipFreshness,
    acceptedLifecycles: ['non-rot-debug'],
    testKeys: dangerouslyAllowTestKeys,
  })
  void verifyCca(bytes, { ...cca, referenceValues: skipReferenceValues, platform: skipPlatformReferenceValues })
  // @ts-expect-error a RIM is what makes it a reference value
  void verifyCca(bytes, { ...cca, referenceValues: { rems: anyValue } })
  // @ts-expect-error firmware must be spoken of
  void verifyCca(bytes, { trustAnchors, referenceValues: { rim: 'ab' }, freshness: skipFreshness })
  // @ts-expect-error a token has no date
  void verifyCca(bytes, { ...cca, freshness: { maxAgeSeconds: 60 } })
  // @ts-expect-error nor can it be verified at its own time
  void verifyCca(bytes, { ...cca, now: atEvidenceTime })
  // @ts-expect-error what is decommissioned is never accepted
  void verifyCca(bytes, { ...cca, acceptedLifecycles: ['decommissioned'] })
  // @ts-expect-error a realm's platform has a key, and no secret
  void verifyCca(bytes, { ...cca, trustAnchors: [{ ...ids, secret: bytes }] })
  const psa = { trustAnchors, referenceValues: firmware, freshness: { nonce: bytes } }
  void verifyPsa(bytes, psa)
  void verifyPsa(bytes, { ...psa, trustAnchors: [{ ...ids, secret: bytes }] })
  // @ts-expect-error a device has no platform below
  void verifyPsa(bytes, { ...psa, platform: firmware })
  // @ts-expect-error components are what is compared
  void verifyPsa(bytes, { ...psa, referenceValues: { certificationReference: '1234567890123-12345' } })
}
