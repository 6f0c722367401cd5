/**
 * The work that is measured, in a form that travels to other processes and pages: one document with what the caller expects of it, and the bare
 * WebCrypto calls that its verification cannot do without. Runs anywhere; imports types only.
 */
import type { NitroOptions } from '../../src/formats/nitro/index.ts'

/** One signature to check: a key, what it signed and how. Base64. */
export interface BareCheck {
  readonly spki: string
  readonly signature: string
  readonly data: string
}

/** The document and everything around it as JSON. Bytes are base64. */
export interface Work {
  readonly evidence: string
  readonly now: string
  readonly nonce: string | undefined
  readonly referenceValues: Readonly<Record<`PCR${number}`, string>>
  readonly trustAnchors: readonly string[] | undefined
  readonly bareChecks: readonly BareCheck[]
}

/** What `verifyNitro` is called with. */
export interface Call {
  readonly evidence: Uint8Array<ArrayBuffer>
  readonly options: NitroOptions
}

export function callOf({ evidence, now, nonce, referenceValues, trustAnchors }: Work): Call {
  return {
    evidence: fromBase64(evidence),
    options: {
      referenceValues,
      freshness: nonce === undefined ? { maxAgeSeconds: 60 } : { nonce: fromBase64(nonce) },
      now: new Date(now),
      ...(trustAnchors && { trustAnchors: trustAnchors.map(fromBase64) }),
    },
  }
}

/**
 * The floor: import every key and check its signature, all at once, and nothing else. Keys are imported as `spki`, the way certificates hold them, or as
 * `raw` points cut out of that, which Node does in a third of the time; the library does the latter, and is measured against it.
 */
export function floorOf({ bareChecks }: Work, format: 'raw' | 'spki' = 'raw'): () => Promise<void> {
  const checks = bareChecks.map(({ spki, signature, data }) => {
    const key = fromBase64(spki)
    return [format === 'raw' ? key.slice(-97) : key, fromBase64(signature), fromBase64(data)]
  })
  const curve = { name: 'ECDSA', namedCurve: 'P-384' }
  const algorithm = { name: 'ECDSA', hash: 'SHA-384' }
  const { subtle } = crypto
  return async () => {
    const held = await Promise.all(
      checks.map(async ([key = none, signature = none, data = none]) =>
        subtle.verify(
          algorithm,
          await subtle.importKey(format as 'raw', key, curve, false, ['verify']),
          signature,
          data,
        ),
      ),
    )
    if (held.includes(false)) throw new Error('a signature of the document does not hold')
  }
}

const none = new Uint8Array()

function fromBase64(text: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(atob(text), (character) => character.charCodeAt(0))
}
