/**
 * The part of the corpus that is about AMD's reports: fixtures, and vectors where they are. Of
 * single-bit mutants a part goes along: they are all walked in one runtime already.
 */
import { readdirSync, readFileSync } from 'node:fs'
import type { ExpectedSnp } from '../../fixtures/expected-snp.ts'
import { snpCases } from '../../fixtures/snp-cases.ts'
import type { SevSnpEndorsements } from '../../src/formats/sev-snp.ts'
import type { MeasureSnpOptions } from '../../src/reference/index.ts'
import { findVectors } from '../support/vectors.ts'
import type { MeasureCase, ReportCase, ReportCorpus } from './reports.ts'

type Keep = (name: string, content: Uint8Array) => string

interface Vector {
  readonly id: string
  readonly kind: 'real' | 'synthetic' | 'mutated'
  readonly evidence: string
  readonly hcl?: string
  readonly quote?: Required<ReportCase>['quote']
  readonly endorsements: Readonly<Partial<Record<'vek' | 'intermediate' | 'ark' | 'crl', string>>>
  readonly trustAnchors: 'amd' | readonly string[]
  readonly at: string
  readonly options: Readonly<Record<string, unknown>>
  readonly expect: { readonly verdict?: string; readonly codes?: readonly string[]; readonly measurement?: string }
}

interface MeasureVector extends Pick<Vector, 'id' | 'expect'> {
  readonly firmware: string
  readonly kernel?: string
  readonly initrd?: string
  readonly options: MeasureSnpOptions
}

/** @param keep takes bytes, and gives the name back that they have in the corpus */
export function collectReports(keep: Keep): ReportCorpus {
  const cases = fixtureCases(keep)
  const subjects = ['sev-snp/valid']
  const measured: MeasureCase[] = []
  const vectors = findVectors('sev-snp')
  if (vectors.found) {
    const { read } = vectors
    const kept = (file: string): string => keep(`sev-snp ${file}`, read(file))
    const manifest = vectors.manifest as Readonly<Record<'cases' | 'azure', readonly Vector[]>> & {
      readonly measure: readonly MeasureVector[]
    }
    const reports = manifest.cases.filter(({ kind }, i) => kind !== 'mutated' || i % 8 === 0)
    for (const vector of [...reports, ...manifest.azure]) cases.push(...casesOf(vector, kept, read))
    const turin = manifest.cases.find(
      ({ kind, id, expect }) => kind === 'real' && id.startsWith('turin') && expect.verdict === 'accept',
    )
    if (turin === undefined) throw new Error('no genuine report of Turin')
    subjects.push(turin.id)
    for (const { id, firmware, kernel, initrd, options, expect } of manifest.measure)
      measured.push({
        name: id,
        firmware: kept(firmware),
        ...(kernel !== undefined && { kernel: kept(kernel) }),
        ...(initrd !== undefined && { initrd: kept(initrd) }),
        options,
        ...(expect.measurement !== undefined && { measurement: expect.measurement }),
        verdicts: expect.measurement === undefined ? (expect.codes ?? []) : ['valid'],
      })
  }
  return { cases, subjects, measured }
}

const folder = new URL('../../fixtures/sev-snp/', import.meta.url)
const read = (path: string): Uint8Array => readFileSync(new URL(path, folder))
const json = (path: string): unknown => JSON.parse(readFileSync(new URL(path, folder), 'utf8'))

function fixtureCases(keep: Keep): ReportCase[] {
  const names = readdirSync(folder, { withFileTypes: true }).filter((entry) => entry.isDirectory())
  const cases = names.map(({ name }): ReportCase => {
    const { verdict, ...question } = json(`${name}/expected.json`) as ExpectedSnp
    const product = snpCases.find((entry) => entry.name === name)?.amd?.product ?? 'Genoa'
    return {
      name: `sev-snp/${name}`,
      entry: 'sev-snp',
      evidence: keep(`sev-snp/${name}`, read(`${name}/evidence.bin`)),
      trustAnchors: [keep(`sev-snp root of ${product}`, read(`ark-${product.toLowerCase()}.der`))],
      endorsements: json(`${name}/endorsements.json`) as SevSnpEndorsements,
      question,
      verdicts: [verdict === 'valid' ? verdict : verdict.code],
    }
  })
  const valid = cases.find(({ name }) => name === 'sev-snp/valid') as ReportCase
  return [...cases, { ...valid, name: 'sev-snp/valid through the front door', entry: 'root' }]
}

function casesOf(
  { id, evidence, hcl, quote, endorsements, trustAnchors, at, options, expect }: Vector,
  kept: (file: string) => string,
  readFile: (file: string) => Uint8Array,
): ReportCase[] {
  // Where either verdict is right, there is nothing to judge.
  if (expect.verdict === 'either') return []
  const { vek, intermediate, ark, crl } = endorsements
  const base64 = (file: string): string => Buffer.from(readFile(file)).toString('base64')
  const pem = (file: string): string =>
    `-----BEGIN CERTIFICATE-----\n${base64(file).replace(/(.{64})(?!$)/g, '$1\n')}\n-----END CERTIFICATE-----\n`
  const chain = [intermediate, ark].filter((file) => file !== undefined)
  return [
    {
      name: id,
      entry: hcl === undefined ? 'sev-snp' : 'azure',
      evidence: kept(hcl ?? evidence),
      ...(quote && { quote: { ...quote, message: kept(quote.message), signature: kept(quote.signature) } }),
      ...(trustAnchors !== 'amd' && { trustAnchors: trustAnchors.map(kept) }),
      endorsements: {
        ...(vek !== undefined && { vek: base64(vek) }),
        certificateChain: chain.map(pem).join(''),
        ...(crl !== undefined && { crl: base64(crl) }),
      },
      question: { at, options },
      verdicts: expect.verdict === 'accept' ? ['valid'] : (expect.codes ?? []),
    },
  ]
}
