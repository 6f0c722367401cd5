/**
 * The types of `veritee` and `veritee/nitro-tpm`: `format` tells results apart, and options go by
 * format. Nothing here runs; see `nitro.ts`.
 */
import { expectTypeOf } from 'vitest'
import * as nitro from '../../src/formats/aws/nitro/index.ts'
import {
  decodeNitroTpmEvidence,
  type NitroTpmClaims,
  type NitroTpmEvidence,
  type NitroTpmOptions,
  type NitroTpmResult,
  verifyNitroTpm,
} from '../../src/formats/aws/nitro-tpm/index.ts'
import {
  allowDebug,
  type AndroidKeyResult,
  type AppAttestResult,
  type AttestationResult,
  type CcaResult,
  detectFormat,
  type EvidenceCarrier,
  type EvidenceFormat,
  type EvidenceOptions,
  type EvidenceResult,
  isAttestationResult,
  type NitroResult,
  type SevSnpResult,
  type PsaResult,
  type SgxResult,
  skipFreshness,
  skipReferenceValues,
  type TdxResult,
  VerificationError,
  verifyEvidence,
} from '../../src/index.ts'

declare const bytes: Uint8Array
const expectations = { referenceValues: { PCR4: 'ab' }, freshness: { nonce: bytes } } as const

/** The functions, by their whole signature. */
export function signatures(): void {
  expectTypeOf(verifyEvidence).toEqualTypeOf<
    (evidence: Uint8Array, options: EvidenceOptions) => Promise<EvidenceResult>
  >()
  expectTypeOf(detectFormat).toEqualTypeOf<(evidence: Uint8Array) => EvidenceFormat | EvidenceCarrier | undefined>()
  expectTypeOf(verifyNitroTpm).toEqualTypeOf<
    (evidence: Uint8Array, options: NitroTpmOptions) => Promise<NitroTpmResult>
  >()
  expectTypeOf(decodeNitroTpmEvidence).toEqualTypeOf<(evidence: Uint8Array) => NitroTpmEvidence>()
  expectTypeOf<NitroTpmResult>().toEqualTypeOf<AttestationResult<'nitro-tpm', NitroTpmClaims>>()
}

/** Options by format. */
export function options(): void {
  void verifyEvidence(bytes, { nitro: expectations })
  void verifyEvidence(bytes, { nitro: { ...expectations, debug: allowDebug }, 'nitro-tpm': expectations })
  void verifyEvidence(bytes, {
    'nitro-tpm': { referenceValues: skipReferenceValues, freshness: skipFreshness },
  })
  expectTypeOf<keyof EvidenceOptions>().toEqualTypeOf<EvidenceFormat>()
  expectTypeOf<EvidenceOptions>().toEqualTypeOf<Readonly<EvidenceOptions>>()
  // @ts-expect-error no options
  void verifyEvidence(bytes)
  // @ts-expect-error a format that nobody knows
  void verifyEvidence(bytes, { nitrotpm: expectations })
  // @ts-expect-error options without their format
  void verifyEvidence(bytes, expectations)
  // @ts-expect-error a format whose freshness is missing
  void verifyEvidence(bytes, { nitro: { referenceValues: { PCR0: 'ab' } } })
  // @ts-expect-error a format that is there but undefined
  void verifyEvidence(bytes, { nitro: undefined })
  // @ts-expect-error an instance has no debug mode
  void verifyNitroTpm(bytes, { ...expectations, debug: allowDebug })
  // @ts-expect-error no freshness
  void verifyNitroTpm(bytes, { referenceValues: { PCR4: 'ab' } })
  // @ts-expect-error no reference values
  void verifyNitroTpm(bytes, { freshness: skipFreshness })
}

/** `format` tells which result it is. */
export function discrimination(result: EvidenceResult): void {
  expectTypeOf(result.format).toEqualTypeOf<EvidenceFormat>()
  // @ts-expect-error an instance has no debug mode
  expectTypeOf(result.claims.debug).toEqualTypeOf<boolean>()
  switch (result.format) {
    case 'nitro':
      expectTypeOf(result).toEqualTypeOf<NitroResult>()
      expectTypeOf(result.claims.debug).toEqualTypeOf<boolean>()
      break
    case 'nitro-tpm':
      expectTypeOf(result).toEqualTypeOf<NitroTpmResult>()
      break
    case 'tdx':
      expectTypeOf(result).toEqualTypeOf<TdxResult>()
      break
    case 'sgx':
      expectTypeOf(result).toEqualTypeOf<SgxResult>()
      break
    case 'sev-snp':
      expectTypeOf(result).toEqualTypeOf<SevSnpResult>()
      break
    case 'cca':
      expectTypeOf(result).toEqualTypeOf<CcaResult>()
      break
    case 'psa':
      expectTypeOf(result).toEqualTypeOf<PsaResult>()
      break
    case 'android-key':
      expectTypeOf(result).toEqualTypeOf<AndroidKeyResult>()
      break
    case 'app-attest':
      expectTypeOf(result).toEqualTypeOf<AppAttestResult>()
      break
    default:
      // Formats that this file does not name: nothing above is among them.
      expectTypeOf(result).toEqualTypeOf<Exclude<EvidenceResult, { readonly format: Named }>>()
  }
}

/** The formats whose results are looked at above. */
type Named = 'nitro' | 'nitro-tpm' | 'tdx' | 'sgx' | 'sev-snp' | 'cca' | 'psa' | 'android-key' | 'app-attest'

/** Each format has one result, and each result one format. */
type FormatOf = { readonly [Name in EvidenceFormat]: Extract<EvidenceResult, { readonly format: Name }>['format'] }
expectTypeOf<FormatOf>().toEqualTypeOf<{ readonly [Name in EvidenceFormat]: Name }>()

/**
 * A plain object, and what comes back from a network or a store, is no result until it was asked.
 */
export function brand(value: unknown): void {
  const accept = (result: AttestationResult): string => result.format
  // @ts-expect-error whatever it is
  accept(value)
  // @ts-expect-error looks like one
  accept({ format: 'nitro', claims: {}, verifiedAt: new Date(), validUntil: new Date(), checks: [] })
  if (isAttestationResult(value)) accept(value)
}

/** Every entry exports the same classes and symbols, not look-alikes. */
export function identity(): void {
  expectTypeOf(nitro.VerificationError).toEqualTypeOf(VerificationError)
  expectTypeOf(nitro.skipFreshness).toEqualTypeOf(skipFreshness)
  expectTypeOf(nitro.isAttestationResult).toEqualTypeOf(isAttestationResult)
}
