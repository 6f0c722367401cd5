/**
 * What is particular to verdicts on Intel's quotes: questions that their checks answer, what to do
 * about a refusal, and what they say.
 */
import { toHex } from '../../../encoding/bytes.ts'
import type { DcapClaims, DcapTcb } from '../../../formats/intel/tdx/index.ts'
import type { Check, SgxResult, TdxResult } from '../../../index.ts'

/** What a check looks at, for people who do not know the codes. */
export const quoteQuestions: Readonly<Record<string, string>> = {
  'quote-format': 'A quote, well formed and within the size limit',
  'quote-version-epid': 'Made for DCAP, not for EPID',
  'quote-tee': 'Is of the kind of TEE that was asked for',
  'endorsement-missing': 'Collateral is complete',
  'pck-chain-missing': 'Certificates of the platform are there',
  'pck-cert-format': 'Certificate of the platform says which one it is',
  'crl-parse': 'Revocation lists are well formed',
  'crl-issuer': 'Revocation lists are of the right CA',
  'crl-validity': 'Revocation lists are current',
  'crl-algorithm': 'Revocation lists use the algorithm of the vendor',
  'crl-signature': 'Revocation lists are signed by their CA',
  'crl-revoked': 'Nothing is revoked',
  'cert-path': 'Each certificate is for what it is used for',
  'tcb-info-format': 'TCB Info is well formed',
  'tcb-info-validity': 'TCB Info is current',
  'tcb-info-signature': 'TCB Info is signed by Intel',
  'tcb-info-mismatch': 'TCB Info is about this platform',
  'qe-identity-format': 'QE identity is well formed',
  'qe-identity-validity': 'QE identity is current',
  'qe-identity-signature': 'QE identity is signed by Intel',
  'qe-identity-mismatch': "The quoting enclave is Intel's",
  'qe-report-signature': 'The platform signed for its quoting enclave',
  'attestation-key-binding': 'The quoting enclave vouches for its key',
  'quote-signature': 'Quote is signed by the quoting enclave',
  'tdx-module-mismatch': "The TDX module is Intel's",
  'tcb-not-supported': 'Intel knows the state of the platform',
  'tcb-revoked': 'The platform is not revoked',
  'policy-tcb-status': 'The platform is in an accepted state',
  'policy-tcb-evaluation': 'Collateral knows of a TCB recovery',
  'policy-endorsement-age': 'Collateral is recent',
  'policy-platform': 'Runs on an accepted machine',
  'policy-migration': 'Cannot be moved to another machine',
  'policy-service-td': 'No other TD can read it',
  'policy-measurements': 'Runs the expected image',
  'policy-report-data': 'Carries the expected report data',
}

const stale =
  'Fetch the collateral anew (veritee collateral): it is good for 30 days at most. To verify as of then, name the time with --at.'

/** What to do about a refusal, where something can be done. */
export const quoteHints: Readonly<Record<string, string>> = {
  'quote-version-epid': 'EPID attestation was retired by Intel. The enclave must make an ECDSA quote (DCAP).',
  'endorsement-missing': 'The collateral must have every item that veritee collateral prints.',
  'pck-chain-missing':
    'The quote names its platform without certificates: put these into the collateral as pckCertificateChain.',
  'crl-validity': stale,
  'tcb-info-validity': stale,
  'qe-identity-validity': stale,
  'tcb-info-mismatch': 'The collateral is for another kind of platform: fetch it for this quote (veritee collateral).',
  'tcb-not-supported': 'Intel lists no state that low, or the collateral is older than the platform: fetch it anew.',
  'policy-tcb-evaluation': 'Fetch the collateral anew (veritee collateral), all of it at once.',
  'policy-endorsement-age':
    'Fetch the collateral anew (veritee collateral). The list of the root is a year old at times: --max-root-crl-age.',
  'policy-migration': 'The owner of the migration TD can read this one. If that is you: --allow-migration.',
}

type Claims = SgxResult['claims'] | TdxResult['claims']
type Row = readonly [name: string, value: string | undefined]

/** What a quote says, before and after what every result has. */
export function quoteRows(claims: Claims): readonly [before: readonly Row[], after: readonly Row[]] {
  const { platform, tcbDate, tcbEvaluationDataNumber: number, reportData } = claims
  return [
    [
      ['platform', `FMSPC ${platform.fmspc}, ${platform.ca} CA, ${platform.sgxType} memory`],
      ['TCB status', statusesOf(claims)],
      ['TCB date', day(tcbDate)],
      ['advisories', advisoriesOf(claims)],
      ['evaluation', `${number.tcbInfo} of TCB Info, ${number.qeIdentity} of QE identity`],
      ...registersOf(claims),
    ],
    [['report data', toHex(reportData)]],
  ]
}

/**
 * Everything that makes this verdict weaker than it could be, beside what every verdict can lack.
 */
export function quoteCaveats(claims: Claims, checks: readonly Check[]): string[] {
  const { tcbStatus, currentTcbStatus = tcbStatus } = claims
  const states = [...new Set([tcbStatus, currentTcbStatus])].filter((status) => status !== 'UpToDate')
  const isMigratable = checks.some(
    ({ id, outcome, actual }) => id === 'policy-migration' && outcome === 'pass' && actual === 'on',
  )
  const isSkipped = checks.some(({ id, outcome }) => id === 'policy-report-data' && outcome === 'skipped')
  return [
    ...states.map((status) => `platform ${status}`),
    ...(isMigratable ? ['can be moved to another machine'] : []),
    ...(isSkipped ? ['whatever it was made for'] : []),
  ]
}

function statusesOf({ tcbStatus, launchTcbStatus, currentTcbStatus, ...parts }: DcapTcb): string {
  const { platformTcbStatus, tdxModuleTcbStatus, qeTcbStatus } = parts
  const known = [
    ['platform', platformTcbStatus],
    ['TDX module', tdxModuleTcbStatus],
    ['QE', qeTcbStatus],
    ['at launch', currentTcbStatus === undefined ? undefined : launchTcbStatus],
    ['now', currentTcbStatus],
  ].flatMap(([part, status]) => (status === undefined ? [] : [`${part} ${status}`]))
  return `${tcbStatus} (${known.join(', ')})`
}

function advisoriesOf({ advisoryIDs, currentAdvisoryIDs = [] }: DcapTcb): string {
  return [...new Set([...advisoryIDs, ...currentAdvisoryIDs])].sort().join(' ') || 'none listed'
}

function registersOf(claims: Claims & DcapClaims): readonly Row[] {
  if ('mrEnclave' in claims) {
    const { mrEnclave, mrSigner, isvProdId, isvSvn } = claims
    return [
      ['MRENCLAVE', toHex(mrEnclave)],
      ['MRSIGNER', toHex(mrSigner)],
      ['product', `${isvProdId}, version ${isvSvn}`],
    ]
  }
  const { mrTd, rtmr0, rtmr1, rtmr2, rtmr3 } = claims
  return Object.entries({ MRTD: mrTd, RTMR0: rtmr0, RTMR1: rtmr1, RTMR2: rtmr2, RTMR3: rtmr3 }).map(([name, value]) => [
    name,
    toHex(value),
  ])
}

const day = (date: Date): string => date.toISOString().slice(0, 10)
