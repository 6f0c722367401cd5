/**
 * What a trust domain measured while it ran: one event, and how events become the value of a
 * runtime measurement register (RTMR).
 */
import { hash } from '../../../../crypto/digest.ts'
import { type Bytes, concatBytes } from '../../../../encoding/bytes.ts'

/** A runtime measurement register of a TDX trust domain. */
export type RtmrIndex = 0 | 1 | 2 | 3

/**
 * One event that was extended into a register. It is as trustworthy as its log: see
 * `replayEventLog`.
 */
export interface MeasuredEvent {
  readonly rtmr: RtmrIndex
  /** TCG event type, or 0x08000001 for what dstack measures itself. */
  readonly type: number
  /** What was extended: 48 bytes, SHA-384. */
  readonly digest: Uint8Array
  /** The name of a runtime event of dstack; `undefined` for others. */
  readonly name: string | undefined
  /** What the log says about the event: for dstack's runtime events their payload. */
  readonly data: Uint8Array
  /**
   * Whether `digest` covers `data` (and `name`): only then does a register that matches vouch for
   * it. For many events of firmware the digest is of something else (of a program's code, say), and
   * the data is mere commentary that anyone can write.
   */
  readonly dataIsMeasured: boolean
}

/** An event as a log has it, before its digest was compared with its data. */
export interface LoggedEvent extends Omit<MeasuredEvent, 'digest' | 'data' | 'dataIsMeasured'> {
  /**
   * As the log gives it; `undefined` where the log leaves it out because its reader can compute it.
   */
  readonly digest: Bytes | undefined
  readonly data: Bytes
  /** What the digest covers when it covers the data. */
  readonly preimage: Bytes
}

/** SHA-384, in bytes. */
export const digestSize = 48

/**
 * `RTMR = SHA-384(RTMR ‖ digest)` for each digest, starting from zeros (Intel TDX module,
 * TDG.MR.RTMR.EXTEND).
 * @throws VerificationError `unsupported` where there is no WebCrypto
 */
export async function extendRtmr(digests: readonly Uint8Array[]): Promise<Bytes> {
  let register: Bytes = new Uint8Array(digestSize)
  for (const digest of digests) register = await hash('SHA-384', concatBytes(register, digest))
  return register
}
