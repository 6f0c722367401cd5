/**
 * `veritee verify`: from the command line to a verifier, and its verdict as a checklist or as JSON.
 */
import { AttestationError } from '../core/errors.ts'
import type { EvidenceFormat, EvidenceResult } from '../index.ts'
import { verifyNitro } from '../formats/aws/nitro/index.ts'
import { verifyNitroTpm } from '../formats/aws/nitro-tpm/index.ts'
import type { SignedReferenceValues } from '../reference/index.ts'
import { inWordsOfTheCommand, nsmOptionFormats, parseOne, policyOf, type Values, verifyOptions } from './arguments.ts'
import { exitCodeOf, failureOf, UsageError } from './failures.ts'
import { formatOf, formatsAsked, type Verifier } from './formats/asked.ts'
import { readEvidence } from './input.ts'
import { verdictToJson } from './json.ts'
import { quoteOptionFormats, quoteOptions, quoteVerifier, spokenOfQuotes } from './formats/intel/arguments.ts'
import { printVerdict } from './report.ts'

/** A verifier, and where its reference values came from, if they are signed. */
interface Request {
  readonly verify: Verifier
  readonly signed?: SignedReferenceValues | undefined
}

/** @returns 0, 2 or 3 @throws UsageError */
export async function verify(args: string[]): Promise<number> {
  const { path, values } = parseOne('verify', args, { ...verifyOptions, ...quoteOptions })
  const asked = formatsAsked(values, { ...nsmOptionFormats, ...quoteOptionFormats })
  const [first] = asked
  // Where the evidence has no say in it, mistakes on the command line come before it is read.
  const isSaid = first !== undefined && (asked.length === 1 || asked.join() === 'nitro,nitro-tpm')
  const early = isSaid ? await requestOf(values, first) : undefined
  const evidence = await readEvidence(path)
  const format = attempt(() => formatOf(evidence, asked))
  const request = early ?? (typeof format === 'string' ? await requestOf(values, format) : undefined)
  const verdict = typeof format !== 'string' ? format : await run(request as Request, evidence, values)
  if (verdict instanceof UsageError) throw verdict
  console.log(
    values['json'] === true
      ? verdictToJson(verdict, typeof format === 'string' ? format : null, request?.signed)
      : printVerdict(verdict, { ownRoot: values['root'] !== undefined, signed: request?.signed }),
  )
  return verdict instanceof Error ? exitCodeOf(verdict) : 0
}

async function requestOf(values: Values, format: EvidenceFormat): Promise<Request> {
  if (format === 'tdx' || format === 'sgx') return { verify: await quoteVerifier(values, format) }
  const { options, signed } = await policyOf(values, format)
  if (format === 'nitro') return { verify: (evidence) => verifyNitro(evidence, options), signed }
  const { debug, ...others } = options
  if (debug !== undefined) throw new UsageError('--allow-debug is about enclaves: nitro-tpm has no debug mode')
  return { verify: (evidence) => verifyNitroTpm(evidence, others), signed }
}

async function run({ verify: ask }: Request, evidence: Uint8Array, values: Values): Promise<EvidenceResult | Failed> {
  try {
    return await ask(evidence)
  } catch (error) {
    return error instanceof TypeError ? inWordsOfTheCommand(error, values, spokenOfQuotes) : failureOf(error)
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
