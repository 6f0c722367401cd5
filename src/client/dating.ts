/**
 * Each sealed request says when it was made and has an identifier of its own, so that one that an
 * attacker withholds dies, and one that goes out again runs once. A gateway answers what it does
 * not execute inside the seal: no one else can say that a request has not run.
 *
 *     date: Tue, 01 Dec 2026 12:00:00 GMT        RFC 9110 section 5.6.7, RFC 9458 section 6.5.1:
 *                                                this clock and the measured offset of the enclave's
 *     veritee-request-id: <base64url, 16 bytes>  the same when the same request goes out again
 *     veritee-refusal: date | repeated           in a gateway's own answers; an app cannot say it
 */
import { toBase64Url } from '../encoding/base64url.ts'
import type { HeaderField, ResponseHead } from '../channel/binary-http.ts'
import { refusalHeader, requestIdHeader } from '../channel/fields.ts'
import { VerificationError } from '../core/errors.ts'
import { randomOf, type Runtime } from './runtime.ts'
import type { Session } from './session.ts'

const idSize = 16

/** A new identifier. @throws VerificationError `client-random` */
export function newRequestId(runtime: Runtime): string {
  return toBase64Url(randomOf(runtime, idSize))
}

export interface Dating {
  /** The fields of a request that is about to be sealed for this session. */
  readonly fieldsFor: (session: Session, id: string) => readonly HeaderField[]
  /**
   * From now on, dates are by the clock of this gateway. A delayed answer can only make them older.
   * @returns whether it said what time it is there
   */
  readonly correct: (session: Session, head: ResponseHead) => boolean
}

export function createDating({ now }: Runtime): Dating {
  /** What a gateway said last. Evidence that is dated says more of its own session. */
  let told: { readonly by: Session; readonly offsetMs: number } | undefined

  function offsetOf(session: Session): number {
    if (told?.by === session) return told.offsetMs
    const measured = session.result.clockOffsetSeconds
    return measured === undefined ? (told?.offsetMs ?? 0) : measured * 1000
  }

  return {
    fieldsFor: (session, id) => [
      ['date', new Date(now() + offsetOf(session)).toUTCString()],
      [requestIdHeader, id],
    ],
    correct(by, head) {
      const offsetMs = Date.parse(fieldOf(head, 'date') ?? '') - now()
      if (Number.isNaN(offsetMs)) return false
      told = { by, offsetMs }
      return true
    },
  }
}

/**
 * Why the gateway did not execute a request, if it says that.
 * @param sent the date of the request
 */
export function refusalIn(head: ResponseHead, sent: string | undefined): VerificationError | undefined {
  switch (fieldOf(head, refusalHeader)) {
    case 'date': {
      const clock = fieldOf(head, 'date') ?? 'which it does not say'
      const subject = 'date of a request that the gateway did not execute'
      return new VerificationError('client-date', {
        subject,
        expected: `near the gateway's clock, ${clock}`,
        found: String(sent),
      })
    }
    case 'repeated':
      return new VerificationError(
        'client-repeated',
        'the gateway has executed this very request before: it may have run already, and its answer is lost',
      )
    default:
      return undefined
  }
}

export function fieldOf({ headers }: { readonly headers: readonly HeaderField[] }, name: string): string | undefined {
  return headers.find(([found]) => found === name)?.[1]
}
