/**
 * TDX: a real quote with the collateral of its time where the vectors are, else a fixture, against the bare WebCrypto calls that its verification cannot do
 * without: five keys and nine signatures. What these need is taken out here by offsets and with readers that are not the library's.
 */
import { readFileSync } from 'node:fs'
import {
  type DcapEndorsements,
  type EndorsementCache,
  skipReferenceValues,
  skipReportData,
  type TdxOptions,
  verifyTdx,
} from '../../src/formats/tdx/index.ts'
import { openIntelVectors } from '../formats/dcap/intel-vectors.ts'
import { paired, worked } from './statistics.ts'
import { base64, partsOf } from './subject.ts'
import type { Warm } from './warm.ts'
import { type BareCheck, floorOf, p256 } from './work.ts'

const realCase = 'tdx4-90c06f-dstack-verifier@2026-01-27'
const fixture = new URL('../../fixtures/tdx/', import.meta.url)

/** A quote, what is expected of it, and what to call it in a table. */
export interface TdxSubject {
  readonly name: string
  readonly evidence: Uint8Array<ArrayBuffer>
  readonly options: TdxOptions
}

export function findTdxSubject(): TdxSubject {
  const vectors = openIntelVectors()
  const lenient = { referenceValues: skipReferenceValues, reportData: skipReportData } as const
  if (typeof vectors === 'string') {
    const read = (file: string): Uint8Array<ArrayBuffer> => new Uint8Array(readFileSync(new URL(file, fixture)))
    const text = (file: string): unknown => JSON.parse(new TextDecoder().decode(read(file)))
    return {
      name: 'fixtures/tdx/valid',
      evidence: read('valid/evidence.bin'),
      options: {
        ...lenient,
        endorsements: text('valid/endorsements.json') as DcapEndorsements,
        now: new Date((text('valid/expected.json') as { now: string }).now),
        trustAnchors: [read('root.der')],
      },
    }
  }
  const entry = vectors.manifest.cases.find(({ id }) => id === realCase)
  if (entry === undefined) throw new Error(`no case ${realCase}`)
  return {
    name: realCase,
    evidence: vectors.quote(entry.quote),
    options: { ...lenient, endorsements: vectors.endorsements(entry), now: new Date(entry.timeUnix * 1000) },
  }
}

export async function measureTdx({ evidence, options }: TdxSubject, rounds: number): Promise<Warm[]> {
  const bareChecks = bareChecksOf(evidence, options.endorsements)
  const floor = floorOf({ bareChecks }, 'raw', p256)
  const endorsementCache: EndorsementCache = new Map()
  const lines: readonly (readonly [what: string, bound: number | undefined, body: () => Promise<unknown>])[] = [
    ['the bare calls themselves (noise)', undefined, floor],
    ['the bare calls, keys as `spki`', undefined, floorOf({ bareChecks }, 'spki', p256)],
    ['`verifyTdx` with collateral', 1.3, () => verifyTdx(evidence, options)],
    ['`verifyTdx`, warm `endorsementCache`', undefined, () => verifyTdx(evidence, { ...options, endorsementCache })],
  ]
  // Until the compiler has seen enough of everything: of this much code, that takes more than a thousand verifications.
  for (const [, , body] of lines) await paired(3 * rounds, floor, body)
  const measured: Warm[] = []
  for (const [what, bound, body] of lines) {
    const times = await paired(rounds, floor, body)
    measured.push({ what, bound, times, work: await paired(rounds, floor, body, worked) })
  }
  return measured
}

/** SubjectPublicKeyInfo of a P-256 key, up to its point. */
const p256Head = Buffer.from('3059301306072a8648ce3d020106082a8648ce3d03010703420004', 'hex')

export function bareChecksOf(quote: Uint8Array, endorsements: DcapEndorsements): BareCheck[] {
  // Version 4, TDX 1.0: 48 bytes of header and 584 of report are signed; then a length, the signature, the key, and a container of the QE report.
  const at = (from: number, length: number): Uint8Array => quote.subarray(from, from + length)
  const view = new DataView(quote.buffer, quote.byteOffset)
  const [signature, key, qeReport, qeSignature] = [at(636, 64), at(700, 64), at(770, 384), at(1154, 64)]
  const certificationData = 1220 + view.getUint16(1218, true)
  const pckChain = at(certificationData + 6, view.getUint32(certificationData + 2, true))
  const [pck, ca, root] = certificatesOf(new TextDecoder().decode(pckChain))
  const [signer] = certificatesOf(endorsements.tcbInfoIssuerChain)
  if (pck === undefined || ca === undefined || root === undefined || signer === undefined) throw new Error('no chain')
  const [pckCrl, rootCaCrl] = [endorsements.pckCrl, endorsements.rootCaCrl].map((crl) =>
    partsOf(Buffer.from(crl, 'base64'), 32),
  ) as [Parts, Parts]
  const attestation = Buffer.concat([p256Head, key])
  const signed: readonly (readonly [spki: Uint8Array, signature: Uint8Array, data: Uint8Array])[] = [
    [root.spki, ca.signature, ca.tbs],
    [ca.spki, pck.signature, pck.tbs],
    [root.spki, rootCaCrl.signature, rootCaCrl.tbs],
    [ca.spki, pckCrl.signature, pckCrl.tbs],
    [root.spki, signer.signature, signer.tbs],
    ...[endorsements.tcbInfo, endorsements.qeIdentity].map((document) => jsonOf(document, signer.spki)),
    [pck.spki, qeSignature, qeReport],
    [attestation, signature, at(0, 632)],
  ]
  return signed.map(([spki, own, data]) => ({ spki: base64(spki), signature: base64(own), data: base64(data) }))
}

type Parts = ReturnType<typeof partsOf>

function certificatesOf(pem: string): Parts[] {
  const blocks = pem.match(/-----BEGIN CERTIFICATE-----[^-]+/g) ?? []
  return blocks.map((block) => partsOf(Buffer.from(block.replace(/-----.*-----/, ''), 'base64'), 32))
}

/** Intel serves `{"name":{…},"signature":"…"}` without white space. */
function jsonOf(document: string, spki: Uint8Array): readonly [Uint8Array, Uint8Array, Uint8Array] {
  const [, body = '', signature = ''] = /^\{"\w+":(\{.*\}),"signature":"(\w{128})"\}$/.exec(document.trim()) ?? []
  return [spki, Buffer.from(signature, 'hex'), Buffer.from(body)]
}
