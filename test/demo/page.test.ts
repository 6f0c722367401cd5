/**
 * The demo page as visitors use it, in three browsers: every sample and every attack of the demo
 * enclave gives its verdict, the policy of the page is never violated, and nothing that was entered
 * is sent anywhere.
 */
import { readFileSync } from 'node:fs'
import { beforeAll, describe, expect, test } from 'vitest'
import { attacks } from '../../demo/page/attacks.ts'
import { folderOf, samples } from '../../demo/page/samples.ts'
import { emptyState, toFragment } from '../../demo/page/state.ts'
import { day, moment } from '../../demo/page/time.ts'
import type { Site } from '../../demo/site.ts'
import type { EvidenceFormat } from '../../src/index.ts'
import { browsers } from '../portable/browsers.ts'
import { makeFolder, removeFolder } from '../portable/cleanup.ts'
import { findVectors } from '../support/vectors.ts'
import { createAttester } from '../../demo/enclave/attester.ts'
import { readAuthorities } from '../../demo/enclave/authorities.ts'
import { makeEif, pcrsOf, section, type SectionPlan, soundSections } from '../attester/eif.ts'
import { look, type Looked, siteWithDriver } from './look.ts'
import type { PageReport, Plan, Row, Visit } from './plan.ts'

const fileOf = (path: string): Buffer => readFileSync(new URL(`../../fixtures/${path}`, import.meta.url))
const fixture = (path: string): Buffer => fileOf(`nitro/${path}`)
/** What all fixtures say of their verdict. */
interface AnyExpected {
  readonly verdict: 'valid' | { readonly code: string }
}
const codeOf = (sample: (typeof samples)[number]): string => {
  const { verdict } = JSON.parse(fileOf(`${folderOf(sample)}/expected.json`).toString('utf8')) as AnyExpected
  return verdict === 'valid' ? 'valid' : verdict.code
}
const signers: Partial<Readonly<Record<EvidenceFormat, string>>> = {
  nitro: 'AWS',
  tdx: 'Intel',
  sgx: 'Intel',
  'sev-snp': 'AMD',
  cca: 'any maker',
  psa: 'any maker',
  'android-key': 'Google',
  'app-attest': 'Apple',
}

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
  product: 'example.com/app',
}
const signedVisits: readonly (Visit & { readonly verdict: string; readonly headline: RegExp })[] = [
  { name: 'signed', state: signedState, verdict: 'valid', headline: /^Verified under the fixture root/ },
  {
    name: 'signed by another CA',
    state: { ...signedState, ca: reference('other-ca.der') },
    verdict: 'reference-untrusted',
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
    name: 'signed, but for what',
    state: { ...signedState, product: '' },
    verdict: 'options',
    headline: /^Not verified: what you expect needs a correction\.$/,
  },
  {
    name: 'signed for another product',
    state: { ...signedState, product: 'example.com/other' },
    verdict: 'reference-product',
    headline: /^Not verified: the signed reference values were refused\.$/,
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
const { attestPcrs } = createAttester((await readAuthorities()).aws)
const imageDocument = await attestPcrs(
  { 0: pcrsOfImage.PCR0, 1: pcrsOfImage.PCR1, 2: pcrsOfImage.PCR2 },
  new Uint8Array(32),
  new Date(),
)

const plan: Plan = {
  image: Buffer.from(makeEif({ sections: sections('one') })).toString('hex'),
  otherImage: Buffer.from(makeEif({ sections: sections('two') })).toString('hex'),
  imageDocument: Buffer.from(imageDocument).toString('hex'),
  visits: [...visitsOfReal, ...signedVisits, ...samples.map(({ name }) => ({ name, fragment: `sample=${name}` }))],
  attacks: attacks.map(({ name }) => name),
  document: fixture('valid/evidence.bin').toString('hex'),
  quote: {
    evidence: fileOf('tdx/valid/evidence.bin').toString('hex'),
    collateral: fileOf('tdx/valid/endorsements.json').toString('utf8'),
    log: fileOf('tdx/valid-events/event-log.json').toString('utf8'),
  },
}

let site: Site
beforeAll(async () => {
  site = await siteWithDriver('driver.ts', ['index.html'], plan)
})

const here = browsers.map((browser) => ({ ...browser, program: browser.find() }))
const missing = here.filter(({ program }) => program === undefined)
const isMissingAnError = process.env.VERITEE_ALL_RUNTIMES === '1'
if (missing.length > 0)
  console.log(`demo page: not found on this machine: ${missing.map(({ name }) => name).join(', ')}`)

describe.each(here)('$name', ({ name, program, use, patienceMs }) => {
  let visited: Looked<PageReport>
  const rows = (): readonly Row[] => visited.rows
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
      visited = await use(program, folder, (visit) => look<PageReport>(site, visit, '', patienceMs))
    } finally {
      await removeFolder(folder)
    }
  })

  test.each(samples)('sample $name gives its verdict, and says that it is made', (sample) => {
    const { verdict, headline, banner } = rowOf(sample.name)
    expect({ verdict, banner }).toEqual({
      verdict: codeOf(sample),
      banner: `Fixture evidence · not signed by ${signers[sample.format] ?? ''}`,
    })
    expect(headline).toMatch(/^[A-Z].*[.]$/)
    expect(headline).not.toMatch(/^This enclave is what you expect/)
  })

  test('what is not authentic is marked as unverified, and only that', () => {
    for (const { step, verdict, headline, sections, unverified, marks } of rows().filter(
      ({ sections: all }) => all > 0,
    )) {
      const isAuthentic = verdict === 'valid' || verdict.startsWith('policy-')
      // A log that is not that of the quote stays unverified, however sound the quote.
      const alone = ['drop its event log', 'the collateral again'].includes(step) ? 1 : 0
      expect({ step, unverified }).toEqual({ step, unverified: isAuthentic ? alone : sections })
      expect({ step, reached: marks.never === 0 }).toEqual({ step, reached: isAuthentic })
      // What is only to be fetched is no failure.
      const fails = verdict !== 'valid' && !headline.startsWith('Not verified yet: ')
      expect({ step, fails: marks.no > 0 }).toEqual({ step, fails })
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

  test('the versions of an AMD platform stand side by side, with advisories in words', () => {
    const { platform, headline } = rowOf('sev-snp-below-minimum-tcb')
    expect(headline).toBe('Genuine, but its firmware or microcode is below your minimum.')
    expect(platform).toContain('Genoa (EPYC 9004 and 8004), family 0x19, model 0x11, stepping 1')
    expect(platform).toMatch(/Microcode.*88\s*88\s*88\s*89/s)
    expect(platform).toContain('CipherLeaks and Heracles: the host can watch ciphertexts')
    expect(rowOf('sev-snp-milan').platform).toContain('Its owner can sign any report.')
    expect(rowOf('sev-snp-tampered-report').platform).toContain('Its state is not known')
  })

  test('the state of a platform is said in words, with what to do and the advisories', () => {
    expect(rowOf('tdx-valid').platform).toContain('The platform has all security updates that Intel knew of.')
    const outdated = rowOf('tdx-out-of-date')
    expect(outdated.headline).toBe('Genuine, but its platform lacks security updates.')
    expect(outdated.platform).toContain('The platform lacks security updates: attacks on it are known.')
    expect(outdated.platform).toContain('What to do: The operator must update BIOS, microcode')
    expect(outdated.platform).toContain(
      'INTEL-SA-01103 www.intel.com/content/www/us/en/security-center/advisory/intel-sa-01103.html',
    )
    expect(outdated.facts).not.toContain('Platform up to date')
    const hardened = rowOf('sgx-valid-hardening-accepted')
    expect(hardened.platform).toContain('You accept this state.')
    expect(hardened.facts).not.toContain('Platform up to date')
    expect(rowOf('sgx-valid').facts).toContain('Platform up to date')
    expect(rowOf('tdx-tampered-quote').platform).toContain('Its state is not known')
  })

  test('an event log is replayed into the registers, event by event', () => {
    const [rtmr0, rtmr1, , rtmr3] = rowOf('tdx-valid-events').rtmrs
    expect(rtmr0).toMatch(/^RTMR0 match.*EV_SEPARATORconfiguration of the firmwarebdab16b3fc6c/s)
    expect(rtmr1).toMatch(/^RTMR1 not logged/)
    expect(rtmr3).toMatch(/^RTMR3 match.*7 events.*dstack event.*compose-hash: 40414243.*aeece2707834/s)
    expect(rowOf('tdx-valid-events').titles).toContain('Event log')
    expect(rowOf('tdx-valid').rtmrs).toEqual([])
    const [, , , other] = rowOf('drop its event log').rtmrs
    expect(other).toMatch(/^RTMR3 mismatch.*they are not what happened/s)
  })

  test('a quote is dropped, then what belongs to it', () => {
    expect(rowOf('drop a quote')).toMatchObject({
      verdict: 'endorsement-missing',
      headline: 'Not verified yet: what Intel says of the platform is missing.',
    })
    expect(rowOf('drop its collateral')).toMatchObject({
      verdict: 'root-mismatch',
      headline: 'This is fixture evidence: Intel did not sign it.',
    })
    expect(rowOf('trust the fixture root')).toMatchObject({ verdict: 'valid' })
    expect(rowOf('the collateral again')).toMatchObject({ verdict: 'valid' })
    expect(rowOf('no event log')).toMatchObject({ verdict: 'valid', rtmrs: [] })
    expect(rowOf('a document after a quote')).toMatchObject({ verdict: 'valid', rtmrs: [], platform: '' })
  })

  test.each([
    ['garbage as collateral', 'collateral-problem: This is no complete JSON.'],
    ['other JSON as collateral', 'collateral-problem: Collateral is one JSON object'],
    ['garbage as event log', 'log-problem: The event log was refused: '],
    ['text as event log', 'log-problem: An event log is dstack’s JSON, or that of the firmware'],
    ['a register that a quote does not have', 'reference-problem: “PCR0” is no register of TDX: mrTd, '],
  ])('%s is a problem of its field', (step, problem) => {
    expect(rowOf(step)).toMatchObject({ verdict: 'options', sections: 0 })
    expect(rowOf(step).problems).toEqual([expect.stringMatching(new RegExp(`^${problem}`)) as string])
  })

  test('hostile collateral is refused by the verifier', () => {
    expect(rowOf('hostile collateral')).toMatchObject({
      verdict: 'endorsement-missing',
      headline: 'Something is missing from the collateral.',
      problems: [],
    })
  })

  test('does this image run there?', () => {
    expect(rowOf('drop its image')).toMatchObject({ verdict: 'valid' })
    expect(rowOf('drop its image').facts).toContain('Runs app.eif')
    expect(rowOf('drop its image').titles).toContain('Your image')
    expect(rowOf('drop another image')).toMatchObject({ verdict: 'policy-pcr' })
    expect(rowOf('drop another image').facts).not.toContain('Runs other.eif')
    expect(rowOf('drop a broken image')).toMatchObject({
      verdict: 'text',
      headline: 'broken.eif was not measured.',
      detail: expect.stringMatching(/^crc32: expected [0-9a-f]{8}, found/) as string,
    })
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
    expect(rowOf('paste text')).toMatchObject({ verdict: 'text', headline: 'This is not evidence of an enclave.' })
    expect(rowOf('paste rubbish').headline).toBe('This is no evidence that this page knows.')
    expect(rowOf('read rubbish as a document').headline).toBe('This is not a Nitro attestation document.')
    expect(rowOf('a file that is too large')).toMatchObject({ headline: 'This is not evidence of an enclave.' })
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

  test('axe-core finds no barrier', () => {
    expect(visited.barriers).toEqual([])
    expect(visited.passes).toBeGreaterThan(50)
  })

  test('its policy is enforced, and never violated', () => {
    expect(visited.violations).toEqual([])
    expect(visited.provoked).toMatch(/^style-src/)
  })

  test('nothing that was entered is sent anywhere', () => {
    const expected = [
      /^GET \/$/,
      /^GET \/(page\.css|page\.js|measure\.js|(?:formats|parts)\/[\w-]+\.js|favicon\.(?:ico|svg))$/,
      /^GET \/samples\/((?:tdx-|sgx-)?root\.der|ark-[a-z]+\.der|(?:android-key|app-attest)-root\.der|[a-z-]+\.txt)$/,
      /^GET \/enclave\/measurements\.json$/,
      // The nonce is made for the request, and the attack is what the demo enclave shall do.
      /^GET \/enclave\/attestation\?nonce=[0-9a-f]{64}&attack=[a-z-]+$/,
    ]
    expect(visited.requests.filter((request) => !expected.some((pattern) => pattern.test(request)))).toEqual([])
    const nonces = visited.requests.flatMap((request) => /nonce=([0-9a-f]+)/.exec(request)?.[1] ?? [])
    expect(new Set(nonces).size).toBe(attacks.length)
  })
})
