/**
 * From a report that was read to one that is AMD's word: certificates down from a pinned ARK, the
 * ARK's revocation list, a key certificate that is this report's, and every signature.
 */

import type { CheckRecorder } from '../../../core/record.ts'
import { ES384, ps384By4096, ps384By4096WithTrailer, type SignatureAlgorithm } from '../../../crypto/algorithms.ts'
import { fingerprint } from '../../../crypto/digest.ts'
import type { Memory } from '../../../crypto/memory.ts'
import { type SignatureRow, startSignatures } from '../../../crypto/signatures.ts'
import { type Bytes, equalBytes, isZero, toHex } from '../../../encoding/bytes.ts'
import type { Certificate } from '../../../x509/certificate.ts'
import { authenticCrl, checkCrlContent, type Crl, crlRow, refuseRevoked } from '../../../x509/crl.ts'
import { readCertificate, readCrl } from '../../../x509/endorsement-cache.ts'
import { checkDates, checkRoot, checkRules, signatureRows } from '../../../x509/path.ts'
import type { PathProfile } from '../../../x509/profile.ts'
import { quirks, vcekProfile, vlekProfile } from '../profile.ts'
import { compare, type Verified } from './appraise.ts'
import { type EndorsementBytes, readEndorsements } from './endorsements.ts'
import type { DecodedEvidence } from './evidence.ts'
import type { SevSnpPolicy } from './options.ts'
import type { SigningKey, SnpReport } from './report.ts'
import {
  hasZeroReserved,
  isAtMost,
  productOf,
  products,
  type SnpProduct,
  type SnpTcb,
  tcbOf,
  textOfTcb,
} from './tcb.ts'
import { chipIdSizes, decodeVek, isNameOf, type VekClaims } from './vek.ts'

/** A report that AMD vouches for, and how long its endorsements are valid. */
export interface Authentic extends Verified {
  /** Last moment at which all of them are valid, Unix milliseconds. */
  readonly validUntil: number
}

/** What the caller's options say about it. */
type AuthenticityPolicy = Pick<SevSnpPolicy, 'endorsements' | 'checksRevocation' | 'roots' | 'clock' | 'memory'>

/**
 * Verifies a report.
 * @throws VerificationError for everything that is not as it must be
 */
export async function authenticate(
  { report, signed, signature, certificates: table }: DecodedEvidence,
  policy: AuthenticityPolicy,
  checks: CheckRecorder,
): Promise<Authentic> {
  const { clock, memory, checksRevocation } = policy
  const cpuProduct = checkProcessor(report, checks)

  // 1. Read: strict and bounded. Nothing is trusted.
  const bytes = checks.decodes('endorsement-missing', 'endorsements', () =>
    readEndorsements(policy.endorsements, table, report.signingKey, checksRevocation),
  )
  checkRoot(await fingerprint(bytes.ark), policy.roots, checks)
  const certificates = readCertificates(bytes, report.signingKey, memory, checks)
  const crl = readList(bytes, memory, checks)

  // 2. The path: names, purposes, algorithms and dates. The root's name says which product it is.
  const product = checkProduct(certificates[0], checks)
  const profile = profileOf(product, report.signingKey)
  const path = checkRules(certificates, profile, checks)
  checkDates(path, policy.clock, 'dates of the certificates', checks)

  // 3. Start every signature; WebCrypto works on them meanwhile.
  const [ark, intermediate, vek] = certificates
  const signatures = startSignatures(
    [
      ...signatureRows(path, profile),
      ...(crl === undefined ? [] : [crlRow(crl, ark, algorithmOf(crl))]),
      reportRow(signed, signature, vek),
    ],
    memory,
  )

  // 4. Check what needs no signature: the list, and that the key is this report's.
  checks.verifies('vek-product-mismatch', 'product of the processor and of the certificates', {
    holds: cpuProduct === undefined || cpuProduct === product,
    expected: product,
    found: cpuProduct ?? product,
  })
  if (crl !== undefined) checkCrlContent(crl, { issuer: ark, algorithm: algorithmOf(crl) }, clock, checks)
  // The path's signatures come first: what an unsigned certificate says of chip and TCB is no
  // finding.
  await signatures.settle(checks, crl === undefined ? 'report-signature' : 'crl-signature')
  const held = await signatures.settle(checks, 'report-signature')
  if (crl === undefined) checks.omit('crl-revoked', 'skipped', 'revocation skipped')
  else
    checks.verifies('crl-revoked', `${intermediate.name} not revoked`, () => {
      refuseRevoked(intermediate, authenticCrl(crl, held))
    })
  const key = checkKey(vek, report, product, checks)
  const tcbs = checkVersions(report, product, checks)

  // 5. The report itself.
  await signatures.settle(checks)
  return {
    report,
    product,
    cspId: key.cspId,
    ...tcbs,
    validUntil: Math.min(path.notAfter, crl?.nextUpdate ?? Infinity),
  }
}

const nameOf = { VCEK: 'ASK', VLEK: 'ASVK' } as const

function profileOf(product: string, signingKey: SigningKey): PathProfile {
  return signingKey === 'VCEK' ? vcekProfile(product) : vlekProfile(product)
}

/** @throws VerificationError `report-product` */
function checkProcessor({ cpu }: SnpReport, checks: CheckRecorder): SnpProduct | undefined {
  if (cpu === undefined) return undefined
  const product = productOf(cpu)
  const found = `family 0x${cpu.family.toString(16)}, model 0x${cpu.model.toString(16)}`
  checks.verifies('report-product', 'processor', {
    holds: product !== undefined,
    expected: products.join(', '),
    found: product ?? found,
  })
  return product
}

