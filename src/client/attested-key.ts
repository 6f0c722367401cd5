/**
 * Keys that are one step further: the evidence holds a signing key, and that key signed the key
 * configuration.
 */
import { selectKeyConfig } from '../channel/select-key-config.ts'
import { AttestationError, VerificationError } from '../core/errors.ts'
import { requireOption, snapshotOf } from '../core/options.ts'
import { verifyEd25519 } from '../crypto/ed25519.ts'
import { type Bytes, copyBytes, equalBytes, isBytes, toHex } from '../encoding/bytes.ts'
import type { Challenge, KeyBinding } from './binding.ts'

/** Options of {@link keySignedByAttestedKey}. What the functions return is a claim. */
export interface AttestedKeyOptions {
  /** As the gateway serves it. */
  readonly keyConfig: Uint8Array | ((challenge: Challenge) => Uint8Array)
  /** `single`: without a length before it; `list`: `application/ohttp-keys`. */
  readonly form: 'single' | 'list'
  /** Ed25519 over the bytes of `keyConfig`: 64 bytes. */
  readonly signature: (challenge: Challenge) => Uint8Array
  /** 32 bytes; claimed, until `reportData` has been computed from them and compared. */
  readonly signingKey: (challenge: Challenge) => Uint8Array
  /** All 64 bytes of report data, made from this very signing key and from the nonce. */
  readonly reportData: (challenge: Challenge, signingKey: Bytes) => Promise<Uint8Array>
}

/**
 * The report data of the evidence is that of an Ed25519 key and the nonce, and this key signed the
 * key configuration. A key that is not inside report data cannot be used: report data is computed
 * from it.
 * @throws TypeError for a caller's mistake; what it returns throws VerificationError `client-key`,
 *   `ohttp-key-config`, `unsupported`
 */
export function keySignedByAttestedKey(options: AttestedKeyOptions): KeyBinding {
  const own = snapshotOf<AttestedKeyOptions>(options, 'options')
  const { keyConfig, form, signature, signingKey, reportData } = own as AttestedKeyOptions
  requireOption('form', 'single or list', ['single', 'list'].includes(form))
  requireOption('keyConfig', 'bytes, or a function', isBytes(keyConfig) || typeof keyConfig === 'function')
  for (const [name, value] of Object.entries({ signature, signingKey, reportData }))
    requireOption(name, 'a function', typeof value === 'function')
  const fixed =
    typeof keyConfig === 'function'
      ? keyConfig
      : (
          (copy) => () =>
            copy
        )(copyBytes(keyConfig))
  return async ({ claims }, challenge) => {
    const key = await claimed('signing key', 32, () => signingKey(challenge))
    // 1. Report data, out of this very key.
    const expected = await claimed('report data', 64, () => reportData(challenge, key.slice()))
    const { reportData: found } = Object(claims) as { readonly reportData?: unknown }
    if (!isBytes(found) || !equalBytes(found, expected))
      throw refused('report data', toHex(expected), isBytes(found) ? toHex(found) : 'none')
    // 2. Only now is it the key of the enclave.
    const config = await claimed('key configuration', undefined, () => fixed(challenge))
    const signed = await claimed('signature', 64, () => signature(challenge))
    if (!(await verifyEd25519(key, signed, config)))
      throw refused('key configuration', 'signed by the attested key', 'another signature')
    // 3. The one key of the client's suite in it.
    return selectKeyConfig(config, challenge.suite ?? { kem: 'X25519', aead: 'AES-128-GCM' }, form)
  }
}

/** A copy of what one of the caller's functions finds in documents that nothing vouches for. */
async function claimed(
  name: string,
  size: number | undefined,
  read: () => Uint8Array | Promise<Uint8Array>,
): Promise<Bytes> {
  let bytes: unknown
  try {
    bytes = await read()
  } catch (cause) {
    if (cause instanceof AttestationError) throw cause
    throw new VerificationError('client-key', `${name}: not found`, { cause })
  }
  if (!isBytes(bytes) || (size !== undefined && bytes.length !== size))
    throw refused(name, `${size ?? 'any'} bytes`, isBytes(bytes) ? `${bytes.length}` : 'none')
  return copyBytes(bytes)
}

function refused(subject: string, expected: string, found: string): VerificationError {
  return new VerificationError('client-key', { subject, expected, found })
}
