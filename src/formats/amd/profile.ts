/**
 * AMD's certificates: RSA-PSS keys of 4096 bits that certify P-384 keys, and names that say which product it is.
 *
 * Source: AMD 57230 (VCEK and VLEK certificates), and the genuine certificates of Milan, Genoa and Turin where that leaves something open.
 */
import { p384, ps384By4096, ps384By4096WithTrailer, rsa4096 } from '../../crypto/algorithms.ts'
import { type Bytes, concatBytes, fromHex } from '../../encoding/bytes.ts'
import type { CertificateProfile, PathProfile, SubjectName } from '../../x509/profile.ts'

/** Certificates issued until 2024 write the default trailerField out, later ones leave it out as DER wants it. */
const signatures = [ps384By4096, ps384By4096WithTrailer] as const

const ca = (commonName: string): CertificateProfile => ({
  signatures,
  key: rsa4096,
  isCa: true,
  quirks: { paddedKeyUsage: true },
  subject: nameOf(commonName),
  isRemembered: true,
})

/** A key of one chip or cloud. It has serial number 0 and says nothing of its use. */
const endorsementKey = (commonName: string): CertificateProfile => ({
  signatures,
  key: p384,
  isCa: false,
  mayLackKeyUsage: true,
  quirks: { zeroSerial: true },
  subject: nameOf(commonName),
  isRemembered: true,
})

/** ARK, ASK and the key of one chip (VCEK). @param product `Milan`, `Genoa`, `Turin`, … */
export const vcekProfile = (product: string): PathProfile => ({
  root: ca(`ARK-${product}`),
  ca: ca(`SEV-${product}`),
  leaf: endorsementKey('SEV-VCEK'),
})

/** ARK, ASVK and a key that AMD gave to one cloud (VLEK). */
export const vlekProfile = (product: string): PathProfile => ({
  root: ca(`ARK-${product}`),
  ca: ca(`SEV-VLEK-${product}`),
  leaf: endorsementKey('SEV-VLEK'),
})

/** All six attributes, in AMD's order and string types. */
function nameOf(commonName: string): SubjectName {
  const utf8 = 0x0c
  const printable = 0x13
  // The last byte of the identifier below 2.5.4.
  const attributes = [
    [0x0b, utf8, 'OU', 'Engineering'],
    [0x06, printable, 'C', 'US'],
    [0x07, utf8, 'L', 'Santa Clara'],
    [0x08, utf8, 'ST', 'CA'],
    [0x0a, utf8, 'O', 'Advanced Micro Devices'],
    [0x03, utf8, 'CN', commonName],
  ] as const
  const sets = attributes.map(([id, type, , value]) =>
    element(0x31, element(0x30, fromHex('06035504'), [id], element(type, new TextEncoder().encode(value)))),
  )
  return {
    text: attributes.map(([, , name, value]) => `${name}=${value}`).join(', '),
    der: element(0x30, ...sets),
  }
}

/** A DER element of at most 255 bytes. */
function element(tag: number, ...parts: readonly (Uint8Array | readonly number[])[]): Bytes {
  const content = concatBytes(...parts)
  return concatBytes(content.length < 0x80 ? [tag, content.length] : [tag, 0x81, content.length], content)
}
