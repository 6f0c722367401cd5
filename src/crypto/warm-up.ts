/**
 * What the first verification of a page waits for although it needs no evidence.
 */
import { fromHex } from '../encoding/bytes.ts'
import { importKey, verify } from './subtle.ts'

/** An uncompressed point: the generator of P-256 (FIPS 186-5, SP 800-186 section 3.2.1.3). */
const generator =
  '046b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296' +
  '4fe342e2fe1a7f9b8ee7eb4a7c0f9e162bce33576b315ececbb6406837bf51f5'

/**
 * Starts WebCrypto, so that the first verification need not: imports one key and checks one
 * signature, both constants. Call it while you wait for evidence, and do not wait for it;
 * `attestedFetch` does so by itself. It proves nothing, changes no verdict, and never fails: where
 * there is no WebCrypto, the verification says so.
 * @example
 * ```ts
 * void warmUp()
 * const evidence = await fetchDocument(nonce) // your way of asking your enclave
 * ```
 */
export async function warmUp(): Promise<void> {
  try {
    const point = fromHex(generator)
    const key = await importKey('raw', point, { name: 'ECDSA', namedCurve: 'P-256' }, false, ['verify'])
    await verify({ name: 'ECDSA', hash: 'SHA-256' }, key, point.subarray(1), point)
  } catch {
    // The first verification says what is wrong.
  }
}
