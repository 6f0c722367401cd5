/**
 * Quotes of Intel TDX and SGX: verified, and shown. A module of its own, with the verifiers in it,
 * that is loaded when the first quote is entered, so that whoever brings a document of AWS Nitro
 * need not wait for it.
 */
import type { Bytes } from '../bytes.ts'
import { evidenceFile, rootFile } from '../code.ts'
import { type Child, h, pairs } from '../dom.ts'
import type { Problem } from '../policy.ts'
import { collateralFile, logFile, quoteCommandLine, quoteImportCode } from './intel/code.ts'
import { type QuoteOutcome, quoteOutcomeOf, replay } from './intel/outcome.ts'
import { type QuoteKind, quotePolicyOf } from './intel/policy.ts'
import { quoteFactsOf, quoteVerdictOf, signerOf } from './intel/verdict.ts'
import { eventsView } from './intel/view-events.ts'
import { platformView } from './intel/view-platform.ts'
import { registersView } from './intel/view-registers.ts'
import { stagesOf, wordsOf } from './intel/words-intel.ts'
import type { State } from '../state.ts'
import { bytesView, rawBytes, structure } from '../view-bytes.ts'
import { chainView } from '../view-chain.ts'
import { checksView } from '../view-checks.ts'
import { codeCard } from '../view-code.ts'
import { evidenceSection } from '../view-section.ts'
import { verdictView } from '../view-verdict.ts'

export { extendForm } from './intel/form.ts'

export interface QuoteInput {
  readonly kind: QuoteKind
  readonly bytes: Bytes
  readonly state: State
  /** Read once, by the caller. */
  readonly clock: Date
  /** One of the page's own files. */
  readonly load: (path: string) => Promise<Response>
  readonly change: (to: Partial<State>) => void
}

/** What is to be shown of a quote; with problems there is nothing to show but them. */
export type ShownQuote =
  | { readonly problems: readonly [Problem, ...(readonly Problem[])] }
  | {
      readonly problems: readonly []
      readonly code: string
      readonly verdict: HTMLElement
      readonly rest: readonly Child[]
    }

/**
 * @throws TypeError when what was entered is nothing that the library accepts, in a way that no
 *   field is to blame for
 */
export async function showQuote(input: QuoteInput): Promise<ShownQuote> {
  const { kind, bytes, state, clock, change } = input
  const { policy, problems } = quotePolicyOf(state, kind)
  const replayed = await replay(policy.log)
  const isRefused = replayed !== undefined && 'field' in replayed
  const [first, ...more] = isRefused ? [...problems, replayed] : problems
  if (first !== undefined || isRefused) return { problems: [first ?? (replayed as Problem), ...more] }
  const root = policy.root === 'fixture' ? await fixtureRootOf(kind, input.load) : undefined
  const outcome = await quoteOutcomeOf(bytes, policy, root, clock, replayed)
  const verdict = quoteVerdictOf(outcome)
  const notSignedBy = policy.root === 'fixture' ? 'Intel' : undefined
  return {
    problems: [],
    code: verdict.code,
    verdict: verdictView(verdict, quoteFactsOf(outcome), notSignedBy, outcome, change),
    rest: [
      section(outcome, 'platform', 'State of the platform', platformView(outcome)),
      checksView(outcome, { stages: stagesOf(kind), wordsOf }),
      ...contentOf(outcome),
      codeOf(outcome, state, root),
    ],
  }
}

const fixtureRoots = new Map<QuoteKind, Bytes>()

/** Each kind of quote has a fixture root of its own. */
async function fixtureRootOf(kind: QuoteKind, load: QuoteInput['load']): Promise<Bytes> {
  const root = fixtureRoots.get(kind) ?? new Uint8Array(await (await load(`samples/${kind}-root.der`)).arrayBuffer())
  fixtureRoots.set(kind, root)
  return root
}

function contentOf(outcome: QuoteOutcome): readonly Child[] {
  const { evidence, bytes, error, now, policy } = outcome
  if (evidence === undefined)
    return [section(outcome, 'raw', 'Content', rawBytes(bytes, 'such a quote', error?.message ?? ''))]
  const roles = ['Root', 'CA', 'Platform']
  const chain = [...evidence.certificates].reverse().map((der, i) => ({ role: roles[i] ?? 'Certificate', der }))
  return [
    section(outcome, 'registers', 'Registers', registersView(outcome)),
    eventsView(outcome),
    section(
      outcome,
      'chain',
      'Certificates',
      chain.length === 0
        ? h('p', {}, 'The quote only names its platform. Its certificates must come with the collateral.')
        : chainView(chain, now, policy.at === 'clock' ? 'now' : 'then'),
    ),
    section(outcome, 'carries', 'What it carries', fieldsView(outcome)),
  ]
}

function section(outcome: QuoteOutcome, id: string, title: string, ...body: readonly Child[]): HTMLElement {
  return evidenceSection(id, title, outcome.isAuthentic ? signerOf(outcome.policy.root) : undefined, ...body)
}

const bodyTypes = { 1: 'SGX enclave', 2: 'TDX 1.0', 3: 'TDX 1.5', 4: 'TDX 1.5, extended' } as const

function fieldsView({ evidence, bytes, result, policy, checks }: QuoteOutcome): Child {
  if (evidence === undefined) return undefined
  const { quoteVersion, bodyType, reportData, debug, qeReport } = evidence
  const compared = checks.find(({ id }) => id === 'policy-report-data')?.outcome
  const state =
    policy.reportData === undefined
      ? 'None was expected.'
      : compared === 'pass'
        ? 'The one you expect.'
        : compared === 'fail'
          ? 'Not the one you expect.'
          : 'Not compared: the quote is not authentic.'
  return h(
    'div',
    {},
    pairs(
      ['Kind', `Quote of version ${quoteVersion}, ${bodyTypes[bodyType]}${debug ? ', in debug mode' : ''}`],
      ['Report data', [h('span', {}, state), bytesView(reportData)]],
      ['Quoting enclave', `Product ${qeReport.isvProdId}, version ${qeReport.isvSvn}`],
      result !== undefined && [
        'Attest again by',
        `${result.validUntil.toISOString().slice(0, 10)}, when the first certificate or part of the collateral expires`,
      ],
    ),
    h(
      'details',
      { class: 'more' },
      h('summary', {}, `All fields, decoded from ${bytes.length} bytes`),
      h('pre', { tabindex: '0', 'aria-label': 'All fields' }, structure(evidence)),
    ),
  )
}

function codeOf(outcome: QuoteOutcome, state: State, fixtureRoot: Bytes | undefined): HTMLElement {
  const { policy, bytes } = outcome
  const root = policy.root === 'fixture' ? fixtureRoot : policy.root === 'pinned' ? undefined : policy.root
  const encode = (text: string): Bytes => new Uint8Array(new TextEncoder().encode(text))
  const files: (readonly [string, Bytes])[] = [[evidenceFile, bytes]]
  if (policy.endorsements !== undefined) files.push([collateralFile, encode(state.collateral)])
  if (policy.log !== undefined)
    files.push([logFile(policy), typeof policy.log === 'string' ? encode(policy.log) : policy.log])
  if (root !== undefined) files.push([rootFile, root])
  return codeCard(files, quoteImportCode(outcome), quoteCommandLine(outcome))
}
