/**
 * The second opinion on assertions of App Attest, by a key that was attested before.
 */
import { demand } from '../readers/bytes.ts'
import { holdsBy } from '../readers/engine.ts'
import { type Answer, bytesOf, type Question } from '../question.ts'
import type { Notes } from '../record.ts'
import { applicationOf, nonceOf } from './app-attest.ts'
import { bytesUnder, membersOf, readCtap, readHeader } from './webauthn.ts'

/** @throws AttestationError where it refuses */
export async function opine({ evidence, options, now }: Question, notes: Notes): Promise<Answer> {
  const { signature, authData, header } = notes.reads('app-attest-format', 'assertion', () => {
    const members = membersOf(readCtap(evidence), 'signature', 'authenticatorData')
    const found = bytesUnder(members, 'authenticatorData')
    demand(found.length === 37, 'authenticator data of another size')
    return { signature: bytesUnder(members, 'signature'), authData: found, header: readHeader(found) }
  })
  const key = bytesOf(options['publicKey'])
  // The digest is the message, so that it is hashed once more.
  const nonce = await nonceOf(authData, options)
  const answer = holdsBy(key, '1.2.840.10045.4.3.2', signature, nonce)
  await notes.awaits('app-attest-signature', 'assertion signed by the attested key', answer)
  const { counter, rpIdHash } = header
  const isNewer = counter > (options['previousCounter'] as number)
  notes.proves('app-attest-counter', 'counter', isNewer, `is ${counter}`)
  return {
    claims: { counter },
    validUntil: now + 86_400_000,
    matched: await applicationOf(rpIdHash, options, notes),
    publicKey: key,
  }
}
