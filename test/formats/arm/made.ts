/**
 * Made tokens for the tests of this folder: a token, the options that accept it, and what to change
 * in either.
 */
import {
  anchorOf,
  type CcaKeys,
  type CcaOverrides,
  components,
  createCcaKeys,
  makeCca,
  makePsa,
  nonce,
  type PsaOverrides,
  rim,
} from '../../attester/arm.ts'
import { createSigner, type Signer } from '../../attester/certificate.ts'
import type { AttestationErrorCode } from '../../../src/core/codes.ts'
import { AttestationError } from '../../../src/core/errors.ts'
import type { CcaOptions } from '../../../src/formats/arm/cca/index.ts'
import type { PsaOptions } from '../../../src/formats/arm/psa/index.ts'

/** When everything in these tests happens, unless a test says otherwise. */
export const now = new Date('2026-06-01T12:00:00Z')

// Making keys is what costs time; which ones they are decides nothing.
export const keys: CcaKeys = await createCcaKeys()
export const device: Signer = await createSigner('P-256')
export const stranger: Signer = await createSigner('P-384')

/** A case of a negative test: what is changed, and how it must be refused. */
export interface NegativeCase<Change> {
  readonly code: AttestationErrorCode
  /** The rule that is broken. */
  readonly rule: string
  /** What the message must say. */
  readonly message: RegExp
  readonly change: Change
  readonly options?: Readonly<Record<string, unknown>>
}

/** One case a row. */
export type Row<Change> = readonly [
  rule: string,
  message: RegExp,
  change: Change,
  options?: Readonly<Record<string, unknown>>,
]

export function rows<Change>(code: AttestationErrorCode, ...list: readonly Row<Change>[]): NegativeCase<Change>[] {
  return list.map(([rule, message, change, options]) => ({ code, rule, message, change, ...(options && { options }) }))
}

/** A token of a realm, and options that accept it, save for what is changed. */
export async function cca(
  change: CcaOverrides = {},
  options: Readonly<Record<string, unknown>> = {},
  by: CcaKeys = keys,
): Promise<{ readonly evidence: Uint8Array<ArrayBuffer>; readonly options: CcaOptions }> {
  return {
    evidence: await makeCca(by, change),
    options: {
      trustAnchors: [await anchorOf(by.platform)],
      referenceValues: { name: 'realm', rim },
      platform: { name: 'firmware', softwareComponents: components },
      freshness: { nonce },
      now,
      ...options,
    },
  }
}

/** A token of a device, and options that accept it, save for what is changed. */
export async function psa(
  change: PsaOverrides = {},
  options: Readonly<Record<string, unknown>> = {},
  by: Signer = device,
): Promise<{ readonly evidence: Uint8Array<ArrayBuffer>; readonly options: PsaOptions }> {
  return {
    evidence: await makePsa(by, change),
    options: {
      trustAnchors: [await anchorOf(by)],
      referenceValues: { name: 'firmware', softwareComponents: components },
      freshness: { nonce: nonce.slice(0, 32) },
      now,
      ...options,
    },
  }
}

/** What a verification was refused with. */
export async function refusalOf(promise: Promise<unknown>): Promise<AttestationError> {
  try {
    await promise
  } catch (error) {
    if (error instanceof AttestationError) return error
    throw error
  }
  throw new Error('nothing was refused')
}
