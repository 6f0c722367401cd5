/**
 * The demo page as visitors use it, in three browsers: every sample and every attack of the demo enclave gives its verdict, the policy of the page
 * is never violated, and nothing that was entered is sent anywhere.
 */
import { readFileSync } from 'node:fs'
import { beforeAll, describe, expect, test } from 'vitest'
import { attacks } from '../../demo/page/attacks.ts'
import { samples } from '../../demo/page/samples.ts'
import { emptyState, toFragment } from '../../demo/page/state.ts'
import { day, moment } from '../../demo/page/time.ts'
import { buildSite, type Site } from '../../demo/site.ts'
import type { Expected } from '../../fixtures/expected.ts'
import { browsers } from '../portable/browsers.ts'
import { makeFolder, removeFolder } from '../portable/cleanup.ts'
import { findVectors } from '../support/vectors.ts'
import { attestPcrs } from '../../demo/enclave/attester.ts'
import { makeEif, pcrsOf, section, type SectionPlan, soundSections } from '../attester/eif.ts'
import type { Row, Visit } from './plan.ts'
import { bundleDriver, type Visited, visitPage } from './visit.ts'

const fixture = (path: string): Buffer => readFileSync(new URL(`../../fixtures/nitro/${path}`, import.meta.url))
const expectedOf = (name: string): Expected => JSON.parse(fixture(`${name}/expected.json`).toString('utf8')) as Expected
const codeOf = ({ verdict }: Expected): string => (verdict === 'valid' ? 'valid' : verdict.code)

/** Real documents: one of each kind that the page tells apart. */
interface RealVector {
  readonly file: string
  readonly kind: 'enclave' | 'nitrotpm'
  readonly origin: string
  readonly debug_mode: boolean
  readonly timestamp_ms: number
  readonly chain_valid_to: string
  readonly pcrs_nonzero: Readonly<Record<string, string>>
}
const vectors = findVectors('nitro')
if (!vectors.found) console.log(vectors.skipLine)
const real = vectors.found
  ? (vectors.manifest as { documents: readonly RealVector[] }).documents
      .filter(({ origin, kind, debug_mode }) => /^real\b/.test(origin) && kind === 'enclave' && !debug_mode)
      .filter((_, i) => i % 6 === 0)
  : []
const base64Of = (file: string): string => (vectors.found ? Buffer.from(vectors.read(file)).toString('base64url') : '')

const visitsOfReal = real.flatMap(({ file, timestamp_ms, pcrs_nonzero }): Visit[] => {
  const state = { ...emptyState, evidence: base64Of(file) }
  const reference = `PCR0 ${pcrs_nonzero['0'] ?? ''}`
  return [
    { name: `${file} now`, fragment: toFragment(state) },
    { name: `${file} at its own time`, fragment: toFragment({ ...state, at: 'evidence' }) },
    {
      name: `${file} at its time, with its PCR0`,
      fragment: toFragment({ ...state, at: new Date(timestamp_ms).toISOString(), reference }),
    },
  ]
})

/** The valid fixture against what a CA has signed: sound, and one thing wrong each. */
const reference = (name: string): string =>
  readFileSync(new URL(`../../fixtures/reference/${name}`, import.meta.url)).toString('base64url')
const signedState = {
  ...emptyState,
  evidence: fixture('valid/evidence.bin').toString('base64url'),
  root: 'fixture',
  at: '2026-06-01T00:00:00Z',
  corim: reference('valid.corim'),
  ca: reference('ca.der'),
}
const signedVisits: readonly (Visit & { readonly verdict: string; readonly headline: RegExp })[] = [
  { name: 'signed', state: signedState, verdict: 'valid', headline: /^Verified under the fixture root/ },
  {
    name: 'signed by another CA',
    state: { ...signedState, ca: reference('other-ca.der') },
    verdict: 'cert-chain-signature',
    headline: /^Not verified: the signed reference values were refused\.$/,
  },
  {
    name: 'signed once',
    state: { ...signedState, corim: reference('expired.corim'), at: '2026-06-01T02:00:00Z' },
    verdict: 'reference-validity',
    headline: /^Not verified: the signed reference values were refused\.$/,
  },
  {
    name: 'signed, but by whom',
    state: { ...signedState, ca: '' },
    verdict: 'options',
    headline: /^Not verified: what you expect needs a correction\.$/,
  },
  {
    name: 'signed, of another enclave',
    state: { ...signedState, evidence: fixture('debug/evidence.bin').toString('base64url') },
    verdict: 'policy-debug',
    headline: /^Genuine, but in debug mode/,
  },
].map(({ name, state, verdict, headline }) => ({ name, fragment: toFragment(state), verdict, headline }))

