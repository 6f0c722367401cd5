/**
 * Where the two opinions differ, decided: one line each, with the reason. Nothing here is accepted
 * by the wrapped verifier: it accepts what both accept.
 */
import type { Both } from './agreement.ts'

/** What both say of it (`first/second`), what their reasons look like, and why it is so. */
export type KnownDifference = readonly [verdicts: string, why: RegExp, reason: string]

export const knownDifferences: readonly KnownDifference[] = [
  [
    'refuse/not as expected',
    /^first clock-suspect: answers our nonce, but clocks are .* apart/,
    'the verifier tells a wrong clock from a wrong document; the second opinion knows only that the document is of the future',
  ],
  [
    'accept/refuses',
    /\(cert-parse\).*: (pkijs|@peculiar\/x509) reads something else/,
    'a name whose text is none: the verifier compares names as bytes and reads no text, the libraries write it anew. Only a CA could sign it; both are right',
  ],
  [
    'accept/refuses',
    /\((cert|crl)-parse\).*: (pkijs|@peculiar\/x509) cannot read it/,
    'a name, or an extension that decides nothing, that has another shape than RFC 5280 gives it: the verifier compares it as bytes, or does not read it. Only a CA could sign it; both are right',
  ],
]

/** The lines of the table that explain a difference; `undefined` where both agree. */
export function explain(
  { first, second, why }: Both,
  known: readonly KnownDifference[] = knownDifferences,
): string | undefined {
  return known.find(([verdicts, pattern]) => verdicts === `${first}/${second}` && pattern.test(why))?.[2]
}

/** What is not explained. */
export function unexplained(all: readonly Both[], known: readonly KnownDifference[] = knownDifferences): string[] {
  return all
    .filter(
      (both) =>
        (both.first !== both.second || (both.first === 'accept' && both.why !== '')) &&
        explain(both, known) === undefined,
    )
    .map(({ name, first, second, why }) => `${name}: ${first}/${second}: ${why}`)
}
