/**
 * EAT Attestation Results (EAR, draft-ietf-rats-ear): what a claims-set says, read strictly. Three
 * dialects share their words and differ in how they spell them; the profile says which one it is,
 * and without a known one no claim means anything.
 */
import { VerificationError } from '../core/errors.ts'
import { fromBase64Url } from '../encoding/base64url.ts'
import { isJsonObject, type JsonObject, type JsonValue, memberOf, optionalMemberOf } from '../encoding/json.ts'
import { malformed, type Source } from '../encoding/reader.ts'
import { isIndicator, isMediaType } from './cmw-record.ts'
import {
  type EarStatus,
  isBetter,
  readVector,
  statusOf,
  statusOfVector,
  type TrustworthinessVector,
  worstOf,
} from './trust-vector.ts'

/**
 * The profiles that can be read: two drafts of the IETF, Veraison's, and that of Trustee
 * (Confidential Containers).
 */
export type EarProfile =
  | 'tag:ietf.org,2026:rats/ear#04'
  | 'tag:ietf.org,2026:rats/ear#03'
  | 'tag:github.com,2023:veraison/ear'
  | 'tag:github.com,2024:confidential-containers/Trustee'

/** What one submodule is said to be. */
export interface EarSubmodule {
  readonly status: EarStatus
  /** `undefined` where only the status is said. */
  readonly trustworthinessVector: TrustworthinessVector | undefined
  /** By which policies, as the verifier names them. */
  readonly policyIds: readonly string[]
  /** All that is said of it, extensions included, as it came. */
  readonly claims: JsonObject
}

/** What a claims-set says. */
export interface EarContent {
  readonly profile: EarProfile
  /** Unix seconds. */
  readonly issuedAt: number
  /** Unix seconds: from then on it does not hold; `undefined` where it does not say. */
  readonly expiresAt: number | undefined
  /** Unix seconds; `undefined` where it does not say. */
  readonly notBefore: number | undefined
  readonly verifierId: { readonly developer: string; readonly build: string }
  /** Of the whole; `undefined` where only submodules have one. */
  readonly status: EarStatus | undefined
  /** By label. Inherits nothing. */
  readonly submodules: Readonly<Record<string, EarSubmodule>>
  /** Every `eat_nonce`, at the top and in submodules, as it came. */
  readonly nonces: readonly JsonValue[]
}

/** How a dialect spells its claims. */
interface Dialect {
  readonly verifierId: string
  readonly status: string
  readonly vector: string
  readonly policies: string
  readonly rawEvidence: string
  /** Whether policies are a list, or one. */
  readonly isList: boolean
  /** Whether raw evidence is a record (CMW), or text. */
  readonly isWrapped: boolean
}

/** The dialect of each profile. */
function dialectOf(profile: EarProfile): Dialect {
  const isOfIetf = profile.startsWith('tag:ietf.org')
  return isOfIetf
    ? {
        verifierId: 'ear_verifier_id',
        status: 'ear_status',
        vector: 'ear_trustworthiness_vector',
        policies: 'ear_appraisal_policy_ids',
        rawEvidence: 'ear_raw_evidence',
        isList: true,
        isWrapped: profile === draft4,
      }
    : {
        verifierId: 'ear.verifier-id',
        status: 'ear.status',
        vector: 'ear.trustworthiness-vector',
        policies: 'ear.appraisal-policy-id',
        rawEvidence: 'ear.raw-evidence',
        isList: false,
        isWrapped: false,
      }
}

/** The profile that this library writes. */
export const draft4 = 'tag:ietf.org,2026:rats/ear#04'
const profiles: readonly EarProfile[] = [
  draft4,
  'tag:ietf.org,2026:rats/ear#03',
  'tag:github.com,2023:veraison/ear',
  'tag:github.com,2024:confidential-containers/Trustee',
]

/** Whether this is a profile that can be read. */
export function isEarProfile(value: unknown): value is EarProfile {
  return profiles.some((profile) => profile === value)
}

const source: Source = { name: 'EAR', code: 'ear-format' }

/** @throws VerificationError `ear-profile` unless the profile is one of `profiles` */
export function profileOf(claims: JsonObject, profiles: readonly EarProfile[]): EarProfile {
  const found = optionalMemberOf(claims, 'eat_profile')
  const profile = profiles.find((enabled) => enabled === found)
  if (profile === undefined)
    throw new VerificationError('ear-profile', {
      subject: 'eat_profile',
      expected: profiles.join(' or '),
      found: typeof found === 'string' ? found.slice(0, 128) : 'none',
    })
  return profile
}

/**
 * Reads a claims-set of this profile. Unknown claims are ignored, as the draft demands. @throws
 * VerificationError `ear-format`
 */
