/**
 * Everything around a quote as it was delivered: read strictly and within bounds, nothing verified.
 */
import type { CheckRecorder } from '../../../core/record.ts'
import { type Bytes, equalBytes } from '../../../encoding/bytes.ts'
import { type Certificate, decodeCertificate } from '../../../x509/certificate.ts'
import type { Crl } from '../../../x509/crl.ts'
import { remembered } from '../../../x509/endorsement-cache.ts'
import type { Memory } from '../../../crypto/memory.ts'
import type { Quote } from '../quote/quote.ts'
import { decodeIntelCrl } from './crl-extensions.ts'
import { derOf, endorsement, type EndorsementTexts } from './endorsements.ts'
import { type Chain, readPckChain, readSignerChain } from './paths.ts'
import { type QeIdentity, qeIdentitySource } from './qe-identity.ts'
import { decodeSignedJson, type SignedJson } from './signed-json.ts'
import { type TcbInfo, tcbInfoSource } from './tcb-info.ts'

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
  readonly tcbInfo: ReadJson<TcbInfo>
  readonly qeIdentity: ReadJson<QeIdentity>
}

/** A signed document. */
export interface ReadJson<Fields> {
  readonly json: SignedJson
  /** What is inside: read when its turn comes, unless that was done before. */
  fields: Fields | undefined
}

/** A revocation list, and who must have issued it. */
export interface ReadList {
  readonly crl: Crl
  readonly issuer: Certificate
}

/** What there is to read, and what was read before. */
export interface Delivered {
  readonly endorsements: EndorsementTexts
  readonly memory: Memory | undefined
}

/** @throws VerificationError for what is missing or not well formed */
export function readCollateral(quote: Quote, { endorsements, memory }: Delivered, checks: CheckRecorder): Read {
  // All chains have one root: it is read once.
  const reader = { decode: remembering(decodeCertificate), memory }
  const pck = readPckChain(quote, endorsements, checks, reader)
  const tcbInfoSigner = readSignerChain('tcbInfoIssuerChain', endorsements, checks, reader)
  const isOneSigner = endorsements.qeIdentityIssuerChain === endorsements.tcbInfoIssuerChain
  const qeIdentitySigner = isOneSigner
    ? undefined
    : readSignerChain('qeIdentityIssuerChain', endorsements, checks, reader)
  // The signature is checked over the bytes as served, and these bytes are what is read.
  const tcbInfo = checks.decodes('tcb-info-format', 'TCB Info', () =>
    remembered(memory, endorsement(endorsements, 'tcbInfo'), 'TCB Info', (text): ReadJson<TcbInfo> => ({
      json: decodeSignedJson(text, 'tcbInfo', tcbInfoSource),
      fields: undefined,
    })),
  )
  const qeIdentity = checks.decodes('qe-identity-format', 'QE identity', () =>
    remembered(memory, endorsement(endorsements, 'qeIdentity'), 'QE identity', (text): ReadJson<QeIdentity> => ({
      json: decodeSignedJson(text, 'enclaveIdentity', qeIdentitySource),
      fields: undefined,
    })),
  )
  const readList = (name: 'rootCaCrl' | 'pckCrl', issuer: Certificate | undefined): ReadList => ({
    crl: checks.decodes('crl-parse', name, () =>
      remembered(memory, endorsement(endorsements, name), name, (text) => decodeIntelCrl(derOf(text, name), name)),
    ),
    issuer: issuer as Certificate,
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
