/**
 * Writes the answer of the evidence endpoint: a Conceptual Message Wrapper in JSON
 * (draft-ietf-rats-msg-wrap), a record `[media type, base64url, kind]` or a collection of records
 * by name. A wrapper authenticates nothing; what is in it must be believed, or not, by itself.
 */
import { toBase64Url } from '../channel/base64url.ts'

/** Bits of the third item: what kind of message a record holds. */
const kinds = { endorsements: 2, evidence: 4 } as const

/** What the wrapper holds. */
export interface WrappedEvidence {
  readonly mediaType: string
  readonly evidence: Uint8Array
  /** Given when the evidence holds only a digest of it. */
  readonly keyConfig: Uint8Array | undefined
  /** A value for JSON, or `undefined` for none. */
  readonly endorsements: unknown
}

/** The media type of what {@link encodeCmw} writes. */
export const cmwMediaType = 'application/cmw+json'

/** A record where evidence is all there is, else a collection. */
export function encodeCmw({ mediaType, evidence, keyConfig, endorsements }: WrappedEvidence): string {
  const record = [mediaType, toBase64Url(evidence), kinds.evidence]
  if (keyConfig === undefined && endorsements === undefined) return JSON.stringify(record)
  return JSON.stringify({
    evidence: record,
    ...(keyConfig && { 'key-config': ['application/ohttp-keys', toBase64Url(keyConfig)] }),
    ...(endorsements !== undefined && {
      endorsements: [
        'application/json',
        toBase64Url(new TextEncoder().encode(JSON.stringify(endorsements))),
        kinds.endorsements,
      ],
    }),
  })
}
