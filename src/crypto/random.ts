/**
 * Random bytes, for nonces.
 */
import { type Bytes, isZero } from '../encoding/bytes.ts'
import { VerificationError } from '../core/errors.ts'
import { unsupported } from './subtle.ts'

/** Taken once when this module loads, as in `subtle.ts`. */
const getRandomValues: (bytes: Bytes) => Bytes = /* @__PURE__ */ (() => {
  const crypto = globalThis.crypto as Crypto | undefined
  return crypto?.getRandomValues.bind(crypto) ?? unsupported
})()

/**
 * @throws VerificationError `unsupported` where a replacement for the source of randomness gives
 *   zeros. @param length 12 or more
 */
export function randomBytes(length: number): Bytes {
  const bytes = getRandomValues(new Uint8Array(length))
  if (isZero(bytes)) throw new VerificationError('unsupported', 'random bytes: expected any, found zeros')
  return bytes
}
