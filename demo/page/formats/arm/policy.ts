/**
 * From what a visitor entered to what the verifiers of tokens are asked.
 */
import {
  type AcceptableLifecycle,
  anyValue,
  type CcaOptions,
  dangerouslyAllowTestKeys,
  skipFreshness,
  skipPlatformReferenceValues,
  skipReferenceValues,
} from '../../../../src/formats/arm/cca/index.ts'
import type { PsaOptions } from '../../../../src/formats/arm/psa/index.ts'
import { type Bytes, fromHex } from '../../bytes.ts'
import {
  type Attempt,
  attemptInto,
  type DatelessPolicy,
  type Problem,
  type Read,
  readBytes,
  readDateless,
  readJson,
} from '../../policy.ts'
import type { State } from '../../state.ts'

export type TokenKind = 'cca' | 'psa'

/** States of a platform that can be accepted beside `secured`, and what each means. */
export const lifecycles: Readonly<Record<AcceptableLifecycle, string>> = {
  'non-rot-debug': 'A platform that can be debugged outside its root of trust',
  'recoverable-rot-debug': 'A platform whose root of trust can be debugged',
  provisioning: 'A platform that is being provisioned',
  'assembly-and-test': 'A platform in the factory',
}

/** What can be allowed, by the word that is in addresses. */
export const allowances: Readonly<Record<string, string>> = {
  ...lifecycles,
  'test-keys': 'Test keys whose private halves are published',
}

type Values = Readonly<Record<string, unknown>>

export interface TokenPolicy extends DatelessPolicy {
  readonly kind: TokenKind
  /** Empty: there is nothing to verify against. */
  readonly anchors: readonly Values[]
  /** Empty: any realm, any firmware. */
  readonly builds: readonly Values[]
  /** What must run below a realm. Empty: anything. */
  readonly firmware: readonly Values[]
  /** `undefined`: of any age. */
  readonly nonce: Bytes | undefined
  readonly accepted: readonly AcceptableLifecycle[]
  readonly testKeys: boolean
}

export function tokenPolicyOf(state: State, kind: TokenKind): Read<TokenPolicy> {
  const problems: Problem[] = []
  const attempt = attemptInto(problems)
  const words = state.allowed.split(',')
  const policy: TokenPolicy = {
    kind,
    anchors: attempt('anchors', [], () => readList(state.anchors).map(anchorOf)),
    builds: attempt('reference', [], () => readBuilds(state.reference, kind)),
    firmware: kind === 'cca' ? attempt('firmware', [], () => readList(state.firmware)) : [],
    nonce: readNonce(state, kind, attempt),
    accepted: (Object.keys(lifecycles) as AcceptableLifecycle[]).filter((word) => words.includes(word)),
    testKeys: words.includes('test-keys'),
    ...readDateless(
      { ...state, root: state.root === 'fixture' ? 'fixture' : 'pinned', skew: '300' },
      attempt,
      'A token',
    ),
    debug: false,
  }
  return { policy, problems }
}

/** The sizes that the specifications allow. */
const nonceSizes: Readonly<Record<TokenKind, readonly number[]>> = { cca: [64], psa: [32, 48, 64] }

function readNonce({ freshness, nonce }: State, kind: TokenKind, attempt: Attempt): Bytes | undefined {
  if (freshness !== 'nonce') return undefined
  return attempt('nonce', undefined, () => {
    const bytes = readBytes(nonce)
    if (bytes === undefined) throw new Error('Enter the nonce that the token must answer.')
    const sizes = nonceSizes[kind]
    if (!sizes.includes(bytes.length))
      throw new Error(`A nonce of such a token has ${sizes.join(' or ')} bytes, this has ${bytes.length}.`)
    return bytes
  })
}

function readList(text: string): readonly Values[] {
  if (text.trim() === '') return []
  const value = readJson(text)
  const list: readonly unknown[] = Array.isArray(value) ? value : [value]
  return list.map((entry) => {
    if (typeof entry !== 'object' || entry === null) throw new Error('This must be a JSON object, or a list of them.')
    return entry as Values
  })
}

/** Ours, or the form of trustee and rust-ccatoken. */
function anchorOf(entry: Values): Values {
  const { 'instance-id': instanceId, 'implementation-id': implementationId, pkey, ...own } = entry
  return {
    ...(implementationId !== undefined && { implementationId }),
    ...(instanceId !== undefined && { instanceId }),
    ...(pkey !== undefined && { key: pkey }),
    ...own,
  }
}

/** JSON; for a realm, a value alone or after `rim` is its initial measurement. */
function readBuilds(text: string, kind: TokenKind): readonly Values[] {
  if (/^\s*[[{]/.test(text) || text.trim() === '') return readList(text)
  if (kind === 'psa') throw new Error('Write the software as JSON: {"softwareComponents": […]}.')
  const [, digits] = /^\s*(?:rim\s*[:=]?\s*)?([0-9a-f\s]+)$/i.exec(text) ?? []
  const rim = digits === undefined ? undefined : fromHex(digits)
  if (rim === undefined || ![32, 48, 64].includes(rim.length))
    throw new Error('Write rim and 64, 96 or 128 hexadecimal digits, or JSON.')
  return [{ rim: (digits ?? '').replace(/\s/g, '').toLowerCase() }]
}

/** The options of `verifyCca` and `verifyPsa`: what is left out is left out by a symbol. */
export function tokenOptionsOf(policy: TokenPolicy, now: Date): CcaOptions & PsaOptions {
  const { kind, anchors, builds, firmware, nonce, accepted, testKeys } = policy
  return {
    now,
    trustAnchors: anchors.map(({ secret, ...anchor }) => ({
      ...anchor,
      ...(secret !== undefined && { secret: (typeof secret === 'string' ? fromHex(secret) : undefined) ?? secret }),
    })),
    freshness: nonce === undefined ? skipFreshness : { nonce },
    referenceValues: builds.length === 0 ? skipReferenceValues : builds.map(withSymbols),
    ...(kind === 'cca' && {
      platform: firmware.length === 0 ? skipPlatformReferenceValues : firmware.map(withSymbols),
    }),
    ...(accepted.length > 0 && { acceptedLifecycles: accepted }),
    ...(testKeys && { testKeys: dangerouslyAllowTestKeys }),
    // The verifier reads every field of it, and refuses with a sentence.
  } as unknown as CcaOptions & PsaOptions
}

const isAny = (value: unknown): boolean => value === 'any' || value === 'anyValue'

function withSymbols(values: Values): object {
  return Object.fromEntries(Object.entries(values).map(([key, value]) => [key, isAny(value) ? anyValue : value]))
}
