/**
 * Keys whose private halves are published: in samples of Trusted Firmware, TF-M, Veraison and
 * Islet, in RFC 9783, and in collections of test vectors. Anyone can sign a token with them, and
 * boards whose maker forgot to provision a key of their own do.
 */
import { type Bytes, toHex } from '../../encoding/bytes.ts'

/**
 * Pass it as `testKeys` to accept published test keys as trust anchors. Anyone can sign tokens with
 * them: never do so in production.
 */
export const dangerouslyAllowTestKeys: unique symbol = /* @__PURE__ */ Symbol.for('veritee.dangerouslyAllowTestKeys')

/**
 * How the x coordinate or the secret begins. A digest of each key would say no more, and cost every
 * verification one. The point with the other y is refused with it: its private key is the published
 * one, subtracted from the order of the curve.
 */
const published: readonly string[] = [
  // Trusted Firmware: the CPAK of tf-m-tools and rust-ccatoken.
  '212867c52e2b9508',
  // Islet's emulator of a platform.
  'bbc85e168b4e6250',
  // Veraison's IAK, and what became of it in a sample: a point off the curve.
  '30a0424cd21c2944',
  '4ca44513f470497a',
  // TF-M: the IAK of builds without provisioning, and that of its tools (RFC 9783 appendix A).
  '79eba90e8bf450a6',
  '4e5e22099e3bceb4',
  // Veraison's signer of CoRIMs.
  'fe03ecb0b2222e71',
  // Secrets: RFC 9783 appendix A, TF-M without provisioning, TF-M's tools.
  'de038b34aca12576',
  'a9b454b26d6f90a4',
  '043aa5085588e1bf',
]

/** Whether anyone can sign with this point or secret. */
export function isPublished({ kind, bytes }: { readonly kind: string; readonly bytes: Bytes }): boolean {
  const from = kind === 'mac' ? 0 : 1
  return published.includes(toHex(bytes.subarray(from, from + 8)))
}
