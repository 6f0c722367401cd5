/**
 * Known differences: what ours refuses and theirs accepts. Each is one line with a reason; a
 * difference that is not listed fails, and so does a line that nothing uses any more.
 */
import { expect } from 'vitest'
import { VerificationError } from '../../src/core/errors.ts'
import { skipLine } from './corpus.ts'

/** What our refusal looks like (`code: message`), and why we refuse what the other reader takes. */
export type KnownDifferences = readonly (readonly [refusal: RegExp, why: string])[]

/** What became of one input in both readers. */
export interface Comparison {
  readonly name: string
  /** Our value in a notation that can be compared, or `undefined` when we refused. */
  readonly ours: string | undefined
  /** `code: message` of our refusal. */
  readonly refusal: string
  /** Their value, or `undefined` when they refused. */
  readonly theirs: string | undefined
  readonly theirRefusal: string
}

/** Runs both readers. Ours may only throw `VerificationError`. */
export function compare(name: string, ours: () => string, theirs: () => string): Comparison {
  let value: string | undefined
  let refusal = ''
  try {
    value = ours()
  } catch (error) {
    if (!(error instanceof VerificationError)) throw error
    refusal = `${error.code}: ${error.message}`
  }
  return { name, ours: value, refusal, ...attempt(theirs) }
}

/**
 * The sentences that every differential test here has to prove.
 * @param isComplete whether all inputs are here that the table was written for
 */
export function expectAgreement(
  comparisons: readonly Comparison[],
  known: KnownDifferences,
  isComplete = skipLine === undefined,
): void {
  // What both accept is equal in value.
  expect(comparisons.flatMap(disagreement)).toEqual([])
  // What ours accepts, theirs accepts.
  const laxer = comparisons.filter(({ ours, theirs }) => ours !== undefined && theirs === undefined)
  expect(laxer.map(({ name }) => name)).toEqual([])
  // What ours refuses and theirs accepts is listed.
  const stricter = comparisons.filter(({ ours, theirs }) => ours === undefined && theirs !== undefined)
  const unknown = stricter.filter(({ refusal }) => !known.some(([pattern]) => pattern.test(refusal)))
  expect(unknown.map(({ name, refusal }) => `${name} => ${refusal}`)).toEqual([])
  // What is listed occurs.
  if (!isComplete) return
  const unused = known.filter(([pattern]) => !stricter.some(({ refusal }) => pattern.test(refusal)))
  expect(unused.map(([pattern, why]) => `${pattern.source}: ${why}`)).toEqual([])
}

/** Where two values part. */
function disagreement({ name, ours, theirs }: Comparison): string[] {
  if (ours === undefined || theirs === undefined || ours === theirs) return []
  let at = 0
  while (ours[at] === theirs[at]) at++
  const around = (text: string): string => text.slice(Math.max(0, at - 40), at + 40)
  return [`${name}: ours …${around(ours)}…, theirs …${around(theirs)}…`]
}

function attempt(body: () => string): Pick<Comparison, 'theirs' | 'theirRefusal'> {
  try {
    return { theirs: body(), theirRefusal: '' }
  } catch (error) {
    return { theirs: undefined, theirRefusal: String(error) }
  }
}
