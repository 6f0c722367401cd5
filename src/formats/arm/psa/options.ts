/**
 * What a caller says about the device that it expects.
 */
import { compareRegister, skipReferenceValues } from '../../../appraisal/reference-values.ts'
import { equal } from '../../../appraisal/tests.ts'
import type { Hex } from '../../../appraisal/expectations.ts'
import { knownOptions, readFields, requireOption } from '../../../core/options.ts'
import type { KeyAnchor, SecretAnchor } from '../anchors.ts'
import { componentsTest, type SoftwareComponent } from '../components.ts'
import { readTokenOptions, type TokenOptions, tokenOptionNames, type TokenPolicy } from '../options.ts'
import {
  readBytes,
  type ReadReference,
  readReferences,
  type ReferenceBasics,
  type Reference,
  type Test,
} from '../reference-values.ts'
import type { PsaClaims } from './evidence.ts'

/**
 * The key of one device (IAK), from its maker: a public key, or a secret that only servers should
 * hold.
 */
export type PsaTrustAnchor = KeyAnchor | SecretAnchor

/** The firmware of one device that is accepted. */
export interface PsaReferenceValues extends ReferenceBasics {
  /** Each must be one of the token's, and each of the token's one of these. */
  readonly softwareComponents: readonly SoftwareComponent[]
  /** The certificate of PSA Certified that the token must name. Default: any, or none. */
  readonly certificationReference?: string
  /** 32 bytes. Default: any that a trust anchor is for. */
  readonly implementationId?: Hex | Uint8Array
}

/** Options of `verifyPsa`. */
export interface PsaOptions extends TokenOptions {
  /** The devices that are accepted, by their keys: at least one. Both ids are compared. */
  readonly trustAnchors: readonly PsaTrustAnchor[]
  /**
   * The firmware that is accepted: any one must match. To accept any, pass `skipReferenceValues`.
   */
  readonly referenceValues: PsaReferenceValues | readonly PsaReferenceValues[] | typeof skipReferenceValues
}

/** {@link PsaOptions}, checked and copied. */
export interface PsaPolicy extends TokenPolicy {
  /** `undefined` when the caller skips them. */
  readonly references: readonly Reference<PsaClaims>[] | undefined
}

/** @throws TypeError for every mistake that a caller can make */
export function readPsaOptions(options: PsaOptions): PsaPolicy {
  const own = knownOptions<PsaOptions>(options, tokenOptionNames)
  return {
    ...readTokenOptions(own, { nonceSizes: [32, 48, 64], takesSecrets: true }),
    references: readReferences(own.referenceValues, 'referenceValues', skipReferenceValues, readReference),
  }
}

function readReference(input: unknown, path: string): ReadReference<PsaClaims> {
  const own = readFields<PsaReferenceValues>(input, path, [
    'name',
    'softwareComponents',
    'certificationReference',
    'implementationId',
    'validUntil',
  ])
  const tests: Test<PsaClaims>[] = [componentsTest(own.softwareComponents, `${path}.softwareComponents`)]
  if (own.implementationId !== undefined) {
    const id = readBytes(own.implementationId, [32], `${path}.implementationId`)
    tests.push((claims) => compareRegister('implementation', equal(id), claims.implementationId))
  }
  const { certificationReference: reference } = own
  if (reference !== undefined) {
    requireOption(`${path}.certificationReference`, 'text', typeof reference === 'string' && reference !== '')
    tests.push(({ certificationReference: found }) => ({
      holds: found === reference,
      expected: `certification reference ${reference}`,
      found: `certification reference ${found ?? 'absent'}`,
    }))
  }
  return { own, tests }
}
