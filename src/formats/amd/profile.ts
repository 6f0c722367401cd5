/**
 * AMD's certificates: RSA-PSS keys of 4096 bits that certify P-384 keys, and names that say which
 * product it is.
 *
 * Source: AMD 57230 (VCEK and VLEK certificates), and the genuine certificates of Milan, Genoa and
 * Turin where that leaves something open.
 */
import { p384, ps384By4096, ps384By4096WithTrailer, rsa4096 } from '../../crypto/algorithms.ts'
import { type Bytes, concatBytes, fromHex } from '../../encoding/bytes.ts'
import type { CertificateProfile, PathProfile, SubjectName } from '../../x509/profile.ts'

/**
 * Certificates issued until 2024 write the default trailerField out, later ones leave it out as DER
 * wants it.
 */
const signatures = [ps384By4096, ps384By4096WithTrailer] as const

/**
 * What AMD does although it is forbidden: KeyUsage with zero bits at its end, and the serial number
 * 0.
 */
export const quirks = { ca: { paddedKeyUsage: true }, key: { zeroSerial: true } } as const

const ca = (commonName: string): CertificateProfile => ({
  signatures,
  key: rsa4096,
  isCa: true,
  quirks: quirks.ca,
  subject: nameOf(commonName),
  isRemembered: true,
})

/** A key of one chip or cloud. It has serial number 0 and says nothing of its use. */
const endorsementKey = (commonName: string): CertificateProfile => ({
  signatures,
  key: p384,
  isCa: false,
  mayLackKeyUsage: true,
  quirks: quirks.key,
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

/**
 * All six attributes, in AMD's order and string types: five that are always the same, and the
 * common name.
 */
function nameOf(commonName: string): SubjectName {
  const text = new TextEncoder().encode(commonName)
  const { length } = text
  // SET, SEQUENCE, 2.5.4.3, UTF8String.
  const last = concatBytes([0x31, length + 9, 0x30, length + 7, 0x06, 3, 0x55, 4, 3, 0x0c, length], text)
  const size = 103 + last.length
  return {
    text: `OU=Engineering, C=US, L=Santa Clara, ST=CA, O=Advanced Micro Devices, CN=${commonName}`,
    der: concatBytes(size < 0x80 ? [0x30, size] : [0x30, 0x81, size], fixedAttributes(), last),
  }
}

/**
 * 103 bytes, each line a SET of one attribute: OU, C, L, ST, O. All are UTF8Strings but C, which is
 * a PrintableString.
 */
const fixedAttributes = (): Bytes =>
  fromHex(
    '31143012060355040b0c0b456e67696e656572696e67' +
      '310b3009060355040613025553' +
      '3114301206035504070c0b53616e746120436c617261' +
      '310b300906035504080c024341' +
      '311f301d060355040a0c16416476616e636564204d6963726f2044657669636573',
  )
