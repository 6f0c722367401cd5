/**
 * Channels beside oblivious HTTP: how one request is sealed to an attested key, and its response
 * opened. Each is a file of its own, which a page bundles where it is used; the client attests,
 * asks whether the session is live, and sends once, as ever.
 */
import type { Bytes } from '../encoding/bytes.ts'
import { requireOption } from '../core/options.ts'

/** A channel. */
export interface SealedChannel {
  /** As in a provider's profile: `ehbp-1`, say. */
  readonly kind: string
  /**
   * Seals a request.
   * @param request as the caller gave it; nothing of it has left
   * @param key what the binding found in verified evidence
   */
  readonly seal: (request: Request, key: Bytes) => Promise<SealedExchange>
}

/** One sealed request. */
export interface SealedExchange {
  /** Of the client's origin. */
  readonly url: string
  /** Method, headers and body; nothing else of it counts. */
  readonly init: RequestInit
  /**
   * Opens the response. @throws VerificationError for one that is not sealed, whatever its status
   */
  readonly open: (response: Response) => Promise<Response>
}

/** @throws TypeError */
export function requireChannel(channel: unknown): void {
  const { kind, seal } = Object(channel) as Partial<SealedChannel>
  requireOption(
    'channel',
    'a channel',
    channel === undefined || (typeof kind === 'string' && typeof seal === 'function'),
  )
}
