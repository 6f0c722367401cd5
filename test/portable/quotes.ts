/**
 * Intel's quotes in every runtime: fixtures and vectors through their verifiers, hostile bytes, and
 * what stands around a quote: event logs, RA-TLS certificates, and endorsements as a service
 * answers them.
 */
import { type ExpectedQuote, quoteOptionsOf } from '../../fixtures/expected-quote.ts'
import { fetchIntelEndorsements } from '../../src/endorsements/index.ts'
import { type DcapEndorsements, verifySgx } from '../../src/formats/intel/sgx/index.ts'
import { decodeTdxEvidence, verifyTdx } from '../../src/formats/intel/tdx/index.ts'
import {
  type EventExpectations,
  replayEventLog,
  rtmrReferenceValues,
} from '../../src/formats/intel/tdx/events/index.ts'
import { verifyEvidence } from '../../src/index.ts'
import { decodeRaTlsEvidence, verifyRaTls } from '../../src/ra-tls/index.ts'
import type { Row } from './model.ts'
import { rowOf } from './rows.ts'

/** What a verifier of quotes is asked, in the words of the fixtures. */
export type QuoteQuestion = Omit<ExpectedQuote, 'description' | 'verdict' | 'tcbStatus' | 'events'>

export interface QuoteCase {
  readonly name: string
  /** `root` is `verifyEvidence` with options for the format. */
  readonly entry: 'tdx' | 'sgx' | 'root'
  /** Keys of the corpus' bytes. */
  readonly evidence: string
  readonly trustAnchor?: string
  /** Keys of {@link QuoteCorpus.texts}, by item. */
  readonly endorsements: Readonly<Record<string, string>>
  readonly question: QuoteQuestion
  readonly verdicts: readonly string[]
}

/** What must come of a log, a certificate or a service. */
export interface Extra {
  readonly name: string
  /** Key of the corpus' bytes. */
  readonly input: string
  readonly verdicts: readonly string[]
}

export interface QuoteCorpus {
  readonly texts: Readonly<Record<string, string>>
  readonly cases: readonly QuoteCase[]
  /** Names of cases that are valid: what hostile inputs are made of. */
  readonly subjects: readonly string[]
  readonly logs: readonly (Extra & { readonly events?: EventExpectations })[]
  /**
   * Certificates; with the name of a case for its endorsements where their evidence can be
   * verified.
   */
  readonly certificates: readonly (Extra & { readonly now: string; readonly as?: string })[]
}

export async function quoteRows(
  { texts, cases, subjects, logs, certificates }: QuoteCorpus,
  bytesOf: (name: string) => Uint8Array,
): Promise<{ readonly rows: Row[]; readonly hostile: Row[] }> {
  const optionsOf = ({ question, endorsements, trustAnchor }: QuoteCase): ReturnType<typeof quoteOptionsOf> => {
    const items = Object.entries(endorsements).map(([name, key]) => [name, texts[key] ?? ''])
    const root = trustAnchor === undefined ? undefined : bytesOf(trustAnchor)
    return quoteOptionsOf(
      { ...question, description: '', verdict: 'valid' },
      Object.fromEntries(items) as DcapEndorsements,
      root,
    )
  }
  const caseNamed = (name: string): QuoteCase => {
    const found = cases.find((entry) => entry.name === name)
    if (found === undefined) throw new Error(`no case ${name}`)
    return found
  }
  const rows: Row[] = []
  for (const entry of cases)
    rows.push(await rowOf(entry.name, () => verifyThrough(entry, bytesOf(entry.evidence), optionsOf(entry))))
  for (const { name, input, events } of logs) {
    const log = bytesOf(input)
    // Rows want the checks of a verification; logs have none.
    rows.push(await rowOf(name, async () => ({ checks: [], ...(await replayEventLog(log)) })))
    if (events !== undefined)
      rows.push(
        await rowOf(`${name}: as expected`, async () => ({ checks: [], ...(await rtmrReferenceValues(log, events)) })),
      )
  }
  for (const { name, input, now, as } of certificates) {
    const certificate = bytesOf(input)
    if (as === undefined) {
      rows.push(await rowOf(name, async () => ({ checks: [], ...(await decodeRaTlsEvidence(certificate)) })))
      continue
    }
    const options = optionsOf(caseNamed(as))
    const verify = (quote: Uint8Array, reportData: Uint8Array): ReturnType<typeof verifySgx> =>
      verifySgx(quote, { ...options, reportData })
    rows.push(
      await rowOf(name, async () => {
        const { result, checks, ...others } = await verifyRaTls(certificate, { now: new Date(now), verify })
        // Checks are timed, which rows are not.
        return { ...others, ...result, checks: [...result.checks, ...checks] }
      }),
    )
  }
  rows.push(...(await serviceRows(caseNamed(subjects[0] ?? ''), texts)))

  const hostile: Row[] = []
  for (const name of subjects) {
    const entry = caseNamed(name)
    const options = optionsOf(entry)
    const evidence = bytesOf(entry.evidence)
    for (const [what, bytes] of hostileQuotes(evidence))
      hostile.push(await rowOf(`${name}: ${what}`, () => verifyThrough(entry, bytes, options)))
    for (const [what, item] of hostileItems(options.endorsements)) {
      const changed = { ...options, endorsements: { ...options.endorsements, ...item } }
      hostile.push(await rowOf(`${name}: ${what}`, () => verifyThrough(entry, evidence, changed)))
    }
  }
  return { rows, hostile }
}