/**
 * The root, the intermediate, and the key's certificate. @throws VerificationError `cert-parse`,
 * `cert-algorithm`, `cert-extension`
 */
function readCertificates(
  { ark, intermediate, vek }: EndorsementBytes,
  signingKey: SigningKey,
  memory: Memory | undefined,
  checks: CheckRecorder,
): readonly [Certificate, Certificate, Certificate] {
  return checks.verifies('cert-parse', '3 X.509 v3 certificates', () => [
    readCertificate(memory, ark, 'ARK', quirks.ca),
    readCertificate(memory, intermediate, nameOf[signingKey], quirks.ca),
    readCertificate(memory, vek, signingKey, quirks.key),
  ])
}

/** @throws VerificationError `crl-parse`, `crl-algorithm`, `crl-extension` */
function readList({ crl: der }: EndorsementBytes, memory: Memory | undefined, checks: CheckRecorder): Crl | undefined {
  if (der === undefined) return undefined
  return checks.decodes('crl-parse', 'revocation list of the ARK', () => readCrl(memory, der, 'CRL of the ARK'))
}

/**
 * The product by the end of the root's name, AMD's or that of a caller's own anchor. The whole name
 * is the profile's.
 * @throws VerificationError `cert-chain-name`
 */
function checkProduct({ subject }: Certificate, checks: CheckRecorder): SnpProduct {
  const name = String.fromCharCode(...subject)
  const product = products.find((known) => name.endsWith(`ARK-${known}`))
  const expected = products.map((known) => `ARK-${known}`).join(', ')
  checks.verifies('cert-chain-name', 'name of the ARK', {
    holds: product !== undefined,
    expected,
    found: toHex(subject),
  })
  return product as SnpProduct
}

/** AMD writes its parameters in one of two encodings. */
function algorithmOf({ signatureAlgorithm }: Crl): SignatureAlgorithm {
  return toHex(signatureAlgorithm) === ps384By4096WithTrailer.x509 ? ps384By4096WithTrailer : ps384By4096
}

const reportRow = (signedBytes: Bytes, signature: Bytes, by: Certificate): SignatureRow => ({
  code: 'report-signature',
  of: { name: 'report', signedBytes, signature, algorithm: ES384, isDer: false },
  by,
})

/**
 * The certificate is that of the key which this report says it was signed with: product, TCB, chip.
 */
function checkKey(vek: Certificate, report: SnpReport, product: SnpProduct, checks: CheckRecorder): VekClaims {
  const { signingKey, reportedTcb, chipId } = report
  const key = checks.verifies('vek-cert-format', `what the ${signingKey} certificate says`, () =>
    decodeVek(vek, signingKey, product),
  )
  const isProduct = isNameOf(key.productName, product)
  checks.verifies('vek-product-mismatch', `product of the ${signingKey}`, {
    holds: isProduct,
    expected: product,
    found: key.productName,
  })
  const reported = tcbOf(reportedTcb, product)
  const isEqual =
    isAtMost(reported, key.tcb) && isAtMost(key.tcb, reported) && key.unusedTcb.every((part) => part === 0)
  const found = `${textOfTcb(key.tcb)}${key.unusedTcb.some((part) => part !== 0) ? ', and parts that are not in use' : ''}`
  checks.verifies('vek-tcb-mismatch', `TCB of the ${signingKey}`, {
    holds: isEqual,
    expected: textOfTcb(reported),
    found,
  })
  if (key.hwId !== undefined) {
    const size = chipIdSizes[product]
    const holds = !isZero(chipId) && equalBytes(key.hwId, chipId.subarray(0, size)) && isZero(chipId.subarray(size))
    // The identity of a machine belongs into no trace.
    checks.verifies('vek-chip-id-mismatch', 'chip of the VCEK', {
      holds,
      expected: 'that of the report',
      found: holds ? 'that' : 'another',
    })
  }
  return key
}

/**
 * What the firmware enforces between the versions. @throws VerificationError `report-reserved`,
 * `report-tcb`
 */
function checkVersions(
  report: SnpReport,
  product: SnpProduct,
  checks: CheckRecorder,
): Record<'currentTcb' | 'reportedTcb' | 'committedTcb' | 'launchTcb', SnpTcb> {
  const raw = [report.currentTcb, report.reportedTcb, report.committedTcb, report.launchTcb]
  const isClean = raw.every((tcb) => hasZeroReserved(tcb, product))
  const found = raw.map((tcb) => toHex(tcb)).join(', ')
  checks.verifies('report-reserved', `reserved bytes of the TCB versions of ${product}`, {
    holds: isClean,
    expected: 'zero',
    found,
  })
  const [currentTcb, reportedTcb, committedTcb, launchTcb] = raw.map((tcb) => tcbOf(tcb, product)) as [
    SnpTcb,
    SnpTcb,
    SnpTcb,
    SnpTcb,
  ]
  const { currentVersion, committedVersion } = report
  const holds =
    isAtMost(reportedTcb, currentTcb) &&
    isAtMost(committedTcb, currentTcb) &&
    compare(committedVersion, currentVersion) <= 0
  checks.verifies('report-tcb', 'reported and committed versions', {
    holds,
    expected: `at most those that run: ${textOfTcb(currentTcb)}; ${currentVersion.join('.')}`,
    found: `reported ${textOfTcb(reportedTcb)}; committed ${textOfTcb(committedTcb)}; ${committedVersion.join('.')}`,
  })
  return { currentTcb, reportedTcb, committedTcb, launchTcb }
}
