/**
 * `veritee`: for callers that meet several formats. A page that knows its format imports that one
 * alone.
 */
import { VerificationError } from './core/errors.ts'
import { isPlainObject, requireOption } from './core/options.ts'
import { copyBytes, isBytes } from './encoding/bytes.ts'
import { copyEvidence } from './formats/options.ts'
import {
  carriers,
  type EvidenceCarrier,
  type EvidenceFormat,
  type EvidenceOptions,
  type EvidenceResult,
  formats,
} from './formats/table.ts'

export { skipFreshness } from './appraisal/freshness.ts'
export * from './formats/common.ts'
export { warmUp } from './crypto/warm-up.ts'
export { allowDebug, atEvidenceTime, type CommonOptions, type Freshness } from './formats/options.ts'
export type { EndorsementCache } from './x509/endorsement-cache.ts'
export type * from './formats/table.ts'

/** The rows as this file uses them: options and result of each are types of its own, and too many to multiply. */
interface Row {
  readonly name: EvidenceFormat
  readonly looksLike: (evidence: Uint8Array<ArrayBuffer>) => boolean
  readonly load: () => Promise<unknown>
}
const rows: readonly Row[] = formats
const names = /* @__PURE__ */ rows.map(({ name }) => name)

/**
 * Tells the format from the shape of the bytes. It is a guess about unverified input: good for
 * choosing a verifier, for nothing else.
 * @returns a format; a carrier for evidence inside a cloud's wrapping, which a function of its own
 *   verifies; `undefined` when the bytes look like nothing that is known here
 * @throws TypeError when `evidence` is not a `Uint8Array`
 */
export function detectFormat(evidence: Uint8Array): EvidenceFormat | EvidenceCarrier | undefined {
  const bytes = copyEvidence(evidence)
  return (rows.find(({ looksLike }) => looksLike(bytes)) ?? carriers.find(({ looksLike }) => looksLike(bytes)))?.name
}

/**
 * A copy down to the bytes: what the caller changes while a format is being loaded has no effect.
 * Caches and functions stay the caller's. Copies of objects inherit nothing: what code on the page
 * has put on `Object.prototype` is no option.
 */
function copyOptions(value: unknown): unknown {
  if (isBytes(value)) return copyBytes(value)
  if (value instanceof Date) return new Date(value.getTime())
  if (Array.isArray(value)) return [...(value as unknown[])].map(copyOptions)
  // A cache is the caller's, and so is all else that is no plain object.
  if (!isPlainObject(value)) return value
  const entries = Object.entries(value).map(([key, own]) => [key, copyOptions(own)] as const)
  return Object.assign(Object.create(null) as object, Object.fromEntries(entries))
}

/**
 * The first byte of a record (CMW, RFC 9999): an array of two or three, a tag of a content format,
 * or `[` of JSON. No format begins so.
 */
const beginsLikeWrapper = ([first]: Uint8Array): boolean => [0x82, 0x83, 0xda, 0x5b].includes(first ?? 0)

/**
 * Verifies evidence of any format that `options` has an entry for. A format's code is loaded when
 * its evidence is first met. Evidence may come in a record (CMW, RFC 9999) that calls it
 * `application/eat+cwt`; a collection of several is for the caller to take apart (`veritee/cmw`).
 * @throws VerificationError `format-unknown`, `format-refused`, or what the format's verifier
 *   throws
 * @throws AppraisalError as the format's verifier does
 * @throws TypeError when the options are wrong
 */
export async function verifyEvidence(evidence: Uint8Array, options: EvidenceOptions): Promise<EvidenceResult> {
  const given = copyEvidence(evidence)
  requireOption('options', 'a plain object', isPlainObject(options))
  const accepted = copyOptions(options) as EvidenceOptions
  const keys = Object.keys(accepted)
  const isFormat = (key: string): boolean => names.some((known) => known === key)
  requireOption('options', `entries for formats: ${names.join(', ')}`, keys.length > 0 && keys.every(isFormat))
  const bytes = beginsLikeWrapper(given) ? (await import('./rats/wrapped-evidence.ts')).evidenceIn(given) : given
  const carrier = carriers.find(({ looksLike }) => looksLike(bytes))
  if (carrier !== undefined)
    throw new VerificationError(
      'format-refused',
      `the evidence is inside ${carrier.name}: ${carrier.verifier} takes it, with what belongs to it`,
    )
  const format = rows.find(({ looksLike }) => looksLike(bytes))
  if (format === undefined) throw new VerificationError('format-unknown', `the evidence is none of ${names.join(', ')}`)
  const { name, load } = format
  const own: unknown = Object.hasOwn(accepted, name) ? accepted[name] : undefined
  if (own === undefined)
    throw new VerificationError(
      'format-refused',
      `the evidence is of format ${name}, which the options have no entry for`,
    )
  // The row has both: its verifier takes the options of its name.
  const verify = (await load()) as (evidence: Uint8Array, options: unknown) => Promise<EvidenceResult>
  return verify(bytes, own)
}
