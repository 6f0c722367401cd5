/**
 * `veritee/report-data`: the 64 bytes of report data, by the conventions of common attesters. Each
 * function makes the whole 64 bytes, for the option `reportData`: nothing is compared in part. What
 * they bind, a key or your nonce, must come from you: what the attester sent beside the evidence
 * proves nothing. Conventions without a nonce say so: evidence by them is as fresh as the keys in
 * it are, and can be shown again as long as these are in use.
 */
import { hash } from '../crypto/digest.ts'
import { type Bytes, concatBytes, copyBytes, isBytes } from '../encoding/bytes.ts'
import { requireOption } from '../core/options.ts'

const size = 64

/**
 * Bytes followed by zeros.
 * @param data 32 to 64 bytes: fewer would not bind much
 * @throws TypeError
 */
export function paddedReportData(data: Uint8Array): Uint8Array {
  const bytes = readBytes(data, 'data')
  requireOption('data', `32 to ${size} bytes`, bytes.length >= 32 && bytes.length <= size)
  return concatBytes(bytes, new Uint8Array(size - bytes.length))
}

/** The hashes that fit into report data. */
export type ReportDataHash = 'SHA-256' | 'SHA-384' | 'SHA-512'

/**
 * A hash followed by zeros: what most attesters do with what they bind.
 *
 * ```ts
 * const reportData = await hashReportData('SHA-384', nonceAndKey)
 * ```
 * @param data your nonce is part of it, or the evidence can be shown again
 * @throws TypeError
 */
export async function hashReportData(algorithm: ReportDataHash, data: Uint8Array): Promise<Uint8Array> {
  const known: readonly unknown[] = ['SHA-256', 'SHA-384', 'SHA-512']
  requireOption('algorithm', 'SHA-256, SHA-384 or SHA-512', known.includes(algorithm))
  return paddedReportData(await hash(algorithm, readBytes(data, 'data')))
}

/**
 * SHA-256 followed by 32 zeros: Gramine's RA-TLS (of the SubjectPublicKeyInfo, DER), interoperable
 * RA-TLS (of the claims buffer), EGo (of a certificate, DER), Oak (of the key at the root of its
 * DICE chain), Azure's container instances (of what the container passes). No nonce, unless it is
 * part of `data`.
 * @throws TypeError
 */
export async function sha256ReportData(data: Uint8Array): Promise<Uint8Array> {
  return paddedReportData(await hash('SHA-256', readBytes(data, 'data')))
}

/**
 * SHA-384 followed by 16 zeros: Confidential Containers (of the canonical JSON of nonce and key).
 * @throws TypeError
 */
export async function sha384ReportData(data: Uint8Array): Promise<Uint8Array> {
  return paddedReportData(await hash('SHA-384', readBytes(data, 'data')))
}

/**
 * SHA-512 over parts, one after another: Intel Trust Authority (nonce, its time, user data),
 * attested-tls (public key, dates, host name). The parts must have lengths that cannot be shifted
 * into one another.
 * @throws TypeError
 */
export async function sha512ReportData(...parts: readonly Uint8Array[]): Promise<Uint8Array> {
  requireOption('parts', 'at least one', parts.length > 0)
  return hash('SHA-512', concatBytes(...parts.map((part, i) => readBytes(part, `parts[${i}]`))))
}

/**
 * dstack: SHA-512 of `tag:content`. No nonce, unless it is part of `content`.
 * @param tag `app-data` for what an application binds, `ratls-cert` for the public key of a
 *   certificate (DER)
 * @throws TypeError
 */
export async function dstackReportData(tag: string, content: Uint8Array): Promise<Uint8Array> {
  requireOption('tag', 'a text without a colon', typeof tag === 'string' && tag !== '' && !tag.includes(':'))
  return hash('SHA-512', concatBytes(new TextEncoder().encode(`${tag}:`), readBytes(content, 'content')))
}

/**
 * Open Enclave, and Azure's attestation service: SHA-256 of the PEM of a public key and the NUL
 * that ends it, followed by 32 zeros.
 * @param pem exactly as the attester wrote it, line ends included, without the NUL
 * @throws TypeError
 */
export async function openEnclaveReportData(pem: string): Promise<Uint8Array> {
  requireOption('pem', 'PEM of a public key', typeof pem === 'string' && pem.startsWith('-----BEGIN PUBLIC KEY-----'))
  return sha256ReportData(new TextEncoder().encode(`${pem}\0`))
}

/**
 * Tinfoil: SHA-256 of the TLS key (SubjectPublicKeyInfo, DER), then the HPKE key as it is. No
 * nonce: the keys are the binding.
 * @param hpkeKey 32 bytes (X25519)
 * @throws TypeError
 */
export async function tinfoilReportData(tlsSpki: Uint8Array, hpkeKey: Uint8Array): Promise<Uint8Array> {
  const key = readBytes(hpkeKey, 'hpkeKey')
  requireOption('hpkeKey', '32 bytes', key.length === 32)
  return concatBytes(await hash('SHA-256', readBytes(tlsSpki, 'tlsSpki')), key)
}

/**
 * Azure's confidential VMs: SHA-256 of the runtime data of an HCL report, as received, followed by
 * 32 zeros. No nonce: the report is of boot time, and what is fresh is the quote of the virtual TPM
 * whose key the runtime data names. `verifyAzureSevSnp` and `verifyAzureTdx` check all of that.
 * @throws TypeError
 */
export async function azureReportData(runtimeData: Uint8Array): Promise<Uint8Array> {
  return hashReportData('SHA-256', readBytes(runtimeData, 'runtimeData'))
}

/**
 * Constellation on AWS: SHA-512 of the attestation key of the virtual TPM, PEM. No nonce: a quote
 * by that key is what is fresh.
 * @param pem exactly as the attester wrote it, line ends included
 * @throws TypeError
 */
export async function constellationReportData(pem: string): Promise<Uint8Array> {
  requireOption('pem', 'PEM of a public key', typeof pem === 'string' && pem.startsWith('-----BEGIN PUBLIC KEY-----'))
  return hashReportData('SHA-512', new TextEncoder().encode(pem))
}

/**
 * SecretVM: SHA-256 of the TLS key (SubjectPublicKeyInfo, DER), then the nonce of the evidence of
 * its GPU. That nonce is fresh if it is yours.
 * @param gpuNonce 32 bytes
 * @throws TypeError
 */
export async function secretVmReportData(tlsSpki: Uint8Array, gpuNonce: Uint8Array): Promise<Uint8Array> {
  const nonce = readBytes(gpuNonce, 'gpuNonce')
  requireOption('gpuNonce', '32 bytes', nonce.length === 32)
  return concatBytes(await hash('SHA-256', readBytes(tlsSpki, 'tlsSpki')), nonce)
}

/** A copy, so that a change while the hash is awaited has no effect. */
function readBytes(value: unknown, name: string): Bytes {
  if (!isBytes(value) || value.length === 0) throw new TypeError(`${name} must be bytes (Uint8Array), at least one`)
  return copyBytes(value)
}
