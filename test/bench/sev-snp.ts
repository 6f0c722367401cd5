/**
 * SEV-SNP: a genuine report of Genoa with its endorsements where the vectors are, else a fixture,
 * against the bare WebCrypto calls that its verification cannot do without: two RSA keys and one on
 * P-384, the signatures of intermediate, key, list and report. What these need is taken out here
 * with readers that are not the library's.
 */
import { readFileSync } from 'node:fs'
import { type AsnType, fromBER } from 'asn1js'
import {
  anyValue,
  type SevSnpEndorsements,
  type SevSnpOptions,
  skipReferenceValues,
  skipReportData,
  verifySevSnp,
} from '../../src/formats/sev-snp.ts'
import { findVectors } from '../support/vectors.ts'
import { paired, worked } from './statistics.ts'
import type { Warm } from './warm.ts'

type Bytes = Uint8Array<ArrayBuffer>

const fixture = new URL('../../fixtures/sev-snp/', import.meta.url)

/** What is measured, and what to call it in a table. */
export interface SnpSubject {
  readonly name: string
  readonly evidence: Bytes
  readonly endorsements: Required<SevSnpEndorsements>
  readonly now: Date
  readonly trustAnchors?: readonly Bytes[]
}

interface Case {
  readonly id: string
  readonly kind: string
  readonly evidence: string
  readonly endorsements: Readonly<Partial<Record<'vek' | 'intermediate' | 'ark' | 'crl', string>>>
  readonly at: string
  readonly expect: { readonly verdict?: string; readonly claims?: { readonly product?: string } }
}

export function findSnpSubject(): SnpSubject {
  const vectors = findVectors('sev-snp')
  if (!vectors.found) {
    const read = (file: string): Bytes => new Uint8Array(readFileSync(new URL(file, fixture)))
    const json = (file: string): unknown => JSON.parse(new TextDecoder().decode(read(file)))
    const { now } = json('valid/expected.json') as { now: string }
    return {
      name: 'fixtures/sev-snp/valid',
      evidence: read('valid/evidence.bin'),
      endorsements: json('valid/endorsements.json') as Required<SevSnpEndorsements>,
      now: new Date(now),
      trustAnchors: [read('ark-genoa.der')],
    }
  }
  const { cases } = vectors.manifest as { readonly cases: readonly Case[] }
  const entry = cases.find(
    ({ kind, endorsements: { vek, crl }, expect: { verdict, claims } }) =>
      kind === 'real' && verdict === 'accept' && claims?.product === 'Genoa' && vek !== undefined && crl !== undefined,
  )
  if (entry === undefined) throw new Error('no genuine report of Genoa')
  const { vek = '', intermediate = '', ark = '', crl = '' } = entry.endorsements
  const base64 = (file: string): string => Buffer.from(vectors.read(file)).toString('base64')
  const pem = (file: string): string => `-----BEGIN CERTIFICATE-----\n${base64(file)}\n-----END CERTIFICATE-----\n`
  return {
    name: entry.id,
    evidence: vectors.read(entry.evidence),
    endorsements: { vek: base64(vek), certificateChain: pem(intermediate) + pem(ark), crl: base64(crl) },
    now: new Date(entry.at),
  }
}

export async function measureSnp(subject: SnpSubject, rounds: number): Promise<Warm[]> {
  const { evidence, endorsements, now, trustAnchors } = subject
  const options: SevSnpOptions = {
    endorsements,
    referenceValues: skipReferenceValues,
    reportData: skipReportData,
    platformInfo: { aliasCheckComplete: anyValue },
    now,
    ...(trustAnchors && { trustAnchors }),
  }
  const floor = floorOf(subject)
  const endorsementCache: NonNullable<SevSnpOptions['endorsementCache']> = new Map()
  const lines: readonly (readonly [what: string, bound: number | undefined, body: () => Promise<unknown>])[] = [
    ['the bare calls themselves (noise)', undefined, floor],
    ['`verifySevSnp` with endorsements', 1.25, () => verifySevSnp(evidence, options)],
    [
      '`verifySevSnp`, warm `endorsementCache`',
      undefined,
      () => verifySevSnp(evidence, { ...options, endorsementCache }),
    ],
  ]
  for (const [, , body] of lines) await paired(3 * rounds, floor, body)
  const measured: Warm[] = []
  for (const [what, bound, body] of lines) {
    const times = await paired(rounds, floor, body)
    measured.push({ what, bound, times, work: await paired(rounds, floor, body, worked) })
  }
  return measured
}

/** The floor: every key imported, every signature checked, all at once, and nothing else. */
function floorOf({ evidence, endorsements }: SnpSubject): () => Promise<void> {
  const [intermediate, ark] = (endorsements.certificateChain.match(/-----BEGIN CERTIFICATE-----[^-]+/g) ?? []).map(
    (block) => partsOf(fromBase64(block.replace(/-----.*-----|\s/g, ''))),
  ) as [Parts, Parts]
  const vek = partsOf(fromBase64(endorsements.vek))
  const crl = partsOf(fromBase64(endorsements.crl))
  const report = evidence.slice(0, 0x2a0)
  const signature = Uint8Array.from([
    ...evidence.slice(0x2a0, 0x2d0).reverse(),
    ...evidence.slice(0x2e8, 0x318).reverse(),
  ])
  const { subtle } = crypto
  const [rsa, ec] = [
    { name: 'RSA-PSS', hash: 'SHA-384', saltLength: 48 },
    { name: 'ECDSA', namedCurve: 'P-384', hash: 'SHA-384' },
  ]
  return async () => {
    const arkKey = subtle.importKey('spki', ark.spki, rsa, false, ['verify'])
    const askKey = subtle.importKey('spki', intermediate.spki, rsa, false, ['verify'])
    const vekKey = subtle.importKey('raw', vek.spki.slice(-97), ec, false, ['verify'])
    const held = await Promise.all([
      arkKey.then((key) => subtle.verify(rsa, key, intermediate.signature, intermediate.tbs)),
      askKey.then((key) => subtle.verify(rsa, key, vek.signature, vek.tbs)),
      arkKey.then((key) => subtle.verify(rsa, key, crl.signature, crl.tbs)),
      vekKey.then((key) => subtle.verify(ec, key, signature, report)),
    ])
    if (held.includes(false)) throw new Error('a signature of the report does not hold')
  }
}

type Parts = Readonly<Record<'tbs' | 'spki' | 'signature', Bytes>>

/** What was signed, the signature, and the key inside: lists have none. */
function partsOf(der: Bytes): Parts {
  const childrenOf = (block: AsnType | undefined): AsnType[] =>
    (block?.valueBlock as { value?: AsnType[] } | undefined)?.value ?? []
  const raw = (block: AsnType | undefined): Bytes => new Uint8Array(block?.valueBeforeDecodeView ?? [])
  const [tbs, , signature] = childrenOf(fromBER(der).result)
  // A BIT STRING of 512 bytes: head, and no bits that are not used.
  return { tbs: raw(tbs), spki: raw(childrenOf(tbs)[6]), signature: raw(signature).slice(-512) }
}

function fromBase64(text: string): Bytes {
  return new Uint8Array(Buffer.from(text, 'base64'))
}
