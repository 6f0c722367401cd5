/**
 * Expected values of the registers that say where an enclave runs and who signed it: PCR3, PCR4 and
 * PCR8, computed from what an operator knows.
 *
 * A register starts as 48 zero bytes, and is extended once: SHA-384 of the zeros and the data. The
 * data is the text itself for PCR3 and PCR4, and a SHA-384 digest for the image and the
 * certificate. Source: AWS Nitro Enclaves User Guide, "Cryptographic attestation" (PCR3, PCR4, with
 * the commands to compute them) and `nitro-cli pcr` (PCR8); README of
 * aws/aws-nitro-enclaves-image-format, "EIF Measurements". PCR4 agrees with the instance in every
 * real document.
 */
import { hash } from '../../crypto/digest.ts'
import { type Bytes, concatBytes, copyBytes, isBytes, toHex } from '../../encoding/bytes.ts'
import type { Source } from '../../encoding/reader.ts'
import { readOwn, requireOption } from '../../core/options.ts'
import type { Hex } from '../../appraisal/expectations.ts'
import { decodeSigningCertificate, decodeSigningPem } from './signing-certificate.ts'

const zeros = /* @__PURE__ */ new Uint8Array(48)

// IAM API reference, type Role: RoleName has 1 to 64 of these characters, Path is "/" or up to 512
// printable ones between two "/".
const roleArn = /^arn:aws(-[a-z]+)*:iam::\d{12}:role\/([\x21-\x7e]{1,510}\/)?[\w+=,.@-]{1,64}$/
// EC2 User Guide, "Resource IDs": 8 digits for those from before 2016, 17 since.
const instanceId = /^i-([\da-f]{8}|[\da-f]{17})$/

/**
 * PCR3 of every enclave whose parent instance has this IAM role. It identifies an operator, not
 * code: use it together with PCR0 or PCR8.
 *
 * @param arn of the role: `arn:aws:iam::123456789012:role/Webserver`, its path included if it has
 *   one. That of an instance profile or of a session (`assumed-role`) is another one, and refused
 * @returns 96 lower-case hexadecimal digits
 * @throws TypeError when `arn` is not that of a role
 * @example
 * ```ts
 * const PCR3 = await pcr3OfRole('arn:aws:iam::123456789012:role/Webserver') // 78fce75d…
 * ```
 */
export async function pcr3OfRole(arn: string): Promise<Hex> {
  requireOption('arn', 'that of an IAM role: arn:aws:iam::123456789012:role/…', isText(arn, roleArn))
  return extendedZero(new TextEncoder().encode(arn))
}

/**
 * PCR4 of every enclave on this instance.
 *
 * @param id of the parent instance: `i-0123456789abcdef0`
 * @returns 96 lower-case hexadecimal digits
 * @throws TypeError when `id` is not that of an instance
 * @example
 * ```ts
 * const PCR4 = await pcr4OfInstance('i-0123456789abcdef0')
 * ```
 */
export async function pcr4OfInstance(id: string): Promise<Hex> {
  requireOption('id', 'that of an instance: i- and 17 (or 8) lower-case hexadecimal digits', isText(id, instanceId))
  return extendedZero(new TextEncoder().encode(id))
}

/**
 * PCR8 of every image that is signed with the key of this certificate. It says who signed, not
 * what: any image by that key has it, old ones with known holes included.
 *
 * @param certificate DER, or PEM as text with this one certificate in it; X.509 v1 or v3, with a
 *   key on P-256, P-384 or P-521. Nothing is verified
 * @returns 96 lower-case hexadecimal digits, as `nitro-cli pcr --signing-certificate` prints them
 * @throws TypeError when it is no such certificate
 * @example
 * ```ts
 * const PCR8 = await pcr8OfCertificate(pemText)
 * ```
 */
export async function pcr8OfCertificate(certificate: Uint8Array | string): Promise<Hex> {
  requireOption('certificate', 'DER, or PEM as text', isBytes(certificate) || typeof certificate === 'string')
  const source: Source = { name: 'certificate', code: 'cert-parse' }
  const { der } = readOwn(() =>
    isBytes(certificate)
      ? decodeSigningCertificate(copyBytes(certificate), source)
      : decodeSigningPem(certificate, source),
  )
  return extendedZero(await hash('SHA-384', der))
}

/** A register that was extended once, with `data`: 96 lower-case hexadecimal digits. */
export async function extendedZero(data: Bytes): Promise<Hex> {
  return toHex(await hash('SHA-384', concatBytes(zeros, data)))
}

const isText = (value: unknown, pattern: RegExp): boolean => typeof value === 'string' && pattern.test(value)
