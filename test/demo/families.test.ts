/**
 * Tokens of Arm and phones on the demo page, without a page: the verdict on every fixture, the words
 * for all of it, and what is missing as a step to take.
 */
import { readdirSync, readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { stateOfFixture } from '../../demo/fixture-states.ts'
import { allowances } from '../../demo/page/formats/arm/policy.ts'
import { tokenPolicyOf } from '../../demo/page/formats/arm/policy.ts'
import { phonePolicyOf } from '../../demo/page/formats/phones/policy.ts'
import { emptyState, type State } from '../../demo/page/state.ts'
import type { EvidenceFormat } from '../../src/index.ts'
import { meansAt, rootFile, type Shown, shownOf } from './support.ts'

const formats = ['cca', 'psa', 'android-key', 'app-attest'] as const
const folder = new URL('../../fixtures/', import.meta.url)
const cases = formats.flatMap((format) =>
  readdirSync(new URL(format, folder), { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => ({ format, name })),
)
const means = meansAt(new Date('2026-06-01T00:00:00Z'), rootFile)

interface AnyExpected {
  readonly verdict: 'valid' | { readonly code: string }
}
const expectedOf = (format: string, name: string): AnyExpected =>
  JSON.parse(readFileSync(new URL(`${format}/${name}/expected.json`, folder), 'utf8')) as AnyExpected

const stateOf = (format: EvidenceFormat, name: string): State =>
  stateOfFixture(format, expectedOf(format, name), {
    evidence: readFileSync(new URL(`${format}/${name}/evidence.bin`, folder)),
    endorsements: '',
    log: '',
  })
const shown = (format: EvidenceFormat, name: string, change: Partial<State> = {}): Promise<Shown> =>
  shownOf({ ...stateOf(format, name), ...change }, means)

/** What the page has no field for. */
const beyond = ['android-key/valid-own-system']

describe('verdicts', () => {
  test.each(cases.filter(({ format, name }) => !beyond.includes(`${format}/${name}`)))(
    '$format $name, in words',
    async ({ format, name }) => {
      const { verdict: wanted } = expectedOf(format, name)
      const { verdict, outcome, family } = await shown(format, name)
      expect(verdict.code).toBe(wanted === 'valid' ? 'valid' : wanted.code)
      // Made for this project: never called sound, whatever the policy.
      const isSkipped = verdict.tone === 'todo'
      expect(isSkipped || verdict.tone === (wanted === 'valid' ? 'fixture' : 'bad')).toBe(true)
      expect(verdict.headline).toMatch(/^[A-Z].*\.$/)
      expect(verdict.detail).not.toBe('')
      if (wanted !== 'valid')
        expect(verdict.facts.map(({ state }) => state).some((state) => state !== 'yes')).toBe(true)
      const { stages, wordsOf } = family.words(format)
      for (const { id, stage, outcome: came } of outcome.checks) {
        const own = stages.filter((one) => one.stage === stage).flatMap(({ plan }) => plan)
        // A page's credential has checks beside those of every phone.
        if (id.startsWith('webauthn-') || came === 'skipped') continue
        if (wanted === 'valid')
          expect({ stage, id, plan: own }).toMatchObject({
            plan: expect.arrayContaining([wordsOf(id).part ?? id]) as unknown,
          })
        expect(wordsOf(id).fails).toMatch(/\.$/)
      }
    },
  )

  test('facts that were checked before a refusal keep their tick', async () => {
    const { verdict } = await shown('cca', 'other-binding')
    expect(verdict.facts).toEqual(
      expect.arrayContaining([
        { label: 'Well formed', state: 'yes' },
        { label: 'You have its maker’s key', state: 'yes' },
        { label: 'Signed by a fixture key', state: 'no' },
        { label: 'Answers your nonce', state: 'open' },
      ]),
    )
    const phone = await shown('android-key', 'unlocked')
    expect(phone.verdict.facts).toEqual(
      expect.arrayContaining([
        { label: 'Not revoked', state: 'yes' },
        { label: 'Kept by hardware', state: 'yes' },
        { label: 'Locked, with a verified system', state: 'no' },
      ]),
    )
  })
})

describe('what is missing is a step to take, and no alarm', () => {
  test.each([
    ['cca', { anchors: '' }, 'anchor-unknown', 'Paste the key'],
    ['psa', { anchors: '' }, 'anchor-unknown', 'Paste the key'],
    ['android-key', { collateral: '' }, 'endorsement-missing', 'Copy the command'],
    ['app-attest', { clientData: '' }, 'app-attest-nonce', 'Paste the client data'],
  ] as const)('%s', async (format, change, code, label) => {
    const { verdict, outcome } = await shown(format, 'valid', change)
    expect(verdict).toMatchObject({ tone: 'todo', code })
    expect(verdict.headline).toMatch(/^Not verified yet: /)
    expect(verdict.actions[0]?.label).toBe(label)
    // No view of it says that anyone vouches for what is shown.
    if (format !== 'android-key') expect(outcome.isAuthentic).toBe(false)
  })

  test('a forged phone is an alarm, list or no list', async () => {
    const { verdict } = await shown('android-key', 'other-signer', { collateral: '' })
    expect(verdict).toMatchObject({ tone: 'bad', code: 'cert-chain-signature' })
  })

  test('going without the list is said', async () => {
    const { verdict } = await shown('android-key', 'valid', { collateral: '', allowed: 'no-revocation' })
    expect(verdict.code).toBe('valid')
    expect(verdict.caveats).toContain('Keys that are known to have leaked were accepted.')
  })
})

describe('what is entered', () => {
  test.each<[Partial<State>, string, RegExp]>([
    [{ anchors: '{' }, 'anchors', /complete JSON/],
    [{ anchors: '5' }, 'anchors', /a JSON object, or a list/],
    [{ firmware: '[1]' }, 'firmware', /a JSON object, or a list/],
    [{ reference: 'rim abab' }, 'reference', /^Write rim and 64/],
    [{ freshness: 'nonce', nonce: 'abab' }, 'nonce', /has 64 bytes, this has 2/],
    [{ at: 'evidence' }, 'at', /^A token has no time of its own/],
  ])('a token: %j', (change, field, problem) => {
    const { problems } = tokenPolicyOf({ ...emptyState, ...change }, 'cca')
    expect(problems).toEqual([{ field, text: expect.stringMatching(problem) as string }])
  })

  test.each<['android-key' | 'app-attest', Partial<State>, string, RegExp]>([
    ['android-key', { reference: 'package x' }, 'reference', /^Name the package and who signed it/],
    ['android-key', { reference: 'signer ab' }, 'reference', /^Write package and its name/],
    ['android-key', { patchLevel: '202613' }, 'patchLevel', /^Write year and month/],
    ['android-key', { page: 'example.com' }, 'page', /^Write the domain and its origins/],
    ['android-key', { freshness: 'nonce' }, 'nonce', /^Enter the challenge/],
    ['app-attest', { reference: 'com.example.app' }, 'reference', /^Write team and bundle/],
    ['app-attest', { clientData: '-' }, 'clientData', /hexadecimal or base64/],
  ])('a phone: %s %j', (kind, change, field, problem) => {
    const { problems } = phonePolicyOf({ ...emptyState, ...change }, kind)
    expect(problems).toEqual([{ field, text: expect.stringMatching(problem) as string }])
  })

  test('lines are applications, too', () => {
    const signer = 'ab'.repeat(32)
    const android = phonePolicyOf(
      { ...emptyState, reference: `package dev.a\npackage dev.b\nsigner ${signer}` },
      'android-key',
    )
    expect(android.policy.applications).toEqual([{ packageName: ['dev.a', 'dev.b'], signers: [signer] }])
    const apple = phonePolicyOf({ ...emptyState, reference: 'ABCDE12345.dev.a\nABCDE12345.dev.b' }, 'app-attest')
    expect(apple.policy.applications).toEqual([{ appId: 'ABCDE12345.dev.a' }, { appId: 'ABCDE12345.dev.b' }])
  })

  test('what a link allows are words that are known, and no others', () => {
    const { policy } = tokenPolicyOf({ ...emptyState, allowed: 'everything,provisioning,__proto__' }, 'cca')
    expect(policy).toMatchObject({ accepted: ['provisioning'], testKeys: false })
    expect(Object.keys(allowances)).toHaveLength(5)
  })
})
