/**
 * Every piece of evidence there is of the formats with a second opinion: our fixtures, and the
 * shared vectors where they are, each with the options that it is asked with.
 */
import { readdirSync, readFileSync } from 'node:fs'
import { type Expected, optionsOf } from '../../fixtures/expected.ts'
import { type ExpectedSnp, snpOptionsOf } from '../../fixtures/expected-snp.ts'
import { type ExpectedToken, tokenOptionsOf } from '../../fixtures/expected-token.ts'
import { type ExpectedQuote, quoteOptionsOf } from '../../fixtures/expected-quote.ts'
import { allowDebug, type NitroOptions, skipFreshness, skipReferenceValues } from '../../src/formats/aws/nitro/index.ts'
import { type DcapEndorsements, skipReportData } from '../../src/formats/intel/sgx/index.ts'
import { allowMigration } from '../../src/formats/intel/tdx/index.ts'
import type { SevSnpEndorsements, SevSnpOptions } from '../../src/formats/sev-snp.ts'
import { openSnpVectors } from '../formats/amd/sev-snp/snp-vectors.ts'
import { openIntelVectors, serviceTdsOf } from '../formats/intel/intel-vectors.ts'
import { type ArmManifest, ccaOptionsOf, psaOptionsOf } from '../formats/arm/arm-vectors.ts'
import { findVectors } from '../support/vectors.ts'
import type { Question } from './verifiers.ts'

export { type Question, type Verifier, verifiers } from './verifiers.ts'

const folder = new URL('../../fixtures/', import.meta.url)
export const readFixture = (path: string): Uint8Array<ArrayBuffer> =>
  new Uint8Array(readFileSync(new URL(path, folder)))
const json = (path: string): unknown => JSON.parse(new TextDecoder().decode(readFixture(path)))
const namesIn = (format: string): string[] =>
  readdirSync(new URL(format, folder), { withFileTypes: true }).flatMap((entry) =>
    entry.isDirectory() ? [entry.name] : [],
  )

/** A fixture by its path: `tdx/valid`. */
export function fixture(path: string): Question {
  const [format = ''] = path.split('/')
  const evidence = readFixture(`${path}/evidence.bin`)
  const name = `fixtures/${path}`
  if (format === 'sev-snp') {
    const endorsements = json(`${path}/endorsements.json`) as SevSnpEndorsements
    // Under the roots of all products: the chain says which one it is.
    const trustAnchors = ['milan', 'genoa', 'turin'].map((product) => readFixture(`sev-snp/ark-${product}.der`))
    const options = snpOptionsOf(json(`${path}/expected.json`) as ExpectedSnp, endorsements)
    return { name, format, evidence, options: { ...options, trustAnchors } }
  }
  if (format === 'cca' || format === 'psa') {
    const options = tokenOptionsOf(json(`${path}/expected.json`) as ExpectedToken)
    return { name, format, evidence, options }
  }
  const root = readFixture(`${format}/root.der`)
  if (format === 'nitro') {
    const expected = json(`${path}/expected.json`) as Expected
    return { name, format: expected.format, evidence, options: optionsOf(expected, root) }
  }
  const endorsements = json(`${path}/endorsements.json`) as DcapEndorsements
  return {
    name,
    format,
    evidence,
    options: quoteOptionsOf(json(`${path}/expected.json`) as ExpectedQuote, endorsements, root),
  }
}

export function fixtures(): Question[] {
  return ['nitro', 'tdx', 'sgx', 'sev-snp', 'cca', 'psa'].flatMap((format) =>
    namesIn(format).map((name) => fixture(`${format}/${name}`)),
  )
}

/** The vectors of AWS's documents; none where they are not here. */
export function nitroVectors(): Question[] {
  const vectors = findVectors('nitro')
  if (!vectors.found) return []
  const { documents } = vectors.manifest as {
    readonly documents: readonly {
      readonly file: string
      readonly trust_root: string
      readonly verify_at: string | null
      readonly kind?: string
      readonly debug_mode?: boolean
    }[]
  }
  const synthetic = derOf(new TextDecoder().decode(vectors.read('synthetic-root.pem')))
  return documents.flatMap(({ file, trust_root, verify_at, kind, debug_mode }) => {
    const options: NitroOptions = {
      referenceValues: skipReferenceValues,
      freshness: skipFreshness,
      now: new Date(verify_at ?? '2026-01-01T00:00:00Z'),
      clockSkewSeconds: 0,
      ...(trust_root === 'synthetic' && { trustAnchors: [synthetic] }),
    }
    const format = kind === 'nitrotpm' ? 'nitro-tpm' : 'nitro'
    const asked = { name: file, format, evidence: vectors.read(file), options }
    return debug_mode === true
      ? [asked, { ...asked, name: `${file}, debug allowed`, options: { ...options, debug: allowDebug } }]
      : [asked]
  })
}

/** The vectors of Intel's quotes, with everything accepted that policy could refuse. */
export function intelVectors(): Question[] {
  const vectors = openIntelVectors()
  if (typeof vectors === 'string') return []
  return vectors.manifest.cases.map((entry) => {
    const trustAnchors = vectors.trustAnchors(entry)
    const evidence = vectors.quote(entry.quote)
    const isSgx = evidence[4] === 0
    return {
      name: entry.id,
      format: isSgx ? 'sgx' : 'tdx',
      evidence,
      options: {
        referenceValues: skipReferenceValues,
        reportData: skipReportData,
        acceptedTcbStatuses: [
          'SWHardeningNeeded',
          'ConfigurationNeeded',
          'ConfigurationAndSWHardeningNeeded',
          'OutOfDate',
          'OutOfDateConfigurationNeeded',
          'TDRelaunchAdvised',
          'TDRelaunchAdvisedConfigurationNeeded',
        ],
        debug: allowDebug,
        endorsements: vectors.endorsements(entry),
        now: new Date(entry.timeUnix * 1000),
        ...(trustAnchors !== undefined && { trustAnchors }),
        ...(!isSgx && { migration: allowMigration, serviceTds: serviceTdsOf(evidence) }),
      },
    }
  })
}

export function snpVectors(): Question[] {
  const vectors = openSnpVectors()
  if (typeof vectors === 'string') return []
  return vectors.cases.map((entry) => ({
    name: entry.id,
    format: 'sev-snp',
    evidence: vectors.read(entry.evidence),
    options: vectors.optionsOf(entry) as unknown as SevSnpOptions,
  }))
}

/** The vectors of Arm's tokens. */
export function armVectors(): Question[] {
  return (['cca', 'psa'] as const).flatMap((format) => {
    const vectors = findVectors(format)
    if (!vectors.found) return []
    const optionsOf = format === 'cca' ? ccaOptionsOf(vectors) : psaOptionsOf(vectors)
    return (vectors.manifest as ArmManifest).vectors
      .filter(({ kind }) => kind === 'evidence')
      .map((vector) => ({
        name: `${format}/${vector.file}`,
        format,
        evidence: vectors.read(vector.file),
        options: optionsOf(vector),
      }))
  })
}

/** The line that says which vectors are missing. */
export const skipLine: string | undefined = [
  findVectors('nitro'),
  findVectors('intel'),
  findVectors('sev-snp'),
  findVectors('cca'),
  findVectors('psa'),
].flatMap((vectors) => (vectors.found ? [] : [vectors.skipLine]))[0]

function derOf(pem: string): Uint8Array<ArrayBuffer> {
  return new Uint8Array(Buffer.from(pem.replace(/-----[^-]+-----|\s/g, ''), 'base64'))
}
