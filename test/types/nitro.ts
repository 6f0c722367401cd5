/**
 * The types of `veritee/nitro`: what its options demand and refuse, and what its result promises. Nothing here runs; the compiler is the test,
 * and a line under `@ts-expect-error` that compiles is its failure.
 */
import { expectTypeOf } from 'vitest'
import {
  allowDebug,
  allowSignedImages,
  AppraisalError,
  atEvidenceTime,
  AttestationError,
  type AttestationErrorCode,
  type AttestationResult,
  type Check,
  decodeNitroEvidence,
  type EndorsementCache,
  type Hex,
  isAttestationResult,
  type NitroClaims,
  type NitroEvidence,
  type NitroOptions,
  type NitroReferenceValues,
  type NitroResult,
  skipFreshness,
  skipReferenceValues,
  type UnknownField,
  VerificationError,
  verifyNitro,
} from '../../src/formats/aws/nitro/index.ts'

declare const bytes: Uint8Array
const referenceValues = { PCR0: 'ab' } as const
const freshness = { nonce: bytes } as const

/** The functions, by their whole signature. */
export function signatures(): void {
  expectTypeOf(verifyNitro).toEqualTypeOf<(evidence: Uint8Array, options: NitroOptions) => Promise<NitroResult>>()
  expectTypeOf(decodeNitroEvidence).toEqualTypeOf<(evidence: Uint8Array) => NitroEvidence>()
  expectTypeOf(isAttestationResult).toEqualTypeOf<(value: unknown) => value is AttestationResult>()
}

/** Nothing weakens by omission. */
export function requiredOptions(): void {
  // @ts-expect-error no options at all
  void verifyNitro(bytes)
  // @ts-expect-error neither reference values nor freshness
  void verifyNitro(bytes, {})
  // @ts-expect-error no freshness
  void verifyNitro(bytes, { referenceValues })
  // @ts-expect-error no reference values
  void verifyNitro(bytes, { freshness })
  // @ts-expect-error undefined is no expectation
  void verifyNitro(bytes, { referenceValues: undefined, freshness })
  // @ts-expect-error undefined is no freshness
  void verifyNitro(bytes, { referenceValues, freshness: undefined })
  // @ts-expect-error hexadecimal evidence
  void verifyNitro('8444a1013822', { referenceValues, freshness })
  expectTypeOf<RequiredKeys<NitroOptions>>().toEqualTypeOf<'referenceValues' | 'freshness'>()
  expectTypeOf<keyof NitroOptions>().toEqualTypeOf<
    | 'referenceValues'
    | 'freshness'
    | 'userData'
    | 'publicKey'
    | 'trustAnchors'
    | 'now'
    | 'clockSkewSeconds'
    | 'debug'
    | 'signedImages'
    | 'endorsementCache'
    | 'trace'
  >()
}

/** Everything that the contract lists is accepted. */
export function acceptedOptions(): void {
  void verifyNitro(bytes, { referenceValues, freshness })
  void verifyNitro(bytes, { referenceValues: { PCR8: 'ab' }, freshness, signedImages: allowSignedImages })
  void verifyNitro(bytes, { referenceValues, freshness: { nonce: bytes, maxAgeSeconds: 60 } })
  const cache: EndorsementCache = new Map()
  void verifyNitro(bytes, {
    referenceValues: [{ name: 'v1', PCR0: bytes, PCR1: 'ab', PCR31: 'ab' }, { PCR8: bytes }],
    freshness: { maxAgeSeconds: 60 },
    userData: bytes,
    publicKey: bytes,
    trustAnchors: [bytes],
    now: new Date(0),
    clockSkewSeconds: 0,
    debug: allowDebug,
    endorsementCache: cache,
    trace: (check) => {
      expectTypeOf(check).toEqualTypeOf<Check>()
    },
  })
  void verifyNitro(bytes, {
    referenceValues: skipReferenceValues,
    freshness: skipFreshness,
    now: atEvidenceTime,
  })
  const printed = { Measurements: { HashAlgorithm: 'Sha384 { ... }', PCR0: 'ab', PCR1: 'ab', PCR2: 'ab' } } as const
  void verifyNitro(bytes, { referenceValues: printed, freshness })
  void verifyNitro(bytes, { referenceValues: [printed, referenceValues], freshness })
  // Frozen lists, and bytes of Node.
  const frozen: readonly NitroReferenceValues[] = Object.freeze([referenceValues])
  void verifyNitro(Buffer.alloc(0), { referenceValues: frozen, freshness, trustAnchors: Object.freeze([bytes]) })
  expectTypeOf<Hex>().toEqualTypeOf<string>()
}

