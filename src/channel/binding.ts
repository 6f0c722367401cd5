/**
 * What ties a key configuration to evidence. Client and gateway must compute the same bytes; which
 * field of which format holds them:
 *
 * | format        | field         | bytes                                                                   |
 * | ------------- | ------------- | ----------------------------------------------------------------------- |
 * | Nitro         | `public_key`  | the key configuration itself (RFC 9458 section 3.1)                     |
 * | Nitro, or     | `user_data`   | its SHA-256: {@link keyConfigDigest}                                    |
 * | all others    | report data   | 64 bytes: {@link reportDataOf}, because there is one field for everything |
 *
 * The nonce goes where the format has a place for it; in report data it is part of the digest.
 */
import { hash } from '../crypto/digest.ts'
import { type Bytes, concatBytes } from '../encoding/bytes.ts'

/**
 * The header inside the seal by which a gateway tells a client that proved itself: a secret, of
 * which the nonce of the client's evidence was the SHA-256.
 */
export const clientSecretHeader = 'veritee-client-secret'

/**
 * Who the evidence is of. It is part of what is signed, so that evidence cannot be sent back to its
 * own sender.
 */
export type Role = 'client' | 'server'

/** What report data vouches for. */
export interface ReportDataParts {
  readonly role: Role
  /** The nonce of the request. */
  readonly nonce: Uint8Array
  /** The gateway's key configuration; empty in evidence of a client, which has none. */
  readonly keyConfig: Uint8Array
}

/**
 * SHA-256 of the key configuration, 32 bytes: for a field that is too small to hold it. @throws
 * VerificationError `unsupported` without WebCrypto
 */
export function keyConfigDigest(keyConfig: Uint8Array): Promise<Bytes> {
  return hash('SHA-256', new Uint8Array(keyConfig))
}

/**
 * The 64 bytes for formats whose evidence has one field for what the attester wants to say
 * (SEV-SNP, TDX, SGX `REPORT_DATA`; the CCA challenge): SHA-512 over three fields, each preceded by
 * its length in 4 bytes, big-endian: the label `veritee/1 server` or `veritee/1 client`, the nonce,
 * the key configuration. Nothing may be cut off or padded.
 * @throws VerificationError `unsupported` where there is no WebCrypto
 */
export function reportDataOf({ role, nonce, keyConfig }: ReportDataParts): Promise<Bytes> {
  const label = new TextEncoder().encode(`veritee/1 ${role}`)
  return hash('SHA-512', concatBytes(...[label, nonce, keyConfig].flatMap((field) => [lengthOf(field), field])))
}

/**
 * Those 64 bytes, or whatever verified claims have in their place: report data, or the challenge of
 * a CCA realm; `undefined` for neither.
 */
export function reportDataIn(claims: unknown): unknown {
  const said = Object(claims) as { readonly reportData?: unknown; readonly realm?: { readonly challenge?: unknown } }
  return said.reportData ?? said.realm?.challenge
}

function lengthOf(field: Uint8Array): Bytes {
  const length = new Uint8Array(4)
  new DataView(length.buffer).setUint32(0, field.length)
  return length
}
