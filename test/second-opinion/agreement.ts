/**
 * Both opinions on one question, and the table of what they differ in.
 */
import { AttestationError, AppraisalError } from '../../src/core/errors.ts'
import { askSecondOpinion, SecondOpinionError, withSecondOpinion } from '../../src/second-opinion/index.ts'
import { type Question, verifiers } from './verifiers.ts'

/**
 * What became of a question: `accept`, `not as expected` (authentic, and an appraisal failed),
 * `refuse`.
 */
export interface Both {
  readonly name: string
  readonly first: string
  readonly second: string
  /** Why each refuses, or where the readings differ. */
  readonly why: string
}

/**
 * Asks both, each by itself; where both accept, the wrapped verifier says whether they read the
 * same.
 */
export async function askBoth({ name, format, evidence, options }: Question): Promise<Both> {
  const verify = verifiers[format]
  if (verify === undefined) throw new Error(`no verifier of ${format}`)
  let refusal: AttestationError
  try {
    await withSecondOpinion(verify)(evidence, options)
    return { name, first: 'accept', second: 'accept', why: '' }
  } catch (error) {
    if (!(error instanceof AttestationError)) throw error
    if (error instanceof SecondOpinionError)
      return { name, first: 'accept', second: error.second.says, why: error.message }
    refusal = error
  }
  const { says, code = '', message = '' } = await askSecondOpinion({ format, evidence, options })
  const second = says === 'accepts' ? 'accept' : code.startsWith('policy-') ? 'not as expected' : 'refuse'
  const first = refusal instanceof AppraisalError ? 'not as expected' : 'refuse'
  return { name, first, second, why: `first ${refusal.code}: ${refusal.message}; second ${code}: ${message}` }
}
