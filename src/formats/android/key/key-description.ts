/**
 * KeyDescription: what the attestation certificate of a phone says of the key below it. The
 * extension 1.3.6.1.4.1.11129.2.1.17 of the leaf.
 */
import { type Bytes, copyBytes } from '../../../encoding/bytes.ts'
import {
  contentOf,
  ENUMERATED,
  INTEGER,
  OCTET_STRING,
  readElement,
  readPrimitive,
  SEQUENCE,
  smallInteger,
} from '../../../encoding/der.ts'
import { type Cursor, cursor, end, malformed, type Source } from '../../../encoding/reader.ts'
import { type AuthorizationList, readAuthorizationList } from './authorization-list.ts'

/** Who keeps the key: Android itself, a trusted execution environment, or a chip of its own. */
export type SecurityLevel = 'software' | 'tee' | 'strongbox'

/** A description, as the certificate has it. Bytes are copies. */
export interface KeyDescription {
  /** Version of the schema: 1 to 4, and hundreds from 100 to 500. */
  readonly attestationVersion: number
  /** Who wrote the description. */
  readonly attestationSecurityLevel: SecurityLevel
  /** Of what keeps the key: KeyMint, or Keymaster before it. */
  readonly keyMintVersion: number
  /** Who keeps the key. */
  readonly keyMintSecurityLevel: SecurityLevel
  readonly attestationChallenge: Bytes
  readonly uniqueId: Bytes
  /** What Android vouches for. */
  readonly softwareEnforced: AuthorizationList
  /** What the hardware vouches for. */
  readonly hardwareEnforced: AuthorizationList
}

const source: Source = { name: 'key description', code: 'key-description' }
const versions: readonly number[] = [1, 2, 3, 4, 100, 200, 300, 400, 500]
const levels: readonly SecurityLevel[] = ['software', 'tee', 'strongbox']

/**
 * @param bytes the value of the extension; `undefined` where there is none.
 * @throws VerificationError `key-description`
 */
export function decodeKeyDescription(bytes: Bytes | undefined): KeyDescription {
  if (bytes === undefined) throw malformed(source, 'the leaf has none')
  const input = cursor(bytes, source)
  const members = cursor(contentOf(readElement(input, SEQUENCE, 'KeyDescription')), source)
  end(input)
  const attestationVersion = smallInteger(readPrimitive(members, INTEGER, 'attestationVersion'), source)
  if (!versions.includes(attestationVersion))
    throw malformed(source, `attestationVersion must be one of ${versions.join(', ')}, found ${attestationVersion}`)
  const attestationSecurityLevel = readLevel(members, 'attestationSecurityLevel')
  const keyMintVersion = smallInteger(readPrimitive(members, INTEGER, 'keyMintVersion'), source)
  const keyMintSecurityLevel = readLevel(members, 'keyMintSecurityLevel')
  const octets = (field: string): Bytes => copyBytes(contentOf(readPrimitive(members, OCTET_STRING, field)))
  const attestationChallenge = octets('attestationChallenge')
  const uniqueId = octets('uniqueId')
  const list = (field: string): AuthorizationList =>
    readAuthorizationList(readElement(members, SEQUENCE, field), attestationVersion, source)
  const softwareEnforced = list('softwareEnforced')
  const hardwareEnforced = list('hardwareEnforced')
  end(members)
  return Object.freeze({
    attestationVersion,
    attestationSecurityLevel,
    keyMintVersion,
    keyMintSecurityLevel,
    attestationChallenge,
    uniqueId,
    softwareEnforced,
    hardwareEnforced,
  })
}

function readLevel(input: Cursor, field: string): SecurityLevel {
  const [value = 0, more] = contentOf(readPrimitive(input, ENUMERATED, field))
  const level = more === undefined ? levels[value] : undefined
  if (level === undefined) throw malformed(source, `${field} must be 0, 1 or 2, found ${value}`)
  return level
}
