/**
 * Everything below the verdict on a report.
 */
import type { Bytes } from '../../bytes.ts'
import { endorsementsFile, evidenceFile } from '../../code.ts'
import { type Child, h, pairs } from '../../dom.ts'
import { allFields, bytesView, comparedInWords, rawBytes } from '../../view-bytes.ts'
import { chainView } from '../../view-chain.ts'
import { codeCard } from '../../view-code.ts'
import { evidenceSection } from '../../view-section.ts'
import type { Page } from '../family.ts'
import { reportCommandLine, reportImportCode, requestOf } from './code.ts'
import type { ReportOutcome } from './outcome.ts'
import { signerIn } from './verdict.ts'
import { fieldsTable, registersView } from './view-report.ts'
import { tcbView } from './view-tcb.ts'

export function views(outcome: ReportOutcome, { checks, state }: Page): readonly Child[] {
  return [
    section(outcome, 'platform', 'State of the platform', tcbView(outcome)),
    checks,
    ...contentOf(outcome),
    codeOf(outcome, state.collateral),
  ]
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
  return evidenceSection(id, title, outcome.isAuthentic ? signerIn(outcome) : undefined, ...body)
}

function carriedView({ evidence, bytes, result, policy, checks, claims }: ReportOutcome): Child {
  if (evidence === undefined) return undefined
  const compared = checks.find(({ id }) => id === 'policy-report-data')?.outcome
  const state = comparedInWords(policy.reportData !== undefined, compared, 'report')
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
    allFields(evidence, bytes),
  )
}

function codeOf(outcome: ReportOutcome, collateral: string): HTMLElement {
  const { policy, bytes, roots } = outcome
  const endorsements: readonly (readonly [string, Bytes])[] =
    policy.endorsements === undefined ? [] : [[endorsementsFile, new Uint8Array(new TextEncoder().encode(collateral))]]
  const request = requestOf(outcome)
  return codeCard(
    [[evidenceFile, bytes], ...endorsements, ...roots],
    reportImportCode(request),
    reportCommandLine(request),
  )
}
