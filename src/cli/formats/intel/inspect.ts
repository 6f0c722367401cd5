/**
 * `veritee inspect` for Intel's quotes.
 */
import { equalBytes, isZero, toHex } from '../../../encoding/bytes.ts'
import { decodeSgxEvidence, type SgxEvidence } from '../../../formats/intel/sgx/index.ts'
import { decodeTdxEvidence, type TdxEvidence } from '../../../formats/intel/tdx/index.ts'
import { type MeasuredEvent, type ReplayedEventLog, replayEventLog } from '../../../formats/intel/tdx/events/index.ts'
import { UsageError } from '../../failures.ts'
import { linksAsText, linksOf } from '../../inspect-chain.ts'
import { stringify } from '../../json.ts'
import { bytesAsText, paint, row, wrap } from '../../text.ts'

/** Fields with what they mean. */
const meanings: Readonly<Record<string, string>> = {
  mrTd: 'MRTD   firmware of the TD',
  rtmr0: 'RTMR0  configuration of the firmware',
  rtmr1: 'RTMR1  boot loader, kernel',
  rtmr2: 'RTMR2  command line, initial RAM disk',
  rtmr3: 'RTMR3  system and application',
  mrConfigId: 'MRCONFIGID  chosen by the launcher of the TD',
  mrOwner: 'MROWNER  chosen by the launcher of the TD',
  mrOwnerConfig: 'MROWNERCONFIG  chosen by the launcher of the TD',
  mrSeam: 'MRSEAM  the TDX module',
  mrServiceTd: 'MRSERVICETD  service TDs that can read this one',
  mrEnclave: 'MRENCLAVE  code and layout of the enclave',
  mrSigner: 'MRSIGNER  key that signed the enclave',
  configId: 'CONFIGID  chosen by the starter of the enclave',
}

/** @param log an event log to compare with the registers of a TD */
export async function inspectQuote(
  kind: 'tdx' | 'sgx',
  bytes: Uint8Array,
  log: Uint8Array | undefined,
  { warning, asJson }: { readonly warning: string; readonly asJson: boolean },
): Promise<string> {
  if (kind === 'sgx' && log !== undefined) throw new UsageError('--event-log is about TDX: this is an SGX quote')
  const evidence = kind === 'tdx' ? decodeTdxEvidence(bytes) : decodeSgxEvidence(bytes)
  const chain = linksOf(
    [...evidence.certificates]
      .reverse()
      .map((der, i, { length }) => [['root', 'CA', 'PCK'][i + 3 - length] ?? '', der]),
  )
  const replayed = log && (await replayEventLog(log))
  if (asJson) return stringify({ verdict: 'unverified', warning, format: kind, ...evidence, chain, eventLog: replayed })
  return [
    paint('yellow', warning),
    '',
    ...summary(kind, evidence),
    '',
    ...registers(evidence),
    ...(replayed === undefined ? [] : ['', ...logAsText(replayed, evidence as TdxEvidence)]),
    '',
    chain.length === 0 ? 'No certificates: endorsements must bring them along' : 'Certificates, root first',
    ...chain.flatMap(linksAsText),
    '',
    paint('yellow', warning),
  ].join('\n')
}

function summary(kind: 'tdx' | 'sgx', evidence: TdxEvidence | SgxEvidence): string[] {
  const { quoteVersion, bodyType, platform, qeReport, reportData, debug } = evidence
  const kinds = { 1: 'SGX enclave', 2: 'TDX 1.0', 3: 'TDX 1.5', 4: 'TDX 1.5, extended' }
  const sgx = 'mrEnclave' in evidence ? [field('product', `${evidence.isvProdId}, version ${evidence.isvSvn}`)] : []
  return [
    field('kind', `Intel ${kind.toUpperCase()} quote, version ${quoteVersion} (${kinds[bodyType]})`),
    ...(platform === undefined
      ? []
      : [
          field('platform', `FMSPC ${platform.fmspc}, ${platform.ca} CA, ${platform.sgxType} memory`),
          field('PPID', toHex(platform.ppid)),
          ...(platform.platformInstanceId === undefined ? [] : [field('instance', toHex(platform.platformInstanceId))]),
        ]),
    field('QE', `product ${qeReport.isvProdId}, version ${qeReport.isvSvn}`),
    ...sgx,
    field('attributes', toHex('mrEnclave' in evidence ? evidence.attributes : evidence.tdAttributes)),
    ...bytesAsText(reportData).map((line, i) => field(i === 0 ? 'report data' : '', line)),
    ...(debug ? ['', 'In DEBUG MODE: the operator of the machine can read its memory.'] : []),
  ]
}

function registers(evidence: TdxEvidence | SgxEvidence): string[] {
  const values = Object.entries(evidence) as [string, unknown][]
  return Object.entries(meanings).flatMap(([name, title]) => {
    const value = values.find(([field]) => field === name)?.[1]
    if (!(value instanceof Uint8Array)) return []
    return [title, `       ${isZero(value) ? 'all zero' : wrap(toHex(value), 64).join('\n       ')}`]
  })
}

function logAsText({ format, rtmrs, events }: ReplayedEventLog, quote: TdxEvidence): string[] {
  const quoted = [quote.rtmr0, quote.rtmr1, quote.rtmr2, quote.rtmr3]
  return [
    `Event log (${format === 'tcg' ? 'of the firmware' : 'of dstack'}), ${events.length} events`,
    ...rtmrs.map((rtmr, i) => {
      const isSame = equalBytes(rtmr, quoted[i] ?? new Uint8Array())
      return row(
        `RTMR${i}`,
        isSame ? 'replays to what the quote has' : 'replays to something ELSE than the quote has',
        [2, 6],
      )
    }),
    ...events.map(eventAsText),
  ]
}

function eventAsText({ rtmr, type, name, data, digest, dataIsMeasured }: MeasuredEvent): string {
  const [hex = '', text = ''] = bytesAsText(data.subarray(0, 48))
  const said = dataIsMeasured
    ? `${name === undefined ? '' : `${name}: `}${text === '' ? hex : text.slice(2)}`
    : toHex(digest)
  return row(`RTMR${rtmr}`, `0x${type.toString(16).padStart(8, '0')} ${said}`, [2, 6])
}

function field(name: string, value: string): string {
  return row(name, value, [0, 11])
}
