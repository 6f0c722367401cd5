/**
 * `veritee`: for callers that meet several formats. A page that knows its format imports that one alone.
 */
import { copyBytes, isBytes } from './encoding/bytes.ts'
import { decodeCbor, isCborMap } from './encoding/cbor.ts'
import { decodeSign1 } from './encoding/cose.ts'
import { AttestationError, VerificationError } from './errors.ts'
import type { NitroOptions, NitroResult } from './formats/nitro/index.ts'
import type { NitroTpmOptions, NitroTpmResult } from './formats/nitro-tpm/index.ts'
import type { SgxOptions, SgxResult } from './formats/sgx/index.ts'
import type { TdxOptions, TdxResult } from './formats/tdx/index.ts'
import { copyEvidence } from './formats/options.ts'
import { isPlainObject, requireOption } from './options.ts'

export * from './formats/common.ts'
export type { NitroOptions, NitroResult } from './formats/nitro/index.ts'
export type { NitroTpmOptions, NitroTpmResult } from './formats/nitro-tpm/index.ts'
export type { SgxOptions, SgxResult } from './formats/sgx/index.ts'
export type { TdxOptions, TdxResult } from './formats/tdx/index.ts'

/** The kinds of evidence that this version verifies. */
export type EvidenceFormat = 'nitro' | 'nitro-tpm' | 'tdx' | 'sgx'

/** Options per format: evidence of a format without options is refused. */
export interface EvidenceOptions {
  readonly nitro?: NitroOptions
  readonly 'nitro-tpm'?: NitroTpmOptions
  readonly tdx?: TdxOptions
  readonly sgx?: SgxOptions
}

/** The result of whichever format it was; `format` tells. */
export type EvidenceResult = NitroResult | NitroTpmResult | TdxResult | SgxResult

const formats = ['nitro', 'nitro-tpm', 'tdx', 'sgx'] as const satisfies readonly EvidenceFormat[]

/**
 * Tells the format from the shape of the bytes. It is a guess about unverified input: good for choosing a verifier, for nothing else.
 * @returns `undefined` when the bytes look like no format that is known here
 * @throws TypeError when `evidence` is not a `Uint8Array`
 */
export function detectFormat(evidence: Uint8Array): EvidenceFormat | undefined {
  const bytes = copyEvidence(evidence)
  const quote = detectQuote(bytes)
  if (quote !== undefined || bytes.length > 32_768) return quote
  try {
    const payload = decodeCbor(decodeSign1(bytes).payload, { name: 'payload', code: 'format-unknown' }, false, {
      items: 2048,
    })
    if (!isCborMap(payload) || !payload.has('module_id')) return undefined
    return payload.has('nitrotpm_pcrs') ? 'nitro-tpm' : 'nitro'
  } catch (error) {
    if (error instanceof AttestationError) return undefined
    throw error
  }
}

/** Quotes begin with version, kind of key and kind of TEE. Old ones for SGX (EPID) are found too: the verifier says what is wrong with them. */
function detectQuote(bytes: Uint8Array): 'tdx' | 'sgx' | undefined {
  const [version = 0, versionHigh, keyType = 0, keyTypeHigh, tee] = bytes
  if (bytes.length < 432 || versionHigh !== 0 || keyTypeHigh !== 0 || version < 1 || version > 5) return undefined
  if (version < 3) return keyType < 2 ? 'sgx' : undefined
  return tee === 0x81 ? 'tdx' : tee === 0 ? 'sgx' : undefined
}

/**
 * A copy down to the bytes: what the caller changes while a format is being loaded has no effect. Caches and functions stay the caller's.
 * Copies of objects inherit nothing: what code on the page has put on `Object.prototype` is nobody's option.
 */
function copyOptions(value: unknown): unknown {
  if (isBytes(value)) return copyBytes(value)
  if (value instanceof Date) return new Date(value.getTime())
  if (Array.isArray(value)) return [...(value as unknown[])].map(copyOptions)
  // A cache is the caller's; so is whatever else is no plain object.
  if (!isPlainObject(value)) return value
  const entries = Object.entries(value).map(([key, own]) => [key, copyOptions(own)] as const)
  return Object.assign(Object.create(null) as object, Object.fromEntries(entries))
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
    case 'tdx': {
      if (accepted.tdx === undefined) throw refused()
      const { verifyTdx } = await import('./formats/tdx/verify.ts')
      return verifyTdx(bytes, accepted.tdx)
    }
    case 'sgx': {
      if (accepted.sgx === undefined) throw refused()
      const { verifySgx } = await import('./formats/sgx/verify.ts')
      return verifySgx(bytes, accepted.sgx)
    }
  }
}
