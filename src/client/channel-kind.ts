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
   * Called before anything is asked for. @throws VerificationError `unsupported` where this runtime
   * does not have what the channel takes
   */
  readonly requireRuntime?: () => Promise<void>
  /**
   * Called once for each attestation that found a key: what both ends agree on before there is a
   * request. It gets nothing of one.
   */
  readonly begin?: (key: Bytes, session: SealingSession) => Promise<unknown>
  /**
   * Seals a request.
   * @param request as the caller gave it; nothing of it has left
   * @param key what the binding found in verified evidence
   */
  readonly seal: (request: Request, key: Bytes, session: SealingSession) => Promise<SealedExchange>
}

/** The session that a request is sealed in. */
export interface SealingSession {
  /** 32 bytes: what its evidence answers. */
  readonly nonce: Bytes
  /** By the client's clock, in milliseconds since 1970. */
  readonly now: number
  /** What `begin` came to. */
  readonly begun: unknown
  /** The client's own, without any of its limits: what a channel asks by itself is in the clear. */
  readonly fetch: typeof fetch
  /** Aborted when no one waits any more. */
  readonly signal: AbortSignal
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
  const { kind, seal, begin, requireRuntime } = Object(channel) as Partial<SealedChannel>
  const isChannel = [seal, begin ?? seal, requireRuntime ?? seal].every((value) => typeof value === 'function')
  requireOption('channel', 'a channel', channel === undefined || (typeof kind === 'string' && isChannel))
}
