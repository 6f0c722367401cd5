/**
 * The work that is measured, in a form that travels to other processes and pages: one document with
 * what the caller expects of it, and the bare WebCrypto calls that its verification cannot do
 * without. Runs anywhere; imports types only.
 */
import type { NitroOptions } from '../../src/formats/aws/nitro/index.ts'

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
 * The floor: import every key and check its signature, all at once, and nothing else. Keys are
 * imported as `spki`, the way certificates hold them, or as `raw` points cut out of that, which
 * Node does in a third of the time; the library does the latter, and is measured against it.
 */
export function floorOf(
  { bareChecks }: Pick<Work, 'bareChecks'>,
  format: 'raw' | 'spki' = 'raw',
  { namedCurve, hash, point }: Curve = p384,
): () => Promise<void> {
  const spkis = [...new Set(bareChecks.map(({ spki }) => spki))]
  const keys = spkis.map(fromBase64).map((spki) => (format === 'raw' ? spki.slice(-point) : spki))
  const checks = bareChecks.map(
    ({ spki, signature, data }) => [spkis.indexOf(spki), fromBase64(signature), fromBase64(data)] as const,
  )
  const { subtle } = crypto
  return async () => {
    const imported = keys.map((key) =>
      subtle.importKey(format as 'raw', key, { name: 'ECDSA', namedCurve }, false, ['verify']),
    )
    const held = await Promise.all(
      checks.map(async ([key, signature, data]) =>
        subtle.verify({ name: 'ECDSA', hash }, (await imported[key]) as CryptoKey, signature, data),
      ),
    )
    if (held.includes(false)) throw new Error('a signature of the document does not hold')
  }
}

/** One kind of signature: all of a document's are of the same. */
export interface Curve {
  readonly namedCurve: string
  readonly hash: string
  /** Bytes of an uncompressed point. */
  readonly point: number
}

export const p384: Curve = { namedCurve: 'P-384', hash: 'SHA-384', point: 97 }
export const p256: Curve = { namedCurve: 'P-256', hash: 'SHA-256', point: 65 }

export function fromBase64(text: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(atob(text), (character) => character.charCodeAt(0))
}
