/**
 * The page's verification without a page: what a family makes of a state, with files of the site.
 */
import { fromPasted } from '../../demo/page/bytes.ts'
import type { Family } from '../../demo/page/formats/family.ts'
import { familyOf } from '../../demo/page/formats/table.ts'
import type { Means, Outcome } from '../../demo/page/outcome.ts'
import type { State } from '../../demo/page/state.ts'
import type { Verdict } from '../../demo/page/verdict.ts'
import type { Site } from '../../demo/site.ts'
import { readFileSync } from 'node:fs'

/** Means of a visitor at some time. @param fileOf the files that the page would load */
export function meansAt(clock: Date, fileOf: (path: string) => Uint8Array): Means {
  return { clock, load: (path) => Promise.resolve(new Response(new Uint8Array(fileOf(path)))) }
}

/** Files of the site that was built. */
export const filesOf =
  (site: Site) =>
  (path: string): Uint8Array =>
    site.get(path)?.body ?? new Uint8Array()

/** Roots of fixtures, as the site has them among its samples. */
export function rootFile(path: string): Uint8Array {
  const name = path.replace('samples/', '')
  const known: Readonly<Record<string, string>> = {
    'root.der': 'nitro/root.der',
    'tdx-root.der': 'tdx/root.der',
    'sgx-root.der': 'sgx/root.der',
    'android-key-root.der': 'android-key/root.der',
    'app-attest-root.der': 'app-attest/root.der',
  }
  return readFileSync(new URL(`../../fixtures/${known[name] ?? `sev-snp/${name}`}`, import.meta.url))
}

export interface Shown {
  readonly family: Family
  readonly format: string
  readonly outcome: Outcome
  readonly verdict: Verdict
}

/** What the page would show. @throws when something entered needs a correction, or no family knows the evidence */
export async function shownOf(state: State, means: Means): Promise<Shown> {
  const bytes = fromPasted(state.evidence) ?? new Uint8Array()
  const found = familyOf(bytes, state.format)
  if (typeof found !== 'object') throw new Error(`no family has ${found ?? 'such evidence'}`)
  const { family } = await found.load()
  const { policy, problems } = await family.policy(state, found.format)
  if (problems.length > 0) throw new Error(JSON.stringify(problems))
  const outcome = await family.outcome(bytes, policy, means)
  return { family, format: found.format, outcome, verdict: family.verdict(outcome) }
}
