/**
 * The registers, against what the visitor expects.
 */
import { toHex } from '../../bytes.ts'
import { type Child, h } from '../../dom.ts'
import type { NitroOutcome as Outcome } from './outcome.ts'
import { type Build, registersOf } from './policy.ts'
import { registerRow, registerTable, type Row } from '../../register-table.ts'
import { meaningOf } from './words.ts'

export function pcrsView({ evidence, policy, result }: Outcome): Child {
  if (evidence === undefined) return undefined
  const build = buildOf(policy.builds, result?.matched)
  const isInstance = evidence.kind !== 'enclave'
  const names = [...new Set([...Object.keys(evidence.pcrs), ...(build ? registersOf(build) : [])])]
  const rows = names
    .sort((a, b) => Number(a.slice(3)) - Number(b.slice(3)))
    .map((register) => {
      const bytes = evidence.pcrs[register as 'PCR0']
      const value = bytes === undefined ? '' : toHex(bytes)
      return registerRow({ register, meaning: meaningOf(register, isInstance), value }, build?.[register as 'PCR0'])
    })
  const isIdle = ({ register, state }: Row): boolean =>
    state === 'zero' && ![0, 1, 2, 3, 4, isInstance ? 7 : 8].includes(Number(register.slice(3)))
  const idle = rows.filter(isIdle).map(({ register }) => Number(register.slice(3)))
  return h(
    'div',
    {},
    policy.builds.length > 1 &&
      h(
        'p',
        { class: 'note' },
        result === undefined
          ? `None of ${policy.builds.length} builds matches; compared with the first.`
          : `Compared with the one of ${policy.builds.length} builds that matches.`,
      ),
    registerTable(
      rows.filter((row) => !isIdle(row)),
      idle.length > 0 ? `${ranges(idle)}: zero, nothing was measured into them.` : undefined,
    ),
  )
}

/**
 * The build that matched: by its name, else by its index; the first where none did, as the
 * library's message has it.
 */
function buildOf(builds: readonly Build[], matched: string | number | undefined): Build | undefined {
  return builds.find(({ name }, i) => (name ?? i) === matched) ?? builds[0]
}

/** `PCR5 to PCR7, PCR9`. */
export function ranges(indexes: readonly number[]): string {
  const runs: [number, number][] = []
  for (const index of indexes) {
    const last = runs.at(-1)
    if (last?.[1] === index - 1) last[1] = index
    else runs.push([index, index])
  }
  return runs.map(([from, to]) => (from === to ? `PCR${from}` : `PCR${from} to PCR${to}`)).join(', ')
}
