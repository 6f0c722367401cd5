/**
 * `veritee`: for callers that meet several formats. A page that knows its format imports that one alone.
 */
import { copyBytes, isBytes } from './encoding/bytes.ts'
import { decodeCbor, isCborMap } from './encoding/cbor.ts'
import { decodeSign1 } from './encoding/cose.ts'
import { AttestationError, VerificationError } from './errors.ts'
import type { NitroOptions, NitroResult } from './formats/nitro/index.ts'
import type { NitroTpmOptions, NitroTpmResult } from './formats/nitro-tpm/index.ts'
import { copyEvidence, isPlainObject, requireOption } from './formats/options.ts'

export * from './formats/common.ts'
export type { NitroOptions, NitroResult } from './formats/nitro/index.ts'
export type { NitroTpmOptions, NitroTpmResult } from './formats/nitro-tpm/index.ts'

/** The kinds of evidence that this version verifies. */
export type EvidenceFormat = 'nitro' | 'nitro-tpm'

/** Options per format: evidence of a format without options is refused. */
export interface EvidenceOptions {
  readonly nitro?: NitroOptions
  readonly 'nitro-tpm'?: NitroTpmOptions
}

/** The result of whichever format it was; `format` tells. */
export type EvidenceResult = NitroResult | NitroTpmResult

const formats = ['nitro', 'nitro-tpm'] as const satisfies readonly EvidenceFormat[]

/**
 * Tells the format from the shape of the bytes. It is a guess about unverified input: good for choosing a verifier, for nothing else.
 * @returns `undefined` when the bytes look like no format that is known here
 * @throws TypeError when `evidence` is not a `Uint8Array`
 */
export function detectFormat(evidence: Uint8Array): EvidenceFormat | undefined {
  const bytes = copyEvidence(evidence)
  if (bytes.length > 32_768) return undefined
  try {
    const payload = decodeCbor(decodeSign1(bytes).payload, { name: 'payload', code: 'format-unknown' })
    if (!isCborMap(payload) || !payload.has('module_id')) return undefined
    return payload.has('nitrotpm_pcrs') ? 'nitro-tpm' : 'nitro'
  } catch (error) {
    if (error instanceof AttestationError) return undefined
    throw error
  }
}

/** A copy down to the bytes: what the caller changes while a format is being loaded has no effect. Caches and functions stay the caller's. */
function copyOptions(value: unknown): unknown {
  if (isBytes(value)) return copyBytes(value)
  if (value instanceof Date) return new Date(value.getTime())
  if (Array.isArray(value)) return [...(value as unknown[])].map(copyOptions)
  // A cache is the caller's; so is whatever else is no plain object.
  if (!isPlainObject(value)) return value
  return Object.fromEntries(Object.entries(value).map(([key, own]) => [key, copyOptions(own)]))
}

/**
 * Verifies evidence of any format that `options` has an entry for. A format's code is loaded when its evidence is first met.
 * @throws VerificationError `format-unknown`, `format-refused`, or what the format's verifier throws
 * @throws AppraisalError as the format's verifier does
 * @throws TypeError when the options are wrong
 */
export async function verifyEvidence(evidence: Uint8Array, options: EvidenceOptions): Promise<EvidenceResult> {
  const bytes = copyEvidence(evidence)
  requireOption('options', 'a plain object', isPlainObject(options))
  const accepted = copyOptions(options) as EvidenceOptions
  const keys = Object.keys(accepted)
  const isFormat = (key: string): boolean => formats.some((known) => known === key)
  requireOption('options', `entries for formats: ${formats.join(', ')}`, keys.length > 0 && keys.every(isFormat))
  const format = detectFormat(bytes)
  if (format === undefined)
    throw new VerificationError('format-unknown', `the evidence is none of ${formats.join(', ')}`)
  const refused = (): VerificationError =>
    new VerificationError('format-refused', `the evidence is of format ${format}, which the options have no entry for`)
  switch (format) {
    case 'nitro': {
      if (accepted.nitro === undefined) throw refused()
      const { verifyNitro } = await import('./formats/nitro/index.ts')
      return verifyNitro(bytes, accepted.nitro)
    }
    case 'nitro-tpm': {
      if (accepted['nitro-tpm'] === undefined) throw refused()
      const { verifyNitroTpm } = await import('./formats/nitro-tpm/index.ts')
      return verifyNitroTpm(bytes, accepted['nitro-tpm'])
    }
  }
}
