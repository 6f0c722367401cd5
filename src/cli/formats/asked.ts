/**
 * Which kind of evidence a command line is about. Some options make sense for some kinds only: they say what is expected, and what is expected must never
 * depend on what comes.
 */
import { VerificationError } from '../../core/errors.ts'
import { detectFormat, type EvidenceFormat, type EvidenceResult } from '../../index.ts'
import { formats as table } from '../../formats/table.ts'
import { UsageError } from '../failures.ts'

export const formats: readonly EvidenceFormat[] = table.map(({ name }) => name)

/** A verifier of the library, with everything that it is asked for. */
export type Verifier = (evidence: Uint8Array) => Promise<EvidenceResult>

/** The kinds that each option is about; options that are not here are about all. */
export type OptionFormats = Readonly<Record<string, readonly EvidenceFormat[]>>

/** The kinds that the command line can be about: one if it says which, more if it leaves that to the evidence. @throws UsageError for a contradiction */
export function formatsAsked(
  values: Readonly<Record<string, unknown>>,
  about: OptionFormats,
): readonly EvidenceFormat[] {
  const { format = 'auto' } = values
  const named = formats.filter((known) => format === 'auto' || format === known)
  if (named.length === 0) throw new UsageError(`--format must be ${formats.join(', ')} or auto`)
  return Object.keys(values).reduce((left, option) => {
    const own = about[option] ?? formats
    const both = left.filter((known) => own.includes(known))
    if (both.length > 0) return both
    const other = format === 'auto' ? `another option is about ${left.join(' and ')}` : `--format says ${left.join()}`
    throw new UsageError(`--${option} is about ${own.join(' and ')}, but ${other}`)
  }, named)
}

/**
 * Tells the format from the evidence, whose maker may be an adversary. Enclaves and instances share the names of registers, and whoever runs an
 * instance can make its PCR8 equal to that of an enclave's image: hence an instance never passes unless it was asked for by name.
 * @param asked what {@link formatsAsked} left open
 * @throws VerificationError `format-unknown`, `format-refused`
 */
export function formatOf(evidence: Uint8Array, asked: readonly EvidenceFormat[]): EvidenceFormat {
  const [only, more] = asked
  if (only !== undefined && more === undefined) return only
  // A COSE_Sign1 that is not whole goes to the verifier all the same: it says what is wrong.
  const looks = evidence[0] === 0x84 || evidence[0] === 0xd2 ? 'nitro' : undefined
  const detected = detectFormat(evidence) ?? looks
  if (detected === undefined)
    throw new VerificationError('format-unknown', `the evidence is none of ${asked.join(', ')}`)
  const format = detected === 'nitro-tpm' ? 'nitro' : detected
  if (asked.includes(format)) return format
  throw new VerificationError(
    'format-refused',
    `the evidence is of format ${detected}, the options are about ${asked.join(' and ')}`,
  )
}
