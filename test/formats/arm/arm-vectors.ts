/**
 * The shared vectors of CCA and PSA: what each is asked with.
 */
import {
  anyValue,
  type CcaOptions,
  dangerouslyAllowTestKeys,
  skipPlatformReferenceValues,
} from '../../../src/formats/arm/cca/index.ts'
import { type PsaOptions, skipFreshness, skipReferenceValues } from '../../../src/formats/arm/psa/index.ts'
import { unhex } from '../../attester/bytes.ts'
import type { Vectors } from '../../support/vectors.ts'

interface Anchor {
  readonly implementationId: string
  readonly instanceId: string
  readonly file?: string
  readonly jwk?: JsonWebKey
  readonly hmac?: string
}

interface Policy {
  readonly realm?: readonly Readonly<Record<string, unknown>>[]
  readonly platform?: unknown
  readonly references?: unknown
  readonly lifecycles?: readonly string[]
}

export interface ArmVector {
  readonly kind: string
  readonly file: string
  readonly expected: string
  readonly stage?: string
  readonly codes?: readonly string[]
  readonly challenge?: string
  readonly nonce?: string
  readonly anchors?: string
  readonly anchor?: Anchor
  readonly key?: string
  readonly policy?: Policy
  readonly facts?: { readonly claims?: { readonly realmChallenge?: string; readonly nonce?: string } }
}

export interface ArmManifest {
  readonly vectors: readonly ArmVector[]
  readonly trustAnchors: Readonly<Record<string, Anchor & { readonly file: string }>>
  readonly generatedAnchors: readonly Anchor[]
  readonly madeAnchors: readonly Anchor[]
}

type Found = Extract<Vectors, { readonly found: true }>

const textOf = ({ read }: Found, file: string): string => new TextDecoder().decode(read(file)).trim()

const lifecyclesOf = ({ policy }: ArmVector): Readonly<Record<string, unknown>> =>
  policy?.lifecycles === undefined
    ? {}
    : { acceptedLifecycles: policy.lifecycles.filter((state) => state !== 'secured') }

const symbols = (values: Readonly<Record<string, unknown>>): object =>
  Object.fromEntries(Object.entries(values).map(([name, value]) => [name, value === 'any' ? anyValue : value]))

/** The options of a vector of CCA. */
export function ccaOptionsOf(vectors: Found): (vector: ArmVector) => CcaOptions {
  const trustAnchors = Object.values((vectors.manifest as ArmManifest).trustAnchors).map(
    ({ implementationId, instanceId, file }) => ({
      implementationId,
      instanceId,
      key: JSON.parse(textOf(vectors, file)) as JsonWebKey,
    }),
  )
  return (vector) => {
    const challenge = vector.challenge ?? vector.facts?.claims?.realmChallenge
    const { realm, platform } = vector.policy ?? {}
    return {
      trustAnchors,
      testKeys: dangerouslyAllowTestKeys,
      freshness: challenge?.length === 128 ? { nonce: unhex(challenge) } : skipFreshness,
      referenceValues:
        realm === undefined ? skipReferenceValues : (realm.map(symbols) as CcaOptions['referenceValues']),
      platform: platform === undefined ? skipPlatformReferenceValues : (platform as CcaOptions['platform']),
      ...lifecyclesOf(vector),
    }
  }
}

/** The options of a vector of PSA. */
export function psaOptionsOf(vectors: Found): (vector: ArmVector) => PsaOptions {
  const { madeAnchors, generatedAnchors } = vectors.manifest as ArmManifest

  function anchorsOf({ anchor, key, anchors }: ArmVector): PsaOptions['trustAnchors'] {
    const keyOf = (file: string): Partial<Anchor> =>
      file.endsWith('.hex') ? { hmac: textOf(vectors, file) } : { jwk: JSON.parse(textOf(vectors, file)) as JsonWebKey }
    const own = anchor?.instanceId && key !== undefined ? [{ ...anchor, ...keyOf(key) }] : undefined
    const list: readonly Anchor[] = anchors === 'made' ? madeAnchors : (own ?? generatedAnchors)
    return list.map(({ implementationId, instanceId, jwk, hmac }) => ({
      implementationId,
      instanceId,
      ...(hmac === undefined ? { key: jwk as JsonWebKey } : { secret: unhex(hmac) }),
    }))
  }

  return (vector) => {
    const nonce = vector.nonce ?? vector.facts?.claims?.nonce
    return {
      trustAnchors: anchorsOf(vector),
      testKeys: dangerouslyAllowTestKeys,
      freshness: nonce !== undefined && [64, 96, 128].includes(nonce.length) ? { nonce: unhex(nonce) } : skipFreshness,
      referenceValues: (vector.policy?.references ?? skipReferenceValues) as PsaOptions['referenceValues'],
      ...lifecyclesOf(vector),
    }
  }
}