/** Misspelt or mistaken expectations do not compile. */
export function refusedOptions(): void {
  const good = { referenceValues, freshness } as const
  // @ts-expect-error unknown option
  void verifyNitro(bytes, { ...good, nonce: bytes })
  // @ts-expect-error misspelt option
  void verifyNitro(bytes, { ...good, userdata: bytes })
  // @ts-expect-error debug is a symbol, so that a reviewer can search for it
  void verifyNitro(bytes, { ...good, debug: true })
  // @ts-expect-error each symbol has its own place
  void verifyNitro(bytes, { ...good, debug: skipFreshness })
  // @ts-expect-error each symbol has its own place
  void verifyNitro(bytes, { ...good, freshness: skipReferenceValues })
  // @ts-expect-error each symbol has its own place
  void verifyNitro(bytes, { referenceValues: skipFreshness, freshness })
  // @ts-expect-error a symbol made by somebody else
  void verifyNitro(bytes, { ...good, freshness: Symbol.for('veritee.skipFreshness') })
  // @ts-expect-error text for a symbol
  void verifyNitro(bytes, { ...good, freshness: 'skip' })
  // @ts-expect-error PCR8 by a symbol, so that a reviewer can search for it
  void verifyNitro(bytes, { ...good, signedImages: true })
  // @ts-expect-error an age that is there but undefined
  void verifyNitro(bytes, { ...good, freshness: { nonce: bytes, maxAgeSeconds: undefined } })
  // @ts-expect-error a nonce as text
  void verifyNitro(bytes, { ...good, freshness: { nonce: 'ab' } })
  // @ts-expect-error a freshness of nothing
  void verifyNitro(bytes, { ...good, freshness: {} })
  // @ts-expect-error a register that does not exist by its name
  void verifyNitro(bytes, { ...good, referenceValues: { pcr0: 'ab' } })
  // @ts-expect-error a register value that is a number
  void verifyNitro(bytes, { ...good, referenceValues: { PCR0: 0 } })
  // @ts-expect-error what nitro-cli prints has the hash algorithm in it
  void verifyNitro(bytes, { ...good, referenceValues: { Measurements: { PCR0: 'ab' } } })
  // @ts-expect-error a root as PEM
  void verifyNitro(bytes, { ...good, trustAnchors: ['-----BEGIN CERTIFICATE-----'] })
  // @ts-expect-error a time as a number
  void verifyNitro(bytes, { ...good, now: 0 })
  // @ts-expect-error an expectation that is there but undefined
  void verifyNitro(bytes, { ...good, userData: undefined })
  // @ts-expect-error a skew as text
  void verifyNitro(bytes, { ...good, clockSkewSeconds: '300' })
  // @ts-expect-error memory is not bytes
  void verifyNitro(bytes, { ...good, publicKey: new ArrayBuffer(1) })
}

/** A result is what a verifier returned, and cannot be written by hand or written to. */
export function results(result: NitroResult): void {
  expectTypeOf<NitroResult>().toEqualTypeOf<AttestationResult<'nitro', NitroClaims>>()
  expectTypeOf(result).toExtend<AttestationResult>()
  expectTypeOf(result.format).toEqualTypeOf<'nitro'>()
  expectTypeOf(result.verifiedAt).toEqualTypeOf<Date>()
  expectTypeOf(result.timeSource).toEqualTypeOf<'clock' | 'evidence'>()
  expectTypeOf(result.attestedAt).toEqualTypeOf<Date | undefined>()
  expectTypeOf(result.clockOffsetSeconds).toEqualTypeOf<number | undefined>()
  expectTypeOf(result.validUntil).toEqualTypeOf<Date>()
  expectTypeOf(result.matched).toEqualTypeOf<string | number | undefined>()
  expectTypeOf(result.publicKey).toEqualTypeOf<Uint8Array<ArrayBuffer> | undefined>()
  expectTypeOf(result.checks).toEqualTypeOf<readonly Check[]>()
  expectTypeOf(result.claims.debug).toEqualTypeOf<boolean>()
  expectTypeOf(result.claims.pcrs.PCR0).toEqualTypeOf<Uint8Array<ArrayBuffer> | undefined>()
  expectTypeOf(result.claims.userData).toEqualTypeOf<Uint8Array<ArrayBuffer> | undefined>()

  // Everything by its public name, and still no result: the brand is missing.
  const { format, claims, verifiedAt, timeSource, attestedAt, clockOffsetSeconds } = result
  const { validUntil, matched, publicKey, checks } = result
  const most = { format, claims, verifiedAt, timeSource, attestedAt, clockOffsetSeconds }
  const forged = { ...most, validUntil, matched, publicKey, checks }
  // @ts-expect-error a plain object is no result
  expectTypeOf(forged).toExtend<NitroResult>()
  // @ts-expect-error evidence is no result
  expectTypeOf<NitroEvidence>().toExtend<AttestationResult>()
  // @ts-expect-error the result of another format
  expectTypeOf(result).toExtend<AttestationResult<'nitro-tpm'>>()
}

