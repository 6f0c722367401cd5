/**
 * What the host of a guest fixed before it started: `mr_config_id` of TDX, HOST_DATA of SEV-SNP.
 * dstack puts a digest of the application there.
 *
 *     zeros                                                      the host does not use it (TDX only)
 *     01 ‖ SHA-256(app-compose) ‖ 15 zeros                       version 1
 *     02 ‖ Keccak-256(…) ‖ 15 zeros                              version 2: WebCrypto does not have that hash, so it is refused
 *     03 ‖ SHA-256("dstack-mr-config-v3:" ‖ 00 ‖ document) ‖ 15 zeros    version 3; in HOST_DATA the digest alone
 *
 * Source: Dstack-TEE/dstack, dstack-types, mr_config.rs. The document of version 3 is canonical
 * JSON, hashed as served; members that are not known are refused.
 */
import { VerificationError } from '../core/errors.ts'
import { hash } from '../crypto/digest.ts'
import { type Bytes, equalBytes, isZero } from '../encoding/bytes.ts'
import { decodeJson, type JsonObject, memberOf, optionalMemberOf } from '../encoding/json.ts'
import type { Source } from '../encoding/reader.ts'

/** Of version 3. Texts are hexadecimal digits, but for the key provider. */
export interface MrConfigDocument {
  readonly composeHash: string
  readonly keyProvider: string
  readonly keyProviderId: string | undefined
  readonly appId: string | undefined
  readonly instanceId: string | undefined
  readonly gpuPolicyHash: string | undefined
}

/** What is fixed, as far as it can be read here. */
export type MrConfig =
  | { readonly version: 0 }
  | { readonly version: 1; readonly composeHash: Bytes }
  | { readonly version: 3; readonly document: MrConfigDocument }
  | { readonly version: undefined; readonly problem: string }

const source: Source = { name: 'document of mr_config_id', code: 'compose-format' }
const members = [
  'version',
  'app_id',
  'compose_hash',
  'gpu_policy_hash',
  'key_provider',
  'key_provider_id',
  'instance_id',
  'init_script_hashes',
]
const maximumSize = 65_536

/**
 * `mr_config_id` of a TD, 48 bytes. @throws VerificationError `compose-format` for a document that
 * is not one
 */
export async function readMrConfigId(id: Bytes, document: string | undefined): Promise<MrConfig> {
  if (isZero(id)) return { version: 0 }
  const [version] = id
  if (!isZero(id.subarray(33))) return { version: undefined, problem: 'bytes behind the digest' }
  const digest = id.subarray(1, 33)
  if (version === 1) return { version, composeHash: digest }
  if (version === 3) return readHostData(digest, document)
  return { version: undefined, problem: `version ${version}, which is not supported` }
}

/**
 * HOST_DATA of a guest on SEV-SNP, 32 bytes: always version 3. @throws VerificationError
 * `compose-format` for a document that is not one
 */
export async function readHostData(digest: Bytes, document: string | undefined): Promise<MrConfig> {
  if (document === undefined) return { version: undefined, problem: 'a digest of a document that was not served' }
  const text = new TextEncoder().encode(`dstack-mr-config-v3:\0${document}`)
  if (!equalBytes(digest, await hash('SHA-256', text)))
    return { version: undefined, problem: 'a digest of another document' }
  return { version: 3, document: readDocument(document) }
}

function readDocument(text: string): MrConfigDocument {
  if (text.length > maximumSize) throw new VerificationError('compose-format', `${source.name}: too large`)
  const value = decodeJson(text, source)
  const unknown = Object.keys(Object(value) as JsonObject).find((name) => !members.includes(name))
  if (unknown !== undefined || optionalMemberOf(value, 'version') !== 3)
    throw new VerificationError('compose-format', {
      subject: source.name,
      expected: `version 3 with no other members than ${members.join(', ')}`,
      found: unknown === undefined ? 'another version' : JSON.stringify(unknown.slice(0, 40)),
    })
  const optional = (name: string): string | undefined =>
    optionalMemberOf(value, name) === undefined ? undefined : memberOf(value, name, 'string', source)
  return {
    composeHash: memberOf(value, 'compose_hash', 'string', source),
    keyProvider: memberOf(value, 'key_provider', 'string', source),
    keyProviderId: optional('key_provider_id'),
    appId: optional('app_id'),
    instanceId: optional('instance_id'),
    gpuPolicyHash: optional('gpu_policy_hash'),
  }
}
