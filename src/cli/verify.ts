/**
 * `veritee verify`: from the command line to a verifier, and its verdict as a checklist or as JSON.
 */
import { AttestationError } from '../core/errors.ts'
import type { EvidenceResult } from '../index.ts'
import { inWordsOfTheCommand, parseOne, type Values, verifyOptions } from './arguments.ts'
import { exitCodeOf, failureOf, UsageError } from './failures.ts'
import type { Request } from './formats/family.ts'
import { familyOf, formatOf, formatsAsked, ofAll, optionFormatsOfAll } from './formats/formats.ts'
import { readEvidence } from './input.ts'
import { verdictToJson } from './json.ts'
import { printVerdict } from './report.ts'

/** @returns 0, 2 or 3 @throws UsageError */
export async function verify(args: string[]): Promise<number> {
  const { path, values } = parseOne('verify', args, { ...verifyOptions, ...ofAll(({ options }) => options) })
  const asked = formatsAsked(values, optionFormatsOfAll())
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
  console.log(
    values['json'] === true
      ? verdictToJson(verdict, typeof format === 'string' ? format : null, request?.signed)
      : printVerdict(verdict, { ownRoot: values['root'] !== undefined, signed: request?.signed }),
  )
  return verdict instanceof Error ? exitCodeOf(verdict) : 0
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
