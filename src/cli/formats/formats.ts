/**
 * Which kind of evidence a command line is about. Some options make sense for some kinds only: they
 * say what is expected, and what is expected must never depend on what comes.
 */
import { VerificationError } from '../../core/errors.ts'
import { formats as table } from '../../formats/table.ts'
import { detectFormat, type EvidenceCarrier, type EvidenceFormat } from '../../index.ts'
import { UsageError } from '../failures.ts'
import { amd } from './amd.ts'
import { arm } from './arm.ts'
import { android } from './android.ts'
import { apple } from './apple.ts'
import { aws } from './aws.ts'
import type { Family, OptionFormats } from './family.ts'
import { intel } from './intel.ts'

/** Every family. What looks like nothing goes to the first one. */
export const families: readonly Family[] = [aws, intel, amd, arm, android, apple]

/** What all families say of something, in one object. */
export function ofAll<T>(of: (family: Family) => Readonly<Record<string, T>>): Readonly<Record<string, T>> {
  return Object.fromEntries(families.flatMap((family) => Object.entries(of(family))))
}

/** The kinds that each option is about: several families may share an option. */
export function optionFormatsOfAll(): OptionFormats {
  const options = Object.keys(ofAll(({ optionFormats }) => optionFormats))
  return Object.fromEntries(
    options.map((option) => [option, families.flatMap(({ optionFormats }) => optionFormats[option] ?? [])]),
  )
}

/** The family of a format. @throws UsageError for a format that only the library verifies so far */
export function familyOf(format: EvidenceFormat): Family {
  const family = families.find((known) => known.formats.includes(format))
  if (family === undefined)
    throw new UsageError(`the command line has no options for ${format}: the library verifies it`)
  return family
}

export const formats: readonly EvidenceFormat[] = table.map(({ name }) => name)

function isFormat(name: EvidenceFormat | EvidenceCarrier): name is EvidenceFormat {
  return formats.some((known) => known === name)
}

/**
 * The kinds that the command line can be about: one if it says which, more if it leaves that to the
 * evidence. @throws UsageError for a contradiction
 */
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
 * Tells the format from the evidence, whose maker may be an adversary. Enclaves and instances share
 * the names of registers, and the operator of an instance can make its PCR8 equal to that of an
 * enclave's image: hence an instance never passes unless it was asked for by name.
 * @param asked what {@link formatsAsked} left open
 * @throws VerificationError `format-unknown`, `format-refused`
 */
export function formatOf(evidence: Uint8Array, asked: readonly EvidenceFormat[]): EvidenceFormat {
  const [only, more] = asked
  if (only !== undefined && more === undefined) return only
  const detected = detectFormat(evidence) ?? families.flatMap(({ guess }) => guess(evidence) ?? [])[0]
  if (detected === undefined)
    throw new VerificationError('format-unknown', `the evidence is none of ${asked.join(', ')}`)
  if (!isFormat(detected))
    throw new VerificationError('format-refused', `the evidence is inside ${detected}: the library verifies that`)
  const format = familyOf(detected).unlessNamed ?? detected
  if (asked.includes(format)) return format
  throw new VerificationError(
    'format-refused',
    `the evidence is of format ${detected}, the options are about ${asked.join(' and ')}`,
  )
}