function verifyThrough(
  { entry, question }: QuoteCase,
  evidence: Uint8Array,
  options: ReturnType<typeof quoteOptionsOf>,
): Promise<unknown> {
  if (entry === 'root') return verifyEvidence(evidence, { [question.format]: options })
  return entry === 'tdx' ? verifyTdx(evidence, options) : verifySgx(evidence, options)
}

/**
 * None of these may verify: cut, with a bit changed anywhere before the certificates, or too long.
 */
function* hostileQuotes(evidence: Uint8Array): Generator<readonly [what: string, bytes: Uint8Array]> {
  const signed = evidence.length - decodedTail(evidence)
  for (let at = 0; at < evidence.length; at += 37) yield [`cut at ${at}`, evidence.slice(0, at)]
  for (let at = 0; at < signed; at += 7) {
    const bytes = evidence.slice()
    bytes[at] = (bytes[at] as number) ^ (1 << (at % 8))
    yield [`bit ${at % 8} of byte ${at} flipped`, bytes]
  }
  const longer = new Uint8Array(70_000)
  longer.set(evidence)
  yield ['zeros up to more than is read', longer]
  yield ['nothing', new Uint8Array()]
}

/**
 * How many bytes the certificates at the end take, with their length and type: their text has more
 * than one form.
 */
function decodedTail(evidence: Uint8Array): number {
  const { certificationData } = decodeTdxEvidence(evidence)
  return certificationData.length
}

/** Endorsements of which one is something else. */
function* hostileItems(endorsements: DcapEndorsements): Generator<readonly [what: string, change: object]> {
  const deep = `{"tcbInfo":${'{"a":'.repeat(5000)}1${'}'.repeat(5000)},"signature":"${'0'.repeat(128)}"}`
  for (const name of Object.keys(endorsements) as (keyof DcapEndorsements)[]) {
    const text = endorsements[name] ?? ''
    yield [`${name} left out`, { [name]: undefined }]
    yield [`${name} a number`, { [name]: 1 }]
    yield [`${name} cut`, { [name]: text.slice(0, text.length / 2) }]
    yield [`${name} nested too deep`, { [name]: deep }]
    yield [`${name} in zeros`, { [name]: '\0'.repeat(1000) }]
    yield [`${name} too long`, { [name]: text.padEnd(1_100_000) }]
  }
}

/**
 * A service on no network: what it answers comes back as endorsements, and what is wrong is said.
 */
async function serviceRows({ endorsements }: QuoteCase, texts: QuoteCorpus['texts']): Promise<Row[]> {
  const item = (name: string): string => texts[endorsements[name] ?? ''] ?? ''
  const der = (name: string): Uint8Array<ArrayBuffer> => Uint8Array.from(atob(item(name)), (char) => char.charCodeAt(0))
  const answer = (url: string): Response => {
    if (url.includes('/tcb?'))
      return new Response(item('tcbInfo'), {
        headers: { 'TCB-Info-Issuer-Chain': encodeURIComponent(item('tcbInfoIssuerChain')) },
      })
    if (url.includes('/qe/identity'))
      return new Response(item('qeIdentity'), {
        headers: { 'SGX-Enclave-Identity-Issuer-Chain': encodeURIComponent(item('qeIdentityIssuerChain')) },
      })
    return new Response(der(url.includes('/pckcrl?') ? 'pckCrl' : 'rootCaCrl'))
  }
  const ask = (change: (url: string) => Response): Promise<object> =>
    fetchIntelEndorsements({
      fmspc: '00806f050000',
      ca: 'platform',
      tee: 'tdx',
      baseUrl: 'https://pccs.invalid',
      fetch: (url) => Promise.resolve(change(url)),
    })
  return [
    await rowOf('service: endorsements', async () => ({ checks: [], ...(await ask(answer)) })),
    await rowOf('service: not found', () => ask(() => new Response('', { status: 404 }))),
    await rowOf('service: no chain', () => ask((url) => (url.includes('/tcb?') ? new Response('{}') : answer(url)))),
    await rowOf('service: too long', () => ask(() => new Response(new Uint8Array(2_000_000)))),
  ]
}

/** What rows that are about no case must say. */
export const expectedService: Readonly<Record<string, readonly string[]>> = {
  'service: endorsements': ['valid'],
  'service: not found': ['endorsement-fetch'],
  'service: no chain': ['endorsement-format'],
  'service: too long': ['endorsement-fetch'],
}
