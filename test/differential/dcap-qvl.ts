/**
 * The other verifier of Intel's quotes: `@phala/dcap-qvl`, JavaScript, by way of Node's crypto. It
 * takes the same endorsements in another dress, and refuses debug mode, migration and service TDs
 * as ours does by default.
 */
import { type Collateral, QuoteVerifier } from '@phala/dcap-qvl'
import {
  AttestationError,
  type DcapEndorsements,
  type DcapOptions,
  skipReferenceValues,
  skipReportData,
  verifySgx,
} from '../../src/formats/intel/sgx/index.ts'
import { verifyTdx } from '../../src/formats/intel/tdx/index.ts'

/** A quote, what Intel says of its platform, and when. */
export interface DcapInput {
  readonly name: string
  readonly quote: Uint8Array<ArrayBuffer>
  readonly endorsements: DcapEndorsements
  readonly root: Uint8Array<ArrayBuffer>
  /** The root is Intel's, which ours knows in both of its certificates. */
  readonly isPinned: boolean
  readonly now: Date
}

/**
 * `status: advisories` of a quote that a verifier accepts, `undefined` of one that it refuses; and
 * why.
 */
export interface Verdict {
  readonly accepted: string | undefined
  readonly reason: string
}

export async function ours({ quote, endorsements, root, isPinned, now }: DcapInput): Promise<Verdict> {
  const options: DcapOptions & { referenceValues: typeof skipReferenceValues } = {
    endorsements,
    ...(!isPinned && { trustAnchors: [root] }),
    now,
    clockSkewSeconds: 0,
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
  }
  try {
    const { claims } = await (quote[4] === 0 ? verifySgx : verifyTdx)(quote, options)
    return { accepted: told(claims.tcbStatus, claims.advisoryIDs), reason: '' }
  } catch (error) {
    if (!(error instanceof AttestationError)) throw error
    return { accepted: undefined, reason: `${error.code}: ${error.message}` }
  }
}

export function theirs({ quote, endorsements, root, now }: DcapInput): Verdict {
  try {
    const verifier = QuoteVerifier.newWithRootCa(Buffer.from(root))
    const { status, advisory_ids: advisories } = verifier.verify(
      Buffer.from(quote),
      collateralOf(endorsements),
      now.getTime() / 1000,
    )
    return { accepted: told(status, advisories), reason: '' }
  } catch (error) {
    return { accepted: undefined, reason: (error as Error).message }
  }
}

const told = (status: string, advisories: readonly string[]): string =>
  `${status}: ${[...new Set(advisories)].sort().join(', ')}`

function collateralOf(endorsements: DcapEndorsements): Collateral & { readonly pck_certificate_chain?: string } {
  const { tcbInfo, tcbInfoIssuerChain, qeIdentity, qeIdentityIssuerChain, pckCrl, rootCaCrl } = endorsements
  const { pckCertificateChain } = endorsements
  const [tcbInfoBody, tcbInfoSignature] = partsOf(tcbInfo)
  const [qeIdentityBody, qeIdentitySignature] = partsOf(qeIdentity)
  return {
    pck_crl_issuer_chain: '',
    pck_crl: hexOf(pckCrl),
    root_ca_crl: hexOf(rootCaCrl),
    tcb_info: tcbInfoBody,
    tcb_info_signature: tcbInfoSignature,
    tcb_info_issuer_chain: tcbInfoIssuerChain,
    qe_identity: qeIdentityBody,
    qe_identity_signature: qeIdentitySignature,
    qe_identity_issuer_chain: qeIdentityIssuerChain,
    ...(pckCertificateChain !== undefined && { pck_certificate_chain: pckCertificateChain }),
  }
}

const hexOf = (base64: string): string => Buffer.from(base64, 'base64').toString('hex')

/** Body and signature of a document, whichever stands first. */
function partsOf(document: string): readonly [body: string, signature: string] {
  const [member = '', signature = ''] = /"signature"\s*:\s*"(\w+)"/.exec(document) ?? []
  const [, body = ''] = /:\s*(\{[^]*\})[\s,]*\}\s*$/.exec(document.replace(member, '')) ?? []
  return [body, signature]
}
