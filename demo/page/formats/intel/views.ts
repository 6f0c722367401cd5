/**
 * Everything below the verdict on a quote.
 */
import type { Bytes } from '../../bytes.ts'
import { endorsementsFile, evidenceFile, rootFile } from '../../code.ts'
import { type Child, h, pairs } from '../../dom.ts'
import { allFields, bytesView, comparedInWords, rawBytes } from '../../view-bytes.ts'
import { chainView } from '../../view-chain.ts'
import { codeCard } from '../../view-code.ts'
import { evidenceSection } from '../../view-section.ts'
import type { Page } from '../family.ts'
import { logFile, quoteCommandLine, quoteImportCode } from './code.ts'
import type { QuoteOutcome } from './outcome.ts'
import { signerIn } from './verdict.ts'
import { eventsView } from './view-events.ts'
import { platformView } from './view-platform.ts'
import { registersView } from './view-registers.ts'

export function views(outcome: QuoteOutcome, { checks, state }: Page): readonly Child[] {
  return [
    section(outcome, 'platform', 'State of the platform', platformView(outcome)),
    checks,
    ...contentOf(outcome),
    codeOf(outcome, state.collateral),
  ]
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
  return evidenceSection(id, title, outcome.isAuthentic ? signerIn(outcome) : undefined, ...body)
}

const bodyTypes = { 1: 'SGX enclave', 2: 'TDX 1.0', 3: 'TDX 1.5', 4: 'TDX 1.5, extended' } as const

function fieldsView({ evidence, bytes, result, policy, checks }: QuoteOutcome): Child {
  if (evidence === undefined) return undefined
  const { quoteVersion, bodyType, reportData, debug, qeReport } = evidence
  const compared = checks.find(({ id }) => id === 'policy-report-data')?.outcome
  const state = comparedInWords(policy.reportData !== undefined, compared, 'quote')
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
    allFields(evidence, bytes),
  )
}

function codeOf(outcome: QuoteOutcome, collateral: string): HTMLElement {
  const { policy, bytes, fixtureRoot } = outcome
  const root = policy.root === 'fixture' ? fixtureRoot : policy.root === 'pinned' ? undefined : policy.root
  const encode = (text: string): Bytes => new Uint8Array(new TextEncoder().encode(text))
  const files: (readonly [string, Bytes])[] = [[evidenceFile, bytes]]
  if (policy.endorsements !== undefined) files.push([endorsementsFile, encode(collateral)])
  if (policy.log !== undefined)
    files.push([logFile(policy), typeof policy.log === 'string' ? encode(policy.log) : policy.log])
  if (root !== undefined) files.push([rootFile, root])
  return codeCard(files, quoteImportCode(outcome), quoteCommandLine(outcome))
}
