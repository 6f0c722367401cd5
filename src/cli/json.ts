/**
 * What machines get: always one JSON document, with the same keys; what does not apply is null.
 * Bytes are lower-case hexadecimal, times ISO 8601.
 */
import { toHex } from '../encoding/bytes.ts'
import { AppraisalError, type AttestationError } from '../core/errors.ts'
import type { EvidenceResult } from '../index.ts'
import type { EarResult } from '../rats/ear.ts'
import type { SignedReferenceValues } from '../reference/index.ts'
import { UsageError } from './failures.ts'

/**
 * @param format the verifier that was asked; null when it did not come to that
 * @param signed where the reference values came from, if they are signed
 * @param isSecondAsked whether a second opinion had to agree
 */
export function verdictToJson(
  verdict: EvidenceResult | EarResult | AttestationError | UsageError,
  format: string | null = null,
  signed?: SignedReferenceValues,
  isSecondAsked = false,
): string {
  const failed = verdict instanceof Error ? verdict : undefined
  const result = verdict instanceof Error ? undefined : verdict
  const checks = verdict instanceof UsageError ? [] : verdict.checks
  const code = failed instanceof UsageError ? 'usage' : failed?.code
  return stringify({
    verdict: result ? 'verified' : failed instanceof UsageError ? 'error' : 'refused',
    error: failed?.name,
    code,
    message: failed?.message,
    failures: failed instanceof AppraisalError ? failed.failures.map(({ id }) => id) : code === undefined ? [] : [code],
    skipped: checks.filter(({ outcome }) => outcome === 'skipped').map(({ id }) => id),
    format,
    // Only where it was asked for, and it came to that.
    secondOpinion: result && isSecondAsked ? 'agrees' : /^second-opinion-(.+)$/.exec(code ?? '')?.[1],
    matched: result?.matched,
    reference: signed && {
      id: signed.id,
      product: signed.product,
      version: signed.version,
      signers: signed.signers,
      validUntil: signed.validUntil,
    },
    verifiedAt: result?.verifiedAt,
    timeSource: result?.timeSource,
    attestedAt: result?.attestedAt,
    clockOffsetSeconds: result?.clockOffsetSeconds,
    validUntil: result?.validUntil,
    publicKey: result?.publicKey,
    claims: result?.claims,
    checks,
  })
}

/**
 * JSON without anything that a terminal would act upon. CBOR maps come out as lists of pairs: their
 * keys need not be text.
 */
export function stringify(value: unknown): string {
  const text = JSON.stringify(
    value,
    (_key, part: unknown) => {
      if (part instanceof Uint8Array) return toHex(part)
      // Bits: no number of JSON holds 64 of them.
      if (typeof part === 'bigint') return `0x${part.toString(16)}`
      return part instanceof Map ? [...(part as Map<unknown, unknown>)] : (part ?? null)
    },
    2,
  )
  return text.replace(/[^\n\P{C}]|[\p{Zl}\p{Zp}]/gu, (character) =>
    character
      .split('')
      .map((unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`)
      .join(''),
  )
}
