/**
 * Reports of AMD SEV-SNP: verified, and shown. A module of its own, with the verifier in it, that
 * is loaded when the first report is entered.
 */
import type { Bytes } from '../bytes.ts'
import { evidenceFile, rootFile } from '../code.ts'
import { type Child, h, pairs } from '../dom.ts'
import type { Problem } from '../policy.ts'
import { endorsementsFile, reportCommandLine, reportImportCode, type ReportRequest } from './amd/code.ts'
import { type ReportOutcome, reportOutcomeOf } from './amd/outcome.ts'
import { reportPolicyOf } from './amd/policy.ts'
import { reportFactsOf, reportVerdictOf, signerOf } from './amd/verdict.ts'
import { fieldsTable, registersView } from './amd/view-report.ts'
import { tcbView } from './amd/view-tcb.ts'
import { stages, wordsOf } from './amd/words-amd.ts'
import type { State } from '../state.ts'
import { bytesView, rawBytes, structure } from '../view-bytes.ts'
import { chainView } from '../view-chain.ts'
import { checksView } from '../view-checks.ts'
import { codeCard } from '../view-code.ts'
import { evidenceSection } from '../view-section.ts'
import { verdictView } from '../view-verdict.ts'

export { extendForm } from './amd/form.ts'

export interface ReportInput {
  readonly bytes: Bytes
  readonly state: State
  /** Read once, by the caller. */
  readonly clock: Date
  /** One of the page's own files. */
  readonly load: (path: string) => Promise<Response>
  readonly change: (to: Partial<State>) => void
}

/** What is to be shown of a report; with problems there is nothing to show but them. */
export type ShownReport =
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
export async function showReport({ bytes, state, clock, load, change }: ReportInput): Promise<ShownReport> {
  const { policy, problems } = reportPolicyOf(state)
  const [first, ...more] = problems
  if (first !== undefined) return { problems: [first, ...more] }
  const roots = policy.root === 'fixture' ? await fixtureRootsOf(load) : []
  const outcome = await reportOutcomeOf(bytes, policy, roots, clock)
  const verdict = reportVerdictOf(outcome)
  return {
    problems: [],
    code: verdict.code,
    verdict: verdictView(
      verdict,
      reportFactsOf(outcome),
      policy.root === 'fixture' ? 'AMD' : undefined,
      outcome,
      change,
    ),
    rest: [
      section(outcome, 'platform', 'State of the platform', tcbView(outcome)),
      checksView(outcome, { stages, wordsOf }),
      ...contentOf(outcome),
      codeOf(outcome, state, roots),
    ],
  }
}

const products = ['milan', 'genoa', 'turin'] as const
const fixtureRoots: Bytes[] = []

/** Each line of processors has a fixture root of its own. */
async function fixtureRootsOf(load: ReportInput['load']): Promise<readonly Bytes[]> {
  if (fixtureRoots.length === 0) {
    const read = products.map(
      async (product) => new Uint8Array(await (await load(`samples/ark-${product}.der`)).arrayBuffer()),
    )
    fixtureRoots.push(...(await Promise.all(read)))
  }
  return fixtureRoots
}

function contentOf(outcome: ReportOutcome): readonly Child[] {
  const { evidence, bytes, error, now, policy } = outcome
  if (evidence === undefined)
    return [section(outcome, 'raw', 'Content', rawBytes(bytes, 'such a report', error?.message ?? ''))]
  const chain = evidence.certificates
    .filter(({ data }) => data[0] === 0x30)
    .map(({ name, data }) => ({ role: name ?? 'Other', der: data }))
  return [
    section(outcome, 'registers', 'What was launched', registersView(outcome)),
    section(outcome, 'fields', 'The report, field by field', fieldsTable(evidence)),
    ...(chain.length === 0
      ? []
      : [
          section(
            outcome,
            'chain',
            'Certificates behind the report',
            h('p', {}, 'The host put them there. Only that of the report’s own key is ever used.'),
            chainView(chain, now, policy.at === 'clock' ? 'now' : 'then'),
          ),
        ]),
    section(outcome, 'carries', 'What it carries', carriedView(outcome)),
  ]
}

function section(outcome: ReportOutcome, id: string, title: string, ...body: readonly Child[]): HTMLElement {
  return evidenceSection(id, title, outcome.isAuthentic ? signerOf(outcome.policy.root) : undefined, ...body)
}

function carriedView({ evidence, bytes, result, policy, checks, claims }: ReportOutcome): Child {
  if (evidence === undefined) return undefined
  const compared = checks.find(({ id }) => id === 'policy-report-data')?.outcome
  const state =
    policy.reportData === undefined
      ? 'None was expected.'
      : compared === 'pass'
        ? 'The one you expect.'
        : compared === 'fail'
          ? 'Not the one you expect.'
          : 'Not compared: the report is not authentic.'
  return h(
    'div',
    {},
    pairs(
      ['Report data', [h('span', {}, state), bytesView(evidence.reportData)]],
      result !== undefined && [
        'Attest again by',
        `${result.validUntil.toISOString().slice(0, 10)}, when the first certificate or the list expires`,
      ],
    ),
    claims !== undefined && [
      h('h4', {}, 'What no such report covers'),
      h('ul', { class: 'caveats' }, ...claims.notCovered.map((text) => h('li', {}, text))),
    ],
    h(
      'details',
      { class: 'more' },
      h('summary', {}, `All fields, decoded from ${bytes.length} bytes`),
      h('pre', { tabindex: '0', 'aria-label': 'All fields' }, structure(evidence)),
    ),
  )
}

function codeOf(outcome: ReportOutcome, state: State, roots: readonly Bytes[]): HTMLElement {
  const { policy, bytes, evidence, claims, now } = outcome
  const files: (readonly [string, Bytes])[] = [[evidenceFile, bytes]]
  if (policy.endorsements !== undefined)
    files.push([endorsementsFile, new Uint8Array(new TextEncoder().encode(state.collateral))])
  const anchors: (readonly [string, Bytes])[] =
    policy.root === 'pinned'
      ? []
      : policy.root === 'fixture'
        ? roots.map((root, i) => [`ark-${products[i] ?? 'other'}.der`, root] as const)
        : [[rootFile, policy.root]]
  const request: ReportRequest = {
    policy,
    now,
    roots: anchors.map(([name]) => name),
    product: claims?.product ?? evidence?.product ?? 'Genoa',
  }
  return codeCard([...files, ...anchors], reportImportCode(request), reportCommandLine(request))
}
