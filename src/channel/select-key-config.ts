/**
 * Key configurations of other gateways (RFC 9458 section 3): several symmetric algorithms in one, several in a list, or one without a length before it.
 * What comes out is the one form that this library reads: a list with one configuration, of one suite. The suite is the caller's; nothing is negotiated.
 *
 *     single                 key identifier (1) · KEM (2) · public key · length of pairs (2) · pairs of KDF (2) and AEAD (2)
 *     list                   for each: length (2) · single
 */
import { type Bytes, copyBytes, isBytes } from '../encoding/bytes.ts'
import { cursor, end, remaining, take, uint } from '../encoding/reader.ts'
import { requireOption } from '../core/options.ts'
import { VerificationError } from '../core/errors.ts'
import { encodeKeyConfig } from './key-config.ts'
import { type Hpke, hpke, type Suite } from './suite.ts'

const maximumSize = 65_536

/**
 * The one key of `suite` that a key configuration offers.
 *
 * Proves nothing about whose key it is: only evidence does.
 * @param bytes of someone else's gateway
 * @param form `single`: one configuration as it is; `list`: `application/ohttp-keys`, each with its length. Stated, never guessed
 * @returns `application/ohttp-keys` with the one configuration and the one suite
 * @throws VerificationError `ohttp-key-config` for none, for several, and for anything that is left over; `unsupported` for a suite that this library does not have
 * @throws TypeError for a caller's mistake
 */
export async function selectKeyConfig(bytes: Uint8Array, suite: Suite, form: 'single' | 'list'): Promise<Bytes> {
  requireOption('bytes', 'a Uint8Array', isBytes(bytes))
  requireOption('form', 'single or list', ['single', 'list'].includes(form))
  const wanted = readSuite(suite)
  const input = cursor(copyBytes(bytes), { name: 'key configuration', code: 'ohttp-key-config' })
  if (input.bytes.length > maximumSize) throw refused('bytes', `at most ${maximumSize}`, `${input.bytes.length}`)
  const cipher = hpke(wanted)
  const configs: Bytes[] = []
  if (form === 'single') configs.push(input.bytes)
  else while (remaining(input) > 0) configs.push(take(input, uint(input, 2, 'length'), 'configuration'))
  const keys = configs.flatMap((config) => keyOf(config, cipher, form))
  const [key] = keys
  const { kem, aead } = wanted
  if (key === undefined || keys.length > 1) throw refused(`keys of ${kem} with ${aead}`, '1', `${keys.length}`)
  return Promise.resolve(encodeKeyConfig(key.keyId, wanted, key.publicKey))
}

/** @throws TypeError for what is no suite; VerificationError `unsupported` for one of others */
function readSuite(suite: unknown): Suite {
  const { kem, aead } = Object(suite) as Partial<Record<string, unknown>>
  const isKnown = (kem === 'P-256' || kem === 'X25519') && ['AES-128-GCM', 'AES-256-GCM'].includes(aead as string)
  if ((kem === 'P-256' || kem === 'X25519') && aead === 'ChaCha20-Poly1305')
    throw new VerificationError('unsupported', `suite: expected AES-GCM, found ${aead}`)
  requireOption('suite', "{ kem: 'P-256' or 'X25519', aead: 'AES-128-GCM' or 'AES-256-GCM' }", isKnown)
  return { kem, aead } as Suite
}

/** The key of a configuration that offers the suite, once. */
function keyOf(
  config: Bytes,
  { KEM, KDF, AEAD }: Hpke,
  form: 'single' | 'list',
): { readonly keyId: number; readonly publicKey: Bytes }[] {
  const input = cursor(config, { name: 'key configuration', code: 'ohttp-key-config' })
  const keyId = uint(input, 1, 'key identifier')
  const kem = uint(input, 2, 'KEM')
  if (kem !== KEM.id) {
    // How long a key of another KEM is, only the length of a list says.
    if (form === 'list') return []
    throw refused('KEM', `${KEM.id}`, `${kem}`)
  }
  const publicKey = take(input, KEM.Npk, 'public key')
  const length = uint(input, 2, 'length of the symmetric algorithms')
  if (length === 0 || length % 4 !== 0)
    throw refused('length of the symmetric algorithms', 'a multiple of 4', `${length}`)
  const pairs: number[] = []
  for (let left = length; left > 0; left -= 4) pairs.push(uint(input, 4, 'symmetric algorithms'))
  end(input)
  if (new Set(pairs).size !== pairs.length) throw refused('symmetric algorithms', 'each once', 'one twice')
  return pairs.includes(KDF.id * 65_536 + AEAD.id) ? [{ keyId, publicKey }] : []
}

function refused(subject: string, expected: string, found: string): VerificationError {
  return new VerificationError('ohttp-key-config', { subject: `key configuration: ${subject}`, expected, found })
}
