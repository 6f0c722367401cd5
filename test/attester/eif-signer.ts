/**
 * Signs Enclave Image Files as `nitro-cli build-enclave --private-key --signing-certificate` does,
 * and with any defect.
 */
import 'reflect-metadata'
import * as x509 from '@peculiar/x509'
import * as cbor from './cbor.ts'
import { type CertificatePlan, createSigner, type Curve, issue, sign, type Signer } from './certificate.ts'
import type { Bytes } from './der.ts'
import { pcrsOf, section, type SectionPlan, soundSections } from './eif.ts'

/** A key that signs images, and its certificate. */
export interface EifSigner {
  readonly key: Signer
  /** DER. */
  readonly certificate: Bytes
}

/** X.509 v3 certificates stand as they are made; AWS's guide makes v1. */
export async function createEifSigner(
  now: Date,
  {
    curve = 'P-384',
    v1 = false,
    ...plan
  }: Partial<CertificatePlan> & { readonly curve?: Curve; readonly v1?: boolean } = {},
): Promise<EifSigner> {
  const day = 86_400_000
  const key = await createSigner(curve)
  const subject = [{ C: ['US'] }, { O: ['veritee'] }, { CN: ['image signer'] }]
  const certificate = await issue(
    {
      id: 'signer',
      subject,
      notBefore: new Date(now.getTime() - day),
      notAfter: new Date(now.getTime() + day),
      serialNumber: '0a',
      hash: key.hash,
      extensions: [new x509.BasicConstraintsExtension(false)],
      // Without the version in front and the extensions behind.
      ...(v1 && { tbs: (elements: Bytes[]) => elements.slice(1, 7) }),
      ...plan,
    },
    key,
    subject,
    key,
  )
  return { key, certificate }
}

export interface SignaturePlan {
  /** What is signed. Default: the truth. */
  readonly index?: number
  readonly pcr0?: Uint8Array
  /** Signs instead of the key of the certificate. */
  readonly key?: Signer
  readonly alg?: number
  readonly pem?: (pem: string) => string | Uint8Array
  readonly payload?: (payload: Bytes) => Bytes
  readonly protectedHeader?: Uint8Array
  /** Changes the four items of the envelope, in CBOR, after signing. */
  readonly envelope?: (items: Bytes[]) => readonly Uint8Array[]
  readonly sign1?: (sign1: Bytes) => Uint8Array
  /** Changes the map of certificate and signature. */
  readonly entries?: (entries: cbor.Entry[]) => readonly cbor.Entry[]
  /** Changes the array around the map. */
  readonly data?: (data: Bytes) => Bytes
}

/** The sections, and one more that signs their PCR0. */
export async function signedSections(
  { key, certificate }: EifSigner,
  plan: SignaturePlan = {},
  sections: readonly SectionPlan[] = soundSections,
): Promise<SectionPlan[]> {
  const { PCR0 } = await pcrsOf(sections)
  const alg = { 'P-256': -7, 'P-384': -35, 'P-521': -36 }[key.curve]
  const payload = cbor.map([
    [cbor.text('register_index'), cbor.unsigned(plan.index ?? 0)],
    [cbor.text('register_value'), integers(plan.pcr0 ?? PCR0)],
  ])
  const signed = plan.payload?.(payload) ?? payload
  const protectedHeader = plan.protectedHeader ?? cbor.map([[cbor.unsigned(1), cbor.negative(plan.alg ?? alg)]])
  const structure = cbor.array(
    cbor.text('Signature1'),
    cbor.bytes(protectedHeader),
    cbor.bytes(new Uint8Array()),
    cbor.bytes(signed),
  )
  const items = [
    cbor.bytes(protectedHeader),
    cbor.map([]),
    cbor.bytes(signed),
    cbor.bytes(await sign(plan.key ?? key, structure)),
  ]
  const sign1 = cbor.array(...(plan.envelope?.(items) ?? items))
  const pem = pemOf(certificate)
  const text = plan.pem?.(pem) ?? pem
  const entries: cbor.Entry[] = [
    [cbor.text('signing_certificate'), integers(typeof text === 'string' ? new TextEncoder().encode(text) : text)],
    [cbor.text('signature'), integers(plan.sign1?.(sign1) ?? sign1)],
  ]
  const data = cbor.array(cbor.map(plan.entries?.(entries) ?? entries))
  return [...sections, section('signature', plan.data?.(data) ?? data)]
}

/** PEM as OpenSSL writes it. */
export function pemOf(certificate: Uint8Array): string {
  const base64 = btoa(String.fromCharCode(...certificate))
  return `-----BEGIN CERTIFICATE-----\n${base64.replace(/.{1,64}/g, '$&\n')}-----END CERTIFICATE-----\n`
}

/** Bytes as AWS writes them in this section: an array of integers. */
export const integers = (bytes: Uint8Array): Bytes => cbor.encode([...bytes])
