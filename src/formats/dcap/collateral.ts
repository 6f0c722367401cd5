/**
 * Everything around a quote that somebody signed: nothing may be missing, unreadable, of somebody else, stale or revoked.
 */
import type { Clock } from '../../appraisal/freshness.ts'
import { ES256 } from '../../crypto/algorithms.ts'
import { type Bytes, equalBytes, toHex } from '../../encoding/bytes.ts'
import { VerificationError } from '../../errors.ts'
import type { CheckRecorder } from '../../trace.ts'
import { type Certificate, decodeCertificate } from '../../x509/certificate.ts'
import { checkCrlContent, type CrlSignature, pendingCrlSignature } from '../../x509/crl.ts'
import { type EndorsementCache, remember } from '../../x509/endorsement-cache.ts'
import {
  type CertificationPath,
  findInvalid,
  fingerprint,
  type PathSignatures,
  startSignatures,
} from '../../x509/path.ts'
import { decodeIntelCrl } from './crl-extensions.ts'
import { type DatedEndorsement, endorsement, endorsementDer, type EndorsementTexts } from './endorsements.ts'
import { type Chain, checkChain, checkSameRoot, readPckChain, readSignerChain } from './paths.ts'
import { type DcapPlatform, decodePck } from './pck.ts'
import { decodeQeIdentity, type QeIdentity, qeIdentitySource } from './qe-identity.ts'
import type { Quote } from './quote.ts'
import {
  type PendingPath,
  pendingSignature,
  settleSignatures,
  startQeReportSignature,
  startQuoteSignatures,
} from './signatures.ts'
import { textSignatures } from './signed-texts.ts'
import { checkValidity, decodeSignedJson, hintOf, type SignedJson } from './signed-json.ts'
import { decodeTcbInfo, type TcbInfo, tcbInfoSource } from './tcb-info.ts'

/** What Intel says about the platform of one quote, all of it authentic and current. Whether it fits the quote is for `evaluate.ts` to say. */
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
export interface CollateralPolicy {
  readonly endorsements: EndorsementTexts
  readonly roots: readonly string[]
  readonly clock: Clock
  readonly cache: EndorsementCache | undefined
}

/**
 * Reads all of it, and then starts every signature check: from the root down to the quote itself there are nine. While they run, everything is checked that
 * needs no signature. Then they are judged.
 * @throws VerificationError for everything that is not as it must be
 */
