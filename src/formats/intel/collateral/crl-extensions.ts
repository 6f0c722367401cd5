/**
 * What Intel's revocation lists say of themselves, beyond what every list must.
 */
import type { Bytes } from '../../../encoding/bytes.ts'
import { malformed } from '../../../encoding/reader.ts'
import { type Crl, decodeCrl } from '../../../x509/crl.ts'

/**
 * A list with the number that orders it, and the identifier of the key that signed it: without
 * that, a name alone would tie it to its issuer. RFC 5280 sections 5.2.1 and 5.2.3: every list of
 * an issuer that conforms has both, and neither is critical. All of Intel's do.
 * @throws VerificationError as {@link decodeCrl}; `crl-extension` when one of both is missing or
 *   critical
 */
export function decodeIntelCrl(der: Bytes, name: string): Crl {
  const crl = decodeCrl(der, name)
  const required = [
    ['authorityKeyIdentifier', '551d23', crl.keyIdentifier],
    ['cRLNumber', '551d14', crl.crlNumber],
  ] as const
  for (const [extension, id, value] of required) {
    const isCritical = crl.extensions.get(id)?.critical === true
    if (isCritical || value === undefined)
      throw malformed({ name, code: 'crl-extension' }, `${isCritical ? 'critical' : 'no'} ${extension}`)
  }
  return crl
}
