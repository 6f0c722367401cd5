/**
 * `--second-opinion`: a verifier that a second, independent implementation must agree with. Its
 * libraries are loaded only when it is asked for.
 */
import type { EvidenceResult } from '../index.ts'
import type { CommandOptions, Values } from './arguments.ts'
import type { Verifier } from './formats/family.ts'

export const secondOpinionOptions: CommandOptions = { 'second-opinion': { type: 'boolean' } }

/**
 * A verifier with everything that it is asked for, and with a second opinion where the command line
 * asks for one.
 */
export async function asAsked<Options extends object>(
  values: Values,
  verify: (evidence: Uint8Array, options: Options) => Promise<EvidenceResult>,
  options: Options,
): Promise<Verifier> {
  if (!isSecondAsked(values)) return (evidence) => verify(evidence, options)
  const { withSecondOpinion } = await import('../second-opinion/index.ts')
  const wrapped = withSecondOpinion(verify)
  return (evidence) => wrapped(evidence, options)
}

export function isSecondAsked(values: Values): boolean {
  return values['second-opinion'] === true
}
