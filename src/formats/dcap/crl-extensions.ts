/**
 * What Intel's revocation lists say of themselves, beyond what every list must.
 */
import type { Bytes } from '../../encoding/bytes.ts'
import { readElement, SEQUENCE } from '../../encoding/der.ts'
import { cursor, malformed, remaining, type Source } from '../../encoding/reader.ts'
import { type Crl, decodeCrl } from '../../x509/crl.ts'

/** RFC 5280 sections 5.2.1 and 5.2.3: every list of an issuer that conforms has both, and neither is critical. All of Intel's do. */
const required = [
  ['551d23', 'authorityKeyIdentifier'],
  ['551d14', 'cRLNumber'],
] as const

/**
 * A list with the number that orders it, and the identifier of the key that signed it: without that, a name alone would tie it to its issuer.
 * @throws VerificationError as {@link decodeCrl}; `crl-extension` when one of both is missing or critical
 */
export function decodeIntelCrl(der: Bytes, name: string): Crl {
  refuseTerminator(der, { name, code: 'crl-parse' })
  const crl = decodeCrl(der, name)
  const source: Source = { name, code: 'crl-extension' }
  for (const [id, extension] of required) {
    const found = crl.extensions.get(id)
    if (found === undefined) throw malformed(source, `no ${extension}, which every list of Intel has`)
    if (found.critical) throw malformed(source, `critical ${extension}, which RFC 5280 forbids`)
  }
  if (crl.keyIdentifier === undefined) throw malformed(source, 'authorityKeyIdentifier without a key identifier')
  return crl
}

/** As of texts: the NUL that ends a string of C, when DER was taken for one. */
function refuseTerminator(der: Bytes, source: Source): void {
  const input = cursor(der, source)
  readElement(input, SEQUENCE, 'CertificateList')
  if (remaining(input) === 1 && der.at(-1) === 0)
    throw malformed(
      source,
      'a NUL byte after the list, as strings of C have (Open Enclave delivers them so): take it off',
    )
}
