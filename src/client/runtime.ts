/**
 * What the client needs of the world: network, time and randomness. Taken once when this module
 * loads, so that what a page patches afterwards is not called.
 */

import { isZero } from '../encoding/bytes.ts'
import { VerificationError } from '../core/errors.ts'

/** The world, as an argument: tests have their own. */
export interface Runtime {
  readonly fetch: typeof fetch
  /** Unix milliseconds; may jump. */
  readonly now: () => number
  /**
   * Milliseconds since any fixed moment; never goes back, but may stand still while a machine
   * sleeps.
   */
  readonly elapsed: () => number
  /**
   * Calls `act` once after `milliseconds`, unless the function that is returned is called before.
   */
  readonly after: (milliseconds: number, act: () => void) => () => void
  /** That many random bytes. */
  readonly randomBytes: (size: number) => Uint8Array<ArrayBuffer>
  /**
   * Calls may belong to different requests to a Worker, and none of them may wait for what another
   * began: promises, timers and signals end without a word with the request that made them. Default
   * false.
   */
  readonly isolatesRequests?: boolean
  /** Makes the first verification faster; nothing waits for it, and it never fails. Default: none. */
  readonly warmUp?: () => Promise<void>
}

/** @throws VerificationError `client-random` for zeros, or another number of bytes */
export function randomOf({ randomBytes }: Runtime, size: number): Uint8Array<ArrayBuffer> {
  const bytes = randomBytes(size)
  if (bytes.length !== size || isZero(bytes))
    throw new VerificationError('client-random', `the random source does not give ${size} random bytes`)
  return bytes
}

export const platform: Runtime = /* @__PURE__ */ (() => {
  const { fetch, performance, setTimeout, clearTimeout, crypto, Date, navigator } = globalThis
  return {
    fetch: (input, init) => fetch(input, init),
    now: () => Date.now(),
    elapsed: () => performance.now(),
    after(milliseconds, act) {
      const timer = setTimeout(act, milliseconds)
      return () => {
        clearTimeout(timer)
      }
    },
    randomBytes: (size) => crypto.getRandomValues(new Uint8Array(size)),
    // workerd, and what is built on it.
    isolatesRequests: (navigator as Partial<Navigator> | undefined)?.userAgent === 'Cloudflare-Workers',
  }
})()
