/**
 * Everything around a quote as it was delivered: read strictly and within bounds, nothing verified.
 */
import type { CheckRecorder } from '../../../core/record.ts'
import { type Bytes, equalBytes } from '../../../encoding/bytes.ts'
import { type Certificate, decodeCertificate } from '../../../x509/certificate.ts'
import type { Crl } from '../../../x509/crl.ts'
import type { Quote } from '../quote/quote.ts'
import { decodeIntelCrl } from './crl-extensions.ts'
import { endorsement, endorsementDer, type EndorsementTexts } from './endorsements.ts'
import { type Chain, readPckChain, readSignerChain } from './paths.ts'
import { qeIdentitySource } from './qe-identity.ts'
import { decodeSignedJson, type SignedJson } from './signed-json.ts'
import { tcbInfoSource } from './tcb-info.ts'

/** What was delivered, well formed. Nothing in it is verified. */
export interface Read {
  /** The chain of the platform's certificate. */
  readonly pck: Chain
  /**
   * Who speaks for Intel about platforms and about quoting enclaves, in this order: one chain where
   * both are the same.
   */
  readonly signers: readonly [Chain, ...Chain[]]
  /**
   * The list that could revoke the CA of the platform and the signers, and the one that could
   * revoke the platform.
   */
  readonly lists: readonly [rootCaCrl: ReadList, pckCrl: ReadList]
  readonly tcbInfo: SignedJson
  readonly qeIdentity: SignedJson
}

/** A revocation list, who must have issued it, and as what it came. */
export interface ReadList {
  readonly crl: Crl
  readonly issuer: Certificate
  readonly text: () => string
}

/** @throws VerificationError for what is missing or not well formed */
export function readCollateral(quote: Quote, endorsements: EndorsementTexts, checks: CheckRecorder): Read {
  // All chains have one root: it is read once.
  const decode = remembering(decodeCertificate)
  const pck = readPckChain(quote, endorsements, checks, decode)
  const tcbInfoSigner = readSignerChain('tcbInfoIssuerChain', endorsements, checks, decode)
  const isOneSigner = endorsements.qeIdentityIssuerChain === endorsements.tcbInfoIssuerChain
  const qeIdentitySigner = isOneSigner
    ? undefined
    : readSignerChain('qeIdentityIssuerChain', endorsements, checks, decode)
  // The signature is checked over the bytes as served, and these bytes are what is read.
  const tcbInfo = checks.decodes('tcb-info-format', 'TCB Info', () =>
    decodeSignedJson(endorsement(endorsements, 'tcbInfo'), 'tcbInfo', tcbInfoSource),
  )
  const qeIdentity = checks.decodes('qe-identity-format', 'QE identity', () =>
    decodeSignedJson(endorsement(endorsements, 'qeIdentity'), 'enclaveIdentity', qeIdentitySource),
  )
  const readList = (name: 'rootCaCrl' | 'pckCrl', issuer: Certificate | undefined): ReadList => ({
    crl: checks.decodes('crl-parse', name, () => decodeIntelCrl(endorsementDer(endorsements, name), name)),
    issuer: issuer as Certificate,
    text: () => endorsement(endorsements, name),
  })
  const [root, ca] = pck.certificates
  return {
    pck,
    signers: qeIdentitySigner === undefined ? [tcbInfoSigner] : [tcbInfoSigner, qeIdentitySigner],
    lists: [readList('rootCaCrl', root), readList('pckCrl', ca)],
    tcbInfo,
    qeIdentity,
  }
}

/** Asked about the same bytes again, it gives the answer that it gave. */
export function remembering<Others extends unknown[], Answer>(
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