/** Everything that is handed in or out is readonly. */
export function immutability(result: NitroResult, error: AttestationError): void {
  expectTypeOf<NitroOptions>().toEqualTypeOf<Readonly<NitroOptions>>()
  expectTypeOf<NitroResult>().toEqualTypeOf<Readonly<NitroResult>>()
  expectTypeOf<NitroClaims>().toEqualTypeOf<Readonly<NitroClaims>>()
  expectTypeOf<NitroEvidence>().toEqualTypeOf<Readonly<NitroEvidence>>()
  expectTypeOf<Check>().toEqualTypeOf<Readonly<Check>>()
  expectTypeOf<NitroEvidence['cabundle']>().toEqualTypeOf<readonly Uint8Array[]>()
  expectTypeOf<NitroClaims['unknownFields']>().toEqualTypeOf<readonly UnknownField[]>()
  expectTypeOf<AttestationError['checks']>().toEqualTypeOf<readonly Check[]>()
  // @ts-expect-error a result's format
  result.format = 'nitro'
  // @ts-expect-error a claim of a result
  result.claims.debug = false
  // @ts-expect-error a register of a result
  result.claims.pcrs.PCR0 = bytes
  // @ts-expect-error a field of a check
  if (result.checks[0]) result.checks[0].outcome = 'pass'
  // @ts-expect-error the code of an error
  error.code = 'cose-signature'
}

/** Errors: two classes below one that nobody can make, codes from one union. */
export function errors(): void {
  expectTypeOf<VerificationError>().toExtend<AttestationError>()
  expectTypeOf<AppraisalError>().toExtend<AttestationError>()
  expectTypeOf<AttestationError>().toExtend<Error>()
  expectTypeOf<AttestationError['code']>().toEqualTypeOf<AttestationErrorCode>()
  expectTypeOf<AppraisalError['failures']>().toEqualTypeOf<readonly Check[]>()
  expectTypeOf<'policy-pcr' | 'cose-signature' | 'clock-suspect'>().toExtend<AttestationErrorCode>()
  // @ts-expect-error no such code
  expectTypeOf<'policy-pcrs'>().toExtend<AttestationErrorCode>()
  // @ts-expect-error the base is abstract
  new AttestationError('cose-signature', 'signature')
  // @ts-expect-error a code from outside the union
  new VerificationError('bad', 'signature')
  expectTypeOf<Check['id']>().toEqualTypeOf<AttestationErrorCode>()
  expectTypeOf<Check['stage']>().toEqualTypeOf<'decode' | 'verify' | 'appraise'>()
  expectTypeOf<Check['outcome']>().toEqualTypeOf<'pass' | 'fail' | 'not-requested' | 'skipped'>()
}

/** Each symbol is a type of its own. */
export function symbols(): void {
  expectTypeOf(skipFreshness).not.toEqualTypeOf<symbol>()
  expectTypeOf(skipFreshness).not.toExtend<typeof skipReferenceValues>()
  expectTypeOf(atEvidenceTime).not.toExtend<typeof allowDebug>()
}

/** The names of properties that must be there. */
type RequiredKeys<T> = { [K in keyof T]-?: object extends Pick<T, K> ? never : K }[keyof T]
