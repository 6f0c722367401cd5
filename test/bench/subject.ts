/**
 * The document that is measured: a real one of 2025 where the vectors are, else a fixture. What the
 * bare calls need is taken out of it here, with readers that are not the library's.
 */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type AsnType, fromBER } from 'asn1js'
import { Decoder, Encoder } from 'cbor-x'
import { findVectors } from '../support/vectors.ts'
import type { BareCheck, Work } from './work.ts'

const realDocument = 'real/2025-12-02_us-east-2_prod_espressosystems.cbor'
const fixture = fileURLToPath(new URL('../../fixtures/nitro', import.meta.url))

/** The document, and what to call it in a table. */
export interface Subject {
  readonly name: string
  readonly work: Work
}

interface Payload {
  readonly timestamp: number | bigint
  readonly nonce: Uint8Array | null
  readonly certificate: Uint8Array
  readonly cabundle: readonly Uint8Array[]
  readonly pcrs: ReadonlyMap<number, Uint8Array>
}

type Sign1 = readonly [protectedHeader: Uint8Array, unprotected: unknown, payload: Uint8Array, signature: Uint8Array]

const decoder = new Decoder({ mapsAsObjects: false })
const encoder = new Encoder({ tagUint8Array: false })

export function findSubject(): Subject {
  const vectors = findVectors('nitro')
  if (!vectors.found) {
    console.log(`${vectors.skipLine}. A fixture is measured instead, with a root that it brings along.\n`)
    const evidence = readFileSync(join(fixture, 'valid/evidence.bin'))
    return { name: 'fixtures/nitro/valid', work: workOf(evidence, readFileSync(join(fixture, 'root.der'))) }
  }
  const evidence = vectors.read(realDocument)
  return { name: realDocument.slice('real/'.length), work: workOf(evidence) }
}

function workOf(evidence: Uint8Array, root?: Uint8Array): Work {
  const sign1 = decoder.decode(evidence) as Sign1
  const payload = Object.fromEntries(decoder.decode(sign1[2]) as Map<string, unknown>) as unknown as Payload
  return {
    evidence: base64(evidence),
    // As if the document had arrived a second after it was made.
    now: new Date(Number(payload.timestamp) + 1000).toISOString(),
    nonce: payload.nonce === null ? undefined : base64(payload.nonce),
    referenceValues: Object.fromEntries(
      [...payload.pcrs]
        .filter(([index]) => index <= 2)
        .map(([index, value]) => [`PCR${index}`, Buffer.from(value).toString('hex')]),
    ),
    trustAnchors: root && [base64(root)],
    bareChecks: bareChecksOf(sign1, payload),
  }
}

/**
 * The certificates above the leaf sign the next one, and the leaf signs the document: as many keys
 * as signatures.
 */
function bareChecksOf([protectedHeader, , payload, signature]: Sign1, { certificate, cabundle }: Payload): BareCheck[] {
  const chain = [...cabundle, certificate].map((der) => partsOf(der))
  const signed = encoder.encode(['Signature1', protectedHeader, Buffer.alloc(0), payload])
  return chain.map(({ spki }, i) => {
    const below = chain[i + 1]
    return {
      spki: base64(spki),
      signature: base64(below?.signature ?? signature),
      data: base64(below?.tbs ?? signed),
    }
  })
}

/**
 * What was signed, with what and by which key; certificate revocation lists have no key of their
 * own.
 */
export function partsOf(
  certificate: Uint8Array,
  coordinate = 48,
): Readonly<Record<'tbs' | 'spki' | 'signature', Uint8Array>> {
  const [tbs, , signature] = childrenOf(fromBER(certificate).result)
  const spki = childrenOf(tbs)[6]
  if (tbs === undefined || signature === undefined) throw new Error('no certificate')
  const [r = none, s = none] = childrenOf(fromBER(new Uint8Array(contentOf(signature)).subarray(1)).result).map(
    contentOf,
  )
  const fixed = (integer: Uint8Array): Uint8Array =>
    Buffer.concat([new Uint8Array(coordinate), integer]).subarray(-coordinate)
  return { tbs: rawOf(tbs), spki: spki ? rawOf(spki) : none, signature: Buffer.concat([fixed(r), fixed(s)]) }
}

const none = new Uint8Array()
const childrenOf = (block: AsnType | undefined): AsnType[] =>
  (block?.valueBlock as { value?: AsnType[] } | undefined)?.value ?? []
const rawOf = (block: AsnType): Uint8Array => block.valueBeforeDecodeView
const contentOf = (block: AsnType): Uint8Array =>
  rawOf(block).subarray(block.blockLength - block.valueBlock.blockLength)
export const base64 = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64')
