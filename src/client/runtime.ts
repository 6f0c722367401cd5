/**
 * What the client needs of the world: network, time and randomness. Taken once when this module loads, so that what a page patches afterwards is not called.
 */

/** The world, as an argument: tests have their own. */
export interface Runtime {
  readonly fetch: typeof fetch
  /** Unix milliseconds; may jump. */
  readonly now: () => number
  /** Milliseconds since any fixed moment; never goes back, but may stand still while a machine sleeps. */
  readonly elapsed: () => number
  /** Calls `act` once after `milliseconds`, unless the function that is returned is called before. */
  readonly after: (milliseconds: number, act: () => void) => () => void
  /** That many random bytes. */
  readonly randomBytes: (size: number) => Uint8Array<ArrayBuffer>
}

export const platform: Runtime = /* @__PURE__ */ (() => {
  const { fetch, performance, setTimeout, clearTimeout, crypto, Date } = globalThis
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
  }
})()
