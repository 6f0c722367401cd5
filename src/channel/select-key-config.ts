/**
 * Key configurations of other gateways (RFC 9458 section 3): several symmetric algorithms in one,
 * several in a list, or one without a length before it. What comes out is the one form that this
 * library reads: a list with one configuration, of one suite. The suite is the caller's; nothing is
 * negotiated.
 *
 *     single                 key identifier (1) · KEM (2) · public key · length of pairs (2) · pairs of KDF (2) and AEAD (2)
 *     list                   for each: length (2) · single
 */
import { type Bytes, copyBytes, isBytes, toHex } from '../encoding/bytes.ts'
import { cursor, remaining, take, uint } from '../encoding/reader.ts'
import { requireOption } from '../core/options.ts'
import { VerificationError } from '../core/errors.ts'
import { encodeKeyConfig, readConfig, refused, source, uint16 } from './key-config.ts'
import { type Hpke, hpke, nameOf, readSuite, type Suite } from './suite.ts'

/**
 * The one key of `suite` that a key configuration offers.
 *
 * Proves nothing about whose key it is: only evidence does.
 * @param bytes of someone else's gateway
 * @param form `single`: one configuration as it is; `list`: `application/ohttp-keys`, each with its
 *   length. Stated, never guessed
 * @returns `application/ohttp-keys` with the one configuration and the one suite
 * @throws VerificationError `ohttp-key-config` for none, for several, and for anything that is left
 *   over; `unsupported` for a suite that this library does not have
 * @throws TypeError for a caller's mistake
 */
export async function selectKeyConfig(bytes: Uint8Array, suite: Suite, form: 'single' | 'list'): Promise<Bytes> {
  requireOption('bytes', 'a Uint8Array', isBytes(bytes))
  requireOption('form', 'single or list', ['single', 'list'].includes(form))
  const { aead } = Object(suite) as { readonly aead?: unknown }
  if (aead === 'ChaCha20-Poly1305')
    throw new VerificationError('unsupported', 'suite: expected AES-GCM, found ChaCha20-Poly1305')
  const wanted = readSuite(suite)
  const input = cursor(copyBytes(bytes), source)
  const cipher = hpke(wanted)
  const configs: Bytes[] = []
  if (form === 'single') configs.push(input.bytes)
  else while (remaining(input) > 0) configs.push(take(input, uint(input, 2, 'length'), 'configuration'))
  const [kemHigh, kemLow] = uint16(cipher.KEM.id)
  const fitting = configs
    // How long a key of another KEM is, only the length of a list says.
    .filter(([, high, low]) => form === 'single' || (high === kemHigh && low === kemLow))
    .map((config) => readConfig(cursor(config, source), wanted, cipher))
    .filter(({ algorithms }) => offers(algorithms, cipher))
  const [only] = fitting
  if (only === undefined || fitting.length > 1)
    throw refused(`keys of ${nameOf(wanted)} with ${wanted.aead}`, '1', `${fitting.length}`)
  return Promise.resolve(encodeKeyConfig(only.keyId, wanted, only.key))
}

/** Whether the pair of the suite is among those behind their length, each of which comes once. */
function offers(algorithms: Bytes, { KDF, AEAD }: Hpke): boolean {
  const pairs = [...toHex(algorithms.subarray(2)).matchAll(/.{1,8}/g)].map(([pair]) => pair)
  if (new Set(pairs).size !== pairs.length || pairs.length * 4 !== algorithms.length - 2)
    throw refused('symmetric algorithms', 'whole pairs, each once', toHex(algorithms))
  return pairs.includes(toHex([...uint16(KDF.id), ...uint16(AEAD.id)]))
}
