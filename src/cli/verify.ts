/**
 * `veritee verify`: from the command line to a verifier, and its verdict as a checklist or as JSON.
 */
import { AttestationError } from '../core/errors.ts'
import type { EvidenceResult } from '../index.ts'
import { type CommandOptions, inWordsOfTheCommand, parseOne, type Values, verifyOptions } from './arguments.ts'
import { exitCodeOf, failureOf, UsageError } from './failures.ts'
import type { Request } from './formats/family.ts'
import { familyOf, formatOf, formatsAsked, ofAll, optionFormatsOfAll } from './formats/formats.ts'
import { readEvidence } from './input.ts'
import { verdictToJson } from './json.ts'
import { printVerdict } from './report.ts'
import { isSecondAsked, secondOpinionOptions } from './second-opinion.ts'

/** @returns 0, 2 or 3 @throws UsageError */
export async function verify(args: string[]): Promise<number> {
  const { verdict, format, request, values } = await verdictOf('verify', args, {})
  console.log(
    values['json'] === true
      ? verdictToJson(verdict, format, request?.signed, isSecondAsked(values))
      : printVerdict(verdict, {
          ownRoot: values['root'] !== undefined,
          signed: request?.signed,
          isSecondAsked: isSecondAsked(values),
        }),
  )
  return verdict instanceof Error ? exitCodeOf(verdict) : 0
}

/** What became of evidence, and what it was asked for. */
export interface Verdict {
  readonly verdict: EvidenceResult | AttestationError
  /** The verifier that was asked; null when it did not come to that. */
  readonly format: string | null
  readonly request: Request | undefined
  readonly values: Values
  /** The file of the evidence. */
  readonly path: string
}

/** Verifies one file. @param more options beside those of `veritee verify` @throws UsageError */
export async function verdictOf(command: string, args: string[], more: CommandOptions): Promise<Verdict> {
  const own = { ...verifyOptions, ...secondOpinionOptions, ...ofAll(({ options }) => options) }
  const { path, values } = parseOne(command, args, { ...own, ...more })
  const ofVerify = Object.fromEntries(Object.entries(values).filter(([option]) => Object.hasOwn(own, option)))
  const asked = formatsAsked(ofVerify, optionFormatsOfAll())
  const [first] = asked
  // Where the evidence has no say in it, mistakes on the command line come before it is read.
  const isSaid =
    first !== undefined &&
    (asked.length === 1 ||
      (familyOf(first).unlessNamed === first && asked.every((format) => familyOf(format) === familyOf(first))))
  const early = isSaid ? await familyOf(first).request(values, first) : undefined
  const evidence = await readEvidence(path)
  const format = attempt(() => formatOf(evidence, asked))
  const request = early ?? (typeof format === 'string' ? await familyOf(format).request(values, format) : undefined)
  const verdict = typeof format !== 'string' ? format : await run(request as Request, evidence, values)
  if (verdict instanceof UsageError) throw verdict
  return { verdict, format: typeof format === 'string' ? format : null, request, values, path }
}

async function run({ verify: ask }: Request, evidence: Uint8Array, values: Values): Promise<EvidenceResult | Failed> {
  try {
    return await ask(evidence)
  } catch (error) {
    return error instanceof TypeError
      ? inWordsOfTheCommand(
          error,
          values,
          ofAll(({ spoken }) => spoken),
        )
      : failureOf(error)
  }
}

type Failed = ReturnType<typeof failureOf>

/** What is wrong with the evidence is a verdict. */
function attempt<T>(body: () => T): T | AttestationError {
  try {
    return body()
  } catch (error) {
    if (error instanceof AttestationError) return error
    throw error
  }
}