export function readEar(claims: JsonObject, profile: EarProfile): EarContent {
  const dialect = dialectOf(profile)
  const id = memberOf(claims, dialect.verifierId, 'object', source)
  const [developer, build] = [memberOf(id, 'developer', 'string', source), memberOf(id, 'build', 'string', source)]
  const submodules = Object.entries(memberOf(claims, 'submods', 'object', source)).map(
    ([label, value]) =>
      [label, readSubmodule(value, dialect, { ...source, name: `submodule ${JSON.stringify(label)}` })] as const,
  )
  if (submodules.length === 0) throw malformed(source, 'submods must not be empty')
  const status = Object.hasOwn(claims, dialect.status) ? readStatus(claims, dialect, source) : undefined
  const worst = worstOf(submodules.map(([, submodule]) => submodule.status))
  if (status !== undefined && isBetter(status, worst))
    throw malformed(source, `${dialect.status} is ${status}, that of a submodule ${worst}`)
  checkRawEvidence(claims, dialect)
  if (dialect.isWrapped) checkTopology(claims)
  return {
    profile,
    issuedAt: memberOf(claims, 'iat', 'integer', source),
    expiresAt: optionalTimeOf(claims, 'exp'),
    notBefore: optionalTimeOf(claims, 'nbf'),
    verifierId: { developer, build },
    status,
    submodules: Object.assign(Object.create(null) as object, Object.fromEntries(submodules)),
    nonces: [claims, ...submodules.map(([, submodule]) => submodule.claims)].flatMap(
      (object) => optionalMemberOf(object, 'eat_nonce') ?? [],
    ),
  }
}

function readSubmodule(claims: JsonValue, dialect: Dialect, source: Source): EarSubmodule {
  if (!isJsonObject(claims)) throw malformed(source, 'must be an object')
  const status = readStatus(claims, dialect, source)
  const found = optionalMemberOf(claims, dialect.vector)
  const vector = found === undefined ? undefined : readVector(found)
  if (found !== undefined && vector === undefined)
    throw malformed(source, `${dialect.vector} must be known claims, each from -128 to 127`)
  const worst = statusOfVector(vector ?? {})
  if (isBetter(status, worst)) throw malformed(source, `${dialect.status} is ${status}, its vector ${worst}`)
  return { status, trustworthinessVector: vector, policyIds: policiesOf(claims, dialect, source), claims }
}

function readStatus(claims: JsonObject, { status: name }: Dialect, source: Source): EarStatus {
  const status = statusOf(memberOf(claims, name, 'string', source))
  if (status === undefined) throw malformed(source, `${name} must be none, affirming, warning or contraindicated`)
  return status
}

function policiesOf(claims: JsonObject, { policies, isList }: Dialect, source: Source): readonly string[] {
  const found = optionalMemberOf(claims, policies)
  if (found === undefined) return []
  const list: unknown = isList ? found : [found]
  if (!isTexts(list)) throw malformed(source, `${policies} must be ${isList ? 'a list of texts' : 'text'}`)
  return list
}

/** Draft -04: a record of CMW (RFC 9999); before, and elsewhere, text. It is not looked into. */
function checkRawEvidence(claims: JsonObject, { rawEvidence, isWrapped }: Dialect): void {
  const found = optionalMemberOf(claims, rawEvidence)
  if (found === undefined) return
  const [type, value, indicator, ...more] = (Array.isArray(found) ? found : []) as readonly JsonValue[]
  const isRecord =
    isMediaType(type) &&
    value !== '' &&
    fromBase64Url(value) !== undefined &&
    (indicator === undefined || isIndicator(indicator)) &&
    more.length === 0
  if (isWrapped ? !isRecord : typeof found !== 'string')
    throw malformed(source, `${rawEvidence} must be ${isWrapped ? 'a record of CMW' : 'text'}`)
}

/** Draft -04: labels of submodules by label, neither empty. */
function checkTopology(claims: JsonObject): void {
  const found = optionalMemberOf(claims, 'ear_device_topology')
  if (found === undefined) return
  const lists = isJsonObject(found) ? Object.values(found) : []
  if (lists.length === 0 || !lists.every(isTexts))
    throw malformed(source, 'ear_device_topology must be lists of labels, none empty')
}

function isTexts(list: unknown): list is readonly string[] {
  return Array.isArray(list) && list.length > 0 && list.every((text) => typeof text === 'string')
}

/** Unix seconds, whole. */
function optionalTimeOf(claims: JsonObject, name: string): number | undefined {
  return Object.hasOwn(claims, name) ? memberOf(claims, name, 'integer', source) : undefined
}
