/**
 * The part of the corpus that is about Intel's quotes: fixtures, vectors where they are, and RA-TLS
 * certificates made for the occasion.
 */
import { readdirSync, readFileSync } from 'node:fs'
import { gzipSync } from 'node:zlib'
import type { ExpectedQuote } from '../../fixtures/expected-quote.ts'
import { concat, hex } from '../attester/bytes.ts'
import * as cbor from '../attester/cbor.ts'
import { octetString } from '../attester/der.ts'
import { createIntelAttester, measurements, sgxOffsets } from '../attester/intel.ts'
import { decisions, reasons } from '../formats/intel/intel-reasons.ts'
import { type IntelCase, openIntelVectors, serviceTdsOf } from '../formats/intel/intel-vectors.ts'
import { dstackLog, runtimeEvent } from '../formats/intel/tdx/events/logs.ts'
import { digest, makeRaTls, now, oids, padded, soundClaims, spki, tagged, utf8 } from '../ra-tls/made.ts'
import type { QuoteCase, QuoteCorpus, QuoteQuestion } from './quotes.ts'

type Keep = (name: string, content: Uint8Array) => string

/** @param keep takes bytes, and gives the name back that they have in the corpus */
export async function collectQuotes(keep: Keep): Promise<QuoteCorpus> {
  const texts: Record<string, string> = {}
  const text = (key: string, content: string): string => {
    texts[key] = content
    return key
  }
  const logs: QuoteCorpus['logs'][number][] = []
  const certificates: QuoteCorpus['certificates'][number][] = []
  const cases = ['tdx', 'sgx'].flatMap((format) => fixtureCases(format as 'tdx' | 'sgx', keep, text))
  const own = 'tdx/valid-events'
  logs.push({
    name: 'log of a fixture',
    input: keep(`${own}/event-log.json`, read(`${own}/event-log.json`)),
    events: (json(`${own}/expected.json`) as Required<ExpectedQuote>).events,
    verdicts: ['valid'],
  })
  logs.push({ name: 'no log', input: keep('no log', utf8('[{}]')), verdicts: ['event-log-format'] })
  await addCertificates(cases, certificates, keep, text)

  const vectors = openIntelVectors()
  if (typeof vectors !== 'string') {
    const { manifest, quote } = vectors
    for (const entry of manifest.cases.filter(({ id }) => !id.endsWith('@signatures-only'))) {
      const anchors = vectors.trustAnchors(entry)
      const items = Object.entries(vectors.endorsements(entry)) as [string, string][]
      const endorsements = items.map(([item, content]) => [item, text(`${item} of ${entry.id}`, content)])
      cases.push({
        name: entry.id,
        entry: quote(entry.quote)[4] === 0 ? 'sgx' : 'tdx',
        evidence: keep(entry.quote, quote(entry.quote)),
        ...(anchors?.[0] !== undefined && { trustAnchor: keep(entry.files.root, anchors[0]) }),
        endorsements: Object.fromEntries(endorsements) as Record<string, string>,
        question: questionOf(entry, quote(entry.quote)),
        verdicts: verdictsOf(entry),
      })
    }
    const [ccel, dstack] = ['eventlogs/gcp-cos113-ccel.bin', 'eventlogs/dstack-verifier.json'] as const
    const { event_log: log } = JSON.parse(new TextDecoder().decode(vectors.read(dstack))) as { event_log: unknown }
    const events = { dstack: { appId: '3763bc34552cf3a27ff71ad5f7a90471562a1a2d' } }
    logs.push({ name: ccel, input: keep(ccel, vectors.read(ccel)), verdicts: ['valid'] })
    logs.push({ name: dstack, input: keep(dstack, utf8(JSON.stringify(log))), events, verdicts: ['valid'] })
    for (const file of ['ratls/gramine.der', 'ratls/intel-sgxsdk.der'])
      certificates.push({
        name: file,
        input: keep(file, vectors.read(file)),
        now: now.toISOString(),
        verdicts: ['valid'],
      })
  }
  return { texts, cases, subjects: ['fixtures/tdx/valid'], logs, certificates }
}

const folder = new URL('../../fixtures/', import.meta.url)
const read = (file: string): Uint8Array => readFileSync(new URL(file, folder))
const json = (file: string): unknown => JSON.parse(new TextDecoder().decode(read(file)))

