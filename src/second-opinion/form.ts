/**
 * Forms the second opinion on one piece of evidence.
 */
import { AttestationError } from '../core/errors.ts'
import { elapsed } from './clock.ts'
import { late, within } from './deadline.ts'
import type { Opinion } from './error.ts'
import type { Answer, Opine, Question } from './question.ts'
import { type Notes, takeNotes } from './record.ts'
import { rows } from './table.ts'

/** An opinion, and the answer that it rests on where it accepts. */
export interface Formed {
  readonly opinion: Opinion
  readonly answer: Answer | undefined
  /** What was thrown, where something was. */
  readonly cause: unknown
}

/** Longer evidence is none of any format; libraries are not asked. */
const longest = 65_536

/**
 * @param format as results name it
 * @param evidence of any type: what is no bytes has no second opinion
 * @param patienceMs how long to wait
 */
export async function formOpinion(
  format: string,
  evidence: unknown,
  question: Omit<Question, 'evidence'>,
  patienceMs: number,
): Promise<Formed> {
  const startedAt = elapsed()
  const notes = takeNotes()
  const end = (
    says: Opinion['says'],
    { error, answer }: { readonly error?: unknown; readonly answer?: Answer } = {},
    message = error instanceof Error ? error.message : undefined,
  ): Formed => ({
    opinion: Object.freeze({
      says,
      format,
      code:
        error instanceof AttestationError
          ? error.code
          : says === 'cannot say'
            ? ('second-opinion-unavailable' as const)
            : undefined,
      message,
      claims: answer?.claims,
      checks: Object.freeze([...notes.made]),
      durationMs: elapsed() - startedAt,
    }),
    answer,
    cause: error,
  })

  const row = rows().find((known) => known.format === format)
  if (row === undefined) return end('cannot say', {}, `there is none of the format ${JSON.stringify(format)}`)
  if (!(evidence instanceof Uint8Array) || evidence.length > longest)
    return end('cannot say', {}, `there is one only of evidence that is bytes, at most ${longest}`)
  let opine: Opine
  try {
    ;({ opine } = await row.load())
  } catch (error) {
    const packages = 'cbor-x, asn1js, pkijs, @peculiar/x509 and reflect-metadata'
    return end('cannot say', { error }, `its libraries cannot be loaded (are ${packages} installed?): ${String(error)}`)
  }
  const asked = attempt(opine, { ...question, evidence: Uint8Array.from(evidence) }, notes)
  const outcome = await within(asked, patienceMs)
  if (outcome === late) return end('cannot say', {}, `it was not formed within ${patienceMs / 1000} seconds`)
  return 'answer' in outcome ? end('accepts', outcome) : end('refuses', outcome)
}

/** Whatever is thrown, by a library too, is a refusal. */
async function attempt(
  opine: Opine,
  question: Question,
  notes: Notes,
): Promise<{ readonly answer: Answer } | { readonly error: unknown }> {
  try {
    return { answer: await opine(question, notes) }
  } catch (error) {
    return { error }
  }
}
