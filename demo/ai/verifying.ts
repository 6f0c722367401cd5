/**
 * What this page expects of the provider: pinned when it was built, as in a page that ships.
 */
import { AppraisalError, attestedProvider, type GpuResult, type ProviderReport } from '../../src/ai/index.ts'
import type { AttestedFetchOptions } from '../../src/client/index.ts'
import { anyValue, AttestationError, type TdxOptions, verifyTdx } from '../../src/formats/intel/tdx/index.ts'
import type { Check } from '../../src/core/check.ts'
import { gpuNonce } from './made-up.ts'
import { profile } from './profile.ts'

declare const PINNED: {
  /** DER of the vendor's root, base64. */
  readonly root: string
  /** SubjectPublicKeyInfo of the made-up vendor of GPUs, base64. */
  readonly gpuVendor: string
  readonly measurements: Readonly<Record<'mrTd' | 'rtmr0' | 'rtmr1' | 'rtmr2', string>>
  readonly accept: {
    readonly appComposes: readonly string[]
    readonly osImages: readonly string[]
    readonly keyProviders: readonly string[]
  }
}

export interface Watching {
  /** Where the relay is. */
  readonly origin: string
  /** A quote and its checks, whether it was believed or not. */
  readonly onQuote: (evidence: Uint8Array, checks: readonly Check[]) => void
  readonly onReport: (report: ProviderReport) => void
}

const bytesOf = (base64: string): Uint8Array<ArrayBuffer> =>
  Uint8Array.from(atob(base64), (character) => character.charCodeAt(0))

/** The client's options, over a relay that does what `relay` says. */
export function optionsFor(
  relay: string,
  endorsements: TdxOptions['endorsements'],
  { origin, onQuote, onReport }: Watching,
): AttestedFetchOptions {
  return {
    ...attestedProvider(profile, {
      origin,
      parameters: { relay },
      accept: { machine: { ...PINNED.accept, images: 'pinned' } },
      unproven: ['gpu-machine'],
      async verify(evidence, { reportData }) {
        try {
          const result = await verifyTdx(evidence, {
            endorsements,
            // What RTMR3 and MRCONFIGID must be is the profile's: it replays the log.
            referenceValues: { ...PINNED.measurements, rtmr3: anyValue, mrConfigId: anyValue },
            reportData: reportData as Uint8Array,
            trustAnchors: [bytesOf(PINNED.root)],
          })
          onQuote(evidence, result.checks)
          return result
        } catch (error) {
          if (error instanceof AttestationError) onQuote(evidence, error.checks)
          throw error
        }
      },
      verifyGpus: (list) => Promise.all(list.map(verifyGpu)),
      onReport,
    }),
    relay: `${origin}/ai/relay/${relay}/sealed`,
    allowLoopbackHttp: true,
    // A busy machine is no attack.
    attestSeconds: 600,
    responseSeconds: 600,
    idleSeconds: 600,
  }
}

/**
 * One made-up GPU: its vendor signed a statement with a nonce in it. Which nonce it must be, the
 * profile says.
 */
async function verifyGpu(value: unknown): Promise<GpuResult> {
  const { evidence, signature } = value as { readonly evidence: string; readonly signature: string }
  const statement = fromHex(evidence)
  const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' }
  const key = await crypto.subtle.importKey('spki', bytesOf(PINNED.gpuVendor), algorithm, false, ['verify'])
  if (!(await crypto.subtle.verify(algorithm, key, fromHex(signature), statement)))
    throw new AppraisalError('policy-gpu', 'evidence of a GPU: signature does not match the vendor’s key')
  return { nonce: gpuNonce(statement) }
}

function fromHex(digits: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(digits.match(/../g) ?? [], (pair) => parseInt(pair, 16))
}