const sections = (application: string): SectionPlan[] => [
  ...soundSections.slice(0, -1),
  section('ramdisk', application),
]
const pcrsOfImage = await pcrsOf(sections('one'))
const imageDocument = await attestPcrs(
  { 0: pcrsOfImage.PCR0, 1: pcrsOfImage.PCR1, 2: pcrsOfImage.PCR2 },
  new Uint8Array(32),
  new Date(),
)

const plan = {
  image: Buffer.from(makeEif({ sections: sections('one') })).toString('hex'),
  otherImage: Buffer.from(makeEif({ sections: sections('two') })).toString('hex'),
  imageDocument: Buffer.from(imageDocument).toString('hex'),
  visits: [...visitsOfReal, ...signedVisits, ...samples.map(({ name }) => ({ name, fragment: `sample=${name}` }))],
  attacks: attacks.map(({ name }) => name),
  document: fixture('valid/evidence.bin').toString('hex'),
}

let site: Site
let driver: string
beforeAll(async () => {
  ;[site, driver] = await Promise.all([buildSite(), bundleDriver()])
})

const here = browsers.map((browser) => ({ ...browser, program: browser.find() }))
const missing = here.filter(({ program }) => program === undefined)
const isMissingAnError = process.env.VERITEE_ALL_RUNTIMES === '1'
if (missing.length > 0)
  console.log(`demo page: not found on this machine: ${missing.map(({ name }) => name).join(', ')}`)