export async function verifyCollateral(
  quote: Quote,
  policy: CollateralPolicy,
  checks: CheckRecorder,
): Promise<Collateral> {
  const { endorsements, roots } = policy
  const { now, skewMs } = policy.clock

  // The chain of the platform's certificate, and of whoever speaks for Intel about platforms and quoting enclaves: one, unless somebody sent two. All have
  // one root: it is read and hashed once.
  const decode = remembering(decodeCertificate)
  const pckChain = readPckChain(quote, endorsements, checks, decode)
  const tcbInfoChain = readSignerChain('tcbInfoIssuerChain', endorsements, checks, decode)
  const qeIdentityChain =
    endorsements.qeIdentityIssuerChain === endorsements.tcbInfoIssuerChain
      ? tcbInfoChain
      : readSignerChain('qeIdentityIssuerChain', endorsements, checks, decode)
  // What they say: the signature is checked over the bytes as served, and these bytes are what is read.
  const tcbInfoDocument = checks.run('decode', 'tcb-info-format', 'TCB Info', () =>
    decodeSignedJson(endorsement(endorsements, 'tcbInfo'), 'tcbInfo', tcbInfoSource),
  )
  const qeIdentityDocument = checks.run('decode', 'qe-identity-format', 'QE identity', () =>
    decodeSignedJson(endorsement(endorsements, 'qeIdentity'), 'enclaveIdentity', qeIdentitySource),
  )
  // The lists that could revoke the CA of the platform and the signer, and the platform.
  const [root, ca] = pckChain.certificates as readonly [Certificate, Certificate]
  const lists = (
    [
      ['rootCaCrl', root],
      ['pckCrl', ca],
    ] as const
  ).map(([name, issuer]) => ({
    crl: checks.run('decode', 'crl-parse', name, () => decodeIntelCrl(endorsementDer(endorsements, name), name)),
    issuer,
    text: () => endorsement(endorsements, name),
  }))
  const [rootList, pckList] = lists as [(typeof lists)[0], (typeof lists)[0]]

  // All in one go: calls of WebCrypto cost less next to each other. They run on threads of their own.
  const hashOf = remembering(fingerprint)
  const quoteSignatures = startQuoteSignatures(quote)
  // Before nearly all signatures: threads take what comes first. Judged below, unless something else is wrong before.
  hashOf(root.der).catch(() => undefined)
  const pck = startChain(pckChain, policy)
  const qeReport = startQeReportSignature(quote, pck.signatures.keys.at(-1))
  const texts = textSignatures(policy.cache)
  const [rootCaCrl, pckCrl] = lists.map(({ crl, issuer, text }, i) => {
    const signed = { text, signature: crl.signature, signedBytes: crl.tbs, isDer: true }
    return pendingCrlSignature(crl, issuer, texts.start(signed, issuer, pck.signatures.keys[i]))
  }) as [CrlSignature, CrlSignature]
  const tcbInfoSigner = startChain(tcbInfoChain, policy, pck)
  const qeIdentitySigner = qeIdentityChain === tcbInfoChain ? tcbInfoSigner : startChain(qeIdentityChain, policy, pck)
  const startDocument = (document: SignedJson, { chain, signatures: { keys } }: StartedChain): Promise<boolean> =>
    texts.start(
      { ...document, text: () => toHex(document.signature) + document.body, isDer: false },
      chain.certificates.at(-1) as Certificate,
      keys.at(-1),
    )
  const pending = {
    rootCaCrl,
    pckCrl,
    tcbInfo: pendingSignature(
      'tcb-info-signature',
      'TCB Info, every byte as served, signed by Intel',
      startDocument(tcbInfoDocument, tcbInfoSigner),
      hintOf(tcbInfoDocument),
    ),
    qeIdentity: pendingSignature(
      'qe-identity-signature',
      'QE identity, every byte as served, signed by Intel',
      startDocument(qeIdentityDocument, qeIdentitySigner),
      hintOf(qeIdentityDocument),
    ),
    qeReport,
    quote: quoteSignatures,
  }

  // Meanwhile: names, purposes and dates, and that all of it is of one Intel.
  const finish = async ({ chain, signatures }: StartedChain): Promise<PendingPath> => {
    const path = await checkChain(chain, roots, checks, hashOf)
    checkDates(path, policy, checks)
    return { path, signatures }
  }
  const pckPath = await finish(pck)
  const platform = checks.run('verify', 'pck-cert-format', 'platform', () => decodePck(pckPath.path.leaf))
  for (const { crl, issuer } of lists) checkCrlContent(crl, issuer, ES256, { at: now, toleranceMs: skewMs }, checks)
  const signers: PendingPath[] = []
  for (const signer of new Set([tcbInfoSigner, qeIdentitySigner])) signers.push(await finish(signer))
  for (const { path } of signers) checkSameRoot(pckPath.path, path, checks)
  const tcbInfo = checks.run('decode', 'tcb-info-format', 'fields of TCB Info', () => decodeTcbInfo(tcbInfoDocument))
  checkValidity(tcbInfo, 'tcb-info-validity', 'TCB Info', now, skewMs, checks)
  const qeIdentity = checks.run('decode', 'qe-identity-format', 'fields of QE identity', () =>
    decodeQeIdentity(qeIdentityDocument),
  )
  checkValidity(qeIdentity, 'qe-identity-validity', 'QE identity', now, skewMs, checks)

  await settleSignatures({ pck: pckPath, signers, ...pending }, checks)
  texts.remember()
  // An end entity, but one that signs for months.
  for (const { path, signatures } of signers)
    remember(policy.cache, path.leaf, path.certificates[0], signatures.keys.at(-1))
  return {
    platform,
    pck: pckPath.path.leaf,
    tcbInfo,
    qeIdentity,
    issued: {
      tcbInfo: tcbInfo.issueDate,
      qeIdentity: qeIdentity.issueDate,
      rootCaCrl: rootList.crl.thisUpdate,
      pckCrl: pckList.crl.thisUpdate,
    },
    validUntil: Math.min(
      pckPath.path.notAfter,
      ...signers.map(({ path }) => path.notAfter),
      ...lists.map(({ crl }) => crl.nextUpdate),
      tcbInfo.nextUpdate,
      qeIdentity.nextUpdate,
    ),
  }
}

/** A chain with the checks of its signatures under way. */
interface StartedChain {
  readonly chain: Chain
  readonly signatures: PathSignatures
}

/** @param above a chain that was started, whose root's key is used again where it is the same */
function startChain(chain: Chain, { cache }: CollateralPolicy, above?: StartedChain): StartedChain {
  const isSameKey = above !== undefined && equalBytes(above.chain.certificates[0].spki, chain.certificates[0].spki)
  return { chain, signatures: startSignatures(chain, ES256, cache, isSameKey ? above.signatures.keys[0] : undefined) }
}

/** Asked about the same bytes again, it gives the answer that it gave. */
function remembering<Others extends unknown[], Answer>(
  ask: (bytes: Bytes, ...others: Others) => Answer,
): (bytes: Bytes, ...others: Others) => Answer {
  const answers: (readonly [asked: Bytes, answer: Answer])[] = []
  return (bytes, ...others) => {
    const known = answers.find(([asked]) => equalBytes(asked, bytes))
    if (known !== undefined) return known[1]
    const answer = ask(bytes, ...others)
    answers.push([bytes, answer])
    return answer
  }
}

/** @throws VerificationError `cert-validity` */
function checkDates(path: CertificationPath, { clock }: CollateralPolicy, checks: CheckRecorder): void {
  const invalid: VerificationError | undefined = findInvalid(path, [clock.now], clock.skewMs)
  checks.run('verify', 'cert-validity', `dates of ${path.leaf.name} and what is above it`, () => {
    if (invalid !== undefined) throw invalid
  })
}
