/**
 * What a caller says about the realm that it expects, and about the platform below.
 */
import { anyValue, type Hex } from '../../../appraisal/expectations.ts'
import { compareRegister, skipReferenceValues } from '../../../appraisal/reference-values.ts'
import { equal, masked, type RegisterTest } from '../../../appraisal/tests.ts'
import { knownOptions, readFields, requireOption } from '../../../core/options.ts'
import { isBytes, isZero } from '../../../encoding/bytes.ts'
import type { KeyAnchor } from '../anchors.ts'
import { componentsTest, type SoftwareComponent } from '../components.ts'
import { readTokenOptions, type TokenOptions, tokenOptionNames, type TokenPolicy } from '../options.ts'
import {
  readAnyBytes,
  readBytes,
  type ReadReference,
  readReferences,
  type ReferenceBasics,
  type Reference,
  type Test,
} from '../reference-values.ts'
import type { CcaPlatformClaims, CcaRealmClaims } from './evidence.ts'

/**
 * Pass it as `platform` to accept any firmware below the realm. It can read and change everything
 * in it.
 */
export const skipPlatformReferenceValues: unique symbol = /* @__PURE__ */ Symbol.for(
  'veritee.skipPlatformReferenceValues',
)

/**
 * The key that signs for one platform (CPAK), from its maker: a token proves no more than that this
 * key signed it.
 */
export type CcaTrustAnchor = KeyAnchor

/** One realm that is accepted. */
export interface CcaReferenceValues extends ReferenceBasics {
  /** The initial measurement: 32, 48 or 64 bytes, compared byte for byte. */
  readonly rim: Hex | Uint8Array
  /**
   * The four measurements that the realm extends. Default: zeros of the RIM's length, so that
   * nothing was extended. They are no more to be believed than the code in the RIM.
   */
  readonly rems?: readonly (Hex | Uint8Array)[] | typeof anyValue
  /** What the host passed in, 64 bytes. Default: zeros. */
  readonly personalizationValue?: Hex | Uint8Array | typeof anyValue
}

/** One platform that is accepted: all of its software, component by component. */
export interface CcaPlatformReferenceValues extends ReferenceBasics {
  /** 32 bytes. Default: any that a trust anchor is for. */
  readonly implementationId?: Hex | Uint8Array
  /** Each must be one of the token's, and each of the token's one of these. */
  readonly softwareComponents: readonly SoftwareComponent[]
  /** The configuration, or the bits of it that matter. Default: any. */
  readonly config?:
    Hex | Uint8Array | { readonly value: Hex | Uint8Array; readonly mask: Hex | Uint8Array } | typeof anyValue
}

/** Options of `verifyCca`. */
export interface CcaOptions extends TokenOptions {
  /** The platforms that are accepted, by their keys: at least one. Both ids are compared. */
  readonly trustAnchors: readonly CcaTrustAnchor[]
  /**
   * The realms that are accepted: any one must match. To accept any code, pass
   * `skipReferenceValues`.
   */
  readonly referenceValues: CcaReferenceValues | readonly CcaReferenceValues[] | typeof skipReferenceValues
  /**
   * The firmware that is accepted: any one must match. To accept any, pass
   * {@link skipPlatformReferenceValues}.
   */
  readonly platform:
    CcaPlatformReferenceValues | readonly CcaPlatformReferenceValues[] | typeof skipPlatformReferenceValues
}

/** {@link CcaOptions}, checked and copied. */
export interface CcaPolicy extends TokenPolicy {
  /** `undefined` when the caller skips them. */
  readonly realms: readonly Reference<CcaRealmClaims>[] | undefined
  readonly platforms: readonly Reference<CcaPlatformClaims>[] | undefined
}

const digestSizes = [32, 48, 64] as const

/** @throws TypeError for every mistake that a caller can make */
export function readCcaOptions(options: CcaOptions): CcaPolicy {
  const own = knownOptions<CcaOptions>(options, [...tokenOptionNames, 'platform'])
  return {
    // A realm's challenge has one size. A shorter nonce is padded with zeros by its owner.
    ...readTokenOptions(own, { nonceSizes: [64], takesSecrets: false }),
    realms: readReferences(own.referenceValues, 'referenceValues', skipReferenceValues, readRealm),
    platforms: readReferences(own.platform, 'platform', skipPlatformReferenceValues, readPlatform),
  }
}

function readRealm(input: unknown, path: string): ReadReference<CcaRealmClaims> {
  const own = readFields<CcaReferenceValues>(input, path, ['name', 'rim', 'rems', 'personalizationValue', 'validUntil'])
  const rim = readBytes(own.rim, digestSizes, `${path}.rim`)
  requireOption(`${path}.rim`, 'a measurement: zero is none', !isZero(rim))
  const tests: Test<CcaRealmClaims>[] = [(realm) => compareRegister('RIM', equal(rim), realm.rim)]
  const { rems = Array.from({ length: 4 }, () => new Uint8Array(rim.length)) } = own
  if (rems !== anyValue) {
    requireOption(`${path}.rems`, 'four measurements, or anyValue', Array.isArray(rems) && rems.length === 4)
    const expected = Array.from(rems, (rem, i) => readBytes(rem, digestSizes, `${path}.rems[${i}]`))
    for (const [i, rem] of expected.entries())
      tests.push((realm) => compareRegister(`REM${i}`, equal(rem), realm.rems[i]))
  }
  const { personalizationValue = new Uint8Array(64) } = own
  if (personalizationValue !== anyValue) {
    const expected = readBytes(personalizationValue, [64], `${path}.personalizationValue`)
    tests.push((realm) => compareRegister('RPV', equal(expected), realm.personalizationValue))
  }
  return { own, tests }
}

function readPlatform(input: unknown, path: string): ReadReference<CcaPlatformClaims> {
  const own = readFields<CcaPlatformReferenceValues>(input, path, [
    'name',
    'implementationId',
    'softwareComponents',
    'config',
    'validUntil',
  ])
  const tests: Test<CcaPlatformClaims>[] = [componentsTest(own.softwareComponents, `${path}.softwareComponents`)]
  if (own.implementationId !== undefined) {
    const id = readBytes(own.implementationId, [32], `${path}.implementationId`)
    tests.push((platform) => compareRegister('implementation', equal(id), platform.implementationId))
  }
  const { config = anyValue } = own
  if (config !== anyValue) {
    const test = readConfig(config, `${path}.config`)
    tests.push((platform) => compareRegister('config', test, platform.config))
  }
  return { own, tests }
}

function readConfig(input: unknown, path: string): RegisterTest {
  if (typeof input === 'string' || isBytes(input)) return equal(readAnyBytes(input, path))
  const own = readFields<{ readonly value: unknown; readonly mask: unknown }>(input, path, ['value', 'mask'])
  const mask = readAnyBytes(own.mask, `${path}.mask`)
  const value = readBytes(own.value, [mask.length], `${path}.value`)
  requireOption(`${path}.mask`, 'other than zero', !isZero(mask))
  return masked(value, mask)
}
