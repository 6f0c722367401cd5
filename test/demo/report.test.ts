/**
 * Reports of SEV-SNP on the demo page, without a page: what visitors enter, the verdict on every
 * fixture, and the words for all of it.
 */
import { readdirSync, readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { reportOutcomeOf } from '../../demo/page/formats/amd/outcome.ts'
import { allowances, readReportBuilds, reportPolicyOf } from '../../demo/page/formats/amd/policy.ts'
import { reportFactsOf, reportVerdictOf } from '../../demo/page/formats/amd/verdict.ts'
import { advisoryMeanings } from '../../demo/page/formats/amd/view-tcb.ts'
import { amdCodes, stages, wordsOf } from '../../demo/page/formats/amd/words.ts'
import { placeOf } from '../../demo/page/files.ts'
import { familyOf } from '../../demo/page/formats/table.ts'
import type { Action } from '../../demo/page/verdict.ts'
import { emptyState, fromFragment, type State, toFragment } from '../../demo/page/state.ts'
import { stateOfFixture } from '../../demo/fixture-states.ts'
import { meansAt, rootFile } from './support.ts'
import type { ExpectedSnp } from '../../fixtures/expected-snp.ts'

const folder = new URL('../../fixtures/sev-snp/', import.meta.url)
const file = (path: string): Uint8Array<ArrayBuffer> => new Uint8Array(readFileSync(new URL(path, folder)))
const text = (path: string): string => new TextDecoder().decode(file(path))
const names = readdirSync(folder, { withFileTypes: true }).flatMap((entry) => (entry.isDirectory() ? [entry.name] : []))
const expectedOf = (name: string): ExpectedSnp => JSON.parse(text(`${name}/expected.json`)) as ExpectedSnp
const clock = new Date('2026-06-01T00:00:00Z')
const digits = 'ab'.repeat(48)

const stateOf = (name: string, change: Partial<State> = {}): State => ({
  ...stateOfFixture('sev-snp', expectedOf(name), {
    evidence: file(`${name}/evidence.bin`),
    endorsements: text(`${name}/endorsements.json`),
    log: '',
  }),
  ...change,
})
async function outcomeOf(name: string, change: Partial<State> = {}): ReturnType<typeof reportOutcomeOf> {
  const { policy, problems } = reportPolicyOf(stateOf(name, change))
  expect(problems).toEqual([])
  return reportOutcomeOf(file(`${name}/evidence.bin`), policy, meansAt(clock, rootFile))
}

const changesOf = (actions: readonly Action[]): readonly unknown[] =>
  actions.flatMap((action) => ('change' in action ? [action.change] : []))

test('reports are told from everything else as the library tells them', () => {
  for (const name of names) {
    const bytes = file(`${name}/evidence.bin`)
    if (name === 'unknown-version') continue
    expect({ name, found: familyOf(bytes) }).toMatchObject({ name, found: { format: 'sev-snp' } })
  }
  const head = (content: string): Uint8Array<ArrayBuffer> =>
    new Uint8Array(new TextEncoder().encode(content.slice(0, 512)))
  expect(placeOf(head(text('valid/endorsements.json')))).toBe('collateral')
  expect(placeOf(head('{"measurement": "00"}'))).toBe('reference')
})

/** What no field of the page asks for: platforms, clouds. */
const unasked = ['another-machine', 'valid-known-machine', 'valid-vlek', 'unknown-version']

describe('verdicts', () => {
  test.each(names.filter((name) => !unasked.includes(name)))('%s', async (name) => {
    const { verdict } = expectedOf(name)
    const outcome = await outcomeOf(name)
    const shown = reportVerdictOf(outcome)
    expect(shown.code).toBe(verdict === 'valid' ? 'valid' : verdict.code)
    expect(shown.tone).toBe(verdict === 'valid' ? 'fixture' : 'bad')
    expect(shown.headline).toMatch(/^[A-Z].*\.$/s)
    const [signer] = reportFactsOf(outcome).slice(2)
    expect(signer?.state === 'yes').toBe(outcome.isAuthentic)
    // What was read of a genuine report is shown, whatever was expected of it.
    expect(outcome.claims !== undefined).toBe(outcome.isAuthentic)
  })

  test('under the pinned roots a fixture is none of AMD’s, and the page says how to look at it', async () => {
    const { headline, actions } = reportVerdictOf(await outcomeOf('valid', { root: 'pinned' }))
    expect(headline).toBe('It does not come from a trusted root.')
    expect(changesOf(actions)).toEqual([{ root: 'fixture' }])
  })

  test.each([
    ['milan', 'Milan'],
    ['no-alias-check', 'alias'],
    ['provisional', 'provisional'],
    ['migratable', 'migration'],
    ['asked-at-vmpl-2', 'vmpl'],
  ])('%s can be allowed by one click: %s', async (name, word) => {
    const refused = reportVerdictOf(await outcomeOf(name))
    expect(changesOf(refused.actions)).toEqual([{ allowed: word }])
    const accepted = reportVerdictOf(await outcomeOf(name, { allowed: word }))
    expect(accepted.code).toBe('valid')
    expect(accepted.caveats.length).toBeGreaterThan(2)
  })

  test('without endorsements it says how to get them', async () => {
    const { headline, detail } = reportVerdictOf(await outcomeOf('valid', { collateral: '' }))
    expect(headline).toBe('Not verified yet: what AMD says of its key is missing.')
    expect(detail).toContain('npx veritee endorsements')
  })

  test('without a minimum nothing is said of updates', async () => {
    const open = await outcomeOf('valid')
    expect(reportFactsOf(open)[3]).toEqual({ label: 'Platform up to your minimum', state: 'open' })
    const met = await outcomeOf('valid', { minimumTcb: 'snp 27, microcode 0x58' })
    expect(reportFactsOf(met)[3]?.state).toBe('yes')
    const below = await outcomeOf('valid', { minimumTcb: 'microcode 89' })
    expect(reportFactsOf(below)[3]?.state).toBe('no')
    const turin = await outcomeOf('valid', { minimumTcb: 'fmc 1' })
    expect(reportVerdictOf(turin).code).toBe('valid')
  })
})

describe('what is entered', () => {
  test.each([
    [`measurement ${digits}`, [{ measurement: digits }]],
    [digits, [{ measurement: digits }]],
    [`MEASUREMENT=0x${digits.toUpperCase()}\nhost_data: any`, [{ measurement: digits, hostData: 'any' }]],
    [
      `{"name": "blue", "measurement": "${digits}", "idKeyDigest": "${digits}"}`,
      [{ name: 'blue', measurement: digits, idKeyDigest: digits }],
    ],
    ['', []],
  ])('%j', (entered, builds) => {
    expect(readReportBuilds(entered)).toEqual(builds)
  })

  test.each<[change: Partial<State>, field: string, problem: string]>([
    [{ reference: 'measurement ab' }, 'reference', 'measurement needs 96 hexadecimal digits, this has 2 characters.'],
    [
      { reference: `hostData ${'ab'.repeat(32)}` },
      'reference',
      'Name the measurement: nothing else says what runs there.',
    ],
    [{ reference: `mrtd ${digits}` }, 'reference', '“mrtd” is no register of SEV-SNP'],
    [{ reference: '00'.repeat(48) }, 'reference', 'A measurement of zeros is none.'],
    [{ reference: '{' }, 'reference', 'This is no complete JSON.'],
    [{ minimumTcb: 'snp' }, 'minimumTcb', 'Write it like snp 27, microcode 86.'],
    [{ minimumTcb: 'snp 300' }, 'minimumTcb', 'snp is a number from 0 to 255.'],
    [{ minimumTcb: 'snp 1, snp 2' }, 'minimumTcb', 'snp is there twice.'],
    [{ reportData: 'ab' }, 'reportData', 'Report data has 64 bytes'],
    [{ collateral: '[]' }, 'collateral', 'Endorsements are one JSON object'],
    [{ at: 'evidence' }, 'at', 'A report has no time of its own'],
  ])('%j', (change, field, problem) => {
    const { problems } = reportPolicyOf({ ...emptyState, ...change })
    expect(problems).toEqual([{ field, text: expect.stringContaining(problem) as string }])
  })

  test('what a link allows are words that are known, and no others', () => {
    const state = fromFragment(
      toFragment({ ...emptyState, allowed: 'Milan,everything,__proto__', minimumTcb: 'snp 1' }),
    )
    expect(reportPolicyOf(state).policy).toMatchObject({ allowed: ['Milan'], minimumTcb: { snp: 1 } })
    expect(Object.keys(allowances)).toHaveLength(5)
  })
})

describe('words', () => {
  test('for every check that a report can have, in the order they are made', async () => {
    const planned = stages.flatMap(({ plan }) => plan)
    const made = (await outcomeOf('valid-extended')).checks.map(({ id }) => id)
    expect(made.filter((id) => !planned.includes(wordsOf(id).part ?? id))).toEqual([])
    const order = made.map((id) => planned.indexOf(id))
    // A code can be checked twice: its place is that of the first.
    const first = order.filter((place, i) => order.indexOf(place) === i)
    expect(new Set(first)).toEqual(new Set(planned.map((_, i) => i)))
    for (const code of planned) expect({ code, holds: wordsOf(code).holds }).not.toEqual({ code, holds: '' })
  })

  test('are sentences, and none stands for two', () => {
    for (const code of amdCodes) {
      const { fails, why } = wordsOf(code)
      expect(fails, code).toMatch(/^[A-Z].*\.$/)
      expect(why, code).toMatch(/^[A-Z].*[.]$/)
    }
  })

  test('for every advisory that the library knows', async () => {
    const found = new Set(
      (await Promise.all(names.map((name) => outcomeOf(name).catch(() => undefined)))).flatMap(
        (one) => one?.claims?.advisories ?? [],
      ),
    )
    expect(found.size).toBeGreaterThan(3)
    for (const id of found) expect(advisoryMeanings[id], id).toMatch(/\.$/)
  })
})
