/**
 * `veritee/post-quantum`: the key encapsulation MLKEM768-X25519 (HPKE 0x647a,
 * draft-ietf-hpke-pq), for the `suite` of client and gateway.
 */
import { KEM_MLKEM768_X25519 } from 'hpke'
import { VerificationError } from '../core/errors.ts'
import type { HybridKem } from './suite.ts'

export { AppraisalError, AttestationError, VerificationError } from '../core/errors.ts'
export type { HybridKem, Suite } from './suite.ts'

/**
 * ML-KEM-768 and X25519 together: what is sealed stays closed as long as one of them holds.
 *
 * Protects what is recorded today from a quantum computer of later. Does *not* make evidence
 * post-quantum: vendors sign it with ECDSA or RSA, so that who can forge those while a session is
 * made can take the enclave's place. Neither end negotiates: both are given this suite, or nothing
 * is sent.
 *
 * A key configuration has 1227 bytes, which does not fit `public_key` of Nitro: put its digest into
 * `user_data` (`keyConfigDigest`), and use `keyHashInUserData` in the client. All that it computes
 * is WebCrypto's: where a runtime does not have ML-KEM-768, clients fail with `unsupported` before
 * they ask for evidence.
 *
 * ```ts
 * const suite = { kem: mlkem768X25519, aead: 'AES-256-GCM' } as const
 * const send = attestedFetch(origin, { verify, binding: keyHashInUserData, suite })
 * ```
 */
export const mlkem768X25519: HybridKem = /* @__PURE__ */ Object.freeze({
  name: 'MLKEM768-X25519',
  make() {
    // `hpke` asks this class what the runtime has; without WebCrypto there is none.
    if (typeof SubtleCrypto === 'undefined') throw unsupported()
    // Its keys are opaque: made, used and serialised by this object alone.
    return KEM_MLKEM768_X25519() as unknown as ReturnType<HybridKem['make']>
  },
  async requireRuntime() {
    const kem = mlkem768X25519.make()
    try {
      const { publicKey } = await kem.GenerateKeyPair(false)
      await kem.Encap(publicKey)
    } catch (cause) {
      throw unsupported(cause)
    }
  },
})

function unsupported(cause?: unknown): VerificationError {
  return new VerificationError('unsupported', 'WebCrypto: expected MLKEM768-X25519, found none', { cause })
}
