/**
 * Made evidence for the tests of this folder: a document, the options that accept it, and what to
 * change in either.
 */
import {
  createNitroAttester,
  type DocumentOverrides,
  type NitroAttesterOptions,
  productionPcrs,
  testNonce,
} from '../../../attester/nitro.ts'
import type { Signer } from '../../../attester/certificate.ts'
import type { NitroOptions } from '../../../../src/formats/aws/nitro/index.ts'

/** When everything in these tests happens, unless a test says otherwise. */
export const now = new Date('2026-06-01T12:00:00.250Z')
export const second = 1000
export const minute = 60 * second

export const pcrs = await productionPcrs()
export const PCR0 = pcrs[0] as Uint8Array<ArrayBuffer>

// Making keys and certificates is what costs time; which ones they are decides nothing.
const keys = new Map<string, Signer>()
const sound = await createNitroAttester({ now, keys })

/** What a negative test changes. */
export interface Change {
  readonly attester?: Omit<NitroAttesterOptions, 'now'> & { readonly now?: Date }
  readonly document?: DocumentOverrides
  readonly options?: Record<string, unknown>
}

export interface Made {
  readonly evidence: Uint8Array<ArrayBuffer>
  readonly root: Uint8Array<ArrayBuffer>
  readonly options: NitroOptions
}

/**
 * A document that answers {@link testNonce}, and options that accept it, save for what `change`
 * says.
 */
export async function make({ attester, document, options }: Change = {}): Promise<Made> {
  const { root, document: sign } =
    attester === undefined ? sound : await createNitroAttester({ now, keys, ...attester })
  return {
    evidence: await sign({ nonce: testNonce, ...document }),
    root,
    options: {
      referenceValues: { PCR0 },
      freshness: { nonce: testNonce },
      trustAnchors: [root],
      now,
      ...options,
    },
  }
}

/**
 * A copy without one property: an option that is there but undefined is not the same as one that is
 * left out.
 */
export function omit<T extends object, K extends keyof T>(from: T, name: K): Omit<T, K> {
  return Object.fromEntries(Object.entries(from).filter(([key]) => key !== name)) as Omit<T, K>
}