function fixtureCases(format: 'tdx' | 'sgx', keep: Keep, text: (key: string, content: string) => string): QuoteCase[] {
  const trustAnchor = keep(`${format} root`, read(`${format}/root.der`))
  return readdirSync(new URL(format, folder), { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .flatMap(({ name: own }) => {
      const name = `fixtures/${format}/${own}`
      const { verdict, ...question } = json(`${format}/${own}/expected.json`) as ExpectedQuote
      const items = Object.entries(json(`${format}/${own}/endorsements.json`) as Record<string, string>)
      const entry: QuoteCase = {
        name,
        entry: format,
        evidence: keep(name, read(`${format}/${own}/evidence.bin`)),
        trustAnchor,
        endorsements: Object.fromEntries(items.map(([item, content]) => [item, text(`${item} of ${name}`, content)])),
        question,
        verdicts: [verdict === 'valid' ? verdict : verdict.code],
      }
      return verdict === 'valid'
        ? [entry, { ...entry, name: `${name}: through the front door`, entry: 'root' }]
        : [entry]
    })
}

/** Everything is accepted that policy could refuse: these are about authenticity. */
function questionOf({ timeUnix }: IntelCase, quote: Uint8Array): QuoteQuestion {
  const isSgx = quote[4] === 0
  return {
    format: isSgx ? 'sgx' : 'tdx',
    now: new Date(timeUnix * 1000).toISOString(),
    clockSkewSeconds: 300,
    reportData: 'skipReportData',
    referenceValues: 'skipReferenceValues',
    acceptedTcbStatuses: [
      'SWHardeningNeeded',
      'ConfigurationNeeded',
      'ConfigurationAndSWHardeningNeeded',
      'OutOfDate',
      'OutOfDateConfigurationNeeded',
      'TDRelaunchAdvised',
      'TDRelaunchAdvisedConfigurationNeeded',
    ],
    debug: 'allowDebug',
    ...(!isSgx && { migration: 'allowMigration', serviceTds: serviceTdsOf(quote).map(hex) }),
  }
}

function verdictsOf({ id, expect: { result, reason = '', reasonAnyOf = [reason] } }: IntelCase): string[] {
  const decision = decisions[id]
  if (decision !== undefined) return [decision[0]]
  return result === 'status' ? ['valid'] : reasonAnyOf.flatMap((name) => (reasons[name] ?? []).map(([code]) => code))
}

/** An enclave with RA-TLS: tagged evidence, and dstack's way with a compressed log. */
async function addCertificates(
  cases: QuoteCase[],
  certificates: QuoteCorpus['certificates'][number][],
  keep: Keep,
  text: (key: string, content: string) => string,
): Promise<void> {
  const intel = await createIntelAttester({ now })
  const claims = cbor.encode(soundClaims())
  const quoteFor = (reportData: Uint8Array): Promise<Uint8Array> =>
    intel.quote({ tee: 'sgx', body: [[sgxOffsets.reportData, reportData]] })
  const bound = padded(digest('sha256', claims))
  const dstack = digest('sha512', utf8('ratls-cert:'), spki)
  const as = 'an enclave with RA-TLS'
  const items = Object.entries(await intel.endorsements({ tee: 'sgx' }))
  cases.push({
    name: as,
    entry: 'sgx',
    evidence: keep(as, await quoteFor(bound)),
    trustAnchor: keep('root of RA-TLS', intel.root),
    endorsements: Object.fromEntries(
      items.map(([item, content]) => [item, text(`${item} of ${as}`, content as string)]),
    ),
    question: {
      format: 'sgx',
      now: now.toISOString(),
      clockSkewSeconds: 300,
      reportData: hex(bound),
      referenceValues: { mrEnclave: measurements.mrEnclave },
    },
    verdicts: ['valid'],
  })
  const add = async (name: string, verdict: string, extensions: Record<string, Uint8Array>): Promise<void> => {
    const input = keep(name, await makeRaTls(extensions))
    certificates.push({ name, input, now: now.toISOString(), as, verdicts: [verdict] })
  }
  const log = utf8(dstackLog(runtimeEvent('app-id', new Uint8Array(20))))
  await add('RA-TLS: tagged evidence', 'valid', {
    [oids.taggedEvidence]: tagged(claims, new Uint8Array(await quoteFor(bound))),
  })
  await add('RA-TLS: dstack, with a compressed log', 'valid', {
    [oids.dstackQuote]: octetString(await quoteFor(dstack)),
    [oids.dstackEventLog]: octetString(concat(utf8('ELGZv1'), new Uint8Array(gzipSync(log)))),
  })
  await add('RA-TLS: a log that inflates too far', 'ra-tls-evidence', {
    [oids.dstackQuote]: octetString(await quoteFor(dstack)),
    [oids.dstackEventLog]: octetString(concat(utf8('ELGZv1'), new Uint8Array(gzipSync(new Uint8Array(10_000_000))))),
  })
  await add('RA-TLS: evidence for another key', 'policy-report-data', {
    [oids.taggedEvidence]: tagged(claims, new Uint8Array(await quoteFor(padded(digest('sha256', utf8('other')))))),
  })
}
