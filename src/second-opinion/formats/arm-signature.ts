/**
 * Signatures of Arm's tokens, for the second opinion: the key that is trusted says how it signs,
 * and the token must say the same.
 */
import { demand, joined, octetsOf, type Octets } from '../readers/bytes.ts'
import { readTokenEnvelope, type TokenEnvelope } from '../readers/cose.ts'
import { holdsRaw } from '../readers/engine.ts'
import type { Notes } from '../record.ts'
import type { Kind } from './arm-expect.ts'

/** A token that must be signed, and not bear a MAC. @throws VerificationError `cose-shape` */
export function readSigned(bytes: Octets, name: string, notes: Notes): TokenEnvelope {
  return notes.reads('cose-shape', name, () => {
    const token = readTokenEnvelope(bytes)
    demand(!token.isMac && [-7, -35, -36].includes(token.algorithm), 'no signature, or by another algorithm')
    return token
  })
}

/** @throws VerificationError with `code` */
export async function proveToken(
  { algorithm, proof, covered }: TokenEnvelope,
  { kind, point }: { readonly kind: Kind; readonly point: Octets },
  code: 'cose-signature' | 'platform-signature' | 'realm-signature',
  notes: Notes,
): Promise<void> {
  notes.proves(code, 'algorithm of the signature', algorithm === kind.algorithm, `is ${algorithm}`)
  notes.proves('cose-signature-length', 'bytes of the signature', proof.length === 2 * kind.size)
  await notes.awaits(code, 'signature of the token', holdsRaw(kind.curve, point, proof, covered))
}

/** An uncompressed point of this size. @throws Error */
export function pointOf(x: unknown, y: unknown, { size }: Kind): Octets {
  for (const coordinate of [x, y])
    demand(coordinate instanceof Uint8Array && coordinate.length === size, 'no coordinate')
  return joined(octetsOf('04'), x as Octets, y as Octets)
}
