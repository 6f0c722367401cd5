/**
 * Certificates for people: what each says, or that it says nothing.
 */
import { AttestationError } from '../core/errors.ts'
import { type CertificateDescription, describeCertificate } from '../inspect/index.ts'
import { row } from './text.ts'

/** One certificate of the chain, as far as it can be read. */
export type Link =
  | ({ readonly place: string; readonly malformed: null } & CertificateDescription)
  | { readonly place: string; readonly malformed: string }

/** @param certificates DER, with where each was found */
export function linksOf(certificates: readonly (readonly [place: string, der: Uint8Array])[]): Link[] {
  return certificates.map(([place, der]) => {
    try {
      return { place, malformed: null, ...describeCertificate(der) }
    } catch (error) {
      if (error instanceof AttestationError) return { place, malformed: error.message }
      throw error
    }
  })
}

export function linksAsText(link: Link): string[] {
  if (link.malformed !== null) return [row(link.place, `malformed: ${link.malformed}`, [2, 12])]
  const { place, subject, notBefore, notAfter, serialNumber } = link
  return [
    row(place, subject, [2, 12]),
    row('', `${seconds(notBefore)} to ${seconds(notAfter)}`, [2, 12]),
    row('', `serial ${serialNumber}`, [2, 12]),
  ]
}

/** Certificates know no fractions of a second. */
function seconds(time: Date): string {
  return time.toISOString().replace('.000Z', 'Z')
}
