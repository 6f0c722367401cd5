/**
 * Whether bytes look like a quote of Intel's, and of which kind of TEE. A guess about unverified
 * input: good for choosing a verifier.
 */
import type { Bytes } from '../../encoding/bytes.ts'

/** A quote of an SGX enclave. Old ones (EPID) count: the verifier says what is wrong with them. */
export function isSgxQuote(evidence: Bytes): boolean {
  return teeOf(evidence) === 'sgx'
}

/** A quote of a TDX trust domain. */
export function isTdxQuote(evidence: Bytes): boolean {
  return teeOf(evidence) === 'tdx'
}

/** Quotes begin with version, kind of key and kind of TEE. */
function teeOf(bytes: Bytes): 'tdx' | 'sgx' | undefined {
  const [version = 0, versionHigh, keyType = 0, keyTypeHigh, tee] = bytes
  if (bytes.length < 432 || versionHigh !== 0 || keyTypeHigh !== 0 || version < 1 || version > 5) return undefined
  if (version < 3) return keyType < 2 ? 'sgx' : undefined
  return tee === 0x81 ? 'tdx' : tee === 0 ? 'sgx' : undefined
}
