/**
 * RA-TLS certificates, made: self-signed, with evidence in any convention; and a verifier of
 * evidence that reads nothing but the report data.
 */
import 'reflect-metadata'
import { createHash } from 'node:crypto'
import * as x509 from '@peculiar/x509'
import { attestationResult } from '../../src/core/result.ts'
import { recordChecks } from '../../src/core/record.ts'
import type { RaTlsOptions, ReportDataResult } from '../../src/ra-tls/verify.ts'
import { concat, pattern } from '../attester/bytes.ts'
import * as cbor from '../attester/cbor.ts'
import { type CertificatePlan, createSigner, issue, type Signer } from '../attester/certificate.ts'
import { type Bytes, octetString } from '../attester/der.ts'

export const now = new Date('2026-06-01T12:00:00Z')
const day = 86_400_000

export const oids = {
  taggedEvidence: '2.23.133.5.4.9',
  endorsements: '2.23.133.5.4.2',
  gramine: '1.2.840.113741.1337.6',
  gramineAsWritten: '0.6.9.42.840.113741.1337.6',
  sgxSdk: '1.2.840.113741.1.13.1',
  openEnclave: '1.2.840.113556.10.1.1',
  dstackQuote: '1.3.6.1.4.1.62397.1.1',
  dstackEventLog: '1.3.6.1.4.1.62397.1.2',
  dstackAttestation: '1.3.6.1.4.1.62397.1.8',
} as const

export const signer = await createSigner('P-256')
export const otherSigner = await createSigner('P-256')
export const spki = await spkiOf(signer)

export async function spkiOf({ publicKey }: Signer): Promise<Bytes> {
  return new Uint8Array(await crypto.subtle.exportKey('spki', publicKey))
}

export const digest = (algorithm: 'sha256' | 'sha384' | 'sha512', ...parts: readonly Uint8Array[]): Bytes =>
  new Uint8Array(
    createHash(algorithm)
      .update(concat(...parts))
      .digest(),
  )
/** 64 bytes. */
export const padded = (hash: Uint8Array): Bytes => concat(hash, new Uint8Array(64 - hash.length))
export const utf8 = (text: string): Bytes => new TextEncoder().encode(text)

/** Evidence of the fake format: its last 64 bytes are the report data. */
export const quoteOf = (reportData: Uint8Array): Bytes => concat(pattern(100), reportData)
export const reportDataOf = (quote: Uint8Array): Bytes => new Uint8Array(quote.slice(-64))

export const pubkeyHash = (id: number, hash: Uint8Array): Bytes => cbor.encode([id, hash])
export const soundClaims = (): Map<unknown, unknown> =>
  new Map([['pubkey-hash', pubkeyHash(1, digest('sha256', spki))]])

/** The value of 2.23.133.5.4.9. */
export function tagged(claims: Uint8Array, quote = quoteOf(padded(digest('sha256', claims))), tag = 60_000): Bytes {
  return concat(cbor.head(6, tag), cbor.encode([quote, claims]))
}
export const taggedWith = (claims: unknown): Bytes => tagged(cbor.encode(claims))

export const gramineQuote = quoteOf(padded(digest('sha256', spki)))
export const dstackQuote = octetString(quoteOf(digest('sha512', utf8('ratls-cert:'), spki)))

export interface MadePlan extends Partial<CertificatePlan> {
  readonly key?: Signer
}

/** A certificate with these extensions, by object identifier: sound, save for what `plan` says. */
export async function makeRaTls(
  extensions: Readonly<Record<string, Uint8Array>>,
  { key = signer, ...plan }: MadePlan = {},
  isCritical = false,
): Promise<Bytes> {
  const subject = [{ CN: ['RATLS'] }]
  const complete: CertificatePlan = {
    id: 'ra-tls',
    subject,
    notBefore: new Date(now.getTime() - day),
    notAfter: new Date(now.getTime() + day),
    serialNumber: '01',
    curve: 'P-256',
    hash: 'SHA-256',
    keyIdentifiers: 'subject',
    ...plan,
    extensions: [
      ...(plan.extensions ?? []),
      ...Object.entries(extensions).map(([oid, value]) => new x509.Extension(oid, isCritical, new Uint8Array(value))),
    ],
  }
  return issue(complete, key, subject, key)
}

/** What a verifier of this library returns for evidence with this report data. */
export function resultOf(reportData: unknown): ReportDataResult {
  return attestationResult('fake', { reportData: reportData as Uint8Array }, recordChecks(), {
    clock: { now: now.getTime() },
    timestamp: now,
    validUntil: now.getTime(),
    matched: undefined,
    publicKey: undefined,
  })
}

export const options: RaTlsOptions<ReportDataResult> = {
  now,
  verify: (quote) => Promise.resolve(resultOf(reportDataOf(quote))),
}