describe.each(here)('$name', ({ name, program, use, patienceMs }) => {
  let visited: Visited
  const rows = (): readonly Row[] => visited.report.rows
  const rowOf = (step: string): Row => {
    const found = rows().find((row) => row.step === step)
    if (found === undefined) throw new Error(`no step ${step} in ${name}`)
    return found
  }

  const isHere = program !== undefined
  if (!isHere && !isMissingAnError) {
    test.skip('is not on this machine', () => undefined)
    return
  }

  beforeAll(async () => {
    if (program === undefined) throw new Error(`${name} is not on this machine`)
    const folder = await makeFolder()
    try {
      visited = await use(program, folder, (visit) => visitPage(site, driver, plan, patienceMs * 2, visit))
    } finally {
      await removeFolder(folder)
    }
  })

  test.each(samples)('sample $name gives its verdict, and says that AWS did not sign it', ({ name: sample }) => {
    const { verdict, headline, banner } = rowOf(sample)
    expect({ verdict, banner }).toEqual({
      verdict: codeOf(expectedOf(sample)),
      banner: 'Fixture evidence · not signed by AWS',
    })
    expect(headline).toMatch(/^[A-Z].*[.]$/)
    expect(headline).not.toMatch(/^This enclave is what you expect/)
  })

  test('what is not authentic is marked as unverified, and only that', () => {
    for (const { step, verdict, sections, unverified, marks } of rows().filter(({ sections: all }) => all > 0)) {
      const isAuthentic = verdict === 'valid' || verdict.startsWith('policy-')
      expect({ step, unverified }).toEqual({ step, unverified: isAuthentic ? 0 : sections })
      expect({ step, reached: marks.never === 0 }).toEqual({ step, reached: isAuthentic })
      expect({ step, fails: marks.no > 0 }).toEqual({ step, fails: verdict !== 'valid' })
    }
    expect(rows().some(({ unverified }) => unverified > 0)).toBe(true)
  })

  test.each(attacks)('the demo enclave shall $title: $code', ({ name: attack, code }) => {
    const { verdict, banner } = rowOf(`enclave: ${attack}`)
    expect({ verdict, banner }).toEqual({ verdict: code, banner: 'Fixture evidence · not signed by AWS' })
  })

  test.each(signedVisits)('$name: $verdict', ({ name: visit, verdict, headline }) => {
    expect(rowOf(visit)).toMatchObject({ verdict, headline: expect.stringMatching(headline) as string })
  })

  test('does this image run there?', () => {
    expect(rowOf('drop its image')).toMatchObject({ verdict: 'valid' })
    expect(rowOf('drop its image').facts).toContain('Runs app.eif')
    expect(rowOf('drop its image').titles).toContain('Your image')
    expect(rowOf('drop another image')).toMatchObject({ verdict: 'policy-pcr' })
    expect(rowOf('drop another image').facts).not.toContain('Runs other.eif')
    expect(rowOf('drop a broken image').headline).toMatch(
      /^broken\.eif was not measured: crc32: expected [0-9a-f]{8}, found/,
    )
    expect(rowOf('signed').titles).toContain('What the CA signed')
  })

  test.skipIf(!vectors.found)('real documents: expired now, verified under the AWS root as of their own time', () => {
    expect(real.length).toBeGreaterThan(4)
    for (const { file, timestamp_ms, chain_valid_to } of real) {
      const made = day(new Date(timestamp_ms))
      expect(rowOf(`${file} now`)).toMatchObject({ verdict: 'cert-validity', banner: '' })
      expect(rowOf(`${file} now`).headline).toMatch(
        new RegExp(
          `^Not valid now: its certificates expired on ${moment(new Date(chain_valid_to))}, \\d+ \\w+ ago\\.$`,
        ),
      )
      expect(rowOf(`${file} at its own time`)).toMatchObject({
        verdict: 'valid',
        banner: '',
        headline: `Verified under the AWS root, as of ${made}. What runs there was not compared.`,
      })
      expect(rowOf(`${file} at its time, with its PCR0`)).toMatchObject({
        verdict: 'valid',
        headline: `Verified under the AWS root, as of ${made}.`,
      })
    }
  })

  test('documents are pasted, dropped, chosen and shared', () => {
    expect(rowOf('link').headline).toBe(rowOf(plan.visits.at(-1)?.name ?? '').headline)
    for (const step of ['paste hex', 'paste base64', 'drop a file', 'choose a file', 'choose a file again'])
      expect(rowOf(step)).toMatchObject({
        verdict: 'root-mismatch',
        headline: 'This is fixture evidence: AWS did not sign it.',
      })
    expect(rowOf('paste text')).toMatchObject({ verdict: 'text', headline: 'This is not an attestation document.' })
    expect(rowOf('paste rubbish').headline).toBe('This is not a Nitro attestation document.')
    expect(rowOf('a file that is too large')).toMatchObject({ headline: 'This is not an attestation document.' })
    expect(rowOf('expect other code').verdict).toBe('root-mismatch')
    for (const step of ['expect nonsense', 'expect zeros'])
      expect(rowOf(step)).toMatchObject({
        verdict: 'options',
        headline: 'Not verified: what you expect needs a correction.',
        marks: { yes: 0, no: 0, open: 0, never: 0 },
      })
  })

  test('the page never scrolls sideways', () => {
    expect(rows().filter(({ sideways }) => sideways > 0)).toEqual([])
  })

  test('axe-core finds no serious barrier', () => {
    expect(visited.report.barriers).toEqual([])
    expect(visited.report.passes).toBeGreaterThan(50)
  })

  test('its policy is enforced, and never violated', () => {
    expect(visited.report.violations).toEqual([])
    expect(visited.report.provoked).toMatch(/^style-src/)
  })

  test('nothing that was entered is sent anywhere', () => {
    const expected = [
      /^GET \/$/,
      /^GET \/(page\.css|page\.js|veritee\.(?:nitro|reference)\.min\.js|favicon\.ico)$/,
      /^GET \/samples\/(root\.der|[a-z-]+\.txt)$/,
      /^GET \/enclave\/measurements\.json$/,
      // The nonce is made for the request, and the attack is what the demo enclave shall do.
      /^GET \/enclave\/attestation\?nonce=[0-9a-f]{64}&attack=[a-z-]+$/,
    ]
    expect(visited.requests.filter((request) => !expected.some((pattern) => pattern.test(request)))).toEqual([])
    const nonces = visited.requests.flatMap((request) => /nonce=([0-9a-f]+)/.exec(request)?.[1] ?? [])
    expect(new Set(nonces).size).toBe(attacks.length)
  })
})
