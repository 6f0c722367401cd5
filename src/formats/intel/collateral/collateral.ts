/**
 * Everything around a quote that Intel signed: nothing may be missing, unreadable, of another
 * issuer, stale or revoked.
 */

import type { CheckRecorder } from '../../../core/record.ts'
import type { Clock } from '../../../core/time.ts'
import { ES256 } from '../../../crypto/algorithms.ts'
import { fingerprint } from '../../../crypto/digest.ts'
import { startSignatures } from '../../../crypto/signatures.ts'
import type { Certificate } from '../../../x509/certificate.ts'
import { authenticCrl, checkCrlContent, type CheckedCrl, refuseRevoked } from '../../../x509/crl.ts'
import { type CertificationPath, checkDates } from '../../../x509/path.ts'
import type { Quote } from '../quote/quote.ts'
import type { DatedEndorsement } from './endorsements.ts'
import { type Chain, checkChain, checkSameRoot } from './paths.ts'
import { type DcapPlatform, decodePck } from './pck.ts'
import { decodeQeIdentity, type QeIdentity } from './qe-identity.ts'
import { type Delivered, type Read, readCollateral, remembering } from './read.ts'
import { signaturesOf, startBinding } from './signatures.ts'
import { checkValidity } from './signed-json.ts'
import { decodeTcbInfo, type TcbInfo } from './tcb-info.ts'

/**
 * What Intel says about the platform of one quote, all of it authentic and current. Whether it fits
 * the quote is for `evaluate.ts` to say.
 */
export interface Collateral {
  readonly platform: DcapPlatform
  /** The PCK certificate. */
  readonly pck: Certificate
  readonly tcbInfo: TcbInfo
  readonly qeIdentity: QeIdentity
  /** When Intel issued each, Unix milliseconds. */
  readonly issued: Readonly<Record<DatedEndorsement, number>>
  /** Last moment at which all of it is valid, Unix milliseconds. */
  readonly validUntil: number
}

/** What the caller's options say about it. */
export interface CollateralPolicy extends Delivered {
  readonly roots: readonly string[]
  readonly clock: Clock
}

/**
 * Certificates, lists and documents of Intel's, down to the signature over the quote itself.
 * @throws VerificationError for everything that is not as it must be
 */
export async function verifyCollateral(
  quote: Quote,
  policy: CollateralPolicy,
  checks: CheckRecorder,
): Promise<Collateral> {
  // 1. Read: strict and bounded. Nothing is trusted.
  const read = readCollateral(quote, policy, checks)

  // 2. Start: the root's digest first, for it is needed first and WebCrypto serves in order; then
  // every signature. WebCrypto works on them meanwhile, and calls of it cost less next to each
  // other than between other work.
  const hashOf = remembering(fingerprint)
  // Judged in the next step.
  hashOf(read.pck.certificates[0].der).catch(() => undefined)
  const signatures = startSignatures(signaturesOf(quote, read), policy.memory)
  const binding = startBinding(quote)

  // 3. Check everything that needs no signature: names, purposes and dates, and that all of it is
  // of one Intel.
  const { paths, ...collateral } = await checkCollateral(read, policy, hashOf, checks)

  // 4. Settle: signatures in the order of the table, root first. The quoting enclave's report says
  // whose key signed the quote.
  await signatures.settle(checks, 'quote-signature')
  await binding.settle(checks)
  const held = await signatures.settle(checks)

  // 5. Revocation, which only a signed list decides: of the platform's CA and the signers by the
  // root's, of the platform by its CA's.
  const [rootCaCrl, pckCrl] = read.lists.map(({ crl }) => authenticCrl(crl, held))
  const [, ca, pck] = read.pck.certificates
  refuse(ca, rootCaCrl, checks)
  refuse(pck, pckCrl, checks)
  for (const { leaf } of paths.slice(1)) refuse(leaf, rootCaCrl, checks)
  return collateral
}

/**
 * Everything about the collateral that needs no signature. @param hashOf {@link fingerprint}, or
 * something that remembers
 */
async function checkCollateral(
  { pck, signers, lists, tcbInfo: tcbInfoDocument, qeIdentity: qeIdentityDocument }: Read,
  { roots, clock }: CollateralPolicy,
  hashOf: typeof fingerprint,
  checks: CheckRecorder,
): Promise<Collateral & { readonly paths: readonly CertificationPath[] }> {
  const pathOf = async (chain: Chain): Promise<CertificationPath> => {
    const path = await checkChain(chain, roots, checks, hashOf)
    checkDates(path, clock, `dates of ${path.leaf.name} and what is above it`, checks)
    return path
  }
  const pckPath = await pathOf(pck)
  const platform = checks.verifies('pck-cert-format', 'platform', () => decodePck(pckPath.leaf))
  for (const { crl, issuer } of lists) checkCrlContent(crl, { issuer, algorithm: ES256 }, clock, checks)
  const paths = [pckPath]
  for (const signer of signers) paths.push(await pathOf(signer))
  for (const path of paths.slice(1)) checkSameRoot(pckPath, path, checks)
  const tcbInfo = checks.decodes(
    'tcb-info-format',
    'fields of TCB Info',
    () => (tcbInfoDocument.fields ??= decodeTcbInfo(tcbInfoDocument.json)),
  )
  checkValidity(tcbInfo, { code: 'tcb-info-validity', subject: 'TCB Info' }, clock, checks)
  const qeIdentity = checks.decodes(
    'qe-identity-format',
    'fields of QE identity',
    () => (qeIdentityDocument.fields ??= decodeQeIdentity(qeIdentityDocument.json)),
  )
  checkValidity(qeIdentity, { code: 'qe-identity-validity', subject: 'QE identity' }, clock, checks)
  return {
    paths,
    platform,
    pck: pckPath.leaf,
    tcbInfo,
    qeIdentity,
    issued: {
      tcbInfo: tcbInfo.issueDate,
      qeIdentity: qeIdentity.issueDate,
      rootCaCrl: lists[0].crl.thisUpdate,
      pckCrl: lists[1].crl.thisUpdate,
    },
    validUntil: Math.min(
      ...paths.map(({ notAfter }) => notAfter),
      ...lists.map(({ crl }) => crl.nextUpdate),
      tcbInfo.nextUpdate,
      qeIdentity.nextUpdate,
    ),
  }
}

/** @throws VerificationError `crl-revoked` */
function refuse(certificate: Certificate | undefined, crl: CheckedCrl | undefined, checks: CheckRecorder): void {
  checks.verifies('crl-revoked', `${certificate?.name} not revoked`, () => {
    if (certificate === undefined || crl === undefined)
      throw new TypeError('a PCK path has three certificates and two lists')
    refuseRevoked(certificate, crl)
  })
}
