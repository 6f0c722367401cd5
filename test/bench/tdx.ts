/**
 * TDX: a real quote with the collateral of its time where the vectors are, else a fixture, against
 * the bare WebCrypto calls that its verification cannot do without: five keys and nine signatures.
 * What these need is taken out here by offsets and with readers that are not the library's.
 */
import { readFileSync } from 'node:fs'
import type { DcapEndorsements } from '../../src/formats/intel/tdx/index.ts'
import { openIntelVectors } from '../formats/intel/intel-vectors.ts'
import { paired, worked } from './statistics.ts'
import { base64, partsOf } from './subject.ts'
import { bodiesOf, type TdxWork } from './tdx-suite.ts'
import type { Warm } from './warm.ts'
import type { BareCheck } from './work.ts'

const realCase = 'tdx4-90c06f-dstack-verifier@2026-01-27'
const fixture = new URL('../../fixtures/tdx/', import.meta.url)

/** What is measured, and what to call it in a table. */
export interface TdxSubject {
  readonly name: string
  readonly work: TdxWork
}

export function findTdxSubject(): TdxSubject {
  const vectors = openIntelVectors()
  if (typeof vectors === 'string') {
    const read = (file: string): Uint8Array => readFileSync(new URL(file, fixture))
    const json = (file: string): unknown => JSON.parse(new TextDecoder().decode(read(file)))
    const { now } = json('valid/expected.json') as { now: string }
    const endorsements = json('valid/endorsements.json') as DcapEndorsements
    const work = workOf(read('valid/evidence.bin'), endorsements, new Date(now), [read('root.der')])
    return { name: 'fixtures/tdx/valid', work }
  }
  const entry = vectors.manifest.cases.find(({ id }) => id === realCase)
  if (entry === undefined) throw new Error(`no case ${realCase}`)
  const now = new Date(entry.timeUnix * 1000)
  return { name: realCase, work: workOf(vectors.quote(entry.quote), vectors.endorsements(entry), now) }
}

function workOf(
  quote: Uint8Array,
  endorsements: DcapEndorsements,
  now: Date,
  trustAnchors?: readonly Uint8Array[],
): TdxWork {
  return {
    evidence: base64(quote),
    endorsements,
    now: now.toISOString(),
    trustAnchors: trustAnchors?.map(base64),
    bareChecks: bareChecksOf(quote, endorsements),
  }
}

export async function measureTdx({ work }: TdxSubject, rounds: number): Promise<Warm[]> {
  const { bare: floor, spki, library, cached } = bodiesOf(work)
  const lines: readonly (readonly [what: string, bound: number | undefined, body: () => Promise<unknown>])[] = [
    ['the bare calls themselves (noise)', undefined, floor],
    ['the bare calls, keys as `spki`', undefined, spki],
    ['`verifyTdx` with collateral', 1.5, library],
    ['`verifyTdx`, warm `endorsementCache`', 0.9, cached],
  ]
  // Until the compiler has seen enough of everything: of this much code, that takes more than a
  // thousand verifications.
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

function bareChecksOf(quote: Uint8Array, endorsements: DcapEndorsements): BareCheck[] {
  // Version 4, TDX 1.0: 48 bytes of header and 584 of report are signed; then a length, the
  // signature, the key, and a container of the QE report.
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
