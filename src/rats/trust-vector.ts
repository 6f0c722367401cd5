/**
 * AR4SI (draft-ietf-rats-ar4si): what a verifier may say of an attester, claim by claim, and how
 * several claims become one status.
 */
/** Eight things that can be said of an attester, each by a number from -128 to 127. */
export type TrustClaim =
  | 'instance-identity'
  | 'configuration'
  | 'executables'
  | 'file-system'
  | 'hardware'
  | 'runtime-opaque'
  | 'storage-opaque'
  | 'sourced-data'

export const trustClaims: readonly TrustClaim[] = [
  'instance-identity',
  'configuration',
  'executables',
  'file-system',
  'hardware',
  'runtime-opaque',
  'storage-opaque',
  'sourced-data',
]

/** What is said, by claim; a claim that is absent was not looked at. */
export type TrustworthinessVector = { readonly [claim in TrustClaim]?: number }

/** All of it in a word, best last but one: `none` is no verdict at all. */
export type EarStatus = 'none' | 'affirming' | 'warning' | 'contraindicated'

/** By rank. */
const statuses: readonly EarStatus[] = ['none', 'affirming', 'warning', 'contraindicated']

/** A status as JSON writes it; `undefined` for anything else, whatever objects inherit. */
export function statusOf(text: unknown): EarStatus | undefined {
  return statuses.find((status) => status === text)
}

/** The worst of several; `none` says nothing and is the mildest. */
export function worstOf(found: readonly EarStatus[]): EarStatus {
  return statuses[Math.max(0, ...found.map(rankOf))] as EarStatus
}

/** Whether `status` promises more than `worst` allows. `none` promises nothing. */
export function isBetter(status: EarStatus, worst: EarStatus): boolean {
  return status !== 'none' && rankOf(status) < rankOf(worst)
}

/** Section 3 of the draft: where a value belongs. */
function tierOf(value: number): EarStatus {
  if (value > -2 && value < 2) return 'none'
  if (value >= -32 && value < 32) return 'affirming'
  return value >= -96 && value < 96 ? 'warning' : 'contraindicated'
}

/** The status of a vector: its worst claim. */
export function statusOfVector(vector: TrustworthinessVector): EarStatus {
  return worstOf(Object.values(vector).map(tierOf))
}

/**
 * A vector as JSON writes it; `undefined` where it is empty, has a ninth claim, or a value that is
 * no signed byte.
 */
export function readVector(value: unknown): TrustworthinessVector | undefined {
  const isObject = typeof value === 'object' && value !== null && !Array.isArray(value)
  const entries = isObject ? Object.entries(value as Readonly<Record<string, unknown>>) : []
  const isSound = entries.every(
    ([name, level]) =>
      trustClaims.some((claim) => claim === name) &&
      Number.isInteger(level) &&
      (level as number) >= -128 &&
      (level as number) <= 127,
  )
  return isSound && entries.length > 0 ? Object.fromEntries(entries) : undefined
}

const rankOf = (status: EarStatus): number => statuses.indexOf(status)
